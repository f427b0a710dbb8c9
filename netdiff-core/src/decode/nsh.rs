//! The network service header (RFC 8300), of service function chains.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |ver|O|U|    TTL    |   words   |U|U|U|U|MD type| next protocol |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              service path                     | service index |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | context: the rest of the header's words of 4 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop};

/// A network service header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsh {
    /// Service path identifier, 24 bits.
    pub path: u32,
    /// Service index: the place on the path, counting down.
    pub index: u8,
    /// What follows: 1 IPv4, 2 IPv6, 3 Ethernet, 5 MPLS.
    pub next_protocol: u8,
}

/// Decodes a network service header.
pub(super) fn decode_nsh(rest: Rest<'_>) -> Decoded<'_, Nsh> {
    let kind = LayerKind::Nsh;
    let (&[first, words, _, next_protocol, p0, p1, p2, index], _) = rest.split(kind)?;
    if first >> 6 != 0 {
        return Err(rest.malformed(kind, "nsh.version"));
    }
    let nsh = Nsh {
        path: u32::from_be_bytes([0, p0, p1, p2]),
        index,
        next_protocol,
    };
    let len = usize::from(words & 0x3f) * 4;
    let next = if len < 8 {
        Next::Stop(rest.malformed(kind, "nsh.length"))
    } else if rest.bytes().len() < len {
        Next::Stop(rest.truncated(kind, len))
    } else {
        after(next_protocol)
    };
    Ok(Step::new(nsh, rest.skip(len), next))
}

const fn after(protocol: u8) -> Next {
    Next::Layer(match protocol {
        1 => LayerKind::Ipv4,
        2 => LayerKind::Ipv6,
        3 => LayerKind::Ethernet,
        5 => LayerKind::Mpls,
        number => {
            return Next::Stop(Stop::Unsupported {
                after: Some(LayerKind::Nsh),
                number: number as u32,
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 12] = [0x0f, 0xc3, 2, 3, 0, 0, 9, 255, 1, 2, 3, 4];

    #[test]
    fn the_context_is_skipped() {
        let step = decode_nsh(Rest::new(&HEADER, 12)).unwrap();
        assert_eq!((step.layer.path, step.layer.index), (9, 255));
        assert_eq!(
            (step.rest.offset(), step.next),
            (12, Next::Layer(LayerKind::Ethernet))
        );
    }

    #[test]
    fn a_cut_header_has_no_next() {
        for len in 0..12 {
            match decode_nsh(Rest::new(&HEADER[..len], 60)) {
                Ok(step) => assert!(matches!(step.next, Next::Stop(Stop::Truncated { .. }))),
                Err(_) => assert!(len < 8),
            }
        }
    }
}
