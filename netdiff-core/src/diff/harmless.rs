//! Losses that a note explains.

use super::difference::{Difference, DifferenceKind};
use super::{Comparison, FlowPair};
use crate::diagnose::{Finding, Severity};

impl Comparison {
    /// Drops differences in loss where the set that loses more has a note for it, on that segment if it is known: what is harmless in one set (the
    /// first packets to a neighbor whose address is still asked for, say) is no harm in comparison either. `notes` are the findings of
    /// the reference and of the failing set.
    pub fn drop_harmless_losses(&mut self, reference: &[Finding], failing: &[Finding]) {
        let Self {
            pairs, differences, ..
        } = self;
        differences.retain(|difference| {
            let told = match difference.segment {
                Some(_) => is_told(difference, pairs, failing, |pair| pair.failing),
                None => is_told(difference, pairs, reference, |pair| pair.reference),
            };
            !told
        });
    }
}

/// Whether a note is about every flow of a difference in loss.
fn is_told(
    difference: &Difference,
    pairs: &[FlowPair],
    findings: &[Finding],
    flow_of: impl Fn(&FlowPair) -> Option<usize>,
) -> bool {
    let loss = difference.kind == DifferenceKind::Loss && !difference.pairs.is_empty();
    let notes = || findings.iter().filter(|f| f.severity == Severity::Note);
    let there = |finding: &&Finding| match difference.segment {
        Some(segment) => finding.segment == Some(segment),
        None => finding.segment.is_some(),
    };
    let flows = difference.pairs.iter();
    let mut flows = flows.map(|pair| pairs.get(*pair).and_then(&flow_of));
    loss && flows
        .all(|flow| flow.is_some_and(|flow| notes().filter(there).any(|f| f.flows.contains(&flow))))
}
