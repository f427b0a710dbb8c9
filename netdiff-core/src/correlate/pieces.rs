//! Matches TCP by its bytes: segmentation offload cuts the same bytes differently at different points.
//!
//! # The rule
//! A segment takes the sequence numbers of its data, and one each for SYN and FIN. All boundaries that any place shows cut the
//! conversation into pieces, and a piece is at a place if a segment there holds it. Neighboring pieces that the same segments hold are
//! one trip. So a packet of 64 KiB at one point and its 45 segments at another are 45 trips, each seen at both.
//!
//! # Retransmissions
//! What offload leaves alone (`control`: acknowledgment, window, timestamps) tells transmissions of one piece apart; without it
//! time does, by the rules of `repetition`. Some network cards merge segments that differ in it. Where a conversation shows that,
//! segments with different control are ambiguous: they may be one transmission or two. Where the capture cut some headers, so that control
//! cannot tell all of them apart, time pairs them; if that puts two that differ in it, or in IP's identification, together, none is paired. At one place, equal segments with equal
//! identification within a millisecond are copies.
//!
//! # Cut headers
//! A segment whose header length or flags the capture cut takes them from the sightings with the same short fingerprint, if these
//! agree; if there are none, from the conversation's usual header length. Where there is none, it is matched whole, or if it has no identification either, not at all.
//!
//! # Bounds
//! Sequence numbers are compared as distances from the first one seen in the conversation: right for anything that
//! moves less than 2 GiB. A conversation whose segments overlap each other without measure (`MAX_SHARES` in `cut`, [`MAX_TRIPS`]) is matched
//! whole, and all of it is ambiguous: that no other place shows such a segment proves nothing.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};
use smallvec::SmallVec;

use super::conversation::Seen;
use super::cut::Pieces;
use super::extent::{Extent, extents, is_cut};
use super::place::Place;
use super::repetition::{CopyKind, Passes, separate};
use super::trip::{Timing, Trip, Trips, one_trip, trips_of};
use crate::identify::{Detail, TcpFlags};

/// How many trips a segment may be part of on average. Sent once whole, and every second piece of it again, it is part of three.
const MAX_TRIPS: usize = 4;

/// A half-open range of sequence numbers, as distances from the conversation's first.
pub(super) type Range = (i64, i64);

/// One segment at one place, with its passes.
pub(super) struct Unit {
    pub(super) place: Place,
    pub(super) range: Range,
    control: Option<u64>,
    passes: Passes,
}

/// A segment that takes sequence space; those that are equal but for the sighting are one, or copies and repetitions of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    place: Place,
    range: Range,
    control: Option<u64>,
    identification: u16,
    index: usize,
}

impl Segment {
    fn equals(&self, other: &Self) -> bool {
        let id = |s: &Self| (s.place, s.range, s.control, s.identification);
        id(self) == id(other)
    }
}

/// What is to be matched whole.
pub(super) struct Rest {
    pub(super) indexes: Vec<usize>,
    /// Whether segments are among it that could not be matched by their bytes.
    pub(super) overlaps: bool,
}

/// Matches the segments of one conversation and direction that take sequence space; returns the rest.
pub(super) fn match_pieces(
    seen: &[Seen],
    indexes: Vec<usize>,
    timing: Timing<'_>,
    result: &mut Trips,
) -> Rest {
    let all = |indexes, overlaps| Rest { indexes, overlaps };
    let base = indexes.iter().find_map(|&i| sequence(seen.get(i)?));
    let Some(base) = base else {
        return all(indexes, false);
    };
    let known = (result.trips.len(), result.copies.len());
    let extents = extents(seen, &indexes);
    let mut whole = Vec::new();
    let mut segments: Vec<Segment> = Vec::with_capacity(indexes.len());
    for (&index, extent) in indexes.iter().zip(extents) {
        let Some(s) = seen.get(index) else { continue };
        match extent.and_then(|extent| range_of(s, extent, base)) {
            Some(range) => segments.push(Segment {
                place: s.place(),
                range,
                control: control(s),
                identification: s.sighting.identification,
                index,
            }),
            // It may be a FIN or an acknowledgment: neither a number nor the flags tell.
            None if is_cut(s) && s.sighting.identification == 0 => {
                result.trips.push(Trip::lone(s.place(), index));
            }
            None => whole.push(index),
        }
    }
    // Each point saw them nearly in this order.
    segments.sort();
    let mut copies = Vec::new();
    let units = units(&segments, seen, &mut copies);
    drop(segments);
    result.copies.extend(copies);
    let pieces = Pieces::of(&units);
    let joined = pieces.and_then(|pieces| join(&units, &pieces, seen, timing, result));
    if joined.is_none() {
        result.trips.truncate(known.0);
        result.copies.truncate(known.1);
        return all(indexes, true);
    }
    all(whole, false)
}

