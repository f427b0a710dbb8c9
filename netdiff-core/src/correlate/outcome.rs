//! Decides what became of each trip of a direction.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use foldhash::{HashMap, HashSet};

use super::answers::{Answers, Watch};
use super::basis::Basis;
use super::blindness::{Blindness, PacketKind};
use super::clock::Clocks;
use super::conversation::Seen;
use super::coverage::Coverage;
use super::disposition::{Blind, Disposition, Doubt, Proof, Refusal, Trust};
use super::hop_order::Way;
use super::layout::Layout;
use super::own_way::OwnWay;
use super::path::{Next, Paths};
use super::pauses::Pauses;
use super::place::Place;
use super::rejection::{Alike, Rejections, Resets};
use super::seen_elsewhere::SeenElsewhere;
use super::timeline::NodeId;
use super::trip::Trip;
use crate::identify::{Detail, Tunnel};
use crate::types::{Nanos, PointId, Protocol, Role, Timestamp};

/// How far two clocks may differ from what packets in one direction show, or from each other when nothing tells: nodes that
/// keep time at all are nearer than this.
const UNKNOWN_CLOCK_BOUND: Nanos = Nanos::from_secs(1);

/// The ports that nodes open for services (`service-node-port-range` of the Kubernetes API server, by default).
const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;

/// What decides, for one direction.
pub(super) struct Judge<'a> {
    pub(super) paths: &'a Paths<'a>,
    pub(super) coverage: &'a Coverage,
    pub(super) pauses: &'a Pauses,
    pub(super) clocks: &'a Clocks,
    pub(super) layout: Layout<'a>,
    pub(super) seen: &'a [Seen],
    pub(super) own: OwnWay<'a>,
    pub(super) way: Way,
    pub(super) answers: Answers,
    pub(super) bases: HashMap<u32, u32>,
    /// Nodes from which packets of the opposite direction of a conversation came with an untouched TTL: the node itself sent them, nobody
    /// hides behind its address.
    pub(super) asked_here: HashSet<(NodeId, u32)>,
    /// Conversations of which the opposite direction was seen.
    pub(super) answered: HashSet<u32>,
    pub(super) elsewhere: &'a SeenElsewhere,
    pub(super) rejections: &'a Rejections,
    pub(super) resets: Resets,
    pub(super) alike: Alike,
    pub(super) blindness: &'a Blindness,
    /// Whether a sighting of this direction lacks part of its transport header.
    pub(super) headers_cut: bool,
    /// Points that cut packets so short that they could not be identified.
    pub(super) cut: &'a BTreeSet<PointId>,
    /// What comes after the place where the packet before was seen last, by its tunnel: most end where that did.
    pub(super) recent: Cell<Option<Followed>>,
}

/// A place and the tunnel there, and what comes after it.
type Followed = ((Place, Option<Tunnel>), Next);

impl Next {
    fn rejected(
        self,
        after: PointId,
        by: IpAddr,
        refusal: Refusal,
    ) -> (Disposition, Option<Basis>) {
        let (next, basis) = match self {
            Self::Point(next, basis) => (Some(next), Some(basis)),
            Self::NoPoint | Self::Arrived => (None, None),
        };
        let end = Disposition::Rejected {
            after,
            next,
            by,
            refusal,
        };
        (end, basis)
    }
}

