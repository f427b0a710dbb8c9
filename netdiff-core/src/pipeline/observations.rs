//! The observations of a file while they are kept: packets without an identity take a fifth of the memory of others, since floods are
//! made of them.

use super::memory;
use crate::identify::{Bare, Observation};
use crate::read::ReadError;

/// Observations of one file, in its order.
#[derive(Default)]
pub(super) struct Observations {
    whole: Vec<Observation>,
    bare: Vec<Bare>,
}

impl Observations {
    /// Keeps the next one of `file`.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub(super) fn push(&mut self, observation: Observation, file: &str) -> Result<(), ReadError> {
        match Bare::of(&observation) {
            Some(bare) => {
                memory::reserve(&mut self.bare, 1, file)?;
                self.bare.push(bare);
            }
            None => {
                memory::reserve(&mut self.whole, 1, file)?;
                self.whole.push(observation);
            }
        }
        Ok(())
    }

    pub(super) const fn len(&self) -> usize {
        self.whole.len() + self.bare.len()
    }

    /// How many packets with an identity there are.
    pub(super) const fn identified(&self) -> usize {
        self.whole.len()
    }

    /// All of them, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = Observation> {
        let mut whole = self.whole.iter().peekable();
        let mut bare = self.bare.iter().peekable();
        std::iter::from_fn(move || {
            let next = bare.peek().map(|bare| bare.evidence.packet_number);
            let is_next =
                |other: &&Observation| next.is_none_or(|bare| other.evidence.packet_number < bare);
            match whole.next_if(is_next) {
                Some(observation) => Some(*observation),
                None => bare.next().map(Bare::observation),
            }
        })
    }
}
