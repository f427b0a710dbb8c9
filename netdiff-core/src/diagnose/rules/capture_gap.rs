//! `capture-gap`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{Blind, Disposition, FlowTimeline, Journey, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::{Message, PointId};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("capture-gap"),
    manual: Manual {
        summary: "unanswered packets go out of sight",
        meaning: "Something that should be answered is not, and where it ends cannot be told: the captures do not reach that far.",
        looks_for: &[
            "Pings and TCP connections without a single answer, of which no packet is known to have arrived and none is known to be lost: no capture point lies further on their way, or none that captured at that time.",
            "One finding for each point at which such flows go out of sight; of several, the one that most of their packets end at. None where an error is already told of packets that end there on their way to the same node.",
        ],
        refuted_by: &[
            "an answer to one of them",
            "a capture further on that shows what became of them",
        ],
        causes: &[LikelyCause {
            cause: "they fail somewhere behind that point",
            confirm: "capture every interface of the nodes behind it during the same traffic",
        }],
        remedy: &["capture further on, then ask again: netdiff cannot tell more from these files"],
        limits: &["UDP and other protocols need no answer, so their silence is not told."],
        references: &[],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// What goes out of sight at one point: flows, and one of their journeys each.
type Vanishing<'a> = BTreeMap<PointId, Vec<(usize, &'a FlowTimeline, &'a Journey)>>;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut points: Vanishing<'_> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        if is_told(case, index, flow) {
            continue;
        }
        if let Some((point, journey)) = vanishing(flow)
            && !shares_a_fate(case, flow, point)
        {
            points
                .entry(point)
                .or_default()
                .push((index, flow, journey));
        }
    }
    let findings = points
        .iter()
        .map(|(point, flows)| finding(case, *point, flows));
    findings.collect()
}

/// Whether a rule before this one explains what becomes of some of a flow's packets.
fn is_told(case: &Case<'_>, flow: usize, timeline: &FlowTimeline) -> bool {
    (0..timeline.forward.journeys.len()).any(|journey| {
        case.facts.is_explained(Explained {
            flow,
            reply: false,
            journey,
        })
    })
}

/// Whether an error is told of packets that go from that point towards the same node, or away from it: then these end where those do, and
/// one cause is one finding.
fn shares_a_fate(case: &Case<'_>, flow: &FlowTimeline, point: PointId) -> bool {
    let target = flow.responder.node;
    case.found.iter().any(|finding| {
        finding.severity == Severity::Error
            && finding.segment.is_some_and(|(from, to)| {
                from == point && target.is_none_or(|node| case.timelines.node(to) == node)
            })
    })
}

/// Where an unanswered flow goes out of sight: the point that most of its journeys end at, the first of equals.
fn vanishing(flow: &FlowTimeline) -> Option<(PointId, &Journey)> {
    if !flow.is_unanswered() {
        return None;
    }
    let mut ends: BTreeMap<PointId, (usize, &Journey)> = BTreeMap::new();
    for journey in &flow.forward.journeys {
        match journey.disposition {
            Disposition::NotCovered { after, .. } | Disposition::Unknown { after, .. } => {
                ends.entry(after).or_insert((0, journey)).0 += 1;
            }
            Disposition::Delivered(_)
            | Disposition::Lost { .. }
            | Disposition::Rejected { .. }
            | Disposition::Looped { .. } => return None,
        }
    }
    let most = ends
        .into_iter()
        .min_by_key(|(point, (n, _))| (std::cmp::Reverse(*n), *point));
    most.map(|(point, (_, journey))| (point, journey))
}

fn finding(case: &Case<'_>, point: PointId, flows: &[(usize, &FlowTimeline, &Journey)]) -> Finding {
    let name = case.name(point);
    let window = flows.iter().all(|(_, _, journey)| {
        matches!(
            journey.disposition,
            Disposition::NotCovered {
                blind: Blind::Window,
                ..
            }
        )
    });
    let why = if window {
        message!("the captures further on had not begun or had ended by then")
    } else {
        message!("no capture point that is known to lie further on their way could have seen them")
    };
    Draft::new(case, &RULE, Severity::Warning)
        .flows(flows.iter().map(|(index, ..)| *index))
        .evidence(flows.iter().filter_map(|(_, _, journey)| journey.last()))
        .names_no_cause()
        .say(message!(
            "They are last seen at {name}, nothing answers them, and {why}.",
            name,
            why
        ))
        .capture_next(capture_next(case.timelines, flows))
        .finish(message!(
            "cannot tell what becomes of unanswered packets behind {name}",
            name
        ))
}

/// Which capture would tell.
fn capture_next(timelines: &Timelines, flows: &[(usize, &FlowTimeline, &Journey)]) -> Message {
    let mut targets: Vec<Message> = flows
        .iter()
        .map(|(_, flow, journey)| {
            let address = journey
                .tunnel
                .map_or(flow.responder.address, |tunnel| tunnel.destination);
            match timelines.plan.home(address) {
                Some(node) => message!("node {node}", node = timelines.node_name(node)),
                None => message!("the node that has {address}", address),
            }
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets.truncate(4);
    message!(
        "every interface of {targets}, during the same traffic",
        targets = Message::list(&targets, text!(" and "))
    )
}
