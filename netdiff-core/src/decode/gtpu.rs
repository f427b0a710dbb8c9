//! GTP-U version 1, the user plane of mobile networks (3GPP TS 29.281).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | ver |P|R|E|S|N| message type  |            length             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                           tunnel id                           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |    sequence number (E, S or N)|     N-PDU     | extension type|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | extensions (E): words of 4 bytes (1), contents, next extension type (1)
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use nom::number::complete::{be_u8, be_u16, be_u32};

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop, dispatch};

/// A GTP-U header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gtpu {
    /// 255 carries a packet; the others manage the path.
    pub message_type: u8,
    /// The tunnel endpoint identifier, chosen by who receives.
    pub tunnel: u32,
    /// The sequence number, where the header has one.
    pub sequence: Option<u16>,
}

impl Gtpu {
    /// Whether a packet follows, rather than a message about the path itself.
    #[must_use]
    pub const fn carries_packet(self) -> bool {
        self.message_type == PACKET
    }
}

const VERSION_1_GTP: u8 = 0b0011_0000;
const EXTENSION: u8 = 0x04;
const SEQUENCE: u8 = 0x02;
const ANY_OPTION: u8 = 0x07;
/// The message that carries a packet.
const PACKET: u8 = 255;
/// The most extension headers that are followed.
const MAX_EXTENSIONS: usize = 8;

/// Decodes a GTP-U header with its extension headers.
pub(super) fn decode_gtpu(rest: Rest<'_>) -> Decoded<'_, Gtpu> {
    let kind = LayerKind::Gtpu;
    let fields = (be_u8, be_u8, be_u16, be_u32);
    let ((flags, message_type, length, tunnel), behind) = rest.parse(kind, 8, fields)?;
    if flags & 0xf0 != VERSION_1_GTP {
        return Err(rest.malformed(kind, "gtpu.version"));
    }
    let mut behind = behind.limit(u32::from(length));
    let mut gtpu = Gtpu {
        message_type,
        tunnel,
        sequence: None,
    };
    if flags & ANY_OPTION != 0 {
        behind = match gtpu.read_options(flags, behind) {
            Ok(behind) => behind,
            Err(stop) => return Ok(Step::last(gtpu, behind, stop)),
        };
    }
    if message_type != PACKET {
        return Ok(Step::last(gtpu, behind, Stop::Payload));
    }
    Ok(Step::new(gtpu, behind, dispatch::ip_version(behind)))
}

impl Gtpu {
    fn read_options<'a>(&mut self, flags: u8, options: Rest<'a>) -> Result<Rest<'a>, Stop> {
        let fields = (be_u16, be_u8, be_u8);
        let ((sequence, _, extension), behind) = options.parse(LayerKind::Gtpu, 4, fields)?;
        self.sequence = (flags & SEQUENCE != 0).then_some(sequence);
        if flags & EXTENSION != 0 && extension != 0 {
            skip_extensions(behind)
        } else {
            Ok(behind)
        }
    }
}

/// Whether a datagram from a GTP-U port is GTP-U: the version, and a length that fills it.
pub(super) fn looks_like_gtpu(datagram: Rest<'_>) -> bool {
    match *datagram.bytes() {
        [flags, _, l0, l1, ..] if flags & 0xf8 == VERSION_1_GTP => {
            u32::from(u16::from_be_bytes([l0, l1])) + 8 == datagram.wire_len()
        }
        _ => false,
    }
}

fn skip_extensions(mut rest: Rest<'_>) -> Result<Rest<'_>, Stop> {
    for _ in 0..MAX_EXTENSIONS {
        let (&[words], _) = rest.split::<1>(LayerKind::Gtpu)?;
        let len = usize::from(words) * 4;
        let Some(&next) = rest.bytes().get(..len).and_then(<[u8]>::last) else {
            return Err(rest.truncated(LayerKind::Gtpu, len.max(4)));
        };
        rest = rest.skip(len);
        if next == 0 {
            return Ok(rest);
        }
    }
    Err(rest.malformed(LayerKind::Gtpu, "gtpu.too-many-extensions"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    /// Tunnel 7, sequence 9, one extension of 4 bytes, one byte of IPv4.
    const HEADER: [u8; 17] = [0x36, 255, 0, 9, 0, 0, 0, 7, 0, 9, 0, 0x85, 1, 0, 0, 0, 0x45];

    #[test]
    fn extensions_are_skipped() {
        let step = decode_gtpu(Rest::new(&HEADER, 17)).unwrap();
        let (message_type, tunnel, sequence) = (255, 7, Some(9));
        assert_eq!(
            step.layer,
            Gtpu {
                message_type,
                tunnel,
                sequence
            }
        );
        assert_eq!(
            (step.rest.offset(), step.next),
            (16, Next::Layer(LayerKind::Ipv4))
        );
    }

    #[test]
    fn an_answer_is_known_by_its_looks() {
        assert!(looks_like_gtpu(Rest::new(&HEADER, 17)));
        assert!(!looks_like_gtpu(Rest::new(&HEADER, 18)));
        assert!(!looks_like_gtpu(Rest::new(&HEADER[1..], 16)));
    }

    #[test]
    fn an_echo_carries_no_packet() {
        let step = decode_gtpu(Rest::new(&[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0], 12)).unwrap();
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn lies_and_cuts_are_told() {
        let mut empty_extension = HEADER;
        empty_extension[12] = 0;
        let step = decode_gtpu(Rest::new(&empty_extension, 17)).unwrap();
        assert!(matches!(step.next, Next::Stop(Stop::Truncated { .. })));
        assert!(decode_gtpu(Rest::new(&[0x48; 12], 12)).is_err());
        for len in 0..16 {
            match decode_gtpu(Rest::new(&HEADER[..len], 60)) {
                Ok(step) => assert!(matches!(step.next, Next::Stop(Stop::Truncated { .. }))),
                Err(_) => assert!(len < 8),
            }
        }
    }
}
