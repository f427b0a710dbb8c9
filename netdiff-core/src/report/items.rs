//! Findings and differences as one list, for formats that know one kind of result.

use super::kinds::kind_meaning;
use super::model::{
    DifferenceReport, EvidenceReport, FindingReport, PointName, Report, SegmentReport, SetName,
};
use super::model_flow::FlowReport;
use super::stable::StableNames;
use super::text::short;

/// A finding or a difference, in words.
pub(super) struct Item<'a> {
    /// The rule or the kind of difference.
    pub(super) name: &'static str,
    /// `error`, `warning` or `note`. A difference in how the clusters behave is a warning: what is wrong is for findings to say.
    pub(super) level: &'static str,
    /// One sentence, on one line.
    pub(super) title: String,
    /// The rest, a sentence a line; may be empty.
    pub(super) details: Vec<String>,
    pub(super) segment: Option<&'a SegmentReport>,
    pub(super) evidence: &'a [EvidenceReport],
    /// Equal for the same thing in another recording of the same cluster.
    pub(super) identity: String,
    /// Whether it is a finding of a rule.
    pub(super) is_finding: bool,
}

impl<'a> Item<'a> {
    pub(super) fn of_finding(
        finding: &'a FindingReport,
        report: &Report,
        names: &StableNames<'_>,
    ) -> Self {
        let mut details: Vec<String> = finding.explanation.lines().map(str::to_owned).collect();
        if let (Some(cause), Some(remedy)) = (finding.causes.first(), finding.remedy.first()) {
            let likely = if finding.confidence == "low" {
                "Maybe"
            } else {
                "Likely"
            };
            details.push(format!("{likely}: {}", cause.cause));
            details.push(format!("Try: {remedy}"));
        }
        if let Some(next) = &finding.capture_next {
            details.push(format!("Capture next: {next}"));
        }
        details.push(format!("Confidence: {}", finding.confidence));
        details.extend(concerned(&finding.flows, report));
        details.extend(packets(&finding.evidence));
        Self {
            name: finding.rule,
            level: finding.severity,
            title: finding.title.clone(),
            details,
            segment: finding.segment.as_ref(),
            evidence: &finding.evidence,
            identity: identity(finding.rule, finding.set, finding.segment.as_ref(), names),
            is_finding: true,
        }
    }

    pub(super) fn of_difference(
        difference: &'a DifferenceReport,
        report: &Report,
        names: &StableNames<'_>,
    ) -> Self {
        let mut details = vec![format!("{}.", sentence(kind_meaning(difference.kind)))];
        details.extend(concerned(&difference.flows, report));
        details.extend(packets(&difference.evidence));
        let place = identity(
            difference.kind,
            SetName::Failing,
            difference.segment.as_ref(),
            names,
        );
        Self {
            name: difference.kind,
            level: if difference.significant {
                "warning"
            } else {
                "note"
            },
            title: format!(
                "{} (reference: {})",
                difference.failing, difference.reference
            ),
            details,
            segment: difference.segment.as_ref(),
            evidence: &difference.evidence,
            identity: format!(
                "{place}: {} → {}",
                names.words(SetName::Reference, &difference.reference),
                names.words(SetName::Failing, &difference.failing)
            ),
            is_finding: false,
        }
    }
}

/// `RULE: master/eth0 to node/eth0`.
fn identity(
    name: &str,
    set: SetName,
    segment: Option<&SegmentReport>,
    names: &StableNames<'_>,
) -> String {
    let set_name = match set {
        SetName::Reference => " in the reference",
        SetName::Set | SetName::Failing => "",
    };
    let place = segment.map_or_else(String::new, |segment| {
        let [from, to] =
            [&segment.from, &segment.to].map(|point: &PointName| names.point(set, point));
        format!(": {from} to {to}")
    });
    format!("{name}{set_name}{place}")
}

/// With a capital at its beginning.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Flows named before the rest is only counted.
const MAX_FLOWS: usize = 6;

fn concerned(ids: &[String], report: &Report) -> Option<String> {
    let flows = report.flows.iter();
    let flows: Vec<&FlowReport> = flows
        .filter(|flow| flow.set != SetName::Reference && ids.contains(&flow.id))
        .collect();
    let mut names: Vec<String> = flows
        .iter()
        .take(MAX_FLOWS)
        .map(|flow| short(flow))
        .collect();
    let more = flows.len().saturating_sub(MAX_FLOWS);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    (!names.is_empty()).then(|| format!("Flows: {}", names.join("; ")))
}

/// `Packets: failing/master/eth0.pcap 15; …`.
fn packets(evidence: &[EvidenceReport]) -> Option<String> {
    let packets: Vec<String> = evidence
        .iter()
        .map(|packet| match packet.set {
            SetName::Set => format!("{} {}", packet.file, packet.packet_number),
            set => format!("{}: {} {}", set.name(), packet.file, packet.packet_number),
        })
        .collect();
    (!packets.is_empty()).then(|| format!("Packets: {}", packets.join("; ")))
}

/// The whole result in a few words, without escape codes.
pub(super) fn verdict(report: &Report) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let severe = |severity: &str| {
        report
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    };
    let mut parts = Vec::new();
    for (n, one) in [
        (severe("error"), "error"),
        (severe("warning"), "warning"),
        (
            report.differences.iter().filter(|d| d.significant).count(),
            "significant difference",
        ),
    ] {
        if n > 0 {
            parts.push(count(n, one));
        }
    }
    if parts.is_empty() {
        let nothing = if report.set.is_some() {
            "no error found"
        } else {
            "no error and no significant difference"
        };
        parts.push(nothing.to_owned());
    }
    let ignored: usize = report
        .ignored
        .iter()
        .map(|i| i.findings.len() + i.differences.len())
        .sum();
    if ignored > 0 {
        parts.push(format!("{ignored} ignored"));
    }
    parts.join(", ")
}
