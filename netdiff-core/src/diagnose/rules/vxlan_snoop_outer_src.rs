//! `vxlan-snoop-outer-src`: see the manual below.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnel_ways::by_way;
use crate::identify::{Encapsulation, Evidence, Tunnel};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vxlan-snoop-outer-src"),
    manual: Manual {
        summary: "VXLAN comes from another address than the one the receiver knows its sender by",
        meaning: "A node sends VXLAN from one address and is known to the other node by another one. A VXLAN device that learns takes this for a station that moved; where its entry is fixed, it drops the packets without a word.",
        looks_for: &[
            "VXLAN packets reach the node that should get them and are lost between its uplink and its inside, with no ICMP error; at least three.",
            "Their outer source address is not one to which that node itself sends packets for their sender; both directions were seen.",
            "That node took nothing from that outer source address, and its tunnel device is not flannel's, which does not learn.",
        ],
        refuted_by: &[
            "`ip -d link show {vtep}` on {to} says nolearning",
            "`bridge fdb show dev {vtep}` on {to} has {outer_source} for the sender's address",
            "a packet from {outer_source} that {to} takes",
        ],
        causes: &[
            LikelyCause {
                cause: "the sender has several addresses or cards, and its kernel picks another source than the one it registered",
                confirm: "on {from} and the sender: ip -d link show type vxlan (local); ip address; ip route get {outer_destination}",
            },
            LikelyCause {
                cause: "something between the nodes translates the source address",
                confirm: "compare the outer source of one packet on both uplinks",
            },
        ],
        remedy: &[
            "fix the source: make the VXLAN device with `local` and the address that the other nodes know, or set the plugin's address (--iface, --advertise-addr, IP_AUTODETECTION_METHOD)",
            "make the device with nolearning where something else fills the FDB",
        ],
        limits: &[
            "A firewall of the receiver that knows its peers by address drops the same packets: node-input-drop remains possible.",
        ],
        references: &["Linux: vxlan_snoop in drivers/net/vxlan; moby/moby#53004"],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let known = known_by(case, loss);
            let source = entering(case, loss).map(|tunnel| tunnel.source);
            learns(case, case.timelines.node(loss.to))
                && source.is_none_or(|source| known.is_empty() || !known.contains(&source))
        })
    },
    check,
};

/// The VXLAN tunnel that a packet was last seen in.
fn entering(case: &Case<'_>, loss: &Loss) -> Option<Tunnel> {
    let tunnel = case.tunnels_of(loss.journey).pop()?.1;
    (tunnel.encapsulation == Encapsulation::Vxlan).then_some(tunnel)
}

/// The addresses to which a packet's receiver sends what is for its sender.
fn known_by(case: &Case<'_>, loss: &Loss) -> BTreeSet<IpAddr> {
    let opposite = case.opposite(loss);
    opposite.iter().map(|hop| hop.tunnel.destination).collect()
}

/// flannel's devices do not learn.
fn learns(case: &Case<'_>, node: NodeId) -> bool {
    let mut vteps = case.points(node, Role::Vtep);
    !vteps.any(|point| case.timelines.name(point).interface.starts_with("flannel"))
}

/// Whether a node takes packets from this outer source.
fn takes_from(case: &Case<'_>, node: NodeId, source: IpAddr) -> bool {
    let tunnels = case.tunnels();
    let mut hops = tunnels.hops.iter();
    hops.any(|hop| hop.tunnel.source == source && tunnels.is_taken(hop.way, node))
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let inside = case
        .unexplained()
        .filter(|loss| !loss.refused && case.crosses(loss.segment(), Stage::Decapsulate));
    let strange = by_way(inside).into_values().filter(|losses| {
        let loss = losses.first();
        loss.is_some_and(|loss| is_strange(case, loss))
    });
    let pairs = case.by_ends(strange.flatten()).into_values();
    pairs
        .filter(|losses| losses.len() >= FEW)
        .filter_map(|losses| finding(case, &losses))
        .collect()
}

fn is_strange(case: &Case<'_>, loss: &Loss) -> bool {
    let node = case.timelines.node(loss.to);
    let arrives = case.timelines.node(loss.from) == node;
    let known = known_by(case, loss);
    entering(case, loss).is_some_and(|tunnel| {
        arrives
            && !known.is_empty()
            && !known.contains(&tunnel.source)
            && !takes_from(case, node, tunnel.source)
            && learns(case, node)
    })
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> Option<Finding> {
    let (from, to) = main_segment(losses.iter().copied())?;
    let main = losses.first()?;
    let tunnel = entering(case, main)?;
    let opposite = case.opposite(main);
    let back: Option<(IpAddr, Evidence)> = opposite
        .first()
        .map(|hop| (hop.tunnel.destination, hop.first));
    let (known, shown) = back?;
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence([main.last, shown])
        .marked()
        .alternatives([RuleId("node-input-drop")])
        .say(message!(
            "They come from {source}; what {to} sends to the same node goes to {known}.",
            source = tunnel.source,
            to = case.timelines.node_name(case.timelines.node(to)),
            known
        ))
        .say(message!(
            "VNI, port and the other direction are in order, and no ICMP error refuses them: a device that learns drops what contradicts a fixed entry."
        ));
    Some(draft.finish(message!(
        "VXLAN from {source} reaches {from} and never {to}: its receiver knows the sender as {known}",
        source = tunnel.source,
        from = case.name(from),
        to = case.name(to),
        known
    )))
}
