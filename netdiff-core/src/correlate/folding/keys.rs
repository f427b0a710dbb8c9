//! Which keys are of one conversation.

use foldhash::HashMap;

use crate::types::FlowKey;

/// Keys by number, and which of them belong together.
#[derive(Default)]
pub(super) struct Keys {
    numbers: HashMap<FlowKey, u32>,
    keys: Vec<FlowKey>,
    joined: Joined,
}

/// A forest in which what belongs together has one root: the lowest number.
#[derive(Clone, Default)]
pub(super) struct Joined(Vec<u32>);

impl Joined {
    pub(super) fn root(&mut self, mut of: u32) -> u32 {
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
    pub(super) fn number(&mut self, key: FlowKey) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
            self.keys.push(key);
            self.joined.0.push(number);
            number
        })
    }

    pub(super) fn root(&mut self, of: u32) -> u32 {
        self.joined.root(of)
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        self.joined.join(a, b);
    }

    /// What is joined up to now.
    pub(super) fn joined(&self) -> Joined {
        self.joined.clone()
    }

    /// Joins each key with that of the opposite direction.
    pub(super) fn join_reversed(&mut self) {
        for (number, key) in (0u32..).zip(&self.keys) {
            if let Some(&back) = self.numbers.get(&key.reversed()) {
                self.joined.join(number, back);
            }
        }
    }
}
