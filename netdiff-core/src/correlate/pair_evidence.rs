//! What the packets that two places of a node have in common say of which comes first.

use std::cmp::Ordering;

use foldhash::{HashMap, HashMapExt as _};

use super::conversation::Seen;
use super::place::Place;
use super::trip::Trip;

/// What two points' common packets say: negative when the first comes first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PairEvidence {
    pub(super) ttl: i64,
    earlier: u64,
    later: u64,
    common: u64,
}

impl PairEvidence {
    /// Of all pairs of places, which are in order, that a trip came through both of.
    pub(super) fn of_all(
        places: &[Place],
        trips: &[&Trip],
        seen: &[Seen],
    ) -> HashMap<(Place, Place), Self> {
        let mut pairs: HashMap<(Place, Place), Self> = HashMap::new();
        let mut here: Vec<(Place, &Seen)> = Vec::new();
        for trip in trips {
            here.clear();
            let sightings = trip.sightings.iter();
            let known = sightings.filter(|(place, _)| places.binary_search(place).is_ok());
            here.extend(known.filter_map(|(place, i)| Some((place, seen.get(i)?))));
            for (nth, (a, first)) in here.iter().enumerate() {
                for (b, second) in here.iter().skip(nth + 1) {
                    pairs.entry((*a, *b)).or_default().add(first, second);
                }
            }
        }
        pairs
    }

    fn add(&mut self, a: &Seen, b: &Seen) {
        self.common += 1;
        self.ttl += i64::from(b.sighting.ttl) - i64::from(a.sighting.ttl);
        match a.time.cmp(&b.time) {
            Ordering::Less => self.earlier += 1,
            Ordering::Greater => self.later += 1,
            Ordering::Equal => {}
        }
    }

    /// -1 if the times put the first point first, 1 if second, 0 if they do not tell.
    pub(super) const fn time_sign(self) -> i64 {
        match (self.earlier, self.later) {
            (1.., 0) => -1,
            (0, 1..) => 1,
            _ => 0,
        }
    }
}
