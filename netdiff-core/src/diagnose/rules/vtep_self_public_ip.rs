//! `vtep-self-public-ip`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Looped;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{Message, PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vtep-self-public-ip"),
    manual: Manual {
        summary: "nodes registered one and the same address, so each sends to itself",
        meaning: "A node's tunnel device believes that the other nodes have an address which is the node's own. What it sends comes straight back to it, goes round until its TTL is used up, and never leaves the node.",
        looks_for: &[
            "Packets for a pod elsewhere come through a node's own tunnel device again and again, each time with a lower TTL.",
            "None of them is seen on that node's uplink, or anywhere on another node; at least one of the two was captured.",
        ],
        refuted_by: &[
            "one of these packets on {uplink}, or on another node: then it goes round between nodes (routing-loop)",
            "`bridge fdb show dev {vtep}` without one of the node's own addresses as dst",
        ],
        causes: &[
            LikelyCause {
                cause: "flannel took the first card, which has the same address on every machine (Vagrant and VirtualBox: 10.0.2.15)",
                confirm: "kubectl get nodes -o yaml | grep flannel.alpha.coreos.com/public-ip; bridge fdb show dev {vtep}",
            },
            LikelyCause {
                cause: "a cloned machine kept the address that its original registered",
                confirm: "on each node: ip address show; cat /run/flannel/subnet.env; compare the annotations of all nodes",
            },
        ],
        remedy: &[
            "tell flannel which card to use: --iface=eth1, --iface-regex, or k3s --flannel-iface and --node-ip",
            "set the right address by hand: the annotation flannel.alpha.coreos.com/public-ip-overwrite on each node",
        ],
        limits: &["Without a capture of the tunnel device the loop is out of sight."],
        references: &[
            "flannel: Documentation/troubleshooting.md, Vagrant; flannel-io/flannel#98, coreos/bugs#2223",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Encapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let node = case.timelines.node(loss.from);
            case.points(node, Role::Vtep).next().is_none()
        })
    },
    check,
};

/// Fewer rounds than this may be copies.
const ROUNDS: u32 = 3;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut nodes: BTreeMap<NodeId, Vec<&Looped>> = BTreeMap::new();
    for looped in case.facts.unexplained_loops() {
        if stays_at_device(case, looped) {
            let node = case.timelines.node(looped.at);
            nodes.entry(node).or_default().push(looped);
        }
    }
    finding(case, &nodes).into_iter().collect()
}

fn stays_at_device(case: &Case<'_>, looped: &Looped) -> bool {
    let timelines = case.timelines;
    let node = timelines.node(looped.at);
    let Some(journey) = case.journey(looped.journey) else {
        return false;
    };
    let stays = journey
        .points()
        .all(|point| timelines.node(point) == node && timelines.role(point) != Role::Uplink);
    let at_device = timelines.role(looped.at) == Role::Vtep && looped.rounds >= ROUNDS;
    at_device && stays && watched(case, looped).is_some()
}

/// The point where they would have been seen, had they left the node: its uplink, or else one of the other node's.
fn watched(case: &Case<'_>, looped: &Looped) -> Option<PointId> {
    let node = case.timelines.node(looped.at);
    let other = case.ends_of(looped.journey).map(|(_, receiver)| receiver);
    let there = |role| other.and_then(|other| case.points(other, role).next());
    let own = case.points(node, Role::Uplink).next();
    own.or_else(|| there(Role::Uplink))
        .or_else(|| there(Role::Vtep))
}

fn finding(case: &Case<'_>, nodes: &BTreeMap<NodeId, Vec<&Looped>>) -> Option<Finding> {
    // The node with most of them stands for all; of equals, the first.
    let (node, main) = nodes
        .iter()
        .min_by_key(|(node, looped)| (std::cmp::Reverse(looped.len()), **node))?;
    let first = main.first()?;
    let next = watched(case, first)?;
    let names: Vec<&str> = nodes.keys().map(|n| case.timelines.node_name(*n)).collect();
    let rounds = nodes.values().flatten().map(|looped| looped.rounds).max()?;
    let all = || nodes.values().flatten();
    let draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(all().map(|looped| looped.journey))
        .segment((first.at, next))
        .evidence(nodes.values().filter_map(|l| l.first()).map(|l| l.last))
        .marked()
        .say(message!(
            "{all} packets came through the tunnel device of {names} up to {rounds} times, each time with a lower TTL.",
            all = all().count(),
            names = Message::list(&names, text!(" and ")),
            rounds
        ))
        .say(message!(
            "None of them left its node: the device sends to an address that is the node's own."
        ));
    Some(draft.finish(message!(
        "packets go round at {at} and never leave {node}: its tunnel sends to itself",
        at = case.name(first.at),
        node = case.timelines.node_name(*node)
    )))
}
