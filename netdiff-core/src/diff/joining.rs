//! Takes the best pairs first without looking at every pair.
//!
//! What is paired has *features*, and a pair's score is the sum of the weights of the features that both have alike. The pairs of a score agree in one
//! of the few sets of features that add up to it; those who agree are found by hashing. So the work grows with the number of items and of sets of
//! features (2^7), not with the number of pairs, and nothing is kept of pairs that were not taken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

/// How many features there are.
pub(super) const FEATURES: usize = 7;

/// What an item is weighed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// Only items with equal classes can pair.
    pub(super) class: u32,
    /// Features as numbers; `None` is like nothing, not even `None`.
    pub(super) features: [Option<u32>; FEATURES],
}

/// An item of either side: its index and its traits.
pub(super) type Item = (usize, Traits);

/// How many more partners each item takes, by index; both sides.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) ours: Vec<u64>,
    pub(super) theirs: Vec<u64>,
}

impl Room {
    pub(super) fn is_free(side: &[u64], index: usize) -> bool {
        side.get(index).is_some_and(|left| *left > 0)
    }

    /// Fills as much of both as the lesser one has; whether that is anything.
    pub(super) fn take(&mut self, ours: usize, theirs: usize) -> bool {
        let (Some(a), Some(b)) = (self.ours.get_mut(ours), self.theirs.get_mut(theirs)) else {
            return false;
        };
        let both = (*a).min(*b);
        *a -= both;
        *b -= both;
        both > 0
    }
}

/// Items of either side, of which those of equal class may pair.
pub(super) type Way = (Vec<Item>, Vec<Item>);

/// Pairs items that may pair in one of several ways, the highest score first; of equal scores, the lowest sum of the two indexes. Two pairs of equal sum never compete for an item, so that the
/// result is the same from both sides. Ends when no class has free items on both sides.
pub(super) fn join(
    mut ways: Vec<Way>,
    weights: &[u32; FEATURES],
    room: &mut Room,
) -> Vec<(usize, usize)> {
    let mut taken = Vec::new();
    for masks in masks_by_score(weights) {
        ways.iter_mut().for_each(|way| drop_lonely(way, room));
        ways.retain(|(ours, _)| !ours.is_empty());
        if ways.is_empty() {
            break;
        }
        let groups: Vec<Group> = ways.iter().flat_map(|way| groups(way, &masks)).collect();
        take_level(&groups, room, &mut taken);
    }
    taken
}

/// Sets of features as bits, grouped by the sum of their weights, the highest first.
fn masks_by_score(weights: &[u32; FEATURES]) -> Vec<Vec<u32>> {
    let mut masks: BTreeMap<Reverse<u32>, Vec<u32>> = BTreeMap::new();
    for mask in 0..1u32 << FEATURES {
        let held = weights
            .iter()
            .enumerate()
            .filter(|(bit, _)| mask >> bit & 1 == 1);
        let score = held.map(|(_, weight)| *weight).sum();
        masks.entry(Reverse(score)).or_default().push(mask);
    }
    masks.into_values().collect()
}

/// Leaves only free items whose class has free items on the other side.
fn drop_lonely((ours, theirs): &mut Way, room: &Room) {
    ours.retain(|(index, _)| Room::is_free(&room.ours, *index));
    theirs.retain(|(index, _)| Room::is_free(&room.theirs, *index));
    let mut classes: HashMap<u32, (bool, bool)> = HashMap::new();
    for (_, traits) in ours.iter() {
        classes.entry(traits.class).or_default().0 = true;
    }
    for (_, traits) in theirs.iter() {
        classes.entry(traits.class).or_default().1 = true;
    }
    let both = |item: &Item| classes.get(&item.1.class) == Some(&(true, true));
    ours.retain(both);
    theirs.retain(both);
}

/// Those who agree, in the order of their indexes.
type Group = (Vec<usize>, Vec<usize>);

/// Items that agree in all features of a mask, for each mask; only where there are some on both sides.
fn groups((ours, theirs): &Way, masks: &[u32]) -> Vec<Group> {
    let mut all = Vec::new();
    for mask in masks {
        let mut groups: HashMap<[u32; FEATURES + 1], Group> = HashMap::new();
        for (index, traits) in ours {
            if let Some(key) = key(traits, *mask) {
                groups.entry(key).or_default().0.push(*index);
            }
        }
        for (index, traits) in theirs {
            if let Some(group) = key(traits, *mask).and_then(|key| groups.get_mut(&key)) {
                group.1.push(*index);
            }
        }
        let shared = groups.into_values();
        all.extend(shared.filter(|(_, theirs)| !theirs.is_empty()));
    }
    all
}

