//! How the clocks of two nodes differ, at any time.
//!
//! All interfaces of a node share its clock. For packets that travel from A to B, arrival by B minus departure by A is the
//! offset plus a delay that is never negative: it bounds the offset from above at the time of departure. Packets from B to A bound it
//! from below, at the time of arrival. Between these limits goes the estimate (`course`): a line, since clocks drift, and one for each
//! stretch without a step (`stretches`). The bound holds every offset that the packets allow with a rate of at most 1000 ppm: between
//! packets and beyond them it widens, and between two stretches it covers both sides (`pair`).
//!
//! Memory is bounded: of each direction the packets with the least difference in each of a few hundred buckets of time are
//! kept (`least`). A limit that is left out makes a bound wider, never wrong.
//!
//! Packets in one direction alone give no offset, only the usual difference of arrival and departure. Nodes that do not talk to each other
//! directly are compared through others.
//!
//! # What stays open
//! - A step that a line explains, or that is smaller than what the delays leave open, shows nowhere; the bound does not cover it.
//! - A packet that is under way while a clock steps says what holds before or after, not when. Where so many are under way
//!   at once that they outweigh the rest of a stretch, its bound may be off.
//! - Which clock stepped, two clocks do not tell, nor which stretch came first when one stepped back behind its first packet.
//! - After a step that only packets one way follow, times of a clock that stepped back count as before the step.

mod course;
mod least;
mod pair;
mod stretches;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use least::Crossing;
pub(super) use least::LeastCrossings;
use pair::{Offsets, Side};

use super::timeline::NodeId;
use crate::types::{Nanos, Timestamp};

/// Of how many crossings, those nearest in time, the usual difference is the least.
const NEAREST: usize = 4;

/// By how much one clock is ahead of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// The best estimate.
    pub offset: Nanos,
    /// The largest error that the packets allow.
    pub bound: Nanos,
}

/// How fast one clock gains on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDrift {
    /// Nanoseconds a second.
    pub ppb: i64,
    /// The largest error of it.
    pub error_ppb: i64,
}

/// A jump of the offset of two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// Not before this time.
    pub after: Timestamp,
    /// Not after this time.
    pub before: Timestamp,
    /// How much the offset grew.
    pub size: Nanos,
    /// The largest error of it.
    pub bound: Nanos,
}

/// What packets between two nodes tell of their clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockPair {
    /// The one whose number is less.
    pub first: NodeId,
    /// The other.
    pub second: NodeId,
    /// What is known.
    pub known: ClocksKnown,
}

/// How much is known of two clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClocksKnown {
    /// Packets were seen to go from the first of these nodes to the second and never back: neither offset nor
    /// one-way delays can be told.
    OneWay(NodeId, NodeId),
    /// Packets went both ways, but their limits contradict each other too much for any estimate.
    Contradictory,
    /// Packets went both ways.
    Compared(ClockEstimate),
}

/// The offset of two clocks, told by packets both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockEstimate {
    /// By whose clock the times below are: the other one's may be ambiguous.
    pub by: NodeId,
    /// In the middle of the longest stretch without a step.
    pub at: Timestamp,
    /// How far the second clock is ahead of the first at that time.
    pub offset: ClockOffset,
    /// How fast it gains there; `None` where that may be nothing.
    pub drift: Option<ClockDrift>,
    /// Jumps, in order of time; each is proven, with any rate up to 1000 ppm between its ends.
    pub steps: Vec<ClockStep>,
    /// How many of the packets that were looked at contradict the rest: wrongly matched, or a step that too few confirm.
    pub contradicting: u64,
}

/// The clocks of two nodes, the lesser number first.
#[derive(Clone, Debug, Default)]
struct Pair {
    there: Vec<Crossing>,
    back: Vec<Crossing>,
    offsets: Option<Offsets>,
}

/// The offsets between the nodes of a set.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    pairs: BTreeMap<(NodeId, NodeId), Pair>,
    /// From one node to another that it was not compared with: the way through others, both ends included.
    chains: BTreeMap<(NodeId, NodeId), Vec<NodeId>>,
}

/// Collects the packets that tell most, per ordered pair of nodes.
#[derive(Default)]
pub(super) struct ClockComparison {
    least: BTreeMap<(NodeId, NodeId), LeastCrossings>,
}

