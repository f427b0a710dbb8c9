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
//! moves less than 2 GiB. A conversation whose segments overlap each other without measure ([`MAX_SHARES`]) is matched whole.

use std::collections::{BTreeMap, HashMap};

use super::conversation::Seen;
use super::place::Place;
use super::repetition::{CopyKind, Passes, separate};
use super::trip::{Timing, Trip, Trips, trips_of};
use crate::identify::{Detail, TcpFlags};

/// A half-open range of sequence numbers, as distances from the conversation's first.
pub(super) type Range = (i64, i64);

/// How many pieces a segment may have on average.
const MAX_SHARES: usize = 64;

/// What a segment takes of the sequence space.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Extent {
    flags: u8,
    data_len: u32,
}

/// One segment at one place, with its passes.
struct Unit {
    place: Place,
    range: Range,
    control: Option<u64>,
    passes: Passes,
}

/// Matches the segments of one conversation and direction that take sequence space; returns the rest.
pub(super) fn match_pieces(
    seen: &[Seen],
    indexes: Vec<usize>,
    timing: Timing<'_>,
    result: &mut Trips,
) -> Vec<usize> {
    let extents = extents(seen, &indexes);
    let base = indexes.iter().find_map(|&i| sequence(seen.get(i)?));
    let Some(base) = base else { return indexes };
    let mut whole = Vec::new();
    let mut groups: BTreeMap<(Place, Range, Option<u64>, u16), Vec<usize>> = BTreeMap::new();
    for &index in &indexes {
        let range = extents
            .get(&index)
            .and_then(|extent| range_of(seen.get(index)?, *extent, base));
        match (seen.get(index), range) {
            (Some(s), Some(range)) => {
                let id = (s.place(), range, control(s), s.sighting.identification);
                groups.entry(id).or_default().push(index);
            }
            // It may be a FIN or an acknowledgment: neither a number nor the flags tell.
            (Some(s), None) if is_cut(s) && s.sighting.identification == 0 => {
                result.trips.push(Trip::lone(s.place(), index));
            }
            _ => whole.push(index),
        }
    }
    let mut units = Vec::with_capacity(groups.len());
    let mut copies = Vec::new();
    for ((place, range, control, _), sightings) in groups {
        let separated = separate(sightings, seen);
        copies.extend(separated.copies);
        units.extend(separated.repetitions.into_iter().map(|passes| Unit {
            place,
            range,
            control,
            passes,
        }));
    }
    let Some(pieces) = cut(&units) else {
        return indexes;
    };
    result.copies.extend(copies);
    join(&units, &pieces, seen, timing, result);
    whole
}

