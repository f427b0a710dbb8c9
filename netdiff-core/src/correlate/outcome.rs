//! Decides what became of each trip of a direction.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use super::blindness::{Blindness, PacketKind};
use super::clock::Clocks;
use super::conversation::Seen;
use super::coverage::Coverage;
use super::disposition::{Blind, Disposition, Doubt, Proof, Trust};
use super::hop_order::HopOrder;
use super::layout::Layout;
use super::path::{Basis, Next, Paths};
use super::tcp_ranges::{self, TcpRanges};
use super::translation::Translations;
use super::trip::Trip;
use crate::identify::Detail;
use crate::types::{FlowKey, Nanos, PointId, Protocol, Timestamp};

/// How far two clocks may differ from what packets in one direction show, or from each other when nothing tells: nodes that
/// keep time at all are nearer than this.
const UNKNOWN_CLOCK_BOUND: Nanos = Nanos::from_secs(1);

/// What decides, for one direction.
pub(super) struct Judge<'a> {
    pub(super) paths: &'a Paths<'a>,
    pub(super) coverage: &'a Coverage,
    pub(super) clocks: &'a Clocks,
    pub(super) layout: Layout<'a>,
    pub(super) seen: &'a [Seen],
    pub(super) order: &'a HopOrder,
    pub(super) mirror: &'a HopOrder,
    pub(super) parties: (IpAddr, IpAddr),
    pub(super) ranges: TcpRanges,
    pub(super) queries: AnsweredQueries,
    pub(super) translations: &'a Translations,
    pub(super) blindness: &'a Blindness,
    /// Whether a sighting of this direction lacks part of its transport header.
    pub(super) headers_cut: bool,
    /// Points that cut packets so short that they could not be identified.
    pub(super) cut: &'a BTreeSet<PointId>,
}

/// Which queries were answered, among those that were asked once.
#[derive(Default)]
pub(super) struct AnsweredQueries(HashSet<(FlowKey, u16)>);

impl AnsweredQueries {
    /// From the trips of the asking direction and the sightings of the answering one.
    pub(super) fn new(seen: &[Seen], trips: &[Trip], opposite: &[Seen]) -> Self {
        let query = |s: &Seen| match s.sighting.detail {
            Detail::Query { request, sequence } => Some((request, sequence)),
            _ => None,
        };
        let mut once = HashSet::new();
        let mut again = HashSet::new();
        for trip in trips {
            let first = trip.sightings.values().next().and_then(|&i| seen.get(i));
            if let Some((s, (true, sequence))) = first.and_then(|s| Some((s, query(s)?)))
                && !once.insert((s.sighting.key, sequence))
            {
                again.insert((s.sighting.key, sequence));
            }
        }
        let answered = opposite.iter().filter_map(|s| match query(s)? {
            (false, sequence) => Some((s.sighting.key.reversed(), sequence)),
            (true, _) => None,
        });
        Self(
            answered
                .filter(|id| once.contains(id) && !again.contains(id))
                .collect(),
        )
    }

    fn contains(&self, s: &Seen) -> bool {
        match s.sighting.detail {
            Detail::Query {
                request: true,
                sequence,
            } => self.0.contains(&(s.sighting.key, sequence)),
            _ => false,
        }
    }
}

