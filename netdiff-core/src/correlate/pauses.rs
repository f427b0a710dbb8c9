//! Moments at which a capture missed packets that certainly passed it.
//!
//! A capture may pause, or lose packets without saying so. A packet that was seen further on must have passed the points
//! before, where other packets of its flow and direction were seen. If one of those points does not show it, that point was blind then: from
//! its packet before to its packet after. What it lacks in that span, it may have missed as well.
//!
//! If the packets took another way instead, this only makes the claims about that point more careful.

use std::collections::BTreeMap;

use super::flow::{FlowTracks, Track};
use super::folding::Activity;
use super::hop_order::OrderContext;
use super::trip::Trip;
use crate::types::{Nanos, PointId, Timestamp};

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
        let tracks = || flows.iter().flat_map(|flow| [&flow.forward, &flow.reply]);
        for track in tracks() {
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
            spans.dedup();
            (point, spans)
        });
        Self {
            spans: spans.collect(),
        }
    }

    /// Whether a point was blind at a time, by its own clock, that is off by at most `bound`.
    pub(super) fn cover(&self, point: PointId, time: Timestamp, bound: Nanos) -> bool {
        let spans = self.spans.get(&point).into_iter().flatten();
        spans
            .into_iter()
            .any(|(from, to)| *from <= time + bound && time - bound <= *to)
    }
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