const fn is_cut(s: &Seen) -> bool {
    matches!(
        s.sighting.detail,
        Detail::Tcp {
            header_len: None,
            ..
        }
    )
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

/// Flags and length of data of each segment, as far as they are known.
fn extents(seen: &[Seen], indexes: &[usize]) -> HashMap<usize, Extent> {
    let mut known: HashMap<usize, Extent> = HashMap::new();
    let mut by_print: HashMap<u64, Option<Extent>> = HashMap::new();
    let mut cut = Vec::new();
    let mut usual: BTreeMap<u8, usize> = BTreeMap::new();
    for &index in indexes {
        let Some(s) = seen.get(index) else { continue };
        let Detail::Tcp {
            flags,
            segment_len,
            header_len,
            ..
        } = s.sighting.detail
        else {
            continue;
        };
        // The flags stand right behind the field that says the header's length.
        match header_len {
            Some(header_len) => {
                let data_len = segment_len.saturating_sub(u32::from(header_len));
                let extent = Extent { flags, data_len };
                if data_len > 0 {
                    *usual.entry(header_len).or_default() += 1;
                }
                known.insert(index, extent);
                // Without a number, an acknowledgment and a FIN look alike.
                by_print
                    .entry(s.sighting.fingerprint.short)
                    .and_modify(|other| *other = other.filter(|other| *other == extent))
                    .or_insert(Some(extent));
            }
            None => cut.push((index, s.sighting.fingerprint.short, segment_len)),
        }
    }
    let usual = usual
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .map(|(len, _)| len);
    for (index, print, segment_len) in cut {
        let guessed = || {
            let data_len = segment_len.checked_sub(u32::from(usual?))?;
            Some(Extent { flags: 0, data_len })
        };
        let alike = by_print.get(&print).copied();
        if let Some(extent) = alike.unwrap_or_else(guessed) {
            known.insert(index, extent);
        }
    }
    known
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

/// The pieces in order, each with the units that hold it; `None` where there are too many.
fn cut(units: &[Unit]) -> Option<Vec<(Range, Vec<usize>)>> {
    let mut edges: Vec<i64> = units
        .iter()
        .flat_map(|unit| [unit.range.0, unit.range.1])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let ranges = edges
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
    let mut pieces: Vec<(Range, Vec<usize>)> = ranges.map(|range| (range, Vec::new())).collect();
    let mut shares = units.len().saturating_add(1).saturating_mul(MAX_SHARES);
    for (index, unit) in units.iter().enumerate() {
        let first = pieces.partition_point(|(range, _)| range.0 < unit.range.0);
        let inside = pieces.iter_mut().skip(first);
        for (_, holders) in inside.take_while(|(range, _)| range.0 < unit.range.1) {
            shares = shares.checked_sub(1)?;
            holders.push(index);
        }
    }
    Some(pieces)
}

/// Joins what holds a piece to trips, and neighbors that the same units hold.
fn join(
    units: &[Unit],
    pieces: &[(Range, Vec<usize>)],
    seen: &[Seen],
    timing: Timing<'_>,
    result: &mut Trips,
) {
    let steady = keeps_control(units, pieces);
    let mut before: Vec<Trip> = Vec::new();
    for (range, holders) in pieces {
        let (mut trips, rounds) = transmissions(units, holders, steady, seen, timing);
        let count = u32::try_from(trips.len()).unwrap_or(u32::MAX);
        for trip in &mut trips {
            trip.transmissions = count;
            trip.bytes = Some(*range);
        }
        let goes_on = trips.len() == before.len()
            && trips
                .iter()
                .zip(&before)
                .all(|(now, then)| continues(then, now));
        if goes_on {
            for (then, now) in before.iter_mut().zip(&trips) {
                then.bytes = then.bytes.zip(now.bytes).map(|(a, b)| (a.0, b.1));
            }
        } else {
            result.trips.append(&mut before);
            result.copies.extend(rounds);
            before = trips;
        }
    }
    result.trips.append(&mut before);
}

fn continues(then: &Trip, now: &Trip) -> bool {
    let adjacent = then.bytes.map(|b| b.1) == now.bytes.map(|b| b.0);
    adjacent && then.sightings == now.sightings && then.ambiguous == now.ambiguous
}

/// Whether pieces that a place has once have the same control wherever they were cut otherwise.
fn keeps_control(units: &[Unit], pieces: &[(Range, Vec<usize>)]) -> bool {
    pieces.iter().all(|(_, holders)| {
        let units = || holders.iter().filter_map(|&i| units.get(i));
        let mut places: Vec<Place> = units().map(|unit| unit.place).collect();
        places.sort_unstable();
        let once = places.windows(2).all(|pair| pair.first() != pair.get(1));
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
) -> (Vec<Trip>, Vec<(usize, CopyKind)>) {
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
    let (mut trips, mut rounds) = (Vec::new(), Vec::new());
    for mut places in apart.into_values() {
        for list in places.values_mut() {
            list.sort_by_key(|passes| passes.first().and_then(|&i| Some(seen.get(i)?.time)));
        }
        // Where headers were cut, a later transmission may have overtaken: order tells nothing.
        let (more, again) = trips_of(&places, seen, timing, !told_apart);
        if !told_apart && more.iter().any(|trip| contradicts(trip, seen)) {
            trips.extend(more.iter().flat_map(apart_again));
        } else {
            trips.extend(more);
        }
        rounds.extend(again);
    }
    for trip in &mut trips {
        trip.ambiguous |= doubtful;
    }
    (trips, rounds)
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
    for s in seen {
        if let Some(sequence) = sequence(s) {
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
