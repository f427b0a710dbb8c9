//! Recognises the same packet at every capture point of one direction.
//!
//! # The rule
//! Sightings with equal keys and equal fingerprints are the same packet, or repetitions of it. The deepest fingerprint that every
//! sighting of the direction has decides: payload, else headers, else the first 8 bytes of the transport header.
//!
//! # Copies
//! At one point, an equal packet within [`COPY_SPAN`] of another is a copy (a mirror, a flooded or re-injected frame),
//! not a repetition: no sender repeats a numbered packet that fast. Copies are counted and take no part. A packet without any number of its
//! own (UDP with IPv4 identification 0, or over IPv6) may be sent twice at once: it has repetitions only.
//!
//! # Repetitions, and the tie-break
//! Where every point saw the same number of repetitions, the k-th here is the k-th there. Where the numbers differ, the
//! point with the most (the first of them in point order) sets the pattern, and each sighting elsewhere goes to the
//! repetition that is nearest by corrected time among those that are still free, in order of time. Without a clock offset between
//! the nodes, order alone pairs them. Either way those trips are marked ambiguous: a missing sighting then proves nothing.

use std::collections::{BTreeMap, HashMap};

use super::clock::Clocks;
use super::conversation::Seen;
use super::timeline::NodeId;
use crate::identify::Fingerprint;
use crate::types::{FlowKey, Nanos, PointId, Timestamp};

/// How close two equal packets at one point must be to count as copies.
pub(super) const COPY_SPAN: Nanos = Nanos::from_millis(1);

/// One packet and the points that saw it. Indexes into the direction's sightings.
#[derive(Clone, Debug)]
pub(super) struct Trip {
    /// One sighting a point, by point.
    pub(super) sightings: BTreeMap<PointId, usize>,
    /// Whether equal packets made the pairing a guess.
    pub(super) ambiguous: bool,
}

/// All trips of a direction, and the copies that were set aside.
#[derive(Clone, Debug, Default)]
pub(super) struct Trips {
    pub(super) trips: Vec<Trip>,
    pub(super) copies: Vec<usize>,
}

/// How much of its packets a direction is matched by.
#[derive(Clone, Copy)]
enum Depth {
    Payload,
    Headers,
    Short,
}

impl Depth {
    fn of(seen: &[Seen]) -> Self {
        let prints = || seen.iter().map(|s| s.sighting.fingerprint);
        if prints().all(|print| print.full.is_some()) {
            Self::Payload
        } else if prints().all(|print| print.headers.is_some()) {
            Self::Headers
        } else {
            Self::Short
        }
    }

    fn print(self, fingerprint: Fingerprint) -> u64 {
        let print = match self {
            Self::Payload => fingerprint.full,
            Self::Headers => fingerprint.headers,
            Self::Short => None,
        };
        print.unwrap_or(fingerprint.short)
    }
}

/// Sorts the sightings of one direction into trips, earliest first.
pub(super) fn match_sightings(seen: &[Seen], node_of: &[NodeId], clocks: &Clocks) -> Trips {
    let depth = Depth::of(seen);
    let mut equal: HashMap<(FlowKey, u64), BTreeMap<PointId, Vec<usize>>> = HashMap::new();
    for (index, s) in seen.iter().enumerate() {
        let id = (s.sighting.key, depth.print(s.sighting.fingerprint));
        equal
            .entry(id)
            .or_default()
            .entry(s.evidence.point)
            .or_default()
            .push(index);
    }
    let mut result = Trips::default();
    for mut points in equal.into_values() {
        for sightings in points.values_mut() {
            sightings.sort_by_key(|&i| seen.get(i).map(|s| (s.time, s.evidence)));
            if !sightings
                .iter()
                .filter_map(|&i| seen.get(i))
                .any(|s| s.sighting.fingerprint.repeatable)
            {
                set_copies_aside(sightings, seen, &mut result.copies);
            }
        }
        result
            .trips
            .extend(pair_repetitions(&points, seen, node_of, clocks));
    }
    result.trips.sort_by_key(|trip| {
        trip.sightings
            .values()
            .filter_map(|&i| seen.get(i))
            .map(|s| (s.time, s.evidence))
            .min()
    });
    result.copies.sort_unstable();
    result
}

fn set_copies_aside(sightings: &mut Vec<usize>, seen: &[Seen], copies: &mut Vec<usize>) {
    let mut last: Option<Timestamp> = None;
    sightings.retain(|&index| {
        let Some(s) = seen.get(index) else {
            return false;
        };
        let copy = last.is_some_and(|last| s.time - last < COPY_SPAN);
        last = Some(s.time);
        if copy {
            copies.push(index);
        }
        !copy
    });
}

