//! Which address lives on which node.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::timeline::{NodeId, PartyKind};
use crate::types::FlowKey;

/// What a set's user states about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedAddresses {
    /// Node name and one of its own addresses.
    pub nodes: Vec<(Box<str>, IpAddr)>,
    /// Node name and the address of one of its pods. A pod's address is never taken for a node's.
    pub pods: Vec<(Box<str>, IpAddr)>,
    /// Pairs of addresses of which the first is translated to the second: a service and its pod, a pod and the node it hides behind.
    pub translations: Vec<(IpAddr, IpAddr)>,
}

impl StatedAddresses {
    /// Whether packets with one of two keys may go on, or come, with the other by a stated translation.
    pub(super) fn translate(&self, a: FlowKey, b: FlowKey) -> bool {
        let pair = |x: IpAddr, y: IpAddr| {
            self.translations.contains(&(x, y)) || self.translations.contains(&(y, x))
        };
        let ends = [(a.source, b.source), (a.destination, b.destination)];
        let changed = || ends.iter().filter(|(x, y)| x != y);
        changed().next().is_some() && changed().all(|(x, y)| pair(*x, *y))
    }
}

/// Where addresses live.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AddressPlan {
    pub(super) homes: BTreeMap<IpAddr, NodeId>,
    pub(super) node_addresses: BTreeMap<IpAddr, ()>,
    pub(super) pods: BTreeMap<IpAddr, ()>,
}

impl AddressPlan {
    /// The node that an address lives on.
    #[must_use]
    pub fn home(&self, address: IpAddr) -> Option<NodeId> {
        self.homes.get(&address).copied()
    }

    /// Whether the address is a pod's or a node's own.
    #[must_use]
    pub fn kind(&self, address: IpAddr) -> PartyKind {
        if self.node_addresses.contains_key(&address) {
            PartyKind::Node
        } else if self.pods.contains_key(&address) {
            PartyKind::Pod
        } else {
            PartyKind::Unknown
        }
    }

    /// What it says of these addresses, and of the nodes' own.
    #[must_use]
    pub fn only(&self, kept: &BTreeSet<IpAddr>) -> Self {
        let keep =
            |address: &IpAddr| kept.contains(address) || self.node_addresses.contains_key(address);
        let homes = self.homes.iter().filter(|(address, _)| keep(address));
        let pods = self.pods.keys().filter(|address| keep(address));
        Self {
            homes: homes.map(|(address, node)| (*address, *node)).collect(),
            node_addresses: self.node_addresses.clone(),
            pods: pods.map(|address| (*address, ())).collect(),
        }
    }

    /// The same with other addresses.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(IpAddr) -> IpAddr) -> Self {
        let unit = |map: &BTreeMap<IpAddr, ()>| map.keys().map(|a| (name(*a), ())).collect();
        Self {
            homes: self
                .homes
                .iter()
                .map(|(a, node)| (name(*a), *node))
                .collect(),
            node_addresses: unit(&self.node_addresses),
            pods: unit(&self.pods),
        }
    }

    /// The addresses of pods, sorted.
    pub fn pods(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.pods.keys().copied()
    }

    /// All addresses whose node is known, sorted.
    pub fn homes(&self) -> impl Iterator<Item = (IpAddr, NodeId)> + '_ {
        self.homes.iter().map(|(address, node)| (*address, *node))
    }

    /// The addresses of nodes, sorted, with their node where it is known.
    pub fn node_addresses(&self) -> impl Iterator<Item = (IpAddr, Option<NodeId>)> + '_ {
        self.node_addresses.keys().map(|a| (*a, self.home(*a)))
    }
}
