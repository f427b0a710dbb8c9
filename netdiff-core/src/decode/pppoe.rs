//! PPP over Ethernet (RFC 2516): discovery and session.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | ver=1 | type=1|     code      |          session id           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |            length             | payload
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::LayerKind;
use super::rest::{Decoded, Next, Rest, Step};

/// A `PPPoE` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pppoe {
    /// 0 for session data, else the discovery message.
    pub code: u8,
    /// The session that the access concentrator assigned; 0 before that.
    pub session: u16,
    /// Bytes of the payload as the header states it.
    pub length: u16,
}

/// Decodes a `PPPoE` header.
pub(super) fn decode_pppoe(rest: Rest<'_>) -> Decoded<'_, Pppoe> {
    let (&[version, code, s0, s1, l0, l1], behind) = rest.split::<6>(LayerKind::Pppoe)?;
    if version != 0x11 {
        return Err(rest.malformed(LayerKind::Pppoe, "pppoe.version"));
    }
    let pppoe = Pppoe {
        code,
        session: u16::from_be_bytes([s0, s1]),
        length: u16::from_be_bytes([l0, l1]),
    };
    let next = match code {
        0 => Next::Layer(LayerKind::Ppp),
        _ => Next::Payload,
    };
    let length = u32::from(pppoe.length);
    let too_long = length > behind.wire_len();
    let step = Step::new(pppoe, behind.limit(length), next);
    Ok(step.noting(too_long.then_some("pppoe.length-exceeds-frame")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Stop;

    const SESSION: [u8; 12] = [0x11, 0, 0, 9, 0, 4, 0, 0x21, 1, 2, 0, 0];

    #[test]
    fn the_length_excludes_the_padding() {
        let step = decode_pppoe(Rest::new(&SESSION, 12)).unwrap();
        assert_eq!(
            (step.layer.session, step.rest.bytes()),
            (9, &[0, 0x21, 1, 2][..])
        );
        assert_eq!(step.next, Next::Layer(LayerKind::Ppp));
    }

    #[test]
    fn discovery_carries_no_packet() {
        let mut discovery = SESSION;
        discovery[1] = 0x09;
        let step = decode_pppoe(Rest::new(&discovery, 12)).unwrap();
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn another_version_is_malformed_and_a_cut_header_none() {
        assert!(matches!(
            decode_pppoe(Rest::new(&[0x21; 6], 6)),
            Err(Stop::Malformed { .. })
        ));
        for len in 0..6 {
            assert!(decode_pppoe(Rest::new(&SESSION[..len], 60)).is_err());
        }
    }
}
