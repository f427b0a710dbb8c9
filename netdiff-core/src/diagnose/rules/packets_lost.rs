//! `packets-lost`.
//!
//! # What it means
//! Packets were seen at one capture point and not at the next, which was capturing; and no other rule knows why.
//!
//! # What netdiff looks for
//! Losses that no rule before it explained, one finding a segment of a node, or a pair of nodes. An **error** if a flow got nothing
//! through in that direction, a **warning** if at least [`HARM_PERCENT`] percent of a flow's packets were lost, else a **note**.
//!
//! # What would refute it
//! The packets at the next point, or a filter on its capture.
//!
//! # Limits
//! It names no cause, only what the segment allows: see the alternatives.

use std::collections::BTreeMap;

use crate::correlate::{Disposition, FlowTimeline, NodeId, Timelines, Trust};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::facts::{Facts, Loss, main_segment};
use crate::diagnose::finding::{Cause, Finding, MAX_EVIDENCE, RuleId, Severity};
use crate::diagnose::refusals::{Refusal, find_refusals};
use crate::diagnose::stages;
use crate::identify::Evidence;
use crate::types::{PointId, Role};

/// From this share of lost packets on, harm is likely.
const HARM_PERCENT: usize = 2;

/// One or two unanswered packets may be the last of a capture.
const SEVERAL: usize = 3;

/// Packets vanish and no other rule says why.
pub(in crate::diagnose) const RULE: Rule = Rule {
    id: RuleId("packets-lost"),
    check,
};

fn check(timelines: &Timelines, facts: &Facts) -> Vec<Finding> {
    let mut places: BTreeMap<Place, Vec<&Loss>> = BTreeMap::new();
    for loss in facts.unexplained() {
        places
            .entry(Place::of(timelines, loss))
            .or_default()
            .push(loss);
    }
    places
        .values()
        .filter_map(|losses| finding(timelines, losses))
        .collect()
}

/// What one finding is about: a segment of one node, or the way between two nodes, both directions, since one
/// cause mostly takes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Within(PointId, PointId),
    Between(NodeId, NodeId),
}

impl Place {
    fn of(timelines: &Timelines, loss: &Loss) -> Self {
        let (from, to) = (timelines.node(loss.from), timelines.node(loss.to));
        if from == to {
            Self::Within(loss.from, loss.to)
        } else {
            Self::Between(from.min(to), from.max(to))
        }
    }
}

