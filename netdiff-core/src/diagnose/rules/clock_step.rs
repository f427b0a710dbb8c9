//! `clock-step`: see the manual below. A note, so that nobody takes a clock that was set for a delay.

use crate::correlate::{ClockPair, ClockStep, ClocksKnown, Journey};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::Evidence;
use crate::types::{Message, Nanos};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("clock-step"),
    manual: Manual {
        summary: "a node's clock was set while the captures ran",
        meaning: "From some moment on the clocks of two nodes differ by another amount than before: one of them was set. Times of the two nodes cannot be compared by eye; netdiff compares them on either side of the step, each with its own offset. No packet suffers.",
        looks_for: &[
            "Packets both ways between two nodes whose times fit one offset before and another behind some moment, by more than the errors of both.",
        ],
        refuted_by: &["packets whose times fit one offset all along"],
        causes: &[
            LikelyCause {
                cause: "a time service corrected the clock in one step",
                confirm: "on {from} and {to}: journalctl -u chronyd -u systemd-timesyncd -u ntpd; chronyc tracking",
            },
            LikelyCause {
                cause: "a virtual machine was paused, migrated or restored",
                confirm: "look at the hypervisor's log of {from} and {to} for that time",
            },
        ],
        remedy: &["let a time service run on every node, so that it need not set clocks in steps"],
        limits: &[
            "Between nodes whose packets were seen to go one way only, no step can be told.",
            "Which of two clocks was set cannot be told from the two alone.",
        ],
        references: &["RFC 5905 (NTP), section 10: steps and slews"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let pairs = case.timelines.clocks.pairs();
    pairs.filter_map(|pair| finding(case, &pair)).collect()
}

/// One finding for each two nodes; of several steps the largest is named, of equals the first.
fn finding(case: &Case<'_>, pair: &ClockPair) -> Option<Finding> {
    let ClocksKnown::Compared(estimate) = &pair.known else {
        return None;
    };
    let steps = &estimate.steps;
    let largest = steps.iter().max_by_key(|step| step.size.0.abs())?;
    let names = [pair.first, pair.second].map(|node| case.timelines.node_name(node).to_owned());
    let [first, second] = &names;
    let more = match steps.len() {
        1 => Message::empty(),
        n => message!("; {n} steps in all", n),
    };
    let draft = Draft::new(case, &RULE, Severity::Note)
        .evidence(crossing_behind(case, pair, largest))
        .marked()
        .fill("from", first)
        .fill("to", second)
        .say(message!(
            "Their clocks differ by {size} more behind the step than before, give or take {bound}{more}.",
            size = seconds(largest.size),
            bound = seconds(largest.bound),
            more
        ))
        .say(message!(
            "Delays between the two are compared on either side with the offset of that side."
        ));
    Some(draft.finish(message!(
        "the clock of {first} or {second} was set by {size} while the captures ran",
        first,
        second,
        size = seconds(Nanos(largest.size.0.abs()))
    )))
}

/// The first packet behind a step that both nodes saw, at both; any packet that both saw where none is told to be behind it.
fn crossing_behind(case: &Case<'_>, pair: &ClockPair, step: &ClockStep) -> Vec<Evidence> {
    let timelines = case.timelines;
    let flows = timelines.flows.iter();
    let journeys = flows.flat_map(|flow| flow.forward.journeys.iter().chain(&flow.reply.journeys));
    let both = |journey: &&Journey| {
        [pair.first, pair.second].iter().all(|node| {
            let mut points = journey.points();
            points.any(|point| timelines.node(point) == *node)
        })
    };
    let crossing: Vec<&Journey> = journeys.filter(both).collect();
    let behind = crossing
        .iter()
        .filter(|journey| journey.time >= step.before);
    let first = behind.min_by_key(|journey| (journey.time, journey.first()));
    let shown = first.or_else(|| crossing.first());
    shown.map_or_else(Vec::new, |journey| journey.sightings.clone())
}

fn seconds(time: Nanos) -> String {
    let micros = time.0 / 1_000;
    let (whole, part) = (micros / 1_000_000, (micros % 1_000_000).abs());
    let sign = if micros < 0 && whole == 0 { "-" } else { "" };
    format!("{sign}{whole}.{part:06} s")
}
