//! Finds the packets that the clocks are compared by.

use std::collections::BTreeMap;

use foldhash::HashSet;
use rayon::prelude::*;

use super::super::clock::LeastCrossings;
use super::super::timeline::NodeId;
use super::conversations::{Conversation, View};
use super::sorted::MAX_PLACES;
use super::units::{Unit, Way};
use crate::types::{Nanos, Timestamp};

/// Sender's and receiver's node, departure and difference.
pub(super) type Crossing = (NodeId, NodeId, Timestamp, Nanos);

/// The packets that tell most of two clocks.
pub(super) type Telling = HashSet<Crossing>;

/// A crossing, and of which unit: its number in the order in which units were made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossed {
    pub(super) unit: usize,
    pub(super) crossing: Crossing,
}

/// The packets that the clocks are compared by: of any two nodes, in either order, since who sent is not known yet.
pub(super) fn telling_of_clocks(conversations: &[Conversation], most: usize) -> Telling {
    let parts = conversations.par_chunks(AT_ONCE).map(|some| {
        let mut least = Least::new();
        for crossed in some.iter().flat_map(|c| &c.crossings) {
            let (from, to, departure, difference) = crossed.crossing;
            let known = least.entry((from, to));
            let known = known.or_insert_with(|| LeastCrossings::of_at_most(most));
            known.note(departure, difference);
        }
        least
    });
    // What is kept of some and then of all is what is kept of all at once.
    let joined = parts.reduce(Least::new, |mut one, other| {
        for (nodes, other) in other {
            let known = one.entry(nodes);
            let known = known.or_insert_with(|| LeastCrossings::of_at_most(most));
            for c in other.crossings() {
                known.note(Timestamp(c.departure), Nanos(c.difference));
            }
        }
        one
    });
    let mut telling = Telling::default();
    for ((from, to), least) in joined {
        let crossings = least.crossings().into_iter();
        telling.extend(crossings.map(|c| (from, to, Timestamp(c.departure), Nanos(c.difference))));
    }
    telling
}

/// By sender's and receiver's node.
type Least = BTreeMap<(NodeId, NodeId), LeastCrossings>;

/// So many conversations are looked at by one thread.
const AT_ONCE: usize = 256;

/// One packet on one node: which of the conversation's packets of a unit, and where.
type Lane = (u32, NodeId);

/// The lanes of a conversation's places.
struct Lanes {
    of: [Option<u8>; MAX_PLACES],
    lanes: Vec<Lane>,
    /// Lanes of one packet on two nodes.
    pairs: Vec<(usize, usize)>,
}

impl Lanes {
    /// A question and its answer are two packets: keys tell them apart.
    fn new(view: View<'_>, node_of: &[NodeId], by_key: bool) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut of = [None; MAX_PLACES];
        for ((point, key, _), lane) in view.group.spots.iter().zip(&mut of) {
            let Some(node) = node_of.get(point.index()) else {
                continue;
            };
            let own = (if by_key { *key } else { 0 }, *node);
            let place = lanes.iter().position(|known| *known == own);
            let place = place.unwrap_or_else(|| {
                lanes.push(own);
                lanes.len() - 1
            });
            *lane = u8::try_from(place).ok();
        }
        let mut pairs = Vec::new();
        for (a, (packet, from)) in lanes.iter().enumerate() {
            for (b, (other, to)) in lanes.iter().enumerate() {
                if packet == other && from != to {
                    pairs.push((a, b));
                }
            }
        }
        Self { of, lanes, pairs }
    }

    /// When a unit was last seen on one node and first on another, for all pairs of nodes.
    fn crossings(
        &self,
        conversation: &Conversation,
        unit: &Unit,
        view: View<'_>,
        spans: &mut [(i64, i64)],
        mut each: impl FnMut(Crossing),
    ) {
        spans.fill((i64::MAX, i64::MIN));
        for (place, index) in conversation.members(unit) {
            let lane = self.of.get(usize::from(*place)).copied().flatten();
            let span = lane.and_then(|lane| spans.get_mut(usize::from(lane)));
            if let (Some(span), Some(row)) = (span, view.rows.get(*index as usize)) {
                *span = (span.0.min(row.time), span.1.max(row.time));
            }
        }
        for &(a, b) in &self.pairs {
            let (Some((_, departure)), Some((arrival, _))) = (spans.get(a), spans.get(b)) else {
                continue;
            };
            let nodes = self.lanes.get(a).zip(self.lanes.get(b));
            if let Some((from, to)) = nodes
                && *departure > i64::MIN
                && *arrival < i64::MAX
            {
                let (departure, arrival) = (Timestamp(*departure), Timestamp(*arrival));
                each((from.1, to.1, departure, arrival - departure));
            }
        }
    }
}

/// What the units of a conversation tell of clocks, unit by unit.
pub(super) fn crossings(
    conversation: &Conversation,
    view: View<'_>,
    node_of: &[NodeId],
) -> Vec<Crossed> {
    let lanes = [false, true].map(|by_key| Lanes::new(view, node_of, by_key));
    let mut found = Vec::new();
    let mut spans = [(0, 0); MAX_PLACES];
    for (number, unit) in conversation.units.iter().enumerate() {
        let lanes = lanes.get(usize::from(unit.way == Way::Both));
        let Some(lanes) = lanes.filter(|lanes| unit.plain && !lanes.pairs.is_empty()) else {
            continue;
        };
        let spans = spans.get_mut(..lanes.lanes.len()).unwrap_or_default();
        lanes.crossings(conversation, unit, view, spans, |crossing| {
            found.push(Crossed {
                unit: number,
                crossing,
            });
        });
    }
    found
}