/// What those of a group have in common; `None` where a feature of the mask is like nothing.
fn key(traits: &Traits, mask: u32) -> Option<[u32; FEATURES + 1]> {
    let mut key = [0; FEATURES + 1];
    let (class, features) = key.split_first_mut()?;
    *class = traits.class;
    for (bit, (slot, feature)) in features.iter_mut().zip(traits.features).enumerate() {
        if mask >> bit & 1 == 1 {
            *slot = feature?;
        }
    }
    Some(key)
}

/// All pairs of one score. In a group everybody fits everybody, so that its next pair is that of its first free items; of all groups' next pairs the one
/// with the lowest sum is taken.
fn take_level(groups: &[Group], room: &mut Room, taken: &mut Vec<(usize, usize)>) {
    let mut heads: Vec<(usize, usize)> = vec![(0, 0); groups.len()];
    let mut next: BinaryHeap<Reverse<(usize, usize, usize, usize)>> = BinaryHeap::new();
    let offer = |place: usize, head: &mut (usize, usize), room: &Room| {
        let (ours, theirs) = groups.get(place)?;
        head.0 += ours
            .get(head.0..)?
            .iter()
            .take_while(|i| !Room::is_free(&room.ours, **i))
            .count();
        head.1 += theirs
            .get(head.1..)?
            .iter()
            .take_while(|i| !Room::is_free(&room.theirs, **i))
            .count();
        let (r, f) = (*ours.get(head.0)?, *theirs.get(head.1)?);
        Some(Reverse((r + f, f, r, place)))
    };
    for (place, head) in heads.iter_mut().enumerate() {
        next.extend(offer(place, head, room));
    }
    while let Some(Reverse((_, f, r, place))) = next.pop() {
        if room.take(r, f) {
            taken.push((r, f));
        }
        if let Some(head) = heads.get_mut(place) {
            next.extend(offer(place, head, room));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [u32; FEATURES] = [8, 8, 4, 2, 2, 1, 1];

    /// A small generator of numbers (xorshift), so that the test is the same everywhere.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % sides
        }

        fn word(&mut self, sides: u32) -> u32 {
            u32::try_from(self.roll(u64::from(sides))).unwrap_or(0)
        }

        fn items(&mut self, count: usize) -> Vec<Item> {
            let item = |index| {
                let class = self.word(2);
                let features = std::array::from_fn(|_| Some(self.word(3)).filter(|f| *f > 0));
                (index, Traits { class, features })
            };
            (0..count).map(item).collect()
        }
    }

    /// Every pair against every pair, sorted.
    fn by_hand(ours: &[Item], theirs: &[Item], room: &mut Room) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        for (f, their) in theirs {
            for (r, our) in ours.iter().filter(|(_, our)| our.class == their.class) {
                let features = our.features.iter().zip(their.features).zip(WEIGHTS);
                let held = features.filter(|((a, b), _)| a.is_some() && *a == b);
                let score: u32 = held.map(|(_, weight)| weight).sum();
                all.push((Reverse(score), f + r, *f, *r));
            }
        }
        all.sort_unstable();
        let free = all.into_iter().filter(|(_, _, f, r)| room.take(*r, *f));
        free.map(|(_, _, f, r)| (r, f)).collect()
    }

    #[test]
    fn the_same_pairs_in_the_same_order_as_by_looking_at_all() {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for round in 0..200 {
            let (ours, theirs) = (dice.items(round % 23), dice.items(round % 17));
            let mut room = || Room {
                ours: ours
                    .iter()
                    .map(|_| 1 + dice.roll(2) * dice.roll(3))
                    .collect(),
                theirs: theirs
                    .iter()
                    .map(|_| 1 + dice.roll(2) * dice.roll(3))
                    .collect(),
            };
            let mut first = room();
            let mut second = Room {
                ours: first.ours.clone(),
                theirs: first.theirs.clone(),
            };
            let joined = join(vec![(ours.clone(), theirs.clone())], &WEIGHTS, &mut first);
            assert_eq!(
                joined,
                by_hand(&ours, &theirs, &mut second),
                "round {round}"
            );
        }
    }

    #[test]
    fn swapping_the_sides_swaps_the_pairs() {
        let mut dice = Dice(42);
        for round in 0..50 {
            let (ours, theirs) = (dice.items(round), dice.items(19));
            let room = |a: &[Item], b: &[Item]| Room {
                ours: vec![1; a.len()],
                theirs: vec![1; b.len()],
            };
            let mut there = join(
                vec![(ours.clone(), theirs.clone())],
                &WEIGHTS,
                &mut room(&ours, &theirs),
            );
            let back = join(
                vec![(theirs.clone(), ours.clone())],
                &WEIGHTS,
                &mut room(&theirs, &ours),
            );
            let mut back: Vec<_> = back.into_iter().map(|(f, r)| (r, f)).collect();
            there.sort_unstable();
            back.sort_unstable();
            assert_eq!(there, back);
        }
    }
}
