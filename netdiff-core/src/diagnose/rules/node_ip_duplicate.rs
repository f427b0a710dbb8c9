//! `node-ip-duplicate`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnels::Macs;
use crate::identify::{ArpOperation, MacAddr};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("node-ip-duplicate"),
    manual: Manual {
        summary: "another machine on the nodes' network has a node's address",
        meaning: "Two machines have one IP address. Others send to whichever of them spoke last; what goes to the wrong machine never reaches the node. It comes and goes, and pings may seem to work, because the other machine answers them.",
        looks_for: &[
            "Packets for a node leave another node's uplink and do not reach the uplink of the one that they are for; at least three.",
            "On the sender's uplink two MAC addresses say by ARP that they have this node's address, and one of them is not the node's own: the node's captures never show it as a sender.",
        ],
        refuted_by: &[
            "{mac} belongs to a card of {to}: a bond, a second card in the same network",
            "`arping -D -I {uplink} {address}` from a third machine gets a single answer",
        ],
        causes: &[
            LikelyCause {
                cause: "the address was given twice: a static address inside a DHCP range, or two static ones",
                confirm: "arping -I {uplink} {address}: two MAC addresses answer; look for {mac} in the switch's table",
            },
            LikelyCause {
                cause: "a cloned or forgotten machine still runs with the node's address",
                confirm: "look for {mac} in the hypervisor's list of virtual machines; its first three bytes tell the maker",
            },
        ],
        remedy: &[
            "find the machine with {mac} and give it another address, or switch it off",
            "then clear the old answer: ip neigh flush to {address}, on every node",
            "reserve the nodes' addresses in DHCP",
        ],
        limits: &[
            "It needs ARP in the capture: where both machines were asked long before, nothing shows it.",
            "An address that moves between machines on purpose (keepalived) shows two MAC addresses, too; its packets are not lost for long.",
        ],
        references: &["RFC 5227; linuxkit/linuxkit#1800, kubernetes/kubeadm#31"],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Underlay],
    carried: Carried::Either,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let target = target(case, loss);
            target.is_none_or(|target| is_unclear(case, loss, target))
        })
    },
    check,
};

/// The address on the nodes' network that a packet is sent to.
fn target(case: &Case<'_>, loss: &Loss) -> Option<IpAddr> {
    if case.timelines.role(loss.from) != Role::Uplink {
        return None;
    }
    let hop = case.hop(loss.journey, loss.from)?;
    Some(
        hop.tunnel
            .map_or(hop.destination, |tunnel| tunnel.destination),
    )
}

/// Whether nothing shows that the sender has the node's own link address for it.
fn is_unclear(case: &Case<'_>, loss: &Loss, target: IpAddr) -> bool {
    let node = case.timelines.node(loss.to);
    let own = own_macs(case, node);
    let used = used_macs(case, loss, target);
    own.is_empty() || used.is_empty() || used.keys().any(|mac| !own.contains_key(mac))
}

/// The link addresses that a node's uplinks send with, by its own captures.
fn own_macs(case: &Case<'_>, node: NodeId) -> Macs {
    let timelines = case.timelines;
    let mut macs = Macs::new();
    for link in &timelines.links.links {
        let here = timelines.node(link.point) == node && timelines.role(link.point) == Role::Uplink;
        let Some((source, _)) = link.outer.filter(|_| here) else {
            continue;
        };
        let sender = link.tunnel.and_then(|t| timelines.plan.home(t.source));
        // What comes in has somebody else's source; outside of tunnels only ARP tells.
        if sender == Some(node) {
            macs.entry(source).or_insert(link.first);
        }
    }
    for (evidence, arp) in &timelines.arp {
        // Answers go to who asked: those of a stranger are not seen here, his questions are.
        let here = timelines.node(evidence.point) == node
            && timelines.role(evidence.point) == Role::Uplink;
        let reply = arp.operation == ArpOperation::Reply;
        if here && reply && timelines.plan.home(IpAddr::V4(arp.sender)) == Some(node) {
            macs.entry(arp.sender_mac).or_insert(*evidence);
        }
    }
    macs
}

/// The link addresses that the sender of a packet uses for an address.
fn used_macs(case: &Case<'_>, loss: &Loss, target: IpAddr) -> Macs {
    let mut macs = Macs::new();
    for link in &case.timelines.links.links {
        let to = link.tunnel.map(|tunnel| tunnel.destination);
        if let Some((_, mac)) = link.outer
            && link.point == loss.from
            && to == Some(target)
        {
            macs.entry(mac).or_insert(link.first);
        }
    }
    macs
}

/// Who says by ARP, at the point where a packet was last seen, that he has an address.
fn claims(case: &Case<'_>, loss: &Loss, target: IpAddr) -> Macs {
    let mut macs = Macs::new();
    let here =
        case.timelines.arp.iter().filter(|(evidence, arp)| {
            evidence.point == loss.from && IpAddr::V4(arp.sender) == target
        });
    for (evidence, arp) in here {
        macs.entry(arp.sender_mac).or_insert(*evidence);
    }
    macs
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut targets: BTreeMap<(NodeId, IpAddr), Vec<&Loss>> = BTreeMap::new();
    for loss in case.unexplained() {
        let other = case.timelines.node(loss.from) != case.timelines.node(loss.to);
        if let Some(target) = target(case, loss).filter(|_| other) {
            let node = case.timelines.node(loss.to);
            targets.entry((node, target)).or_default().push(loss);
        }
    }
    targets
        .into_iter()
        .filter(|(_, losses)| losses.len() >= FEW)
        .filter_map(|((node, target), losses)| finding(case, node, target, &losses))
        .collect()
}

fn finding<'a>(
    case: &Case<'a>,
    node: NodeId,
    target: IpAddr,
    losses: &[&'a Loss],
) -> Option<Finding> {
    let claims = claims(case, losses.first()?, target);
    let own = own_macs(case, node);
    let stranger = claims.iter().find(|(mac, _)| !own.contains_key(mac));
    let real = claims.iter().find(|(mac, _)| own.contains_key(mac));
    let (wrong, right): ((&MacAddr, _), (&MacAddr, _)) = match (stranger, real) {
        (Some(wrong), Some(right)) => (wrong, right),
        // Without the node's own capture: two are enough, and which one is wrong is open.
        (Some(first), None) if own.is_empty() => {
            let second = claims.iter().nth(1)?;
            (first, second)
        }
        _ => return None,
    };
    let (from, to) = main_segment(losses.iter().copied())?;
    let refusals = find_refusals(case.timelines, losses);
    let name = case.timelines.node_name(node);
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence([*wrong.1, *right.1])
        .marked()
        .fill("mac", wrong.0)
        .fill("expected_mac", right.0)
        .fill("address", target)
        .say(message!(
            "Two machines say by ARP that they have {target}: {wrong} and {right}.",
            target,
            wrong = wrong.0,
            right = right.0
        ));
    if own.contains_key(right.0) {
        draft = draft.say(message!(
            "{name} itself sends with {right}.",
            name,
            right = right.0
        ));
    }
    for refusal in &refusals {
        draft = draft.say(message!(
            "{refusal} quotes the packets, which {name} never saw: the other machine answers in its name.",
            refusal = refusal.describe(),
            name
        ));
    }
    Some(draft.finish(message!(
        "packets for {target} leave {from} and never reach {to}: two machines have that address",
        target,
        from = case.name(from),
        to = case.name(to)
    )))
}
