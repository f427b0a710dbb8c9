//! `network-policy-drop`: see the manual below.

use std::collections::BTreeSet;

use crate::correlate::{FlowTimeline, Service, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, Way};
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{
    Forwarder, Side, by_forwarder, comparable_ways, ends_of, failing, not_excluded, severity,
    uplink_would_show, way,
};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::sizes::ALWAYS_FITS;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{Message, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("network-policy-drop"),
    manual: Manual {
        summary: "a node silently drops some of a pod's traffic and passes the rest",
        meaning: "Some flows of a pod are dropped on its own node, every packet of them, while others of the same pod pass the same two capture points: that is what a NetworkPolicy does that allows only some ports or peers. A firewall rule for a port in the FORWARD chain does the same.",
        looks_for: &[
            "At least three packets of flows that fail entirely where a node forwards for its pods, silently, at least one of them of 1280 bytes or less, so that size is not the reason.",
            "Of the same kind (requests compared with requests), flows between the same two pods that pass there: another port or protocol. Else flows of the same pod with another pod on the same peer node, or of the same peer with another pod of the node.",
            "One finding a node and pod. Of several contrasts the nearest is told: another port before another pod.",
            "Where only the node of the peer differs, the rule is silent: routes and reverse path filters depend on that too.",
        ],
        refuted_by: &[
            "one packet of the failing flows at {next}",
            "that no NetworkPolicy selects the pod, and no rule on {to} names the port",
        ],
        causes: &[
            LikelyCause {
                cause: "a NetworkPolicy selects the pod and does not allow this port or peer",
                confirm: "kubectl get networkpolicy -A -o wide; kubectl describe networkpolicy -n NAMESPACE; for Calico and Cilium their own policies as well",
            },
            LikelyCause {
                cause: "a rule in the FORWARD chain of the node drops this port or address",
                confirm: "on {to}: iptables -L FORWARD -v -n; nft list ruleset; look for growing counters of a DROP",
            },
        ],
        remedy: &[
            "allow the port and peer in the policy's ingress (of the pod that is called) or egress (of the one that calls)",
            "take away the rule of the node's firewall",
        ],
        limits: &[
            "Packets do not tell a NetworkPolicy from a rule of the node's own firewall.",
            "A policy that denies everything looks like forward-drop.",
        ],
        references: &[
            "Kubernetes: Network Policies",
            "weaveworks/weave#3436, projectcalico/calico#2314, cilium/cilium#40228",
        ],
    },
    frequency: Frequency::High,
    stages: &[
        Stage::LeavePod,
        Stage::SendForward,
        Stage::ReceiveForward,
        Stage::EnterPod,
    ],
    carried: Carried::Either,
    possible: |_, losses| losses.iter().any(|loss| !loss.refused),
    check,
};

/// How near a passing flow is to a failing one, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Contrast {
    /// The same two pods, another port or protocol.
    Service,
    /// The same pod of the node, another peer on the same peer node.
    Peer,
    /// The same peer, another pod of the node.
    Pod,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let silent = case.unexplained().filter(|loss| !loss.refused);
    let groups = by_forwarder(case, silent);
    let mut findings = Vec::new();
    for (forwarder, losses) in groups {
        let failing = failing(case, forwarder, &losses);
        let mut pods: Vec<_> = failing
            .iter()
            .filter_map(|l| own_pod(case, forwarder, l))
            .collect();
        pods.sort_unstable();
        pods.dedup();
        for pod in pods {
            let of_pod: Vec<&Loss> = failing
                .iter()
                .copied()
                .filter(|loss| own_pod(case, forwarder, loss) == Some(pod))
                .collect();
            findings.extend(finding(case, forwarder, &of_pod));
        }
    }
    findings
}

/// The pod of the forwarding node that a loss is about.
fn own_pod(case: &Case<'_>, (_, side): Forwarder, loss: &Loss) -> Option<std::net::IpAddr> {
    let (source, destination) = ends_of(case.flow(loss.journey)?, loss.journey.reply);
    Some(match side {
        Side::Sending => source,
        Side::Receiving => destination,
    })
}

fn finding<'a>(case: &Case<'a>, forwarder: Forwarder, losses: &[&'a Loss]) -> Option<Finding> {
    let small = losses.iter().any(|loss| loss.ip_len <= ALWAYS_FITS);
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let told = !find_refusals(case.timelines, losses).is_empty();
    let left = forwarder.1 == Side::Sending && !uplink_would_show(case, forwarder.0, losses);
    if losses.len() < FEW || !small || !proven || told || left {
        return None;
    }
    let passing = comparable_ways(case, forwarder, losses);
    let lost_ways: BTreeSet<Way> = losses.iter().map(|loss| way(loss)).collect();
    if !are_sent_alike(case, losses, &passing) {
        return None;
    }
    // Every failing way needs a contrast: else something else may be wrong as well.
    let contrasts: Vec<(Contrast, Way)> = lost_ways
        .iter()
        .map(|lost| nearest(case, forwarder, *lost, &passing))
        .collect::<Option<_>>()?;
    let (contrast, passes) = contrasts.into_iter().min()?;
    let draft = Draft::new(case, &RULE, severity(case, losses))
        .losses(losses.iter().copied())
        .flows([passes.0])
        .alternatives(not_excluded(case, losses))
        .alternatives([RuleId("forward-drop")])
        .say(explain(case, losses, &lost_ways))
        .say(explain_contrast(case, contrast, passes)?)
        .say(message!(
            "No ICMP error quotes one of them: they were dropped silently."
        ));
    Some(draft.finish(title(case, forwarder, losses)?))
}

