//! `svc-port-closed`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{Direction, FlowTimeline, Journey, PartyKind, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{
    Service, addressed, all_of, describe, has_flag, is_syn, is_syn_ack,
};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::{Evidence, TcpFlags};
use crate::types::{Message, Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("svc-port-closed"),
    manual: Manual {
        summary: "nothing listens on the port of the pod that is called",
        meaning: "Packets reach the pod and the pod itself refuses them at once: nobody listens on that port. Clients see \"connection refused\". Behind a service, its target port is wrong or the program in the pod is not up.",
        looks_for: &[
            "TCP: every connection to one port of a pod is answered with a reset and none with a SYN-ACK, and the resets come from the pod: they were first seen at its link or its node's bridge, or, where those were not captured, with a TTL that a router has lowered. A firewall on the node that resets in the pod's name sends with an untouched TTL, and nothing on the pod's side sees it.",
            "UDP: the pod's own address answers with ICMP port unreachable, and never otherwise.",
            "One finding for each pod and port, whatever the service, TCP and UDP together. A note where nothing but datagrams to the pod's own address was refused: nobody is known to wait for an answer.",
        ],
        refuted_by: &[
            "a connection to {destination} port {service_port} that is accepted",
            "a program that listens there: ss -lntu in the pod",
        ],
        causes: &[
            LikelyCause {
                cause: "the service's targetPort is not the one the program listens on",
                confirm: "kubectl get endpointslices -A | grep {destination}; in the pod: ss -lntu",
            },
            LikelyCause {
                cause: "the program is not up, or has ended",
                confirm: "kubectl get pods -A -o wide | grep {destination}; kubectl logs POD; kubectl describe pod POD",
            },
            LikelyCause {
                cause: "the program listens on 127.0.0.1 only",
                confirm: "in the pod: ss -lnt | grep 127.0.0.1",
            },
        ],
        remedy: &[
            "set the service's targetPort to the port that the program listens on, or the program's to {service_port}",
            "make the program listen on all addresses of the pod",
            "give the pod a readiness probe, so that it gets no traffic before it listens",
        ],
        limits: &["A program that is restarting refuses for some seconds in the same way."],
        references: &[
            "RFC 9293, section 3.10.7.1; RFC 1122, section 4.1.3.1",
            "Kubernetes: Debug Services, \"Is the Service defined correctly?\"",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// A flow whose packets its receiver refuses.
struct Refused<'a> {
    index: usize,
    flow: &'a FlowTimeline,
    attempts: usize,
    proof: Evidence,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut closed: BTreeMap<(IpAddr, Option<u16>), Vec<Refused<'_>>> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        let refused = match flow.protocol {
            _ if flow.responder.kind != PartyKind::Pod => None,
            Protocol::TCP => reset(case.timelines, flow),
            Protocol::UDP => unreachable(case.timelines, flow),
            _ => None,
        };
        if let Some((attempts, proof)) = refused {
            let to = (flow.responder.address, flow.responder.port);
            closed.entry(to).or_default().push(Refused {
                index,
                flow,
                attempts,
                proof,
            });
        }
    }
    closed
        .values()
        .filter_map(|refused| finding(case, refused))
        .collect()
}

/// How many connections were refused, and the first reset, if all were and the receiver did it.
fn reset(timelines: &Timelines, flow: &FlowTimeline) -> Option<(usize, Evidence)> {
    let syns = flow.forward.journeys.iter().filter(|j| is_syn(j));
    let tried: BTreeSet<u16> = syns.map(|journey| journey.port).collect();
    if tried.is_empty() || flow.reply.journeys.iter().any(is_syn_ack) {
        return None;
    }
    let resets = flow.reply.journeys.iter().filter(|journey| {
        has_flag(journey, TcpFlags::RST) && is_from_pod(timelines, flow, &flow.reply, journey)
    });
    let mut refused: BTreeMap<u16, Evidence> = BTreeMap::new();
    for journey in resets {
        if let Some(evidence) = journey.first() {
            refused.entry(journey.port).or_insert(evidence);
        }
    }
    let all = tried.iter().all(|port| refused.contains_key(port));
    let first = refused.values().next()?;
    all.then_some((tried.len(), *first))
}