fn finding(timelines: &Timelines, losses: &[&Loss]) -> Option<Finding> {
    let segment = main_segment(losses.iter().copied())?;
    let (from, to) = (timelines.name(segment.0), timelines.name(segment.1));
    let mut flows: Vec<usize> = losses.iter().map(|loss| loss.journey.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    let severity = losses
        .iter()
        .map(|loss| severity(timelines, loss))
        .min()
        .unwrap_or(Severity::Note);
    let assumed = losses.iter().all(|loss| loss.trust == Trust::Assumed);
    let refusals = find_refusals(timelines, losses);
    let mut alternatives: Vec<RuleId> = refusals
        .iter()
        .flat_map(super::super::refusals::Refusal::candidates)
        .map(|id| RuleId(id))
        .collect();
    for candidate in candidates(timelines, segment, losses) {
        if !alternatives.contains(&candidate) {
            alternatives.push(candidate);
        }
    }
    if assumed {
        for candidate in further_on(timelines, segment) {
            if !alternatives.contains(&candidate) {
                alternatives.push(candidate);
            }
        }
        alternatives.push(RuleId("capture-gap"));
    }
    Some(Finding {
        rule: RULE.id,
        severity,
        title: title(segment, losses, (&from.to_string(), &to.to_string())),
        segment: Some(segment),
        alternatives,
        flows,
        evidence: evidence(losses, &refusals),
        explanation: explanation(timelines, segment, losses, &refusals),
        causes: causes(timelines.role(segment.0), timelines.role(segment.1)),
        remedy: Vec::new(),
        explained: losses.iter().map(|loss| loss.journey).collect(),
    })
}

fn title(segment: (PointId, PointId), losses: &[&Loss], (from, to): (&str, &str)) -> String {
    let here = losses
        .iter()
        .filter(|loss| (loss.from, loss.to) == segment)
        .count();
    let others = losses.len() - here;
    let more = match others {
        0 => String::new(),
        n => format!(", and {n} more between the two nodes"),
    };
    format!(
        "{here} {} seen at {from} and not at {to}{more}",
        plural(here)
    )
}

/// Lost packets, and one ICMP error of each kind that quotes them.
fn evidence(losses: &[&Loss], refusals: &[Refusal<'_>]) -> Vec<Evidence> {
    let errors: Vec<Evidence> = refusals
        .iter()
        .filter_map(|refusal| refusal.errors.first())
        .map(|e| e.evidence)
        .collect();
    let room = MAX_EVIDENCE.saturating_sub(errors.len());
    losses
        .iter()
        .take(room)
        .map(|loss| loss.last)
        .chain(errors)
        .take(MAX_EVIDENCE)
        .collect()
}

const fn plural(n: usize) -> &'static str {
    if n == 1 { "packet was" } else { "packets were" }
}

/// An error needs a flow that fails: nothing of it gets as far as the next point in that direction, and either that point is proven to have
/// captured, or nothing answers what must be answered, several times over. If its capture is only assumed and no answer is due, the
/// loss itself is in doubt.
fn severity(timelines: &Timelines, loss: &Loss) -> Severity {
    let Some(flow) = timelines.flows.get(loss.journey.flow) else {
        return Severity::Note;
    };
    let (lost, delivered) = outcome(flow, loss.journey.reply);
    let direction = if loss.journey.reply {
        &flow.reply
    } else {
        &flow.forward
    };
    let passes = delivered > 0
        || direction
            .journeys
            .iter()
            .any(|j| j.points().any(|point| point == loss.to));
    match (loss.trust, passes) {
        (Trust::Proven, false) => Severity::Error,
        (Trust::Assumed, false) if flow.is_unanswered() && lost >= SEVERAL => Severity::Error,
        (Trust::Assumed, false) if flow.is_unanswered() => Severity::Warning,
        (Trust::Proven, true) if lost * 100 >= HARM_PERCENT * (lost + delivered) => {
            Severity::Warning
        }
        _ => Severity::Note,
    }
}

fn outcome(flow: &FlowTimeline, reply: bool) -> (usize, usize) {
    let direction = if reply { &flow.reply } else { &flow.forward };
    let count = |wanted: fn(&Disposition) -> bool| {
        direction
            .journeys
            .iter()
            .filter(|journey| wanted(&journey.disposition))
            .count()
    };
    (
        count(|d| matches!(d, Disposition::Lost { .. } | Disposition::Rejected { .. })),
        count(|d| matches!(d, Disposition::Delivered(_))),
    )
}

fn explanation(
    timelines: &Timelines,
    segment: (PointId, PointId),
    losses: &[&Loss],
    refusals: &[Refusal<'_>],
) -> Vec<String> {
    let assumed = losses.iter().all(|loss| loss.trust == Trust::Assumed);
    let journey = |loss: &Loss| {
        let flow = timelines.flows.get(loss.journey.flow)?;
        let direction = if loss.journey.reply {
            &flow.reply
        } else {
            &flow.forward
        };
        direction.journeys.get(loss.journey.journey)
    };
    let mut text = Vec::new();
    if let Some(basis) = losses.iter().find_map(|loss| journey(loss)?.basis) {
        text.push(format!(
            "They were expected at {}: {}.",
            timelines.name(segment.1),
            basis.phrase()
        ));
    }
    text.push(if assumed {
        format!(
            "{} is assumed to have captured at that time; its own packets do not prove it.",
            timelines.name(segment.1)
        )
    } else {
        format!(
            "{} was capturing at that time: it saw other packets before and after.",
            timelines.name(segment.1)
        )
    });
    for refusal in refusals {
        let what = if refusal.quotes_tunnel {
            "the tunnel packets"
        } else {
            "them"
        };
        text.push(format!(
            "{} quotes {what}: they were refused, not swallowed.",
            refusal.describe()
        ));
    }
    text
}

/// What can swallow packets on such a segment. Behind a tunnel device, or where tunnels are used, packets between nodes are in one.
fn candidates(timelines: &Timelines, segment: (PointId, PointId), losses: &[&Loss]) -> Vec<RuleId> {
    let (from, to) = (timelines.role(segment.0), timelines.role(segment.1));
    let same_node = timelines.node(segment.0) == timelines.node(segment.1);
    let in_tunnel = losses.iter().any(|loss| loss.tunnel.is_some());
    let leaving = matches!(from, Role::Pod | Role::Bridge);
    let tunneled =
        in_tunnel || [from, to].contains(&Role::Vtep) || (leaving && uses_tunnels(timelines));
    let mut found = stages::candidates(from, to, same_node, tunneled);
    if !same_node && !tunneled && !knows_the_edge(timelines) {
        // No tunnel was seen, but neither was any place where one would be.
        let inside = stages::candidates(from, to, same_node, true);
        for id in inside {
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

/// What else there may be if the next point did not capture at all: then they were lost further on.
fn further_on(timelines: &Timelines, segment: (PointId, PointId)) -> Vec<RuleId> {
    let (from, to) = (timelines.role(segment.0), timelines.role(segment.1));
    let same_node = timelines.node(segment.0) == timelines.node(segment.1);
    let end = if same_node && stages::is_outward(from, to) {
        Role::Uplink
    } else {
        Role::Pod
    };
    stages::candidates(to, end, true, uses_tunnels(timelines))
}

/// Whether any uplink or tunnel device was captured.
fn knows_the_edge(timelines: &Timelines) -> bool {
    timelines
        .points
        .iter()
        .any(|p| matches!(p.role, Role::Uplink | Role::Vtep))
}

fn uses_tunnels(timelines: &Timelines) -> bool {
    let directions = timelines
        .flows
        .iter()
        .flat_map(|flow| [&flow.forward, &flow.reply]);
    directions
        .flat_map(|direction| &direction.hops)
        .any(|hop| hop.tunnel.is_some())
}

fn causes(from: Role, to: Role) -> Vec<Cause> {
    let (cause, confirm) = match (from, to) {
        (Role::Uplink, Role::Uplink) => (
            "something between the nodes drops them",
            "capture on the network between the two uplinks; compare which sizes and protocols pass",
        ),
        (Role::Uplink, Role::Vtep) => (
            "the node's input firewall, or its tunnel device, refuses them",
            "iptables -L INPUT -v -n; ip -d link show; nstat -az UdpInCsumErrors UdpNoPorts",
        ),
        (Role::Vtep, Role::Uplink) => (
            "the node cannot encapsulate them: no forwarding or neighbor entry, or its output firewall",
            "bridge fdb show dev DEVICE; ip neigh show dev DEVICE; iptables -L OUTPUT -v -n",
        ),
        (Role::Bridge, Role::Pod) => (
            "the pod's link does not take them",
            "ip link show master BRIDGE; ip neigh show dev BRIDGE",
        ),
        _ => (
            "the node does not forward them: firewall, forwarding switched off, policy or a missing route",
            "iptables -L FORWARD -v -n; sysctl net.ipv4.ip_forward; ip route get ADDRESS",
        ),
    };
    vec![Cause {
        cause: cause.to_owned(),
        confirm: confirm.to_owned(),
    }]
}
