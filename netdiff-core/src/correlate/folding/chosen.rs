//! Chooses what is kept of a conversation.

use std::collections::BTreeSet;

use super::Folding;
use super::clocks::Telling;
use super::conversations::{Conversation, View};
use super::sorted::MAX_PLACES;
use super::units::{Unit, Way};
use crate::types::{Nanos, PointId, Timestamp};

/// Kinds of units that are told apart; what is of a further kind is kept.
const MAX_KINDS: usize = 64;

/// Of what is late, how many units of a direction are kept.
const MOST_LATE: usize = 32;

/// Delays that differ by less are not kept as extremes.
const NOTABLE: Nanos = Nanos(100_000);

/// Units of one kind.
struct Alike {
    /// The first of them.
    pattern: usize,
    numbers: Vec<usize>,
}

impl Conversation {
    /// Decides for each unit whether it is kept, and into which of its kind it is folded if not.
    pub(super) fn choose(&mut self, view: View<'_>, clocks: &Telling, folding: Folding) {
        let usual = Way::ALL.map(|way| self.usual(way));
        let mut ways = Way::ALL.into_iter().zip(usual);
        if ways.any(|(way, usual)| self.is_lossy(way, usual)) || !is_answered(view, usual) {
            return;
        }
        let mut telling = vec![false; self.units.len()];
        for crossed in &self.crossings {
            if let Some(telling) = telling.get_mut(crossed.unit)
                && clocks.contains(&crossed.crossing)
            {
                *telling = true;
            }
        }
        for (way, usual) in Way::ALL.into_iter().zip(usual) {
            let mut stays = vec![false; self.units.len()];
            self.mark_overtaken(way, usual, &mut stays);
            self.mark_last_of(way, Nanos(folding.late_ns), &mut stays);
            let mut kinds: Vec<Alike> = Vec::new();
            for (number, unit) in self.units.iter().enumerate() {
                if unit.way != way || !unit.plain || unit.places != usual {
                    continue;
                }
                if stays.get(number) == Some(&true) || !self.is_even(unit) {
                    continue;
                }
                let same = |known: &&mut Alike| self.look_alike(known.pattern, unit);
                if let Some(known) = kinds.iter_mut().find(same) {
                    known.numbers.push(number);
                } else if kinds.len() < MAX_KINDS {
                    kinds.push(Alike {
                        pattern: number,
                        numbers: vec![number],
                    });
                }
            }
            let all: usize = kinds.iter().map(|kind| kind.numbers.len()).sum();
            for kind in kinds {
                let share = folding.each.saturating_mul(kind.numbers.len()) / all.max(1);
                self.choose_of_kind(&kind.numbers, view, &telling, share.max(2));
            }
        }
    }

    /// Whether a packet is missing at a place that saw others before and after it, was sent again, or went on where others did not.
    fn is_lossy(&self, way: Way, usual: u64) -> bool {
        let units = || self.units.iter().filter(move |unit| unit.way == way);
        // Places that showed some, and those of them that then lacked one.
        let (mut shown, mut lacking) = (0, 0);
        // What was seen at no usual place is none of this way.
        for unit in units().filter(|unit| unit.places & usual != 0) {
            let here = unit.places & usual;
            if here & lacking != 0 || (unit.plain && unit.places & !usual != 0) {
                return true;
            }
            lacking |= shown & !here;
            shown |= here;
        }
        // The edges of a capture cut stretches, too.
        let inner = units().count().saturating_sub(2);
        units().any(|unit| unit.plain && unit.places & usual == 0)
            || units().skip(1).take(inner).any(|unit| unit.torn)
    }

