//! Which packets an answer proves to have arrived, though nobody saw them arrive.
//!
//! # The rule
//! An acknowledgment beyond a segment's bytes, or the answer to a query, proves that the packet arrived, if it was sent only once: else
//! it may be the repetition that arrived. That it was sent only once is known until the captures that saw it end: so a point that
//! saw the packet must have captured until the answer was seen, by a clock that compares with its own. A reset proves nothing: whoever
//! stands on the way can send it.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::clock::Clocks;
use super::conversation::Seen;
use super::coverage::Coverage;
use super::layout::Layout;
use super::pieces::distance;
use super::timeline::NodeId;
use super::trip::Trip;
use crate::identify::{Detail, TcpFlags};
use crate::types::Timestamp;

/// An acknowledgment number that none before it reached, and when a node saw it.
#[derive(Clone, Copy)]
struct Reached {
    number: u32,
    time: Timestamp,
}

/// What clocks and captures tell of the time of an answer.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) clocks: &'a Clocks,
    pub(super) coverage: &'a Coverage,
    pub(super) layout: Layout<'a>,
}

impl Watch<'_> {
    /// Whether a point that saw the trip captured until a node saw its answer.
    fn saw_until(self, trip: &Trip, node: NodeId, answered: Timestamp) -> bool {
        trip.sightings.places().any(|place| {
            let here = self.layout.node(place.point);
            let clock = self.clocks.offset_at(node, here, answered);
            clock.is_some_and(|clock| {
                let latest = answered + clock.offset + clock.bound;
                self.coverage.ran_until(place.point) >= Some(latest)
            })
        })
    }
}

/// The answers that the opposite direction shows.
#[derive(Default)]
pub(super) struct Answers {
    /// How far each conversation was acknowledged, as each node saw it: each number further than the one before.
    reached: HashMap<u32, BTreeMap<NodeId, Vec<Reached>>>,
    /// When each node first saw the answer to a query that was asked once: by conversation and number.
    queries: HashMap<(u32, u16), BTreeMap<NodeId, Timestamp>>,
}

impl Answers {
    /// From the trips of the asking direction and the sightings of the answering one.
    pub(super) fn new(
        seen: &[Seen],
        trips: &[Trip],
        opposite: &[Seen],
        layout: Layout<'_>,
    ) -> Self {
        let once = asked_once(seen, trips);
        let mut answers = Self::default();
        let mut opposite: Vec<&Seen> = opposite.iter().collect();
        // The order in a conversation counts, and these come in it, or nearly.
        opposite.sort_by_key(|s| (s.conversation, s.time, s.evidence));
        for s in opposite {
            let node = layout.node(s.evidence.point);
            match s.sighting.detail {
                Detail::Tcp { .. } => answers.note_acknowledgment(s, node),
                Detail::Query {
                    request: false,
                    sequence,
                } if once.contains(&(s.conversation, sequence)) => {
                    let query = answers.queries.entry((s.conversation, sequence));
                    let first = query.or_default().entry(node).or_insert(s.time);
                    *first = s.time.min(*first);
                }
                _ => {}
            }
        }
        answers
    }

    fn note_acknowledgment(&mut self, s: &Seen, node: NodeId) {
        let Detail::Tcp {
            flags,
            acknowledgment,
            ..
        } = s.sighting.detail
        else {
            return;
        };
        let flags = TcpFlags(flags);
        if !flags.any(TcpFlags::ACK) || flags.any(TcpFlags::RST) {
            return;
        }
        let nodes = self.reached.entry(s.conversation).or_default();
        let reached = nodes.entry(node).or_default();
        let further = |last: &Reached| distance(last.number, acknowledgment) > 0;
        if reached.last().is_none_or(further) {
            reached.push(Reached {
                number: acknowledgment,
                time: s.time,
            });
        }
    }

    /// How far a conversation was acknowledged by all that was seen, from the number from which its bytes count.
    pub(super) fn furthest(&self, conversation: u32, base: u32) -> Option<i64> {
        let nodes = self.reached.get(&conversation)?.values();
        let last = nodes.filter_map(|reached| reached.last());
        last.map(|r| distance(base, r.number)).max()
    }

    /// Whether an answer proves that a trip arrived. `s` is one of its sightings, `base` the number from which its bytes count.
    pub(super) fn prove(&self, trip: &Trip, s: &Seen, base: Option<u32>, watch: Watch<'_>) -> bool {
        if let Detail::Query {
            request: true,
            sequence,
        } = s.sighting.detail
        {
            let answered = self.queries.get(&(s.conversation, sequence));
            return answered
                .into_iter()
                .flatten()
                .any(|(node, time)| watch.saw_until(trip, *node, *time));
        }
        let (Some((_, end)), Some(base)) = (trip.bytes, base) else {
            return false;
        };
        let nodes = self.reached.get(&s.conversation).into_iter().flatten();
        trip.transmissions == 1
            && nodes.into_iter().any(|(node, reached)| {
                let covers = |r: &&Reached| distance(base, r.number) >= end;
                let first = reached.partition_point(|r| !covers(&r));
                let first = reached.get(first);
                first.is_some_and(|r| watch.saw_until(trip, *node, r.time))
            })
    }
}

/// The queries that one trip alone asks: by conversation and number.
fn asked_once(seen: &[Seen], trips: &[Trip]) -> HashSet<(u32, u16)> {
    let mut times: HashMap<(u32, u16), u32> = HashMap::new();
    for trip in trips {
        let first = trip.sightings.first().and_then(|i| seen.get(i));
        let Some(s) = first else { continue };
        if let Detail::Query {
            request: true,
            sequence,
        } = s.sighting.detail
        {
            *times.entry((s.conversation, sequence)).or_default() += 1;
        }
    }
    let once = times.into_iter().filter(|(_, n)| *n == 1);
    once.map(|(query, _)| query).collect()
}
