//! What every format says first: how much is wrong, and where a finding is.

use super::model::{EvidenceReport, FindingReport, PointName, Report, SetName};
use super::model_flow::DirectionReport;
use super::model_sums::SummaryReport;
use super::selection::SelectionReport;
use crate::types::Message;

impl Report {
    /// Says first what everything else comes to. Whatever changes findings, differences or what is selected does it again.
    pub(super) fn sum_up(&mut self) {
        let verdict = Counts::of(self).words(self).render(self.language);
        let finding = self.findings.iter().find(|f| f.severity != "note");
        let difference = || self.differences.iter().find(|d| d.significant);
        self.summary = match (finding, difference()) {
            (Some(finding), _) => SummaryReport {
                verdict,
                rule: Some(finding.rule),
                what: Some(finding.title.clone()),
                place: place(finding).map(|(from, to)| format!("{from} → {to}")),
                why: finding.causes.first().map(|cause| cause.cause.clone()),
                remedy: finding.remedy.first().cloned(),
                capture_next: finding.capture_next.clone(),
            },
            (None, Some(difference)) => SummaryReport {
                verdict,
                rule: Some(difference.kind),
                what: Some(
                    message!(
                        "Differs: {failing} (reference: {reference})",
                        failing = difference.failing,
                        reference = difference.reference
                    )
                    .render(self.language),
                ),
                place: None,
                ..SummaryReport::default()
            },
            (None, None) => SummaryReport {
                verdict,
                ..SummaryReport::default()
            },
        };
    }

    /// Says what was selected.
    pub(crate) fn select(&mut self, selection: Option<SelectionReport>) {
        self.selection = selection;
        self.sum_up();
    }
}

/// How much is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: u64,
    pub(super) warnings: u64,
    /// Significant differences.
    pub(super) differences: u64,
}

impl Counts {
    pub(super) fn of(report: &Report) -> Self {
        let severe = |severity| {
            let findings = report.findings.iter();
            findings.filter(|f| f.severity == severity).count() as u64
        };
        Self {
            errors: severe("error"),
            warnings: severe("warning"),
            differences: report.differences.iter().filter(|d| d.significant).count() as u64,
        }
    }

    /// `1 error, 2 significant differences`, without markup.
    pub(super) fn words(self, report: &Report) -> Message {
        let parts = [
            (self.errors, noun!("error")),
            (self.warnings, noun!("warning")),
            (self.differences, noun!("significant difference")),
        ];
        let parts: Vec<Message> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| Message::count(*n, *what))
            .collect();
        let words = match parts.as_slice() {
            [] => nothing_found(report),
            parts => Message::list(parts, text!(", ")),
        };
        with_ignored(words, report)
    }
}

/// What is said where nothing counts.
pub(super) fn nothing_found(report: &Report) -> Message {
    match (&report.set, &report.selection) {
        (Some(_), None) => message!("no error found"),
        (Some(_), Some(_)) => message!("no error found in what is selected"),
        (None, None) => message!("no error and no significant difference"),
        (None, Some(_)) => {
            message!("no error and no significant difference in what is selected")
        }
    }
}

/// With how much was ignored.
pub(super) fn with_ignored(words: Message, report: &Report) -> Message {
    let ignored = report.ignored.iter();
    let ignored = ignored.map(|i| i.findings.len() + i.differences.len());
    match ignored.sum::<usize>() {
        0 => words,
        n => message!("{words}, {n} ignored", words, n),
    }
}

/// `master/eth0`.
pub(super) fn point(point: &PointName) -> String {
    format!("{}/{}", point.node, point.interface)
}

/// Where packets stop, in words; `None` where the fault has no such place.
pub(super) fn place(finding: &FindingReport) -> Option<(String, String)> {
    let segment = finding.segment.as_ref()?;
    Some((point(&segment.from), point(&segment.to)))
}

/// The packets of each file, in the order in which files come, numbers in theirs.
pub(super) fn by_file(evidence: &[EvidenceReport]) -> Vec<(SetName, &str, Vec<u64>)> {
    let mut files: Vec<(SetName, &str, Vec<u64>)> = Vec::new();
    for packet in evidence {
        let known = files
            .iter_mut()
            .find(|(set, file, _)| (*set, *file) == (packet.set, packet.file.as_str()));
        match known {
            Some((_, _, numbers)) => numbers.push(packet.packet_number),
            None => files.push((packet.set, &packet.file, vec![packet.packet_number])),
        }
    }
    files
}

pub(super) use crate::types::is_shown;

/// Text with what would not show replaced by `�`.
pub(super) fn shown(text: &str) -> String {
    let shown = text.chars().map(|c| match c {
        '\n' => c,
        c if is_shown(c) => c,
        _ => char::REPLACEMENT_CHARACTER,
    });
    shown.collect()
}

/// Packets that ended at one point in one way.
pub(super) struct End<'a> {
    /// Where they were last seen.
    pub(super) at: &'a PointName,
    /// Where they should have been seen next, if that is known.
    pub(super) to: Option<&'a PointName>,
    pub(super) packets: u64,
    /// `lost`, `missing` (lost on an assumption), `refused` or `looped`.
    pub(super) kind: &'static str,
    pub(super) sentence: Message,
    /// The first of them, where it was last seen.
    pub(super) first: Option<&'a EvidenceReport>,
}

/// Where packets of a direction ended before their time, in the report's order.
pub(super) fn ends(direction: &DirectionReport) -> Vec<End<'_>> {
    let losses = direction.losses.iter().map(|loss| {
        let (from, to, n) = (point(&loss.from), point(&loss.to), loss.packets);
        let (kind, sentence) = if loss.capture == "proven" {
            (
                text!("lost"),
                message!(
                    "{packets} lost between {from} and {to}",
                    packets = n,
                    from,
                    to
                ),
            )
        } else {
            let sentence = message!(
                "{packets} missing at {to} (last seen at {from}): lost, if it captured then",
                packets = n,
                to,
                from
            );
            (text!("missing"), sentence)
        };
        End {
            at: &loss.from,
            to: Some(&loss.to),
            packets: n,
            kind,
            sentence,
            first: loss.first.as_ref(),
        }
    });
    let rejections = direction.rejections.iter().map(|refused| End {
        at: &refused.after,
        to: refused.next.as_ref(),
        packets: refused.packets,
        kind: text!("refused"),
        first: refused.first.as_ref(),
        sentence: message!(
            "{packets} rejected behind {behind} by {by} ({how})",
            packets = refused.packets,
            behind = point(&refused.after),
            by = refused.by,
            how = refused.how
        ),
    });
    let loops = direction.loops.iter().map(|round| End {
        at: &round.at,
        to: None,
        packets: round.packets,
        kind: text!("looped"),
        first: round.first.as_ref(),
        sentence: message!(
            "{packets} in a loop through {at}, up to {rounds} times",
            packets = round.packets,
            at = point(&round.at),
            rounds = round.most_rounds
        ),
    });
    losses.chain(rejections).chain(loops).collect()
}

/// A sentence's parts in turn, with whether each is code: what stands between two backticks. With an odd number of them there is no code.
pub(super) fn code_parts(text: &str) -> Vec<(bool, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![(false, text)];
    }
    let parts = parts.into_iter().enumerate();
    let parts = parts.map(|(nth, part)| (nth % 2 == 1, part));
    parts.filter(|(_, part)| !part.is_empty()).collect()
}
