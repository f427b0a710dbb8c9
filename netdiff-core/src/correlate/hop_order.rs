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
//! Inside a node, for each pair of points:
//! 1. TTL of the same packets (a routed hop takes one): weight 100;
//! 2. time of the same packets, if every difference has one sign (ties count for neither): weight 50;
//! 3. the same two points in the opposite direction, mirrored: weight 20;
//! 4. interface roles, pod – bridge – vtep – uplink on the sender's node and back on the receiver's: weight 10;
//! 5. the interface's name, which is arbitrary and says so.
//!
//! The point that the fewest weights put behind another comes first, and so on. Where the sum of the evidence is overruled
//! by a stronger piece, that is a contradiction and reported.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::address_plan::AddressPlan;
use super::clock::Clocks;
use super::conversation::Seen;
use super::layout::Layout;
use super::timeline::NodeId;
use super::trip::Trip;
use crate::types::{Nanos, PointId, Role};

/// The order of a direction's points.
#[derive(Clone, Debug, Default)]
pub(super) struct HopOrder {
    /// The points, first to last, each with the reason for its place.
    pub(super) points: Vec<(PointId, String)>,
    /// Evidence that was overruled.
    pub(super) contradictions: Vec<String>,
}

impl HopOrder {
    /// A point's place.
    pub(super) fn rank(&self, point: PointId) -> usize {
        self.points
            .iter()
            .position(|(p, _)| *p == point)
            .unwrap_or(usize::MAX)
    }
}

/// What the ordering may look at.
pub(super) struct OrderContext<'a> {
    pub(super) layout: Layout<'a>,
    pub(super) nodes: &'a [Box<str>],
    pub(super) plan: &'a AddressPlan,
    pub(super) clocks: &'a Clocks,
}

/// What two points' common packets say: negative when the first comes first.
#[derive(Clone, Copy, Debug, Default)]
struct PairEvidence {
    ttl: i64,
    earlier: u64,
    later: u64,
    common: u64,
}

impl PairEvidence {
    fn of(a: PointId, b: PointId, trips: &[Trip], seen: &[Seen]) -> Self {
        let mut evidence = Self::default();
        for trip in trips {
            let (Some(a), Some(b)) = (trip.sightings.get(&a), trip.sightings.get(&b)) else {
                continue;
            };
            let (Some(a), Some(b)) = (seen.get(*a), seen.get(*b)) else {
                continue;
            };
            evidence.common += 1;
            evidence.ttl += i64::from(b.sighting.ttl) - i64::from(a.sighting.ttl);
            match a.time.cmp(&b.time) {
                Ordering::Less => evidence.earlier += 1,
                Ordering::Greater => evidence.later += 1,
                Ordering::Equal => {}
            }
        }
        evidence
    }

    /// -1 if the times put the first point first, 1 if second, 0 if they do not tell.
    const fn time_sign(self) -> i64 {
        match (self.earlier, self.later) {
            (1.., 0) => -1,
            (0, 1..) => 1,
            _ => 0,
        }
    }
}

