//! Groups sightings into conversations, whatever translates their addresses.
//!
//! Here, keys belong together if a packet that is told from all others was seen under both: that may be more than what
//! [`translation`](super::super::translation) links, and never less. What is joined wrongly looks incomplete, and stays.

use std::collections::{BTreeSet, HashMap, HashSet};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::super::conversation::Seen;
use super::super::timeline::NodeId;
use super::super::translation::MAX_EQUAL;
use super::units::{self, Unit, Way};
use super::{FoldedBytes, Surroundings};
use crate::identify::Detail;
use crate::types::{FlowKey, PointId, Timestamp};

/// Places of a conversation, both directions; one with more is not folded.
const MAX_PLACES: usize = 64;

/// A place that fewer than one in so many of the units of its direction come through is none of its way.
const RARE: u32 = 16;

/// Where a conversation's packets were seen: point, key, and whether in a tunnel.
pub(super) type Spot = (PointId, u32, bool);

/// Both directions of a conversation, under all keys.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) spots: Vec<Spot>,
    /// In order of time, direction by direction.
    pub(super) units: Vec<Unit>,
    /// The sightings of the units, each with its place among `spots`, in order of place and then of bytes.
    pub(super) members: Vec<(u8, u32)>,
}

impl Conversation {
    /// The sightings of a unit.
    pub(super) fn members(&self, unit: &Unit) -> &[(u8, u32)] {
        self.members.get(unit.members.clone()).unwrap_or_default()
    }

    /// Whether all its packets were seen on these nodes.
    pub(super) fn is_between(&self, nodes: &BTreeSet<NodeId>, node_of: &[NodeId]) -> bool {
        let mut points = self.spots.iter().map(|(point, ..)| point.index());
        points.all(|point| node_of.get(point).is_some_and(|node| nodes.contains(node)))
    }

    /// Leaves out the units of which more may come.
    fn leave_out_what_goes_on(&mut self, sightings: &[Seen], read_until: Timestamp) {
        let members = &self.members;
        self.units.retain(|unit| {
            let own = members.get(unit.members.clone()).unwrap_or_default();
            own.iter().all(|(_, index)| {
                let s = sightings.get(*index as usize);
                s.is_some_and(|s| s.time < read_until)
            })
        });
    }

    /// Bytes of which a transmission is gone were sent again.
    fn tear_what_was_sent_before(&mut self, sightings: &[Seen], bytes: &FoldedBytes) {
        let members = &self.members;
        for unit in &mut self.units {
            let Some(range) = unit.bytes else { continue };
            let own = members.get(unit.members.clone()).unwrap_or_default();
            let mut keys = own
                .iter()
                .filter_map(|(_, index)| Some(sightings.get(*index as usize)?.sighting.key));
            unit.torn |= keys.any(|key| bytes.hold_some(&key, range));
            unit.plain &= !unit.torn;
        }
    }

    /// The places that the packets of a direction usually come through, as a bit each.
    pub(super) fn usual(&self, way: Way) -> u64 {
        let mut counts = [0u32; MAX_PLACES];
        for unit in self.units.iter().filter(|unit| unit.way == way) {
            for (place, count) in counts.iter_mut().enumerate() {
                *count += u32::from(unit.places >> place & 1 == 1);
            }
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let places = counts.iter().enumerate();
        places
            .filter(|(_, count)| **count > 0 && **count >= most / RARE)
            .fold(0, |mask, (place, _)| mask | 1 << place)
    }
}

/// The conversations that may be folded.
pub(super) fn group(
    sightings: &[Seen],
    quoted: &HashSet<(FlowKey, u64)>,
    around: &Surroundings<'_>,
    bytes: &FoldedBytes,
) -> Vec<Conversation> {
    let mut keys = Keys::default();
    let of: Vec<u32> = sightings
        .iter()
        .map(|s| keys.number(s.sighting.key))
        .collect();
    join_translated(sightings, &of, &mut keys);
    let mut ways = keys.clone_roots();
    keys.join_reversed();
    let mut number: HashMap<u32, usize> = HashMap::new();
    let mut groups: Vec<Vec<(u32, bool)>> = Vec::new();
    for (index, key) in (0u32..).zip(&of) {
        let (root, way) = (keys.root(*key), ways.root(*key));
        let place = *number.entry(root).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.push((index, way == ways.root(root)));
        }
    }
    let one = |own: Vec<(u32, bool)>| {
        let mut found = conversation(sightings, &of, &own, quoted)?;
        found.leave_out_what_goes_on(sightings, around.read_until);
        found.tear_what_was_sent_before(sightings, bytes);
        Some(found)
    };
    groups.into_par_iter().filter_map(one).collect()
}

