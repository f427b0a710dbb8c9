//! Recognises the same packet at every capture point of one direction.
//!
//! # The rule
//! Sightings of one conversation with equal fingerprints are the same packet, or repetitions of it. The deepest fingerprint that
//! every such sighting of the conversation has decides: payload, else headers, else the first 8 bytes of the transport header. TCP
//! segments that take sequence space are matched by their bytes instead: see `pieces`. Copies, loops and repetitions are told apart
//! by the rules of `repetition`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::clock::Clocks;
use super::conversation::Seen;
use super::matched_by::MatchedBy;
use super::pieces::{self, Range};
use super::place::Place;
use super::placed::Placed;
use super::repetition::{CopyKind, Passes, Times, is_loop, pair, places_of, separate_all};
use super::timeline::NodeId;
use crate::identify::Fingerprint;
use crate::types::PointId;

/// One packet, or the bytes of one that was cut elsewhere, and the places that saw it. Indexes into the direction's sightings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trip {
    /// One sighting a place.
    pub(super) sightings: Placed,
    /// Whether equal packets made the pairing a guess.
    pub(super) ambiguous: bool,
    /// Of TCP, its sequence numbers as distances from the conversation's first.
    pub(super) bytes: Option<Range>,
    /// How often the same bytes were sent, as far as was seen.
    pub(super) transmissions: u32,
    /// A point that it came through again and again, and how often.
    pub(super) looped: Option<(PointId, u32)>,
    /// How many trips like this one it stands for, itself among them: see `folding`.
    pub(super) stands_for: u64,
}

impl Trip {
    /// A sighting that nothing tells to be the same as another.
    pub(super) fn lone(place: Place, index: usize) -> Self {
        Self {
            sightings: Placed::of_one(place, index),
            ambiguous: true,
            bytes: None,
            transmissions: 1,
            looped: None,
            stands_for: 1,
        }
    }
}

/// All trips of a direction, and the sightings that were set aside.
#[derive(Clone, Debug, Default)]
pub(super) struct Trips {
    pub(super) trips: Vec<Trip>,
    pub(super) copies: Vec<(usize, CopyKind)>,
    /// What packets that nothing cuts on the way were matched by: the weakest of all conversations.
    pub(super) matched_by: Option<MatchedBy>,
}

impl Trips {
    /// The trips that tell which way packets go: those that loop go round it, and tell only if there are no others.
    pub(super) fn straight(&self) -> Vec<&Trip> {
        let straight: Vec<&Trip> = self.trips.iter().filter(|t| t.looped.is_none()).collect();
        if straight.is_empty() {
            self.trips.iter().collect()
        } else {
            straight
        }
    }
}

/// How clocks compare: what matching needs of a set.
#[derive(Clone, Copy)]
pub(super) struct Timing<'a> {
    pub(super) node_of: &'a [NodeId],
    pub(super) clocks: &'a Clocks,
}

impl MatchedBy {
    fn of<'a>(seen: impl Iterator<Item = &'a Seen> + Clone) -> Self {
        let mut prints = seen.map(|s| s.sighting.fingerprint);
        if prints.clone().all(|print| print.full.is_some()) {
            Self::Payload
        } else if prints.all(|print| print.headers.is_some()) {
            Self::Headers
        } else {
            Self::FirstBytes
        }
    }

    fn print(self, fingerprint: Fingerprint) -> u64 {
        let print = match self {
            Self::Payload => fingerprint.full,
            Self::Headers => fingerprint.headers,
            Self::FirstBytes => None,
        };
        print.unwrap_or(fingerprint.short)
    }
}

/// Sorts the sightings of one direction into trips, earliest first.
pub(super) fn match_sightings(seen: &[Seen], node_of: &[NodeId], clocks: &Clocks) -> Trips {
    let timing = Timing { node_of, clocks };
    let mut conversations: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, s) in seen.iter().enumerate() {
        conversations.entry(s.conversation).or_default().push(index);
    }
    let mut result = Trips::default();
    for indexes in conversations.into_values() {
        let whole = pieces::match_pieces(seen, indexes, timing, &mut result);
        match_whole(seen, &whole, timing, &mut result);
    }
    result.trips.sort_by_key(|trip| {
        let sightings = trip.sightings.indexes().filter_map(|i| seen.get(i));
        let first = sightings.map(|s| (s.time, s.evidence)).min();
        (first, trip.bytes)
    });
    result.copies.sort_unstable();
    result.copies.dedup();
    count_folded(&mut result.trips, seen);
    result
}

