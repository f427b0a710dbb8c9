//! `node-input-reject`: see the manual below. Its sibling, [`vtep_down`](super::vtep_down), shares the search.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, NodePair, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::{Refusal, find_refusals};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Tunnel;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("node-input-reject"),
    manual: Manual {
        summary: "a node's own firewall rejects the tunnel's packets",
        meaning: "Tunnel packets reach a node, and its firewall refuses them with an ICMP error to the other node. The pods never learn of it: errors about the tunnel are not passed on to them.",
        looks_for: &[
            "Packets in a tunnel reach the node that should get them, or at least leave the other one, and are not seen behind its uplink.",
            "ICMP errors from that node's address quote the tunnel's packets: destination unreachable with a code that says prohibited (9, 10, 13).",
            "Or port unreachable (code 3, the default of iptables' REJECT), while that node itself sends in a tunnel of the same kind: so its device is up. If it does not, it is vtep-down.",
            "The node's uplink, if it was captured, saw the packets: else somebody else refuses them.",
        ],
        refuted_by: &[
            "a tunnel packet of {outer_source} that {to} takes",
            "INPUT rules of {to} that let UDP {port} in",
        ],
        causes: &[
            LikelyCause {
                cause: "firewalld, ufw or iptables on the node does not let the tunnel's port in",
                confirm: "on {to}: iptables -L INPUT -v -n --line-numbers; nft list ruleset; firewall-cmd --list-all; watch the counters of the REJECT rule",
            },
            LikelyCause {
                cause: "the port was opened for some source addresses, and {outer_source} is none of them",
                confirm: "on {to}: iptables -S INPUT | grep {port}; compare with {outer_source}",
            },
        ],
        remedy: &[
            "open UDP {port} for the nodes' addresses in the firewall of {to} (firewall-cmd --permanent --add-port={port}/udp; firewall-cmd --reload)",
            "put the pods' network, {vtep} and {bridge} into firewalld's trusted zone",
            "or switch firewalld off on cluster nodes, as several network plugins ask for",
        ],
        limits: &["ICMP errors are rate-limited: there are fewer of them than of refused packets."],
        references: &[
            "RFC 1812, section 5.2.7.1; k3s-io/k3s#1719, flannel-io/flannel#1085, flannel-io/flannel#375",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| may_refuse(case, losses),
    check,
};

/// Destination unreachable (RFC 792).
const UNREACHABLE: u8 = 3;
const PORT: u8 = 3;

/// A refusal would be seen on an uplink.
pub(super) fn may_refuse(case: &Case<'_>, losses: &[&Loss]) -> bool {
    let uplinks = losses.iter().any(|loss| {
        let timelines = case.timelines;
        [loss.from, loss.to].iter().any(|point| {
            let node = timelines.node(*point);
            case.points(node, crate::types::Role::Uplink)
                .next()
                .is_some()
        })
    });
    !uplinks || losses.iter().any(|loss| loss.refused)
}

/// Tunnel packets from one node to another that the receiver refuses.
pub(super) struct Refused<'a> {
    pub(super) ends: NodePair,
    pub(super) tunnel: Tunnel,
    pub(super) losses: Vec<&'a Loss>,
    pub(super) refusals: Vec<Refusal<'a>>,
}

/// What receivers refuse, by the nodes and the tunnel; what the captures show to be refused by somebody else is left out.
pub(super) fn find_refused<'a>(case: &Case<'a>) -> Vec<Refused<'a>> {
    let inside = case
        .unexplained()
        .filter(|loss| case.crosses(loss.segment(), Stage::Decapsulate));
    let mut found = Vec::new();
    for (ends, losses) in case.by_ends(inside) {
        let mut tunnels: BTreeMap<Tunnel, Vec<&Loss>> = BTreeMap::new();
        for loss in losses {
            if let Some((_, tunnel)) = case.tunnels_of(loss.journey).pop() {
                tunnels.entry(tunnel).or_default().push(loss);
            }
        }
        for (tunnel, losses) in tunnels {
            let mut refusals = find_refusals(case.timelines, &losses);
            refusals.retain(|refusal| is_by(refusal, tunnel.destination));
            if !refusals.is_empty() {
                found.push(Refused {
                    ends,
                    tunnel,
                    losses,
                    refusals,
                });
            }
        }
    }
    found
}

fn is_by(refusal: &Refusal<'_>, address: IpAddr) -> bool {
    let unreachable = matches!(refusal.kind(), Some((UNREACHABLE, PORT | 9 | 10 | 13)));
    refusal.quotes_tunnel && unreachable && refusal.source() == Some(address)
}

impl Refused<'_> {
    /// Whether it is a firewall that speaks, for certain.
    pub(super) fn is_prohibited(&self) -> bool {
        let mut refusals = self.refusals.iter();
        refusals.any(|refusal| refusal.kind() != Some((UNREACHABLE, PORT)))
    }
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let refused = find_refused(case).into_iter();
    refused
        .filter(|r| r.is_prohibited() || case.tunnels().knows(r.ends.1, r.tunnel))
        .filter_map(|refused| finding(case, &refused))
        .collect()
}

fn finding<'a>(case: &Case<'a>, refused: &Refused<'a>) -> Option<Finding> {
    let (from, to) = main_segment(refused.losses.iter().copied())?;
    let errors = refused.refusals.iter().filter_map(|r| r.errors.first());
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(refused.losses.iter().copied())
        .evidence(errors.map(|error| error.evidence))
        .marked();
    for refusal in &refused.refusals {
        draft = draft.say(message!(
            "{refusal} quotes the tunnel's packets: that node refuses them itself.",
            refusal = refusal.describe()
        ));
    }
    if !refused.is_prohibited() {
        draft = draft.say(message!(
            "{ends} itself uses a tunnel of the same kind: its device is up, so it is not that nobody listens.",
            ends = case.timelines.node_name(refused.ends.1)
        ));
    }
    Some(draft.finish(message!(
        "{ends} rejects tunnel packets: they reach {from} and never {to}",
        ends = case.timelines.node_name(refused.ends.1),
        from = case.name(from),
        to = case.name(to)
    )))
}
