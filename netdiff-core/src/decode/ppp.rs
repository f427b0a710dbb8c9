//! PPP (RFC 1661), with or without its HDLC framing (RFC 1662).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! | address 0xff  | control 0x03  |           protocol            |
//! +---------------+---------------+---------------+---------------+
//! ```
//!
//! Address and control may be left out, and so may the first byte of a protocol below 0x100: the last
//! byte of a protocol number is odd, all others are even. `LINKTYPE_PPP_WITH_DIR` puts one byte in
//! front: 0 for received, anything else for sent.

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop};

/// A PPP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ppp {
    /// The protocol number (IANA ppp-numbers): 0x0021 is IPv4, 0x0057 IPv6.
    pub protocol: u16,
    /// Whether the capturing host sent the packet, where the capture tells.
    pub sent: Option<bool>,
}

/// Decodes a PPP header.
pub(super) fn decode_ppp(rest: Rest<'_>) -> Decoded<'_, Ppp> {
    let framed = rest.bytes().starts_with(&[0xff, 0x03]);
    let begin = if framed { rest.skip(2) } else { rest };
    let (&[first], behind) = begin.split::<1>(LayerKind::Ppp)?;
    let (protocol, behind) = if first & 1 == 1 {
        (u16::from(first), behind)
    } else {
        let (field, behind) = begin.split::<2>(LayerKind::Ppp)?;
        (u16::from_be_bytes(*field), behind)
    };
    let next = match protocol {
        0x0021 => Next::Layer(LayerKind::Ipv4),
        0x0057 => Next::Layer(LayerKind::Ipv6),
        0x0281 | 0x0283 => Next::Layer(LayerKind::Mpls),
        number => Next::Stop(Stop::Unsupported {
            after: Some(LayerKind::Ppp),
            number: u32::from(number),
        }),
    };
    let sent = None;
    Ok(Step::new(Ppp { protocol, sent }, behind, next))
}

/// Decodes a PPP header with the direction in front.
pub(super) fn decode_ppp_with_direction(rest: Rest<'_>) -> Decoded<'_, Ppp> {
    let (&[direction], behind) = rest.split::<1>(LayerKind::PppWithDirection)?;
    let mut step = decode_ppp(behind)?;
    step.layer.sent = Some(direction != 0);
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_and_compression_are_optional() {
        for (bytes, len) in [
            (&[0xff, 3, 0, 0x21, 0x45][..], 4),
            (&[0xff, 3, 0x21, 0x45], 3),
            (&[0, 0x21, 0x45], 2),
            (&[0x21, 0x45], 1),
        ] {
            let step = decode_ppp(Rest::new(bytes, 5)).unwrap();
            assert_eq!((step.layer.protocol, step.layer.sent), (0x21, None));
            assert_eq!(
                (step.rest.offset(), step.next),
                (len, Next::Layer(LayerKind::Ipv4))
            );
        }
    }

    #[test]
    fn a_direction_in_front() {
        for (byte, sent) in [(0, false), (1, true)] {
            let bytes = [byte, 0xff, 3, 0, 0x57];
            let step = decode_ppp_with_direction(Rest::new(&bytes, 5)).unwrap();
            assert_eq!(step.layer.sent, Some(sent));
            assert_eq!(step.next, Next::Layer(LayerKind::Ipv6));
        }
    }

    #[test]
    fn link_control_is_unsupported_by_number() {
        let step = decode_ppp(Rest::new(&[0xc0, 0x21, 1], 3)).unwrap();
        let stop = Stop::Unsupported {
            after: Some(LayerKind::Ppp),
            number: 0xc021,
        };
        assert_eq!(step.next, Next::Stop(stop));
    }

    #[test]
    fn a_cut_header_is_none() {
        // One byte 0xff is a compressed protocol number.
        for len in [0, 2, 3] {
            assert!(decode_ppp(Rest::new(&[0xff, 3, 0, 0x21][..len], 60)).is_err());
        }
    }
}
