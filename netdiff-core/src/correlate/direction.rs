//! Builds one direction of a flow's timeline: hops, journeys and the account of every packet.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::{HashMap, HashSet};

use super::Coverage;
use super::accounting::{PointAccounting, Unmatched};
use super::answers::Answers;
use super::at_places::AtPlaces;
use super::blindness::Blindness;
use super::changes;
use super::conversation::Seen;
use super::disposition::{Blind, Disposition, Trust};
use super::flow::Track;
use super::folding::FoldedBytes;
use super::hop::{Delay, Duplicates, Hop, MAX_NEXT_HOPS, Spread};
use super::hop_order::{OrderContext, Way};
use super::outcome::Judge;
use super::own_way::OwnWay;
use super::path::Paths;
use super::pauses::Pauses;
use super::pieces::bases;
use super::place::Place;
use super::pod_links::has_untouched_ttl;
use super::rejection::{Rejections, Resets, count_alike};
use super::repetition::CopyKind;
use super::seen_elsewhere::SeenElsewhere;
use super::tally::Tally;
use super::timeline::{Direction, Journey};
use super::trip::Trip;
use super::unseen::unseen_bytes;
use crate::identify::{Detail, MacAddr, TcpFlags};
use crate::types::{Nanos, PointId};

/// What a direction is judged by.
pub(super) struct Scales<'a> {
    pub(super) paths: &'a Paths<'a>,
    pub(super) coverage: &'a Coverage,
    pub(super) pauses: &'a Pauses,
    pub(super) context: &'a OrderContext<'a>,
    pub(super) elsewhere: &'a SeenElsewhere,
    pub(super) rejections: &'a Rejections,
    pub(super) blindness: &'a Blindness,
    pub(super) cut: &'a BTreeSet<PointId>,
    pub(super) folded_bytes: Option<&'a FoldedBytes>,
}

/// Judges one direction, and counts its packets.
pub(super) fn judge_direction(
    track: &Track,
    opposite: &Track,
    way: Way,
    scales: &Scales<'_>,
    accounting: &mut [PointAccounting],
) -> Direction {
    let trips = &track.matched.trips;
    let judge = Judge {
        paths: scales.paths,
        coverage: scales.coverage,
        pauses: scales.pauses,
        clocks: scales.context.clocks,
        layout: scales.context.layout,
        seen: &track.seen,
        own: OwnWay::new(&track.matched.straight(), &track.order, opposite),
        way,
        bases: bases(&track.seen),
        answers: Answers::new(&track.seen, trips, &opposite.seen, scales.context.layout),
        asked_here: distinct(
            opposite
                .seen
                .iter()
                .filter(|s| has_untouched_ttl(s))
                .map(|s| (scales.context.layout.node(s.evidence.point), s.conversation)),
        ),
        answered: distinct(opposite.seen.iter().map(|s| s.conversation)),
        elsewhere: scales.elsewhere,
        rejections: scales.rejections,
        alike: count_alike(trips, &track.seen, scales.rejections),
        resets: Resets::new(&opposite.seen, &opposite.matched.trips),
        blindness: scales.blindness,
        headers_cut: track.has_cut_headers(),
        cut: scales.cut,
        recent: Cell::new(None),
    };
    let (mut journeys, mut ledger) = (Vec::with_capacity(trips.len()), Ledger::new(track));
    let at = AtPlaces::of(track);
    let numbers = hop_numbers(track, &at);
    let mut placed: Vec<Stop<'_>> = Vec::new();
    for trip in trips {
        let end = judge.judge(trip);
        ledger.note(trip, end.0);
        stops_of(trip, track, &mut placed);
        let journey = journey(trip, &placed, end, &judge.bases, way.reply);
        journeys.extend(journey.map(|journey| Journey {
            hops: placed.iter().map(|stop| numbers.of(stop.rank)).collect(),
            ..journey
        }));
    }
    ledger.close(track, accounting);
    Direction {
        matched_by: track.matched.matched_by,
        hops: hops(track, &at, scales.context),
        tally: Tally {
            unseen_bytes: unseen_bytes(
                trips,
                &track.seen,
                &judge.answers,
                &judge.bases,
                scales.folded_bytes,
            ),
            ..Tally::of(&journeys)
        },
        journeys,
        contradictions: track.order.contradictions.clone(),
    }
}

/// What there is; equal neighbors are looked at once.
fn distinct<T: Copy + Eq + Hash>(all: impl Iterator<Item = T>) -> HashSet<T> {
    let mut recent = None;
    let changed = all.filter(|one| recent.replace(*one) != Some(*one));
    changed.collect()
}