/// The segments of each place, told from copies of them.
fn units(segments: &[Segment], seen: &[Seen], copies: &mut Vec<(usize, CopyKind)>) -> Vec<Unit> {
    let mut units = Vec::with_capacity(segments.len());
    for equal in segments.chunk_by(Segment::equals) {
        let Some(first) = equal.first() else { continue };
        let unit = |passes: Passes| Unit {
            place: first.place,
            range: first.range,
            control: first.control,
            passes,
        };
        if equal.len() == 1 {
            units.push(unit(Passes::from_iter([first.index])));
            continue;
        }
        let separated = separate(equal.iter().map(|segment| segment.index).collect(), seen);
        copies.extend(separated.copies);
        units.extend(separated.repetitions.into_iter().map(unit));
    }
    units
}

const fn sequence(s: &Seen) -> Option<u32> {
    match s.sighting.detail {
        Detail::Tcp { sequence, .. } => Some(sequence),
        _ => None,
    }
}

const fn control(s: &Seen) -> Option<u64> {
    match s.sighting.detail {
        Detail::Tcp { control, .. } => control,
        _ => None,
    }
}

fn range_of(s: &Seen, extent: Extent, base: u32) -> Option<Range> {
    let flags = TcpFlags(extent.flags);
    let marks = i64::from(flags.any(TcpFlags::SYN)) + i64::from(flags.any(TcpFlags::FIN));
    let len = i64::from(extent.data_len) + marks;
    let start = distance(base, sequence(s)?);
    (len > 0).then_some((start, start + len))
}

/// How far one sequence number is ahead of another.
pub(super) const fn distance(base: u32, sequence: u32) -> i64 {
    sequence.wrapping_sub(base).cast_signed() as i64
}

/// What the units that hold a piece are.
#[derive(Default)]
struct Found {
    trips: SmallVec<[Trip; 1]>,
    rounds: Vec<(usize, CopyKind)>,
    /// Whether clocks had to say.
    unsettled: bool,
}

/// Joins what holds a piece to trips, and neighbors that the same units hold; `None` where that gives too many.
fn join(
    units: &[Unit],
    pieces: &Pieces,
    seen: &[Seen],
    timing: Timing<'_>,
    result: &mut Trips,
) -> Option<()> {
    let most = result.trips.len() + units.len().saturating_mul(MAX_TRIPS);
    let steady = keeps_control(units, pieces);
    let mut before: SmallVec<[Trip; 1]> = SmallVec::new();
    for (range, holders) in pieces.iter() {
        let mut found = transmissions(units, holders, steady, seen, timing);
        if found.unsettled {
            let sighting = holders.first().and_then(|&i| units.get(i)?.passes.first());
            result.unsettle(sighting.and_then(|&i| seen.get(i)));
        }
        let count = u32::try_from(found.trips.len()).unwrap_or(u32::MAX);
        for trip in &mut found.trips {
            trip.transmissions = count;
            trip.bytes = Some(range);
        }
        let goes_on = found.trips.len() == before.len()
            && found
                .trips
                .iter()
                .zip(&before)
                .all(|(now, then)| continues(then, now));
        if goes_on {
            for (then, now) in before.iter_mut().zip(&found.trips) {
                then.bytes = then.bytes.zip(now.bytes).map(|(a, b)| (a.0, b.1));
            }
        } else {
            result.trips.extend(before);
            if result.trips.len() > most {
                return None;
            }
            result.copies.extend(found.rounds);
            before = found.trips;
        }
    }
    result.trips.extend(before);
    Some(())
}

fn continues(then: &Trip, now: &Trip) -> bool {
    let adjacent = then.bytes.map(|b| b.1) == now.bytes.map(|b| b.0);
    adjacent && then.sightings == now.sightings && then.ambiguous == now.ambiguous
}

/// Whether pieces that a place has once have the same control wherever they were cut otherwise.
fn keeps_control(units: &[Unit], pieces: &Pieces) -> bool {
    pieces.iter().all(|(_, holders)| {
        let units = || holders.iter().filter_map(|&i| units.get(i));
        // They stand in order of places.
        let mut next = units().skip(1);
        let once = !units().any(|unit| next.next().is_some_and(|next| next.place == unit.place));
        let mut others = units();
        let Some(first) = others.next() else {
            return true;
        };
        // Equal segments with another control are another transmission; merged ones may have lost theirs.
        let steady = |unit: &Unit| {
            unit.control.is_some() && (unit.control == first.control || unit.range == first.range)
        };
        !once || (first.control.is_some() && others.all(steady))
    })
}

