//! Recognises the same packet at every capture point of one direction.
//!
//! # The rule
//! Sightings of one conversation with equal fingerprints are the same packet, or repetitions of it. The deepest fingerprint that
//! every such sighting of the conversation has decides: payload, else headers, else the first 8 bytes of the transport header. TCP
//! segments that take sequence space are matched by their bytes instead: see `pieces`. Copies, loops and repetitions are told apart
//! by the rules of `repetition`.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashSet, HashSetExt as _};

use super::clock::Clocks;
use super::conversation::{Seen, further_trips};
use super::matched_by::MatchedBy;
use super::one_packet::is_one;
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
    /// One packet that was sent once, as far as is known yet.
    pub(super) fn once(sightings: Placed) -> Self {
        Self {
            sightings,
            ambiguous: false,
            bytes: None,
            transmissions: 1,
            looped: None,
            stands_for: 1,
        }
    }

    fn conversation(&self, seen: &[Seen]) -> Option<u32> {
        Some(seen.get(self.sightings.first()?)?.conversation)
    }

    /// Whether its sightings, but for later passes, surely are one packet.
    fn is_one(&self, seen: &[Seen], timing: Timing<'_>) -> bool {
        let first = self.sightings.iter().filter(|(place, _)| place.pass == 0);
        let times = first.filter_map(|(place, i)| Some((place, seen.get(i)?.time)));
        is_one(times, timing, false)
    }

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
    /// Conversations of which clocks had to say what is one packet; `None` before anything was matched.
    unsettled: Option<BTreeSet<u32>>,
}

impl Trips {
    /// The same once more, now that more is known of the clocks: what they cannot change is kept.
    pub(super) fn again(mut self, seen: &[Seen], timing: Timing<'_>) -> Self {
        let Some(mut unsettled) = self.unsettled.take() else {
            return match_sightings(seen, timing);
        };
        for trip in self.trips.iter().filter(|trip| !trip.is_one(seen, timing)) {
            unsettled.extend(trip.conversation(seen));
        }
        let is_kept = |conversation: Option<u32>| {
            conversation.is_some_and(|number| !unsettled.contains(&number))
        };
        self.unsettled = Some(BTreeSet::new());
        if unsettled.is_empty() {
            return self;
        }
        self.trips.retain(|trip| is_kept(trip.conversation(seen)));
        self.copies
            .retain(|(index, _)| is_kept(seen.get(*index).map(|s| s.conversation)));
        for (number, indexes) in conversations(seen) {
            if unsettled.contains(&number) {
                match_conversation(seen, indexes, timing, &mut self);
            }
        }
        self.sort(seen);
        self
    }

    /// Notes that clocks had to say what of a sighting's conversation is one packet.
    pub(super) fn unsettle(&mut self, s: Option<&Seen>) {
        let unsettled = self.unsettled.get_or_insert_default();
        unsettled.extend(s.map(|s| s.conversation));
    }