impl Judge<'_> {
    /// What became of a trip, and on what the expectation rests.
    pub(super) fn judge(&self, trip: &Trip) -> (Disposition, Option<Basis>) {
        let last = trip
            .sightings
            .iter()
            .max_by_key(|(place, _)| self.own.order.rank(*place));
        let Some((place, last)) = last.and_then(|(place, i)| Some((place, self.seen.get(i)?)))
        else {
            // A trip has a sighting by construction; without one nothing can be said.
            let end = Disposition::Unknown {
                after: PointId(0),
                doubt: Doubt::NoExpectation,
            };
            return (end, None);
        };
        let after = place.point;
        let next = self.next(place, last.sighting.tunnel);
        // Nodes send errors and resets to their own pods and themselves by ways that roles do not tell.
        let next = match next {
            Next::Point(_, Basis::Roles) if last.is_sent_for_others() => Next::NoPoint,
            Next::Point(_, Basis::SameClass | Basis::Mirror)
                if last.is_sent_for_others() && self.is_home(after, last) =>
            {
                Next::NoPoint
            }
            // Inside a node, roles that packets suggest, and kinds of addresses that follow from them, are too weak to miss a packet.
            Next::Point(to, Basis::Roles | Basis::SameClass | Basis::Mirror)
                if self.layout.is_guessed_on_one_node(after, to) =>
            {
                Next::NoPoint
            }
            // Where interfaces are merged, the packet was seen at what may be both.
            Next::Point(to, _) if to == after && self.layout.role(to) == Role::Merged => {
                Next::NoPoint
            }
            next => next,
        };
        if next == Next::Arrived {
            return (self.judge_arrival(trip, after, last), None);
        }
        if let Some((at, rounds)) = trip.looped {
            return (Disposition::Looped { at, rounds }, None);
        }
        if let Some((by, refusal)) = self.rejections.of(trip, self.seen, &self.alike) {
            return next.rejected(after, by, refusal);
        }
        if let Next::Point(to, _) = next
            && trip.transmissions == 1
            && let Some(by) = self.resets.of(last, to)
            && self.could_see(to, after, last.time).is_some()
        {
            return next.rejected(after, by, Refusal::Reset);
        }
        if self.is_answered(trip, last) {
            return (Disposition::Delivered(Proof::Answered), None);
        }
        match next {
            Next::Point(to, basis) => (self.judge_absence(trip, after, last, to), Some(basis)),
            Next::NoPoint | Next::Arrived => {
                let blind = Blind::NoPoint;
                (Disposition::NotCovered { after, blind }, None)
            }
        }
    }

    /// What comes after a place.
    fn next(&self, place: Place, tunnel: Option<Tunnel>) -> Next {
        match self.recent.get() {
            Some((known, next)) if known == (place, tunnel) => next,
            _ => {
                let next = self.paths.next(place, self.way, tunnel, &self.own);
                self.recent.set(Some(((place, tunnel), next)));
                next
            }
        }
    }

    /// A packet that was seen where it was sent to. Nodes pass on what comes to some of their ports, and their firewalls drop, out of
    /// sight: a request to a node has arrived only if its conversation was answered.
    fn judge_arrival(&self, trip: &Trip, after: PointId, last: &Seen) -> Disposition {
        let conversation = last.conversation;
        let translated = self.way.last_stage == 0;
        if translated && self.elsewhere.leads_on(conversation, self.way.reply) {
            let doubt = Doubt::Translated;
            return Disposition::Unknown { after, doubt };
        }
        let asks = !self.way.reply;
        let error = matches!(last.sighting.detail, Detail::IcmpError { .. });
        if error || !self.paths.is_node(self.way.destination) {
            return Disposition::Delivered(Proof::Seen);
        }
        if !asks
            && self
                .asked_here
                .contains(&(self.layout.node(after), conversation))
        {
            return Disposition::Delivered(Proof::Seen);
        }
        if self.is_answered(trip, last) {
            return Disposition::Delivered(Proof::Answered);
        }
        let passed_on = !asks
            || NODE_PORTS.contains(&last.sighting.key.destination_port)
                && !matches!(last.sighting.detail, Detail::Query { .. });
        if self.answered.contains(&conversation) && !passed_on {
            return Disposition::Delivered(Proof::Seen);
        }
        let blind = Blind::NoPoint;
        Disposition::NotCovered { after, blind }
    }

    /// Whether a packet was seen on the node of the address that it is for.
    fn is_home(&self, at: PointId, s: &Seen) -> bool {
        self.paths.home(s.sighting.key.destination) == Some(self.layout.node(at))
    }

    fn is_answered(&self, trip: &Trip, last: &Seen) -> bool {
        let watch = Watch {
            clocks: self.clocks,
            coverage: self.coverage,
            layout: self.layout,
        };
        let base = self.bases.get(&last.conversation).copied();
        self.answers.prove(trip, last, base, watch)
    }

    /// A packet that was last seen at `after` was expected at `to`, and `to` has no sighting of it.
    fn judge_absence(&self, trip: &Trip, after: PointId, last: &Seen, to: PointId) -> Disposition {
        if let Some(doubt) = self.doubt(trip, last, to) {
            return Disposition::Unknown { after, doubt };
        }
        if self.blindness.is_blind(to, self.kind_at(to, last)) {
            let blind = Blind::Filter;
            return Disposition::NotCovered { after, blind };
        }
        if self.layout.has_dropped(to) {
            let doubt = Doubt::Dropped;
            return Disposition::Unknown { after, doubt };
        }
        let from = after;
        match self.could_see(to, after, last.time) {
            Some(trust) => Disposition::Lost { from, to, trust },
            None => Disposition::NotCovered {
                after,
                blind: Blind::Window,
            },
        }
    }

    /// Why `to` may have seen the packet although it is not known to have.
    fn doubt(&self, trip: &Trip, last: &Seen, to: PointId) -> Option<Doubt> {
        if trip.ambiguous {
            return Some(Doubt::Ambiguous);
        }
        let own = |point| trip.sightings.places().any(|place| place.point == point);
        if self.elsewhere.goes_on(last, own) {
            return Some(Doubt::Translated);
        }
        let cut = self.cut.contains(&to) || self.may_hide_in_pieces(last, to);
        cut.then_some(Doubt::Cut)
    }

    /// Whether a TCP segment may be at `to` in other pieces that cannot be compared: headers were cut, and `to` saw some
    /// of the flow.
    fn may_hide_in_pieces(&self, last: &Seen, to: PointId) -> bool {
        let tcp = last.sighting.key.protocol == Protocol::TCP;
        tcp && self.own.order.has_point(to) && self.headers_cut
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
        let flow_was_seen = self.own.order.has_point(to);
        let (from, to_node) = (self.layout.node(from), self.layout.node(to));
        let clock = self.clocks.offset_at(from, to_node, time);
        let (time, bound) = match clock {
            Some(clock) => (time + clock.offset, clock.bound),
            None => {
                let usual = self.clocks.usual_difference(from, to_node, time);
                (time + usual.unwrap_or(Nanos(0)), UNKNOWN_CLOCK_BOUND)
            }
        };
        if self.pauses.cover(to, time, bound) {
            return None;
        }
        let trust = self.coverage.could_see(to, time, bound, flow_was_seen)?;
        Some(if clock.is_some() {
            trust
        } else {
            Trust::Assumed
        })
    }
}