/// Whether what fails was sent to the same link addresses as what passes: else another device may not take it.
fn are_sent_alike(case: &Case<'_>, losses: &[&Loss], passing: &[(Way, &FlowTimeline)]) -> bool {
    let targets = |point| {
        let directions = passing.iter().map(
            |((_, reply), flow)| {
                if *reply { &flow.reply } else { &flow.forward }
            },
        );
        let hops = directions.flat_map(|direction| &direction.hops);
        hops.filter(move |hop| hop.point == point)
            .flat_map(|hop| hop.next_hops.iter().copied())
            .collect::<BTreeSet<_>>()
    };
    losses.iter().all(|loss| {
        let known = targets(loss.from);
        let hop = case.hop(loss.journey, loss.from);
        let sent = hop.map_or(&[][..], |hop| hop.next_hops.as_slice());
        case.timelines.role(loss.from) != Role::Vtep || sent.iter().all(|mac| known.contains(mac))
    })
}

/// The passing flow that is nearest to a failing one.
fn nearest(
    case: &Case<'_>,
    (_, side): Forwarder,
    lost: Way,
    passing: &[(Way, &FlowTimeline)],
) -> Option<(Contrast, Way)> {
    let failing = case.timelines.flows.get(lost.0)?;
    let (own, peer) = own_and_peer(side, ends_of(failing, lost.1));
    let home = |address| case.timelines.plan.home(address);
    let contrasts = passing.iter().filter_map(|(way, flow)| {
        let (other_own, other_peer) = own_and_peer(side, ends_of(flow, way.1));
        let same_node = home(other_peer).is_some() && home(other_peer) == home(peer);
        let contrast = match (other_own == own, other_peer == peer) {
            (true, true) => Contrast::Service,
            (true, false) if same_node => Contrast::Peer,
            (false, true) => Contrast::Pod,
            _ => return None,
        };
        Some((contrast, *way))
    });
    contrasts.min()
}

const fn own_and_peer(
    side: Side,
    (source, destination): (std::net::IpAddr, std::net::IpAddr),
) -> (std::net::IpAddr, std::net::IpAddr) {
    match side {
        Side::Sending => (source, destination),
        Side::Receiving => (destination, source),
    }
}

fn title(case: &Case<'_>, (node, side): Forwarder, losses: &[&Loss]) -> Option<Message> {
    let name = case.timelines.node_name(node);
    let pod = own_pod(case, (node, side), losses.first()?)?;
    Some(match side {
        Side::Sending => {
            message!(
                "{name} drops some of what its pod {pod} sends and passes the rest",
                name,
                pod
            )
        }
        Side::Receiving => {
            message!(
                "{name} drops some of what arrives for its pod {pod} and passes the rest",
                name,
                pod
            )
        }
    })
}

fn explain(case: &Case<'_>, losses: &[&Loss], lost_ways: &BTreeSet<Way>) -> Message {
    let flows: Vec<Message> = lost_ways
        .iter()
        .filter_map(|way| describe(case, *way))
        .collect();
    message!(
        "Dropped: {losses} packets, all there were, of {flows}.",
        losses = losses.len(),
        flows = Message::list(&flows, text!("; "))
    )
}

fn explain_contrast(case: &Case<'_>, contrast: Contrast, passes: Way) -> Option<Message> {
    let what = match contrast {
        Contrast::Service => message!("the same two pods, another port or protocol"),
        Contrast::Peer => message!("the same pod, another peer on the same node"),
        Contrast::Pod => message!("the same peer, another pod of the node"),
    };
    Some(message!(
        "Passes there: {passes} ({what}).",
        passes = describe(case, passes)?,
        what
    ))
}

/// `tcp 10.0.0.1 → 10.0.0.2:80`.
fn describe(case: &Case<'_>, (flow, reply): Way) -> Option<Message> {
    let flow = case.timelines.flows.get(flow)?;
    let (there, back) = (flow.initiator.address, flow.responder.address);
    let service = match flow.service {
        Service::Port(port) if there.is_ipv6() => {
            format!("{} {there} → [{back}]:{port}", flow.protocol)
        }
        Service::Port(port) => format!("{} {there} → {back}:{port}", flow.protocol),
        _ => format!("{} {there} → {back}", flow.protocol),
    };
    Some(if reply {
        message!("answers of {service}", service)
    } else {
        Message::verbatim(service)
    })
}
