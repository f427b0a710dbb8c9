//! Findings and differences as one list, for formats that know one kind of result.

use super::kinds::kind_meaning;
use super::model::{
    DifferenceReport, EvidenceReport, FindingReport, PointName, Report, SegmentReport, SetName,
};
use super::model_flow::FlowReport;
use super::stable::StableNames;
use super::summary::Counts;
use super::text::short;
use super::told::told_of;
use crate::types::{Language, Message};

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
        let say = |message: Message| message.render(report.language);
        let mut details: Vec<String> = finding.explanation.lines().map(str::to_owned).collect();
        if let (Some(cause), Some(remedy)) = (finding.causes.first(), finding.remedy.first()) {
            let cause = &cause.cause;
            details.push(say(if finding.confidence == "low" {
                message!("Maybe: {cause}", cause)
            } else {
                message!("Likely: {cause}", cause)
            }));
            details.push(say(message!("Try: {remedy}", remedy)));
        }
        if let Some(next) = &finding.capture_next {
            details.push(say(message!("Capture next: {next}", next)));
        }
        details.push(say(message!(
            "Confidence: {confidence}",
            confidence = Message::text(finding.confidence)
        )));
        details.extend(concerned(&finding.flows, report));
        details.extend(packets(&finding.evidence, report.language));
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
        let meaning = report.language.text(kind_meaning(difference.kind));
        let meaning = message!("{meaning}.", meaning = sentence(meaning));
        let mut details = vec![meaning.render(report.language)];
        details.extend(concerned(&difference.flows, report));
        details.extend(packets(&difference.evidence, report.language));
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
            title: difference_words(difference).render(report.language),
            details,
            segment: difference.segment.as_ref(),
            evidence: &difference.evidence,
            identity: format!(
                "{place}: {} → {}",
                names.words(SetName::Reference, &difference.english[0]),
                names.words(SetName::Failing, &difference.english[1])
            ),
            is_finding: false,
        }
    }
}

/// How it is in the failing set, and in the reference.
pub(super) fn difference_words(difference: &DifferenceReport) -> Message {
    message!(
        "{failing} (reference: {reference})",
        failing = difference.failing,
        reference = difference.reference
    )
}

/// `RULE: master/eth0 to node/eth0`. The same in every language.
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
    let flows: Vec<&FlowReport> = told_of(ids, &report.flows)
        .filter(|flow| flow.set != SetName::Reference)
        .collect();
    let mut names: Vec<Message> = flows
        .iter()
        .take(MAX_FLOWS)
        .map(|flow| Message::verbatim(short(flow, report.language)))
        .collect();
    let more = flows.len().saturating_sub(MAX_FLOWS);
    if more > 0 {
        names.push(message!("and {more} more", more));
    }
    (!names.is_empty()).then(|| {
        let flows = message!("Flows: {flows}", flows = Message::join(names, text!("; ")));
        flows.render(report.language)
    })
}

/// `Packets: failing/master/eth0.pcap 15; …`.
fn packets(evidence: &[EvidenceReport], language: Language) -> Option<String> {
    let packets: Vec<Message> = evidence
        .iter()
        .map(|packet| match packet.set {
            SetName::Set => Message::verbatim(format!("{} {}", packet.file, packet.packet_number)),
            set => message!(
                "{set}: {file} {number}",
                set = Message::text(set.name()),
                file = packet.file,
                number = packet.packet_number
            ),
        })
        .collect();
    (!packets.is_empty()).then(|| {
        let packets = message!(
            "Packets: {packets}",
            packets = Message::join(packets, text!("; "))
        );
        packets.render(language)
    })
}

/// The whole result in a few words, without escape codes.
pub(super) fn verdict(report: &Report) -> String {
    Counts::of(report).words(report).render(report.language)
}
