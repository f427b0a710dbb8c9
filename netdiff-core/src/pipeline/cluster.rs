//! What a set's user and its cluster state: whose addresses are whose, and what they are called.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::correlate::{RoleBasis, SetPoint, StatedAddresses};
use crate::identify::{MacAddr, Observation, Subject};
use crate::read::{CaptureSet, ClusterNode, ResolvedName};
use crate::report::AddressNames;
use crate::types::{CapturePoint, PointId, Role};

/// Whose addresses are whose, as manifest and cluster state it.
///
/// An address in a network that the cluster gives to a node's pods is one of its pods'. flannel keeps two addresses of
/// it for the node: the network's own for its tunnel device, and the next for the bridge.
pub(super) fn stated_addresses(set: &CaptureSet, watch: &ClusterWatch) -> StatedAddresses {
    let mut stated = StatedAddresses {
        translations: set.hints.translations.clone(),
        ..StatedAddresses::default()
    };
    for node in &set.hints.nodes {
        let own = node.addresses.iter();
        stated.nodes.extend(own.map(|a| (node.name.clone(), *a)));
    }
    for node in &set.cluster.nodes {
        let own = node.addresses.iter().copied().chain(kept_for_node(node));
        stated.nodes.extend(own.map(|a| (node.name.clone(), a)));
    }
    for pod in &set.cluster.pods {
        if let Some(node) = &pod.node {
            let own = pod.addresses.iter();
            stated.pods.extend(own.map(|a| (node.clone(), *a)));
        }
    }
    let of_nodes: BTreeSet<IpAddr> = stated.nodes.iter().map(|(_, address)| *address).collect();
    let listed: BTreeSet<IpAddr> = stated.pods.iter().map(|(_, address)| *address).collect();
    for &address in &watch.addresses {
        let node = set.cluster.nodes.iter().find(|node| holds(node, address));
        if let Some(node) = node
            && !of_nodes.contains(&address)
            && !listed.contains(&address)
        {
            stated.pods.push((node.name.clone(), address));
        }
    }
    stated
}

fn holds(node: &ClusterNode, address: IpAddr) -> bool {
    node.pod_networks.iter().any(|net| net.contains(&address))
}

/// The addresses of a pods' network that flannel gives to the node itself.
fn kept_for_node(node: &ClusterNode) -> impl Iterator<Item = IpAddr> {
    let networks = node.pod_networks.iter().filter(|_| node.backend.is_some());
    networks.flat_map(|net| {
        [Some(net.network()), after(net.network())]
            .into_iter()
            .flatten()
    })
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|n| IpAddr::V4(n.into())),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|n| IpAddr::V6(n.into())),
    }
}

/// What packets show of what the cluster states.
#[derive(Debug, Default)]
pub(super) struct ClusterWatch {
    networks: Vec<IpNet>,
    /// The MAC address that flannel says the tunnel device of each point's node has.
    devices: Vec<Option<MacAddr>>,
    /// Addresses in packets that lie in a network of some node's pods.
    addresses: BTreeSet<IpAddr>,
    /// Points that show packets from or to the tunnel device of their node.
    at_devices: BTreeSet<PointId>,
}

impl ClusterWatch {
    /// For these capture points.
    pub(super) fn new<'a>(
        set: &CaptureSet,
        points: impl Iterator<Item = &'a CapturePoint>,
    ) -> Self {
        let nodes = &set.cluster.nodes;
        let device = |point: &CapturePoint| {
            let node = nodes.iter().find(|node| node.name == point.node)?;
            Some(MacAddr(node.vtep_mac?))
        };
        Self {
            networks: nodes.iter().flat_map(|n| n.pod_networks.clone()).collect(),
            devices: points.map(device).collect(),
            ..Self::default()
        }
    }

    /// Looks at a packet.
    pub(super) fn note(&mut self, observation: &Observation) {
        let point = observation.evidence.point;
        if let (Some(Some(mac)), Some((source, destination))) =
            (self.devices.get(point.index()), observation.frame)
            && (source == *mac || destination == *mac)
        {
            self.at_devices.insert(point);
        }
        if let Subject::Packet(sighting) = &observation.subject
            && !self.networks.is_empty()
        {
            for address in [sighting.key.source, sighting.key.destination] {
                if self.networks.iter().any(|net| net.contains(&address)) {
                    self.addresses.insert(address);
                }
            }
        }
    }

    /// Recognizes tunnel devices of unknown role by the MAC address that flannel says they have.
    pub(super) fn settle_tunnel_devices(&self, points: &mut [SetPoint]) {
        for point in &self.at_devices {
            if let Some(point) = points.get_mut(point.index())
                && point.role == Role::Unknown
            {
                point.role = Role::Vtep;
                point.role_basis = RoleBasis::Packets;
            }
        }
    }
}

/// What addresses are called. Of several names the first of this order counts: the pod's, the service's, the node's, a hosts
/// file's, and last what a capture file resolved.
pub(super) fn address_names(set: &CaptureSet, resolved: &[ResolvedName]) -> AddressNames {
    let cluster = &set.cluster;
    let mut names = AddressNames::new();
    let mut name = |address: &IpAddr, text: &str| {
        names.entry(*address).or_insert_with(|| text.to_owned());
    };
    for pod in &cluster.pods {
        pod.addresses.iter().for_each(|a| name(a, &pod.name));
    }
    for service in &cluster.services {
        let text = format!("service {}", service.name);
        service.addresses.iter().for_each(|a| name(a, &text));
    }
    for node in &cluster.nodes {
        node.addresses.iter().for_each(|a| name(a, &node.name));
    }
    for host in cluster.hosts.iter().chain(resolved) {
        name(&host.address, &host.name);
    }
    names
}
