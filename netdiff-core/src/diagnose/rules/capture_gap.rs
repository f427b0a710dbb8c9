//! `capture-gap`.
//!
//! # What it means
//! Something that should be answered is not, and where it ends cannot be told: it goes out of sight.
//!
//! # What netdiff looks for
//! Pings and TCP connections without a single answer, of which no packet is known to have arrived
//! and none is known to be lost: no capture point lies further on their way, or none that captured at
//! that time. One finding for each point at which such flows go out of sight. A **warning**: they may
//! fail anywhere behind that point.
//!
//! # What would refute it
//! An answer, or a capture further on.
//!
//! # Limits
//! UDP and other protocols need no answer, so their silence is not told here.

use std::collections::BTreeMap;

use crate::correlate::{Blind, Disposition, FlowTimeline, Journey, Timelines};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::facts::Facts;
use crate::diagnose::finding::{Cause, Finding, MAX_EVIDENCE, RuleId, Severity};
use crate::types::PointId;

/// Packets go out of sight and nothing comes back.
pub(in crate::diagnose) const RULE: Rule = Rule {
    id: RuleId("capture-gap"),
    check,
};

/// What goes out of sight at one point: flows, and one of their journeys each.
type Vanishing<'a> = BTreeMap<PointId, Vec<(usize, &'a FlowTimeline, &'a Journey)>>;

fn check(timelines: &Timelines, _: &Facts) -> Vec<Finding> {
    let mut points: Vanishing<'_> = BTreeMap::new();
    for (index, flow) in timelines.flows.iter().enumerate() {
        if let Some((point, journey)) = vanishing(flow) {
            points
                .entry(point)
                .or_default()
                .push((index, flow, journey));
        }
    }
    let findings = points
        .iter()
        .map(|(point, flows)| finding(timelines, *point, flows));
    findings.collect()
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

fn finding(
    timelines: &Timelines,
    point: PointId,
    flows: &[(usize, &FlowTimeline, &Journey)],
) -> Finding {
    let name = timelines.name(point);
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
        "the captures further on had not begun or had ended by then"
    } else {
        "no capture point that is known to lie further on their way could have seen them"
    };
    Finding {
        rule: RULE.id,
        severity: Severity::Warning,
        title: format!("cannot tell what becomes of unanswered packets behind {name}"),
        segment: None,
        alternatives: Vec::new(),
        flows: flows.iter().map(|(index, ..)| *index).collect(),
        evidence: flows
            .iter()
            .take(MAX_EVIDENCE)
            .filter_map(|(_, _, journey)| journey.last())
            .collect(),
        explanation: vec![format!(
            "They are last seen at {name}, nothing answers them, and {why}."
        )],
        causes: vec![Cause {
            cause: "they fail somewhere behind that point".to_owned(),
            confirm: capture_next(timelines, flows),
        }],
        remedy: Vec::new(),
        explained: Vec::new(),
    }
}

/// Which capture would tell.
fn capture_next(timelines: &Timelines, flows: &[(usize, &FlowTimeline, &Journey)]) -> String {
    let mut targets: Vec<String> = flows
        .iter()
        .map(|(_, flow, journey)| {
            let address = journey
                .tunnel
                .map_or(flow.responder.address, |tunnel| tunnel.destination);
            match timelines.plan.home(address) {
                Some(node) => format!("node {}", timelines.node_name(node)),
                None => format!("the node that has {address}"),
            }
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets.truncate(4);
    format!(
        "capture every interface of {} during the same traffic",
        targets.join(" and ")
    )
}