fn pair_repetitions(
    points: &BTreeMap<PointId, Vec<usize>>,
    seen: &[Seen],
    node_of: &[NodeId],
    clocks: &Clocks,
) -> Vec<Trip> {
    // The first of the points with the most.
    let Some((pattern_point, pattern)) = points
        .iter()
        .min_by_key(|(point, sightings)| (std::cmp::Reverse(sightings.len()), **point))
    else {
        return Vec::new();
    };
    let ambiguous = points
        .values()
        .any(|sightings| sightings.len() != pattern.len());
    let mut trips: Vec<Trip> = pattern
        .iter()
        .map(|&index| Trip {
            sightings: BTreeMap::from([(*pattern_point, index)]),
            ambiguous,
        })
        .collect();
    for (point, sightings) in points.iter().filter(|(point, _)| *point != pattern_point) {
        let first = pattern.first().and_then(|&i| seen.get(i)).map(|s| s.time);
        let shift =
            first.and_then(|time| shift_between(*pattern_point, *point, time, node_of, clocks));
        let places = place_in_pattern(pattern, sightings, seen, shift);
        for (place, &index) in places.into_iter().zip(sightings) {
            if let Some(trip) = trips.get_mut(place) {
                trip.sightings.insert(*point, index);
            }
        }
    }
    trips
}

/// How far the clock of `to`'s node is ahead of that of `from`'s at a time of the latter, where it is known.
fn shift_between(
    from: PointId,
    to: PointId,
    time: Timestamp,
    node_of: &[NodeId],
    clocks: &Clocks,
) -> Option<Nanos> {
    let (from, to) = (node_of.get(from.index())?, node_of.get(to.index())?);
    clocks
        .offset_at(*from, *to, time)
        .map(|offset| offset.offset)
}

/// For each of `sightings`, in order of time, the place in `pattern` it belongs to: increasing, each used once.
fn place_in_pattern(
    pattern: &[usize],
    sightings: &[usize],
    seen: &[Seen],
    shift: Option<Nanos>,
) -> Vec<usize> {
    let (Some(shift), true) = (shift, pattern.len() > sightings.len()) else {
        return (0..sightings.len()).collect();
    };
    let time = |index: usize| seen.get(index).map_or(Timestamp(0), |s| s.time);
    let mut places = Vec::with_capacity(sightings.len());
    let mut next = 0;
    for (nth, &sighting) in sightings.iter().enumerate() {
        // Leave room for those that follow.
        let last = pattern.len() - (sightings.len() - nth);
        let distance = |place: &usize| {
            let expected = pattern
                .get(*place)
                .map_or(Timestamp(0), |&i| time(i) + shift);
            ((time(sighting) - expected).0.unsigned_abs(), *place)
        };
        let place = (next..=last).min_by_key(distance).unwrap_or(next);
        places.push(place);
        next = place + 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::testing::{one_node, seen};
    use super::*;

    fn trips(sightings: &[Seen]) -> Trips {
        match_sightings(sightings, &one_node(4), &Clocks::default())
    }

    #[test]
    fn one_packet_is_one_trip() {
        let found = trips(&[
            seen(0, 10, 1, 2, 64, 7),
            seen(1, 11, 1, 2, 64, 7),
            seen(1, 12, 1, 2, 64, 8),
        ]);
        assert_eq!(found.trips.len(), 2);
        assert_eq!(
            found
                .trips
                .iter()
                .map(|t| t.sightings.len())
                .collect::<Vec<_>>(),
            [2, 1]
        );
        assert!(found.copies.is_empty());
    }

    #[test]
    fn a_copy_at_once_takes_no_part_and_a_repetition_later_does() {
        let copied = trips(&[
            seen(0, 10, 1, 2, 64, 7),
            seen(0, 15, 1, 2, 64, 7),
            seen(1, 20, 1, 2, 64, 7),
        ]);
        assert_eq!((copied.trips.len(), copied.copies.len()), (1, 1));
        let repeated = trips(&[
            seen(0, 0, 1, 2, 64, 7),
            seen(0, 200_000, 1, 2, 64, 7),
            seen(1, 10, 1, 2, 64, 7),
            seen(1, 200_010, 1, 2, 64, 7),
        ]);
        assert_eq!(repeated.trips.len(), 2);
        assert!(
            repeated
                .trips
                .iter()
                .all(|t| t.sightings.len() == 2 && !t.ambiguous)
        );
    }

    #[test]
    fn unequal_repetitions_pair_by_time_and_are_ambiguous() {
        let found = trips(&[
            seen(0, 0, 1, 2, 64, 7),
            seen(0, 200_000, 1, 2, 64, 7),
            seen(0, 400_000, 1, 2, 64, 7),
            seen(1, 400_010, 1, 2, 64, 7),
        ]);
        assert_eq!(
            found
                .trips
                .iter()
                .map(|t| t.sightings.len())
                .collect::<Vec<_>>(),
            [1, 1, 2]
        );
        assert!(found.trips.iter().all(|t| t.ambiguous));
    }

    #[test]
    fn packets_without_a_number_have_no_copies() {
        let mut sightings = [
            seen(0, 10, 1, 2, 64, 7),
            seen(0, 15, 1, 2, 64, 7),
            seen(1, 20, 1, 2, 64, 7),
        ];
        sightings
            .iter_mut()
            .for_each(|s| s.sighting.fingerprint.repeatable = true);
        let found = trips(&sightings);
        assert_eq!((found.trips.len(), found.copies.len()), (2, 0));
        assert!(found.trips.iter().all(|t| t.ambiguous));
    }
}
