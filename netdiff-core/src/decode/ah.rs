//! AH, the IP authentication header (RFC 4302): what it protects stays readable.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  next header  |   words - 2   |           reserved            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                   security parameters index                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        sequence number                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | integrity check value
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::ipv6_extensions::skip_extensions;
use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, dispatch};
use crate::types::Protocol;

/// An authentication header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ah {
    /// The protocol that follows.
    pub protocol: Protocol,
    /// Security parameters index.
    pub spi: u32,
    /// Sequence number.
    pub sequence: u32,
}

/// Decodes an authentication header, and skips IPv6 extension headers behind it.
pub(super) fn decode_ah(rest: Rest<'_>) -> Decoded<'_, Ah> {
    let kind = LayerKind::Ah;
    let (&[next, words, _, _, s0, s1, s2, s3, q0, q1, q2, q3], _) = rest.split(kind)?;
    let len = (usize::from(words) + 2) * 4;
    if len < 12 {
        return Err(rest.malformed(kind, "ah.length"));
    }
    if rest.bytes().len() < len {
        return Err(rest.truncated(kind, len));
    }
    let extensions = skip_extensions(Protocol(next), rest.skip(len));
    let ah = Ah {
        protocol: extensions.protocol,
        spi: u32::from_be_bytes([s0, s1, s2, s3]),
        sequence: u32::from_be_bytes([q0, q1, q2, q3]),
    };
    let next = match extensions.stop {
        Some(stop) => Next::Stop(stop),
        None => dispatch::ip_protocol(ah.protocol, kind),
    };
    Ok(Step::new(ah, extensions.rest, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Stop;

    /// SPI 9, sequence 3, 4 bytes of check value, TCP.
    const HEADER: [u8; 16] = [6, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3, 1, 2, 3, 4];

    #[test]
    fn the_check_value_is_skipped() {
        let step = decode_ah(Rest::new(&HEADER, 16)).unwrap();
        assert_eq!((step.layer.spi, step.layer.sequence), (9, 3));
        assert_eq!(
            (step.rest.offset(), step.next),
            (16, Next::Layer(LayerKind::Tcp))
        );
    }

    #[test]
    fn lies_and_cuts_are_told() {
        let mut short = HEADER;
        short[1] = 0;
        assert!(matches!(
            decode_ah(Rest::new(&short, 16)),
            Err(Stop::Malformed { .. })
        ));
        for len in 0..16 {
            let stop = decode_ah(Rest::new(&HEADER[..len], 60)).unwrap_err();
            assert!(matches!(stop, Stop::Truncated { .. }));
        }
    }
}
