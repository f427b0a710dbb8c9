//! To which link address a node sends what is for another node: to the node itself or its usual router, or to somebody else.

use std::collections::BTreeSet;

use super::case::Case;
use super::facts::Loss;
use crate::correlate::{Hop, NodeId, PartyKind};
use crate::identify::MacAddr;
use crate::types::Role;
use std::net::IpAddr;

/// Where a pod's packet goes that leaves its node outside any tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To the link address that the other node is reached by.
    Peer,
    /// To another one: a gateway, as a rule.
    Other(MacAddr),
    /// The captures do not tell.
    Unknown,
}

/// A pod's packet that left its node's uplink as it is, and was not seen on the other node.
pub(super) fn is_plain_departure(case: &Case<'_>, loss: &Loss) -> bool {
    let (from, to) = (case.timelines.node(loss.from), case.timelines.node(loss.to));
    let pod = |hop: &Hop| case.timelines.plan.kind(hop.source) != PartyKind::Node;
    from != to
        && case.timelines.role(loss.from) == Role::Uplink
        && loss.tunnel.is_none()
        && case.hop(loss.journey, loss.from).is_some_and(pod)
}

/// To whom a plain departure was sent.
pub(super) fn target_of(case: &Case<'_>, loss: &Loss) -> Target {
    let (from, to) = (case.timelines.node(loss.from), case.timelines.node(loss.to));
    let usual = usual_next_hops(case, from, to);
    let Some(hop) = case.direction(loss.journey).and_then(|direction| {
        let mut hops = direction.hops.iter();
        hops.find(|hop| hop.point == loss.from && hop.tunnel.is_none())
    }) else {
        return Target::Unknown;
    };
    match hop.next_hops.first() {
        Some(_) if usual.is_empty() => Target::Unknown,
        Some(first) if hop.next_hops.iter().all(|mac| !usual.contains(mac)) => {
            Target::Other(*first)
        }
        Some(_) if hop.next_hops.iter().all(|mac| usual.contains(mac)) => Target::Peer,
        _ => Target::Unknown,
    }
}

/// The link addresses by which a node reaches another one: those of its own and its tunnels' packets to it, and of ARP answers.
pub(super) fn usual_next_hops(case: &Case<'_>, from: NodeId, to: NodeId) -> BTreeSet<MacAddr> {
    let plan = &case.timelines.plan;
    let is_node =
        |address, node| plan.kind(address) == PartyKind::Node && plan.home(address) == Some(node);
    let uplinks: Vec<_> = case.points(from, Role::Uplink).collect();
    let is_usual = |hop: &&Hop| {
        let ends = hop.tunnel.map_or((hop.source, hop.destination), |tunnel| {
            (tunnel.source, tunnel.destination)
        });
        uplinks.contains(&hop.point) && is_node(ends.0, from) && is_node(ends.1, to)
    };
    let flows = case.timelines.flows.iter();
    let mut macs: BTreeSet<MacAddr> = flows
        .flat_map(|flow| [&flow.forward, &flow.reply])
        .flat_map(|direction| &direction.hops)
        .filter(is_usual)
        .flat_map(|hop| hop.next_hops.iter().copied())
        .collect();
    for ((point, address), asked) in &case.facts.asked {
        if uplinks.contains(point) && is_node(IpAddr::V4(*address), to) {
            macs.extend(asked.answers.keys().copied());
        }
    }
    macs
}
