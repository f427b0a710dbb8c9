//! Where packets of one direction go on, told by the direction's other packets.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};

use super::flow::Track;
use super::hop_order::HopOrder;
use super::place::Place;
use super::trip::Trip;
use crate::types::PointId;

/// The way of one direction of a flow, as far as it is known from the flow itself.
pub(super) struct OwnWay<'a> {
    pub(super) order: &'a HopOrder,
    pub(super) mirror: &'a HopOrder,
    /// Points that saw packets of the opposite direction which nobody but their sender can have sent.
    answering: BTreeSet<PointId>,
    followers: BTreeMap<Place, BTreeMap<usize, u64>>,
}

impl<'a> OwnWay<'a> {
    pub(super) fn new(trips: &[&Trip], order: &'a HopOrder, opposite: &'a Track) -> Self {
        let mut followers: BTreeMap<Place, BTreeMap<usize, u64>> = BTreeMap::new();
        for ((from, to), packets) in steps_of(trips, order) {
            let next = followers.entry(from).or_default();
            *next.entry(order.rank(to)).or_default() += packets;
        }
        let answers = opposite.seen.iter().filter(|s| !s.is_sent_for_others());
        Self {
            order,
            mirror: &opposite.order,
            answering: answers.map(|s| s.evidence.point).collect(),
            followers,
        }
    }

    /// Whether the opposite direction is seen at a point, by packets which nobody but their sender can have sent.
    pub(super) fn is_answered_at(&self, point: PointId) -> bool {
        self.answering.contains(&point)
    }

    /// The point that packets of this direction reach after a place.
    pub(super) fn after(&self, place: Place) -> Option<PointId> {
        let followers = self.followers.get(&place).into_iter().flatten();
        let most = followers.min_by_key(|(rank, n)| (std::cmp::Reverse(**n), **rank));
        if let Some((rank, _)) = most {
            return self.order.places.get(*rank).map(|(next, _)| next.point);
        }
        let rank = self.order.rank(place).checked_add(1)?;
        let (next, _) = self.order.places.get(rank)?;
        // That others came through again is no reason for this one to.
        (next.point != place.point).then_some(next.point)
    }
}

/// From which place to which packets went, and how many.
pub(super) fn steps_of(trips: &[&Trip], order: &HopOrder) -> BTreeMap<(Place, Place), u64> {
    let mut steps = BTreeMap::new();
    for (mut places, packets) in ways_of(trips) {
        places.sort_by_key(|place| order.rank(*place));
        for pair in places.windows(2) {
            if let [from, to] = pair {
                *steps.entry((*from, *to)).or_default() += packets;
            }
        }
    }
    steps
}

/// The sets of places that trips have, and how many have each. Those are few: most packets go the way of the one before.
fn ways_of(trips: &[&Trip]) -> HashMap<Vec<Place>, u64> {
    let mut ways: HashMap<Vec<Place>, u64> = HashMap::new();
    let mut recent: (Vec<Place>, u64) = (Vec::new(), 0);
    for trip in trips {
        if !trip.sightings.places().eq(recent.0.iter().copied()) {
            let (way, packets) =
                std::mem::replace(&mut recent, (trip.sightings.places().collect(), 0));
            *ways.entry(way).or_default() += packets;
        }
        recent.1 += 1;
    }
    *ways.entry(recent.0).or_default() += recent.1;
    ways
}
