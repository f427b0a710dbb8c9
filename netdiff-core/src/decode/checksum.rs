//! Internet checksums (RFC 1071), told apart by what offload makes of them.
//!
//! A checksum that is not right is rarely damage. A kernel that leaves the sum to the network card
//! stores the sum of the pseudo-header alone, not inverted (`CHECKSUM_PARTIAL`); that is what a capture
//! on a sending host shows. A tunnel's outer checksum is then right for the packet as the card will
//! finish it (local checksum offload): the kernel knows that the finished inner segment adds up to the
//! inverse of what its checksum field holds now.
//!
//! Not part of decoding: sums take longer than all headers together, so they are made on demand.

use std::net::IpAddr;

use etherparse::Ipv4HeaderSlice;
use etherparse::checksum::Sum16BitWords;

use super::{IcmpFamily, Ip, Layer, Packet, PlacedLayer};
use crate::types::Protocol;

/// What a checksum field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChecksumState {
    /// Right.
    Ok,
    /// 0: none, which is legal for UDP over IPv4 and for tunnels over IPv6 (RFC 6935); of an IPv4
    /// header, left to the network card.
    Zero,
    /// The sum of the pseudo-header, not inverted: left to the network card.
    Partial,
    /// Right once the network card has filled in the partial checksum inside.
    LocalOffload,
    /// The capture, or a fragment, does not hold all the bytes: cannot tell.
    Truncated,
    /// None of these.
    Bad,
}

/// The state of the checksum of the layer at `index` of [`Packet::layers`], decoded from `bytes`.
///
/// `None` for a layer without an Internet checksum: all but IPv4, TCP, UDP, ICMP and ICMPv6.
#[must_use]
pub fn checksum_state(packet: &Packet, index: usize, bytes: &[u8]) -> Option<ChecksumState> {
    let layers = packet.layers();
    let placed = layers.get(index)?;
    match placed.layer {
        Layer::Ip(ip) if ip.source.is_ipv4() => ipv4_state(placed, bytes),
        _ => Some(Segment::of(layers, index, bytes)?.state(layers, index, bytes)),
    }
}

fn ipv4_state(placed: &PlacedLayer, bytes: &[u8]) -> Option<ChecksumState> {
    let header = bytes.get(placed.offset as usize..)?;
    let Ok(header) = Ipv4HeaderSlice::from_slice(header) else {
        return Some(ChecksumState::Truncated);
    };
    Some(
        if is_complete(&Sum16BitWords::new().add_slice(header.slice())) {
            ChecksumState::Ok
        } else if header.header_checksum() == 0 {
            ChecksumState::Zero
        } else {
            ChecksumState::Bad
        },
    )
}

/// The bytes that a checksum covers, without the pseudo-header.
struct Segment<'a> {
    bytes: &'a [u8],
    wire_len: u32,
    ip: &'a Ip,
    /// Of the pseudo-header; ICMP has none.
    protocol: Option<Protocol>,
    /// Where the checksum field is in the header.
    field: usize,
}

impl<'a> Segment<'a> {
    fn of(layers: &'a [PlacedLayer], index: usize, bytes: &'a [u8]) -> Option<Self> {
        let placed = layers.get(index)?;
        let (protocol, field) = match placed.layer {
            Layer::Tcp(_) => (Some(Protocol::TCP), 16),
            Layer::Udp(_) => (Some(Protocol::UDP), 6),
            Layer::Icmp(icmp) => match icmp.family {
                IcmpFamily::V4 => (None, 2),
                IcmpFamily::V6 => (Some(Protocol::ICMPV6), 2),
            },
            _ => return None,
        };
        let (ip_offset, ip) = layers.get(..index)?.iter().rev().find_map(as_ip)?;
        let end = ip_offset
            .saturating_add(u32::from(ip.header_len))
            .saturating_add(ip.payload_len);
        let wire_len = match placed.layer {
            Layer::Udp(udp) if udp.length != 0 => u32::from(udp.length),
            _ => end.saturating_sub(placed.offset),
        };
        let bytes = bytes.get(placed.offset as usize..)?;
        Some(Self {
            bytes: bytes.get(..wire_len as usize).unwrap_or(bytes),
            wire_len,
            ip,
            protocol,
            field,
        })
    }

