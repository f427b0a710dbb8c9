//! Chooses what is kept of a conversation.

use std::collections::{BTreeMap, BTreeSet};

use super::super::conversation::{Seen, further_trips};
use super::super::timeline::NodeId;
use super::Folding;
use super::bytes::FoldedBytes;
use super::clocks::{Telling, crossings};
use super::conversations::Conversation;
use super::units::{Unit, Way};
use crate::identify::{MacAddr, Tunnel};
use crate::types::{Nanos, PointId, Timestamp};

/// Kinds of units that are told apart; what is of a further kind is kept.
const MAX_KINDS: usize = 64;

/// Of what is late, how many units of a direction are kept.
const MOST_LATE: usize = 32;

/// Delays that differ by less are not kept as extremes.
const NOTABLE: Nanos = Nanos(100_000);

/// What each place shows of a unit but for its bytes and its times.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    place: u8,
    ttl: u8,
    traffic_class: u8,
    dont_fragment: bool,
    vlan: Option<u16>,
    sent: Option<bool>,
    repeatable: bool,
    macs: (Option<MacAddr>, Option<MacAddr>),
    tunnel: Option<Tunnel>,
    is_data: bool,
    /// Of the length in bytes, the exponent of two: what size does must be told by packets of that size.
    size: u32,
}

impl Conversation {
    /// Decides for each unit whether it is kept, and into which of its kind it is folded if not.
    pub(super) fn choose(
        &mut self,
        sightings: &[Seen],
        node_of: &[NodeId],
        clocks: &Telling,
        folding: Folding,
    ) {
        let ways = [Way::Forward, Way::Back, Way::Both];
        let usual = ways.map(|way| self.usual(way));
        let lossy = ways
            .iter()
            .zip(usual)
            .any(|(way, usual)| self.is_lossy(*way, usual));
        if lossy || !self.is_answered(usual) {
            return;
        }
        for (way, usual) in ways.into_iter().zip(usual) {
            let mut kinds: Vec<(Vec<Look>, Vec<usize>)> = Vec::new();
            let mut stays = self.overtaken(way, usual, sightings);
            stays.extend(self.last_of(way, Nanos(folding.late_ns)));
            for (number, unit) in self.units.iter().enumerate() {
                if unit.way != way || !unit.plain || unit.places != usual || stays.contains(&number)
                {
                    continue;
                }
                let Some(looks) = self.looks(unit, sightings) else {
                    continue;
                };
                let known = kinds.iter().position(|(known, _)| *known == looks);
                if let Some((_, members)) = known.and_then(|nth| kinds.get_mut(nth)) {
                    members.push(number);
                } else if kinds.len() < MAX_KINDS {
                    kinds.push((looks, vec![number]));
                }
            }
            let all: usize = kinds.iter().map(|(_, numbers)| numbers.len()).sum();
            for (_, numbers) in kinds {
                let share = folding.each.saturating_mul(numbers.len()) / all.max(1);
                self.choose_of_kind(&numbers, sightings, node_of, clocks, share.max(2));
            }
        }
    }

    /// Whether a packet is missing at a place that saw others before and after it, was sent again, or went on where others did not.
    fn is_lossy(&self, way: Way, usual: u64) -> bool {
        let units: Vec<&Unit> = self.units.iter().filter(|unit| unit.way == way).collect();
        let places = (0..self.spots.len()).filter(|place| usual >> place & 1 == 1);
        places.into_iter().any(|place| {
            let has = |unit: &&Unit| unit.places >> place & 1 == 1;
            let first = units.iter().position(has);
            let last = units.iter().rposition(has);
            let between = first.zip(last).and_then(|(a, b)| units.get(a..b));
            // What was seen at no usual place is none of this way.
            let missing = |unit: &&Unit| !has(unit) && unit.places & usual != 0;
            between.into_iter().flatten().any(missing)
        }) || units
            .iter()
            .any(|unit| unit.plain && unit.places & !usual != 0)
            // The edges of a capture cut stretches, too.
            || (1..units.len().saturating_sub(1))
                .any(|nth| units.get(nth).is_some_and(|unit| unit.torn))
    }

    /// Whether every point that the packets came through saw the answers as well: then none of them was lost.
    fn is_answered(&self, [forward, back, both]: [u64; 3]) -> bool {
        let points = |usual: u64| -> Vec<PointId> {
            let spots = self.spots.iter().enumerate();
            let usual = spots.filter(|(place, _)| usual >> place & 1 == 1);
            usual.map(|(_, (point, ..))| *point).collect()
        };
        let set = |usual: u64| points(usual).into_iter().collect::<BTreeSet<_>>();
        let questions = points(both);
        let twice = |point: &PointId| questions.iter().filter(|p| *p == point).count() > 1;
        set(forward) == set(back) && questions.iter().all(twice)
    }

