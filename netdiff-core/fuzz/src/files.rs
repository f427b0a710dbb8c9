//! Capture files made of parts, most of them sound: what mutated bytes do not reach.

use arbitrary::Arbitrary;

/// A number that a format states: the right one, or another.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Stated {
    Right,
    Right2,
    Right3,
    Off(i8),
    Other(u32),
}

impl Stated {
    pub fn of(self, right: u32) -> u32 {
        match self {
            Self::Right | Self::Right2 | Self::Right3 => right,
            Self::Off(by) => right.wrapping_add_signed(by.into()),
            Self::Other(value) => value,
        }
    }
}

#[derive(Arbitrary, Debug)]
pub struct PcapFile {
    big: bool,
    magic: u8,
    snaplen: u32,
    link: u8,
    records: Vec<PcapRecord>,
    cut: Option<u8>,
}

#[derive(Arbitrary, Debug)]
pub enum PcapRecord {
    Packet {
        seconds: u8,
        fraction: u32,
        captured: Stated,
        original: Stated,
        data: Vec<u8>,
    },
    Packet2 {
        len: u8,
        step: u8,
    },
    Zeros(u8),
    Noise(Vec<u8>),
    Header,
}

impl PcapFile {
    fn u32(&self, out: &mut Vec<u8>, value: u32) {
        out.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn header(&self, out: &mut Vec<u8>) {
        let magic = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34][usize::from(self.magic % 3)];
        self.u32(out, magic);
        let version: [u16; 2] = [2, 4];
        for part in version {
            out.extend(if self.big {
                part.to_be_bytes()
            } else {
                part.to_le_bytes()
            });
        }
        self.u32(out, 0);
        self.u32(out, 0);
        self.u32(out, self.snaplen);
        self.u32(out, self.link.into());
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.header(&mut out);
        let mut now = 1_780_000_000;
        for record in &self.records {
            match record {
                PcapRecord::Packet {
                    seconds,
                    fraction,
                    captured,
                    original,
                    data,
                } => {
                    now += u32::from(*seconds);
                    self.u32(&mut out, now);
                    self.u32(&mut out, *fraction);
                    let len = data.len() as u32;
                    self.u32(&mut out, captured.of(len));
                    self.u32(&mut out, original.of(len));
                    if self.magic % 3 == 2 {
                        out.extend([0; 8]);
                    }
                    out.extend(data);
                }
                PcapRecord::Packet2 { len, step } => {
                    now += u32::from(*step);
                    for value in [now, 7, u32::from(*len), u32::from(*len)] {
                        self.u32(&mut out, value);
                    }
                    if self.magic % 3 == 2 {
                        out.extend([0; 8]);
                    }
                    out.resize(out.len() + usize::from(*len), 0x45);
                }
                PcapRecord::Zeros(count) => out.resize(out.len() + usize::from(*count), 0),
                PcapRecord::Noise(noise) => out.extend(noise),
                PcapRecord::Header => self.header(&mut out),
            }
        }
        if let Some(cut) = self.cut {
            out.truncate(out.len().saturating_sub(usize::from(cut)));
        }
        out
    }
}

#[derive(Arbitrary, Debug)]
pub struct PcapngFile {
    blocks: Vec<Block>,
    cut: Option<u8>,
}

#[derive(Arbitrary, Debug)]
pub struct Block {
    kind: Kind,
    options: Vec<(u8, Stated, Vec<u8>)>,
    length: Stated,
    trailer: Stated,
}

#[derive(Arbitrary, Debug)]
pub enum Kind {
    Section {
        big: bool,
        version: u8,
    },
    Interface {
        link: u8,
        snaplen: u32,
    },
    Enhanced {
        interface: u8,
        high: u32,
        low: u32,
        captured: Stated,
        original: Stated,
        data: Vec<u8>,
    },
    Simple {
        original: Stated,
        data: Vec<u8>,
    },
    Obsolete {
        interface: u8,
        drops: u16,
        captured: Stated,
        data: Vec<u8>,
    },
    Names(Vec<(u8, Stated, Vec<u8>)>),
    Statistics {
        interface: u8,
        high: u32,
        low: u32,
    },
    Other(u32, Vec<u8>),
    Zeros(u8),
    Noise(Vec<u8>),
}