/// The transmissions of one piece.
fn transmissions(
    units: &[Unit],
    holders: &[usize],
    steady: bool,
    seen: &[Seen],
    timing: Timing<'_>,
) -> Found {
    if let Some(trip) = only_transmission(units, holders, seen, timing) {
        return Found {
            trips: SmallVec::from_iter([trip]),
            ..Found::default()
        };
    }
    let mut apart: BTreeMap<Option<u64>, BTreeMap<Place, Vec<Passes>>> = BTreeMap::new();
    let units = || holders.iter().filter_map(|&i| units.get(i));
    let told_apart = units().all(|unit| unit.control.is_some());
    for unit in units() {
        let control = unit.control.filter(|_| told_apart);
        let places = apart.entry(control).or_default();
        places
            .entry(unit.place)
            .or_default()
            .push(unit.passes.clone());
    }
    let doubtful = !steady && apart.len() > 1;
    let mut found = Found {
        unsettled: !apart.is_empty(),
        ..Found::default()
    };
    for mut places in apart.into_values() {
        for list in places.values_mut() {
            list.sort_by_key(|passes| passes.first().and_then(|&i| Some(seen.get(i)?.time)));
        }
        // Where headers were cut, a later transmission may have overtaken: order tells nothing.
        let (more, again) = trips_of(&places, seen, timing, !told_apart);
        if !told_apart && more.iter().any(|trip| contradicts(trip, seen)) {
            found.trips.extend(more.iter().flat_map(apart_again));
        } else {
            found.trips.extend(more);
        }
        found.rounds.extend(again);
    }
    for trip in &mut found.trips {
        trip.ambiguous |= doubtful;
    }
    found
}

/// The trip of a piece that was surely sent once: each place has it once, with the same control, and it came through once.
fn only_transmission(
    units: &[Unit],
    holders: &[usize],
    seen: &[Seen],
    timing: Timing<'_>,
) -> Option<Trip> {
    let control = units.get(*holders.first()?)?.control?;
    let alike = holders.iter().filter_map(|&i| units.get(i));
    if !alike
        .clone()
        .all(|unit| unit.control == Some(control) && unit.passes.len() == 1)
    {
        return None;
    }
    let sightings = alike.filter_map(|unit| Some((unit.place, *unit.passes.first()?)));
    one_trip(sightings, seen, timing, false)
}

/// Whether a trip holds sightings of two transmissions, by what offload leaves alone; or by IP's identification, which no hop changes
/// unless it cuts segments otherwise.
fn contradicts(trip: &Trip, seen: &[Seen]) -> bool {
    let sightings = || trip.sightings.indexes().filter_map(|i| seen.get(i));
    let differ = |a: Option<u64>, b: Option<u64>| a.zip(b).is_some_and(|(a, b)| a != b);
    sightings().any(|one| {
        sightings().any(|other| {
            let uncut = extent_seen(one) == extent_seen(other);
            differ(control(one), control(other))
                || uncut && differ(identification(one), identification(other))
        })
    })
}

/// Where a segment begins and how long it is with its header.
const fn extent_seen(s: &Seen) -> Option<(u32, u32)> {
    match s.sighting.detail {
        Detail::Tcp {
            sequence,
            segment_len,
            ..
        } => Some((sequence, segment_len)),
        _ => None,
    }
}

fn identification(s: &Seen) -> Option<u64> {
    Some(u64::from(s.sighting.identification)).filter(|id| *id != 0)
}

/// Each sighting of a trip by itself.
fn apart_again(trip: &Trip) -> impl Iterator<Item = Trip> {
    let each = trip.sightings.iter();
    each.map(|(place, index)| Trip::lone(place, index))
}

/// The sequence number from which the distances of each conversation count: that of its first sighting.
pub(super) fn bases(seen: &[Seen]) -> HashMap<u32, u32> {
    let mut bases = HashMap::new();
    let mut recent = None;
    for s in seen.iter().filter(|s| sequence(s).is_some()) {
        if recent.replace(s.conversation) != Some(s.conversation)
            && let Some(sequence) = sequence(s)
        {
            bases.entry(s.conversation).or_insert(sequence);
        }
    }
    bases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_wrap() {
        assert_eq!(distance(u32::MAX, 4), 5);
        assert_eq!(distance(4, u32::MAX), -5);
    }
}