    /// Units that some place saw in another order than the first place.
    fn overtaken(&self, way: Way, usual: u64, sightings: &[Seen]) -> BTreeSet<usize> {
        let those = self.units.iter().enumerate();
        let those: Vec<(usize, Vec<(u8, Timestamp)>)> = those
            .filter(|(_, unit)| unit.way == way && unit.plain && unit.places == usual)
            .map(|(number, unit)| (number, self.first_times(unit, sightings)))
            .collect();
        let mut found = BTreeSet::new();
        let places = those.first().map_or(0, |(_, times)| times.len());
        for place in 0..places {
            let at = |times: &[(u8, Timestamp)]| times.get(place).map(|(_, time)| *time);
            let mut latest = None;
            for (number, times) in &those {
                if at(times) < latest {
                    found.insert(*number);
                }
                latest = latest.max(at(times));
            }
            let mut earliest: Option<Timestamp> = None;
            for (number, times) in those.iter().rev() {
                if earliest.is_some_and(|earliest| at(times) > Some(earliest)) {
                    found.insert(*number);
                }
                earliest = earliest.into_iter().chain(at(times)).min();
            }
        }
        found
    }

    /// The last units of a way, if so much counts as late: what proves that packets arrived may come after the captures' end.
    fn last_of(&self, way: Way, late: Nanos) -> Vec<usize> {
        let own = self.units.iter().enumerate();
        let own = own.filter(|(_, unit)| unit.way == way).rev();
        let end = own
            .clone()
            .next()
            .map_or(Timestamp(0), |(_, unit)| unit.time);
        let late = own.take_while(|(_, unit)| end - unit.time < late);
        late.take(MOST_LATE).map(|(number, _)| number).collect()
    }

    /// How a unit looks at its places; `None` if it looks different at one of them from piece to piece.
    fn looks(&self, unit: &Unit, sightings: &[Seen]) -> Option<Vec<Look>> {
        let (_, longest) = self.lengths(unit, sightings);
        let size = longest.max(1).ilog2();
        let mut looks: Vec<Look> = Vec::with_capacity(unit.places.count_ones() as usize);
        for (place, index) in self.members(unit) {
            let s = sightings.get(*index as usize)?;
            let look = Look {
                place: *place,
                ttl: s.sighting.ttl,
                traffic_class: s.sighting.marks.traffic_class,
                dont_fragment: s.sighting.marks.dont_fragment,
                vlan: s.sighting.marks.vlan,
                sent: s.sent,
                repeatable: s.sighting.fingerprint.repeatable,
                macs: (s.source_mac, s.destination_mac),
                tunnel: s.sighting.tunnel,
                is_data: unit.bytes.is_some(),
                size,
            };
            match looks.last() {
                Some(last) if last.place == *place => {
                    if *last != look {
                        return None;
                    }
                }
                _ => looks.push(look),
            }
        }
        Some(looks)
    }

    /// Units of one kind in order of time: so many of them are kept, and what stands out; the others are folded into the one before.
    fn choose_of_kind(
        &mut self,
        numbers: &[usize],
        sightings: &[Seen],
        node_of: &[NodeId],
        clocks: &Telling,
        share: usize,
    ) {
        let Some(last) = numbers.len().checked_sub(1) else {
            return;
        };
        let steps = share - 1;
        if last <= steps {
            return;
        }
        let mut kept = self.evenly(numbers, sightings, steps);
        self.keep_extremes(numbers, sightings, &mut kept);
        for (nth, number) in numbers.iter().enumerate() {
            let Some(unit) = self.units.get(*number) else {
                continue;
            };
            let tells = crossings(self, unit, sightings, node_of);
            if tells.iter().any(|crossing| clocks.contains(crossing)) {
                kept.insert(nth);
            }
        }
        let mut into = None;
        for (nth, number) in numbers.iter().enumerate() {
            if kept.contains(&nth) {
                into = Some(*number);
            } else if let Some(unit) = self.units.get_mut(*number) {
                unit.into = into;
            }
        }
    }

    /// The first, the last and so many steps between them, evenly by all the packets that they stand for.
    fn evenly(&self, numbers: &[usize], sightings: &[Seen], steps: usize) -> BTreeSet<usize> {
        let mut ends: Vec<u64> = Vec::with_capacity(numbers.len());
        for number in numbers {
            let unit = self.units.get(*number);
            let before = ends.last().copied().unwrap_or(0);
            ends.push(before + unit.map_or(1, |unit| self.stands_for(unit, sightings)));
        }
        let last = ends.last().copied().unwrap_or(0).saturating_sub(1);
        let steps = steps as u64;
        let even = (0..=steps).map(|step| {
            let wanted = u128::from(last) * u128::from(step) / u128::from(steps.max(1));
            ends.partition_point(|end| u128::from(*end) <= wanted)
        });
        even.chain([numbers.len().saturating_sub(1)]).collect()
    }

