//! How the clocks of two nodes differ.
//!
//! All interfaces of a node share its clock. For packets that travel from A to B, `t_B - t_A` is the offset plus a
//! delay that is never negative, so its minimum bounds the offset from above; packets from B to A bound it from
//! below. The estimate is the middle, its error at most half the width. Traffic in one direction alone
//! gives no estimate, only the usual difference between departure and arrival. Nodes that never talk to each other directly are compared through others.
//!
//! Drift and steps are not looked for yet: over a long capture they widen the bound, never shift a claim.

use std::collections::{BTreeMap, VecDeque};

use super::timeline::NodeId;
use crate::types::{Nanos, Timestamp};

/// By how much one clock is ahead of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// The best estimate.
    pub offset: Nanos,
    /// The largest error that the packets allow.
    pub bound: Nanos,
}

/// The offsets between the nodes of a set.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    /// From one node to another: how far the second's clock is ahead.
    offsets: BTreeMap<(NodeId, NodeId), ClockOffset>,
    /// From one node to another: the least difference of arrival and departure.
    least: BTreeMap<(NodeId, NodeId), Nanos>,
}

/// Collects, per ordered pair of nodes, the smallest difference of arrival and departure.
#[derive(Default)]
pub(super) struct ClockComparison {
    least: BTreeMap<(NodeId, NodeId), Nanos>,
}

impl ClockComparison {
    /// Notes a packet that travelled from one node to another: `difference` is arrival by the second clock minus
    /// departure by the first. The time does not matter yet.
    pub(super) fn note(
        &mut self,
        from: NodeId,
        to: NodeId,
        _departure: Timestamp,
        difference: Nanos,
    ) {
        let least = self.least.entry((from, to)).or_insert(difference);
        *least = (*least).min(difference);
    }

    /// Takes over the directions that only the other knows.
    pub(super) fn add_missing(&mut self, other: Self) {
        for (direction, least) in other.least {
            self.least.entry(direction).or_insert(least);
        }
    }

    pub(super) fn finish(&self) -> Clocks {
        let mut direct: BTreeMap<(NodeId, NodeId), ClockOffset> = BTreeMap::new();
        for (&(from, to), &there) in &self.least {
            let Some(&back) = self.least.get(&(to, from)) else {
                continue;
            };
            // Doubled to keep the half nanosecond out; a negative width means that a clock stepped.
            let (sum, width) = (
                there.0.saturating_sub(back.0),
                there.0.saturating_add(back.0),
            );
            let offset = ClockOffset {
                offset: Nanos(sum / 2),
                bound: Nanos(width.abs() / 2 + 1),
            };
            direct.insert((from, to), offset);
        }
        Clocks {
            offsets: compose(&direct),
            least: self.least.clone(),
        }
    }
}

/// Follows chains of nodes, fewest links first.
fn compose(
    direct: &BTreeMap<(NodeId, NodeId), ClockOffset>,
) -> BTreeMap<(NodeId, NodeId), ClockOffset> {
    let mut all = BTreeMap::new();
    let mut starts: Vec<NodeId> = direct.keys().map(|(from, _)| *from).collect();
    starts.dedup();
    for start in starts {
        let mut queue = VecDeque::from([(
            start,
            ClockOffset {
                offset: Nanos(0),
                bound: Nanos(0),
            },
        )]);
        while let Some((node, so_far)) = queue.pop_front() {
            if all.contains_key(&(start, node)) {
                continue;
            }
            all.insert((start, node), so_far);
            for (&(_, next), step) in direct.range((node, NodeId(0))..=(node, NodeId(u32::MAX))) {
                if !all.contains_key(&(start, next)) {
                    let offset = Nanos(so_far.offset.0.saturating_add(step.offset.0));
                    let bound = Nanos(so_far.bound.0.saturating_add(step.bound.0));
                    queue.push_back((next, ClockOffset { offset, bound }));
                }
            }
        }
    }
    all
}

impl Clocks {
    /// How far `to`'s clock is ahead of `from`'s; `None` where the packets do not tell.
    #[must_use]
    pub fn offset(&self, from: NodeId, to: NodeId) -> Option<ClockOffset> {
        if from == to {
            return Some(ClockOffset {
                offset: Nanos(0),
                bound: Nanos(0),
            });
        }
        self.offsets.get(&(from, to)).copied()
    }

    /// When a packet that left `from` would be seen at `to`, by `to`'s clock, beside the time it left: from packets in one
    /// direction alone, which hold offset and delay together. `None` where no packet went between the two.
    #[must_use]
    pub fn usual_difference(&self, from: NodeId, to: NodeId) -> Option<Nanos> {
        let back = || {
            self.least
                .get(&(to, from))
                .map(|least| Nanos(least.0.saturating_neg()))
        };
        self.least.get(&(from, to)).copied().or_else(back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_bound_the_offset() {
        let (a, b) = (NodeId(0), NodeId(1));
        let mut comparison = ClockComparison::default();
        comparison.note(a, b, Timestamp(0), Nanos(1_000_030));
        comparison.note(a, b, Timestamp(0), Nanos(1_000_020));
        assert_eq!(
            comparison.finish().offset(a, b),
            None,
            "one direction tells nothing"
        );
        comparison.note(b, a, Timestamp(0), Nanos(-999_990));
        let offset = comparison.finish().offset(a, b).unwrap();
        assert_eq!(
            offset,
            ClockOffset {
                offset: Nanos(1_000_005),
                bound: Nanos(16)
            }
        );
        assert_eq!(
            comparison.finish().offset(b, a).unwrap().offset,
            Nanos(-1_000_005)
        );
    }

    #[test]
    fn chains_compose() {
        let (a, b, c) = (NodeId(0), NodeId(1), NodeId(2));
        let mut comparison = ClockComparison::default();
        for (from, to, there, back) in [(a, b, 110, -90), (b, c, 1_010, -990)] {
            comparison.note(from, to, Timestamp(0), Nanos(there));
            comparison.note(to, from, Timestamp(0), Nanos(back));
        }
        let offset = comparison.finish().offset(a, c).unwrap();
        assert_eq!(offset.offset, Nanos(1_100));
        assert!(offset.bound >= Nanos(20));
    }
}
