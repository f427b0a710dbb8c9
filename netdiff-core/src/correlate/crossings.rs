//! Finds the packets that crossed from node to node, to compare the clocks.

use super::address_plan::AddressPlan;
use super::clock::{ClockComparison, Clocks};
use super::flow::{FlowTracks, Track};
use super::timeline::NodeId;
use super::trip;
use crate::types::{Nanos, Timestamp};

/// Packets whose sender's and receiver's nodes are known compare the two clocks.
pub(super) fn compare_clocks(
    flows: &mut [FlowTracks],
    node_of: &[NodeId],
    plan: &AddressPlan,
) -> Clocks {
    let mut comparison = ClockComparison::default();
    let none = Clocks::default();
    for flow in flows {
        let ends = (plan.home(flow.id.initiator), plan.home(flow.id.responder));
        let (Some(a), Some(b)) = ends else { continue };
        if a == b {
            continue;
        }
        for (track, from, to) in [(&mut flow.forward, a, b), (&mut flow.reply, b, a)] {
            track.matched = trip::match_sightings(&track.seen, node_of, &none);
            note_crossings(track, from, to, node_of, &mut comparison);
        }
    }
    comparison.finish()
}

fn note_crossings(
    track: &Track,
    from: NodeId,
    to: NodeId,
    node_of: &[NodeId],
    comparison: &mut ClockComparison,
) {
    for trip in track.matched.trips.iter().filter(|trip| !trip.ambiguous) {
        let times = |node: NodeId| {
            let on_node = trip
                .sightings
                .iter()
                .filter(move |(p, _)| node_of.get(p.point.index()) == Some(&node));
            on_node
                .filter_map(|(_, &i)| track.seen.get(i))
                .map(|s| s.time)
        };
        let departure: Option<Timestamp> = times(from).max();
        let arrival: Option<Timestamp> = times(to).min();
        if let (Some(departure), Some(arrival)) = (departure, arrival) {
            let difference: Nanos = arrival - departure;
            comparison.note(from, to, difference);
        }
    }
}
