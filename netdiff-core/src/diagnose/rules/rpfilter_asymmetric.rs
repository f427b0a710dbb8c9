//! `rpfilter-asymmetric`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::{Hop, NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{
    Side, are_for_device, by_forwarder, ends, failing, forwarder_of, not_excluded, severity,
};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("rpfilter-asymmetric"),
    manual: Manual {
        summary: "a node's reverse path filter drops what comes in by another interface than it would answer by",
        meaning: "With rp_filter=1 Linux drops a packet if the route to its source leads out by another interface than the one it came in by. So two nodes that route to each other in different ways (one directly, one through its tunnel) lose one direction, silently.",
        looks_for: &[
            "Packets for a node's pods that come in by one of its interfaces (its network card without a tunnel, or its tunnel device) and go no further, silently, at least three, and none from the same senders by that interface goes on.",
            "What the node itself sends to these senders leaves by another interface: that is the precondition, without it the rule is silent.",
        ],
        refuted_by: &[
            "rp_filter 0 or 2 on {to}, where the larger one of net.ipv4.conf.all and of the interface counts",
            "one such packet at {next}",
        ],
        causes: &[
            LikelyCause {
                cause: "one of the nodes routes directly (DirectRouting, CrossSubnet, host-gw) and the other one through its tunnel, and rp_filter is 1",
                confirm: "on {to}: sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.{uplink}.rp_filter; ip route get {source}; nstat -az IPReversePathFilter; on both nodes: ip route show",
            },
            LikelyCause {
                cause: "the node has several networks and answers by another one",
                confirm: "on {to}: ip route get {source}; ip rule show; ip address show",
            },
        ],
        remedy: &[
            "make the routes the same on both nodes: the same backend and DirectRouting everywhere, restart flannel on the node whose routes are old",
            "on {to}: sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.{uplink}.rp_filter=2, and in /etc/sysctl.d",
        ],
        limits: &[
            "A FORWARD chain that drops what comes in by that interface looks the same: see the alternatives.",
        ],
        references: &[
            "RFC 3704, section 2.2; Linux: Documentation/networking/ip-sysctl.rst, rp_filter",
            "cilium/cilium#13130, kubernetes/kubernetes#124587, cloudnativelabs/kube-router#138",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::ReceiveForward],
    carried: Carried::Either,
    possible: |case, losses| {
        losses.iter().any(|loss| {
            !loss.refused && (is_asymmetric(case, loss).is_some() || may_be_asymmetric(case, loss))
        })
    },
    check,
};

/// Where packets to the sender of a loss leave its receiver's node, if not by the interface that the loss came in by.
fn is_asymmetric(case: &Case<'_>, loss: &Loss) -> Option<PointId> {
    let (node, side) = forwarder_of(case, loss)?;
    let (source, _) = ends(case, loss)?;
    let into = match case.timelines.role(loss.from) {
        Role::Vtep => Interface::Tunnel,
        Role::Uplink => Interface::Card(loss.from),
        _ => return None,
    };
    if side != Side::Receiving || source.is_ipv6() {
        return None;
    }
    let leaving = leaving(case, node, source);
    let (_, first) = leaving.first_key_value()?;
    (!leaving.contains_key(&into)).then_some(*first)
}

/// An interface by which a node meets others: the tunnel device, or a network card without a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Interface {
    Tunnel,
    Card(PointId),
}

/// The interfaces by which packets from inside a node leave it for an address, and where that was seen.
fn leaving(case: &Case<'_>, node: NodeId, address: IpAddr) -> BTreeMap<Interface, PointId> {
    let timelines = case.timelines;
    let by = |hop: &Hop| match timelines.role(hop.point) {
        _ if timelines.node(hop.point) != node || hop.destination != address => None,
        Role::Vtep => Some(Interface::Tunnel),
        Role::Uplink if hop.tunnel.is_some() => Some(Interface::Tunnel),
        Role::Uplink => Some(Interface::Card(hop.point)),
        _ => None,
    };
    let mut interfaces = BTreeMap::new();
    for flow in &timelines.flows {
        for direction in [&flow.forward, &flow.reply] {
            // Only what comes from inside the node leaves it.
            let first = direction.hops.first().map(|hop| hop.point);
            let from_here = first.is_some_and(|point| timelines.node(point) == node);
            for hop in direction.hops.iter().filter(|_| from_here) {
                if let Some(interface) = by(hop) {
                    interfaces.entry(interface).or_insert(hop.point);
                }
            }
        }
    }
    interfaces
}

/// The same where the receiver's card was not captured: what was sent to it plain is answered through a tunnel only, or the other way round.
fn may_be_asymmetric(case: &Case<'_>, loss: &Loss) -> bool {
    let (from, to) = loss.segment();
    let node = case.timelines.node(to);
    let sent = matches!(case.timelines.role(from), Role::Uplink | Role::Vtep);
    let Some((source, _)) = ends(case, loss) else {
        return false;
    };
    let crosses =
        case.timelines.node(from) != node && case.crosses(loss.segment(), Stage::ReceiveForward);
    if !sent || !crosses || source.is_ipv6() {
        return false;
    }
    let tunneled = loss.tunnel.is_some() || case.timelines.role(from) == Role::Vtep;
    let leaving = leaving(case, node, source);
    !leaving.is_empty() && leaving.contains_key(&Interface::Tunnel) != tunneled
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let silent = case.unexplained().filter(|loss| !loss.refused);
    let mut nodes: BTreeMap<NodeId, Vec<&Loss>> = BTreeMap::new();
    for (forwarder, losses) in by_forwarder(case, silent) {
        let failing = failing(case, forwarder, &losses);
        let asymmetric = failing
            .into_iter()
            .filter(|loss| is_asymmetric(case, loss).is_some());
        nodes.entry(forwarder.0).or_default().extend(asymmetric);
    }
    nodes
        .into_iter()
        .filter_map(|(node, losses)| finding(case, node, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, node: NodeId, losses: &[&'a Loss]) -> Option<Finding> {
    let first = losses.first()?;
    let (into, out) = (first.from, is_asymmetric(case, first)?);
    let (source, _) = ends(case, first)?;
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let taken = are_for_device(case, losses);
    if losses.len() < FEW || !proven || !taken || !find_refusals(case.timelines, losses).is_empty()
    {
        return None;
    }
    let (name, into, out) = (
        case.timelines.node_name(node),
        case.name(into),
        case.name(out),
    );
    let draft = Draft::new(case, &RULE, severity(case, losses))
        .losses(losses.iter().copied())
        .alternatives(not_excluded(case, losses))
        .fill("source", source)
        .say(message!(
            "{losses} packets for {name}'s pods came in by {into} and went no further; no ICMP error quotes them.",
            losses = losses.len(),
            name,
            into
        ))
        .say(message!(
            "What {name} sends to {source} leaves by {out}: a strict reverse path filter drops what comes from there by another interface.",
            name,
            source,
            out
        ));
    Some(draft.finish(message!(
        "{name} drops what comes in by {into} from where it sends by {out}",
        name,
        into,
        out
    )))
}
