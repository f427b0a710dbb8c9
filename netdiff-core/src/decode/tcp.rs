//! TCP (RFC 9293) with the options that identify a segment.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          source port          |       destination port        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        sequence number                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     acknowledgment number                     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |offset | 0     |C|E|U|A|P|R|S|F|            window             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           checksum            |        urgent pointer         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | options: up to 40 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use etherparse::TcpHeaderSlice;

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop};

/// The flag bits of byte 13, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN.
    pub const FIN: u8 = 0x01;
    /// SYN.
    pub const SYN: u8 = 0x02;
    /// RST.
    pub const RST: u8 = 0x04;
    /// PSH.
    pub const PSH: u8 = 0x08;
    /// ACK.
    pub const ACK: u8 = 0x10;

    /// Whether any of these bits is set.
    #[must_use]
    pub const fn any(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// The timestamps option (RFC 7323).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpTimestamps {
    /// `TSval`.
    pub value: u32,
    /// `TSecr`.
    pub echo: u32,
}

/// A TCP header. A header that the capture cut keeps what was left: see the field docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number of the first data byte (or of the SYN); 0 where less than 8 bytes are left.
    pub sequence: u32,
    /// Acknowledgment number; 0 where the capture cut it.
    pub acknowledgment: u32,
    /// Flags; none where the capture cut them.
    pub flags: TcpFlags,
    /// Window, unscaled; 0 where the capture cut it.
    pub window: u16,
    /// Maximum segment size option, of a SYN.
    pub maximum_segment_size: Option<u16>,
    /// Timestamps option.
    pub timestamps: Option<TcpTimestamps>,
    /// What it acknowledges beyond a hole (RFC 2018), hashed: 0 for nothing.
    pub selective: u64,
    /// Length of the header in bytes; `None` where the capture cut the field that says it, or the flags right behind it.
    pub header_len: Option<u8>,
}

impl Tcp {
    /// Bytes of a header without options.
    pub const MIN_LEN: usize = 20;
}

