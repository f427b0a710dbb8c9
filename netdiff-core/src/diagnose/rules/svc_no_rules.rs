//! `svc-no-rules`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{Disposition, FlowTimeline, Hop, NodeId, Refusal, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{
    Service, addressed, all_of, describe, known_services, plain_exit, service_of, silent_flows,
};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("svc-no-rules"),
    manual: Manual {
        summary: "a node does not translate what is sent to a service",
        meaning: "What pods of a node send to a service's address is not led to one of the service's pods: it leaves the node as if the service were a host outside the cluster, or the node knows no way to it. Mostly all services fail from that node, while pods' own addresses work.",
        looks_for: &[
            "Packets to an address and port that are known as a service, because other packets to them were translated in this set or in the reference, leave the sender's node through its uplink, in no tunnel and still for the service's address; or that node answers them with ICMP net unreachable. Nothing comes back.",
            "The same node translates nothing for that service: else it has the rules, and single packets slip past them for other reasons.",
            "One finding a node.",
        ],
        refuted_by: &[
            "a packet to the same service that {from} translates",
            "an answer from the service's address: then something outside the cluster has it",
        ],
        causes: &[
            LikelyCause {
                cause: "kube-proxy does not run on the node, or cannot reach the API server",
                confirm: "kubectl -n kube-system get pods -o wide | grep -e kube-proxy | grep {from}; kubectl -n kube-system logs of that pod",
            },
            LikelyCause {
                cause: "its rules were flushed, or are in the other one of iptables-legacy and iptables-nft",
                confirm: "on {from}: iptables-save | grep -c {service}; iptables-legacy-save | grep -c {service}; ipvsadm -Ln -t {service}:{service_port}",
            },
            LikelyCause {
                cause: "a chain before KUBE-SERVICES accepts or returns these packets",
                confirm: "on {from}: iptables -t nat -L PREROUTING -v -n --line-numbers, while a pod calls {service}",
            },
        ],
        remedy: &[
            "start or restart kube-proxy on {from} and look at its log until it says that it synced its rules",
            "make kube-proxy, the network plugin and the host use the same flavor of iptables",
        ],
        limits: &[
            "A service that nothing in the captures reaches is not known as one: then these packets count as going out of sight.",
        ],
        references: &[
            "kubernetes/kubernetes#35641, kubernetes/kubernetes#61005",
            "Kubernetes: Debug Services, \"Is the kube-proxy working?\"",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// An untranslated flow, and where its packets leave the node, if they do.
struct Untranslated<'a> {
    flow: usize,
    timeline: &'a FlowTimeline,
    exit: Option<(Option<&'a Hop>, &'a Hop)>,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let services = known_services(case);
    let translated = translated_at(case.timelines);
    let mut nodes: BTreeMap<NodeId, Vec<Untranslated<'_>>> = BTreeMap::new();
    for (index, flow) in silent_flows(case) {
        let service = addressed(flow);
        let Some(node) = flow.initiator.node else {
            continue;
        };
        if flow.called.is_some()
            || !services.contains(&service)
            || translated.contains(&(node, service))
        {
            continue;
        }
        let exit = plain_exit(case.timelines, &flow.forward, node)
            .filter(|(_, hop)| hop.destination == flow.responder.address);
        if exit.is_some() || has_no_route(flow) {
            nodes.entry(node).or_default().push(Untranslated {
                flow: index,
                timeline: flow,
                exit,
            });
        }
    }
    nodes
        .iter()
        .filter_map(|(node, flows)| finding(case, *node, flows))
        .collect()
}

/// The services that each node was seen to translate for.
fn translated_at(timelines: &Timelines) -> BTreeSet<(NodeId, Service)> {
    let flows = timelines.flows.iter();
    flows
        .filter_map(|flow| {
            let service = service_of(timelines, flow)?;
            let mut hops = flow.forward.hops.iter();
            let hop = hops.find(|hop| hop.destination != service.1.address)?;
            Some((timelines.node(hop.point), service))
        })
        .collect()
}

/// ICMP net unreachable, and nothing else.
fn has_no_route(flow: &FlowTimeline) -> bool {
    let no_route = Refusal::Icmp {
        icmp_type: 3,
        code: 0,
    };
    flow.forward.journeys.iter().all(|journey| {
        matches!(journey.disposition, Disposition::Rejected { refusal, .. } if refusal == no_route)
    })
}

fn finding(case: &Case<'_>, node: NodeId, flows: &[Untranslated<'_>]) -> Option<Finding> {
    // The one whose way is best known tells where.
    let first = flows.iter().max_by_key(|f| {
        let before = f.exit.map(|(before, _)| before.is_some());
        (before, std::cmp::Reverse(f.flow))
    })?;
    let service = addressed(first.timeline);
    let name = case.timelines.node_name(node);
    let services: BTreeSet<Service> = flows.iter().map(|f| addressed(f.timeline)).collect();
    let listed: Vec<String> = services.iter().take(4).map(|s| describe(*s)).collect();
    let packets: usize = flows
        .iter()
        .map(|f| f.timeline.forward.journeys.len())
        .sum();
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(flows.iter().flat_map(|f| all_of(f.flow, false, &f.timeline.forward)))
        .evidence(flows.iter().filter_map(|f| Some(f.exit?.1.first)))
        .marked()
        .fill("from", name)
        .fill("service", service.1.address)
        .fill("destination", service.1.address)
        .say(message!(
            "{packets} packets to {listed} are not translated on {name}; elsewhere packets to the same are.",
            packets,
            listed = Message::list(&listed, text!(", ")),
            name
        ));
    if let Some(port) = service.1.port {
        draft = draft.fill("service_port", port);
    }
    if let Some((before, exit)) = first.exit {
        draft = draft.say(message!(
            "They leave {exit} in no tunnel, as if {address} were a host outside the cluster; nothing comes back.",
            exit = case.name(exit.point),
            address = service.1.address
        ));
        if let Some(before) = before {
            draft = draft.segment((before.point, exit.point));
        }
    } else {
        draft = draft.say(message!(
            "{name} answers them with ICMP net unreachable.",
            name
        ));
    }
    Some(draft.finish(message!(
        "{name} does not translate what is sent to services",
        name
    )))
}
