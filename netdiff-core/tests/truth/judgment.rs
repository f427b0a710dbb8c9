//! What the judge says of a case.

use std::collections::BTreeMap;

use super::ledger::Kind;

/// How many fates could be known, and what was made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub knowable: u64,
    /// Called right, in one journey with all sightings.
    pub found: u64,
    /// Called right, but its sightings are spread over several journeys.
    pub split: u64,
    /// Left open.
    pub open: u64,
}

impl Count {
    pub fn add(&mut self, other: Self) {
        self.knowable += other.knowable;
        self.found += other.found;
        self.split += other.split;
        self.open += other.open;
    }
}

/// What the judge says of a case.
#[derive(Clone, Debug, Default)]
pub struct Judgment {
    pub wrong: Vec<String>,
    /// Losses under a condition that is not fulfilled: that a silent capture ran.
    pub assumed: Vec<String>,
    pub journeys: u64,
    /// Journeys of which nothing is claimed.
    pub open: u64,
    /// Of these, the ones that are said to be lost if a silent capture ran.
    pub conditional: u64,
    pub by_kind: BTreeMap<(Kind, &'static str), Count>,
}