/// A sighting of a trip, and how many places of the direction come before its place.
struct Stop<'a> {
    rank: usize,
    seen: &'a Seen,
}

/// Puts the sightings of a trip in hop order; of places that the order does not know, in order of places.
fn stops_of<'a>(trip: &Trip, track: &'a Track, stops: &mut Vec<Stop<'a>>) {
    stops.clear();
    stops.extend(trip.sightings.iter().filter_map(|(place, index)| {
        Some(Stop {
            rank: track.order.rank(place),
            seen: track.seen.get(index)?,
        })
    }));
    stops.sort_by_key(|stop| stop.rank);
}

fn journey(
    trip: &Trip,
    stops: &[Stop<'_>],
    (disposition, basis): (Disposition, Option<super::Basis>),
    bases: &HashMap<u32, u32>,
    reply: bool,
) -> Option<Journey> {
    let (first, last) = (stops.first()?.seen, stops.last()?.seen);
    let base = bases.get(&first.conversation).copied();
    Some(Journey {
        sightings: stops.iter().map(|stop| stop.seen.evidence).collect(),
        hops: Vec::new(),
        time: first.time,
        ip_len: last.sighting.ip_len,
        port: if reply {
            first.sighting.key.destination_port
        } else {
            first.sighting.key.source_port
        },
        flags: match last.sighting.detail {
            Detail::Tcp {
                flags,
                header_len: Some(_),
                ..
            } => Some(TcpFlags(flags)),
            _ => None,
        },
        ttl: last.sighting.ttl,
        dont_fragment: last.sighting.marks.dont_fragment,
        fragments: last.sighting.fragments,
        sequence: trip.bytes.zip(base).map(|(bytes, base)| {
            // Distances count modulo 2^32.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let at = |distance: i64| base.wrapping_add(distance as u32);
            (at(bytes.0), at(bytes.1))
        }),
        tunnel: last.sighting.tunnel,
        disposition,
        basis,
        stands_for: trip.stands_for,
    })
}

/// The number among the hops of each place in the order; `None` for a place that no trip came through.
struct HopNumbers(Vec<Option<u16>>);

impl HopNumbers {
    fn of(&self, rank: usize) -> u16 {
        self.0.get(rank).copied().flatten().unwrap_or(u16::MAX)
    }
}

fn hop_numbers(track: &Track, at: &AtPlaces<'_>) -> HopNumbers {
    let places = track.order.places.iter().map(|(place, _)| *place);
    let mut numbers = 0..;
    let is_used = |place| {
        let mut trips = at.trips(place);
        trips.any(|trip| trip.sightings.get(place).is_some())
    };
    let all = places.map(|place| is_used(place).then(|| numbers.next()).flatten());
    HopNumbers(all.collect())
}

/// What each sighting of a direction counts as. One that is in several trips (a super-packet) counts once: as matched if any of
/// its pieces was seen elsewhere, else as its first piece ended.
struct Ledger(Vec<Option<Entry>>);

#[derive(Clone, Copy)]
enum Entry {
    Matched,
    Lone(Disposition),
}

impl Ledger {
    fn new(track: &Track) -> Self {
        Self(vec![None; track.seen.len()])
    }

    fn note(&mut self, trip: &Trip, disposition: Disposition) {
        let lone = trip.sightings.len() == 1;
        for index in trip.sightings.indexes() {
            if let Some(entry) = self.0.get_mut(index) {
                *entry = match entry {
                    _ if !lone => Some(Entry::Matched),
                    None => Some(Entry::Lone(disposition)),
                    Some(known) => Some(*known),
                };
            }
        }
    }

    fn close(self, track: &Track, accounting: &mut [PointAccounting]) {
        let copies = &track.matched.copies;
        let is_copy = |index: usize| copies.binary_search_by_key(&index, |(i, _)| *i).is_ok();
        for (index, (entry, seen)) in self.0.into_iter().zip(&track.seen).enumerate() {
            let Some(counts) = accounting.get_mut(seen.evidence.point.index()) else {
                continue;
            };
            match entry {
                Some(Entry::Matched) => counts.matched += seen.packets(),
                Some(Entry::Lone(disposition)) => {
                    account_lone(disposition, seen.packets(), counts);
                }
                None if is_copy(index) => counts.duplicate += 1,
                // Neither in a trip nor a copy: the residual will show it.
                None => {}
            }
        }
    }
}

fn account_lone(disposition: Disposition, packets: u64, counts: &mut PointAccounting) {
    let blind = match disposition {
        Disposition::NotCovered { blind, .. } => Some(blind),
        _ => None,
    };
    let reason = match (disposition, blind) {
        (_, Some(Blind::Window)) => {
            counts.outside_window += packets;
            return;
        }
        (_, Some(Blind::Filter)) => Unmatched::NotCovered,
        (Disposition::Lost { trust, .. }, _) => match trust {
            Trust::Proven => Unmatched::Lost,
            Trust::Assumed => Unmatched::AssumedLost,
        },
        (Disposition::Rejected { .. }, _) => Unmatched::Rejected,
        (Disposition::Unknown { .. } | Disposition::Looped { .. }, _) => Unmatched::Unknown,
        (Disposition::NotCovered { .. } | Disposition::Delivered(_), _) => Unmatched::NoOtherPoint,
    };
    *counts.unmatched.entry(reason).or_default() += packets;
}

fn hops(track: &Track, at: &AtPlaces<'_>, context: &OrderContext<'_>) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    let mut previous: Option<Place> = None;
    for (place, reason) in &track.order.places {
        let here = seen_at(*place, track, at);
        let Some(first) = here.iter().min_by_key(|s| (s.time, s.evidence)) else {
            continue;
        };
        let ttls = || here.iter().map(|s| s.sighting.ttl);
        hops.push(Hop {
            point: place.point,
            packets: here.iter().map(|s| s.packets()).sum(),
            duplicates: duplicates(at, *place),
            source: first.sighting.key.source,
            destination: first.sighting.key.destination,
            tunnel: first.sighting.tunnel,
            next_hops: next_hops(&here),
            ttl: (ttls().min().unwrap_or(0), ttls().max().unwrap_or(0)),
            maximum_segment_size: bounds(
                here.iter()
                    .filter_map(|s| s.sighting.marks.maximum_segment_size),
            ),
            delay: previous.and_then(|previous| delay((previous, *place), track, at, context)),
            changes: previous.map_or_else(Vec::new, |previous| {
                let trips = at.trips(previous);
                changes::between((previous, *place), trips, &track.seen, context.layout)
            }),
            first: first.evidence,
            reason: Cow::Borrowed(reason),
        });
        previous = Some(*place);
    }
    hops
}

