//! `brnf-off`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::{FlowTimeline, NodeId, PartyKind, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{all_of, has_flag, link_of, seen_from};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::{Evidence, TcpFlags};
use crate::types::PointId;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("brnf-off"),
    manual: Manual {
        summary: "answers between pods of one node go past iptables and keep the pod's address",
        meaning: "A pod calls a service and its neighbor on the same bridge is chosen. The request is translated; the answer goes over the bridge directly, past iptables, and arrives from the neighbor's own address instead of the service's. The caller does not know it: TCP resets it, UDP gives \"reply from unexpected source\". Pods on other nodes are answered well.",
        looks_for: &[
            "Two pods of one node, one of which calls the other through a service; every answer that reaches the caller's link bears the other pod's own address, none the service's.",
            "UDP that cannot be told to be one conversation counts if the caller's link saw an answer from a pod that it never asked, for a port from which it asked a service in vain.",
            "One finding a node; the caller's link was captured.",
        ],
        refuted_by: &[
            "an answer from the service's address at {next}",
            "sysctl net.bridge.bridge-nf-call-iptables is 1 on {from}",
        ],
        causes: &[
            LikelyCause {
                cause: "the module br_netfilter is not loaded",
                confirm: "on {from}: lsmod | grep br_netfilter; ls /proc/sys/net/bridge",
            },
            LikelyCause {
                cause: "net.bridge.bridge-nf-call-iptables (or -ip6tables) is 0",
                confirm: "on {from}: sysctl net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables",
            },
        ],
        remedy: &[
            "on every node: modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1",
            "keep it: a line \"br_netfilter\" in /etc/modules-load.d, the settings in /etc/sysctl.d",
        ],
        limits: &[
            "Network plugins without a bridge, or with a kube-proxy replacement in eBPF, do not need the setting.",
        ],
        references: &[
            "kubernetes/kubernetes#38802, kelseyhightower/kubernetes-the-hard-way#561",
            "Linux: Documentation/networking/ip-sysctl.rst, bridge-nf-call-iptables",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// Answers under a neighbor's own address.
struct Untranslated<'a> {
    /// The flows that it shows in.
    flows: Vec<(usize, &'a FlowTimeline)>,
    service: IpAddr,
    neighbor: IpAddr,
    segment: (PointId, PointId),
    answers: u64,
    first: Evidence,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut nodes: BTreeMap<NodeId, Vec<Untranslated<'_>>> = BTreeMap::new();
    let flows = || case.timelines.flows.iter().enumerate();
    for (index, flow) in flows().filter(|(_, flow)| are_neighbors(flow)) {
        let found = linked(case.timelines, index, flow).or_else(|| {
            let mut asking = flows().filter(|(_, other)| asks_in_vain(other, flow));
            asking.find_map(|asking| apart(case.timelines, (index, flow), asking))
        });
        if let Some((node, found)) = flow.initiator.node.zip(found) {
            nodes.entry(node).or_default().push(found);
        }
    }
    let findings = nodes
        .iter()
        .map(|(node, found)| finding(case, *node, found));
    findings.collect()
}

fn are_neighbors(flow: &FlowTimeline) -> bool {
    let (a, b) = (flow.initiator, flow.responder);
    let pods = a.kind == PartyKind::Pod && b.kind == PartyKind::Pod;
    pods && a.node.is_some() && a.node == b.node && a.address != b.address
}

/// A call of a service whose answers all keep the pod's address.
fn linked<'a>(
    timelines: &Timelines,
    index: usize,
    flow: &'a FlowTimeline,
) -> Option<Untranslated<'a>> {
    let called = flow
        .called
        .filter(|c| c.address != flow.responder.address)?;
    let link = link_of(timelines, &flow.forward)?;
    let (answers, first) = seen_from(&flow.reply, link, flow.responder.address)?;
    if seen_from(&flow.reply, link, called.address).is_some() {
        return None;
    }
    Some(Untranslated {
        flows: vec![(index, flow)],
        service: called.address,
        neighbor: flow.responder.address,
        segment: segment(timelines, flow, link)?,
        answers,
        first,
    })
}

/// From the one who answers to the one who asked.
fn segment(
    timelines: &Timelines,
    flow: &FlowTimeline,
    link: PointId,
) -> Option<(PointId, PointId)> {
    let theirs = link_of(timelines, &flow.reply).filter(|theirs| *theirs != link);
    let from = theirs.or_else(|| {
        let mut hops = flow.reply.hops.iter();
        hops.find(|hop| hop.point != link).map(|hop| hop.point)
    });
    from.map(|from| (from, link))
}

/// Whether `other` is what the initiator of `answered` asked somewhere else, from one of the same ports, without any answer.
fn asks_in_vain(other: &FlowTimeline, answered: &FlowTimeline) -> bool {
    let ports =
        |flow: &FlowTimeline, port: u16| flow.forward.journeys.iter().any(|j| j.port == port);
    other.initiator.address == answered.initiator.address
        && other.protocol == answered.protocol
        && other.responder.kind == PartyKind::Unknown
        && other.called.is_none()
        && other.reply.journeys.is_empty()
        && answered.responder.port.is_some()
        && answered.reply.journeys.iter().all(|j| ports(other, j.port))
}

/// The same in two flows that could not be linked.
fn apart<'a>(
    timelines: &Timelines,
    answered: (usize, &'a FlowTimeline),
    asking: (usize, &'a FlowTimeline),
) -> Option<Untranslated<'a>> {
    let flow = answered.1;
    let link = link_of(timelines, &asking.1.forward)?;
    let (answers, first) = seen_from(&flow.reply, link, flow.responder.address)?;
    let asked = flow.forward.hops.iter().any(|hop| hop.point == link);
    if asked || flow.called.is_some() {
        return None;
    }
    Some(Untranslated {
        flows: vec![asking, answered],
        service: asking.1.responder.address,
        neighbor: flow.responder.address,
        segment: segment(timelines, flow, link)?,
        answers,
        first,
    })
}

fn finding(case: &Case<'_>, node: NodeId, found: &[Untranslated<'_>]) -> Finding {
    let name = case.timelines.node_name(node);
    let flows = || found.iter().flat_map(|f| f.flows.iter());
    let refused = flows()
        .flat_map(|(_, flow)| &flow.forward.journeys)
        .filter(|journey| has_flag(journey, TcpFlags::RST))
        .count();
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(flows().flat_map(|(i, flow)| all_of(*i, false, &flow.forward)))
        .journeys(flows().flat_map(|(i, flow)| all_of(*i, true, &flow.reply)))
        .evidence(found.iter().map(|f| f.first))
        .marked()
        .fill("from", name);
    if let Some(first) = found.first() {
        draft = draft.segment(first.segment).fill("service", first.service);
    }
    for f in found.iter().take(3) {
        draft = draft.say(message!(
            "What asks {service} is answered by {neighbor} under its own address: {answers} packets at {segment}, none from {service_2}.",
            service = f.service,
            neighbor = f.neighbor,
            answers = f.answers,
            segment = case.name(f.segment.1),
            service_2 = f.service
        ));
    }
    if refused > 0 {
        draft = draft.say(message!(
            "The caller resets what it did not ask for: {refused} times.",
            refused
        ));
    }
    draft.finish(message!(
        "answers between pods of {name} are bridged past iptables: they keep the pod's address",
        name
    ))
}
