//! Which healthy cluster a scenario is compared with besides its own: chosen by a rule, never by hand.
//!
//! Every scenario's reference is a candidate that shares nothing with the failing set: no node's name, no name of a pod's link, no network (/24, /64) of any
//! address that its packets have, links' own and multicast aside. Of the candidates that one is taken which
//! 1. is built most alike to the scenario's own reference: what carries packets between pods of
//!    two nodes, families of IP, whether pods share a bridge, how many nodes
//!    (one point each);
//! 2. has most of the kinds of traffic that the own reference has (relation, protocol, service, called through a service or not);
//! 3. comes first by its scenario's name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use netdiff_core::correlate::{Direction, FlowTimeline, Relation, Service, Timelines};
use netdiff_core::types::{Protocol, Role};
use netdiff_core::{AnalysisOptions, SetRequest, timelines};

use super::scenario::{Scenario, map_all};

/// A kind of traffic.
pub type Traffic = (Relation, Protocol, Service, bool);

/// What choosing needs to know of a set.
#[derive(Clone)]
pub struct Kind {
    /// The scenario that it is of.
    pub scenario: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Names of nodes and of pods' links.
    names: BTreeSet<String>,
    /// The networks of its addresses.
    networks: BTreeSet<IpAddr>,
    /// Its kinds of traffic.
    pub traffic: BTreeSet<Traffic>,
    /// How packets between pods of two nodes are carried: each tunnel, `none` where some direction has none, and `out of sight`
    /// where only its device was captured.
    carriage: BTreeSet<&'static str>,
    ipv6: BTreeSet<bool>,
    bridged: bool,
    nodes: usize,
}

impl Kind {
    fn of(scenario: &str, folder: PathBuf) -> Self {
        let request = SetRequest::of_path(&folder);
        let set = timelines(&request, &AnalysisOptions::default())
            .unwrap()
            .timelines;
        let pods = set.points.iter().filter(|p| p.role == Role::Pod);
        let links = pods.map(|p| p.point.interface.to_string());
        let crossing = set
            .flows
            .iter()
            .filter(|f| f.relation == Relation::CrossNode);
        let crossing = crossing
            .flat_map(|f| [&f.forward, &f.reply])
            .filter(|d| !d.hops.is_empty());
        Self {
            scenario: scenario.to_owned(),
            folder,
            names: set
                .nodes
                .iter()
                .map(ToString::to_string)
                .chain(links)
                .collect(),
            networks: networks(&set),
            traffic: set.flows.iter().map(traffic).collect(),
            carriage: crossing
                .map(|direction| carriage(&set, direction))
                .collect(),
            ipv6: set
                .flows
                .iter()
                .map(|f| f.initiator.address.is_ipv6())
                .collect(),
            bridged: set.points.iter().any(|p| p.role == Role::Bridge),
            nodes: set.nodes.len(),
        }
    }

    /// Whether the two have a name or a network in common.
    pub fn shares_with(&self, other: &Self) -> bool {
        !self.names.is_disjoint(&other.names) || !self.networks.is_disjoint(&other.networks)
    }

    /// In how many of four ways the two are built alike.
    pub fn built_alike(&self, other: &Self) -> usize {
        let alike = [
            self.carriage == other.carriage,
            self.ipv6 == other.ipv6,
            self.bridged == other.bridged,
            self.nodes == other.nodes,
        ];
        alike.into_iter().filter(|alike| *alike).count()
    }

    /// How many of its kinds of traffic the other has.
    pub fn traffic_in(&self, other: &Self) -> usize {
        self.traffic.intersection(&other.traffic).count()
    }
}

fn traffic(flow: &FlowTimeline) -> Traffic {
    (
        flow.relation,
        flow.protocol,
        flow.service,
        flow.called.is_some(),
    )
}

fn carriage(set: &Timelines, direction: &Direction) -> &'static str {
    let tunnel = direction.hops.iter().find_map(|hop| hop.tunnel);
    let device = direction
        .hops
        .iter()
        .any(|hop| set.role(hop.point) == Role::Vtep);
    match tunnel {
        Some(tunnel) => tunnel.encapsulation.name(),
        None if device => "out of sight",
        None => "none",
    }
}

fn networks(set: &Timelines) -> BTreeSet<IpAddr> {
    let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
    for flow in &set.flows {
        addresses.extend([flow.initiator.address, flow.responder.address]);
        addresses.extend(flow.called.map(|called| called.address));
        for hop in flow.forward.hops.iter().chain(&flow.reply.hops) {
            let tunnel = hop.tunnel.iter();
            addresses.extend(tunnel.flat_map(|tunnel| [tunnel.source, tunnel.destination]));
            addresses.extend([hop.source, hop.destination]);
        }
    }
    addresses.into_iter().filter_map(network).collect()
}

/// The /24 or /64 of an address; `None` where every cluster has the same.
fn network(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let everywhere =
                v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified();
            (!everywhere).then(|| IpAddr::V4((v4.to_bits() & 0xffff_ff00).into()))
        }
        IpAddr::V6(v6) => {
            let everywhere =
                v6.is_multicast() || v6.is_unspecified() || v6.segments()[0] & 0xffc0 == 0xfe80;
            (!everywhere).then(|| IpAddr::V6((v6.to_bits() >> 64 << 64).into()))
        }
    }
}

/// The references of all these scenarios, in their order.
pub fn references(scenarios: &[Scenario]) -> Vec<Kind> {
    let with: Vec<&Scenario> = scenarios.iter().filter(|s| s.reference.is_some()).collect();
    map_all(with, |scenario| {
        let reference = scenario.reference.as_ref().unwrap();
        Kind::of(&scenario.name, scenario.folder.join(reference))
    })
}

/// The foreign reference of a scenario whose own one is `own`.
pub fn foreign<'a>(own: &Kind, all: &'a [Kind]) -> &'a Kind {
    let candidates = all.iter().filter(|kind| !kind.shares_with(own));
    let best = candidates.min_by_key(|kind| {
        let alike = std::cmp::Reverse((own.built_alike(kind), own.traffic_in(kind)));
        (alike, &kind.scenario)
    });
    best.unwrap_or_else(|| panic!("{}: no other cluster", own.scenario))
}
