//! In which order packets of one direction pass the capture points.
//!
//! Timestamps tie inside a node and clocks differ between nodes, so order is gathered from evidence, strongest first:
//!
//! Between nodes:
//! 1. the sender's node comes first and the receiver's last, where the address plan knows them;
//! 2. a node that saw a higher TTL comes before one that saw a lower;
//! 3. corrected time, where the clock offset is known better than the difference;
//! 4. the node's name, which is arbitrary and says so.
//!
//! Inside a node, for each pair of places (a point, or one of the passes through it):
//! 1. addresses of the initiator's side come before those that they are translated to, and after them on the way back: weight 200;
//! 2. TTL of the same packets (a routed hop takes one): weight 100;
//! 3. time of the same packets, if every difference has one sign (ties count for neither): weight 50;
//! 4. the same two places in the opposite direction, mirrored: weight 20;
//! 5. interface roles, pod – bridge – vtep – uplink on the sender's node and back on the receiver's: weight 10;
//! 6. the interface's name, which is arbitrary and says so.
//!
//! The place that the fewest weights put behind another comes first, and so on. Where the sum of the evidence is overruled
//! by a stronger piece, that is a contradiction and reported.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt as _};

use super::address_plan::AddressPlan;
use super::clock::Clocks;
use super::conversation::Seen;
use super::layout::Layout;
use super::pair_evidence::PairEvidence;
use super::place::Place;
use super::timeline::NodeId;
use super::trip::Trip;
use crate::types::{Nanos, PointId, Role};

/// The order of a direction's points.
#[derive(Clone, Debug, Default)]
pub(super) struct HopOrder {
    /// The places, first to last, each with the reason for where it stands.
    pub(super) places: Vec<(Place, &'static str)>,
    /// Evidence that was overruled.
    pub(super) contradictions: Vec<String>,
    /// Where each of many places stands; asked only once `places` is whole.
    ranks: OnceLock<HashMap<Place, usize>>,
}

/// Of so few places, looking at each is faster than any map.
const FEW: usize = 16;

impl HopOrder {
    /// How many places come before this one.
    pub(super) fn rank(&self, place: Place) -> usize {
        let mut places = self.places.iter().map(|(place, _)| *place);
        let found = if self.places.len() <= FEW {
            places.position(|known| known == place)
        } else {
            let number = || places.zip(0..).collect();
            self.ranks.get_or_init(number).get(&place).copied()
        };
        found.unwrap_or(usize::MAX)
    }

    /// Whether a point is on the way.
    pub(super) fn has_point(&self, point: PointId) -> bool {
        self.places.iter().any(|(place, _)| place.point == point)
    }

    /// The point before the first pass through a point.
    pub(super) fn point_before(&self, point: PointId) -> Option<PointId> {
        let first = self.places.iter().position(|(p, _)| p.point == point)?;
        let (before, _) = self.places.get(first.checked_sub(1)?)?;
        Some(before.point)
    }
}

/// Places on one node that are weighed against each other, for one direction of a flow. No packet passes so many interfaces of a node: whoever
/// shows more of them wants the work to grow with their cube.
const MAX_PLACES: usize = 64;

/// Nodes on the way of a direction whose packets are compared by time; more are put in order by TTL and name.
const MAX_NODES: usize = 16;

/// What the ordering may look at.
pub(super) struct OrderContext<'a> {
    pub(super) layout: Layout<'a>,
    pub(super) nodes: &'a [Box<str>],
    pub(super) plan: &'a AddressPlan,
    pub(super) clocks: &'a Clocks,
}

