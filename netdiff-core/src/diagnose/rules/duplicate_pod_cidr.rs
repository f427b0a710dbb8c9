//! `duplicate-pod-cidr`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::dead_pod_ip::asked_in_vain;
use crate::correlate::{NodeId, PartyKind};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{ends_of, severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Evidence;
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("duplicate-pod-cidr"),
    manual: Manual {
        summary: "two nodes give their pods addresses of one network",
        meaning: "A pod has an address of the network that another node's pods have: what is sent to it goes to that other node, which has no such pod, or another one.",
        looks_for: &[
            "Packets for a pod's address that are lost, while that address sends from the link of a pod on one node, and another node asks for it by ARP among its own pods in vain, since the packets were carried there.",
            "All such addresses between the same two nodes are one finding.",
        ],
        refuted_by: &[
            "different networks for the two nodes, and {address} in that of its own: kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
            "an ARP answer for {address} on {from}",
        ],
        causes: &[
            LikelyCause {
                cause: "the node's CNI configuration was copied from another node, or names a fixed network (containerd's or CRI-O's default bridge configuration)",
                confirm: "on both nodes: cat /etc/cni/net.d/*; ip address show {bridge}; cat /run/flannel/subnet.env",
            },
            LikelyCause {
                cause: "the cluster was made without a pod network (kubeadm without --pod-network-cidr), so that nodes took one each on their own",
                confirm: "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR; kubectl cluster-info dump | grep -m1 cluster-cidr",
            },
        ],
        remedy: &[
            "give each node a network of its own (podCIDR) and take foreign configuration out of /etc/cni/net.d, as 10-containerd-net.conflist",
            "delete the bridge of the wrong network ({bridge}) and make the node's pods anew",
        ],
        limits: &[
            "Where both nodes have a pod with the same address, the wrong one answers and nothing is lost: that is not told.",
            "Without captures inside both nodes it looks like dead-pod-ip.",
        ],
        references: &[
            "flannel-io/flannel#1549, flannel-io/flannel#805, containernetworking/plugins#629",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::ReceiveForward, Stage::EnterPod],
    carried: Carried::Either,
    possible: |case, losses| {
        losses.iter().any(|loss| {
            let destination = destination_of(case, loss);
            destination.is_some_and(|(address, home)| {
                // Of a pod that never sends, nobody knows where it is.
                home.is_none_or(|home| home != case.timelines.node(loss.to))
                    && case.timelines.plan.kind(address) != PartyKind::Node
            })
        })
    },
    check,
};

/// To whom a lost packet goes in the end, and the node from which that one sends.
fn destination_of(case: &Case<'_>, loss: &Loss) -> Option<(IpAddr, Option<NodeId>)> {
    let flow = case.flow(loss.journey)?;
    let (_, destination) = ends_of(flow, loss.journey.reply);
    Some((destination, case.timelines.plan.home(destination)))
}

/// A loss, the address that it was for, and the first question for that address.
type Shown<'a> = (&'a Loss, IpAddr, Evidence);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<(NodeId, NodeId), Vec<Shown<'_>>> = BTreeMap::new();
    for loss in case.unexplained() {
        let Some((address, Some(home))) = destination_of(case, loss) else {
            continue;
        };
        if case.timelines.plan.kind(address) != PartyKind::Pod {
            continue;
        }
        if let Some((other, asked)) = asking_elsewhere(case, home, address) {
            pairs
                .entry((home, other))
                .or_default()
                .push((loss, address, asked));
        }
    }
    pairs
        .into_iter()
        .map(|((home, other), shown)| finding(case, home, other, &shown))
        .collect()
}

/// Another node than a pod's own that looks for it among its pods in vain.
fn asking_elsewhere(case: &Case<'_>, home: NodeId, address: IpAddr) -> Option<(NodeId, Evidence)> {
    let nodes = (0..).map(NodeId).take(case.timelines.nodes.len());
    let mut asking = nodes.filter(|node| *node != home).filter_map(|node| {
        let asked = asked_in_vain(case, node, address)?;
        Some((node, asked))
    });
    asking.next()
}

/// All flows of these addresses: whatever is odd about them, it follows from their being where they are.
fn flows_of(case: &Case<'_>, shown: &[Shown<'_>]) -> Vec<usize> {
    let is_shown = |address| shown.iter().any(|(_, shown, _)| *shown == address);
    let flows = case.timelines.flows.iter().enumerate();
    flows
        .filter(|(_, flow)| {
            [flow.initiator, flow.responder]
                .iter()
                .any(|p| is_shown(p.address))
        })
        .map(|(index, _)| index)
        .collect()
}

fn finding<'a>(case: &Case<'a>, home: NodeId, other: NodeId, shown: &[Shown<'a>]) -> Finding {
    let losses: Vec<&Loss> = shown.iter().map(|(loss, ..)| *loss).collect();
    let mut addresses: Vec<String> = shown
        .iter()
        .map(|(_, address, _)| address.to_string())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    let (name, other_name) = (
        case.timelines.node_name(home),
        case.timelines.node_name(other),
    );
    let list = Message::list(&addresses, text!(", "));
    // Where the losses were last seen on the node that the network belongs to tells the place.
    let there: Vec<&Loss> = losses
        .iter()
        .copied()
        .filter(|loss| case.timelines.node(loss.from) == other)
        .collect();
    let mut draft = Draft::new(case, &RULE, severity(case, &losses))
        .evidence(shown.iter().map(|(.., asked)| *asked).take(1))
        .losses(losses.iter().copied())
        .flows(flows_of(case, shown))
        .marked()
        .say(message!("{list} sends from {name}.", list, name))
        .say(message!(
            "{losses} packets for it are lost, while {other_name} asks for it by ARP among its own pods, and nobody answers.",
            losses = losses.len(),
            other_name
        ));
    if let Some(first) = addresses.first() {
        draft = draft.fill("address", first);
    }
    if let Some(segment) = crate::diagnose::facts::main_segment(there) {
        draft = draft.segment(segment);
    }
    draft.finish(message!(
        "{list} is on {name}, and packets for it go to {other_name}, which has no such pod",
        list,
        name,
        other_name
    ))
}
