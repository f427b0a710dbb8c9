//! Judges a capture set: which faults do its timelines show?
//!
//! Its door is [`Finding`]. A rule is a pure function of a [`Case`]: the timelines, [`Facts`] that sum them up, and a healthy reference where
//! there is one. One rule, one file under `rules`, all registered in [`CATALOGUE`]; its [`Manual`] is its documentation, what
//! `netdiff explain` prints and where its findings take their causes, commands and remedies from. A rule makes a finding with a
//! `Draft`; how sure it is follows from the evidence, see [`Confidence`].

mod capture_next;
mod case;
mod catalogue;
mod draft;
mod facts;
mod finding;
mod forwarding;
mod gone;
mod manual;
mod next_hop;
mod passage;
mod refusals;
mod rules;
mod services;
mod sizes;
mod stages;
mod tunnel_ways;
mod tunnels;

pub use case::Case;
pub use catalogue::{CATALOGUE, Rule, find_rule};
pub use facts::{Asked, Carriage, Crossing, Facts, Looped, Loss, Passed};
pub use finding::{Cause, Confidence, Explained, Finding, RuleId, Severity};
pub use manual::{BLANKS, LikelyCause, Manual, with_capitals};
pub use stages::{Carried, Frequency, Stage};

use crate::correlate::Timelines;

/// All findings of one set, the most important first.
///
/// Order: severity, then the number of lost packets that the finding explains, then the order of the catalogue. A loss that
/// an earlier rule of the catalogue explains is not reported again by a later one: one cause, one finding.
///
/// A warning that one of the references, judged alone, gives as well, between places of the same roles, does no visible harm there: it becomes a note.
#[must_use]
pub fn diagnose(timelines: &Timelines, references: &[Reference<'_>]) -> Vec<Finding> {
    let first = references.first().map(|reference| reference.timelines);
    let mut findings = judge(timelines, first);
    for finding in &mut findings {
        let mut references = references.iter();
        let is_usual = references.any(|reference| reference.shows(finding, timelines));
        if finding.severity == Severity::Warning && is_usual {
            finding.severity = Severity::Note;
            let usual = message!("The reference shows the same, where it does no visible harm.");
            finding.explanation.push(usual);
        }
    }
    // Stable: findings of one rule keep the order in which it gave them.
    findings.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.explained.len())));
    findings
}

fn judge(timelines: &Timelines, reference: Option<&Timelines>) -> Vec<Finding> {
    let mut facts = Facts::new(timelines);
    let mut findings: Vec<Finding> = Vec::new();
    for rule in CATALOGUE {
        let found = (rule.check)(&Case {
            timelines,
            facts: &facts,
            reference,
            found: &findings,
        });
        found.iter().for_each(|finding| facts.explain(finding));
        findings.extend(found);
    }
    findings
}

/// A healthy set to compare with.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// What happened to its packets.
    pub timelines: &'a Timelines,
    /// What [`diagnose`] found in it, alone.
    pub findings: &'a [Finding],
}

impl Reference<'_> {
    /// Whether it has a finding of the same rule between places of the same roles.
    fn shows(&self, finding: &Finding, set: &Timelines) -> bool {
        let roles = |finding: &Finding, set: &Timelines| {
            finding
                .segment
                .map(|(from, to)| (set.role(from), set.role(to)))
        };
        self.findings.iter().any(|usual| {
            usual.rule == finding.rule && roles(usual, self.timelines) == roles(finding, set)
        })
    }
}
