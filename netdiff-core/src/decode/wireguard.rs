//! WireGuard messages (<https://www.wireguard.com/protocol/>): recognised, not opened.
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |     type      |                 reserved: 0                   |
//! +---------------+---------------+---------------+---------------+
//! | sender index, or the receiver's of types 3 and 4; little-endian |
//! +---------------+---------------+---------------+---------------+
//! | type 4: counter, 8 bytes, little-endian
//! +---------------+---------------+---------------+---------------+
//! ```

use nom::combinator::cond;
use nom::number::complete::{le_u32, le_u64};

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop};

/// A WireGuard message's readable part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireGuard {
    /// 1 initiates a handshake, 2 answers, 3 is a cookie, 4 carries data.
    pub message_type: u8,
    /// The session's index at the sender (types 1 and 2) or receiver (types 3 and 4).
    pub index: u32,
    /// The counter of a data message: with the index it identifies the packet on its whole way.
    pub counter: Option<u64>,
}

/// The message that carries data.
const DATA: u8 = 4;

/// Decodes the readable part of a WireGuard message.
pub(super) fn decode_wireguard(rest: Rest<'_>) -> Decoded<'_, WireGuard> {
    let kind = LayerKind::WireGuard;
    let (&[message_type, _, _, _], behind) = rest.split::<4>(kind)?;
    let is_data = message_type == DATA;
    let needed = if is_data { 12 } else { 4 };
    let fields = (le_u32, cond(is_data, le_u64));
    let ((index, counter), behind) = behind.parse(kind, needed, fields)?;
    let wireguard = WireGuard {
        message_type,
        index,
        counter,
    };
    Ok(Step::last(wireguard, behind, Stop::Encrypted))
}

/// Whether a datagram is a WireGuard message: each type has its length, data comes in blocks of 16.
pub(super) fn looks_like_wireguard(datagram: Rest<'_>) -> bool {
    let &[message_type, 0, 0, 0, ..] = datagram.bytes() else {
        return false;
    };
    matches!(
        (message_type, datagram.wire_len()),
        (1, 148) | (2, 92) | (3, 64)
    ) || (message_type == DATA
        && datagram.wire_len() >= 32
        && datagram.wire_len().is_multiple_of(16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    const DATA_MESSAGE: [u8; 16] = [4, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn index_and_counter_then_nothing_readable() {
        let step = decode_wireguard(Rest::new(&DATA_MESSAGE, 32)).unwrap();
        assert_eq!((step.layer.index, step.layer.counter), (7, Some(9)));
        assert_eq!(step.next, Next::Stop(Stop::Encrypted));
    }

    #[test]
    fn each_type_has_its_length() {
        for (message_type, len, is) in [
            (1, 148, true),
            (1, 147, false),
            (2, 92, true),
            (3, 64, true),
        ] {
            let bytes = [message_type, 0, 0, 0, 1, 1, 1, 1];
            assert_eq!(looks_like_wireguard(Rest::new(&bytes, len)), is);
        }
        assert!(looks_like_wireguard(Rest::new(&DATA_MESSAGE, 32)));
        assert!(!looks_like_wireguard(Rest::new(&DATA_MESSAGE, 33)));
        assert!(!looks_like_wireguard(Rest::new(&[4, 0, 1, 0, 1], 32)));
    }

    #[test]
    fn a_cut_message_is_none() {
        for len in 0..16 {
            assert!(decode_wireguard(Rest::new(&DATA_MESSAGE[..len], 32)).is_err());
        }
    }
}
