//! `dead-pod-ip`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::{Journey, NodeId, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{Side, ends, forwarder_of, refusal_of, severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Evidence;
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("dead-pod-ip"),
    manual: Manual {
        summary: "packets are sent to a pod's address that nobody has",
        meaning: "The node that the address belongs to asks for it and nobody answers: the pod is gone, or its link is broken, and somebody still uses its address, from a name, an endpoint or a configuration that is out of date.",
        looks_for: &[
            "Packets for an address that end on a node where it would give them to the pod, and ARP requests for that address on the node's bridge that nobody there answers.",
            "Or, of packets that end there, ICMP host unreachable that quotes them and names the node's own address as its sender (IPv4 3/1, IPv6 1/3), while the bridge was captured.",
            "Nobody sends from that address on any captured node: if a pod of another node does, it is duplicate-pod-cidr.",
        ],
        refuted_by: &[
            "an ARP answer for {address} on {to}",
            "a running pod with the address {address} on {to}: kubectl get pods -A -o wide | grep {address}",
        ],
        causes: &[
            LikelyCause {
                cause: "the pod was deleted or moved, and the client keeps its old address: a headless service's DNS answer, a connection pool, a stale endpoint",
                confirm: "kubectl get pods -A -o wide | grep {address}; kubectl get endpointslices -A -o wide | grep {address}",
            },
            LikelyCause {
                cause: "the pod runs and its veth is down or in no bridge",
                confirm: "on {to}: ip neigh show {address}; ip link show master {bridge}; bridge fdb show br {bridge}",
            },
        ],
        remedy: &[
            "let the client ask for the address again: restart it, lower the time to live of its cache, call the service and not the pod",
            "where endpoints are stale: restart kube-proxy, or delete the endpoint",
            "where the pod runs: delete it, so that its link is made anew",
        ],
        limits: &[
            "A pod with the same address on a node that was not captured (duplicate-pod-cidr) looks the same.",
            "Nodes that give packets to pods by a route to each (Calico) ask by ARP on the pod's own link, which is gone with the pod.",
        ],
        references: &["RFC 826; RFC 1812, section 5.2.7.1"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::ReceiveForward, Stage::EnterPod],
    carried: Carried::Either,
    possible,
    check,
};

/// Who asks in vain for an address on a node, if somebody does.
pub(super) fn asked_in_vain(case: &Case<'_>, node: NodeId, address: IpAddr) -> Option<Evidence> {
    let IpAddr::V4(v4) = address else { return None };
    let mut first = None;
    for point in inside(case, node) {
        let Some(asked) = case.facts.asked.get(&(point, v4)) else {
            continue;
        };
        if !asked.answers.is_empty() {
            return None;
        }
        first = first.or(asked.first);
    }
    first
}

/// The points of a node at which its pods are asked for.
fn inside(case: &Case<'_>, node: NodeId) -> impl Iterator<Item = crate::types::PointId> {
    let bridges = case.points(node, Role::Bridge);
    bridges.chain(case.points(node, Role::Pod))
}

/// Whether an address was seen to send, or was answered for, anywhere.
fn is_alive(case: &Case<'_>, address: IpAddr) -> bool {
    let flows = case.timelines.flows.iter();
    let sends = |hops: &[crate::correlate::Hop]| {
        hops.iter().any(|hop| {
            hop.source == address
                && matches!(case.timelines.role(hop.point), Role::Pod | Role::Bridge)
        })
    };
    let mut directions = flows.flat_map(|flow| [&flow.forward, &flow.reply]);
    directions.any(|direction| sends(&direction.hops))
}

fn possible(case: &Case<'_>, losses: &[&Loss]) -> bool {
    losses.iter().any(|loss| {
        let Some((_, destination)) = ends(case, loss) else {
            return false;
        };
        let node = case.timelines.node(loss.to);
        let bridged = case.timelines.role(loss.to) == Role::Bridge;
        // The bridge would show the question.
        let asked = asked_in_vain(case, node, destination).is_some();
        !is_alive(case, destination) && (asked || !bridged || destination.is_ipv6())
    })
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut dead: BTreeMap<(NodeId, IpAddr), Vec<&Loss>> = BTreeMap::new();
    for loss in case.unexplained() {
        let Some((_, destination)) = ends(case, loss) else {
            continue;
        };
        let nodes = [loss.to, loss.from].map(|point| case.timelines.node(point));
        let receiving = |node: &&NodeId| {
            **node == nodes[0] && case.crosses(loss.segment(), Stage::ReceiveForward)
        };
        let Some(node) = nodes.iter().find(receiving) else {
            continue;
        };
        let shown = asked_in_vain(case, *node, destination).is_some() || is_told(case, loss);
        if shown && !is_alive(case, destination) {
            dead.entry((*node, destination)).or_default().push(loss);
        }
    }
    dead.into_iter()
        .map(|((node, address), losses)| finding(case, node, address, &losses))
        .collect()
}

/// Whether the receiving node itself says that the host cannot be reached.
fn is_told(case: &Case<'_>, loss: &Loss) -> bool {
    let receiving = forwarder_of(case, loss).is_some_and(|(_, side)| side == Side::Receiving);
    let unreachable = matches!(
        refusal_of(case, loss),
        Some((
            _,
            Refusal::Icmp {
                icmp_type: 3,
                code: 1
            } | Refusal::Icmp {
                icmp_type: 1,
                code: 3
            }
        ))
    );
    receiving && unreachable
}

/// Whether a loss was seen on the link of the pod that sent it.
fn is_seen_at_pod(case: &Case<'_>, loss: &Loss) -> bool {
    let first = case.journey(loss.journey).and_then(Journey::first);
    first.is_some_and(|evidence| case.timelines.role(evidence.point) == Role::Pod)
}

fn finding<'a>(case: &Case<'a>, node: NodeId, address: IpAddr, losses: &[&'a Loss]) -> Finding {
    let name = case.timelines.node_name(node);
    let asked = asked_in_vain(case, node, address);
    let refusals = find_refusals(case.timelines, losses);
    let errors = refusals.iter().filter_map(|refusal| refusal.errors.first());
    let mut draft = Draft::new(case, &RULE, severity(case, losses))
        .evidence(asked)
        .evidence(errors.map(|error| error.evidence))
        .losses(losses.iter().copied())
        .fill("address", address)
        .marked()
        .alternatives([RuleId("duplicate-pod-cidr")]);
    if !losses.iter().all(|loss| is_seen_at_pod(case, loss)) {
        // What the client called, its own link alone would show.
        draft = draft.alternatives([RuleId("svc-dead-endpoint")]);
    }
    draft = draft.say(message!(
        "{losses} packets for {address} end on {name}.",
        losses = losses.len(),
        address,
        name
    ));
    if asked.is_some() {
        draft = draft.say(message!(
            "{name} asks for {address} by ARP, and nobody answers.",
            name,
            address
        ));
    }
    if let Some(refusal) = refusals.first() {
        draft = draft.say(message!(
            "{refusal} says that it was not found.",
            refusal = refusal.describe()
        ));
    }
    draft.finish(message!(
        "{address} on {name} is used and nobody has it",
        address,
        name
    ))
}
