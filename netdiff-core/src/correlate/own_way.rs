//! Where packets of one direction go on, told by the direction's other packets.

use std::collections::{BTreeMap, BTreeSet};

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
        for (from, to) in trips.iter().flat_map(|trip| steps_of(trip, order)) {
            let next = followers.entry(from).or_default();
            *next.entry(order.rank(to)).or_default() += 1;
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

/// The places of a trip in their order, two by two.
pub(super) fn steps_of(trip: &Trip, order: &HopOrder) -> Vec<(Place, Place)> {
    let mut places: Vec<Place> = trip.sightings.places().collect();
    places.sort_by_key(|p| order.rank(*p));
    let pairs = places.windows(2);
    pairs
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
        .collect()
}
