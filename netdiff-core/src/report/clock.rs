//! What is reported of the nodes' clocks.

use crate::correlate::{ClockOffset, ClocksKnown, NodeId, Timelines};
use crate::types::Timestamp;

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