fn conversation(
    sightings: &[Seen],
    keys: &[u32],
    own: &[(u32, bool)],
    quoted: &HashSet<(FlowKey, u64)>,
) -> Option<Conversation> {
    let mut found = Conversation::default();
    let mut placed = Vec::with_capacity(own.len());
    for &(index, forward) in own {
        let s = sightings.get(index as usize)?;
        if matches!(s.sighting.detail, Detail::IcmpError { .. }) {
            continue;
        }
        let key = *keys.get(index as usize)?;
        let spot = (s.evidence.point, key, s.sighting.tunnel.is_some());
        let known = found.spots.iter().position(|known| *known == spot);
        let place = known.unwrap_or_else(|| {
            found.spots.push(spot);
            found.spots.len() - 1
        });
        if place >= MAX_PLACES {
            return None;
        }
        placed.push((u8::try_from(place).ok()?, index, forward));
    }
    units::make(&mut found, sightings, placed, quoted)?;
    Some(found)
}

/// Joins the keys under which one packet was seen.
fn join_translated(sightings: &[Seen], of: &[u32], keys: &mut Keys) {
    let mut prints: Vec<(u64, u32)> = (0u32..)
        .zip(sightings)
        .filter(|(_, s)| s.sighting.fingerprint.telling)
        .filter_map(|(index, s)| Some((s.sighting.fingerprint.full?, index)))
        .collect();
    prints.sort_unstable();
    for equal in prints.chunk_by(|a, b| a.0 == b.0) {
        if equal.len() > MAX_EQUAL {
            continue;
        }
        let mut those = equal.iter().filter_map(|(_, i)| of.get(*i as usize));
        if let Some(&first) = those.next() {
            those.for_each(|&other| keys.join(first, other));
        }
    }
}

/// Keys by number, and which of them belong together.
#[derive(Default)]
struct Keys {
    numbers: HashMap<FlowKey, u32, Xxh3DefaultBuilder>,
    keys: Vec<FlowKey>,
    joined: Joined,
}

/// A forest in which what belongs together has one root: the lowest number.
#[derive(Clone, Default)]
struct Joined(Vec<u32>);

impl Joined {
    fn root(&mut self, mut of: u32) -> u32 {
        while let Some(&above) = self.0.get(of as usize)
            && above != of
        {
            // Halves the way for the next who asks.
            let top = self.0.get(above as usize).copied().unwrap_or(above);
            if let Some(own) = self.0.get_mut(of as usize) {
                *own = top;
            }
            of = above;
        }
        of
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(above) = self.0.get_mut(a.max(b) as usize) {
            *above = a.min(b);
        }
    }
}

impl Keys {
    fn number(&mut self, key: FlowKey) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
            self.keys.push(key);
            self.joined.0.push(number);
            number
        })
    }

    fn root(&mut self, of: u32) -> u32 {
        self.joined.root(of)
    }

    fn join(&mut self, a: u32, b: u32) {
        self.joined.join(a, b);
    }

    fn clone_roots(&self) -> Joined {
        self.joined.clone()
    }

    /// Joins each key with that of the opposite direction.
    fn join_reversed(&mut self) {
        for (number, key) in (0u32..).zip(&self.keys) {
            if let Some(&back) = self.numbers.get(&key.reversed()) {
                self.joined.join(number, back);
            }
        }
    }
}
