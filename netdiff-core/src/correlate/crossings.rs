//! Finds the packets that crossed from node to node, to compare the clocks.
//!
//! # Which packets
//! The least differences decide, so that one wrong match could bend an estimate. Taken are packets
//! - of flows whose ends live on known, different nodes, seen at both;
//! - whose match is no guess: not ambiguous, and no second packet of the direction with the same headers anywhere, since of
//!   equal numbers of repetitions here and there each may be another (the capture of one node begins a repetition later and the other
//!   ends one earlier);
//! - that were not sent in fragments, which travel apart;
//! - whose TTL did not rise on the way: such a packet did not go from here to there;
//! - with a number of their own. Packets without one (UDP with IPv4 identification 0, or over IPv6) count only where a direction
//!   between two nodes has no others, and only if headers and payload are there once.
//!
//! # Which times
//! Departure is the last sighting on the sender's node, among those with a TTL no lower than the receiver's node saw: a packet that
//! comes back through a loop left before. Arrival is the first sighting on the receiver's node.

use foldhash::{HashMap, HashMapExt as _};

use super::address_plan::AddressPlan;
use super::clock::{ClockComparison, Clocks};
use super::conversation::Seen;
use super::flow::{FlowTracks, Track};
use super::timeline::NodeId;
use super::trip::{Timing, Trip, match_sightings};
use crate::types::{FlowKey, Nanos, Timestamp};

/// Packets whose sender's and receiver's nodes are known compare the two clocks.
pub(super) fn compare_clocks(
    flows: &mut [FlowTracks],
    node_of: &[NodeId],
    plan: &AddressPlan,
) -> Clocks {
    let mut comparison = ClockComparison::default();
    let none = Clocks::default();
    let mut numberless = ClockComparison::default();
    for flow in flows {
        let ends = (plan.home(flow.id.initiator), plan.home(flow.id.responder));
        let (Some(a), Some(b)) = ends else { continue };
        if a == b {
            continue;
        }
        for (track, from, to) in [(&mut flow.forward, a, b), (&mut flow.reply, b, a)] {
            let timing = Timing {
                node_of,
                clocks: &none,
            };
            track.matched = match_sightings(&track.seen, timing);
            for crossing in crossings(track, from, to, node_of) {
                let trust = if crossing.numbered {
                    &mut comparison
                } else {
                    &mut numberless
                };
                trust.note(from, to, crossing.departure, crossing.difference);
            }
        }
    }
    comparison.add_missing(numberless);
    comparison.finish()
}

/// A packet that went from one node to another.
struct Crossing {
    departure: Timestamp,
    difference: Nanos,
    numbered: bool,
}

fn crossings(track: &Track, from: NodeId, to: NodeId, node_of: &[NodeId]) -> Vec<Crossing> {
    let trips = &track.matched.trips;
    let cut = track
        .seen
        .iter()
        .any(|s| s.sighting.fingerprint.headers.is_none());
    let identity = |trip: &Trip| {
        let first = trip.sightings.first().and_then(|i| track.seen.get(i));
        first.and_then(|s| identity(s, cut))
    };
    let mut times: HashMap<(FlowKey, u64), u32> = HashMap::new();
    for id in trips.iter().filter_map(identity) {
        *times.entry(id).or_default() += 1;
    }
    let once = |trip: &Trip| identity(trip).is_some_and(|id| times.get(&id) == Some(&1));
    let sure = trips.iter().filter(|trip| !trip.ambiguous && once(trip));
    sure.filter_map(|trip| crossing(trip, track, from, to, node_of))
        .collect()
}

/// By what a packet is told from others: `None` where nothing tells it. `cut` says that some packet of the direction lacks part of
/// its headers.
fn identity(s: &Seen, cut: bool) -> Option<(FlowKey, u64)> {
    let print = s.sighting.fingerprint;
    let print = if print.repeatable {
        print.full?
    } else {
        print.headers.filter(|_| !cut).unwrap_or(print.short)
    };
    Some((s.sighting.key, print))
}

