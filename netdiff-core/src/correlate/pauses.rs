//! Moments at which a capture missed packets that certainly passed it.
//!
//! A capture may pause, or lose packets without saying so. A packet that was seen further on must have passed the points
//! before, where other packets of its flow and direction were seen. If one of those points does not show it, that point was blind then: from
//! its packet before to its packet after. What it lacks in that span, it may have missed as well.
//!
//! If the packets took another way instead, this only makes the claims about that point more careful.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{FlowTracks, Track};
use super::folding::Activity;
use super::hop_order::OrderContext;
use super::trip::Trip;
use crate::types::{Nanos, PointId, Timestamp};

/// Places on the way of a direction of which each is asked for the packets it missed. Of more, each is taken for blind all the time: nobody's
/// packets pass so many.
const MAX_PLACES: usize = 64;

/// When capture points were blind, by their own clocks.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// Per point, spans in order.
    spans: BTreeMap<PointId, Vec<(Timestamp, Timestamp)>>,
}

impl Pauses {
    /// From the packets of all flows.
    ///
    /// `activity` tells when points saw packets where `flows` do not hold all of them.
    pub(super) fn new(
        flows: &[FlowTracks],
        context: &OrderContext<'_>,
        activity: Option<&Activity>,
    ) -> Self {
        let mut missed: BTreeMap<PointId, Vec<Timestamp>> = BTreeMap::new();
        let mut always: BTreeSet<PointId> = BTreeSet::new();
        let tracks = || flows.iter().flat_map(|flow| [&flow.forward, &flow.reply]);
        for track in tracks() {
            if track.order.places.len() > MAX_PLACES {
                let places = track.order.places.iter();
                always.extend(places.map(|(place, _)| place.point));
                continue;
            }
            for trip in track.matched.trips.iter().filter(|trip| !trip.ambiguous) {
                note_missed(trip, track, context, &mut missed);
            }
        }
        let mut times: BTreeMap<PointId, Vec<Timestamp>> = BTreeMap::new();
        for s in tracks().flat_map(|track| &track.seen) {
            if activity.is_none() && missed.contains_key(&s.evidence.point) {
                times.entry(s.evidence.point).or_default().push(s.time);
            }
        }
        times.values_mut().for_each(|times| times.sort_unstable());
        let spans = missed.into_iter().map(|(point, mut missed)| {
            missed.sort_unstable();
            let own = times.get(&point).map_or(&[][..], Vec::as_slice);
            let mut spans: Vec<(Timestamp, Timestamp)> = missed
                .into_iter()
                .map(|time| match activity {
                    Some(activity) => activity.gap_around(point, time),
                    None => gap_around(own, time),
                })
                .collect();
            join(&mut spans);
            (point, spans)
        });
        let mut spans: BTreeMap<PointId, Vec<(Timestamp, Timestamp)>> = spans.collect();
        let whole = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        spans.extend(always.into_iter().map(|point| (point, vec![whole])));
        Self { spans }
    }

    /// Whether a point was blind at a time, by its own clock, that is off by at most `bound`.
    pub(super) fn cover(&self, point: PointId, time: Timestamp, bound: Nanos) -> bool {
        let spans = self.spans.get(&point).map_or(&[][..], Vec::as_slice);
        let first = spans.partition_point(|(_, to)| *to < time - bound);
        spans
            .get(first)
            .is_some_and(|(from, _)| *from <= time + bound)
    }
}

/// Puts spans in order, and those that overlap together.
fn join(spans: &mut Vec<(Timestamp, Timestamp)>) {
    spans.sort_unstable();
    spans.dedup_by(|next, joined| {
        let overlaps = next.0 <= joined.1;
        if overlaps {
            joined.1 = joined.1.max(next.1);
        }
        overlaps
    });
}

/// From the last packet before a time to the first one after.
fn gap_around(own: &[Timestamp], time: Timestamp) -> (Timestamp, Timestamp) {
    let after = own.partition_point(|own| *own < time);
    let before = after.checked_sub(1).and_then(|i| own.get(i));
    (
        before.copied().unwrap_or(Timestamp(i64::MIN)),
        own.get(after).copied().unwrap_or(Timestamp(i64::MAX)),
    )
}

/// The points that a trip must have passed and that do not show it, each with the time by its own clock.
fn note_missed(
    trip: &Trip,
    track: &Track,
    context: &OrderContext<'_>,
    missed: &mut BTreeMap<PointId, Vec<Timestamp>>,
) {
    let places = trip.sightings.places();
    let Some(last) = places.map(|place| track.order.rank(place)).max() else {
        return;
    };
    let before = track.order.places.iter().take(last);
    for (place, _) in before.filter(|(place, _)| place.pass == 0) {
        let point = place.point;
        if trip.sightings.places().any(|seen| seen.point == point) {
            continue;
        }
        let node = context.layout.node(point);
        let at = trip.sightings.iter().filter_map(|(seen, i)| {
            let (own, time) = (context.layout.node(seen.point), track.seen.get(i)?.time);
            let offset = context.clocks.offset_at(own, node, time)?;
            Some((offset.bound, time + offset.offset))
        });
        // The nearest clock tells best.
        if let Some((_, time)) = at.min() {
            missed.entry(point).or_default().push(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_one() {
        let time = |(from, to)| (Timestamp(from), Timestamp(to));
        let mut spans = [(5, 9), (1, 3), (3, 4), (6, 7), (20, 30)]
            .map(time)
            .to_vec();
        join(&mut spans);
        assert_eq!(spans, [(1, 4), (5, 9), (20, 30)].map(time));
        let point = PointId(0);
        let pauses = Pauses {
            spans: BTreeMap::from([(point, spans)]),
        };
        let covered = |at| pauses.cover(point, Timestamp(at), Nanos(1));
        let found = [0, 4, 10, 11, 18, 19, 31, 32].map(covered);
        assert_eq!(found, [true, true, true, false, false, true, true, false]);
    }

    #[test]
    fn a_gap_reaches_from_packet_to_packet() {
        let own = [Timestamp(10), Timestamp(20), Timestamp(30)];
        assert_eq!(
            gap_around(&own, Timestamp(25)),
            (Timestamp(20), Timestamp(30))
        );
        assert_eq!(gap_around(&own, Timestamp(35)).0, Timestamp(30));
        assert_eq!(gap_around(&own, Timestamp(5)).1, Timestamp(10));
    }
}
