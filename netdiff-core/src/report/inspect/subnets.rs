//! Networks behind nodes, inferred from the addresses of their pods.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::contents::StatedNetworks;
use super::model::SubnetReport;
use crate::correlate::{NodeId, Timelines};

/// The shortest prefix that is inferred: what most clusters give to a node.
const SHORTEST: (u8, u8) = (24, 64);

/// The networks of each captured node: those that the cluster states, and inferred ones for pods that are in none of these.
/// `pods` are sorted by address.
pub(super) fn subnet_reports(
    timelines: &Timelines,
    pods: &[(IpAddr, NodeId)],
    stated: &[StatedNetworks],
) -> Vec<SubnetReport> {
    let mut unstated = pods.to_vec();
    let mut reports = Vec::new();
    for (node, name) in (0..).map(NodeId).zip(&timelines.nodes) {
        let of_node = stated.iter().filter(|stated| stated.node == *name);
        for prefix in of_node.flat_map(|stated| &stated.pod_networks) {
            let inside =
                |(address, home): &(IpAddr, NodeId)| *home == node && prefix.contains(address);
            let addresses = pods.iter().filter(|pod| inside(pod)).count();
            unstated.retain(|pod| !inside(pod));
            reports.push(report(name, *prefix, text!("stated"), addresses as u64));
        }
    }
    for ((node, prefix), addresses) in infer_subnets(&unstated) {
        reports.push(report(
            timelines.node_name(node),
            prefix,
            text!("inferred"),
            addresses,
        ));
    }
    // Stable: what is stated stays before what is inferred.
    reports.sort_by(|a, b| a.node.cmp(&b.node));
    reports
}

fn report(node: &str, prefix: IpNet, basis: &'static str, addresses: u64) -> SubnetReport {
    SubnetReport {
        node: node.to_owned(),
        prefix: prefix.to_string(),
        basis,
        addresses,
    }
}

/// The networks that `pods`, sorted by address, live in, each with the number of its addresses.
///
/// An address is in the shortest prefix, but not shorter than /24 (IPv6: /64), that holds no pod of another node.
fn infer_subnets(pods: &[(IpAddr, NodeId)]) -> BTreeMap<(NodeId, IpNet), u64> {
    let above = foreign_neighbors(pods.iter().rev());
    let below = foreign_neighbors(pods.iter());
    let mut subnets = BTreeMap::new();
    for ((&(address, node), below), above) in pods.iter().zip(below).zip(above.into_iter().rev()) {
        // A prefix is a span of addresses: if it holds a foreign one, it holds the nearest.
        let foreign: Vec<IpAddr> = below.into_iter().chain(above).collect();
        if let Some(prefix) = own_prefix(address, &foreign) {
            *subnets.entry((node, prefix)).or_default() += 1;
        }
    }
    subnets
}

/// For each pod, the nearest pod of another node among those before it.
fn foreign_neighbors<'a>(pods: impl Iterator<Item = &'a (IpAddr, NodeId)>) -> Vec<Option<IpAddr>> {
    let mut previous: Option<(IpAddr, NodeId)> = None;
    let mut foreign = None;
    let mut found = Vec::new();
    for &(address, node) in pods {
        if let Some((before, other)) = previous
            && other != node
        {
            foreign = Some(before);
        }
        found.push(foreign);
        previous = Some((address, node));
    }
    found
}

fn own_prefix(address: IpAddr, foreign: &[IpAddr]) -> Option<IpNet> {
    let (shortest, longest) = match address {
        IpAddr::V4(_) => (SHORTEST.0, 32),
        IpAddr::V6(_) => (SHORTEST.1, 128),
    };
    let prefixes =
        (shortest..=longest).filter_map(|len| IpNet::new(address, len).ok().map(|net| net.trunc()));
    prefixes
        .into_iter()
        .find(|net| !foreign.iter().any(|other| net.contains(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets(pods: &[(&str, u32)]) -> Vec<String> {
        let mut pods: Vec<(IpAddr, NodeId)> = pods
            .iter()
            .map(|(address, node)| (address.parse().unwrap(), NodeId(*node)))
            .collect();
        pods.sort();
        infer_subnets(&pods)
            .into_iter()
            .map(|((node, prefix), n)| format!("{} {prefix} {n}", node.0))
            .collect()
    }

    #[test]
    fn a_node_has_a_24_or_a_64() {
        let found = subnets(&[
            ("10.244.0.4", 0),
            ("10.244.0.9", 0),
            ("10.244.1.5", 1),
            ("fd00:10:244:1::5", 1),
        ]);
        assert_eq!(
            found,
            [
                "0 10.244.0.0/24 2",
                "1 10.244.1.0/24 1",
                "1 fd00:10:244:1::/64 1"
            ]
        );
    }

    #[test]
    fn blocks_are_as_long_as_keeps_other_nodes_out() {
        let found = subnets(&[
            ("192.168.7.3", 0),
            ("192.168.7.70", 1),
            ("192.168.7.80", 1),
            ("192.168.7.200", 0),
        ]);
        assert_eq!(
            found,
            [
                "0 192.168.7.0/26 1",
                "0 192.168.7.128/25 1",
                "1 192.168.7.64/26 2"
            ]
        );
    }
}