/// Decodes a TCP header; of one that the capture, a fragment or a quote cut, what is left.
#[inline(always)]
pub(super) fn decode_tcp(rest: Rest<'_>) -> Decoded<'_, Tcp> {
    let Ok(header) = TcpHeaderSlice::from_slice(rest.bytes()) else {
        return salvage(rest);
    };
    let mut tcp = Tcp {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        flags: TcpFlags(header.slice().get(13).copied().unwrap_or(0)),
        window: header.window_size(),
        maximum_segment_size: None,
        timestamps: None,
        selective: 0,
        header_len: Some(header.data_offset() * 4),
    };
    tcp.read_options(header.options());
    let rest = rest.skip(header.slice().len());
    Ok(Step::last(tcp, rest, Stop::Payload))
}

/// Decodes what is left of a cut header, ports at least. Fields that are not there read as 0.
#[inline(always)]
fn salvage(rest: Rest<'_>) -> Decoded<'_, Tcp> {
    let bytes = rest.bytes();
    if bytes.len() < 4 {
        return Err(rest.truncated(LayerKind::Tcp, Tcp::MIN_LEN));
    }
    let mut filled = [0; Tcp::MIN_LEN];
    for (to, from) in filled.iter_mut().zip(bytes) {
        *to = *from;
    }
    let [
        s0,
        s1,
        d0,
        d1,
        q0,
        q1,
        q2,
        q3,
        a0,
        a1,
        a2,
        a3,
        offset,
        flags,
        w0,
        w1,
        ..,
    ] = filled;
    // Whoever reads the length takes the flags for read, too.
    let header_len = (bytes.len() > 13).then_some((offset >> 4) * 4);
    let mut tcp = Tcp {
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        sequence: u32::from_be_bytes([q0, q1, q2, q3]),
        acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: TcpFlags(flags),
        window: u16::from_be_bytes([w0, w1]),
        maximum_segment_size: None,
        timestamps: None,
        selective: 0,
        header_len,
    };
    tcp.read_options(bytes.get(Tcp::MIN_LEN..).unwrap_or_default());
    let needed = header_len.map_or(Tcp::MIN_LEN, usize::from);
    let stop = if needed < Tcp::MIN_LEN {
        rest.malformed(LayerKind::Tcp, "tcp.data-offset")
    } else {
        rest.truncated(LayerKind::Tcp, needed)
    };
    Ok(Step::last(tcp, rest.skip(needed.max(Tcp::MIN_LEN)), stop))
}

impl Tcp {
    /// Reads the options as far as they are whole.
    fn read_options(&mut self, mut options: &[u8]) {
        const END: u8 = 0;
        const NO_OPERATION: u8 = 1;
        const MAXIMUM_SEGMENT_SIZE: u8 = 2;
        const SELECTIVE: u8 = 5;
        const TIMESTAMPS: u8 = 8;
        loop {
            let len = match *options {
                [NO_OPERATION, ..] => 1,
                [END, ..] | [] | [_] | [_, 0 | 1, ..] => return,
                [_, len, ..] => usize::from(len),
            };
            match *options {
                [MAXIMUM_SEGMENT_SIZE, 4, m0, m1, ..] => {
                    self.maximum_segment_size = Some(u16::from_be_bytes([m0, m1]));
                }
                [TIMESTAMPS, 10, v0, v1, v2, v3, e0, e1, e2, e3, ..] => {
                    self.timestamps = Some(TcpTimestamps {
                        value: u32::from_be_bytes([v0, v1, v2, v3]),
                        echo: u32::from_be_bytes([e0, e1, e2, e3]),
                    });
                }
                [SELECTIVE, ..] => {
                    let blocks = options.get(2..len).unwrap_or_default();
                    self.selective = blocks.iter().fold(1, mix);
                }
                _ => {}
            }
            options = options.get(len..).unwrap_or_default();
        }
    }
}

/// FNV-1a.
const fn mix(hash: u64, byte: &u8) -> u64 {
    (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40000 > 443, sequence 0x01020304, SYN, MSS 1410, timestamps 7 and 9.
    const SYN: [u8; 36] = [
        0x9c, 0x40, 1, 187, 1, 2, 3, 4, 0, 0, 0, 5, 0x90, 2, 0xfd, 0xe8, 0, 0, 0, 0, //
        2, 4, 5, 0x82, 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9,
    ];

    fn whole() -> Tcp {
        Tcp {
            source_port: 40_000,
            destination_port: 443,
            sequence: 0x0102_0304,
            acknowledgment: 5,
            flags: TcpFlags(TcpFlags::SYN),
            window: 65_000,
            maximum_segment_size: Some(1410),
            timestamps: Some(TcpTimestamps { value: 7, echo: 9 }),
            selective: 0,
            header_len: Some(36),
        }
    }

    #[test]
    fn a_whole_header() {
        let step = decode_tcp(Rest::new(&SYN, 36)).unwrap();
        assert_eq!(step.layer, whole());
    }

    #[test]
    fn a_cut_header_keeps_what_is_left() {
        for len in 0..36 {
            let decoded = decode_tcp(Rest::new(&SYN[..len], 100));
            let Ok(step) = decoded else {
                assert!(len < 4, "{len} bytes hold the ports");
                continue;
            };
            let (tcp, all) = (step.layer, whole());
            assert_eq!(tcp.destination_port, 443);
            assert_eq!(tcp.sequence == all.sequence, len >= 8);
            assert_eq!(tcp.acknowledgment == all.acknowledgment, len >= 12);
            assert_eq!(tcp.header_len, (len >= 14).then_some(36));
            assert_eq!(tcp.flags == all.flags, len >= 14);
            assert_eq!(tcp.window == all.window, len >= 16);
            assert_eq!(tcp.maximum_segment_size, (len >= 24).then_some(1410));
        }
    }

    #[test]
    fn the_payload_of_a_cut_header_has_its_wire_length() {
        let rest = decode_tcp(Rest::new(&SYN[..20], 100)).unwrap().rest;
        assert_eq!((rest.captured_len(), rest.wire_len()), (0, 64));
    }

    #[test]
    fn a_data_offset_below_the_minimum_is_malformed() {
        let mut header = SYN;
        header[12] = 0x40;
        let step = decode_tcp(Rest::new(&header, 36)).unwrap();
        let malformed = Rest::new(&[], 0).malformed(LayerKind::Tcp, "tcp.data-offset");
        assert_eq!(step.next, crate::decode::rest::Next::Stop(malformed));
    }

    #[test]
    fn options_that_lie_end_the_options() {
        for options in [
            &[8, 0, 1, 1][..],
            &[8, 1, 2, 4],
            &[3, 200, 2, 4],
            &[2, 4, 5],
            &[0, 2, 4, 1],
        ] {
            let mut tcp = Tcp {
                maximum_segment_size: None,
                timestamps: None,
                selective: 0,
                ..whole()
            };
            tcp.read_options(options);
            assert_eq!((tcp.maximum_segment_size, tcp.timestamps), (None, None));
        }
    }
}