    fn sort(&mut self, seen: &[Seen]) {
        self.trips.sort_by_cached_key(|trip| {
            let sightings = trip.sightings.indexes().filter_map(|i| seen.get(i));
            let first = sightings.map(|s| (s.time, s.evidence)).min();
            (first, trip.bytes)
        });
        self.copies.sort_unstable();
        self.copies.dedup();
        count_folded(&mut self.trips, seen);
    }

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
pub(super) fn match_sightings(seen: &[Seen], timing: Timing<'_>) -> Trips {
    let mut result = Trips {
        unsettled: Some(BTreeSet::new()),
        ..Trips::default()
    };
    for (_, indexes) in conversations(seen) {
        match_conversation(seen, indexes, timing, &mut result);
    }
    result.sort(seen);
    result
}

/// The sightings of each conversation, in their order.
fn conversations(seen: &[Seen]) -> Vec<(u32, Vec<usize>)> {
    let number = |index: &usize| seen.get(*index).map_or(0, |s| s.conversation);
    let mut indexes: Vec<usize> = (0..seen.len()).collect();
    // They come in this order, as a rule.
    indexes.sort_by_key(number);
    let each = indexes.chunk_by(|a, b| number(a) == number(b));
    each.map(|of_one| (of_one.first().map_or(0, number), of_one.to_vec()))
        .collect()
}

fn match_conversation(seen: &[Seen], indexes: Vec<usize>, timing: Timing<'_>, result: &mut Trips) {
    let rest = pieces::match_pieces(seen, indexes, timing, result);
    let known = result.trips.len();
    match_whole(seen, &rest.indexes, timing, result);
    if rest.overlaps {
        let whole = result.trips.iter_mut().skip(known);
        whole.for_each(|trip| trip.ambiguous = true);
    }
}

/// What a sighting stands for counts at the first of its trips.
fn count_folded(trips: &mut [Trip], seen: &[Seen]) {
    let mut counted: HashSet<usize> = HashSet::new();
    for trip in trips {
        let sightings = trip.sightings.indexes();
        let folded = sightings.filter(|i| seen.get(*i).is_some_and(|s| s.folded.trips > 0));
        let new: Vec<usize> = folded.filter(|index| counted.insert(*index)).collect();
        trip.stands_for = 1 + further_trips(new.iter().filter_map(|&index| seen.get(index)));
    }
}

/// Matches packets that nothing cuts on the way.
fn match_whole(seen: &[Seen], indexes: &[usize], timing: Timing<'_>, result: &mut Trips) {
    let depth = MatchedBy::of(indexes.iter().filter_map(|&i| seen.get(i)));
    if !indexes.is_empty() {
        result.matched_by = result.matched_by.max(Some(depth));
    }
    let sightings = indexes.iter().filter_map(|&index| {
        let s = seen.get(index)?;
        Some((depth.print(s.sighting.fingerprint), s.place(), index))
    });
    let mut equal: Vec<(u64, Place, usize)> = sightings.collect();
    equal.sort_unstable();
    for equal in equal.chunk_by(|a, b| a.0 == b.0) {
        match_equal(equal, depth, seen, timing, result);
    }
}

/// Matches sightings with equal fingerprints, in order of places.
fn match_equal(
    equal: &[(u64, Place, usize)],
    depth: MatchedBy,
    seen: &[Seen],
    timing: Timing<'_>,
    result: &mut Trips,
) {
    let first = equal.first().and_then(|(.., i)| seen.get(*i));
    let says_little = |s: &Seen| {
        let numbered = s.sighting.identification != 0;
        !s.sighting.fingerprint.telling || (depth == MatchedBy::FirstBytes && !numbered)
    };
    let weak = first.is_some_and(says_little);
    let sightings = equal.iter().map(|(_, place, index)| (*place, *index));
    if let Some(trip) = one_trip(sightings, seen, timing, weak) {
        result.trips.push(trip);
        return;
    }
    result.unsettle(first);
    let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (_, place, index) in equal {
        places.entry(*place).or_default().push(*index);
    }
    let Some(places) = separate_all(&places, seen, weak) else {
        let each = equal.iter();
        let lone = each.map(|(_, place, index)| Trip::lone(*place, *index));
        result.trips.extend(lone);
        return;
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

/// The trip of sightings in order of places, where they surely are one packet: each place has it once, and no time speaks against it.
pub(super) fn one_trip(
    sightings: impl Iterator<Item = (Place, usize)> + Clone,
    seen: &[Seen],
    timing: Timing<'_>,
    weak: bool,
) -> Option<Trip> {
    let most = sightings.size_hint().1.unwrap_or_default();
    let mut placed = Placed::with_capacity(most);
    for (place, index) in sightings.clone() {
        placed.push_later(place, index)?;
    }
    let times = sightings.filter_map(|(place, i)| Some((place, seen.get(i)?.time)));
    is_one(times, timing, weak).then(|| Trip::once(placed))
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
        let mut trip = Trip::once(Placed::with_capacity(repetition.len()));
        trip.ambiguous = paired.ambiguous;
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
