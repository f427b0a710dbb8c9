//! The offset between the clocks of two nodes at any time of either.

use super::course::{Course, Limit, Spread};
use super::least::Crossing;
use super::stretches::{Cut, Stretch};
use super::{ClockDrift, ClockStep};
use crate::types::{Nanos, Timestamp};

/// How far into a gap it is looked whether the sides meet, in this many steps.
const LOOKS: i64 = 16;

/// One of the two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

/// How far the second clock is ahead of the first, over the time of one of them.
#[derive(Clone, Debug)]
pub(super) struct Offsets {
    /// By whose clock the time goes.
    pub(super) axis: Side,
    pub(super) cut: Cut,
}

impl Offsets {
    /// From packets both ways; `None` where no stretch of time has some both ways.
    ///
    /// # Whose time
    /// Where one clock stepped, its times have a hole or come twice, while the other's go on. The axis is
    /// 1. the clock whose time needs fewer pieces: packets from before and after a step back alternate in the time of the clock that
    ///    stepped;
    /// 2. if, where one clock goes on, the other goes back behind its earlier stretch: the clock that shows less time in all.
    ///    Which stretch came first, times alone cannot tell then; the other order leaves an empty time as long as the step;
    /// 3. the clock that shows more time in all. Whether one stepped back or the other forward cannot be told, and the longer gap covers
    ///    both;
    /// 4. the first.
    pub(super) fn new(there: &[Crossing], back: &[Crossing]) -> Option<Self> {
        let along = |axis: Side| {
            let cut = Cut::new(limits(there, back, axis))?;
            Some(Self { axis, cut })
        };
        let (first, second) = match along(Side::First) {
            Some(first) if first.cut.pieces == 1 => return Some(first),
            Some(first) => (first, along(Side::Second)),
            None => return along(Side::Second),
        };
        let Some(second) = second else {
            return Some(first);
        };
        let by_length = first.cut.length.cmp(&second.cut.length);
        let by_length = if first.turns_back() && second.turns_back() {
            by_length
        } else {
            by_length.reverse()
        };
        let order = first.cut.pieces.cmp(&second.cut.pieces).then(by_length);
        Some(if order.is_gt() { second } else { first })
    }

    /// Whether the other clock goes back from the end of a stretch to the begin of the next.
    pub(super) fn turns_back(&self) -> bool {
        let other = |time: i64, stretch: &Stretch| {
            let offset = stretch.course.estimate(time);
            match self.axis {
                Side::First => time.saturating_add(offset),
                Side::Second => time.saturating_sub(offset),
            }
        };
        let mut pairs = self.cut.stretches.windows(2);
        pairs.any(|pair| {
            let (before, after) = (pair.first(), pair.last());
            let ends = before
                .zip(after)
                .map(|(b, a)| (other(b.end, b), other(a.start, a)));
            ends.is_some_and(|(end, start)| start < end)
        })
    }

    /// Whether every time has an offset.
    pub(super) fn hold_always(&self) -> bool {
        !self.cut.stretches.is_empty() && !self.cut.loose.iter().any(|loose| loose.open)
    }

    /// How far the second clock is ahead at some time between two, by one of the clocks; the estimate is for the middle.
    pub(super) fn over(&self, clock: Side, from: i64, to: i64) -> Option<Spread> {
        if clock == self.axis {
            return self.along_axis(from, to);
        }
        self.across(from, to)
    }

    /// The middle of the longest settled stretch, by the axis' clock, and what holds there.
    pub(super) fn middle(&self) -> Option<(i64, Spread, Option<ClockDrift>)> {
        let length = |s: &&Stretch| (s.end.saturating_sub(s.start), std::cmp::Reverse(s.start));
        let longest = self.cut.stretches.iter().max_by_key(length)?;
        let middle = longest.start.midpoint(longest.end);
        let drift = longest.course.drift().map(|(ppb, error)| ClockDrift {
            ppb,
            error_ppb: error,
        });
        Some((middle, longest.course.spread(middle), drift))
    }

    pub(super) const fn contradicting(&self) -> u64 {
        self.cut.contradicting
    }

    /// Where one stretch surely does not lead to the next: with any rate up to the largest, their spreads are nowhere the same
    /// between them. If they are somewhere, the rate may have changed there, and no step is claimed.
    pub(super) fn steps(&self) -> Vec<ClockStep> {
        let pairs = self.cut.stretches.windows(2);
        pairs
            .filter_map(|pair| step(pair.first()?, pair.last()?))
            .collect()
    }

    /// Twice the number of stretches before `time`, and one more inside a stretch.
    fn place(&self, time: i64) -> usize {
        let begun = self.cut.stretches.partition_point(|s| s.start <= time);
        let inside = begun
            .checked_sub(1)
            .and_then(|nth| self.cut.stretches.get(nth));
        match inside {
            Some(stretch) if time <= stretch.end => 2 * begun - 1,
            _ => 2 * begun,
        }
    }

    /// First and last time of a place.
    fn extent(&self, place: usize) -> (i64, i64) {
        let stretch = |nth: usize| self.cut.stretches.get(nth);
        if place % 2 == 1 {
            return stretch(place / 2).map_or((0, 0), |s| (s.start, s.end));
        }
        let before = (place / 2).checked_sub(1).and_then(stretch);
        let after = stretch(place / 2);
        (
            before.map_or(i64::MIN, |s| s.end),
            after.map_or(i64::MAX, |s| s.start),
        )
    }

