//! `hostgw-antispoof`: see the manual below.

use std::collections::BTreeSet;

use crate::correlate::{NodeId, PartyKind};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{not_excluded, severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::next_hop::{Target, is_plain_departure, target_of};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::sizes::ALWAYS_FITS;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("hostgw-antispoof"),
    manual: Manual {
        summary: "the network between nodes drops packets that bear pods' addresses",
        meaning: "With host-gw, DirectRouting or CrossSubnet, pods' packets travel as they are. Port security of a cloud or hypervisor drops what does not come from, or go to, the virtual machine's own address: nodes reach each other, pods do not.",
        looks_for: &[
            "Packets of pods that leave a node's network card outside any tunnel, for the link address by which it reaches the other node, and never reach the other one's network card, silently; at least three, at least one of them of 1280 bytes or less.",
            "None of that kind arrives, in that direction, and packets between the same nodes that bear nodes' addresses do.",
            "All pairs of nodes are one finding: it is the network's setting.",
        ],
        refuted_by: &[
            "one packet with a pod's source address at {next}",
            "packets between the nodes' own addresses that are lost as well",
        ],
        causes: &[
            LikelyCause {
                cause: "the cloud checks source and destination: OpenStack port security, AWS source/destination check, Azure without IP forwarding",
                confirm: "openstack port show PORT -c allowed_address_pairs; aws ec2 describe-instance-attribute --attribute sourceDestCheck --instance-id ID; the network interface's IP forwarding in Azure",
            },
            LikelyCause {
                cause: "the hypervisor's switch or a firewall between the nodes does not know the pods' network",
                confirm: "look for rules that name the nodes' network alone; capture between the nodes for `net {subnet}`",
            },
        ],
        remedy: &[
            "allow the pods' network on the ports of the nodes (allowed-address-pairs), or switch the check off",
            "encapsulate always: flannel's vxlan backend without DirectRouting, Calico's vxlanMode or ipipMode Always",
        ],
        limits: &[
            "A firewall that drops the pods' network looks the same as a check of addresses.",
            "Without link addresses (cooked captures) it is not told from a missing route.",
        ],
        references: &[
            "projectcalico/calico#9138, cloudnativelabs/kube-router#854, coreos/tectonic-installer#78",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Underlay],
    carried: Carried::Plain,
    possible: |case, losses| {
        losses.iter().any(|loss| {
            // Where the network card was not captured, it may have left it in plain.
            let seen = case.timelines.role(loss.from) == Role::Uplink;
            !loss.refused
                && (!seen
                    || is_plain_departure(case, loss)
                        && !matches!(target_of(case, loss), Target::Other(_)))
        })
    },
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let dropped: Vec<&Loss> = case
        .unexplained()
        .filter(|loss| !loss.refused && is_plain_departure(case, loss))
        .filter(|loss| target_of(case, loss) == Target::Peer)
        .collect();
    let pair = |loss: &Loss| (case.timelines.node(loss.from), case.timelines.node(loss.to));
    let pairs: BTreeSet<(NodeId, NodeId)> = dropped.iter().map(|loss| pair(loss)).collect();
    let blocked: BTreeSet<_> = pairs
        .into_iter()
        .filter(|nodes| {
            let (from_pods, from_nodes) = arrived(case, *nodes);
            from_pods == 0 && from_nodes > 0
        })
        .collect();
    let losses: Vec<&Loss> = dropped
        .into_iter()
        .filter(|loss| blocked.contains(&pair(loss)))
        .collect();
    finding(case, &losses, &blocked).into_iter().collect()
}

/// How many plain packets got from one node to the other: of pods, and of nodes.
fn arrived(case: &Case<'_>, (from, to): (NodeId, NodeId)) -> (u64, u64) {
    let timelines = case.timelines;
    let mut counts = (0, 0);
    for ((a, b), ways) in &case.facts.passed {
        let crosses = timelines.node(*a) == from && timelines.node(*b) == to;
        if !crosses || timelines.role(*a) != Role::Uplink {
            continue;
        }
        for ((flow, reply), passed) in ways {
            let direction = timelines
                .flows
                .get(*flow)
                .map(|flow| if *reply { &flow.reply } else { &flow.forward });
            let hop = direction.and_then(|d| {
                d.hops
                    .iter()
                    .find(|hop| hop.point == *a && hop.tunnel.is_none())
            });
            match hop.map(|hop| timelines.plan.kind(hop.source)) {
                Some(PartyKind::Node) => counts.1 += passed.packets,
                Some(PartyKind::Pod | PartyKind::Unknown) => counts.0 += passed.packets,
                None => {}
            }
        }
    }
    counts
}

fn finding<'a>(
    case: &Case<'a>,
    losses: &[&'a Loss],
    pairs: &BTreeSet<(NodeId, NodeId)>,
) -> Option<Finding> {
    let small = losses.iter().any(|loss| loss.ip_len <= ALWAYS_FITS);
    let told = !find_refusals(case.timelines, losses).is_empty();
    let (from, _) = main_segment(losses.iter().copied())?;
    if losses.len() < FEW || !small || told {
        return None;
    }
    let mut draft = Draft::new(case, &RULE, severity(case, losses))
        .losses(losses.iter().copied())
        .alternatives(not_excluded(case, losses));
    for (from, to) in pairs {
        let lost = losses.iter().filter(|loss| {
            (case.timelines.node(loss.from), case.timelines.node(loss.to)) == (*from, *to)
        });
        draft = draft.say(message!(
            "{from} to {to}: {lost} packets with pods' addresses left outside any tunnel for the other node's link address, 0 arrived; {to_2} with nodes' addresses did arrive.",
            from = case.timelines.node_name(*from),
            to = case.timelines.node_name(*to),
            lost = lost.count(),
            to_2 = arrived(case, (*from, *to)).1
        ));
    }
    let title = message!(
        "packets with pods' addresses leave {from} outside any tunnel and never arrive, while those with nodes' addresses do",
        from = case.name(from)
    );
    Some(draft.finish(title))
}
