//! What is reported of the nodes' clocks.

use serde::Serialize;

use super::time::render_time;
use crate::correlate::{ClockEstimate, ClockOffset, ClocksKnown, NodeId, Timelines};
use crate::types::Timestamp;

/// How the clocks of two nodes differ, as packets between them tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockReport {
    /// Node name.
    pub node: String,
    /// The name of the node whose clock it is compared with.
    pub compared_with: String,
    /// `both-ways`; `one-way`: packets were seen to go only from `one_way_from` to the other node, so that neither offset nor one-way
    /// delays can be told; `contradictory`: packets went both ways, but their times fit no clocks.
    pub seen: &'static str,
    /// The node that packets left, where `seen` is `one-way`.
    pub one_way_from: Option<String>,
    /// By which node's clock the times here are given.
    pub times_by: Option<String>,
    /// For when the offset holds, RFC 3339: the middle of the longest stretch without a step.
    pub at: Option<String>,
    /// How far the clock of `node` is ahead of the other one's.
    pub offset_ns: Option<i64>,
    /// The largest error of `offset_ns`.
    pub error_ns: Option<i64>,
    /// Nanoseconds that the clock of `node` gains a second; `null` where it may be none.
    pub drift_ppb: Option<i64>,
    /// The largest error of `drift_ppb`.
    pub drift_error_ppb: Option<i64>,
    /// Jumps of the offset, in order of time.
    pub steps: Vec<ClockStepReport>,
    /// Packets, of those that were compared, whose times contradict the rest and were set aside.
    pub contradicting: u64,
}

/// A jump of one clock against another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockStepReport {
    /// Not before this time, RFC 3339.
    pub after: String,
    /// Not after this time, RFC 3339.
    pub before: String,
    /// How much the offset grew; negative where it shrank.
    pub size_ns: i64,
    /// The largest error of `size_ns`.
    pub error_ns: i64,
}

/// Each two nodes between which packets went, sorted by name.
pub(super) fn clock_reports(timelines: &Timelines) -> Vec<ClockReport> {
    let name = |node: NodeId| timelines.node_name(node).to_owned();
    let pairs = timelines.clocks.pairs();
    let report = pairs.map(|pair| {
        let mut report = ClockReport {
            node: name(pair.second),
            compared_with: name(pair.first),
            seen: "both-ways",
            one_way_from: None,
            times_by: None,
            at: None,
            offset_ns: None,
            error_ns: None,
            drift_ppb: None,
            drift_error_ppb: None,
            steps: Vec::new(),
            contradicting: 0,
        };
        match pair.known {
            ClocksKnown::OneWay(from, _) => {
                report.seen = "one-way";
                report.one_way_from = Some(name(from));
            }
            ClocksKnown::Contradictory => report.seen = "contradictory",
            ClocksKnown::Compared(estimate) => {
                report.times_by = Some(name(estimate.by));
                report.fill(&estimate);
            }
        }
        report
    });
    report.collect()
}

impl ClockReport {
    fn fill(&mut self, estimate: &ClockEstimate) {
        self.at = Some(render_time(estimate.at));
        self.offset_ns = Some(estimate.offset.offset.0);
        self.error_ns = Some(estimate.offset.bound.0);
        self.drift_ppb = estimate.drift.map(|drift| drift.ppb);
        self.drift_error_ppb = estimate.drift.map(|drift| drift.error_ppb);
        let steps = estimate.steps.iter().map(|step| ClockStepReport {
            after: render_time(step.after),
            before: render_time(step.before),
            size_ns: step.size.0,
            error_ns: step.bound.0,
        });
        self.steps = steps.collect();
        self.contradicting = estimate.contradicting;
    }
}

/// How far a node's clock is ahead of the first node's: where packets went between the two, in the middle of the longest stretch
/// without a step, where the error is small; else in the middle of the first node's captures.
pub(super) fn against_first(timelines: &Timelines, node: NodeId) -> Option<ClockOffset> {
    let first = NodeId(0);
    let mut pairs = timelines.clocks.pairs();
    let direct = pairs.find(|pair| (pair.first, pair.second) == (first, node));
    if let Some(ClocksKnown::Compared(estimate)) = direct.map(|pair| pair.known) {
        return Some(estimate.offset);
    }
    let middle = middle_of_captures(timelines, first).unwrap_or(Timestamp(0));
    timelines.clocks.offset_at(first, node, middle)
}

fn middle_of_captures(timelines: &Timelines, node: NodeId) -> Option<Timestamp> {
    let homes = timelines.points.iter().zip(&timelines.node_of);
    let points = || homes.clone().filter(|(_, home)| **home == node);
    let first = points().filter_map(|(point, _)| point.first_time).min()?;
    let last = points().filter_map(|(point, _)| point.last_time).max()?;
    Some(Timestamp(first.0.midpoint(last.0)))
}
