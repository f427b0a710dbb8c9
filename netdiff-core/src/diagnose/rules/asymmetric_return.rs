//! `asymmetric-return`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{FlowTimeline, Hop, NodeId};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::{all_of, first_hop, has_flag};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::TcpFlags;
use crate::types::{Message, PointId, Protocol, Role, Say};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("asymmetric-return"),
    manual: Manual {
        summary: "a node leads calls to a pod of another node without SNAT, and that node answers the client directly",
        meaning: "A client calls one node, which translates the destination to a pod of another node and leaves the client's own address as source. The pod's node answers the client itself, past the first node, so nobody translates the answer back: it comes from an address that the client never called, and is reset or ignored.",
        looks_for: &[
            "On one node the destination of a flow's packets becomes a pod of another node, and their source stays the client's address.",
            "The answers leave the pod's node through its uplink with the pod's own address as source, and none of them is seen on the first node.",
            "An error if no TCP connection of it is ever completed; a warning for UDP alone. One finding for each pair of nodes.",
        ],
        refuted_by: &[
            "one of the answers on {to}",
            "an answer that leaves {from} with the address that the client called as source: direct server return, which is meant so",
        ],
        causes: &[
            LikelyCause {
                cause: "what comes from outside is not masqueraded where it is passed on: kube-proxy's --cluster-cidr covers the client's address, or flannel runs without --ip-masq and something else does the DNAT",
                confirm: "on {to}: iptables -t nat -L KUBE-POSTROUTING -v -n; iptables -t nat -S | grep -e KUBE-MARK-MASQ -e FLANNEL-POSTRTG; kube-proxy's clusterCIDR",
            },
            LikelyCause {
                cause: "a load balancer sends to nodes without a pod of a service with externalTrafficPolicy: Local",
                confirm: "kubectl get service -A -o yaml | grep -e externalTrafficPolicy -e healthCheckNodePort; the load balancer's health check",
            },
        ],
        remedy: &[
            "masquerade what comes from outside where it is passed on: externalTrafficPolicy: Cluster, and kube-proxy with the right clusterCIDR",
            "or, with externalTrafficPolicy: Local, let the load balancer send to nodes with a pod of the service only (healthCheckNodePort)",
        ],
        limits: &[
            "If the first node was not captured, nothing shows what the client called, and the rule is silent.",
        ],
        references: &[
            "kubernetes/kubernetes#74383, kubernetes/kubernetes#44916, kubernetes/kubernetes#66062",
            "kubermatic/kubermatic#8767",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// A flow that comes by one node and is answered by another.
struct Asymmetric<'a> {
    index: usize,
    flow: &'a FlowTimeline,
    /// Where the answers leave the pod's node, and where they should come back in.
    exit: &'a Hop,
    entrance: PointId,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<(NodeId, NodeId), Vec<Asymmetric<'_>>> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        if let Some((nodes, found)) = asymmetric(case, index, flow) {
            pairs.entry(nodes).or_default().push(found);
        }
    }
    pairs
        .iter()
        .filter_map(|(nodes, found)| finding(case, *nodes, found))
        .collect()
}

fn asymmetric<'a>(
    case: &Case<'a>,
    index: usize,
    flow: &'a FlowTimeline,
) -> Option<((NodeId, NodeId), Asymmetric<'a>)> {
    let timelines = case.timelines;
    let called = flow
        .called
        .filter(|c| c.address != flow.responder.address)?;
    let pods_node = flow.responder.node?;
    let (before, after) = first_hop(&flow.forward, |hop| {
        hop.destination == flow.responder.address
    })?;
    let passed_on_by = timelines.node(after.point);
    let client = flow.initiator.address;
    let keeps_source = flow.seen_as.is_none() && after.source == client;
    let here = before.is_some_and(|hop| {
        timelines.node(hop.point) == passed_on_by && hop.destination == called.address
    });
    if !here || !keeps_source || passed_on_by == pods_node || flow.initiator.node == Some(pods_node)
    {
        return None;
    }
    let bypasses = flow
        .reply
        .hops
        .iter()
        .all(|hop| timelines.node(hop.point) == pods_node);
    let exit = flow.reply.hops.last().filter(|hop| {
        bypasses
            && timelines.role(hop.point) == Role::Uplink
            && hop.source == flow.responder.address
            && hop.destination == client
    })?;
    let entrance = case
        .points(passed_on_by, Role::Uplink)
        .find(|point| flow.forward.hops.iter().any(|hop| hop.point == *point))?;
    let found = Asymmetric {
        index,
        flow,
        exit,
        entrance,
    };
    (!is_accepted(flow)).then_some(((passed_on_by, pods_node), found))
}

/// Whether the client took an answer: it acknowledged the connection.
fn is_accepted(flow: &FlowTimeline) -> bool {
    flow.protocol == Protocol::TCP
        && flow
            .forward
            .journeys
            .iter()
            .any(|journey| has_flag(journey, TcpFlags::ACK) && !has_flag(journey, TcpFlags::RST))
}

fn finding(
    case: &Case<'_>,
    (passed_on_by, pods_node): (NodeId, NodeId),
    found: &[Asymmetric<'_>],
) -> Option<Finding> {
    let first = found.first()?;
    let names = (
        case.timelines.node_name(passed_on_by),
        case.timelines.node_name(pods_node),
    );
    let tcp = found.iter().any(|f| f.flow.protocol == Protocol::TCP);
    let severity = if tcp {
        Severity::Error
    } else {
        Severity::Warning
    };
    let answers: u64 = found.iter().map(|f| f.exit.packets).sum();
    let mut draft = Draft::new(case, &RULE, severity)
        .segment((first.exit.point, first.entrance))
        .journeys(
            found
                .iter()
                .flat_map(|f| all_of(f.index, false, &f.flow.forward)),
        )
        .journeys(
            found
                .iter()
                .flat_map(|f| all_of(f.index, true, &f.flow.reply)),
        )
        .evidence(found.iter().map(|f| f.exit.first))
        .evidence(
            found
                .iter()
                .filter_map(|f| f.flow.forward.journeys.first()?.first()),
        )
        .marked()
        .fill("from", names.1)
        .fill("to", names.0);
    for f in found.iter().take(3) {
        draft = draft.say(story(f, names));
    }
    draft = draft.say(message!(
        "{answers} answers leave {exit} from the pod's own address, which the client never called; none comes through {names}.",
        answers,
        exit = case.name(first.exit.point),
        names = names.0
    ));
    if tcp {
        draft = draft.say(message!("No connection is ever completed."));
    }
    Some(draft.finish(message!(
        "{names} answers clients of {names_2} directly, from an address that they did not call",
        names = names.1,
        names_2 = names.0
    )))
}

/// What the first node does with a flow's packets.
fn story(found: &Asymmetric<'_>, (passed_on_by, pods_node): (&str, &str)) -> Message {
    let flow = found.flow;
    let called = flow.called.map_or_else(Message::empty, |called| {
        let port = called.port.map(|port| message!(" port {port}", port));
        Message::join([called.address.said(), port.unwrap_or_default()], "")
    });
    message!(
        "{passed_on_by} leads what {address} sends to {called} to {address_2} on {pods_node}, and leaves the source as it is.",
        passed_on_by,
        address = flow.initiator.address,
        called,
        address_2 = flow.responder.address,
        pods_node
    )
}
