//! `conntrack-invalid-rst`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{FlowTimeline, Hop, Journey, NodeId, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::has_flag;
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::{Evidence, TcpFlags};
use crate::types::{PointId, Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("conntrack-invalid-rst"),
    manual: Manual {
        summary: "a node stops translating a connection to a service, and its client resets it",
        meaning: "In the middle of a TCP connection through a service, packets reach the client from the pod's own address instead of the service's: connection tracking on the client's node does not know the connection any more, or calls the packet invalid, and lets it pass as it is. The client resets what it does not know; people see \"connection reset by peer\" now and then.",
        looks_for: &[
            "On one TCP connection through a service, answers first come back to the client's node's inside from the service's address, later ones from the pod's own; and the client sends a reset on that connection.",
            "If no answer of a connection was ever translated, it is another fault (brnf-off, asymmetric-return).",
            "One finding a node.",
        ],
        refuted_by: &[
            "an address translation at {next} of the packets that are shown",
            "a reset that the client sends before the first such packet",
        ],
        causes: &[
            LikelyCause {
                cause: "the packet is out of the window that connection tracking knows, under packet loss or with large bursts, and kube-proxy does not drop invalid packets",
                confirm: "on {to}: conntrack -S (invalid, insert_failed); iptables -S KUBE-FORWARD | grep INVALID; sysctl net.netfilter.nf_conntrack_tcp_be_liberal",
            },
            LikelyCause {
                cause: "the tracked connection expired or was deleted: an idle timeout, conntrack -F, a restart of the firewall, a full table",
                confirm: "on {to}: conntrack -L -p tcp --orig-dst {service}; dmesg | grep conntrack; compare idle times with nf_conntrack_tcp_timeout_established",
            },
            LikelyCause {
                cause: "the two directions take different ways, so that the node sees only one of them",
                confirm: "compare the hops of the two directions above",
            },
        ],
        remedy: &[
            "kube-proxy 1.15 or later, which drops invalid packets instead of letting them pass",
            "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1 on the nodes",
            "TCP keepalives below the idle timeout, and no conntrack -F on running nodes",
        ],
        limits: &[
            "Newer kube-proxies drop such packets: then they vanish on the client's node, and nothing tells that they were invalid.",
        ],
        references: &[
            "kubernetes/kubernetes#74839, kubernetes/kubernetes#117924, kubernetes/kubernetes#94861",
            "kubernetes.io/blog/2019/03/29/kube-proxy-subtleties-debugging-an-intermittent-connection-reset",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// A flow some of whose connections broke.
struct Broken<'a> {
    index: usize,
    flow: &'a FlowTimeline,
    ports: BTreeSet<u16>,
    slipped: Vec<Evidence>,
    resets: Vec<Evidence>,
    /// Where answers are translated otherwise.
    translation: Option<(PointId, PointId)>,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut nodes: BTreeMap<NodeId, Vec<Broken<'_>>> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        let broken = broken(case.timelines, index, flow);
        if let Some((node, broken)) = flow.initiator.node.zip(broken) {
            nodes.entry(node).or_default().push(broken);
        }
    }
    let findings = nodes
        .iter()
        .map(|(node, broken)| finding(case, *node, broken));
    findings.collect()
}

fn broken<'a>(timelines: &Timelines, index: usize, flow: &'a FlowTimeline) -> Option<Broken<'a>> {
    let called = flow
        .called
        .filter(|c| c.address != flow.responder.address)?;
    if flow.protocol != Protocol::TCP {
        return None;
    }
    let (mut translated, mut slipped) = (BTreeMap::new(), BTreeMap::<u16, Vec<&Journey>>::new());
    for journey in &flow.reply.journeys {
        let Some(hop) = arrival(timelines, flow, journey) else {
            continue;
        };
        if hop.source == called.address {
            let first = translated.entry(journey.port).or_insert(journey.time);
            *first = (*first).min(journey.time);
        } else if hop.source == flow.responder.address {
            slipped.entry(journey.port).or_default().push(journey);
        }
    }
    let resets = |port: u16| {
        let forward = flow.forward.journeys.iter();
        forward.filter(move |j| j.port == port && has_flag(j, TcpFlags::RST))
    };
    slipped.retain(|port, journeys| {
        let before = translated.get(port);
        let after = |journey: &&Journey| before.is_some_and(|first| *first < journey.time);
        journeys.iter().any(after) && resets(*port).next().is_some()
    });
    let ports: BTreeSet<u16> = slipped.keys().copied().collect();
    let last = |journey: &Journey| journey.last();
    (!ports.is_empty()).then(|| Broken {
        index,
        flow,
        slipped: slipped.values().flatten().filter_map(|j| last(j)).collect(),
        resets: ports
            .iter()
            .flat_map(|port| resets(*port))
            .filter_map(Journey::first)
            .collect(),
        translation: translation(flow, called.address),
        ports,
    })
}

