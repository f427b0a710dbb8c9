//! Counts what is folded with what stays.

use smallvec::SmallVec;

use super::conversations::{Conversation, View};
use super::sorted::MAX_PLACES;
use super::units::Unit;
use crate::types::FlowKey;

/// What a row stands for from now on, in addition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) row: u32,
    pub(super) packets: u32,
    pub(super) trips: u32,
}

/// What was folded of a conversation.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) counted: Vec<Counted>,
    pub(super) rows: Vec<u32>,
    /// Of TCP, neighbors joined.
    pub(super) bytes: Vec<(FlowKey, (u32, u32))>,
}

impl Gone {
    fn note(&mut self, key: FlowKey, range: (u32, u32)) {
        match self.bytes.last_mut() {
            Some((last, known)) if *last == key && known.1 == range.0 => known.1 = range.1,
            _ => self.bytes.push((key, range)),
        }
    }
}

/// What is counted with one unit that stays.
struct Counts {
    into: usize,
    /// Place by place.
    packets: [u64; MAX_PLACES],
    trips: u32,
}

impl Counts {
    const fn new(into: usize) -> Self {
        Self {
            into,
            packets: [0; MAX_PLACES],
            trips: 0,
        }
    }
}

impl Conversation {
    /// What is folded: what is counted where, and which rows are gone.
    pub(super) fn fold(&self, view: View<'_>) -> Gone {
        let mut gone = Gone::default();
        let mut counts: Vec<Counts> = Vec::new();
        let mut places: Vec<Option<usize>> = vec![None; self.units.len()];
        for unit in &self.units {
            let Some(into) = unit.into else { continue };
            let Some(place) = places.get_mut(into) else {
                continue;
            };
            let place = *place.get_or_insert_with(|| {
                counts.push(Counts::new(into));
                counts.len() - 1
            });
            if let Some(counts) = counts.get_mut(place) {
                self.count(unit, view, counts);
            }
            let rows = self.members(unit).iter().map(|(_, index)| *index);
            gone.rows.extend(rows);
            self.note_bytes(unit, view, &mut gone);
        }
        for counts in counts {
            self.count_with(&counts, view, &mut gone.counted);
        }
        gone
    }

    /// Notes the bytes of a unit under each of its keys.
    fn note_bytes(&self, unit: &Unit, view: View<'_>, gone: &mut Gone) {
        let Some(range) = unit.bytes else { return };
        let mut last = None;
        for (place, index) in self.members(unit) {
            let key = view.group.spots.get(usize::from(*place)).map(|spot| spot.1);
            if last == key {
                continue;
            }
            last = key;
            let kind = view
                .rows
                .get(*index as usize)
                .and_then(|row| view.kind(row));
            if let Some(kind) = kind {
                gone.note(kind.key, range);
            }
        }
    }

    /// Adds up what a unit was counted for.
    fn count(&self, unit: &Unit, view: View<'_>, counts: &mut Counts) {
        // Under each key some of them hold all.
        let mut further: SmallVec<[(u32, u64); 2]> = SmallVec::new();
        for (place, index) in self.members(unit) {
            let Some(count) = counts.packets.get_mut(usize::from(*place)) else {
                continue;
            };
            *count += 1;
            let row = view.rows.get(*index as usize).filter(|row| row.mark != 0);
            let Some(extra) = row.and_then(|row| view.extra(row)) else {
                continue;
            };
            *count += u64::from(extra.folded.packets);
            let trips = u64::from(extra.folded.trips);
            let spot = view.group.spots.get(usize::from(*place));
            if let Some((_, key, _)) = spot.filter(|_| trips > 0) {
                match further.iter_mut().find(|(known, _)| known == key) {
                    Some((_, known)) => *known += trips,
                    None => further.push((*key, trips)),
                }
            }
        }
        let further = further.iter().map(|(_, trips)| *trips).max().unwrap_or(0);
        let further = u32::try_from(further).unwrap_or(u32::MAX);
        let trips = unit.trips.saturating_add(further);
        counts.trips = counts.trips.saturating_add(trips);
    }

    /// Counts it with the unit that stays.
    fn count_with(&self, counts: &Counts, view: View<'_>, counted: &mut Vec<Counted>) {
        let Some(stays) = self.units.get(counts.into) else {
            return;
        };
        // Under each key the first sighting has the trips: whether the keys are linked is not known yet.
        let mut keys: SmallVec<[u32; 4]> = SmallVec::new();
        let mut before = None;
        for (place, index) in self.members(stays) {
            if before.replace(*place) == Some(*place) {
                continue;
            }
            let spot = view.group.spots.get(usize::from(*place));
            let key = spot.map(|spot| spot.1).filter(|key| !keys.contains(key));
            keys.extend(key);
            let packets = counts.packets.get(usize::from(*place));
            counted.push(Counted {
                row: *index,
                packets: u32::try_from(packets.copied().unwrap_or(0)).unwrap_or(u32::MAX),
                trips: if key.is_some() { counts.trips } else { 0 },
            });
        }
    }
}
