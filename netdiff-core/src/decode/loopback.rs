//! The address family in front of loopback captures, of BSD and its relatives.
//!
//! `LINKTYPE_NULL` writes it in the byte order of the capturing machine, `LINKTYPE_LOOP` in network
//! byte order. Families are small numbers, so the order shows.
//!
//! ```text
//!  0                   1                   2                   3
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        address family                         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! Source: <https://www.tcpdump.org/linktypes.html>.

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop};

/// A loopback header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loopback {
    /// The address family, as the capturing system numbers it: 2 is IPv4 everywhere.
    pub family: u32,
}

/// Decodes a loopback header, in either byte order.
pub(super) fn decode_loopback(rest: Rest<'_>) -> Decoded<'_, Loopback> {
    let (header, rest) = rest.split::<4>(LayerKind::Loopback)?;
    let family = u32::from_be_bytes(*header).min(u32::from_le_bytes(*header));
    let next = match family {
        2 => Next::Layer(LayerKind::Ipv4),
        // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin.
        10 | 24 | 28 | 30 => Next::Layer(LayerKind::Ipv6),
        _ => Next::Stop(Stop::Unsupported {
            after: Some(LayerKind::Loopback),
            number: family,
        }),
    };
    Ok(Step::new(Loopback { family }, rest, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_byte_order_is_read() {
        for (bytes, kind) in [
            ([2, 0, 0, 0], LayerKind::Ipv4),
            ([0, 0, 0, 2], LayerKind::Ipv4),
            ([30, 0, 0, 0], LayerKind::Ipv6),
            ([0, 0, 0, 24], LayerKind::Ipv6),
        ] {
            let step = decode_loopback(Rest::new(&bytes, 4)).unwrap();
            assert_eq!(step.next, Next::Layer(kind));
        }
    }

    #[test]
    fn another_family_is_unsupported() {
        let step = decode_loopback(Rest::new(&[7, 0, 0, 0], 4)).unwrap();
        let stop = Stop::Unsupported {
            after: Some(LayerKind::Loopback),
            number: 7,
        };
        assert_eq!(step.next, Next::Stop(stop));
    }
}
