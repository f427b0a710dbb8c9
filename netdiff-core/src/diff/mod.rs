//! Compares a failing set with a reference: which flows play the same part, and where they part.
//!
//! The first room that knows two sets. Its door is [`Comparison`]: pairs of flows and the [`Difference`]s between them.

mod difference;
mod pairing;
mod path;

pub use difference::{Difference, DifferenceKind};
pub use pairing::FlowPair;
pub use path::{AlignedHop, align_hops};

use crate::correlate::Timelines;

/// What a comparison gives.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Flows of the two sets that play the same part; then those that have no counterpart.
    pub pairs: Vec<FlowPair>,
    /// What differs, the most important first.
    pub differences: Vec<Difference>,
}

/// Compares two sets.
#[must_use]
pub fn compare_timelines(reference: &Timelines, failing: &Timelines) -> Comparison {
    let pairs = pairing::pair_flows(reference, failing);
    let differences = difference::find_differences(reference, failing, &pairs);
    Comparison { pairs, differences }
}