/// The sightings at a place, in their order; one that is in several trips once.
fn seen_at<'a>(place: Place, track: &'a Track, at: &AtPlaces<'_>) -> Vec<&'a Seen> {
    let trips = at.trips(place);
    let mut here: Vec<usize> = trips.filter_map(|trip| trip.sightings.get(place)).collect();
    here.sort_unstable();
    here.dedup();
    here.into_iter().filter_map(|i| track.seen.get(i)).collect()
}

fn bounds(values: impl Iterator<Item = u16>) -> Option<(u16, u16)> {
    values.fold(None, |bounds, value| {
        let (least, most) = bounds.unwrap_or((value, value));
        Some((value.min(least), value.max(most)))
    })
}

fn next_hops(here: &[&Seen]) -> Vec<MacAddr> {
    let mut all: BTreeSet<MacAddr> = BTreeSet::new();
    let mut previous = None;
    for mac in here.iter().map(|s| s.destination_mac) {
        // One after the other goes the same way, as a rule.
        if mac != previous {
            all.extend(mac);
            previous = mac;
        }
    }
    all.into_iter().take(MAX_NEXT_HOPS).collect()
}

fn duplicates(at: &AtPlaces<'_>, place: Place) -> Duplicates {
    Duplicates {
        same_frame: at.copies(place, CopyKind::SameFrame),
        other_frame: at.copies(place, CopyKind::OtherFrame),
        rounds: at.copies(place, CopyKind::Loop),
    }
}

/// The time between two places; between nodes it is as sure as their clocks compare.
fn delay(
    (from, to): (Place, Place),
    track: &Track,
    at: &AtPlaces<'_>,
    context: &OrderContext<'_>,
) -> Option<Delay> {
    let nodes = (
        context.layout.node(from.point),
        context.layout.node(to.point),
    );
    let time = |trip: &Trip, place| {
        let index = trip.sightings.get(place)?;
        Some(track.seen.get(index)?.time)
    };
    let mut bound = Nanos(0);
    let mut delays: Vec<(Nanos, u64)> = Vec::new();
    for trip in at.trips(from) {
        let (Some(left), Some(arrived)) = (time(trip, from), time(trip, to)) else {
            continue;
        };
        let offset = context.clocks.offset_at(nodes.0, nodes.1, left)?;
        bound = bound.max(offset.bound);
        delays.push((arrived - (left + offset.offset), trip.stands_for));
    }
    Some(Delay {
        times: Spread::of(delays)?,
        bound,
    })
}
