//! `conntrack-stale-udp`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::svc_dead_endpoint::is_called;
use crate::correlate::{Disposition, FlowTimeline, Journey};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{Service, describe};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Evidence;
use crate::types::{Message, Protocol, Timestamp};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("conntrack-stale-udp"),
    manual: Manual {
        summary: "a node goes on sending an old UDP conversation to a pod that is gone",
        meaning: "A service's pod was replaced. New UDP conversations go to its successor, but one that was under way goes on to the old pod, for as long as the client keeps sending from the same port: connection tracking remembers the old translation. Typical of statsd, syslog and DNS forwarders, which never change their port.",
        looks_for: &[
            "Datagrams of one client to one service, in one capture: from one port they are led to one pod and lost, at least three of them; from a port that began later they are led to another pod and arrive; and after that began, the first port goes on to the old one.",
            "No port that began after the first of those losses is led to the old pod: else the service itself still leads there (svc-dead-endpoint).",
            "High confidence if the same port's datagrams to the old pod arrived before: then it was right once.",
        ],
        refuted_by: &[
            "a new port of the same client that is led to {destination}, too",
            "conntrack -L -p udp --orig-dst {service} on {from} shows no entry with {destination}",
        ],
        causes: &[
            LikelyCause {
                cause: "kube-proxy did not delete the tracked conversations when the endpoint went away",
                confirm: "on the client's node: conntrack -L -p udp --orig-dst {service} | grep {destination}; kube-proxy's version and log",
            },
            LikelyCause {
                cause: "the conversation began while the service had no endpoint, or before kube-proxy ran, and is remembered so",
                confirm: "on the client's node: conntrack -L -p udp --orig-dst {service}",
            },
        ],
        remedy: &[
            "on the client's node: conntrack -D -p udp --orig-dst {service}",
            "let the client open a new socket now and then, or when nothing comes back",
            "update kube-proxy: several versions forget to delete such entries",
        ],
        limits: &["TCP notices a dead pod by itself, so only UDP is looked at."],
        references: &[
            "kubernetes/kubernetes#66651, kubernetes/kubernetes#48370",
            "kubernetes/kubernetes#126130, kubernetes/kubernetes#139628",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::ReceiveForward],
    carried: Carried::Either,
    possible: |case, losses| {
        losses
            .iter()
            .any(|loss| loss.protocol == Protocol::UDP && is_called(case, loss))
    },
    check,
};

/// Flows of one client with one service, by the pod that they are led to.
type Group<'a> = Vec<(usize, &'a FlowTimeline)>;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(IpAddr, Service), Group<'_>> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        if let Some(called) = flow.called.filter(|_| flow.protocol == Protocol::UDP) {
            let service = (flow.protocol, called);
            let group = groups.entry((flow.initiator.address, service)).or_default();
            group.push((index, flow));
        }
    }
    let mut findings = Vec::new();
    for ((_, service), group) in groups {
        for old in &group {
            let stale = find_stale(*old, &group);
            findings.extend(stale.and_then(|stale| finding(case, service, &stale)));
        }
    }
    findings
}

/// A conversation that goes on to the old pod.
struct Stale<'a> {
    index: usize,
    old: &'a FlowTimeline,
    ports: BTreeSet<u16>,
    new: &'a FlowTimeline,
    new_first: Evidence,
    worked_before: bool,
}

const fn fails(journey: &Journey) -> bool {
    matches!(
        journey.disposition,
        Disposition::Lost { .. } | Disposition::Rejected { .. }
    )
}

/// Whether it is known to have arrived, or its conversation is answered.
fn arrives(flow: &FlowTimeline, journey: &Journey) -> bool {
    let answered = || flow.reply.journeys.iter().any(|j| j.port == journey.port);
    matches!(journey.disposition, Disposition::Delivered(_)) || (!fails(journey) && answered())
}

/// When each client port sent its first datagram of a flow.
fn beginnings(flow: &FlowTimeline) -> BTreeMap<u16, Timestamp> {
    let mut first: BTreeMap<u16, Timestamp> = BTreeMap::new();
    for journey in &flow.forward.journeys {
        let time = first.entry(journey.port).or_insert(journey.time);
        *time = (*time).min(journey.time);
    }
    first
}

fn find_stale<'a>((index, old): (usize, &'a FlowTimeline), group: &Group<'a>) -> Option<Stale<'a>> {
    let failing: Vec<&Journey> = old.forward.journeys.iter().filter(|j| fails(j)).collect();
    let began_to_fail = failing.iter().map(|journey| journey.time).min()?;
    let last_failure = failing.iter().map(|journey| journey.time).max()?;
    let ports: BTreeSet<u16> = failing.iter().map(|journey| journey.port).collect();
    let old_ports = beginnings(old);
    let still_chosen = old_ports.values().any(|first| *first > began_to_fail);
    let first_of_old = old_ports.values().min()?;
    if still_chosen || failing.len() < FEW {
        return None;
    }
    // Times are compared where the client sends: one clock.
    let (new, newcomer) =
        group
            .iter()
            .filter(|(other, _)| *other != index)
            .find_map(|(_, new)| {
                let newcomer = new.forward.journeys.iter().find(|journey| {
                    let first = beginnings(new).get(&journey.port).copied();
                    arrives(new, journey)
                        && !old_ports.contains_key(&journey.port)
                        && first.is_some_and(|first| first > *first_of_old && first < last_failure)
                })?;
                Some((*new, newcomer))
            })?;
    let worked_before = old.forward.journeys.iter().any(|journey| {
        arrives(old, journey) && ports.contains(&journey.port) && journey.time < began_to_fail
    });
    Some(Stale {
        index,
        old,
        ports,
        new,
        new_first: newcomer.last()?,
        worked_before,
    })
}

fn finding(case: &Case<'_>, service: Service, stale: &Stale<'_>) -> Option<Finding> {
    let of_it = |loss: &&Loss| loss.journey.flow == stale.index && !loss.journey.reply;
    let losses: Vec<&Loss> = case.unexplained().filter(of_it).collect();
    if losses.len() < FEW {
        return None;
    }
    let ports: Vec<String> = stale.ports.iter().take(4).map(u16::to_string).collect();
    let (client, pod) = (stale.old.initiator.address, stale.old.responder.address);
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .evidence(losses.first().map(|loss| loss.last))
        .evidence([stale.new_first])
        .fill("destination", pod)
        .fill("service", service.1.address)
        .say(message!(
            "From port {ports} of {client}, datagrams to {service} go on to {pod}; {losses} are lost.",
            ports = Message::list(&ports, text!(", ")),
            client,
            service = describe(service),
            pod,
            losses = losses.len()
        ))
        .say(message!(
            "From ports that began later, datagrams to the same go to {address} and arrive, while those of the old port still do not.",
            address = stale.new.responder.address
        ));
    if let Some(node) = stale.old.initiator.node {
        draft = draft.fill("from", case.timelines.node_name(node));
    }
    draft = if stale.worked_before {
        draft.marked().say(message!(
            "Datagrams of the old port to the same pod did arrive before."
        ))
    } else {
        draft.alternatives([RuleId("svc-dead-endpoint")])
    };
    Some(draft.finish(message!(
        "{client} is still led to {pod} from an old port, to another pod from new ones",
        client,
        pod
    )))
}