impl OrderContext<'_> {
    /// Orders the points of a direction. `mirror` is the opposite direction's order, where there is one.
    pub(super) fn order(
        &self,
        seen: &[Seen],
        trips: &[Trip],
        mirror: Option<&HopOrder>,
    ) -> HopOrder {
        let mut by_node: BTreeMap<NodeId, Vec<PointId>> = BTreeMap::new();
        for trip in trips {
            for &point in trip.sightings.keys() {
                let points = by_node.entry(self.layout.node(point)).or_default();
                if !points.contains(&point) {
                    points.push(point);
                }
            }
        }
        let mut result = HopOrder::default();
        let nodes = self.order_nodes(&by_node.keys().copied().collect::<Vec<_>>(), seen, trips);
        for (node, reason) in nodes {
            let mut points = by_node.remove(&node).unwrap_or_default();
            points.sort_unstable();
            let side = self.side(node, seen);
            self.order_points(&points, side, &reason, (seen, trips, mirror), &mut result);
        }
        result
    }

    fn side(&self, node: NodeId, seen: &[Seen]) -> Side {
        let Some(key) = seen.first().map(|s| s.sighting.key) else {
            return Side::Transit;
        };
        let (source, destination) = (self.plan.home(key.source), self.plan.home(key.destination));
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
        trips: &[Trip],
    ) -> Vec<(NodeId, String)> {
        let key = seen.first().map(|s| s.sighting.key);
        let home = |address: Option<std::net::IpAddr>| address.and_then(|a| self.plan.home(a));
        let (source, destination) = (
            home(key.map(|k| k.source)),
            home(key.map(|k| k.destination)),
        );
        let highest = |node: NodeId| {
            let ttls = seen
                .iter()
                .filter(|s| self.layout.node(s.evidence.point) == node);
            ttls.map(|s| s.sighting.ttl).max().unwrap_or(0)
        };
        let rank = |node: NodeId| match (source == Some(node), destination == Some(node)) {
            (true, _) => 0,
            (_, true) => 2,
            _ => 1,
        };
        let mut ordered = nodes.to_vec();
        ordered.sort_by(|&a, &b| {
            let by_ttl = || highest(b).cmp(&highest(a));
            let by_time = || self.by_corrected_time(a, b, seen, trips);
            let by_name = || self.nodes.get(a.index()).cmp(&self.nodes.get(b.index()));
            rank(a)
                .cmp(&rank(b))
                .then_with(by_ttl)
                .then_with(by_time)
                .then_with(by_name)
        });
        let reason = |node: NodeId| match rank(node) {
            0 => "the sender's node".to_owned(),
            2 => "the receiver's node".to_owned(),
            _ => "a node between, by TTL and time".to_owned(),
        };
        ordered
            .into_iter()
            .map(|node| (node, reason(node)))
            .collect()
    }

    fn by_corrected_time(&self, a: NodeId, b: NodeId, seen: &[Seen], trips: &[Trip]) -> Ordering {
        let (mut earlier, mut later) = (0u64, 0u64);
        for trip in trips {
            let first = |node: NodeId| {
                let sightings = trip
                    .sightings
                    .iter()
                    .filter(|(p, _)| self.layout.node(**p) == node);
                sightings
                    .filter_map(|(_, &i)| seen.get(i))
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

    fn order_points(
        &self,
        points: &[PointId],
        side: Side,
        node_reason: &str,
        (seen, trips, mirror): (&[Seen], &[Trip], Option<&HopOrder>),
        result: &mut HopOrder,
    ) {
        let mut weights: BTreeMap<(PointId, PointId), (i64, &'static str)> = BTreeMap::new();
        for (nth, &a) in points.iter().enumerate() {
            for &b in points.iter().skip(nth + 1) {
                let evidence = PairEvidence::of(a, b, trips, seen);
                let (weight, reason) = self.weigh(a, b, side, evidence, mirror);
                if evidence.ttl.signum() * evidence.time_sign() < 0 {
                    result.contradictions.push(format!(
                        "{} and {}: TTL and time disagree on which comes first",
                        self.layout.interface(a),
                        self.layout.interface(b)
                    ));
                }
                weights.insert((a, b), (weight, reason));
                weights.insert((b, a), (-weight, reason));
            }
        }
        let mut left = points.to_vec();
        let mut previous: Option<PointId> = None;
        while !left.is_empty() {
            let behind = |a: PointId| -> i64 {
                left.iter()
                    .filter_map(|b| weights.get(&(a, *b)))
                    .map(|(w, _)| (*w).max(0))
                    .sum()
            };
            let Some(next) = left
                .iter()
                .copied()
                .min_by_key(|p| (behind(*p), self.layout.interface(*p)))
            else {
                return;
            };
            left.retain(|p| *p != next);
            let reason = previous
                .and_then(|before| weights.get(&(before, next)))
                .map_or(node_reason, |(_, reason)| reason);
            result.points.push((next, reason.to_owned()));
            previous = Some(next);
        }
    }

    /// Negative when `a` comes before `b`, with the strongest reason.
    fn weigh(
        &self,
        a: PointId,
        b: PointId,
        side: Side,
        evidence: PairEvidence,
        mirror: Option<&HopOrder>,
    ) -> (i64, &'static str) {
        let mirrored = mirror.map_or(0, |mirror| match (mirror.rank(a), mirror.rank(b)) {
            (usize::MAX, _) | (_, usize::MAX) => 0,
            (a, b) if a > b => -1,
            _ => 1,
        });
        let by_role = side
            .place(self.layout.role(a))
            .cmp(&side.place(self.layout.role(b))) as i64;
        let pieces = [
            (100 * evidence.ttl.signum(), "TTL"),
            (50 * evidence.time_sign(), "time on the same clock"),
            (20 * mirrored, "the opposite direction, mirrored"),
            (10 * by_role, "the interfaces' roles"),
        ];
        let weight = pieces.iter().map(|(weight, _)| weight).sum();
        let reason = pieces
            .iter()
            .find(|(piece, _)| *piece != 0)
            .map_or("name only", |(_, reason)| *reason);
        (weight, reason)
    }
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