/// Where an answer was last seen, if that is on the inside of the client's node.
fn arrival<'a>(
    timelines: &Timelines,
    flow: &'a FlowTimeline,
    journey: &'a Journey,
) -> Option<&'a Hop> {
    let (hop, _) = journey.steps(&flow.reply).last()?;
    let inside = matches!(timelines.role(hop.point), Role::Pod | Role::Bridge);
    (inside && Some(timelines.node(hop.point)) == flow.initiator.node).then_some(hop)
}

fn translation(flow: &FlowTimeline, service: std::net::IpAddr) -> Option<(PointId, PointId)> {
    flow.reply.journeys.iter().find_map(|journey| {
        let steps: Vec<&Hop> = journey.steps(&flow.reply).map(|(hop, _)| hop).collect();
        steps.windows(2).find_map(|pair| match pair {
            [before, after] if before.source != service && after.source == service => {
                Some((before.point, after.point))
            }
            _ => None,
        })
    })
}

fn finding(case: &Case<'_>, node: NodeId, broken: &[Broken<'_>]) -> Finding {
    let name = case.timelines.node_name(node);
    let connections: usize = broken.iter().map(|b| b.ports.len()).sum();
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(broken.iter().flat_map(journeys_of))
        .evidence(broken.iter().filter_map(|b| b.slipped.first().copied()))
        .evidence(broken.iter().filter_map(|b| b.resets.first().copied()))
        .evidence(broken.iter().flat_map(|b| b.slipped.iter().copied()))
        .marked()
        .fill("to", name);
    for b in broken.iter().take(3) {
        let Some(called) = b.flow.called else {
            continue;
        };
        draft = draft
            .fill("service", called.address)
            .say(message!("{ports} of {address} to {address_2}: after answers from {address_3}, {slipped} packets reach the client from {address_4} itself, and the client sends a reset.", ports = if b.ports.len() == 1 {
                    message!("One connection")
                } else {
                    message!("{ports} connections", ports = b.ports.len())
                }, address = b.flow.initiator.address, address_2 = called.address, address_3 = called.address, slipped = b.slipped.len(), address_4 = b.flow.responder.address));
        if let Some(translation) = b.translation {
            draft = draft.segment(translation);
        }
    }
    draft.finish(if connections == 1 {
        message!(
            "{name} stops translating 1 connection to a service, and the client resets it",
            name
        )
    } else {
        message!(
            "{name} stops translating {connections} connections to a service, and the client resets them",
            name,
            connections
        )
    })
}

/// Everything on the connections that broke.
fn journeys_of(broken: &Broken<'_>) -> Vec<Explained> {
    let directions = [(false, &broken.flow.forward), (true, &broken.flow.reply)];
    let all = directions.into_iter().flat_map(|(reply, direction)| {
        let journeys = direction.journeys.iter().enumerate();
        journeys
            .filter(|(_, journey)| broken.ports.contains(&journey.port))
            .map(move |(journey, _)| Explained {
                flow: broken.index,
                reply,
                journey,
            })
    });
    all.collect()
}
