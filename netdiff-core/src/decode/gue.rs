//! GUE, generic UDP encapsulation (draft-ietf-intarea-gue), versions 0 and 1.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | 0 |C|  words  |   protocol    |             flags             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | fields: as many words of 4 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! Version 1 is an IP packet without a header in front: its two version bits are IP's first two.

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, dispatch};
use crate::types::Protocol;

/// A GUE header of version 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gue {
    /// The IP protocol that follows, or the type of a control message.
    pub protocol: Protocol,
    /// A control message, not data.
    pub is_control: bool,
    /// Bytes of the header, 4 to 128.
    pub header_len: u8,
}

/// Decodes a GUE header of version 0.
pub(super) fn decode_gue(rest: Rest<'_>) -> Decoded<'_, Gue> {
    let (&[first, protocol, _, _], _) = rest.split::<4>(LayerKind::Gue)?;
    if first >> 6 != 0 {
        return Err(rest.malformed(LayerKind::Gue, "gue.version"));
    }
    let gue = Gue {
        protocol: Protocol(protocol),
        is_control: first & 0x20 != 0,
        header_len: 4 + (first & 0x1f) * 4,
    };
    let len = usize::from(gue.header_len);
    let next = if rest.bytes().len() < len {
        Next::Stop(rest.truncated(LayerKind::Gue, len))
    } else if gue.is_control {
        Next::Payload
    } else {
        dispatch::ip_protocol(gue.protocol, LayerKind::Gue)
    };
    Ok(Step::new(gue, rest.skip(len), next))
}

/// What a datagram to a GUE port begins with: a header, or in version 1 the packet itself.
pub(super) fn begins_with(datagram: Rest<'_>) -> Next {
    match datagram.bytes().first().map(|first| first >> 6) {
        Some(1) => dispatch::ip_version(datagram),
        _ => Next::Layer(LayerKind::Gue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Stop;

    const HEADER: [u8; 8] = [1, 47, 0, 0, 0, 0, 0, 0];

    #[test]
    fn the_protocol_follows_the_fields() {
        let step = decode_gue(Rest::new(&HEADER, 8)).unwrap();
        assert_eq!(
            (step.layer.protocol, step.layer.header_len),
            (Protocol::GRE, 8)
        );
        assert_eq!(
            (step.rest.offset(), step.next),
            (8, Next::Layer(LayerKind::Gre))
        );
    }

    #[test]
    fn version_1_is_bare_ip() {
        assert_eq!(
            begins_with(Rest::new(&[0x45], 1)),
            Next::Layer(LayerKind::Ipv4)
        );
        assert_eq!(
            begins_with(Rest::new(&[0x60], 1)),
            Next::Layer(LayerKind::Ipv6)
        );
        assert_eq!(
            begins_with(Rest::new(&HEADER, 8)),
            Next::Layer(LayerKind::Gue)
        );
    }

    #[test]
    fn a_cut_header_has_no_next() {
        for len in 0..8 {
            match decode_gue(Rest::new(&HEADER[..len], 60)) {
                Ok(step) => assert!(matches!(step.next, Next::Stop(Stop::Truncated { .. }))),
                Err(_) => assert!(len < 4),
            }
        }
    }
}
