//! `node-input-drop`: see the manual below.

use crate::correlate::{NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, NodePair, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage, candidates};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("node-input-drop"),
    manual: Manual {
        summary: "a node's own firewall drops the tunnel's packets",
        meaning: "Tunnel packets reach a node's network card, and its own firewall drops them before its tunnel device gets them. Nothing tells the sender.",
        looks_for: &[
            "Tunnel packets from one node are seen on the other node's uplink and none of them on its tunnel device, both captured, with no ICMP error that refuses them; at least three.",
            "That node uses tunnels of the same kind itself (encapsulation, port, VNI), so its device is there and up.",
            "None of the marks of other causes is there: another VNI or port in the opposite direction, wrong checksums, one MAC address on both sides, another source address. What could not be looked at is named as an alternative.",
        ],
        refuted_by: &[
            "one tunnel packet of {outer_source} at {next}",
            "the counters of the DROP rules in INPUT of {to} do not rise while packets are lost",
        ],
        causes: &[
            LikelyCause {
                cause: "firewalld, ufw, or an INPUT policy on the node does not let the tunnel's port in",
                confirm: "on {to}: iptables -L INPUT -v -n --line-numbers; nft list ruleset; ufw status; firewall-cmd --list-all",
            },
            LikelyCause {
                cause: "a host policy of the network plugin (Calico's host endpoints, Cilium's host firewall) drops it, or knows the sender by another address",
                confirm: "kubectl get globalnetworkpolicies; kubectl get hostendpoints; kubectl get ciliumclusterwidenetworkpolicies; ipset list | grep {outer_source}",
            },
        ],
        remedy: &[
            "open UDP {port} for the nodes' addresses in the firewall of {to}",
            "put the pods' network, {vtep} and {bridge} into a trusted zone",
            "or switch the host firewall off on cluster nodes, as several network plugins ask for",
        ],
        limits: &[
            "tcpdump sees what comes in before the firewall does: it is by exclusion that the firewall is named.",
        ],
        references: &[
            "k3s-io/k3s#1719, flannel-io/flannel#1085, flannel-io/flannel#1704, cilium/cilium#40167",
        ],
    },
    frequency: Frequency::VeryHigh,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let silent: Vec<&Loss> = losses
            .iter()
            .filter(|loss| !loss.refused)
            .copied()
            .collect();
        !silent.is_empty() && find_refusals(case.timelines, &silent).is_empty()
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let inside = case
        .unexplained()
        .filter(|loss| !loss.refused && case.is_stage(loss.segment(), Stage::Decapsulate));
    let pairs = case.by_ends(inside).into_iter();
    pairs
        .filter_map(|(ends, losses)| finding(case, ends, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, ends: NodePair, losses: &[&'a Loss]) -> Option<Finding> {
    let segment = main_segment(losses.iter().copied())?;
    let tunnel = losses.iter().find_map(|loss| loss.tunnel)?;
    let tunnels = case.tunnels();
    let taken = tunnels
        .hops
        .iter()
        .any(|hop| hop.tunnel == tunnel && tunnels.is_taken(hop.way, ends.1));
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let refused = !find_refusals(case.timelines, losses).is_empty();
    let in_order = tunnels.knows(ends.1, tunnel) && captured(case, segment, ends.1);
    if losses.len() < FEW || taken || refused || !proven || !in_order {
        return None;
    }
    let others = candidates(case, &[Stage::Decapsulate], true, losses);
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment(segment)
        .marked()
        .alternatives(others)
        .say(message!(
            "{losses} tunnel packets from {source} came in at {segment} and none of them was seen at {segment_2}.",
            losses = losses.len(),
            source = tunnel.source,
            segment = case.name(segment.0),
            segment_2 = case.name(segment.1)
        ))
        .say(message!(
            "{ends} uses tunnels of the same kind itself, so its device is up; no ICMP error refuses them.",
            ends = case.timelines.node_name(ends.1)
        ));
    Some(draft.finish(message!(
        "tunnel packets reach {segment} and never {segment_2}: the node drops them as they come in",
        segment = case.name(segment.0),
        segment_2 = case.name(segment.1)
    )))
}

fn captured(case: &Case<'_>, (from, to): (PointId, PointId), node: NodeId) -> bool {
    let timelines = case.timelines;
    timelines.node(from) == node
        && timelines.role(from) == Role::Uplink
        && timelines.role(to) == Role::Vtep
}
