//! The sightings of one packet, one a place.

use super::place::Place;

/// Which sighting there is at each place, in order of places. A packet has a handful of them: a sorted list is smaller and faster
/// than any map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Placed(Vec<(Place, usize)>);

impl Placed {
    pub(super) fn with_capacity(places: usize) -> Self {
        Self(Vec::with_capacity(places))
    }

    pub(super) fn of_one(place: Place, index: usize) -> Self {
        Self(vec![(place, index)])
    }

    /// Puts a sighting at a place behind all others; `None` if that is not behind them.
    pub(super) fn push_later(&mut self, place: Place, index: usize) -> Option<()> {
        let later = self.0.last().is_none_or(|(last, _)| *last < place);
        later.then(|| self.0.push((place, index)))
    }

    /// Puts a sighting at a place, instead of one that is there.
    pub(super) fn insert(&mut self, place: Place, index: usize) {
        if self.push_later(place, index).is_some() {
            return;
        }
        let at = self.0.partition_point(|(known, _)| *known < place);
        match self.0.get_mut(at) {
            Some((known, there)) if *known == place => *there = index,
            _ => self.0.insert(at, (place, index)),
        }
    }

    pub(super) fn get(&self, place: Place) -> Option<usize> {
        let at = self.0.partition_point(|(known, _)| *known < place);
        let (known, index) = self.0.get(at)?;
        (*known == place).then_some(*index)
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Places and sightings.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (Place, usize)> + Clone + '_ {
        self.0.iter().copied()
    }

    pub(super) fn places(&self) -> impl DoubleEndedIterator<Item = Place> + Clone + '_ {
        self.0.iter().map(|(place, _)| *place)
    }

    pub(super) fn indexes(&self) -> impl DoubleEndedIterator<Item = usize> + Clone + '_ {
        self.0.iter().map(|(_, index)| *index)
    }

    /// The sighting at the least place.
    pub(super) fn first(&self) -> Option<usize> {
        self.0.first().map(|(_, index)| *index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PointId;

    fn place(point: u32) -> Place {
        Place {
            point: PointId(point),
            stage: 0,
            carried: false,
            pass: 0,
        }
    }

    #[test]
    fn sightings_stand_in_order_of_places_one_a_place() {
        let mut placed = Placed::default();
        for (point, index) in [(3, 30), (1, 10), (2, 20), (1, 11)] {
            placed.insert(place(point), index);
        }
        let all: Vec<_> = placed.iter().collect();
        assert_eq!(all, [(place(1), 11), (place(2), 20), (place(3), 30)]);
        assert_eq!(placed.get(place(2)), Some(20));
        assert_eq!(placed.get(place(4)), None);
    }
}
