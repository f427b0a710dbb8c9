//! IP packets and their bytes, written by hand: the judge must not trust the decoder it judges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::rng::text;

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// One IP packet, as its sender or the last translation on its way left it.
#[derive(Clone, Debug)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub ttl: u8,
    /// IPv4 identification, and that of IPv6 fragments.
    pub id: u16,
    pub dont_fragment: bool,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Echo(Echo),
    Udp(Udp),
    Tcp(Tcp),
    /// An ICMP error with what it quotes.
    Error {
        icmp_type: u8,
        code: u8,
        quote: Vec<u8>,
    },
}

#[derive(Clone, Debug)]
pub struct Echo {
    pub request: bool,
    pub id: u16,
    pub sequence: u16,
    pub len: u16,
    pub seed: u64,
}

#[derive(Clone, Debug)]
pub struct Udp {
    pub source_port: u16,
    pub destination_port: u16,
    pub len: u16,
    pub seed: u64,
}

#[derive(Clone, Debug)]
pub struct Tcp {
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgment: u32,
    pub flags: u8,
    pub window: u16,
    pub timestamps: Option<(u32, u32)>,
    /// What came beyond a hole: at most two ranges of sequence numbers.
    pub sack: Vec<(u32, u32)>,
    pub len: u32,
    /// Where the data begins in the text of `seed`.
    pub offset: u64,
    pub seed: u64,
}

/// A part of the bytes behind an IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    pub start: usize,
    pub len: usize,
    pub total: usize,
}

impl Piece {
    pub fn more(self) -> bool {
        self.start + self.len < self.total
    }
}

/// A frame's bytes, and how many of them a capture needs to recognize the packet.
pub struct Encoded {
    pub bytes: Vec<u8>,
    pub headers: usize,
}

impl Packet {
    pub fn is_ipv4(&self) -> bool {
        self.source.is_ipv4()
    }

    /// Length of what follows the IP header.
    pub fn body_len(&self) -> usize {
        self.body.header_len() + self.body.data_len()
    }

    pub fn ip_header_len(&self) -> usize {
        if self.is_ipv4() { 20 } else { 40 }
    }

    fn protocol(&self) -> u8 {
        match &self.body {
            Body::Udp(_) => 17,
            Body::Tcp(_) => 6,
            Body::Echo(_) | Body::Error { .. } if self.is_ipv4() => 1,
            Body::Echo(_) | Body::Error { .. } => 58,
        }
    }

    /// The IP packet, or one fragment of it; with the length of its headers.
    pub fn ip_bytes(&self, piece: Option<Piece>) -> Encoded {
        let whole = self.transport();
        let part = piece.map_or(whole.as_slice(), |p| &whole[p.start..p.start + p.len]);
        let mut bytes = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let fragment = piece.map_or(0, |p| {
                    (p.start / 8) as u16 | if p.more() { 0x2000 } else { 0 }
                });
                let fragment = fragment | if self.dont_fragment { 0x4000 } else { 0 };
                let fields = (self.id, fragment, self.ttl, self.protocol());
                ipv4_header(source, destination, fields, part.len())
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                self.ipv6_header(source, destination, piece, part.len())
            }
            _ => panic!("one family at both ends"),
        };
        let transport = match piece {
            Some(p) if p.start > 0 => 0,
            _ => self.body.header_len(),
        };
        let headers = bytes.len() + transport;
        bytes.extend_from_slice(part);
        Encoded { bytes, headers }
    }

    fn ipv6_header(
        &self,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        piece: Option<Piece>,
        len: usize,
    ) -> Vec<u8> {
        let extension = if piece.is_some() { 8 } else { 0 };
        let next = piece.map_or(self.protocol(), |_| 44);
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(((len + extension) as u16).to_be_bytes());
        bytes.extend([next, self.ttl]);
        bytes.extend(source.octets());
        bytes.extend(destination.octets());
        if let Some(p) = piece {
            bytes.extend([self.protocol(), 0]);
            bytes.extend((p.start as u16 | u16::from(p.more())).to_be_bytes());
            bytes.extend(u32::from(self.id).to_be_bytes());
        }
        bytes
    }

    /// Transport header and data, with the checksum as offload leaves it: the sum of the pseudo header.
    fn transport(&self) -> Vec<u8> {
        let pseudo = self.pseudo_sum();
        match &self.body {
            Body::Echo(echo) => {
                let kind = match (self.is_ipv4(), echo.request) {
                    (true, true) => 8,
                    (true, false) => 0,
                    (false, true) => 128,
                    (false, false) => 129,
                };
                let mut bytes = vec![kind, 0, 0, 0];
                bytes.extend(echo.id.to_be_bytes());
                bytes.extend(echo.sequence.to_be_bytes());
                bytes.extend(text(echo.seed, 0, usize::from(echo.len)));
                self.finish_icmp(bytes)
            }
            Body::Error {
                icmp_type,
                code,
                quote,
            } => {
                let mut bytes = vec![*icmp_type, *code, 0, 0, 0, 0, 0, 0];
                bytes.extend(quote);
                self.finish_icmp(bytes)
            }
            Body::Udp(udp) => {
                let mut bytes = udp.source_port.to_be_bytes().to_vec();
                bytes.extend(udp.destination_port.to_be_bytes());
                bytes.extend((udp.len + 8).to_be_bytes());
                bytes.extend(pseudo.to_be_bytes());
                bytes.extend(text(udp.seed, 0, usize::from(udp.len)));
                bytes
            }
            Body::Tcp(tcp) => tcp.bytes(pseudo),
        }
    }

    fn finish_icmp(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let start = if self.is_ipv4() {
            0
        } else {
            u32::from(self.pseudo_sum())
        };
        let sum = !folded(start + sum_of(&bytes));
        bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    fn pseudo_sum(&self) -> u16 {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let addresses = sum_of(&octets(self.source)) + sum_of(&octets(self.destination));
        folded(addresses + u32::from(self.protocol()) + self.body_len() as u32)
    }
}

