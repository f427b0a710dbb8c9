//! Judges one capture set alone: which faults do its timelines show?
//!
//! Its door is [`Finding`]. A rule is a pure function of the [`Facts`], which sum the timelines up segment by segment;
//! one rule, one file under `rules`, all registered in [`CATALOGUE`].

mod catalogue;
mod facts;
mod finding;
mod refusals;
mod rules;
mod stages;

pub use catalogue::{CATALOGUE, Rule};
pub use facts::{Carriage, Crossing, Facts, Loss};
pub use finding::{Cause, Finding, RuleId, Severity};

use crate::correlate::Timelines;

/// All findings of one set, the most important first.
///
/// Order: severity, then the number of lost packets that the finding explains, then the order of the catalogue. A loss that
/// an earlier rule of the catalogue explains is not reported again by a later one.
#[must_use]
pub fn diagnose(timelines: &Timelines) -> Vec<Finding> {
    let mut facts = Facts::new(timelines);
    let mut findings = Vec::new();
    for rule in CATALOGUE {
        for finding in (rule.check)(timelines, &facts) {
            facts.explain(&finding);
            findings.push(finding);
        }
    }
    // Stable: findings of one rule keep the order in which it gave them.
    findings.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.explained.len())));
    findings
}
