//! Gathers what is equal: sightings of one packet, and segments of the same bytes.

use foldhash::{HashMap, HashMapExt as _};

/// Numbers that were given to equal things, and how often each was met.
#[derive(Default)]
pub(super) struct Gathered {
    /// Of each thing in order, the number of what it is equal to; numbers count from 0 in the order in which they were first met.
    of: Vec<u32>,
    /// Of each number, what it stands for and how often it was met.
    pub(super) ids: Vec<(u64, u32)>,
}

impl Gathered {
    /// Gathers things by numbers that tell them apart.
    pub(super) fn new(ids: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut gathered = Self {
            of: Vec::with_capacity(ids.len()),
            ids: Vec::new(),
        };
        // Captures choose the numbers: a hash that they know would let them make all alike.
        let mut numbers: HashMap<u64, u32> = HashMap::with_capacity(ids.len());
        for id in ids {
            let further = u32::try_from(gathered.ids.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(id).or_insert(further);
            match gathered.ids.get_mut(number as usize) {
                Some((_, count)) => *count += 1,
                None => gathered.ids.push((id, 1)),
            }
            gathered.of.push(number);
        }
        gathered
    }

    /// The things, those that are equal one upon the other and otherwise in their order; with where those of each number begin.
    pub(super) fn sorted<T: Copy + Default>(
        &self,
        things: impl Iterator<Item = T>,
    ) -> (Vec<T>, Vec<usize>) {
        let mut begin = 0;
        let mut begins = Vec::with_capacity(self.ids.len() + 1);
        for (_, count) in &self.ids {
            begins.push(begin);
            begin += *count as usize;
        }
        let mut next = begins.clone();
        begins.push(begin);
        let mut sorted = vec![T::default(); begin];
        for (thing, number) in things.zip(&self.of) {
            if let Some(next) = next.get_mut(*number as usize) {
                if let Some(slot) = sorted.get_mut(*next) {
                    *slot = thing;
                }
                *next += 1;
            }
        }
        (sorted, begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_stand_together_in_their_order() {
        let ids = [7_u64, 9, 7, 0, 9, 7];
        let gathered = Gathered::new(ids.into_iter());
        assert_eq!(gathered.ids, [(7, 3), (9, 2), (0, 1)]);
        let (sorted, begins) = gathered.sorted(0..6);
        assert_eq!(sorted, [0, 2, 5, 1, 4, 3]);
        assert_eq!(begins, [0, 3, 5, 6]);
    }

    #[test]
    fn many_are_told_apart() {
        let gathered = Gathered::new((0..10_000_u32).map(|n| u64::from(n % 3_000)));
        assert_eq!(gathered.ids.len(), 3_000);
    }
}