fn crossing(
    trip: &Trip,
    track: &Track,
    from: NodeId,
    to: NodeId,
    node_of: &[NodeId],
) -> Option<Crossing> {
    let on_node = |node: NodeId| {
        let sightings = trip.sightings.iter();
        sightings
            .filter(move |(place, _)| node_of.get(place.point.index()) == Some(&node))
            .filter_map(|(_, i)| track.seen.get(i))
    };
    if on_node(from)
        .chain(on_node(to))
        .any(|s| s.sighting.fragments > 1)
    {
        return None;
    }
    let ttl = on_node(to).map(|s| s.sighting.ttl).max()?;
    let before = on_node(from).filter(|s| s.sighting.ttl >= ttl);
    let departure: Timestamp = before.map(|s| s.time).max()?;
    let arrival: Timestamp = on_node(to).map(|s| s.time).min()?;
    let numbered = on_node(from).all(|s| !s.sighting.fingerprint.repeatable);
    Some(Crossing {
        departure,
        difference: arrival - departure,
        numbered,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::seen;
    use super::*;

    /// Points 0 and 1 are on the sender's node, 2 and 3 on the receiver's.
    fn found(sightings: Vec<Seen>) -> Vec<(i64, i64, bool)> {
        let nodes = [NodeId(0), NodeId(0), NodeId(1), NodeId(1)];
        let mut track = Track {
            seen: sightings,
            ..Track::default()
        };
        let timing = Timing {
            node_of: &nodes,
            clocks: &Clocks::default(),
        };
        track.matched = match_sightings(&track.seen, timing);
        let crossings = crossings(&track, NodeId(0), NodeId(1), &nodes);
        let micros = |nanos: i64| nanos / 1_000;
        crossings
            .iter()
            .map(|c| (micros(c.departure.0), micros(c.difference.0), c.numbered))
            .collect()
    }

    #[test]
    fn from_the_last_sighting_here_to_the_first_there() {
        let sightings = [(0, 10, 64), (1, 12, 63), (2, 50, 63), (3, 53, 62)];
        let sightings = sightings.map(|(at, micros, ttl)| seen(at, micros, 1, 2, ttl, 7));
        assert_eq!(found(sightings.to_vec()), [(12, 38, true)]);
    }

    #[test]
    fn what_comes_back_through_a_loop_left_before() {
        let sightings = [(0, 10, 64), (2, 50, 63), (1, 90, 62)];
        let sightings = sightings.map(|(at, micros, ttl)| seen(at, micros, 1, 2, ttl, 7));
        assert_eq!(found(sightings.to_vec()), [(10, 40, true)]);
    }

    #[test]
    fn a_packet_whose_ttl_rose_went_the_other_way() {
        let sightings = [(0, 10, 62), (2, 50, 64)];
        let sightings = sightings.map(|(at, micros, ttl)| seen(at, micros, 1, 2, ttl, 7));
        assert_eq!(found(sightings.to_vec()), []);
    }

    #[test]
    fn repetitions_compare_nothing_even_as_many_here_as_there() {
        // The first was before the capture here, the last behind its end there.
        let here = [200_000, 400_000].map(|micros| seen(0, micros, 1, 2, 64, 7));
        let there = [50, 200_050].map(|micros| seen(2, micros, 1, 2, 64, 7));
        let other = [seen(0, 300_000, 1, 2, 64, 8), seen(2, 300_040, 1, 2, 64, 8)];
        let all = here.into_iter().chain(there).chain(other).collect();
        assert_eq!(found(all), [(300_000, 40, true)]);
    }

    #[test]
    fn packets_without_a_number_are_told_apart_from_others() {
        let mut sightings = vec![seen(0, 10, 1, 2, 64, 7), seen(2, 50, 1, 2, 64, 7)];
        for s in &mut sightings {
            s.sighting.fingerprint.repeatable = true;
        }
        assert_eq!(found(sightings), [(10, 40, false)]);
    }

    #[test]
    fn fragments_compare_nothing() {
        let mut sightings = vec![seen(0, 10, 1, 2, 64, 7), seen(2, 50, 1, 2, 64, 7)];
        sightings[1].sighting.fragments = 2;
        assert_eq!(found(sightings), []);
    }
}