/// What a sighting stands for counts at the first of its trips.
fn count_folded(trips: &mut [Trip], seen: &[Seen]) {
    let mut counted: HashSet<usize> = HashSet::new();
    for trip in trips {
        for index in trip.sightings.indexes() {
            let further = seen.get(index).map_or(0, |s| s.folded.trips);
            if further > 0 && counted.insert(index) {
                trip.stands_for = trip.stands_for.max(1 + u64::from(further));
            }
        }
    }
}

/// Matches packets that nothing cuts on the way.
fn match_whole(seen: &[Seen], indexes: &[usize], timing: Timing<'_>, result: &mut Trips) {
    let depth = MatchedBy::of(indexes.iter().filter_map(|&i| seen.get(i)));
    if !indexes.is_empty() {
        result.matched_by = result.matched_by.max(Some(depth));
    }
    let mut equal: HashMap<u64, BTreeMap<Place, Vec<usize>>> = HashMap::new();
    for &index in indexes {
        let Some(s) = seen.get(index) else { continue };
        let places = equal
            .entry(depth.print(s.sighting.fingerprint))
            .or_default();
        places.entry(s.place()).or_default().push(index);
    }
    for places in equal.into_values() {
        let first = places.values().flatten().next().and_then(|&i| seen.get(i));
        let says_little = |s: &Seen| {
            let numbered = s.sighting.identification != 0;
            !s.sighting.fingerprint.telling || (depth == MatchedBy::FirstBytes && !numbered)
        };
        let weak = first.is_some_and(says_little);
        let Some(places) = separate_all(&places, seen, weak) else {
            let each = places
                .iter()
                .flat_map(|(place, all)| all.iter().map(|i| (*place, *i)));
            result
                .trips
                .extend(each.map(|(place, index)| Trip::lone(place, index)));
            continue;
        };
        let mut repetitions: BTreeMap<Place, Vec<Passes>> = BTreeMap::new();
        for (place, separated) in places {
            result.copies.extend(separated.copies);
            repetitions.insert(place, separated.repetitions);
        }
        let (trips, rounds) = trips_of(&repetitions, seen, timing, weak);
        result.trips.extend(trips);
        result.copies.extend(rounds);
    }
}

/// One trip for each repetition of a packet, and the further rounds of those that loop.
pub(super) fn trips_of(
    repetitions: &BTreeMap<Place, Vec<Passes>>,
    seen: &[Seen],
    timing: Timing<'_>,
    weak: bool,
) -> (Vec<Trip>, Vec<(usize, CopyKind)>) {
    let time = |passes: &Passes| Some(seen.get(*passes.first()?)?.time);
    let times: Times = repetitions
        .iter()
        .map(|(place, list)| (*place, list.iter().filter_map(time).collect()))
        .collect();
    let paired = pair(&times, timing.node_of, timing.clocks, weak);
    let mut rounds = Vec::new();
    let mut trips = Vec::with_capacity(paired.repetitions.len());
    for repetition in paired.repetitions {
        let mut trip = Trip {
            sightings: Placed::with_capacity(repetition.len()),
            ambiguous: paired.ambiguous,
            bytes: None,
            transmissions: 1,
            looped: None,
            stands_for: 1,
        };
        for (place, nth) in repetition {
            let passes = repetitions.get(&place).and_then(|list| list.get(nth));
            let Some(passes) = passes else { continue };
            let (placed, further) = places_of(place, passes);
            for (place, index) in placed {
                trip.sightings.insert(place, index);
            }
            rounds.extend(further.into_iter().map(|index| (index, CopyKind::Loop)));
            if is_loop(passes) && trip.looped.is_none() {
                let count = u32::try_from(passes.len()).unwrap_or(u32::MAX);
                trip.looped = Some((place.point, count));
            }
        }
        trips.push(trip);
    }
    (trips, rounds)
}
