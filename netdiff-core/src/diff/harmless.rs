//! Losses that belong to how networks work.

use super::difference::{Difference, DifferenceKind};
use super::{Comparison, FlowPair};
use crate::diagnose::Finding;

impl Comparison {
    /// Drops differences in loss where the set that loses more has a finding for it that says that it is harmless
    /// ([`Finding::is_harmless_loss`]), on that segment if it is known: what does no harm in one set does none in comparison either.
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

/// Whether such a finding is about every flow of a difference in loss.
fn is_told(
    difference: &Difference,
    pairs: &[FlowPair],
    findings: &[Finding],
    flow_of: impl Fn(&FlowPair) -> Option<usize>,
) -> bool {
    let loss = difference.kind == DifferenceKind::Loss && !difference.pairs.is_empty();
    let harmless = || findings.iter().filter(|f| f.is_harmless_loss());
    let there = |finding: &&Finding| match difference.segment {
        Some(segment) => finding.segment == Some(segment),
        None => finding.segment.is_some(),
    };
    let flows = difference.pairs.iter();
    let mut flows = flows.map(|pair| pairs.get(*pair).and_then(&flow_of));
    loss && flows.all(|flow| {
        flow.is_some_and(|flow| harmless().filter(there).any(|f| f.flows.contains(&flow)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Confidence, RuleId, Severity};
    use crate::types::{Message, PointId};

    /// A note of a rule about the flow of the only pair, and the difference that it may be about.
    fn is_dropped(rule: &'static str) -> bool {
        let segment = Some((PointId(0), PointId(1)));
        let note = Finding {
            rule: RuleId(rule),
            severity: Severity::Note,
            confidence: Confidence::High,
            title: Message::empty(),
            segment,
            alternatives: Vec::new(),
            flows: vec![0],
            evidence: Vec::new(),
            explanation: Vec::new(),
            refuted_by: Vec::new(),
            causes: Vec::new(),
            remedy: Vec::new(),
            capture_next: None,
            explained: Vec::new(),
        };
        let loss = Difference {
            segment,
            pairs: vec![0],
            ..Difference::plain(DifferenceKind::Loss, Message::empty(), Message::empty())
        };
        let mut comparison = Comparison {
            pairs: vec![FlowPair {
                reference: Some(0),
                failing: Some(0),
                why: Vec::new(),
            }],
            differences: vec![loss],
            ..Comparison::default()
        };
        comparison.drop_harmless_losses(&[], &[note]);
        comparison.differences.is_empty()
    }

    #[test]
    fn more_of_a_loss_that_the_reference_has_too_stays_a_difference() {
        assert!(!is_dropped("loss-random"));
        assert!(!is_dropped("packets-lost"));
        assert!(is_dropped("first-packet-arp"));
    }
}
