//! What may be guessed of addresses that were never seen to send, by how clusters give addresses out.

use std::net::IpAddr;

use super::address_plan::AddressPlan;
use super::timeline::{NodeId, PartyKind};

impl AddressPlan {
    /// Whether an address of unknown home lives on another node, by its neighbors: a pod shares its network (the /16 or /48 that a
    /// cluster takes its pods from, and not its services), and none of this node's pods shares its block (/24 or /64).
    pub(super) fn lives_elsewhere(&self, node: NodeId, address: IpAddr) -> bool {
        let neighbor = |pod: IpAddr, v4: u32, v6: u32| match (pod, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= v4,
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= v6,
            _ => false,
        };
        let near =
            |(pod, home): (IpAddr, Option<NodeId>)| home == Some(node) && neighbor(pod, 24, 64);
        self.pods().any(|(pod, _)| neighbor(pod, 16, 48)) && !self.pods().any(near)
    }

    /// Whether an address that was never seen to send may be a tunnel device's: flannel gives it the block's own, which ends in 0.
    pub(super) fn may_be_device(&self, address: IpAddr) -> bool {
        let ends_in_zero = match address {
            IpAddr::V4(v4) => v4.octets()[3] == 0,
            IpAddr::V6(v6) => v6.segments()[7] == 0,
        };
        ends_in_zero && self.kind(address) == PartyKind::Unknown
    }
}
