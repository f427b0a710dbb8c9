//! Finds the packets that the clocks are compared by.

use std::collections::{BTreeMap, HashSet};

use super::super::clock::LeastCrossings;
use super::super::conversation::Seen;
use super::super::timeline::NodeId;
use super::conversations::Conversation;
use super::units::{Unit, Way};
use crate::types::{Nanos, Timestamp};

/// The packets that tell most of two clocks: sender's and receiver's node, departure and difference.
pub(super) type Telling = HashSet<(NodeId, NodeId, Timestamp, Nanos)>;

/// The packets that the clocks are compared by: of any two nodes, in either order, since who sent is not known yet.
pub(super) fn telling_of_clocks(
    conversations: &[Conversation],
    sightings: &[Seen],
    node_of: &[NodeId],
    most: usize,
) -> Telling {
    let mut least: BTreeMap<(NodeId, NodeId), LeastCrossings> = BTreeMap::new();
    for conversation in conversations {
        for unit in conversation.units.iter().filter(|unit| unit.plain) {
            for (from, to, departure, difference) in
                crossings(conversation, unit, sightings, node_of)
            {
                let known = least.entry((from, to));
                let known = known.or_insert_with(|| LeastCrossings::of_at_most(most));
                known.note(departure, difference);
            }
        }
    }
    let mut telling = Telling::new();
    for ((from, to), least) in least {
        let crossings = least.crossings().into_iter();
        telling.extend(crossings.map(|c| (from, to, Timestamp(c.departure), Nanos(c.difference))));
    }
    telling
}

/// When a unit was last seen on one node and first on another, for all pairs of nodes; by way of packets, not of questions with answers.
pub(super) fn crossings(
    conversation: &Conversation,
    unit: &Unit,
    sightings: &[Seen],
    node_of: &[NodeId],
) -> Vec<(NodeId, NodeId, Timestamp, Nanos)> {
    // A question and its answer are two packets: keys tell them apart.
    let mut nodes: BTreeMap<(u32, NodeId), (Timestamp, Timestamp)> = BTreeMap::new();
    for (place, index) in conversation.members(unit) {
        let spot = conversation.spots.get(usize::from(*place));
        let (Some(s), Some(spot)) = (sightings.get(*index as usize), spot) else {
            continue;
        };
        let Some(node) = node_of.get(s.evidence.point.index()) else {
            continue;
        };
        let packet = if unit.way == Way::Both { spot.1 } else { 0 };
        let span = nodes.entry((packet, *node)).or_insert((s.time, s.time));
        *span = (span.0.min(s.time), span.1.max(s.time));
    }
    let mut found = Vec::new();
    for ((packet, from), (_, departure)) in &nodes {
        for ((other, to), (arrival, _)) in &nodes {
            if packet == other && from != to {
                found.push((*from, *to, *departure, *arrival - *departure));
            }
        }
    }
    found
}