    fn state(&self, layers: &[PlacedLayer], index: usize, bytes: &[u8]) -> ChecksumState {
        let Some(stored) = self.stored() else {
            return ChecksumState::Truncated;
        };
        if stored == 0 && self.may_have_none(layers.get(index + 1)) {
            return ChecksumState::Zero;
        }
        if self.ip.fragment.is_some() {
            return ChecksumState::Truncated;
        }
        let is_whole = self.bytes.len() == self.wire_len as usize;
        if is_whole && is_complete(&self.pseudo_header().add_slice(self.bytes)) {
            ChecksumState::Ok
        } else if self.is_partial(stored) {
            ChecksumState::Partial
        } else if self.is_local_offload(layers, index, bytes) {
            ChecksumState::LocalOffload
        } else if is_whole {
            ChecksumState::Bad
        } else {
            ChecksumState::Truncated
        }
    }

    fn stored(&self) -> Option<u16> {
        let field = self.bytes.get(self.field..)?.first_chunk()?;
        Some(u16::from_be_bytes(*field))
    }

    fn may_have_none(&self, next: Option<&PlacedLayer>) -> bool {
        let is_tunnel = next.is_some_and(|next| next.layer.kind().is_tunnel());
        self.protocol == Some(Protocol::UDP) && (self.ip.source.is_ipv4() || is_tunnel)
    }

    /// With the segment's length, or without it, as cards that segment want it.
    fn is_partial(&self, stored: u16) -> bool {
        let sums = [self.pseudo_header(), self.addresses_and_protocol()];
        self.protocol.is_some() && sums.iter().any(|sum| folded(sum) == stored)
    }

    /// Whether the sum is right once the innermost partial checksum has been filled in.
    fn is_local_offload(&self, layers: &[PlacedLayer], index: usize, bytes: &[u8]) -> bool {
        let inner = (index + 1..layers.len()).find_map(|inner| {
            let segment = Segment::of(layers, inner, bytes)?;
            let stored = segment
                .stored()
                .filter(|&stored| segment.is_partial(stored))?;
            Some((layers.get(inner)?.offset, stored))
        });
        let Some((inner_offset, stored)) = inner else {
            return false;
        };
        let own_offset = layers.get(index).map_or(0, |placed| placed.offset);
        let before = inner_offset.saturating_sub(own_offset) as usize;
        self.bytes.get(..before).is_some_and(|before| {
            let sum = self.pseudo_header().add_slice(before);
            is_complete(&sum.add_2bytes((!stored).to_be_bytes()))
        })
    }

    fn pseudo_header(&self) -> Sum16BitWords {
        let mut sum = self.addresses_and_protocol();
        match self.protocol {
            Some(_) => sum.add_4bytes(self.wire_len.to_be_bytes()),
            None => sum,
        }
    }

    fn addresses_and_protocol(&self) -> Sum16BitWords {
        let Some(protocol) = self.protocol else {
            return Sum16BitWords::new();
        };
        let mut sum = Sum16BitWords::new().add_2bytes([0, protocol.0]);
        for address in [self.ip.source, self.ip.destination] {
            sum = match address {
                IpAddr::V4(address) => sum.add_4bytes(address.octets()),
                IpAddr::V6(address) => sum.add_16bytes(address.octets()),
            };
        }
        sum
    }
}

fn as_ip(placed: &PlacedLayer) -> Option<(u32, &Ip)> {
    match &placed.layer {
        Layer::Ip(ip) => Some((placed.offset, ip)),
        _ => None,
    }
}

/// The sum in 16 bits, not inverted.
fn folded(sum: &Sum16BitWords) -> u16 {
    !sum.ones_complement().to_be()
}

