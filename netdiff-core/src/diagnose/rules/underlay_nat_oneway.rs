//! `underlay-nat-oneway`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Carriage, Loss, main_segment};
use crate::diagnose::finding::{Finding, NodePair, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, Tunnel};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("underlay-nat-oneway"),
    manual: Manual {
        summary: "NAT between two nodes rewrites their tunnel packets, so that nothing comes back",
        meaning: "A network in NAT mode lies between the nodes. Tunnel packets get through it in one direction with another source address. What the other node sends goes to the hidden node's real address and port, which belongs to no conversation that the NAT knows: it is dropped.",
        looks_for: &[
            "Tunnel packets leave one node's uplink with one outer source address and arrive at the other node's uplink with another: something between them translates.",
            "In the opposite direction none of the tunnel's packets arrives at the other uplink; at least three were sent.",
        ],
        refuted_by: &[
            "a tunnel packet of {from} at {next}",
            "the same outer addresses on both uplinks",
        ],
        causes: &[
            LikelyCause {
                cause: "a virtual machines' network in NAT mode (VirtualBox, VMware, libvirt), or cloud nodes behind NAT gateways",
                confirm: "look at the network mode of both virtual machines; on both nodes: ip neigh (is the other node behind the gateway's MAC address?)",
            },
            LikelyCause {
                cause: "a node masquerades what leaves it, the tunnel's packets too",
                confirm: "on both nodes: iptables -t nat -S POSTROUTING | grep -i masquerade; conntrack -L -p udp --dport {port}",
            },
        ],
        remedy: &[
            "put the nodes on a bridged or host-only network without NAT between them, and let flannel use that card (--iface)",
            "where the NAT maps addresses one to one: publish the outside address (flannel.alpha.coreos.com/public-ip-overwrite, k3s --node-external-ip)",
            "a backend that gets through NAT: WireGuard with keepalives",
        ],
        limits: &[
            "NAT that swallows both directions, and shows no packet behind it, looks like underlay-vxlan-blocked.",
        ],
        references: &[
            "flannel-io/flannel#1379, flannel-io/flannel#1822, projectcalico/calico#5171, k3s-io/k3s#1824",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses)
            .into_iter()
            .any(|loss| may_be_swallowed(case, loss))
    },
    check,
};

/// NAT that loses all of a direction, if it translates the opposite one or none of that arrives.
fn may_be_swallowed(case: &Case<'_>, loss: &Loss) -> bool {
    let Some((from, to)) = case.ends_of(loss.journey) else {
        return true;
    };
    let arrived = |from, to| {
        let carriage = Carriage::of(loss.tunnel);
        let crossing = case.facts.between(from, to, carriage);
        crossing.is_some_and(|crossing| crossing.arrived > 0)
    };
    !arrived(from, to) && (!arrived(to, from) || !is_unchanged(case, (to, from)))
}

/// A tunnel as it left one node and as it arrived at another.
#[derive(Clone, Copy)]
struct Translated {
    before: (Tunnel, Evidence),
    after: (Tunnel, Evidence),
}

/// Whether tunnel packets were seen on both nodes with the same outer source.
fn is_unchanged(case: &Case<'_>, pair: NodePair) -> bool {
    let mut crossings = crossings(case).into_iter();
    crossings.any(|(nodes, crossing)| {
        nodes == pair && crossing.before.0.source == crossing.after.0.source
    })
}

/// The ordered pairs of nodes between which the outer source changes.
fn translated(case: &Case<'_>) -> BTreeMap<NodePair, Translated> {
    let mut found = BTreeMap::new();
    for (nodes, crossing) in crossings(case) {
        if crossing.before.0.source != crossing.after.0.source {
            found.entry(nodes).or_insert(crossing);
        }
    }
    found
}

/// Directions of flows that were seen in a tunnel on two nodes, one after the other.
fn crossings(case: &Case<'_>) -> Vec<(NodePair, Translated)> {
    let timelines = case.timelines;
    let mut found = Vec::new();
    let mut hops = case.tunnels().hops.iter().peekable();
    while let Some(before) = hops.next() {
        let Some(after) = hops.peek().filter(|after| after.way == before.way) else {
            continue;
        };
        let pair = (timelines.node(before.point), timelines.node(after.point));
        let alike = before.tunnel.vni == after.tunnel.vni
            && before.tunnel.encapsulation == after.tunnel.encapsulation;
        if pair.0 != pair.1 && alike {
            let crossing = Translated {
                before: (before.tunnel, before.first),
                after: (after.tunnel, after.first),
            };
            found.push((pair, crossing));
        }
    }
    found
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let changes = translated(case).into_iter();
    changes
        .filter_map(|((hidden, other), change)| finding(case, hidden, other, &change))
        .collect()
}

fn finding(case: &Case<'_>, hidden: NodeId, other: NodeId, change: &Translated) -> Option<Finding> {
    let (before, after) = (change.before.0, change.after.0);
    let losses: Vec<&Loss> = case
        .unexplained()
        .filter(|loss| {
            case.crosses(loss.segment(), Stage::Underlay)
                && case.ends_of(loss.journey) == Some((other, hidden))
                && goes_to(case, loss, before.source)
        })
        .collect();
    let carriage = Carriage::Tunnel(before.encapsulation);
    let back = case.facts.between(other, hidden, carriage);
    if losses.len() < FEW || back.is_some_and(|back| back.arrived > 0) {
        return None;
    }
    let (from, to) = main_segment(losses.iter().copied())?;
    let names = (
        case.timelines.node_name(hidden),
        case.timelines.node_name(other),
    );
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence([change.before.1, change.after.1])
        .marked()
        .say(message!(
            "From {names} to {names_2}, the same packets leave with the outer source {source} and arrive with {source_2}: something between the nodes translates addresses.",
            names = names.0,
            names_2 = names.1,
            source = before.source,
            source_2 = after.source
        ))
        .say(message!(
            "{names} answers to {source}, and none of {losses} packets arrives: they belong to no conversation that the NAT knows.",
            names = names.1,
            source = before.source,
            losses = losses.len()
        ));
    Some(draft.finish(message!(
        "tunnel packets leave {from} and never reach {to}: NAT hides {names}",
        from = case.name(from),
        to = case.name(to),
        names = names.0
    )))
}

fn goes_to(case: &Case<'_>, loss: &Loss, address: IpAddr) -> bool {
    let tunnel = case.tunnels_of(loss.journey).pop();
    tunnel.is_none_or(|(_, tunnel)| tunnel.destination == address)
}
