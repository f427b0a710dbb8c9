//! `mtu-pod-too-big`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::{Direction, FlowTimeline, IcmpError, PartyKind};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, Way};
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{ends_of, refusal_of};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::sizes;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{Message, PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("mtu-pod-too-big"),
    manual: Manual {
        summary: "pods send larger packets than their node's tunnel takes, and are told so",
        meaning: "The pods' MTU is larger than the tunnel device's. For each destination the first large packet is refused by the node with ICMP fragmentation needed, and sent again smaller. It works, but every first transfer is slower, and it hangs wherever the ICMP error is filtered or ignored.",
        looks_for: &[
            "ICMP fragmentation needed (IPv4 3/4) or packet too big (IPv6 2) to a pod, that was seen inside the pod's node, of which none of that kind by the same sender came in by its tunnel device or network card, and that quotes a packet with the TTL that it left the pod with: the node itself sent it.",
            "A warning; an error if, of what the errors quote, bytes that were sent again never came through.",
            "All nodes are one finding: the pods' MTU is a setting of the cluster.",
        ],
        refuted_by: &[
            "an MTU of the pods that is no larger than that of {vtep}: ip link show {vtep} on {from}; ip link show eth0 in a pod",
        ],
        causes: &[
            LikelyCause {
                cause: "the CNI's configuration gives pods the network card's MTU, without room for the tunnel's headers",
                confirm: "on {from}: ip link show {vtep}; cat /run/flannel/subnet.env; grep -r mtu /etc/cni/net.d; in a pod: ip link show eth0",
            },
            LikelyCause {
                cause: "the tunnel device was made, or made anew, with a smaller MTU after the pods",
                confirm: "compare `ip link show` of the pods' links: older pods have the larger MTU",
            },
        ],
        remedy: &[
            "set the pods' MTU to {mtu} bytes or less in the CNI's configuration (the network card's less 50 for VXLAN, 20 for IP-in-IP, 60 for WireGuard over IPv4), and make the pods anew",
        ],
        limits: &[
            "Applications that set DF and ignore the ICMP error fail, though the error was sent.",
        ],
        references: &["RFC 1191; RFC 8201; flannel-io/flannel#463"],
    },
    frequency: Frequency::High,
    stages: &[Stage::SendForward],
    carried: Carried::Either,
    possible: |case, losses| {
        losses
            .iter()
            .any(|loss| refusal_of(case, loss).is_some_and(|(_, refusal)| is_too_big(refusal)))
    },
    check,
};

const fn is_too_big(refusal: crate::correlate::Refusal) -> bool {
    matches!(
        refusal,
        crate::correlate::Refusal::Icmp {
            icmp_type: 3,
            code: 4
        } | crate::correlate::Refusal::Icmp { icmp_type: 2, .. }
    )
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let errors = own_errors(case);
    finding(case, &errors).into_iter().collect()
}

/// Errors that a node itself sent to its pod, with the way that they are about: seen inside the node, not where it meets others, and the
/// packet that they quote has the TTL that it left the pod with, since nodes look at the size before they lower it.
pub(super) fn own_errors<'a>(case: &Case<'a>) -> Vec<(&'a IcmpError, Way)> {
    let timelines = case.timelines;
    let inside = |error: &IcmpError| {
        matches!(
            timelines.role(error.evidence.point),
            Role::Bridge | Role::Pod
        )
    };
    // Where it came in, it may still bear the address that masquerade gave the pod.
    let from_outside = |error: &IcmpError| {
        timelines.icmp_errors.iter().any(|other| {
            !inside(other)
                && other.source == error.source
                && (other.icmp_type, other.code) == (error.icmp_type, error.code)
                && timelines.node(other.evidence.point) == timelines.node(error.evidence.point)
        })
    };
    let untouched = |error: &IcmpError, way: Way| {
        let hops = direction(case, way).map_or(&[][..], |direction| direction.hops.as_slice());
        let first = hops.first();
        let quoted = error.quote.map(|quote| quote.ttl);
        first.is_some_and(|hop| {
            matches!(timelines.role(hop.point), Role::Bridge | Role::Pod)
                && quoted.is_some_and(|ttl| ttl == hop.ttl.1)
        })
    };
    let told = timelines.icmp_errors.iter();
    told.filter(|error| tells_a_pod(case, error) && inside(error) && !from_outside(error))
        .filter_map(|error| Some((error, way_of(case, error)?)))
        .filter(|(error, way)| untouched(error, *way))
        .collect()
}