impl ClockComparison {
    /// Notes a packet that travelled from one node to another: `departure` is by the first clock, `difference` the arrival by
    /// the second clock minus that. The order of notes does not matter.
    pub(super) fn note(
        &mut self,
        from: NodeId,
        to: NodeId,
        departure: Timestamp,
        difference: Nanos,
    ) {
        self.least
            .entry((from, to))
            .or_default()
            .note(departure, difference);
    }

    /// Takes over the directions that only the other knows.
    pub(super) fn add_missing(&mut self, other: Self) {
        for (direction, least) in other.least {
            self.least.entry(direction).or_insert(least);
        }
    }

    pub(super) fn finish(&self) -> Clocks {
        let mut pairs: BTreeMap<(NodeId, NodeId), Pair> = BTreeMap::new();
        for (&(from, to), least) in &self.least {
            let pair = pairs.entry((from.min(to), from.max(to))).or_default();
            let direction = if from < to {
                &mut pair.there
            } else {
                &mut pair.back
            };
            *direction = least.crossings();
        }
        for pair in pairs.values_mut() {
            pair.offsets = Offsets::new(&pair.there, &pair.back);
        }
        let chains = chains(&pairs);
        Clocks { pairs, chains }
    }
}

/// From when to when packets compare a node's clock with another, by that node's clock, in nanoseconds.
fn watched(
    pairs: &BTreeMap<(NodeId, NodeId), Pair>,
    node: NodeId,
    other: NodeId,
) -> Option<(i64, i64)> {
    let pair = pairs.get(&(node.min(other), node.max(other)))?;
    let (sent, received) = if node < other {
        (&pair.there, &pair.back)
    } else {
        (&pair.back, &pair.there)
    };
    let departures = sent.iter().map(|crossing| crossing.departure);
    let arrivals = received.iter().copied().map(Crossing::arrival);
    let times = || departures.clone().chain(arrivals.clone());
    times().min().zip(times().max())
}

/// Whether packets compare a way's last node with the next while others compare it with the one before.
fn goes_on(pairs: &BTreeMap<(NodeId, NodeId), Pair>, way: &[NodeId], next: NodeId) -> bool {
    let [.., before, last] = way else { return true };
    let spans = watched(pairs, *last, *before).zip(watched(pairs, *last, next));
    spans.is_some_and(|((begin, end), (first, last))| first <= end && begin <= last)
}

/// The ways between nodes that were not compared directly, fewest links first, then lower numbers.
///
/// The packets that compare a node between with the one before must overlap in time those that compare it with the one after: a clock
/// that was set between them would show in neither.
fn chains(pairs: &BTreeMap<(NodeId, NodeId), Pair>) -> BTreeMap<(NodeId, NodeId), Vec<NodeId>> {
    let mut links: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for (&(a, b), _) in pairs.iter().filter(|(_, pair)| pair.offsets.is_some()) {
        links.entry(a).or_default().push(b);
        links.entry(b).or_default().push(a);
    }
    links.values_mut().for_each(|others| others.sort_unstable());
    let mut chains = BTreeMap::new();
    for &start in links.keys() {
        let mut reached = BTreeSet::from([start]);
        let mut queue = VecDeque::from([vec![start]]);
        while let Some(way) = queue.pop_front() {
            let Some(last) = way.last() else { continue };
            for &next in links.get(last).into_iter().flatten() {
                if !goes_on(pairs, &way, next) || !reached.insert(next) {
                    continue;
                }
                let mut longer = way.clone();
                longer.push(next);
                queue.push_back(longer);
            }
            if way.len() > 2 {
                chains.insert((start, *last), way);
            }
        }
    }
    chains
}

impl Clocks {
    /// How far `to`'s clock is ahead of `from`'s when `from`'s shows `time`; `None` where the packets do not tell.
    ///
    /// Through a chain of nodes offsets and bounds add up, each at the time of its own clock.
    #[must_use]
    pub fn offset_at(&self, from: NodeId, to: NodeId, time: Timestamp) -> Option<ClockOffset> {
        let mut sum = ClockOffset {
            offset: Nanos(0),
            bound: Nanos(0),
        };
        if from == to {
            return Some(sum);
        }
        let direct = [from, to];
        let chain = self.chains.get(&(from, to));
        let way = chain.map_or(direct.as_slice(), Vec::as_slice);
        for link in way.windows(2) {
            let (near, far) = (*link.first()?, *link.last()?);
            let now = time + sum.offset;
            let more = self.link(near, far, now - sum.bound, now + sum.bound)?;
            sum.offset = Nanos(sum.offset.0.saturating_add(more.offset.0));
            sum.bound = Nanos(sum.bound.0.saturating_add(more.bound.0));
        }
        Some(sum)
    }

