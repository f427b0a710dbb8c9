//! A finding on the page.

use std::collections::BTreeSet;

use crate::report::model::{EvidenceReport, FindingReport};
use crate::report::model_flow::FlowReport;
use crate::report::summary::{by_file, place};
use crate::report::text::flow_line::{FlowIndex, short};
use crate::report::wireshark::frames_filter;
use crate::types::Language;

/// Flows named in a finding before the rest is only counted.
const MAX_FLOWS: usize = 8;

/// A finding with what the page needs of it in words.
pub(super) struct FindingView<'a> {
    pub(super) finding: &'a FindingReport,
    pub(super) number: usize,
    /// Between which points packets stop.
    pub(super) place: Option<(String, String)>,
    /// `Likely`, or `Maybe` where it is not sure.
    pub(super) likely: &'static str,
    pub(super) cause: Option<&'a str>,
    pub(super) remedy: Option<&'a str>,
    /// Names of flows, and the ids of their ladders as far as they are drawn.
    pub(super) hit: Vec<(String, Option<&'a str>)>,
    pub(super) more_hit: usize,
    pub(super) frames: Vec<Frames>,
    pub(super) seen: Vec<&'a str>,
}

/// Packets of one file.
pub(super) struct Frames {
    pub(super) set: &'static str,
    pub(super) file: String,
    pub(super) numbers: String,
    pub(super) filter: String,
}

impl<'a> FindingView<'a> {
    pub(super) fn new(
        number: usize,
        finding: &'a FindingReport,
        flows: &FlowIndex<'a>,
        drawn: &BTreeSet<&str>,
        language: Language,
    ) -> Self {
        // A ladder has the failing flow's id.
        let ladder = |flow: &'a FlowReport| {
            let ids = [Some(flow.id.as_str()), flow.counterpart.as_deref()];
            ids.into_iter().flatten().find(|id| drawn.contains(id))
        };
        let named = finding.flows.iter().filter_map(|id| flows.get(id));
        Self {
            finding,
            number,
            place: place(finding),
            likely: match finding.confidence {
                "low" => text!("Maybe"),
                _ => text!("Likely"),
            },
            cause: finding.causes.first().map(|cause| cause.cause.as_str()),
            remedy: finding.remedy.first().map(String::as_str),
            hit: named
                .take(MAX_FLOWS)
                .map(|flow| (short(flow, language), ladder(flow)))
                .collect(),
            more_hit: finding.flows.len().saturating_sub(MAX_FLOWS),
            frames: frames(&finding.evidence),
            seen: finding.explanation.lines().collect(),
        }
    }
}

/// The packets of each file.
pub(super) fn frames(evidence: &[EvidenceReport]) -> Vec<Frames> {
    let files = by_file(evidence).into_iter();
    let frames = files.map(|(set, file, numbers)| {
        let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
        Frames {
            set: set.name(),
            file: file.to_owned(),
            numbers: list.join(", "),
            filter: frames_filter(&numbers),
        }
    });
    frames.collect()
}
