//! SCTP (RFC 9260): the common header and the type of the first chunk.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          source port          |       destination port        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                       verification tag                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                           checksum                            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  chunk type   | …
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop};

/// An SCTP common header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sctp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Verification tag of the receiver; 0 of an INIT, or where the capture cut it.
    pub verification_tag: u32,
    /// Type of the first chunk: 0 is DATA, 1 INIT, 6 ABORT.
    pub chunk_type: Option<u8>,
}

impl Sctp {
    /// Bytes of the common header.
    pub const LEN: usize = 12;
}

/// Decodes an SCTP header; of one that is cut, the ports and what else is left.
pub(super) fn decode_sctp(rest: Rest<'_>) -> Decoded<'_, Sctp> {
    let (&[s0, s1, d0, d1], behind) = rest.split::<4>(LayerKind::Sctp)?;
    let tag = behind.bytes().first_chunk();
    let sctp = Sctp {
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        verification_tag: tag.map_or(0, |tag| u32::from_be_bytes(*tag)),
        chunk_type: rest.bytes().get(Sctp::LEN).copied(),
    };
    let stop = match rest.split::<{ Sctp::LEN }>(LayerKind::Sctp) {
        Ok(_) => Stop::Payload,
        Err(stop) => stop,
    };
    Ok(Step::last(sctp, rest.skip(Sctp::LEN), stop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    const INIT: [u8; 16] = [0x0e, 0x20, 0x0e, 0x21, 1, 2, 3, 4, 9, 9, 9, 9, 1, 0, 0, 20];

    #[test]
    fn ports_tag_and_chunk() {
        let step = decode_sctp(Rest::new(&INIT, 16)).unwrap();
        assert_eq!(
            (step.layer.source_port, step.layer.destination_port),
            (3616, 3617)
        );
        assert_eq!(
            (step.layer.verification_tag, step.layer.chunk_type),
            (0x0102_0304, Some(1))
        );
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn a_cut_header_keeps_its_ports() {
        for len in 0..12 {
            match decode_sctp(Rest::new(&INIT[..len], 60)) {
                Ok(step) => assert_eq!((len >= 4, step.layer.destination_port), (true, 3617)),
                Err(_) => assert!(len < 4),
            }
        }
    }
}