    /// What holds at a time of a place: in a gap, whatever either side or a weak stretch in it says.
    fn spread_in(&self, place: usize, time: i64) -> Option<Spread> {
        let spread = |nth: usize| self.cut.stretches.get(nth).map(|s| s.course.spread(time));
        if place % 2 == 1 {
            return spread(place / 2);
        }
        let before = (place / 2).checked_sub(1).and_then(spread);
        let after = spread(place / 2);
        let loose = self.cut.loose.get(place / 2)?;
        if loose.open {
            return None;
        }
        let weak = loose.courses.iter().map(|course| course.spread(time));
        let mut sides = before.into_iter().chain(after).chain(weak);
        let first = sides.next()?;
        let rest = sides.reduce(Spread::cover);
        Some(rest.map_or(first, |rest| first.cover(rest).centered()))
    }

    fn along_axis(&self, from: i64, to: i64) -> Option<Spread> {
        let middle = from.midpoint(to);
        let mut result = self.spread_in(self.place(middle), middle)?;
        if from == to {
            return Some(result);
        }
        for place in self.place(from)..=self.place(to) {
            let (first, last) = self.extent(place);
            // Inside a place the spread widens towards its ends.
            for time in [first.clamp(from, to), last.clamp(from, to)] {
                result = result.cover(self.spread_in(place, time)?);
            }
        }
        Some(result)
    }

    /// By the clock that is not the axis: each stretch says when that was, if it was then.
    fn across(&self, from: i64, to: i64) -> Option<Spread> {
        let mut found: Vec<Spread> = Vec::new();
        let mut nearest: Option<(u64, usize, i64)> = None;
        for (nth, stretch) in self.cut.stretches.iter().enumerate() {
            let (first, last) = self.on_axis(&stretch.course, from, to);
            let (earliest, latest) = (self.extent(2 * nth).0, self.extent(2 * nth + 2).1);
            if first <= latest && earliest <= last {
                found.push(self.along_axis(first.max(earliest), last.min(latest))?);
            } else {
                let (distance, gap) = if first > latest {
                    (first.abs_diff(latest), 2 * nth + 2)
                } else {
                    (earliest.abs_diff(last), 2 * nth)
                };
                let edge = first.clamp(earliest, latest);
                nearest = nearest.into_iter().chain([(distance, gap, edge)]).min();
            }
        }
        for (nth, loose) in self.cut.loose.iter().enumerate() {
            let (earliest, latest) = self.extent(2 * nth);
            for course in &loose.courses {
                let (first, last) = self.on_axis(course, from, to);
                if first <= latest && earliest <= last {
                    found.push(self.along_axis(first.max(earliest), last.min(latest))?);
                }
            }
        }
        let whole = found.iter().copied().reduce(Spread::cover);
        match (whole, nearest) {
            (Some(one), _) if found.len() == 1 => Some(one),
            (Some(all), _) => Some(all.centered()),
            // A time that a step of this clock left out.
            (None, nearest) => nearest.and_then(|(_, gap, edge)| self.spread_in(gap, edge)),
        }
    }

    /// Between which times of the axis the other clock showed these, if a course holds.
    fn on_axis(&self, course: &Course, from: i64, to: i64) -> (i64, i64) {
        let mut middle = course.origin();
        // Each turn makes the error a thousandth, the largest rate.
        for _ in 0..8 {
            let offset = course.estimate(middle);
            let next = self.axis_times((from.midpoint(to), 0), offset, offset).0;
            if next == middle {
                break;
            }
            middle = next;
        }
        let spread = course.spread(middle);
        let slack = spread.bound().saturating_add(to.saturating_sub(from)) / 500 + 2;
        let (first, last) = self.axis_times((from, to), spread.low, spread.high);
        (first.saturating_sub(slack), last.saturating_add(slack))
    }

    /// Times of the other clock by the axis', for offsets from `low` to `high`.
    const fn axis_times(&self, (from, to): (i64, i64), low: i64, high: i64) -> (i64, i64) {
        match self.axis {
            Side::First => (from.saturating_sub(high), to.saturating_sub(low)),
            Side::Second => (from.saturating_add(low), to.saturating_add(high)),
        }
    }
}

/// What the packets say over the time of one clock.
fn limits(there: &[Crossing], back: &[Crossing], axis: Side) -> Vec<Limit> {
    let first = axis == Side::First;
    let above = there.iter().map(|crossing| Limit {
        time: if first {
            crossing.departure
        } else {
            crossing.arrival()
        },
        above: true,
        ahead: crossing.difference,
    });
    let below = back.iter().map(|crossing| Limit {
        time: if first {
            crossing.arrival()
        } else {
            crossing.departure
        },
        above: false,
        ahead: crossing.difference.saturating_neg(),
    });
    above.chain(below).collect()
}

fn step(before: &Stretch, after: &Stretch) -> Option<ClockStep> {
    if !(before.confirmed && after.confirmed) {
        return None;
    }
    let (from, to) = (before.end, after.start);
    let part = to.saturating_sub(from) / LOOKS;
    let looks = (0..=LOOKS).map(|nth| from.saturating_add(part.saturating_mul(nth)));
    let meeting = before
        .course
        .meets(&after.course)
        .map(|time| time.clamp(from, to));
    let meet = looks.chain([to]).chain(meeting).any(|time| {
        before
            .course
            .spread(time)
            .overlaps(after.course.spread(time))
    });
    if meet {
        return None;
    }
    let anywhere = |stretch: &Stretch| {
        let ends = stretch.course.spread(from).cover(stretch.course.spread(to));
        Spread {
            estimate: stretch.course.estimate(from.midpoint(to)),
            ..ends
        }
    };
    let (old, new) = (anywhere(before), anywhere(after));
    Some(ClockStep {
        after: Timestamp(from),
        before: Timestamp(to),
        size: Nanos(new.estimate.saturating_sub(old.estimate)),
        bound: Nanos(new.bound().saturating_add(old.bound())),
    })
}
