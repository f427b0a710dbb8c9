//! IPv6 extension headers (RFC 8200 section 4), up to the first protocol that is none.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  next header  |  8 bytes - 1  | options, routing data …       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!  and the fragment header, always 8 bytes:
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  next header  |   reserved    |     fragment offset     |R R|M|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        identification                         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! AH and ESP are layers of their own here, because they carry what a tunnel is known by.

use super::rest::Rest;
use super::{Fragment, LayerKind, Stop};
use crate::types::Protocol;

/// The most extension headers that are followed; RFC 8200 sees each at most once or twice.
const MAX_EXTENSIONS: usize = 12;

/// What the extension headers of a packet say together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extensions<'a> {
    /// The first protocol that is no extension header.
    pub(super) protocol: Protocol,
    /// Identification of the fragment header.
    pub(super) identification: Option<u32>,
    /// Place of this fragment; `None` for an atomic fragment, which is a whole datagram (RFC 6946).
    pub(super) fragment: Option<Fragment>,
    /// Bytes of all extension headers.
    pub(super) len: u16,
    /// What follows them.
    pub(super) rest: Rest<'a>,
    /// Why they could not be followed to their end.
    pub(super) stop: Option<Stop>,
}

/// Goes through the extension headers, the first of which has the number `protocol`.
pub(super) fn skip_extensions(protocol: Protocol, rest: Rest<'_>) -> Extensions<'_> {
    let mut found = Extensions {
        protocol,
        identification: None,
        fragment: None,
        len: 0,
        rest,
        stop: None,
    };
    for _ in 0..MAX_EXTENSIONS {
        if !is_extension(found.protocol) || found.is_later_fragment() {
            return found;
        }
        if let Err(stop) = found.take_one() {
            found.stop = Some(stop);
            return found;
        }
    }
    if is_extension(found.protocol) {
        let anomaly = "ipv6.too-many-extensions";
        found.stop = Some(found.rest.malformed(LayerKind::Ipv6, anomaly));
    }
    found
}

impl Extensions<'_> {
    const fn is_later_fragment(&self) -> bool {
        matches!(self.fragment, Some(Fragment { offset: 1.., .. }))
    }

    fn take_one(&mut self) -> Result<(), Stop> {
        let (header, _) = self.rest.split::<8>(LayerKind::Ipv6)?;
        let &[next, units, f0, f1, i0, i1, i2, i3] = header;
        let mut len = 8 + 8 * u16::from(units);
        if self.protocol == Protocol::IPV6_FRAGMENT {
            len = 8;
            self.identification = Some(u32::from_be_bytes([i0, i1, i2, i3]));
            let field = u16::from_be_bytes([f0, f1]);
            let (offset, more) = (u32::from(field & !7), field & 1 != 0);
            self.fragment = (offset != 0 || more).then_some(Fragment { offset, more });
        }
        if self.rest.bytes().len() < usize::from(len) {
            return Err(self.rest.truncated(LayerKind::Ipv6, usize::from(len)));
        }
        self.protocol = Protocol(next);
        self.len = self.len.saturating_add(len);
        self.rest = self.rest.skip(usize::from(len));
        Ok(())
    }
}

const fn is_extension(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::IPV6_HOP_BY_HOP
            | Protocol::IPV6_ROUTING
            | Protocol::IPV6_FRAGMENT
            | Protocol::IPV6_DESTINATION
            | Protocol::MOBILITY
            | Protocol::HIP
            | Protocol::SHIM6
    )
}

/// The jumbo payload option (RFC 2675) of a hop-by-hop header: the length in place of a zero.
pub(super) fn jumbo_payload_len(hop_by_hop: &[u8]) -> Option<u32> {
    const PAD1: u8 = 0;
    const JUMBO: u8 = 0xc2;
    let len = 8 + 8 * usize::from(*hop_by_hop.get(1)?);
    let mut options = hop_by_hop.get(2..len)?;
    loop {
        options = match *options {
            [JUMBO, 4, l0, l1, l2, l3, ..] => return Some(u32::from_be_bytes([l0, l1, l2, l3])),
            [PAD1, ref after @ ..] => after,
            [_, len, ref after @ ..] => after.get(usize::from(len)..)?,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_followed_to_its_protocol() {
        let mut chain = vec![43, 0, 1, 4, 0, 0, 0, 0];
        chain.extend([60, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        chain.extend([17, 0, 1, 4, 0, 0, 0, 0]);
        chain.extend([1, 2, 3]);
        let found = skip_extensions(Protocol::IPV6_HOP_BY_HOP, Rest::new(&chain, 35));
        assert_eq!(
            (found.protocol, found.len, found.stop),
            (Protocol::UDP, 32, None)
        );
        assert_eq!(found.rest.bytes(), [1, 2, 3]);
    }

    #[test]
    fn an_atomic_fragment_is_a_whole_datagram() {
        let header = [6, 0, 0, 0, 0, 0, 0, 5];
        let found = skip_extensions(Protocol::IPV6_FRAGMENT, Rest::new(&header, 8));
        assert_eq!((found.identification, found.fragment), (Some(5), None));
    }

    #[test]
    fn an_endless_chain_ends() {
        let chain = [60, 0, 1, 4, 0, 0, 0, 0].repeat(MAX_EXTENSIONS + 1);
        let found = skip_extensions(Protocol::IPV6_DESTINATION, Rest::new(&chain, 104));
        assert!(matches!(found.stop, Some(Stop::Malformed { .. })));
    }

    #[test]
    fn the_jumbo_option_is_found_behind_padding() {
        assert_eq!(jumbo_payload_len(&[6, 0, 0xc2, 4, 0, 1, 0, 0]), Some(65536));
        let padded = [6, 1, 0, 0, 1, 2, 0, 0, 0xc2, 4, 0, 1, 0, 1, 0, 0];
        assert_eq!(jumbo_payload_len(&padded), Some(65537));
        assert_eq!(jumbo_payload_len(&[6, 0, 1, 4, 0, 0, 0, 0]), None);
        assert_eq!(jumbo_payload_len(&[6]), None);
    }
}
