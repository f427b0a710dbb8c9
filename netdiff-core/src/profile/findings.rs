//! Findings as a baseline holds them: rules by name.

use serde::{Deserialize, Serialize};

use crate::diagnose::{Cause, Confidence, Finding, RuleId, Severity, find_rule};
use crate::identify::Evidence;
use crate::types::{Language, Message, PointId};

/// A finding with the names of its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct FindingEntry {
    rule: String,
    severity: Severity,
    confidence: Confidence,
    title: String,
    segment: Option<(PointId, PointId)>,
    alternatives: Vec<String>,
    flows: Vec<usize>,
    evidence: Vec<Evidence>,
    explanation: Vec<String>,
    refuted_by: Vec<String>,
    causes: Vec<(String, String)>,
    remedy: Vec<String>,
    capture_next: Option<String>,
}

impl FindingEntry {
    pub(super) fn of(finding: &Finding) -> Self {
        let finding = finding.clone();
        // A baseline is the same whoever writes it: in English.
        let english = |text: &Message| text.render(Language::English);
        let all = |texts: &[Message]| texts.iter().map(english).collect();
        Self {
            rule: finding.rule.0.to_owned(),
            severity: finding.severity,
            confidence: finding.confidence,
            title: english(&finding.title),
            segment: finding.segment,
            alternatives: finding
                .alternatives
                .iter()
                .map(|rule| rule.0.to_owned())
                .collect(),
            flows: finding.flows,
            evidence: finding.evidence,
            explanation: all(&finding.explanation),
            refuted_by: all(&finding.refuted_by),
            causes: finding
                .causes
                .iter()
                .map(|cause| (english(&cause.cause), english(&cause.confirm)))
                .collect(),
            remedy: all(&finding.remedy),
            capture_next: finding.capture_next.as_ref().map(english),
        }
    }

    /// The points that it names.
    pub(super) fn points(&self) -> impl Iterator<Item = PointId> + '_ {
        let segment = self.segment.into_iter().flat_map(|(from, to)| [from, to]);
        segment.chain(self.evidence.iter().map(|evidence| evidence.point))
    }

    /// The finding; `None` if this version has no such rule. Alternatives that it does not know are left out.
    pub(super) fn into_finding(self) -> Option<Finding> {
        let id = |name: &str| -> Option<RuleId> { find_rule(name).map(|rule| rule.id) };
        let all = |texts: Vec<String>| texts.into_iter().map(Message::told).collect();
        Some(Finding {
            rule: id(&self.rule)?,
            severity: self.severity,
            confidence: self.confidence,
            title: Message::told(self.title),
            segment: self.segment,
            alternatives: self.alternatives.iter().filter_map(|n| id(n)).collect(),
            flows: self.flows,
            evidence: self.evidence,
            explanation: all(self.explanation),
            refuted_by: all(self.refuted_by),
            causes: self
                .causes
                .into_iter()
                .map(|(cause, confirm)| Cause {
                    cause: Message::told(cause),
                    confirm: Message::told(confirm),
                })
                .collect(),
            remedy: all(self.remedy),
            capture_next: self.capture_next.map(Message::told),
            explained: Vec::new(),
        })
    }
}
