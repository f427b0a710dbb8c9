//! Capture points that could not see a kind of packet although they were capturing.
//!
//! A capture may have been taken with a filter, or on the wrong interface. Some say so (pcapng `if_filter`): then a kind of packet that the
//! point never shows may be filtered out. Else there are two signs, for uplinks only, since every unfiltered uplink sees
//! ARP or neighbor discovery sooner or later, and much else:
//!
//! 1. **Refuted**: packets crossed the edge of the node (they were seen inside it, or come from it, and were seen on another node), none of them at the uplink,
//!    which shows no packet of their kind at all.
//! 2. **Filtered**: the uplink shows packets of one kind only, and nothing that stays on the link; or nothing at all.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::address_plan::AddressPlan;
use super::conversation::Seen;
use super::layout::Layout;
use super::place::Place;
use super::timeline::{NodeId, SetPoint};
use super::trip::Trip;
use crate::types::{PointId, Protocol, Role};

/// A kind of packet, as a capture filter may tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketKind {
    /// In a tunnel.
    Tunneled,
    /// As it is.
    Plain(Protocol),
}

impl PacketKind {
    pub(super) const fn of(seen: &Seen) -> Self {
        match seen.sighting.tunnel {
            Some(_) => Self::Tunneled,
            None => Self::Plain(seen.sighting.key.protocol),
        }
    }
}

/// Packets of one kind alone say little: so many must there be before a filter is suspected.
const ENOUGH: u64 = 3;

/// Which points are blind for what.
#[derive(Clone, Debug, Default)]
pub struct Blindness {
    kinds: BTreeMap<PointId, BTreeMap<PacketKind, u64>>,
    link_local: BTreeSet<PointId>,
    refuted: BTreeSet<(PointId, PacketKind)>,
    uplinks: BTreeSet<PointId>,
    /// Points whose capture says that it was taken with a filter.
    stated: BTreeSet<PointId>,
}

impl Blindness {
    /// From all sightings, and the points that saw packets which stay on their link.
    pub(super) fn new(points: &[SetPoint], seen: &[Seen], link_local: BTreeSet<PointId>) -> Self {
        let mut kinds: BTreeMap<PointId, BTreeMap<PacketKind, u64>> = BTreeMap::new();
        let id = |s: &Seen| (s.evidence.point, PacketKind::of(s));
        for alike in seen.chunk_by(|a, b| id(a) == id(b)) {
            let Some((point, kind)) = alike.first().map(id) else {
                continue;
            };
            let kinds = kinds.entry(point).or_default();
            *kinds.entry(kind).or_default() += alike.len() as u64;
        }
        let ids = || (0..).map(PointId).zip(points);
        let stated = ids()
            .filter(|(_, p)| p.filtered)
            .map(|(id, _)| id)
            .collect();
        let uplinks = ids()
            .filter(|(_, p)| p.role == Role::Uplink)
            .map(|(id, _)| id)
            .collect();
        Self {
            kinds,
            link_local,
            refuted: BTreeSet::new(),
            uplinks,
            stated,
        }
    }

    /// Learns from packets that crossed the edge of a node unseen by its uplink.
    pub(super) fn learn(
        &mut self,
        seen: &[Seen],
        trips: &[Trip],
        layout: Layout<'_>,
        plan: &AddressPlan,
    ) {
        let (points, node_of) = (layout.points, layout.node_of);
        for trip in trips {
            // A packet that was seen elsewhere left its sender's node.
            let sender = trip.sightings.first().and_then(|i| seen.get(i));
            let sender = sender.and_then(|s| plan.home(s.sighting.key.source));
            let node = |point: PointId| node_of.get(point.index()).copied();
            let points_of = || trip.sightings.places().map(|place| place.point);
            let mut nodes: SmallVec<[NodeId; 4]> = SmallVec::new();
            for node in points_of().filter_map(node).chain(sender) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
            if nodes.len() < 2 {
                continue;
            }
            // Nearly all packets that cross are seen by an uplink at either end.
            nodes.retain(|crossed| {
                let mut own = points_of().filter(|point| node(*point) == Some(*crossed));
                !own.any(|point| self.uplinks.contains(&point))
            });
            if nodes.is_empty() {
                continue;
            }
            let Some(kind) = crossing_kind(seen, trip, points) else {
                continue;
            };
            for &uplink in &self.uplinks {
                let crossed = node(uplink).is_some_and(|node| nodes.contains(&node));
                if crossed && !self.shows(uplink, kind) {
                    self.refuted.insert((uplink, kind));
                }
            }
        }
    }

    fn shows(&self, point: PointId, kind: PacketKind) -> bool {
        self.kinds
            .get(&point)
            .is_some_and(|kinds| kinds.contains_key(&kind))
    }

    /// Whether a point could not see packets of a kind.
    pub(super) fn is_blind(&self, point: PointId, kind: PacketKind) -> bool {
        let stated = self.stated.contains(&point) && !self.shows(point, kind);
        if stated || self.refuted.contains(&(point, kind)) {
            return true;
        }
        if !self.uplinks.contains(&point) {
            return false;
        }
        if !self.kinds.contains_key(&point) && !self.link_local.contains(&point) {
            return true;
        }
        let one_kind = self
            .kinds
            .get(&point)
            .is_some_and(|kinds| kinds.len() == 1 && kinds.values().all(|n| *n >= ENOUGH));
        self.uplinks.contains(&point)
            && one_kind
            && !self.link_local.contains(&point)
            && !self.shows(point, kind)
    }
}

/// How a packet that was seen on two nodes crossed between them; `None` where no point tells.
fn crossing_kind(seen: &[Seen], trip: &Trip, points: &[SetPoint]) -> Option<PacketKind> {
    let role = |p: Place| {
        points
            .get(p.point.index())
            .map_or(Role::Unknown, |p| p.role)
    };
    let sightings = || {
        trip.sightings
            .iter()
            .filter_map(|(p, i)| Some((p, seen.get(i)?)))
    };
    if sightings().any(|(p, s)| s.sighting.tunnel.is_some() || role(p) == Role::Vtep) {
        return Some(PacketKind::Tunneled);
    }
    sightings()
        .find(|(p, _)| role(*p) == Role::Uplink)
        .map(|(_, s)| PacketKind::of(s))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{point, seen};
    use super::*;

    const UDP: PacketKind = PacketKind::Plain(Protocol::UDP);

    fn blindness(link_local: &[u32]) -> Blindness {
        let points = [point("eth0", Role::Uplink), point("eth0", Role::Uplink)];
        let sightings = [
            seen(0, 1, 1, 2, 64, 1),
            seen(0, 2, 1, 2, 64, 2),
            seen(0, 3, 1, 2, 64, 3),
        ];
        Blindness::new(
            &points,
            &sightings,
            link_local.iter().copied().map(PointId).collect(),
        )
    }

    #[test]
    fn one_kind_alone_looks_like_a_filter() {
        assert!(blindness(&[]).is_blind(PointId(0), PacketKind::Tunneled));
        assert!(!blindness(&[]).is_blind(PointId(0), UDP));
    }

    #[test]
    fn packets_that_stay_on_the_link_speak_against_a_filter() {
        assert!(!blindness(&[0]).is_blind(PointId(0), PacketKind::Tunneled));
    }

    #[test]
    fn an_uplink_that_saw_nothing_is_blind() {
        assert!(blindness(&[]).is_blind(PointId(1), UDP));
    }
}