    /// Whether [`Self::offset_at`] tells anything, which is quicker to say than what.
    pub(super) fn compare_at(&self, from: NodeId, to: NodeId, time: Timestamp) -> bool {
        if from == to {
            return true;
        }
        let pair = self.pairs.get(&(from.min(to), from.max(to)));
        let offsets = pair.and_then(|pair| pair.offsets.as_ref());
        // Nodes that were compared directly have no way through others.
        offsets.is_some_and(Offsets::hold_always) || self.offset_at(from, to, time).is_some()
    }

    /// The offset of two nodes that were compared directly, at some time between two by `from`'s clock.
    fn link(
        &self,
        from: NodeId,
        to: NodeId,
        begin: Timestamp,
        end: Timestamp,
    ) -> Option<ClockOffset> {
        let offsets = self
            .pairs
            .get(&(from.min(to), from.max(to)))?
            .offsets
            .as_ref()?;
        let side = if from < to { Side::First } else { Side::Second };
        let spread = offsets.over(side, begin.0, end.0)?;
        let ahead = if from < to {
            spread.estimate
        } else {
            spread.estimate.saturating_neg()
        };
        Some(ClockOffset {
            offset: Nanos(ahead),
            bound: Nanos(spread.bound()),
        })
    }

    /// When a packet that left `from` at `time` (by its clock) would be seen at `to`, by `to`'s clock, beside the time it left: from
    /// packets in one direction alone, which hold offset and delay together. Clocks drift and step, so it is the least difference
    /// of the few packets nearest in time. `None` where no packet went between the two.
    #[must_use]
    pub fn usual_difference(&self, from: NodeId, to: NodeId, time: Timestamp) -> Option<Nanos> {
        let pair = self.pairs.get(&(from.min(to), from.max(to)))?;
        let (there, back) = if from < to {
            (&pair.there, &pair.back)
        } else {
            (&pair.back, &pair.there)
        };
        let against = || least_near(back, time, Crossing::arrival).map(i64::saturating_neg);
        least_near(there, time, |crossing| crossing.departure)
            .or_else(against)
            .map(Nanos)
    }

    /// What the packets tell of each two nodes between which some went, in order.
    pub fn pairs(&self) -> impl Iterator<Item = ClockPair> + '_ {
        self.pairs.iter().filter_map(|(&(first, second), pair)| {
            let known = match (&pair.offsets, pair.there.is_empty(), pair.back.is_empty()) {
                (Some(offsets), ..) => ClocksKnown::Compared(compared(first, second, offsets)?),
                (None, false, false) => ClocksKnown::Contradictory,
                (None, false, true) => ClocksKnown::OneWay(first, second),
                (None, true, false) => ClocksKnown::OneWay(second, first),
                (None, true, true) => return None,
            };
            Some(ClockPair {
                first,
                second,
                known,
            })
        })
    }
}

fn compared(first: NodeId, second: NodeId, offsets: &Offsets) -> Option<ClockEstimate> {
    let (at, spread, drift) = offsets.middle()?;
    Some(ClockEstimate {
        by: match offsets.axis {
            Side::First => first,
            Side::Second => second,
        },
        at: Timestamp(at),
        offset: ClockOffset {
            offset: Nanos(spread.estimate),
            bound: Nanos(spread.bound()),
        },
        drift,
        steps: offsets.steps(),
        contradicting: offsets.contradicting(),
    })
}

/// The least difference of the crossings nearest to a time.
fn least_near(
    crossings: &[Crossing],
    time: Timestamp,
    when: impl Fn(Crossing) -> i64,
) -> Option<i64> {
    let mut nearest: Vec<(u64, i64)> = Vec::with_capacity(NEAREST + 1);
    for crossing in crossings {
        let one = (when(*crossing).abs_diff(time.0), crossing.difference);
        let place = nearest.partition_point(|other| *other <= one);
        if place < NEAREST {
            nearest.insert(place, one);
            nearest.truncate(NEAREST);
        }
    }
    nearest.into_iter().map(|(_, difference)| difference).min()
}
