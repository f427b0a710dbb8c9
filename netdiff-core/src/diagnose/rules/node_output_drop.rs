//! `node-output-drop`: see the manual below. Its sibling, [`fdb_missing`](super::fdb_missing), shares the search.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("node-output-drop"),
    manual: Manual {
        summary: "a node's own firewall drops the tunnel packets that it sends",
        meaning: "A node puts its pods' packets into the tunnel, and its own firewall drops the tunnel packets before they leave: no pod on it reaches a pod on any other node. Nothing tells the pods.",
        looks_for: &[
            "Packets for pods on two or more other nodes are on a node's tunnel device and not on its uplink, which was capturing, without any ICMP error; at least three.",
            "Tunnel packets do come in there: the tunnel uses that card, and its capture leaves them in.",
            "No tunnel packet at all leaves that uplink, to whatever node: with only one other node, fdb-missing is as likely and is named instead.",
        ],
        refuted_by: &[
            "a tunnel packet that leaves {uplink} of {from}",
            "the counters of the DROP rules in OUTPUT of {from} do not rise while packets are lost",
        ],
        causes: &[
            LikelyCause {
                cause: "hardening: an OUTPUT policy or rule that does not know the tunnel's port",
                confirm: "on {from}: iptables -L OUTPUT -v -n --line-numbers; iptables -t mangle -L OUTPUT -v -n; nft list ruleset | grep -A20 'hook output'",
            },
            LikelyCause {
                cause: "an egress policy for the host (Calico's or Cilium's host firewall)",
                confirm: "kubectl get globalnetworkpolicies; kubectl get ciliumclusterwidenetworkpolicies; look for policies that select nodes",
            },
        ],
        remedy: &[
            "let the tunnel's UDP port out to all nodes in the firewall of {from}",
            "exempt node addresses from host egress policies",
        ],
        limits: &[
            "An FDB without any entry looks the same: nothing leaves the node either (fdb-missing).",
        ],
        references: &[
            "Linux: tunnel packets that a node makes pass its OUTPUT chain; tcpdump sees what is left behind it",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Encapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses)
            .into_iter()
            .any(|loss| !sends(case, case.timelines.node(loss.from)))
    },
    check,
};

/// Whether a node was seen to send tunnel packets, wherever.
pub(super) fn sends(case: &Case<'_>, node: NodeId) -> bool {
    case.tunnels()
        .hops
        .iter()
        .any(|hop| hop.sender == Some(node))
}

/// What a node's tunnel device took and its uplink does not show.
pub(super) struct Stuck<'a> {
    pub(super) node: NodeId,
    /// Whose pods it was for.
    pub(super) receivers: BTreeSet<NodeId>,
    pub(super) losses: Vec<&'a Loss>,
}

/// What gets stuck on each node, for receivers to which nothing gets out.
pub(super) fn find_stuck<'a>(case: &Case<'a>) -> Vec<Stuck<'a>> {
    // Where a program decides, it may drop on purpose, and there is no table that could lack an entry.
    if case.has_programmed_tunnels() {
        return Vec::new();
    }
    let leaving = case
        .unexplained()
        .filter(|loss| !loss.refused && case.is_stage(loss.segment(), Stage::Encapsulate));
    let mut nodes: BTreeMap<NodeId, Stuck<'a>> = BTreeMap::new();
    for ((node, receiver), losses) in case.by_ends(leaving) {
        let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
        let ethernet = losses.iter().any(|loss| is_ethernet(case, loss));
        // Else they may leave through a card that was not captured, or be filtered out there.
        let shown = losses.iter().any(|l| case.tunnels().shows_tunnels(l.to));
        let unclear = !proven || !ethernet || !shown;
        if losses.len() < FEW || unclear || reaches(case, node, receiver) {
            continue;
        }
        let stuck = nodes.entry(node).or_insert_with(|| Stuck {
            node,
            receivers: BTreeSet::new(),
            losses: Vec::new(),
        });
        stuck.receivers.insert(receiver);
        stuck.losses.extend(losses);
    }
    nodes.into_values().collect()
}

/// Only devices that carry frames look up the receiver's MAC address.
fn is_ethernet(case: &Case<'_>, loss: &Loss) -> bool {
    let links = case.timelines.links.links.iter();
    let mut here = links.filter(|link| link.point == loss.from);
    here.any(|link| link.outer.is_some())
}

/// Whether a tunnel packet from one node to pods of another was seen outside.
fn reaches(case: &Case<'_>, node: NodeId, receiver: NodeId) -> bool {
    let timelines = case.timelines;
    case.tunnels().hops.iter().any(|hop| {
        let to = timelines.plan.home(hop.destination);
        hop.sender == Some(node) && to == Some(receiver)
    })
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let stuck = find_stuck(case).into_iter();
    stuck
        .filter(|stuck| stuck.receivers.len() > 1 && !sends(case, stuck.node))
        .filter_map(|stuck| finding(case, &stuck))
        .collect()
}

fn finding<'a>(case: &Case<'a>, stuck: &Stuck<'a>) -> Option<Finding> {
    let (from, to) = main_segment(stuck.losses.iter().copied())?;
    let names: Vec<&str> = stuck
        .receivers
        .iter()
        .map(|node| case.timelines.node_name(*node))
        .collect();
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(stuck.losses.iter().copied())
        .alternatives([super::fdb_missing::RULE.id])
        .say(message!(
            "{losses} packets for pods on {names} are on {from}; no tunnel packet at all is on {to}, to whatever node.",
            losses = stuck.losses.len(),
            names = Message::list(&names, text!(" and ")),
            from = case.name(from),
            to = case.name(to)
        ))
        .say(message!(
            "No ICMP error and no unanswered ARP request tells why; one cause for all receivers is likelier than several."
        ))
        .capture_next(message!(
            "none: on {stuck}, read the counters of the OUTPUT chain and `bridge fdb show`",
            stuck = case.timelines.node_name(stuck.node)
        ));
    Some(draft.finish(message!(
        "packets for {names} other nodes reach {from} and never {to}: no tunnel packet leaves the node",
        names = names.len(),
        from = case.name(from),
        to = case.name(to)
    )))
}
