//! `neigh-missing`: see the manual below.

use std::net::{IpAddr, Ipv4Addr};

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Asked, Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("neigh-missing"),
    manual: Manual {
        summary: "a node does not know the MAC address of the other node's tunnel device",
        meaning: "A node has a route to the other node's pods and no neighbor entry for its tunnel device. It asks by ARP on its own tunnel device, where nobody answers, and after some seconds tells its pods that the host is unreachable.",
        looks_for: &[
            "Packets of pods on a node are lost or refused before they reach its tunnel device, which was captured; at least three.",
            "On that device the node asks by ARP for an address, more than once, and nobody answers.",
            "The address lies in the block (/24) of the packets' destination, or the packets are refused with ICMP host unreachable.",
        ],
        refuted_by: &[
            "`ip neigh show dev {vtep}` on {from} has a permanent entry for {address}",
            "an ARP reply for {address} on {vtep}",
        ],
        causes: &[
            LikelyCause {
                cause: "flannel does not run on the node, or lost its connection to the API server, and does not fill the table",
                confirm: "on {from}: ip neigh show dev {vtep} | grep {address}; logs of the flannel pod there",
            },
            LikelyCause {
                cause: "the entries were flushed: the link went down and up, or the table is full",
                confirm: "on {from}: dmesg | grep -i neighbour; sysctl net.ipv4.neigh.default.gc_thresh3; ip -s neigh show dev {vtep}",
            },
        ],
        remedy: &[
            "restart the flannel pod on {from}: it fills the table again",
            "kubectl describe node {from}: are the annotations flannel.alpha.coreos.com/* of all nodes there?",
            "raise net.ipv4.neigh.default.gc_thresh1 to gc_thresh3 in large clusters",
        ],
        limits: &[
            "Over IPv6 neighbors are found by other packets, which this rule does not look at.",
        ],
        references: &["flannel-io/flannel#426, flannel-io/flannel#267, flannel-io/flannel#203"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::SendForward],
    carried: Carried::Either,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let node = case.timelines.node(loss.from);
            let mut devices = case.points(node, Role::Vtep).peekable();
            devices.peek().is_none()
                || devices.any(|point| unanswered(case, point).next().is_some())
        })
    },
    check,
};

/// Destination unreachable, host unreachable (RFC 792).
const HOST_UNREACHABLE: (u8, u8) = (3, 1);

/// Addresses that were asked for more than once at a point, and that nobody answered for.
fn unanswered<'a>(
    case: &Case<'a>,
    point: PointId,
) -> impl Iterator<Item = (Ipv4Addr, &'a Asked)> + use<'a> {
    let asked = case.facts.asked.iter();
    asked
        .filter(move |((at, _), asked)| {
            *at == point && asked.requests() > 1 && asked.answers.is_empty()
        })
        .map(|((_, address), asked)| (*address, asked))
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let leaving = case.unexplained().filter(|loss| {
        case.is_stage(loss.segment(), Stage::SendForward) || before_device(case, loss)
    });
    let pairs = case.by_ends(leaving).into_iter();
    pairs
        .filter(|(_, losses)| losses.len() >= FEW)
        .filter_map(|((node, _), losses)| finding(case, node, &losses))
        .collect()
}

/// Whether a packet was last seen somewhere before its node's captured tunnel device, and not there.
fn before_device(case: &Case<'_>, loss: &Loss) -> bool {
    let node = case.timelines.node(loss.from);
    case.crosses(loss.segment(), Stage::SendForward)
        && case.points(node, Role::Vtep).any(|point| point == loss.to)
}

fn finding<'a>(case: &Case<'a>, node: NodeId, losses: &[&'a Loss]) -> Option<Finding> {
    let refusals = find_refusals(case.timelines, losses);
    let told = refusals
        .iter()
        .find(|refusal| refusal.kind() == Some(HOST_UNREACHABLE));
    if losses.iter().any(|loss| loss.refused) && told.is_none() {
        return None;
    }
    let mut devices = case.points(node, Role::Vtep);
    let (device, address, asked) = devices.find_map(|device| {
        let near = |address: Ipv4Addr| losses.iter().any(|loss| is_near(case, loss, address));
        let mut asked = unanswered(case, device);
        let (address, asked) = asked.find(|(address, _)| told.is_some() || near(*address))?;
        Some((device, address, asked))
    })?;
    let (from, to) = main_segment(losses.iter().copied())?;
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .evidence(asked.first)
        .evidence(told.and_then(|told| told.errors.first()).map(|error| error.evidence))
        .marked()
        .fill("address", address)
        .say(message!(
            "{node} asks {requests} times by ARP for {address} on {device}, and nobody answers: tunnel devices of this kind are told their neighbors.",
            node = case.timelines.node_name(node),
            requests = asked.requests(),
            address,
            device = case.name(device)
        ));
    if let Some(told) = told {
        draft = draft.say(message!(
            "{told} quotes them: the node gives up when nobody has answered.",
            told = told.describe()
        ));
    }
    Some(draft.finish(message!(
        "packets reach {from} and never {to}: nobody there answers for {address}",
        from = case.name(from),
        to = case.name(to),
        address
    )))
}

/// Whether an address is in the same /24 as a packet's destination.
fn is_near(case: &Case<'_>, loss: &Loss, address: Ipv4Addr) -> bool {
    let destination = case.hop(loss.journey, loss.from).map(|hop| hop.destination);
    match destination {
        Some(IpAddr::V4(destination)) => destination.octets()[..3] == address.octets()[..3],
        _ => false,
    }
}