    /// How many units it stands for, itself among them.
    fn stands_for(&self, unit: &Unit, sightings: &[Seen]) -> u64 {
        let members = self.members(unit).iter();
        let folded = members.filter_map(|(_, i)| Some(sightings.get(*i as usize)?.folded.packets));
        1 + u64::from(folded.max().unwrap_or(0))
    }

    /// The shortest and the longest, and those whose time between two places is notably beyond that of all that are kept.
    fn keep_extremes(&self, numbers: &[usize], sightings: &[Seen], kept: &mut BTreeSet<usize>) {
        let units: Vec<&Unit> = numbers.iter().filter_map(|n| self.units.get(*n)).collect();
        let lengths: Vec<(u32, u32)> = units.iter().map(|u| self.lengths(u, sightings)).collect();
        let of = |nth: usize| lengths.get(nth).copied().unwrap_or_default();
        let all = 0..units.len();
        kept.extend(all.clone().min_by_key(|nth| of(*nth).0));
        kept.extend(all.clone().rev().max_by_key(|nth| of(*nth).1));
        let times: Vec<Vec<(u8, Timestamp)>> = units
            .iter()
            .map(|unit| self.first_times(unit, sightings))
            .collect();
        let places = times.first().map_or(0, Vec::len);
        for place in 1..places {
            let between = |nth: usize| {
                let times = times.get(nth)?;
                Some(times.get(place)?.1 - times.get(place - 1)?.1)
            };
            let known: Vec<Nanos> = kept.iter().filter_map(|nth| between(*nth)).collect();
            let (Some(least), Some(most)) = (known.iter().min(), known.iter().max()) else {
                continue;
            };
            let room = NOTABLE.0.max((most.0 - least.0) / 8);
            let lowest = all.clone().min_by_key(|nth| between(*nth));
            let highest = all.clone().rev().max_by_key(|nth| between(*nth));
            let far = |nth: &usize| {
                between(*nth).is_some_and(|t| least.0 - t.0 > room || t.0 - most.0 > room)
            };
            kept.extend([lowest, highest].into_iter().flatten().filter(far));
        }
    }

    fn lengths(&self, unit: &Unit, sightings: &[Seen]) -> (u32, u32) {
        let members = self.members(unit).iter();
        let lengths =
            members.filter_map(|(_, i)| Some(sightings.get(*i as usize)?.sighting.ip_len));
        lengths.fold((u32::MAX, 0), |(least, most), len| {
            (least.min(len), most.max(len))
        })
    }

    /// Counts what is folded with what stays, and marks it as gone.
    pub(super) fn fold(&self, sightings: &mut [Seen], bytes: &mut FoldedBytes, gone: &mut [bool]) {
        for unit in &self.units {
            let Some(stays) = unit.into.and_then(|into| self.units.get(into)) else {
                continue;
            };
            self.count_with(unit, stays, sightings);
            let mut keys = BTreeSet::new();
            for (_, index) in self.members(unit) {
                if let Some(gone) = gone.get_mut(*index as usize) {
                    *gone = true;
                }
                let key = sightings.get(*index as usize).map(|s| s.sighting.key);
                if let (Some(key), Some(range)) = (key, unit.bytes)
                    && keys.insert(key)
                {
                    bytes.note(key, range);
                }
            }
        }
    }

    fn count_with(&self, unit: &Unit, stays: &Unit, sightings: &mut [Seen]) {
        let mut counts: BTreeMap<u8, u64> = BTreeMap::new();
        for (place, index) in self.members(unit) {
            let Some(s) = sightings.get(*index as usize) else {
                continue;
            };
            *counts.entry(*place).or_default() += s.packets();
        }
        let members = self.members(unit).iter();
        let further = further_trips(members.filter_map(|(_, i)| sightings.get(*i as usize)));
        let further = u32::try_from(further).unwrap_or(u32::MAX);
        let trips = unit.trips.saturating_add(further);
        // Under each key the first sighting has the trips: whether the keys are linked is not known yet.
        let mut keys = BTreeSet::new();
        let mut before = None;
        for (place, index) in self.members(stays) {
            if before.replace(*place) == Some(*place) {
                continue;
            }
            let key = self.spots.get(usize::from(*place)).map(|spot| spot.1);
            let Some(s) = sightings.get_mut(*index as usize) else {
                continue;
            };
            let packets = counts.get(place).copied().unwrap_or(0);
            let packets = u32::try_from(packets).unwrap_or(u32::MAX);
            s.folded.packets = s.folded.packets.saturating_add(packets);
            if keys.insert(key) {
                s.folded.trips = s.folded.trips.saturating_add(trips);
            }
        }
    }
}