    /// Units that some place saw in another order than the first place.
    fn mark_overtaken(&self, way: Way, usual: u64, marks: &mut [bool]) {
        let alike = |unit: &Unit| unit.way == way && unit.plain && unit.places == usual;
        let places = usual.count_ones() as usize;
        let mut latest = vec![Timestamp(i64::MIN); places];
        for (unit, mark) in self.units.iter().zip(&mut *marks) {
            if alike(unit) {
                for (at, latest) in self.first_times(unit).iter().zip(&mut latest) {
                    *mark |= at.first < *latest;
                    *latest = at.first.max(*latest);
                }
            }
        }
        let mut earliest = vec![Timestamp(i64::MAX); places];
        for (unit, mark) in self.units.iter().zip(marks).rev() {
            if alike(unit) {
                for (at, earliest) in self.first_times(unit).iter().zip(&mut earliest) {
                    *mark |= at.first > *earliest;
                    *earliest = at.first.min(*earliest);
                }
            }
        }
    }

    /// The last units of a way, if so much counts as late: what proves that packets arrived may come after the captures' end.
    fn mark_last_of(&self, way: Way, late: Nanos, marks: &mut [bool]) {
        let own = self.units.iter().zip(marks).rev();
        let mut own = own.filter(|(unit, _)| unit.way == way).peekable();
        let end = own.peek().map_or(Timestamp(0), |(unit, _)| unit.time);
        let late = own.take_while(|(unit, _)| end - unit.time < late);
        late.take(MOST_LATE).for_each(|(_, mark)| *mark = true);
    }

    /// Whether all pieces of a unit look the same at each place.
    fn is_even(&self, unit: &Unit) -> bool {
        self.first_times(unit).iter().all(|at| at.look.is_some())
    }

    /// Whether a unit shows the same as another but for its bytes and its times. What size does must be told by packets of that size: of
    /// the length in bytes, the exponent of two counts.
    fn look_alike(&self, pattern: usize, unit: &Unit) -> bool {
        let Some(pattern) = self.units.get(pattern) else {
            return false;
        };
        let size = |unit: &Unit| unit.lengths.1.max(1).ilog2();
        let looks = |unit| self.first_times(unit).iter();
        pattern.bytes.is_some() == unit.bytes.is_some()
            && size(pattern) == size(unit)
            && looks(pattern)
                .zip(looks(unit))
                .all(|(a, b)| a.place == b.place && a.look == b.look)
    }

    /// Units of one kind in order of time: so many of them are kept, and what stands out; the others are folded into the one before.
    fn choose_of_kind(
        &mut self,
        numbers: &[usize],
        view: View<'_>,
        telling: &[bool],
        share: usize,
    ) {
        let Some(last) = numbers.len().checked_sub(1) else {
            return;
        };
        let steps = share - 1;
        if last <= steps {
            return;
        }
        let tells = |number: &usize| telling.get(*number) == Some(&true);
        let mut kept: Vec<bool> = numbers.iter().map(tells).collect();
        let (mut chosen, lengths) = self.evenly(numbers, view, steps);
        chosen.extend(lengths);
        for nth in chosen
            .iter()
            .copied()
            .chain(self.extremes(numbers, &chosen))
        {
            if let Some(kept) = kept.get_mut(nth) {
                *kept = true;
            }
        }
        let mut into = None;
        for (kept, number) in kept.into_iter().zip(numbers) {
            if kept {
                into = Some(*number);
            } else if let Some(unit) = self.units.get_mut(*number) {
                unit.into = into;
            }
        }
    }

    /// The first, the last and so many steps between them, evenly by all the packets that they stand for; and the shortest and the longest.
    fn evenly(&self, numbers: &[usize], view: View<'_>, steps: usize) -> (Vec<usize>, [usize; 2]) {
        let mut ends: Vec<u64> = Vec::with_capacity(numbers.len());
        let (mut shortest, mut longest) = ((u32::MAX, 0), (0, 0));
        let mut before = 0;
        for (nth, number) in numbers.iter().enumerate() {
            let unit = self.units.get(*number);
            before += unit.map_or(1, |unit| self.stands_for(unit, view));
            ends.push(before);
            let Some(unit) = unit else { continue };
            if unit.lengths.0 < shortest.0 {
                shortest = (unit.lengths.0, nth);
            }
            if unit.lengths.1 > longest.0 {
                longest = (unit.lengths.1, nth);
            }
        }
        let last = before.saturating_sub(1);
        let steps = steps as u64;
        let even = (0..=steps).map(|step| {
            let wanted = u128::from(last) * u128::from(step) / u128::from(steps.max(1));
            ends.partition_point(|end| u128::from(*end) <= wanted)
        });
        let even = even.chain([numbers.len().saturating_sub(1)]);
        (even.collect(), [shortest.1, longest.1])
    }

