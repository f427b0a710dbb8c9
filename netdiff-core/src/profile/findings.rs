//! Findings as a baseline holds them: rules by name.

use serde::{Deserialize, Serialize};

use crate::diagnose::{Cause, Confidence, Finding, RuleId, Severity, find_rule};
use crate::identify::Evidence;
use crate::types::PointId;

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
        Self {
            rule: finding.rule.0.to_owned(),
            severity: finding.severity,
            confidence: finding.confidence,
            title: finding.title,
            segment: finding.segment,
            alternatives: finding
                .alternatives
                .iter()
                .map(|rule| rule.0.to_owned())
                .collect(),
            flows: finding.flows,
            evidence: finding.evidence,
            explanation: finding.explanation,
            refuted_by: finding.refuted_by,
            causes: finding
                .causes
                .into_iter()
                .map(|cause| (cause.cause, cause.confirm))
                .collect(),
            remedy: finding.remedy,
            capture_next: finding.capture_next,
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
        Some(Finding {
            rule: id(&self.rule)?,
            severity: self.severity,
            confidence: self.confidence,
            title: self.title,
            segment: self.segment,
            alternatives: self.alternatives.iter().filter_map(|n| id(n)).collect(),
            flows: self.flows,
            evidence: self.evidence,
            explanation: self.explanation,
            refuted_by: self.refuted_by,
            causes: self
                .causes
                .into_iter()
                .map(|(cause, confirm)| Cause { cause, confirm })
                .collect(),
            remedy: self.remedy,
            capture_next: self.capture_next,
            explained: Vec::new(),
        })
    }
}
