//! One direction of a flow in its set, as comparisons look at it.

use super::way::{self, Step};
use crate::correlate::{Direction, FlowTimeline, Hop, Timelines};
use crate::identify::Evidence;

/// One direction of a flow in its set.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) set: &'a Timelines,
    pub(super) flow: &'a FlowTimeline,
    pub(super) reply: bool,
}

impl<'a> Side<'a> {
    pub(super) fn direction(self) -> &'a Direction {
        way::direction(self.flow, self.reply)
    }

    pub(super) fn steps(self) -> Vec<Step> {
        way::steps(self.set, self.flow, self.reply)
    }

    pub(super) fn hop(self, index: Option<usize>) -> Option<&'a Hop> {
        self.direction().hops.get(index?)
    }

    /// The first packet seen at a hop.
    pub(super) fn evidence_at(self, index: Option<usize>) -> Vec<Evidence> {
        self.hop(index).map(|hop| hop.first).into_iter().collect()
    }

    /// Packets of this direction.
    pub(super) fn packets(self) -> u64 {
        self.direction().tally.packets()
    }
}