/// Whether a reply was sent by the pod whose address it bears.
fn is_from_pod(
    timelines: &Timelines,
    flow: &FlowTimeline,
    direction: &Direction,
    journey: &Journey,
) -> bool {
    let Some((hop, _)) = journey.steps(direction).next() else {
        return false;
    };
    if Some(timelines.node(hop.point)) != flow.responder.node {
        return false;
    }
    match timelines.role(hop.point) {
        Role::Pod | Role::Bridge => true,
        Role::Vtep | Role::Uplink => [hop.ttl.0, hop.ttl.1].iter().all(|ttl| is_lowered(*ttl)),
        Role::Loopback | Role::Merged | Role::Unknown => false,
    }
}

/// Whether one router has lowered a usual initial TTL.
const fn is_lowered(ttl: u8) -> bool {
    matches!(ttl, 63 | 127 | 254)
}

/// How many datagrams there are, and the first error, if the receiver answers with nothing but port unreachable.
fn unreachable(timelines: &Timelines, flow: &FlowTimeline) -> Option<(usize, Evidence)> {
    if !flow.reply.journeys.is_empty() {
        return None;
    }
    let sources = [Some(flow.initiator.address), flow.seen_as];
    let error = timelines.icmp_errors.iter().find(|error| {
        let kind = if error.source.is_ipv4() {
            (3, 3)
        } else {
            (1, 4)
        };
        let about = error.quote.is_some_and(|quote| {
            quote.key.protocol == flow.protocol
                && quote.key.destination == flow.responder.address
                && Some(quote.key.destination_port) == flow.responder.port
                && sources.contains(&Some(quote.key.source))
        });
        about && (error.icmp_type, error.code) == kind && error.source == flow.responder.address
    });
    Some((flow.forward.journeys.len(), error?.evidence))
}

fn finding(case: &Case<'_>, refused: &[Refused<'_>]) -> Option<Finding> {
    let first = refused.first()?;
    let target: Service = addressed(first.flow);
    let (address, port) = (target.1.address, target.1.port?);
    let services: BTreeSet<String> = refused
        .iter()
        .filter_map(|r| Some(describe((r.flow.protocol, r.flow.called?))))
        .collect();
    // Nobody waits for an answer to datagrams of which nothing is known but that they are not wanted.
    let fails = |r: &Refused<'_>| r.flow.protocol == Protocol::TCP || r.flow.called.is_some();
    let severity = if refused.iter().any(fails) {
        Severity::Error
    } else {
        Severity::Note
    };
    let mut draft = Draft::new(case, &RULE, severity)
        .journeys(
            refused
                .iter()
                .flat_map(|r| all_of(r.index, false, &r.flow.forward)),
        )
        .journeys(
            refused
                .iter()
                .flat_map(|r| all_of(r.index, true, &r.flow.reply)),
        )
        .evidence(refused.iter().map(|r| r.proof))
        .marked()
        .fill("destination", address)
        .fill("service_port", port);
    for r in refused {
        let how = if r.flow.protocol == Protocol::TCP {
            message!(
                "{attempts} connections, each answered with a reset",
                attempts = r.attempts
            )
        } else {
            message!(
                "{attempts} datagrams, answered with ICMP port unreachable",
                attempts = r.attempts
            )
        };
        draft = draft.say(message!(
            "{address} to {flow}: {how}; the pod itself sends that.",
            address = r.flow.initiator.address,
            flow = describe(addressed(r.flow)),
            how
        ));
    }
    if !services.is_empty() {
        let services: Vec<String> = services.into_iter().take(4).collect();
        draft = draft.say(message!(
            "What leads there: {services}.",
            services = Message::list(&services, text!(", "))
        ));
    }
    Some(draft.finish(message!(
        "nothing listens on port {port} of pod {address}",
        port,
        address
    )))
}
