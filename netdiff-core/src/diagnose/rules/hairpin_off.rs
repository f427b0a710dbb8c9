//! `hairpin-off`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{FlowTimeline, Hop, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{all_of, link_of, silent_flows};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("hairpin-off"),
    manual: Manual {
        summary: "the bridge does not hand a pod's packets back to it, so it cannot reach itself through a service",
        meaning: "A pod that calls a service and is itself chosen as the service's pod gets no answer: its packets are translated to its own address, and its bridge port does not send back what came in through it. Of several pods behind a service, each fails on its share of its own calls.",
        looks_for: &[
            "A pod's packets to a service are translated to the pod's own address: they are on the bridge with it as source and destination. They never come back to the pod's link with another source, as masquerade gives them, nor with the TTL that they had; nothing is answered.",
            "A capture that puts the bridge into promiscuous mode makes the node route such packets, too: that copy, with one TTL less and the pod as its own source, does reach the link, and pods drop it. It counts as not handed back.",
            "The pod's link and the bridge were captured; one finding for each link.",
        ],
        refuted_by: &[
            "a packet at {next} that comes back from another source, or with its TTL untouched",
            "hairpin mode on for that port: bridge -d link show on {to}",
        ],
        causes: &[LikelyCause {
            cause: "the bridge's ports are not in hairpin mode",
            confirm: "on {from}: bridge -d link show | grep -A1 veth: \"hairpin on\" or \"hairpin off\"",
        }],
        remedy: &[
            "set \"hairpinMode\": true for the bridge plugin in the node's CNI configuration (flannel: in its \"delegate\"), and re-create the pods",
            "until then, for each pod's port: bridge link set dev VETH hairpin on",
        ],
        limits: &[
            "Captured without promiscuous mode, such packets are at the pod's link alone, and captures do not tell what became of them.",
        ],
        references: &[
            "kubernetes/kubernetes#13375, kubernetes/kubernetes#20475, kubernetes/kubernetes#43966",
            "containernetworking: bridge plugin, hairpinMode",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// A flow that does not come back, by its index, and the bridge that has it.
type TurnedDown<'a> = (usize, &'a FlowTimeline, &'a Hop);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut links: BTreeMap<(PointId, PointId), Vec<TurnedDown<'_>>> = BTreeMap::new();
    for (index, flow) in silent_flows(case) {
        if let Some((link, bridge)) = turned_down(case.timelines, flow) {
            let segment = (bridge.point, link);
            let flows = links.entry(segment).or_default();
            flows.push((index, flow, bridge));
        }
    }
    let findings = links
        .iter()
        .map(|(segment, flows)| finding(case, *segment, flows));
    findings.collect()
}

/// The pod's link, and the bridge that has the pod's packets to itself.
fn turned_down<'a>(timelines: &Timelines, flow: &'a FlowTimeline) -> Option<(PointId, &'a Hop)> {
    let pod = flow.initiator.address;
    flow.called.filter(|_| flow.responder.address == pod)?;
    let link = link_of(timelines, &flow.forward)?;
    let sent = flow.forward.hops.first()?.ttl.0;
    let handed_back = flow.forward.hops.iter().any(|hop| {
        let back = hop.point == link && hop.destination == pod;
        back && (hop.source != pod || hop.ttl.1 >= sent)
    });
    let bridge = flow.forward.hops.iter().find(|hop| {
        timelines.role(hop.point) == Role::Bridge && hop.source == pod && hop.destination == pod
    })?;
    (!handed_back).then_some((link, bridge))
}

fn finding(case: &Case<'_>, segment: (PointId, PointId), flows: &[TurnedDown<'_>]) -> Finding {
    let packets: usize = flows.iter().map(|(_, f, _)| f.forward.journeys.len()).sum();
    let pod = flows.first().map_or_else(String::new, |(_, flow, _)| {
        flow.initiator.address.to_string()
    });
    Draft::new(case, &RULE, Severity::Error)
        .segment(segment)
        .journeys(flows.iter().flat_map(|(i, flow, _)| all_of(*i, false, &flow.forward)))
        .evidence(flows.iter().map(|(_, _, bridge)| bridge.first))
        .evidence(flows.iter().filter_map(|(_, f, _)| f.forward.journeys.first()?.first()))
        .marked()
        .fill("source", &pod)
        .say(message!(
            "{packets} packets of {pod} to a service are translated to {pod} itself: {segment} has them with it as source and destination.",
            packets,
            pod,
            segment = case.name(segment.0)
        ))
        .say(message!(
            "None comes back through {segment} as the bridge in hairpin mode would send it, and nothing is answered.",
            segment = case.name(segment.1)
        ))
        .finish(message!(
            "{pod} does not reach itself through a service: no hairpin at {segment}",
            pod,
            segment = case.name(segment.1)
        ))
}
