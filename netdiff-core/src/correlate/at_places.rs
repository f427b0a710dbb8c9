//! Which trips of a direction came through a place: of many places, looked up; of a few, each trip is asked.

use foldhash::{HashMap, HashMapExt as _};

use super::flow::Track;
use super::place::Place;
use super::repetition::CopyKind;
use super::trip::Trip;

/// Up to so many places, asking is faster than looking up.
const FEW: usize = 16;

pub(super) struct AtPlaces<'a> {
    trips: &'a [Trip],
    /// The numbers of the trips of each of many places.
    index: Option<HashMap<Place, Vec<usize>>>,
    /// Copies at each place, whatever the pass.
    copies: HashMap<(Place, CopyKind), u64>,
}

impl<'a> AtPlaces<'a> {
    pub(super) fn of(track: &'a Track) -> Self {
        let trips = &track.matched.trips;
        let many = track.order.places.len() > FEW;
        let index = many.then(|| {
            let mut index: HashMap<Place, Vec<usize>> = HashMap::new();
            for (number, trip) in trips.iter().enumerate() {
                for place in trip.sightings.places() {
                    index.entry(place).or_default().push(number);
                }
            }
            index
        });
        let mut copies = HashMap::new();
        for (at, kind) in &track.matched.copies {
            if let Some(seen) = track.seen.get(*at) {
                *copies.entry((seen.place(), *kind)).or_default() += 1;
            }
        }
        Self {
            trips,
            index,
            copies,
        }
    }

    /// The trips that came through a place, in their order; of a few places all trips.
    pub(super) fn trips(&self, place: Place) -> impl Iterator<Item = &'a Trip> {
        let listed = self.index.as_ref().map(|index| index.get(&place));
        let all = listed.is_none().then_some(self.trips);
        let some = listed.flatten().into_iter().flatten();
        let trips = self.trips;
        let some = some.filter_map(move |number| trips.get(*number));
        all.into_iter().flatten().chain(some)
    }

    /// How many copies of a kind there are; further rounds of a loop count at the pass that they repeat.
    pub(super) fn copies(&self, place: Place, kind: CopyKind) -> u64 {
        let first = Place { pass: 0, ..place };
        let here = (place.pass > 0) == (kind == CopyKind::Loop);
        let count = self.copies.get(&(first, kind)).filter(|_| here);
        count.copied().unwrap_or(0)
    }
}
