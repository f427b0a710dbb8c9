//! `masquerade-missing`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{FlowTimeline, NodeId, PartyKind, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{
    Service, addressed, all_of, known_services, must_be_answered, plain_exit, silent_flows,
};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("masquerade-missing"),
    manual: Manual {
        summary: "a node does not masquerade what its pods send out of the cluster",
        meaning: "What pods send to hosts outside the cluster leaves their node with the pod's own address as its source. The outside has no way back to it, so nothing is answered.",
        looks_for: &[
            "A pod's flow to an address of no captured node, no pod and no known service leaves the pod's node through the uplink, in no tunnel, with the pod's own address as source, and nothing at all comes back; a ping or TCP among them.",
            "And what shows that it should be otherwise: the same host answers somebody whose source is a node's address (high confidence), or another pod's flow to the outside is masqueraded, in this set or in the reference. Without that, pods' addresses may be known outside, and the rule is silent.",
            "One finding a node.",
        ],
        refuted_by: &[
            "an answer to one of the pod's packets",
            "a network that routes the pods' addresses: then the outside host does not answer for another reason",
        ],
        causes: &[
            LikelyCause {
                cause: "the masquerade rules are gone or were never made: flanneld without --ip-masq, flushed iptables",
                confirm: "on {from}: iptables -t nat -S | grep -e MASQUERADE -e FLANNEL-POSTRTG",
            },
            LikelyCause {
                cause: "a rule before them returns or accepts these packets",
                confirm: "on {from}: iptables -t nat -L POSTROUTING -v -n --line-numbers, while the pod sends",
            },
        ],
        remedy: &[
            "start flanneld with --ip-masq, or set \"ipMasq\": true for the CNI plugin that masquerades, and restart it on {from}",
            "iptables -t nat -A POSTROUTING -s {subnet} ! -d {subnet} -o {uplink} -j MASQUERADE on {from}, {subnet} being the network of all pods",
        ],
        limits: &[
            "Packets that connection tracking calls invalid leave unmasqueraded, too, now and then: that is another fault, and other packets of the same flow are answered.",
        ],
        references: &[
            "kubernetes/kubernetes#40761",
            "flannel-io/flannel#1253",
            "coreos/bugs#1439",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

type Flows<'a> = Vec<(usize, &'a FlowTimeline)>;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let services = known_services(case);
    let mut nodes: BTreeMap<NodeId, Flows<'_>> = BTreeMap::new();
    for (index, flow) in silent_flows(case) {
        let known = services.iter().any(|known| is_same_address(*known, flow));
        if let Some(node) = unmasqueraded_at(case.timelines, flow).filter(|_| !known) {
            nodes.entry(node).or_default().push((index, flow));
        }
    }
    nodes
        .iter()
        .filter_map(|(node, flows)| finding(case, *node, flows))
        .collect()
}

fn is_same_address(known: Service, flow: &FlowTimeline) -> bool {
    known.1.address == addressed(flow).1.address
}

/// The node that a pod's packets to the outside leave under the pod's own address.
fn unmasqueraded_at(timelines: &Timelines, flow: &FlowTimeline) -> Option<NodeId> {
    let (pod, outside) = (flow.initiator, flow.responder);
    let node = pod.node.filter(|_| pod.kind == PartyKind::Pod)?;
    if flow.called.is_some() || !is_outside(timelines, flow) || outside.address.is_multicast() {
        return None;
    }
    let (_, exit) = plain_exit(timelines, &flow.forward, node)?;
    (exit.source == pod.address && exit.destination == outside.address).then_some(node)
}

fn is_outside(timelines: &Timelines, flow: &FlowTimeline) -> bool {
    let outside = flow.responder;
    outside.node.is_none()
        && outside.kind != PartyKind::Pod
        && !timelines.plan.shares_pod_network(outside.address)
}

/// Why the pod's address should not be seen outside.
enum Contrast {
    /// The same host answers others.
    Answers(Message),
    /// Other pods' packets are masqueraded.
    Elsewhere(Message),
}

fn contrast(case: &Case<'_>, flows: &Flows<'_>) -> Option<Contrast> {
    let timelines = case.timelines;
    let answers = timelines.flows.iter().find(|other| {
        let same = flows
            .iter()
            .any(|(_, flow)| flow.responder.address == other.responder.address);
        let own = other.initiator.kind == PartyKind::Node && other.seen_as.is_none();
        same && !other.reply.journeys.is_empty() && (own || is_masqueraded(timelines, other))
    });
    if let Some(other) = answers {
        let seen = other.seen_as.unwrap_or(other.initiator.address);
        return Some(Contrast::Answers(message!(
            "{address} does answer what comes from {seen}.",
            address = other.responder.address,
            seen
        )));
    }
    let masquerades = |set: &Timelines| set.flows.iter().any(|flow| is_masqueraded(set, flow));
    if masquerades(timelines) {
        let text = message!("What other pods send out of the cluster is masqueraded.");
        return Some(Contrast::Elsewhere(text));
    }
    let usual = case.reference.is_some_and(masquerades);
    let text = message!("In the reference, what pods send out of the cluster is masqueraded.");
    usual.then_some(Contrast::Elsewhere(text))
}

fn is_masqueraded(timelines: &Timelines, flow: &FlowTimeline) -> bool {
    flow.initiator.kind == PartyKind::Pod
        && flow.seen_as.is_some()
        && is_outside(timelines, flow)
        && flow.called.is_none()
        && !flow.reply.journeys.is_empty()
}

fn finding(case: &Case<'_>, node: NodeId, flows: &Flows<'_>) -> Option<Finding> {
    let (_, first) = flows.iter().find(|(_, flow)| must_be_answered(flow))?;
    let (before, exit) = plain_exit(case.timelines, &first.forward, node)?;
    let contrast = contrast(case, flows)?;
    let name = case.timelines.node_name(node);
    let packets: usize = flows.iter().map(|(_, f)| f.forward.journeys.len()).sum();
    let exits = flows.iter().filter_map(|(_, flow)| {
        let (_, hop) = plain_exit(case.timelines, &flow.forward, node)?;
        Some(hop.first)
    });
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(flows.iter().flat_map(|(index, flow)| all_of(*index, false, &flow.forward)))
        .evidence(exits)
        .fill("source", exit.source)
        .fill("destination", exit.destination)
        .fill("from", name)
        .say(message!(
            "{packets} packets to the outside leave {exit} with a pod's own address as source, {source} for one; nothing comes back.",
            packets,
            exit = case.name(exit.point),
            source = exit.source
        ));
    if let Some(before) = before {
        draft = draft.segment((before.point, exit.point));
    }
    draft = match contrast {
        Contrast::Answers(text) => draft.say(text).marked(),
        Contrast::Elsewhere(text) => draft.say(text).alternatives([RuleId("capture-gap")]),
    };
    Some(draft.finish(message!(
        "{name} does not masquerade what its pods send out of the cluster",
        name
    )))
}