impl Judge<'_> {
    /// What became of a trip, and on what the expectation rests.
    pub(super) fn judge(&mut self, trip: &Trip) -> (Disposition, Option<Basis>) {
        let last = trip
            .sightings
            .iter()
            .max_by_key(|(point, _)| self.order.rank(**point));
        let Some((after, last)) = last.and_then(|(point, i)| Some((*point, self.seen.get(*i)?)))
        else {
            // A trip has a sighting by construction; without one nothing can be said.
            let end = Disposition::Unknown {
                after: PointId(0),
                doubt: Doubt::NoExpectation,
            };
            return (end, None);
        };
        let tunnel = last.sighting.tunnel;
        match self
            .paths
            .next(after, self.parties, tunnel, self.order, self.mirror)
        {
            Next::Arrived => (Disposition::Delivered(Proof::Seen), None),
            _ if self.is_answered(last) => (Disposition::Delivered(Proof::Answered), None),
            Next::NoPoint => (
                Disposition::NotCovered {
                    after,
                    blind: Blind::NoPoint,
                },
                None,
            ),
            Next::Point(to, basis) => (self.judge_absence(trip, after, last, to), Some(basis)),
        }
    }

    fn is_answered(&mut self, last: &Seen) -> bool {
        self.queries.contains(last) || self.ranges.is_acknowledged(last)
    }

    /// A packet that was last seen at `after` was expected at `to`, and `to` has no sighting of it.
    fn judge_absence(
        &mut self,
        trip: &Trip,
        after: PointId,
        last: &Seen,
        to: PointId,
    ) -> Disposition {
        if trip.ambiguous {
            return Disposition::Unknown {
                after,
                doubt: Doubt::Ambiguous,
            };
        }
        if let Some(found) = self.in_other_pieces(last, after) {
            return found;
        }
        if self
            .translations
            .goes_on(last, |point| trip.sightings.contains_key(&point))
        {
            return Disposition::Unknown {
                after,
                doubt: Doubt::Translated,
            };
        }
        if self.cut.contains(&to) || self.may_hide_in_pieces(last, to) {
            return Disposition::Unknown {
                after,
                doubt: Doubt::Cut,
            };
        }
        if self.blindness.is_blind(to, self.kind_at(to, last)) {
            return Disposition::NotCovered {
                after,
                blind: Blind::Filter,
            };
        }
        if self.paths.has_dropped(to) {
            return Disposition::Unknown {
                after,
                doubt: Doubt::Dropped,
            };
        }
        match self.could_see(to, after, last.time) {
            Some(trust) => Disposition::Lost {
                from: after,
                to,
                trust,
            },
            None => Disposition::NotCovered {
                after,
                blind: Blind::Window,
            },
        }
    }

    /// Whether a TCP segment may be at `to` in other pieces that cannot be compared: headers were cut, and `to` saw some
    /// of the flow.
    fn may_hide_in_pieces(&self, last: &Seen, to: PointId) -> bool {
        let tcp = last.sighting.key.protocol == Protocol::TCP;
        tcp && self.order.rank(to) != usize::MAX && self.headers_cut
    }

    /// Whether points further on saw the same bytes in other segments.
    fn in_other_pieces(&mut self, last: &Seen, after: PointId) -> Option<Disposition> {
        let rank = self.order.rank(after);
        let mut partly = false;
        for (point, _) in self.order.points.iter().skip(rank.saturating_add(1)) {
            match self.ranges.coverage(last, *point) {
                tcp_ranges::Coverage::All => {
                    return Some(Disposition::Delivered(Proof::Resegmented));
                }
                tcp_ranges::Coverage::Part => partly = true,
                tcp_ranges::Coverage::None => {}
            }
        }
        partly.then_some(Disposition::Unknown {
            after,
            doubt: Doubt::Ambiguous,
        })
    }

    /// The kind of packet that the next point would see.
    fn kind_at(&self, to: PointId, last: &Seen) -> PacketKind {
        if self.paths.is_in_tunnel_at(to, last) {
            PacketKind::Tunneled
        } else {
            PacketKind::Plain(last.sighting.key.protocol)
        }
    }

    fn could_see(&self, to: PointId, from: PointId, time: Timestamp) -> Option<Trust> {
        let flow_was_seen = self.order.rank(to) != usize::MAX;
        let (from, to_node) = (self.layout.node(from), self.layout.node(to));
        if let Some(clock) = self.clocks.offset_at(from, to_node, time) {
            return self
                .coverage
                .could_see(to, time + clock.offset, clock.bound, flow_was_seen);
        }
        let usual = self
            .clocks
            .usual_difference(from, to_node, time)
            .unwrap_or(Nanos(0));
        let trust = self
            .coverage
            .could_see(to, time + usual, UNKNOWN_CLOCK_BOUND, flow_was_seen);
        trust.map(|_| Trust::Assumed)
    }
}
