//! `packets-lost`: see the manual below. The last resort: what no other rule explains.

use std::collections::BTreeMap;

use crate::correlate::{Disposition, FlowTimeline, NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::{Refusal, find_refusals};
use crate::diagnose::stages::{Carried, Frequency, candidates, is_outward, stages_between};
use crate::types::{Message, PointId, Role};

/// From this share of lost packets on, harm is likely.
const HARM_PERCENT: usize = 2;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("packets-lost"),
    manual: Manual {
        summary: "packets vanish between two capture points, and no other rule says why",
        meaning: "Packets were seen at one capture point and not at the next, which was capturing; what swallowed them cannot be told from these captures.",
        looks_for: &[
            "Losses that no rule before it explained: one finding a segment of a node, or a pair of nodes, both directions.",
            "An error if a flow got nothing through in that direction, a warning if at least 2 percent of a flow's packets were lost, else a note.",
        ],
        refuted_by: &[
            "the packets at {next}",
            "a filter on the capture at {next}, or that it did not run",
        ],
        causes: &[
            LikelyCause {
                cause: "a node does not forward them: firewall, forwarding switched off, policy or a missing route",
                confirm: "on {to}: iptables -L FORWARD -v -n; sysctl net.ipv4.ip_forward; ip route get {destination}",
            },
            LikelyCause {
                cause: "a node refuses them where they come in, or its tunnel device does not take them",
                confirm: "on {to}: iptables -L INPUT -v -n; ip -d -s link show {vtep}; nstat -az UdpInCsumErrors UdpNoPorts",
            },
            LikelyCause {
                cause: "the network between the nodes drops them",
                confirm: "capture between the two nodes; compare which sizes and protocols pass",
            },
        ],
        remedy: &[
            "take one of the captures that are named as the next, during the same traffic, and ask again",
        ],
        limits: &["It names a place and no cause: see the alternatives."],
        references: &[],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut places: BTreeMap<Place, Vec<&Loss>> = BTreeMap::new();
    for loss in case.unexplained() {
        places.entry(Place::of(case, loss)).or_default().push(loss);
    }
    places
        .values()
        .filter_map(|losses| finding(case, losses))
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
    fn of(case: &Case<'_>, loss: &Loss) -> Self {
        let (from, to) = (case.timelines.node(loss.from), case.timelines.node(loss.to));
        if from == to {
            Self::Within(loss.from, loss.to)
        } else {
            Self::Between(from.min(to), from.max(to))
        }
    }
}

fn finding(case: &Case<'_>, losses: &[&Loss]) -> Option<Finding> {
    let segment = main_segment(losses.iter().copied())?;
    let severity = losses
        .iter()
        .map(|loss| severity(case, loss))
        .min()
        .unwrap_or(Severity::Note);
    let assumed = losses.iter().all(|loss| loss.trust == Trust::Assumed);
    let refusals = find_refusals(case.timelines, losses);
    let named = refusals.iter().flat_map(Refusal::candidates).copied();
    let errors = refusals.iter().filter_map(|refusal| refusal.errors.first());
    let mut draft = Draft::new(case, &RULE, severity)
        .losses(losses.iter().copied())
        .evidence(losses.iter().take(4).map(|loss| loss.last))
        .evidence(errors.map(|error| error.evidence))
        .names_no_cause()
        .alternatives(named.map(RuleId))
        .alternatives(possible_causes(case, segment, losses));
    if assumed {
        draft = draft
            .alternatives(further_on(case, segment, losses))
            .alternatives([RuleId("capture-gap")]);
    }
    for sentence in explanation(case, segment, losses, &refusals) {
        draft = draft.say(sentence);
    }
    Some(draft.finish(title(case, segment, losses)))
}

fn title(case: &Case<'_>, segment: (PointId, PointId), losses: &[&Loss]) -> Message {
    let here = losses
        .iter()
        .filter(|loss| loss.segment() == segment)
        .count();
    let more = match losses.len() - here {
        0 => Message::empty(),
        n => message!(", and {n} more between the two nodes", n),
    };
    let (from, to) = (case.name(segment.0), case.name(segment.1));
    if here == 1 {
        message!(
            "1 packet was seen at {from} and not at {to}{more}",
            from,
            to,
            more
        )
    } else {
        message!(
            "{here} packets were seen at {from} and not at {to}{more}",
            here,
            from,
            to,
            more
        )
    }
}

/// An error needs a flow that fails: nothing of it gets as far as the next point in that direction, and either that point is proven to have
/// captured, or nothing answers what must be answered, several times over. If its capture is only assumed and no answer is due, the
/// loss itself is in doubt.
fn severity(case: &Case<'_>, loss: &Loss) -> Severity {
    let Some(flow) = case.flow(loss.journey) else {
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
        (Trust::Assumed, false) if flow.is_unanswered() && lost >= FEW => Severity::Error,
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
    case: &Case<'_>,
    segment: (PointId, PointId),
    losses: &[&Loss],
    refusals: &[Refusal<'_>],
) -> Vec<Message> {
    let assumed = losses.iter().all(|loss| loss.trust == Trust::Assumed);
    let next = case.name(segment.1);
    let mut text = Vec::new();
    if let Some(basis) = losses
        .iter()
        .find_map(|loss| case.journey(loss.journey)?.basis)
    {
        text.push(message!(
            "They were expected at {next}: {phrase}.",
            next,
            phrase = Message::text(basis.phrase())
        ));
    }
    text.push(if assumed {
        message!(
            "{next} is assumed to have captured at that time; its own packets do not prove it.",
            next
        )
    } else {
        message!(
            "{next} was capturing at that time: it saw other packets before and after.",
            next
        )
    });
    for refusal in refusals {
        let what = if refusal.quotes_tunnel {
            message!("the tunnel packets")
        } else {
            message!("them")
        };
        text.push(message!(
            "{refusal} quotes {what}: they were refused, not swallowed.",
            refusal = refusal.describe(),
            what
        ));
    }
    text
}

/// What can swallow packets on such a segment. Behind a tunnel device, or where tunnels are used, packets between nodes are in one.
fn possible_causes(case: &Case<'_>, segment: (PointId, PointId), losses: &[&Loss]) -> Vec<RuleId> {
    let timelines = case.timelines;
    let (from, to) = (timelines.role(segment.0), timelines.role(segment.1));
    let same_node = timelines.node(segment.0) == timelines.node(segment.1);
    let in_tunnel = losses.iter().any(|loss| loss.tunnel.is_some());
    let leaving = matches!(from, Role::Pod | Role::Bridge);
    let tunneled = in_tunnel || [from, to].contains(&Role::Vtep) || (leaving && uses_tunnels(case));
    let stages = stages_between(from, to, same_node);
    let mut found = candidates(case, stages, tunneled, losses);
    // Seen on the inside alone, they may leave in a tunnel or not: a tunnel device may be there and idle. Where no tunnel was seen, neither
    // may any place have been where one would be.
    let either = leaving && !in_tunnel || !tunneled && !knows_the_edge(case);
    if !same_node && either {
        for id in candidates(case, stages, !tunneled, losses) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

/// What else there may be if the next point did not capture at all: then they were lost further on.
fn further_on(case: &Case<'_>, segment: (PointId, PointId), losses: &[&Loss]) -> Vec<RuleId> {
    let timelines = case.timelines;
    let (from, to) = (timelines.role(segment.0), timelines.role(segment.1));
    let same_node = timelines.node(segment.0) == timelines.node(segment.1);
    let end = if same_node && is_outward(from, to) {
        Role::Uplink
    } else {
        Role::Pod
    };
    candidates(
        case,
        stages_between(to, end, true),
        uses_tunnels(case),
        losses,
    )
}

/// Whether any uplink or tunnel device was captured.
fn knows_the_edge(case: &Case<'_>) -> bool {
    case.timelines
        .points
        .iter()
        .any(|p| matches!(p.role, Role::Uplink | Role::Vtep))
}

fn uses_tunnels(case: &Case<'_>) -> bool {
    let mut points = case.timelines.points.iter();
    points.any(|point| point.role == Role::Vtep)
        || case
            .timelines
            .flows
            .iter()
            .flat_map(|flow| [&flow.forward, &flow.reply])
            .flat_map(|direction| &direction.hops)
            .any(|hop| hop.tunnel.is_some())
}