fn tells_a_pod(case: &Case<'_>, error: &IcmpError) -> bool {
    let too_big = matches!(
        (error.source.is_ipv4(), error.icmp_type, error.code),
        (true, 3, 4) | (false, 2, _)
    );
    let pod = |address| case.timelines.plan.kind(address) == PartyKind::Pod;
    let quotes_it = error
        .quote
        .is_some_and(|quote| quote.tunnel.is_none() && quote.key.source == error.destination);
    too_big && quotes_it && pod(error.destination)
}

/// The way of the packet that an error quotes.
fn way_of(case: &Case<'_>, error: &IcmpError) -> Option<Way> {
    let key = error.quote?.key;
    let ports = |flow: &FlowTimeline, reply: bool| {
        let service = if reply {
            key.source_port
        } else {
            key.destination_port
        };
        flow.responder.port.is_none_or(|port| port == service)
    };
    let fits = |flow: &FlowTimeline, reply: bool| {
        flow.protocol == key.protocol
            && ends_of(flow, reply) == (key.source, key.destination)
            && ports(flow, reply)
    };
    case.timelines
        .flows
        .iter()
        .enumerate()
        .find_map(|(index, flow)| {
            [false, true]
                .into_iter()
                .find(|reply| fits(flow, *reply))
                .map(|reply| (index, reply))
        })
}

fn direction<'a>(case: &Case<'a>, (flow, reply): Way) -> Option<&'a Direction> {
    let flow = case.timelines.flows.get(flow)?;
    Some(if reply { &flow.reply } else { &flow.forward })
}

/// From where the error was made to the next point on the way: the deepest point inside the node, and the one behind it.
fn segment_of(case: &Case<'_>, way: Way) -> Option<(PointId, PointId)> {
    let hops = &direction(case, way)?.hops;
    let node = case.timelines.node(hops.first()?.point);
    let inside = |point: PointId| {
        case.timelines.node(point) == node
            && matches!(case.timelines.role(point), Role::Bridge | Role::Pod)
    };
    let last = hops.iter().rposition(|hop| inside(hop.point))?;
    let next = hops.get(last + 1)?;
    Some((hops.get(last)?.point, next.point))
}

fn finding(case: &Case<'_>, errors: &[(&IcmpError, Way)]) -> Option<Finding> {
    let (first, main_way) = errors.first()?;
    let mut told: BTreeMap<Way, u32> = BTreeMap::new();
    for (error, way) in errors {
        let mtu = told.entry(*way).or_insert(u32::MAX);
        *mtu = (*mtu).min(error.next_hop_mtu.unwrap_or(u32::MAX));
    }
    let losses: Vec<&Loss> = case
        .unexplained()
        .filter(|loss| {
            let mtu = told.get(&(loss.journey.flow, loss.journey.reply));
            let long = mtu.is_some_and(|mtu| loss.ip_len > *mtu);
            long && case.crosses(loss.segment(), Stage::SendForward)
        })
        .collect();
    let mut pods: Vec<IpAddr> = errors.iter().map(|(error, _)| error.destination).collect();
    pods.sort_unstable();
    pods.dedup();
    let list: Vec<String> = pods.iter().map(ToString::to_string).collect();
    let mtu = errors
        .iter()
        .filter_map(|(error, _)| error.next_hop_mtu)
        .min();
    let mut draft = Draft::new(case, &RULE, sizes::severity(case, &losses))
        .evidence(errors.iter().map(|(error, _)| error.evidence).take(4))
        .losses(losses.iter().copied())
        .flows(told.keys().map(|way| way.0))
        .marked()
        .fill("address", first.destination)
        .say(message!(
            "{list} was told by its own node ({source}) that its packets are too big{mtu}.",
            list = Message::list(&list, text!(", ")),
            source = first.source,
            mtu = mtu.map_or_else(Message::empty, |mtu| message!(": {mtu} bytes fit", mtu))
        ));
    if let Some(mtu) = mtu {
        draft = draft.fill("mtu", mtu);
    }
    if let Some(segment) = segment_of(case, *main_way) {
        draft = draft.segment(segment);
    }
    if !losses.is_empty() {
        draft = draft.say(message!(
            "{losses} packets ended there for their size.",
            losses = losses.len()
        ));
    }
    Some(draft.finish(message!(
        "pods send larger packets than the tunnel takes{mtu}, and are told so by ICMP",
        mtu = mtu.map_or_else(Message::empty, |mtu| message!(" ({mtu} bytes)", mtu))
    )))
}
