//! `svc-dead-endpoint`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{Disposition, FlowTimeline, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::gone::{Gone, gone};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{Service, all_of, describe, silent_flows};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("svc-dead-endpoint"),
    manual: Manual {
        summary: "a service still leads to a pod that is gone",
        meaning: "Behind a service, one of its pods does not exist any more, and its clients' nodes still choose it: with N pods, one connection in N fails, after some seconds with \"no route to host\" or a timeout; the next try may work.",
        looks_for: &[
            "Flows through a service to a pod from which nothing comes, lost where that pod's node should hand them to it.",
            "That node asks for the pod by ARP at least twice after its last sign of life, and nobody answers; or, where ARP was not captured, ICMP host unreachable quotes the packets with the TTL that they have there.",
            "Other clients that call the pod by its own address are told with it. One finding for each pod that is gone.",
            "UDP that goes on from an old port only, while new ports go to another pod, is conntrack-stale-udp.",
        ],
        refuted_by: &[
            "an answer of {destination}, by ARP or otherwise, at the time of the losses",
            "the service's endpoints at that time do not list {destination}",
        ],
        causes: &[
            LikelyCause {
                cause: "kube-proxy on the client's node has old rules: it hangs, or lost the API server",
                confirm: "kubectl get endpointslices -A | grep {destination}: not listed, and on the client's node: iptables-save -t nat | grep {destination}; kubectl -n kube-system logs of that node's kube-proxy",
            },
            LikelyCause {
                cause: "the endpoint is still listed: the pod ended without being taken out, its node is down or does not report, or the service has no readiness probe",
                confirm: "kubectl get endpointslices -A -o wide | grep {destination}; kubectl get pods -A -o wide | grep {destination}; kubectl get nodes",
            },
        ],
        remedy: &[
            "restart kube-proxy on the nodes whose rules still name {destination}",
            "delete the pod if it is still listed; of endpoints that were made by hand, take {destination} out",
            "give pods a readiness probe and a preStop delay, so that they leave the service before they end",
        ],
        limits: &[
            "A pod that exists and whose link to the bridge is broken looks the same.",
            "IPv6 neighbor discovery is not looked at.",
        ],
        references: &[
            "kubernetes/kubernetes#51445, kubernetes/kubernetes#70493, kubernetes/kubernetes#35641",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::ReceiveForward],
    carried: Carried::Either,
    possible: |case, losses| losses.iter().any(|loss| is_called(case, loss)),
    check,
};

pub(super) fn is_called(case: &Case<'_>, loss: &Loss) -> bool {
    case.flow(loss.journey)
        .is_some_and(|flow| flow.called.is_some())
}

/// Packets that did not come to a pod, as far as no rule has explained them.
#[derive(Default)]
struct Failing<'a> {
    losses: Vec<&'a Loss>,
    /// Refused with ICMP host unreachable, and nothing says where they should have been seen next.
    refused: Vec<Explained>,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pods: BTreeMap<IpAddr, Failing<'_>> = BTreeMap::new();
    for loss in case.unexplained().filter(|loss| !loss.journey.reply) {
        if let Some(flow) = case.flow(loss.journey) {
            let pod = pods.entry(flow.responder.address).or_default();
            pod.losses.push(loss);
        }
    }
    for (flow, timeline) in silent_flows(case) {
        let refused = all_of(flow, false, &timeline.forward).filter(|id| is_refused(case, *id));
        let pod = pods.entry(timeline.responder.address).or_default();
        pod.refused.extend(refused);
    }
    pods.iter()
        .filter_map(|(address, failing)| finding(case, *address, failing))
        .collect()
}

fn is_refused(case: &Case<'_>, id: Explained) -> bool {
    let unreachable = Refusal::Icmp {
        icmp_type: 3,
        code: 1,
    };
    let refused = case.journey(id).is_some_and(|journey| {
        matches!(journey.disposition, Disposition::Rejected { next: None, refusal, .. }
            if refusal == unreachable)
    });
    refused && !case.facts.is_explained(id)
}

/// How many conversations with others behind the same services were answered.
fn others(case: &Case<'_>, address: IpAddr, services: &BTreeSet<Service>) -> u64 {
    let flows = case.timelines.flows.iter().filter(|flow| {
        let same = flow
            .called
            .is_some_and(|called| services.contains(&(flow.protocol, called)));
        same && flow.responder.address != address && !flow.reply.journeys.is_empty()
    });
    flows.map(|flow| flow.conversations).sum()
}

fn finding(case: &Case<'_>, address: IpAddr, failing: &Failing<'_>) -> Option<Finding> {
    let lost = failing.losses.iter().map(|loss| loss.journey);
    let packets: Vec<Explained> = lost.chain(failing.refused.iter().copied()).collect();
    let flows: BTreeMap<usize, &FlowTimeline> = packets
        .iter()
        .filter_map(|id| Some((id.flow, case.flow(*id)?)))
        .collect();
    let services: BTreeSet<Service> = flows
        .values()
        .filter_map(|flow| Some((flow.protocol, flow.called?)))
        .collect();
    if services.is_empty() {
        return None;
    }
    let Gone { story, evidence } = gone(case, address, &packets)?;
    let listed: Vec<String> = services.iter().take(4).map(|s| describe(*s)).collect();
    let failed: u64 = flows.values().map(|flow| flow.conversations).sum();
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(failing.losses.iter().copied())
        .journeys(failing.refused.iter().copied())
        .evidence(evidence)
        .marked()
        .fill("destination", address)
        .say(message!(
            "{failed} conversations with {listed} are led to {address}, and nothing comes from there.",
            failed,
            listed = Message::list(&listed, text!(", ")),
            address
        ))
        .say(story);
    let others = others(case, address, &services);
    if others > 0 {
        draft = draft.say(message!(
            "{others} conversations with the same service were led to another pod and answered.",
            others
        ));
    }
    Some(draft.finish(message!(
        "{listed} still leads to {address}, a pod that is gone",
        listed = Message::list(&listed, text!(", ")),
        address
    )))
}
