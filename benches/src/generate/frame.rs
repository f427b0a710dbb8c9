//! The bytes of packets: Ethernet, IPv4, TCP, UDP, ICMP and VXLAN (RFC 7348).

/// UDP port of flannel's VXLAN, the Linux kernel's default.
const VXLAN_PORT: u16 = 8472;

/// What a packet says beside addresses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport {
    Tcp {
        source: u16,
        destination: u16,
        sequence: u32,
        acknowledgment: u32,
        flags: u8,
        /// Timestamps option (RFC 7323): own and echoed value, milliseconds.
        clock: (u32, u32),
    },
    Udp {
        source: u16,
        destination: u16,
    },
    Echo {
        request: bool,
        id: u16,
        sequence: u16,
    },
}

/// An IPv4 packet without its link.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) source: [u8; 4],
    pub(super) destination: [u8; 4],
    pub(super) identification: u16,
    pub(super) transport: Transport,
    /// Bytes of payload.
    pub(super) payload: usize,
    /// What the payload is filled with.
    pub(super) fill: u64,
}

/// Where a frame goes on a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Macs {
    pub(super) source: [u8; 6],
    pub(super) destination: [u8; 6],
}

/// The outer header of a tunnel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outer {
    pub(super) macs: Macs,
    pub(super) source: [u8; 4],
    pub(super) destination: [u8; 4],
    pub(super) source_port: u16,
}

/// The Internet checksum (RFC 1071) over bytes, beginning with a sum.
fn checksum(bytes: &[u8], start: u32) -> u16 {
    let mut sum = start;
    let mut words = bytes.chunks_exact(2);
    for word in &mut words {
        if let [high, low] = word {
            sum += u32::from(u16::from_be_bytes([*high, *low]));
        }
    }
    if let [last] = words.remainder() {
        sum += u32::from(*last) << 8;
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

fn ethernet(out: &mut Vec<u8>, macs: Macs) {
    out.extend_from_slice(&macs.destination);
    out.extend_from_slice(&macs.source);
    out.extend_from_slice(&[0x08, 0x00]);
}

/// The length of what follows, as headers write it; generated packets are all shorter than 64 KiB.
fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

fn ipv4(
    out: &mut Vec<u8>,
    ends: ([u8; 4], [u8; 4]),
    identification: u16,
    ttl: u8,
    protocol: u8,
    content: usize,
) {
    let start = out.len();
    out.extend_from_slice(&[0x45, 0]);
    out.extend_from_slice(&length(content + 20));
    out.extend_from_slice(&identification.to_be_bytes());
    out.extend_from_slice(&[0x40, 0, ttl, protocol, 0, 0]);
    out.extend_from_slice(&ends.0);
    out.extend_from_slice(&ends.1);
    let sum = out.get(start..).map_or(0, |header| checksum(header, 0));
    put(out, start + 10, sum);
}

/// Writes a checksum into its field.
fn put(out: &mut [u8], at: usize, sum: u16) {
    if let Some(field) = out.get_mut(at..at + 2) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

impl Packet {
    const fn protocol(&self) -> u8 {
        match self.transport {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Echo { .. } => 1,
        }
    }

    /// Transport header and payload with their checksum: the same at every point.
    pub(super) fn content(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.payload);
        let field = match self.transport {
            Transport::Tcp {
                source,
                destination,
                sequence,
                acknowledgment,
                flags,
                clock,
            } => {
                out.extend_from_slice(&source.to_be_bytes());
                out.extend_from_slice(&destination.to_be_bytes());
                out.extend_from_slice(&sequence.to_be_bytes());
                out.extend_from_slice(&acknowledgment.to_be_bytes());
                out.extend_from_slice(&[0x80, flags, 0x01, 0xF5, 0, 0, 0, 0, 1, 1, 8, 10]);
                out.extend_from_slice(&clock.0.to_be_bytes());
                out.extend_from_slice(&clock.1.to_be_bytes());
                16
            }
            Transport::Udp {
                source,
                destination,
            } => {
                out.extend_from_slice(&source.to_be_bytes());
                out.extend_from_slice(&destination.to_be_bytes());
                out.extend_from_slice(&length(self.payload + 8));
                out.extend_from_slice(&[0, 0]);
                6
            }
            Transport::Echo {
                request,
                id,
                sequence,
            } => {
                out.extend_from_slice(&[if request { 8 } else { 0 }, 0, 0, 0]);
                out.extend_from_slice(&id.to_be_bytes());
                out.extend_from_slice(&sequence.to_be_bytes());
                2
            }
        };
        let bytes = self.fill.to_le_bytes();
        out.extend(bytes.iter().cycle().take(self.payload));
        let sum = checksum(&out, self.pseudo_header(out.len()));
        put(&mut out, field, sum);
        out
    }

    /// What TCP and UDP sum beside their own bytes (RFC 9293, 3.1); ICMP sums nothing.
    fn pseudo_header(&self, len: usize) -> u32 {
        if matches!(self.transport, Transport::Echo { .. }) {
            return 0;
        }
        let words = [self.source, self.destination]
            .into_iter()
            .flat_map(|[a, b, c, d]| [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
        let ends: u32 = words.map(u32::from).sum();
        ends + u32::from(self.protocol()) + u32::try_from(len).unwrap_or(0)
    }

    /// The frame at one point, its content made by [`Self::content`].
    pub(super) fn frame(
        &self,
        content: &[u8],
        ttl: u8,
        macs: Macs,
        outer: Option<Outer>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(content.len() + 84);
        if let Some(outer) = outer {
            let inner = content.len() + 34;
            ethernet(&mut out, outer.macs);
            let ends = (outer.source, outer.destination);
            ipv4(
                &mut out,
                ends,
                self.identification ^ 0x5555,
                64,
                17,
                inner + 16,
            );
            out.extend_from_slice(&outer.source_port.to_be_bytes());
            out.extend_from_slice(&VXLAN_PORT.to_be_bytes());
            out.extend_from_slice(&length(inner + 16));
            // No checksum, as the kernel sends it over IPv4; VNI 1.
            out.extend_from_slice(&[0, 0, 8, 0, 0, 0, 0, 0, 1, 0]);
        }
        ethernet(&mut out, macs);
        let ends = (self.source, self.destination);
        ipv4(
            &mut out,
            ends,
            self.identification,
            ttl,
            self.protocol(),
            content.len(),
        );
        out.extend_from_slice(content);
        out
    }
}