impl OrderContext<'_> {
    /// Orders the points of a direction. `mirror` is the opposite direction's order, where there is one.
    pub(super) fn order(
        &self,
        seen: &[Seen],
        trips: &[&Trip],
        way: Way,
        mirror: Option<&HopOrder>,
    ) -> HopOrder {
        let mut by_node: BTreeMap<NodeId, BTreeSet<Place>> = BTreeMap::new();
        let mut recent: Option<&Trip> = None;
        for trip in trips {
            // Most are seen where the one before was.
            let same = |other: &Trip| other.sightings.places().eq(trip.sightings.places());
            if recent.replace(*trip).is_some_and(same) {
                continue;
            }
            for place in trip.sightings.places() {
                let node = self.layout.node(place.point);
                by_node.entry(node).or_default().insert(place);
            }
        }
        let mut result = HopOrder::default();
        let present: Vec<NodeId> = by_node.keys().copied().collect();
        let nodes = self.order_nodes(&present, seen, trips, way);
        for (node, reason) in nodes {
            let places: Vec<Place> = by_node.remove(&node).into_iter().flatten().collect();
            let view = View {
                seen,
                trips,
                mirror,
                side: self.side(node, way),
                reply: way.reply,
            };
            self.order_places(&places, reason, &view, &mut result);
        }
        result
    }

    fn side(&self, node: NodeId, way: Way) -> Side {
        let (source, destination) = (self.plan.home(way.source), self.plan.home(way.destination));
        match (source == Some(node), destination == Some(node)) {
            (true, true) => Side::Both,
            (true, false) => Side::Sending,
            (false, true) => Side::Receiving,
            // Its packets come from somewhere else, or the address plan does not know.
            (false, false) if source.is_some() => Side::Receiving,
            (false, false) if destination.is_some() => Side::Sending,
            (false, false) => Side::Transit,
        }
    }

    fn order_nodes(
        &self,
        nodes: &[NodeId],
        seen: &[Seen],
        trips: &[&Trip],
        way: Way,
    ) -> Vec<(NodeId, &'static str)> {
        let (source, destination) = (self.plan.home(way.source), self.plan.home(way.destination));
        let mut ttls: HashMap<NodeId, u8> = HashMap::new();
        for s in seen {
            let highest = ttls.entry(self.layout.node(s.evidence.point)).or_default();
            *highest = s.sighting.ttl.max(*highest);
        }
        let highest = |node: NodeId| ttls.get(&node).copied().unwrap_or(0);
        let few = nodes.len() <= MAX_NODES;
        let rank = |node: NodeId| match (source == Some(node), destination == Some(node)) {
            (true, _) => 0,
            (_, true) => 2,
            _ => 1,
        };
        let mut ordered = nodes.to_vec();
        ordered.sort_by(|&a, &b| {
            let by_ttl = || highest(b).cmp(&highest(a));
            let by_time = || match few {
                true => self.by_corrected_time(a, b, seen, trips),
                false => Ordering::Equal,
            };
            let by_name = || self.nodes.get(a.index()).cmp(&self.nodes.get(b.index()));
            rank(a)
                .cmp(&rank(b))
                .then_with(by_ttl)
                .then_with(by_time)
                .then_with(by_name)
        });
        let reason = |node: NodeId| match rank(node) {
            0 => text!("the sender's node"),
            2 => text!("the receiver's node"),
            _ => text!("a node between, by TTL and time"),
        };
        ordered
            .into_iter()
            .map(|node| (node, reason(node)))
            .collect()
    }

    fn by_corrected_time(&self, a: NodeId, b: NodeId, seen: &[Seen], trips: &[&Trip]) -> Ordering {
        let (mut earlier, mut later) = (0u64, 0u64);
        for trip in trips {
            let first = |node: NodeId| {
                let sightings = trip
                    .sightings
                    .iter()
                    .filter(|(p, _)| self.layout.node(p.point) == node);
                sightings
                    .filter_map(|(_, i)| seen.get(i))
                    .map(|s| s.time)
                    .min()
            };
            let (Some(at_a), Some(at_b)) = (first(a), first(b)) else {
                continue;
            };
            let Some(offset) = self.clocks.offset_at(a, b, at_a) else {
                continue;
            };
            let difference = at_b - (at_a + offset.offset);
            if difference.0.unsigned_abs() > offset.bound.0.unsigned_abs() {
                *(if difference > Nanos(0) {
                    &mut earlier
                } else {
                    &mut later
                }) += 1;
            }
        }
        later.cmp(&earlier)
    }

    fn order_places(
        &self,
        places: &[Place],
        node_reason: &'static str,
        view: &View<'_>,
        result: &mut HopOrder,
    ) {
        if places.len() > MAX_PLACES {
            let mut by_name = places.to_vec();
            by_name.sort_by_key(|p| (view.side.place(self.layout.role(p.point)), *p));
            let listed = by_name.into_iter().map(|p| (p, text!("name only")));
            return result.places.extend(listed);
        }
        let mut weights: BTreeMap<(Place, Place), (i64, &'static str)> = BTreeMap::new();
        let pairs = PairEvidence::of_all(places, view.trips, view.seen);
        for (nth, &a) in places.iter().enumerate() {
            for &b in places.iter().skip(nth + 1) {
                let evidence = pairs.get(&(a, b)).copied().unwrap_or_default();
                let (weight, reason) = self.weigh(a, b, evidence, view);
                if evidence.ttl.signum() * evidence.time_sign() < 0 {
                    result.contradictions.push(format!(
                        "{} and {}: TTL and time disagree on which comes first",
                        self.layout.interface(a.point),
                        self.layout.interface(b.point)
                    ));
                }
                weights.insert((a, b), (weight, reason));
                weights.insert((b, a), (-weight, reason));
            }
        }
        let mut left = places.to_vec();
        let mut previous: Option<Place> = None;
        while !left.is_empty() {
            let behind = |a: Place| -> i64 {
                left.iter()
                    .filter_map(|b| weights.get(&(a, *b)))
                    .map(|(w, _)| (*w).max(0))
                    .sum()
            };
            let Some(next) = left
                .iter()
                .copied()
                .min_by_key(|p| (behind(*p), self.layout.interface(p.point), *p))
            else {
                return;
            };
            left.retain(|p| *p != next);
            let reason = previous
                .and_then(|before| weights.get(&(before, next)))
                .map_or(node_reason, |(_, reason)| *reason);
            result.places.push((next, reason));
            previous = Some(next);
        }
    }

    /// Negative when `a` comes before `b`, with the strongest reason.
    fn weigh(
        &self,
        a: Place,
        b: Place,
        evidence: PairEvidence,
        view: &View<'_>,
    ) -> (i64, &'static str) {
        let mirrored = view
            .mirror
            .map_or(0, |mirror| match (mirror.rank(a), mirror.rank(b)) {
                (usize::MAX, _) | (_, usize::MAX) => 0,
                (a, b) if a > b => -1,
                _ => 1,
            });
        let place = |place: Place| view.side.place(self.layout.role(place.point));
        let by_role = place(a).cmp(&place(b)) as i64;
        let translated = a.stage.cmp(&b.stage) as i64 * if view.reply { -1 } else { 1 };
        let pieces = [
            (200 * translated, text!("address translation")),
            (100 * evidence.ttl.signum(), text!("TTL")),
            (50 * evidence.time_sign(), text!("time on the same clock")),
            (20 * mirrored, text!("the opposite direction, mirrored")),
            (10 * by_role, text!("the interfaces' roles")),
        ];
        let weight = pieces.iter().map(|(weight, _)| weight).sum();
        let reason = pieces
            .iter()
            .find(|(piece, _)| *piece != 0)
            .map_or(text!("name only"), |(_, reason)| *reason);
        (weight, reason)
    }
}

/// From where to where the packets of a direction go, whatever translates their addresses between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Whether it leads back to the initiator.
    pub(super) reply: bool,
    /// The last of the flow's stages, on the responder's side.
    pub(super) last_stage: u8,
}

/// What is known of a direction while a node's places are ordered.
struct View<'a> {
    seen: &'a [Seen],
    trips: &'a [&'a Trip],
    mirror: Option<&'a HopOrder>,
    side: Side,
    reply: bool,
}

/// Which end of a flow a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Sending,
    Receiving,
    /// Both ends live on it.
    Both,
    Transit,
}

impl Side {
    /// A role's usual place on the way through a node of this side.
    pub(super) const fn place(self, role: Role) -> u8 {
        let outward = match role {
            Role::Pod => 0,
            Role::Bridge => 1,
            Role::Vtep => 2,
            Role::Uplink => 3,
            Role::Loopback | Role::Merged | Role::Unknown => return 1,
        };
        match self {
            Self::Sending => outward,
            Self::Receiving => 3 - outward,
            Self::Both | Self::Transit => 0,
        }
    }
}
