//! `fdb-stale-dead-ip`: see the manual below.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Asked, Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("fdb-stale-dead-ip"),
    manual: Manual {
        summary: "a node sends its tunnel packets to an address that nobody has",
        meaning: "A node's tunnel device sends to an address that no machine has any more: the other node got a new one, or is gone. The node asks for it by ARP, nobody answers, and the packets die in the node. The pods are told nothing.",
        looks_for: &[
            "Packets are on a node's tunnel device and not on its uplink, without any ICMP error; at least three.",
            "On that uplink the node asks by ARP for an address, more than once, and nobody answers; no node of the set has that address, and no ordinary packets go to it.",
        ],
        refuted_by: &[
            "an ARP reply for {address}",
            "`bridge fdb show dev {vtep}` on {from} without {address}",
        ],
        causes: &[
            LikelyCause {
                cause: "the other node's address changed (DHCP, reinstallation), and its old one is still published or remembered",
                confirm: "on {from}: bridge fdb show dev {vtep} | grep {address}; kubectl get nodes -o yaml | grep -e public-ip -e InternalIP",
            },
            LikelyCause {
                cause: "the node that had the address is down, or not on this network",
                confirm: "arping -I {uplink} {address}; kubectl get nodes -o wide | grep {address}",
            },
        ],
        remedy: &[
            "restart the network plugin on the node that moved, so that it publishes its address; then on {from} if its FDB still has {address}",
            "remove a wrong flannel.alpha.coreos.com/public-ip-overwrite annotation",
            "give nodes fixed addresses",
        ],
        limits: &[
            "If the old address lies in another network, the packets go to the gateway instead and are lost behind it.",
            "Something else on the node that looks for a dead address shows the same ARP requests: a missing FDB entry (fdb-missing) remains possible.",
        ],
        references: &["flannel-io/flannel#712, flannel-io/flannel#1978"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Encapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let node = case.timelines.node(loss.from);
            let captured = case.points(node, Role::Uplink).next().is_some();
            !captured || !dead_addresses(case, node).is_empty()
        })
    },
    check,
};

/// Addresses that a node asks for on its uplinks, that nobody answers for, and that nothing is known of.
fn dead_addresses<'a>(case: &Case<'a>, node: NodeId) -> BTreeMap<Ipv4Addr, &'a Asked> {
    let timelines = case.timelines;
    let is_known = |address: Ipv4Addr| {
        let address = IpAddr::V4(address);
        let is_end = |end: IpAddr| end == address;
        timelines.plan.home(address).is_some()
            || timelines
                .flows
                .iter()
                .any(|flow| is_end(flow.initiator.address) || is_end(flow.responder.address))
    };
    let uplinks: Vec<_> = case.points(node, Role::Uplink).collect();
    let asked = case.facts.asked.iter().filter(|((point, _), asked)| {
        uplinks.contains(point) && asked.requests() > 1 && asked.answers.is_empty()
    });
    asked
        .map(|((_, address), asked)| (*address, asked))
        .filter(|(address, asked)| !is_known(*address) && is_asked_by(case, node, asked))
        .collect()
}

/// Broadcasts of others are seen on an uplink too.
fn is_asked_by(case: &Case<'_>, node: NodeId, asked: &Asked) -> bool {
    let home = |asker: &Ipv4Addr| case.timelines.plan.home(IpAddr::V4(*asker));
    asked.askers.keys().any(|asker| home(asker) == Some(node))
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let leaving = case.unexplained().filter(|loss| {
        let captured = case.timelines.role(loss.to) == Role::Uplink;
        let same = case.timelines.node(loss.from) == case.timelines.node(loss.to);
        !loss.refused && captured && same && case.crosses(loss.segment(), Stage::Encapsulate)
    });
    let mut nodes: BTreeMap<NodeId, Vec<&Loss>> = BTreeMap::new();
    for loss in leaving.filter(|loss| case.ends_of(loss.journey).is_some()) {
        let node = case.timelines.node(loss.from);
        nodes.entry(node).or_default().push(loss);
    }
    nodes
        .into_iter()
        .filter(|(_, losses)| losses.len() >= FEW)
        .filter_map(|(node, losses)| finding(case, node, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, node: NodeId, losses: &[&'a Loss]) -> Option<Finding> {
    let dead = dead_addresses(case, node);
    let (address, asked) = dead.first_key_value()?;
    let (from, to) = main_segment(losses.iter().copied())?;
    if case.timelines.role(from) != Role::Vtep {
        // Whether they reached the tunnel device cannot be told.
        return None;
    }
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence(asked.first)
        .marked()
        // Something else on the node may look for a dead address by chance.
        .alternatives([RuleId("fdb-missing")])
        .fill("address", address)
        .say(message!(
            "{node} asks {requests} times by ARP for {address}, and nobody answers; no captured node has that address, and nothing but the tunnel needs it.",
            node = case.timelines.node_name(node),
            requests = asked.requests(),
            address
        ))
        .say(message!(
            "Tunnel devices tell nobody when they cannot send: the pods get no ICMP error."
        ));
    Some(draft.finish(message!(
        "packets reach {from} and never {to}: the node looks for {address}, which nobody has",
        from = case.name(from),
        to = case.name(to),
        address
    )))
}