impl PcapngFile {
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut big = false;
        Block {
            kind: Kind::Section { big, version: 1 },
            options: Vec::new(),
            length: Stated::Right,
            trailer: Stated::Right,
        }
        .write(&mut out, &mut big);
        for block in &self.blocks {
            block.write(&mut out, &mut big);
        }
        if let Some(cut) = self.cut {
            out.truncate(out.len().saturating_sub(usize::from(cut)));
        }
        out
    }
}

impl Block {
    fn write(&self, out: &mut Vec<u8>, big: &mut bool) {
        match &self.kind {
            Kind::Zeros(count) => return out.resize(out.len() + usize::from(*count), 0),
            Kind::Noise(noise) => return out.extend(noise),
            Kind::Section { big: order, .. } => *big = *order,
            _ => {}
        }
        let order = *big;
        let u16 = |value: u16| {
            if order {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let u32 = |value: u32| {
            if order {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut body = Vec::new();
        let code = self.body(&mut body, &u16, &u32);
        for (code, len, value) in &self.options {
            body.extend(u16(u16::from(*code % 16)));
            let stated = len.of(value.len() as u32) as u16;
            body.extend(u16(stated));
            padded(&mut body, value);
        }
        if !self.options.is_empty() {
            body.extend([0; 4]);
        }
        let len = body.len() as u32 + 12;
        out.extend(u32(code));
        out.extend(u32(self.length.of(len)));
        out.extend(body);
        out.extend(u32(self.trailer.of(len)));
    }

    fn body(
        &self,
        body: &mut Vec<u8>,
        u16: &impl Fn(u16) -> [u8; 2],
        u32: &impl Fn(u32) -> [u8; 4],
    ) -> u32 {
        match &self.kind {
            Kind::Section { version, .. } => {
                body.extend(u32(0x1a2b_3c4d));
                body.extend(u16((*version).into()));
                body.extend(u16(0));
                body.extend([0xff; 8]);
                0x0a0d_0d0a
            }
            Kind::Interface { link, snaplen } => {
                body.extend(u16((*link).into()));
                body.extend(u16(0));
                body.extend(u32(*snaplen));
                1
            }
            Kind::Enhanced {
                interface,
                high,
                low,
                captured,
                original,
                data,
            } => {
                let len = data.len() as u32;
                for value in [
                    u32::from(*interface % 8),
                    *high,
                    *low,
                    captured.of(len),
                    original.of(len),
                ] {
                    body.extend(self::u32(u32, value));
                }
                padded(body, data);
                6
            }
            Kind::Simple { original, data } => {
                body.extend(u32(original.of(data.len() as u32)));
                padded(body, data);
                3
            }
            Kind::Obsolete {
                interface,
                drops,
                captured,
                data,
            } => {
                body.extend(u16((*interface % 8).into()));
                body.extend(u16(*drops));
                let len = data.len() as u32;
                for value in [0x0006_0000, 0, captured.of(len), len] {
                    body.extend(u32(value));
                }
                padded(body, data);
                2
            }
            Kind::Names(records) => {
                for (kind, len, value) in records {
                    body.extend(u16(u16::from(*kind % 4)));
                    body.extend(u16(len.of(value.len() as u32) as u16));
                    padded(body, value);
                }
                body.extend([0; 4]);
                4
            }
            Kind::Statistics {
                interface,
                high,
                low,
            } => {
                for value in [u32::from(*interface % 8), *high, *low] {
                    body.extend(self::u32(u32, value));
                }
                5
            }
            Kind::Other(code, data) => {
                padded(body, data);
                *code
            }
            Kind::Zeros(_) | Kind::Noise(_) => 0,
        }
    }
}

fn u32(order: &impl Fn(u32) -> [u8; 4], value: u32) -> [u8; 4] {
    order(value)
}

fn padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
}