/// Whether a sum that includes its checksum is right.
fn is_complete(sum: &Sum16BitWords) -> bool {
    folded(sum) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::build::{checksum, ethernet, flannel, ipv4, ipv6, join, tcp, udp};
    use crate::decode::tests::{decode, decode_cut};
    use crate::types::{EtherType, LinkType};

    const OUTER_UDP: usize = 2;
    const INNER_TCP: usize = 6;
    /// Where the checksum fields of [`flannel`] are.
    const OUTER_FIELD: usize = 40;
    const INNER_FIELD: usize = 100;

    fn state_of(bytes: &[u8], index: usize) -> Option<ChecksumState> {
        checksum_state(&decode(LinkType::ETHERNET, bytes), index, bytes)
    }

    /// The inverted sum of an IPv4 pseudo-header and what follows it.
    fn sum_of(network: u8, protocol: u8, len: u8, segment: &[u8]) -> [u8; 2] {
        let addresses = [10, 0, network, 1, 10, 0, network, 2];
        let pseudo = join(&addresses, &[0, protocol, 0, len]);
        checksum(&join(&pseudo, segment))
    }

    fn put(bytes: &mut [u8], at: usize, value: [u8; 2]) {
        bytes[at..at + 2].copy_from_slice(&value);
    }

    /// A tunneled segment whose inner checksum is partial and whose outer checksum awaits it.
    fn offloaded() -> Vec<u8> {
        let mut bytes = flannel(b"hello");
        let filled = sum_of(244, 6, 37, &bytes[84..]);
        put(&mut bytes, INNER_FIELD, filled);
        let outer = sum_of(1, 17, 87, &bytes[34..]);
        let partial = sum_of(244, 6, 37, &[]).map(|byte| !byte);
        put(&mut bytes, INNER_FIELD, partial);
        put(&mut bytes, OUTER_FIELD, outer);
        bytes
    }

    #[test]
    fn ok_and_bad() {
        let mut bytes = flannel(b"hello");
        let right = sum_of(244, 6, 37, &bytes[84..]);
        put(&mut bytes, INNER_FIELD, right);
        assert_eq!(state_of(&bytes, INNER_TCP), Some(ChecksumState::Ok));
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(state_of(&bytes, INNER_TCP), Some(ChecksumState::Bad));
    }

    #[test]
    fn a_missing_checksum_is_legal_for_udp_over_ipv4() {
        assert_eq!(
            state_of(&flannel(b""), OUTER_UDP),
            Some(ChecksumState::Zero)
        );
        let plain = ipv6(1, Protocol::UDP, &udp(1, 2, b"data"));
        let frame = ethernet(EtherType::IPV6, &plain);
        assert_eq!(state_of(&frame, 2), Some(ChecksumState::Bad));
        let tunnel = &flannel(b"")[34..];
        let frame = ethernet(EtherType::IPV6, &ipv6(1, Protocol::UDP, tunnel));
        assert_eq!(state_of(&frame, 2), Some(ChecksumState::Zero));
    }

    #[test]
    fn offload_inside_and_outside() {
        let bytes = offloaded();
        assert_eq!(state_of(&bytes, INNER_TCP), Some(ChecksumState::Partial));
        assert_eq!(
            state_of(&bytes, OUTER_UDP),
            Some(ChecksumState::LocalOffload)
        );
    }

    #[test]
    fn offload_shows_even_where_the_payload_was_cut() {
        let bytes = offloaded();
        let packet = decode_cut(LinkType::ETHERNET, &bytes, 117);
        let state = |index| checksum_state(&packet, index, &bytes[..117]);
        assert_eq!(state(INNER_TCP), Some(ChecksumState::Partial));
        assert_eq!(state(OUTER_UDP), Some(ChecksumState::LocalOffload));
    }

    #[test]
    fn what_is_cut_cannot_be_told() {
        let mut bytes = flannel(b"hello");
        put(&mut bytes, INNER_FIELD, [1, 2]);
        let packet = decode_cut(LinkType::ETHERNET, &bytes, 120);
        let state = checksum_state(&packet, INNER_TCP, &bytes[..120]);
        assert_eq!(state, Some(ChecksumState::Truncated));
    }

    #[test]
    fn ipv4_headers() {
        let mut bytes = ethernet(EtherType::IPV4, &ipv4(1, Protocol::TCP, &tcp(b"")));
        assert_eq!(state_of(&bytes, 1), Some(ChecksumState::Ok));
        bytes[22] ^= 1;
        assert_eq!(state_of(&bytes, 1), Some(ChecksumState::Bad));
        put(&mut bytes, 24, [0, 0]);
        assert_eq!(state_of(&bytes, 1), Some(ChecksumState::Zero));
    }

    #[test]
    fn icmp_has_no_pseudo_header() {
        let mut message = vec![8, 0, 0, 0, 0, 1, 0, 2, 9];
        let sum = checksum(&message);
        put(&mut message, 2, sum);
        let bytes = ethernet(EtherType::IPV4, &ipv4(1, Protocol::ICMP, &message));
        assert_eq!(state_of(&bytes, 2), Some(ChecksumState::Ok));
        assert_eq!(state_of(&bytes, 0), None);
    }
}