    /// How many units it stands for, itself among them.
    fn stands_for(&self, unit: &Unit, view: View<'_>) -> u64 {
        let members = self.members(unit).iter();
        let rows = members.filter_map(|(_, i)| view.rows.get(*i as usize));
        let folded = rows
            .filter(|row| row.mark != 0)
            .filter_map(|row| Some(view.extra(row)?.folded.packets));
        1 + u64::from(folded.max().unwrap_or(0))
    }

    /// Those whose time between two places is notably beyond that of all that are kept.
    fn extremes(&self, numbers: &[usize], kept: &[usize]) -> Vec<usize> {
        let times = |nth: usize| {
            let unit = numbers.get(nth).and_then(|n| self.units.get(*n));
            unit.map_or(&[][..], |unit| self.first_times(unit))
        };
        let places = times(0).len();
        let mut ranges = vec![Range::default(); places];
        for nth in 0..numbers.len() {
            for (pair, range) in times(nth).windows(2).zip(&mut ranges) {
                if let [before, after] = pair {
                    range.note(after.first - before.first, nth);
                }
            }
        }
        let mut found = Vec::new();
        for (place, range) in (1..places).zip(ranges) {
            let between = |nth: usize| {
                let times = times(nth);
                Some(times.get(place)?.first - times.get(place - 1)?.first)
            };
            let mut known = Range::default();
            for nth in kept.iter().chain(&found) {
                if let Some(time) = between(*nth) {
                    known.note(time, *nth);
                }
            }
            let (Some((least, _)), Some((most, _))) = (known.lowest, known.highest) else {
                continue;
            };
            let room = NOTABLE.0.max((most.0 - least.0) / 8);
            let low = range
                .lowest
                .filter(|(time, _)| least.0.saturating_sub(time.0) > room);
            let high = range
                .highest
                .filter(|(time, _)| time.0.saturating_sub(most.0) > room);
            found.extend(low.into_iter().chain(high).map(|(_, nth)| nth));
        }
        found
    }
}

/// The least and the most time between two places, and the first unit that took it.
#[derive(Clone, Copy, Default)]
struct Range {
    lowest: Option<(Nanos, usize)>,
    highest: Option<(Nanos, usize)>,
}

impl Range {
    #[inline]
    fn note(&mut self, time: Nanos, nth: usize) {
        if self.lowest.is_none_or(|(known, _)| time < known) {
            self.lowest = Some((time, nth));
        }
        if self.highest.is_none_or(|(known, _)| time > known) {
            self.highest = Some((time, nth));
        }
    }
}

/// Whether every point that the packets came through saw the answers as well: then none of them was lost.
fn is_answered(view: View<'_>, [forward, back, both]: [u64; 3]) -> bool {
    let points = |usual: u64| -> Vec<PointId> {
        let spots = view.group.spots.iter().enumerate();
        let usual = spots.filter(|(place, _)| *place < MAX_PLACES && usual >> place & 1 == 1);
        usual.map(|(_, (point, ..))| *point).collect()
    };
    let set = |usual: u64| points(usual).into_iter().collect::<BTreeSet<_>>();
    let questions = points(both);
    let twice = |point: &PointId| questions.iter().filter(|p| *p == point).count() > 1;
    set(forward) == set(back) && questions.iter().all(twice)
}
