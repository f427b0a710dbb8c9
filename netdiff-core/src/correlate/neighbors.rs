//! What may be guessed of addresses that were never seen to send, by how clusters give addresses out.

use std::net::IpAddr;

use super::address_plan::AddressPlan;
use super::timeline::{NodeId, PartyKind};

impl AddressPlan {
    /// Whether an address of unknown home lives on another node, by its neighbors: a pod shares its network (the /16 or /48 that a
    /// cluster takes its pods from, and not its services), and no address of this node shares its block (/24 or /64).
    pub(super) fn lives_elsewhere(&self, node: NodeId, address: IpAddr) -> bool {
        let near = |(known, home): (IpAddr, NodeId)| home == node && shares(known, address, 24, 64);
        self.shares_pod_network(address) && !self.homes().any(near)
    }

    /// Whether an address lies in the network that the known pods are from (one /16 or /48).
    #[must_use]
    pub fn shares_pod_network(&self, address: IpAddr) -> bool {
        self.pods().any(|pod| shares(pod, address, 16, 48))
    }

    /// Whether an address is on no captured node and in no network of their pods.
    #[must_use]
    pub fn is_outside(&self, address: IpAddr) -> bool {
        self.home(address).is_none() && !self.shares_pod_network(address)
    }

    /// Whether an address is a pod's, or may be one that was never seen to send: it lies in the pods' network, and does not end in 0 as
    /// the addresses do that flannel gives to its tunnel devices.
    pub(super) fn may_be_pod(&self, address: IpAddr) -> bool {
        let ends_in_zero = match address {
            IpAddr::V4(v4) => v4.octets()[3] == 0,
            IpAddr::V6(v6) => v6.segments()[7] == 0,
        };
        match self.kind(address) {
            PartyKind::Pod => true,
            PartyKind::Node => false,
            PartyKind::Unknown => !ends_in_zero && self.shares_pod_network(address),
        }
    }
}

/// Whether two addresses have so many leading bits in common.
const fn shares(a: IpAddr, b: IpAddr, v4: u32, v6: u32) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= v4,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= v6,
        _ => false,
    }
}