impl Body {
    pub fn header_len(&self) -> usize {
        match self {
            Self::Tcp(tcp) => tcp.header_len(),
            Self::Echo(_) | Self::Udp(_) | Self::Error { .. } => 8,
        }
    }

    pub fn data_len(&self) -> usize {
        match self {
            Self::Echo(echo) => usize::from(echo.len),
            Self::Udp(udp) => usize::from(udp.len),
            Self::Tcp(tcp) => tcp.len as usize,
            Self::Error { quote, .. } => quote.len(),
        }
    }
}

impl Tcp {
    fn header_len(&self) -> usize {
        let options = match (self.flags & SYN != 0, self.timestamps.is_some()) {
            (true, true) => 16,
            (true, false) => 4,
            (false, true) => 12,
            (false, false) => 0,
        };
        let blocks = match self.sack.len() {
            0 => 0,
            n => 4 + 8 * n,
        };
        20 + options + blocks
    }

    fn bytes(&self, checksum: u16) -> Vec<u8> {
        let mut bytes = self.source_port.to_be_bytes().to_vec();
        bytes.extend(self.destination_port.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.acknowledgment.to_be_bytes());
        bytes.extend([(self.header_len() / 4 * 16) as u8, self.flags]);
        bytes.extend(self.window.to_be_bytes());
        bytes.extend(checksum.to_be_bytes());
        bytes.extend([0, 0]);
        if self.flags & SYN != 0 {
            bytes.extend([2, 4, 0x05, 0x64]);
        }
        if let Some((value, echo)) = self.timestamps {
            bytes.extend([1, 1, 8, 10]);
            bytes.extend(value.to_be_bytes());
            bytes.extend(echo.to_be_bytes());
        }
        if !self.sack.is_empty() {
            bytes.extend([1, 1, 5, 2 + 8 * self.sack.len() as u8]);
            for (start, end) in &self.sack {
                bytes.extend(start.to_be_bytes());
                bytes.extend(end.to_be_bytes());
            }
        }
        bytes.extend(text(self.seed, self.offset, self.len as usize));
        bytes
    }
}

pub fn ipv4_header(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    (id, fragment, ttl, protocol): (u16, u16, u8, u8),
    len: usize,
) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(((len + 20) as u16).to_be_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([ttl, protocol, 0, 0]);
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    let sum = !folded(sum_of(&bytes));
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn sum_of(bytes: &[u8]) -> u32 {
    let pairs = bytes.chunks(2);
    pairs
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum()
}

fn folded(mut sum: u32) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
