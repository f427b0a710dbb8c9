//! `svc-no-endpoints`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{FlowTimeline, IcmpError, PartyKind, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{addressed, all_of, describe, known_services, silent_flows};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("svc-no-endpoints"),
    manual: Manual {
        summary: "a service has no endpoints, so its clients' nodes reject what is sent to it",
        meaning: "Nothing stands behind a service: no pod matches its selector, or none is ready. kube-proxy makes every node reject what is sent to it, so clients see \"connection refused\" at once.",
        looks_for: &[
            "Packets to an address of no pod and no node are refused with ICMP port unreachable (3/3; ICMPv6 1/4) by the first node they come to: the error quotes them with at most one TTL less than their sender gave them. Nothing is answered.",
            "High confidence if the address and port are known as a service, because packets to them are translated in the reference or elsewhere in the set; without that, a firewall of that node that rejects what leaves for the outside looks the same.",
            "One finding for each such address.",
        ],
        refuted_by: &[
            "ready endpoints of {service}: kubectl get endpointslices -A lists pods for it",
            "a host outside the cluster that has the address {service}",
        ],
        causes: &[
            LikelyCause {
                cause: "no pod matches the service's selector, or none of them is ready",
                confirm: "kubectl get services -A | grep {service}; kubectl describe service NAME: Selector and Endpoints",
            },
            LikelyCause {
                cause: "the service's port has no counterpart: the named targetPort is in no pod",
                confirm: "kubectl get endpointslices -A -o wide, and the ports of the service with {service}",
            },
        ],
        remedy: &[
            "bring up pods that match the service's selector, and see why those that exist are not ready",
            "correct the service's selector or its targetPort",
        ],
        limits: &[
            "Some kube-proxies drop instead of rejecting, and other implementations of services answer otherwise: then this rule sees nothing.",
            "ICMP errors are rate-limited: not every packet is answered by one.",
        ],
        references: &[
            "kubernetes/kubernetes#17359, kubernetes/kubernetes#121371, kubernetes/kubernetes#97360",
            "RFC 1812, section 5.2.7.1",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

type Refused<'a> = Vec<(usize, &'a FlowTimeline, &'a IcmpError)>;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut addresses: BTreeMap<IpAddr, Refused<'_>> = BTreeMap::new();
    for (index, flow) in silent_flows(case) {
        if flow.called.is_none()
            && is_nobodys(case.timelines, flow)
            && let Some(error) = refused_at_once(case.timelines, flow)
        {
            let refused = addresses.entry(flow.responder.address).or_default();
            refused.push((index, flow, error));
        }
    }
    addresses
        .iter()
        .filter_map(|(address, refused)| finding(case, *address, refused))
        .collect()
}

fn is_nobodys(timelines: &Timelines, flow: &FlowTimeline) -> bool {
    let address = flow.responder.address;
    flow.responder.kind == PartyKind::Unknown && !timelines.plan.shares_pod_network(address)
}

/// The first port unreachable about a flow's packets that comes from the node they come to first.
fn refused_at_once<'a>(timelines: &'a Timelines, flow: &FlowTimeline) -> Option<&'a IcmpError> {
    let (_, sent) = flow.forward.hops.first()?.ttl;
    timelines.icmp_errors.iter().find(|error| {
        let about = error.quote.is_some_and(|quote| {
            quote.tunnel.is_none()
                && quote.key.source == flow.initiator.address
                && quote.key.destination == flow.responder.address
                && quote.key.protocol == flow.protocol
                && Some(quote.key.destination_port) == flow.responder.port
                && quote.ttl.saturating_add(1) >= sent
        });
        about && is_port_unreachable(error) && error.source != flow.responder.address
    })
}

fn is_port_unreachable(error: &IcmpError) -> bool {
    let kind = (error.icmp_type, error.code);
    kind == if error.source.is_ipv4() {
        (3, 3)
    } else {
        (1, 4)
    }
}

fn finding(case: &Case<'_>, address: IpAddr, refused: &Refused<'_>) -> Option<Finding> {
    let services = known_services(case);
    let (_, flow, error) = refused.first()?;
    let known = refused
        .iter()
        .any(|(_, flow, _)| services.contains(&addressed(flow)));
    let listed: BTreeSet<String> = refused
        .iter()
        .map(|(_, flow, _)| describe(addressed(flow)))
        .collect();
    let listed: Vec<String> = listed.into_iter().take(4).collect();
    let packets: usize = refused
        .iter()
        .map(|(_, flow, _)| flow.forward.journeys.len())
        .sum();
    let node = flow
        .initiator
        .node
        .map_or(message!("the first node"), |node| {
            Message::verbatim(case.timelines.node_name(node))
        });
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(refused.iter().flat_map(|(i, flow, _)| all_of(*i, false, &flow.forward)))
        .evidence(refused.iter().map(|(_, _, error)| error.evidence))
        .evidence(refused.iter().filter_map(|(_, flow, _)| flow.forward.journeys.first()?.first()))
        .fill("service", address)
        .fill("destination", address)
        .say(message!(
            "{packets} packets to {listed} go no further than {node}, which refuses them with ICMP port unreachable from {source}, quoting them as they come from their sender.",
            packets,
            listed = Message::list(&listed, text!(", ")),
            node,
            source = error.source
        ))
        .say(message!("No node and no pod has that address."));
    if let Some(port) = flow.responder.port {
        draft = draft.fill("service_port", port);
    }
    draft = if known {
        draft.marked().say(message!(
            "Elsewhere, packets to the same are translated: it is a service."
        ))
    } else {
        draft.alternatives([RuleId("forward-reject"), RuleId("network-policy-drop")])
    };
    Some(draft.finish(message!(
        "nothing stands behind {address}: {node} rejects what is sent to it",
        address,
        node
    )))
}
