//! Teredo (RFC 4380): IPv6 over UDP, with indications in front.
//!
//! ```text
//!  authentication, 13 bytes and what its two lengths say
//! +------+------+------------------+-------------------+------------------+-------------+
//! | 0    | 1    | client id length | auth value length | id, value, nonce | confirmation|
//! +------+------+------------------+-------------------+------------------+-------------+
//!  origin, 8 bytes
//! +------+------+-------------------+-------------------------+
//! | 0    | 0    | port, inverted    | IPv4 address, inverted  |
//! +------+------+-------------------+-------------------------+
//! ```

use super::LayerKind;
use super::rest::{Decoded, Next, Rest, Step};

/// The indications in front of a Teredo packet; there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Teredo {
    /// Bytes of all indications.
    pub header_len: u16,
}

/// Decodes the indications in front of a Teredo packet.
pub(super) fn decode_teredo(rest: Rest<'_>) -> Decoded<'_, Teredo> {
    let len = indications_len(rest.bytes());
    let header_len = u16::try_from(len).unwrap_or(u16::MAX);
    let behind = rest.skip(len);
    let next = if behind.wire_len() == 0 {
        Next::Payload
    } else {
        Next::Layer(LayerKind::Ipv6)
    };
    Ok(Step::new(Teredo { header_len }, behind, next))
}

/// Whether a datagram of a Teredo port is Teredo: an IPv6 header whose length fits. Trailers may
/// follow the packet (RFC 6081).
pub(super) fn looks_like_teredo(datagram: Rest<'_>) -> bool {
    let packet = datagram.skip(indications_len(datagram.bytes()));
    match *packet.bytes() {
        [first, _, _, _, l0, l1, ..] if first >> 4 == 6 => {
            let len = u32::from(u16::from_be_bytes([l0, l1])) + 40;
            len <= packet.wire_len()
        }
        _ => false,
    }
}

fn indications_len(bytes: &[u8]) -> usize {
    let authentication = match *bytes {
        [0, 1, id_len, value_len, ..] => 13 + usize::from(id_len) + usize::from(value_len),
        _ => 0,
    };
    match bytes.get(authentication..) {
        Some([0, 0, ..]) => authentication + 8,
        _ => authentication,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::build::{ipv6, join};
    use crate::types::Protocol;

    #[test]
    fn indications_may_stand_in_front() {
        let packet = ipv6(1, Protocol::NO_NEXT_HEADER, &[]);
        let origin = [0, 0, 1, 2, 3, 4, 5, 6];
        let authentication = [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        for front in [
            &[][..],
            &origin,
            &authentication,
            &join(&authentication, &origin),
        ] {
            let bytes = join(front, &packet);
            let rest = Rest::new(&bytes, u32::try_from(bytes.len()).unwrap());
            assert!(looks_like_teredo(rest));
            let step = decode_teredo(rest).unwrap();
            assert_eq!(usize::from(step.layer.header_len), front.len());
            assert_eq!(step.next, Next::Layer(LayerKind::Ipv6));
        }
    }

    #[test]
    fn anything_else_is_not_teredo() {
        for bytes in [
            &[][..],
            &[0x60],
            &[0x60, 0, 0, 0, 9, 9, 0, 0],
            &[0, 1, 255, 255],
            &[0, 0],
        ] {
            let rest = Rest::new(bytes, 60);
            assert!(!looks_like_teredo(rest));
            assert!(decode_teredo(rest).is_ok());
        }
    }
}
