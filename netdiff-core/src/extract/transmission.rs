//! Which transmission of the same bytes a TCP packet is.

use std::collections::{BTreeMap, BTreeSet};

use super::chosen::{Chosen, Place, direction_of};

/// Counted transmissions, of the directions that something is wanted of.
#[derive(Debug, Default)]
pub(super) struct Transmissions {
    /// For each journey, from 1; 0 where it takes no sequence numbers.
    of: BTreeMap<(u32, bool), Vec<u16>>,
}

impl Transmissions {
    /// Counts journeys of one conversation and direction with the same sequence numbers, in the order of their first sightings.
    pub(super) fn of(chosen: &Chosen<'_>) -> Self {
        let places = chosen.wanted.iter().filter_map(|wanted| wanted.place);
        let directions: BTreeSet<(u32, bool)> = places.map(|p| (p.flow, p.reply)).collect();
        let count = |(flow, reply): (u32, bool)| {
            let timeline = chosen.facts.set.flows.get(flow as usize)?;
            let mut seen: BTreeMap<(u16, (u32, u32)), u16> = BTreeMap::new();
            let journeys = direction_of(timeline, reply).journeys.iter();
            let counted = journeys.map(|journey| {
                journey.sequence.map_or(0, |sequence| {
                    let nth = seen.entry((journey.port, sequence)).or_default();
                    *nth = nth.saturating_add(1);
                    *nth
                })
            });
            Some(((flow, reply), counted.collect()))
        };
        Self {
            of: directions.into_iter().filter_map(count).collect(),
        }
    }

    /// Which one a packet is, from 1; `None` for what takes no sequence numbers.
    pub(super) fn nth(&self, place: Place) -> Option<u16> {
        let journeys = self.of.get(&(place.flow, place.reply))?;
        let nth = journeys.get(place.journey as usize)?;
        Some(*nth).filter(|nth| *nth > 0)
    }
}
