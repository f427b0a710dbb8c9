//! Keeps the packets that say most about two clocks, in bounded memory.

use foldhash::HashMap;

use crate::types::{Nanos, Timestamp};

/// Most packets that are kept of one direction between two nodes.
const MOST: usize = 256;

/// Width of the first buckets: 2^20 ns, about a millisecond.
const FIRST_WIDTH: u32 = 20;

/// Largest difference of two clocks that is believed, about 73 years: one of them may stand at 1970, but a larger difference may
/// have met the end of what a [`Timestamp`] holds.
const LARGEST_DIFFERENCE: u64 = 1 << 61;

/// Farthest time from 1970 that is believed, about 146 years.
const FARTHEST_TIME: u64 = 1 << 62;

/// When a packet left, and how much later it arrived: by two clocks, so that the difference holds their offset and the delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::correlate) struct Crossing {
    pub(in crate::correlate) departure: i64,
    pub(in crate::correlate) difference: i64,
}

impl Crossing {
    /// By the receiver's clock.
    pub(in crate::correlate) const fn arrival(self) -> i64 {
        self.departure.saturating_add(self.difference)
    }

    /// Least difference first, then the earliest.
    const fn order(self) -> (i64, i64) {
        (self.difference, self.departure)
    }
}

/// The crossings of one direction, in each bucket of time the one with the least difference.
///
/// A bucket is 2^`width` ns of either clock, from a multiple of that: both count, so that packets from before and after a step of
/// one clock do not fall together. Where there would be more than [`MOST`] buckets, all become twice as wide.
///
/// The result does not depend on the order of the notes: whether a width suffices depends on the set of crossings alone, more
/// crossings never make a width suffice, and the one that is kept in a bucket is the least by a total order.
#[derive(Clone, Debug)]
pub(in crate::correlate) struct LeastCrossings {
    most: usize,
    width: u32,
    kept: HashMap<(i64, i64), Crossing>,
}

impl Default for LeastCrossings {
    fn default() -> Self {
        Self::of_at_most(MOST)
    }
}

impl LeastCrossings {
    /// Keeps so many and no more.
    pub(in crate::correlate) fn of_at_most(most: usize) -> Self {
        Self {
            most,
            width: FIRST_WIDTH,
            kept: HashMap::default(),
        }
    }

    /// Notes a packet. Times that no clock can show are passed over: see [`LARGEST_DIFFERENCE`] and [`FARTHEST_TIME`].
    pub(in crate::correlate) fn note(&mut self, departure: Timestamp, difference: Nanos) {
        let crossing = Crossing {
            departure: departure.0,
            difference: difference.0,
        };
        let times = [crossing.departure, crossing.arrival()];
        if difference.0.unsigned_abs() > LARGEST_DIFFERENCE
            || times.iter().any(|t| t.unsigned_abs() > FARTHEST_TIME)
        {
            return;
        }
        self.keep(crossing);
        while self.kept.len() > self.most {
            self.width += 1;
            for crossing in std::mem::take(&mut self.kept).into_values() {
                self.keep(crossing);
            }
        }
    }

    fn keep(&mut self, crossing: Crossing) {
        let bucket = (
            crossing.departure >> self.width,
            crossing.arrival() >> self.width,
        );
        let kept = self.kept.entry(bucket).or_insert(crossing);
        if crossing.order() < kept.order() {
            *kept = crossing;
        }
    }

    /// Those that were kept, by departure.
    pub(in crate::correlate) fn crossings(&self) -> Vec<Crossing> {
        let mut kept: Vec<_> = self.kept.iter().collect();
        kept.sort_unstable_by_key(|(bucket, _)| **bucket);
        kept.into_iter().map(|(_, crossing)| *crossing).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(notes: &[(i64, i64)]) -> Vec<Crossing> {
        let mut least = LeastCrossings::default();
        for (departure, difference) in notes {
            least.note(Timestamp(*departure), Nanos(*difference));
        }
        least.crossings()
    }

    #[test]
    fn a_long_capture_keeps_no_more_and_the_least() {
        let notes: Vec<_> = (0..100_000)
            .map(|i| (i * 10_000_000, 50_000 + i * 7_919 % 1_000))
            .collect();
        let kept = kept(&notes);
        assert!((MOST / 2..=MOST).contains(&kept.len()), "{}", kept.len());
        assert!(kept.iter().all(|c| c.difference < 50_010));
    }

    #[test]
    fn impossible_times_are_passed_over() {
        assert!(kept(&[(0, i64::MAX), (i64::MIN, 0), (i64::MAX, i64::MIN)]).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_the_notes_does_not_matter(
            mut notes in prop::collection::vec((any::<i32>(), 0..1_000_000i64), 1..600),
            swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
        ) {
            let spread = |notes: &[(i32, i64)]| -> Vec<(i64, i64)> {
                notes.iter().map(|(t, d)| (i64::from(*t) * 1_000, *d)).collect()
            };
            let before = kept(&spread(&notes));
            notes.reverse();
            for swap in swaps.chunks_exact(2) {
                let (a, b) = (swap[0].index(notes.len()), swap[1].index(notes.len()));
                notes.swap(a, b);
            }
            prop_assert_eq!(before, kept(&spread(&notes)));
        }
    }
}
