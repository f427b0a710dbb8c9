//! `observer-promisc-duplicates`: see the manual below. A note.

use crate::correlate::{FlowTimeline, Hop, PartyKind};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("observer-promisc-duplicates"),
    manual: Manual {
        summary: "a bridge in promiscuous mode delivers same-node Service traffic twice",
        meaning: "tcpdump on a bridge without -p makes it promiscuous. What one pod sends to a Service whose backend is on the same node is then bridged to the backend and also given to the node itself, which routes it there once more. The capture does it, not the cluster; without a capture each packet arrives once.",
        looks_for: &[
            "Between two pods of one node, through a Service: the backend's interface has the same packet twice, the second time with a TTL one less.",
        ],
        refuted_by: &["the same with a capture that was taken with `tcpdump -p`"],
        causes: &[
            LikelyCause {
                cause: "the bridge was captured without -p",
                confirm: "dmesg | grep promiscuous; capture again with tcpdump -p -i {bridge}",
            },
            LikelyCause {
                cause: "the bridge is promiscuous on purpose (kubenet's hairpin mode promiscuous-bridge)",
                confirm: "ip -d link show {bridge} | grep promiscuity, with no capture running",
            },
        ],
        remedy: &["capture bridges with tcpdump -p"],
        limits: &[
            "With another way of translating, the order of the two may differ and is not known.",
        ],
        references: &["kubernetes/kubernetes#25793"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Plain,
    possible: |_, _| false,
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let flows = case.timelines.flows.iter().enumerate();
    let twice: Vec<(usize, (&Hop, &Hop))> = flows
        .filter_map(|(index, flow)| Some((index, delivered_twice(case, flow)?)))
        .collect();
    let Some((_, (first, _))) = twice.first() else {
        return Vec::new();
    };
    let packets: u64 = twice.iter().map(|(_, (_, again))| again.packets).sum();
    let node = case.timelines.node(first.point);
    let mut draft = Draft::new(case, &RULE, Severity::Note)
        .flows(twice.iter().map(|(index, _)| *index))
        .evidence(twice.iter().flat_map(|(_, (first, again))| [first.first, again.first]))
        .marked()
        .say(message!(
            "{packets} packets were at their pod's interface twice, with a TTL of {ttl} and of {ttl_2}: bridged, and routed once more.",
            packets,
            ttl = first.ttl.1,
            ttl_2 = first.ttl.1.saturating_sub(1)
        ));
    if let Some(bridge) = case.points(node, Role::Bridge).next() {
        draft = draft.fill("bridge", case.timelines.name(bridge).interface);
    }
    vec![draft.finish(message!(
        "capturing a bridge without -p delivers same-node Service traffic twice"
    ))]
}

/// The two hops at the backend's interface, bridged and routed.
fn delivered_twice<'a>(case: &Case<'_>, flow: &'a FlowTimeline) -> Option<(&'a Hop, &'a Hop)> {
    let pods = [&flow.initiator, &flow.responder]
        .iter()
        .all(|party| party.kind == PartyKind::Pod);
    if !pods || flow.initiator.node != flow.responder.node || flow.called.is_none() {
        return None;
    }
    let hops = &flow.forward.hops;
    let again = hops.last()?;
    let first = hops.iter().find(|hop| {
        hop.point == again.point
            && (hop.source, hop.destination) == (again.source, again.destination)
            && hop.ttl.0 == again.ttl.0.saturating_add(1)
    })?;
    (case.timelines.role(again.point) == Role::Pod).then_some((first, again))
}
