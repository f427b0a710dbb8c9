//! Reports without what differs from run to run or from machine to machine, for snapshots.

use std::path::Path;

use super::clock::ClockReport;
use super::model::{FindingReport, Report, SetReport};
use super::model_flow::{DirectionReport, FlowReport};

/// What to take out of a report before it goes into a snapshot.
///
/// For snapshots of captures that stay the same. What two recordings share is the [`Outline`](super::Outline).
///
/// ```
/// use netdiff_core::{Redaction, SetRequest, TextOptions, render_text, trace};
///
/// # fn main() -> Result<(), netdiff_core::AnalysisError> {
/// let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/example");
/// let report = trace(&SetRequest::of_path(captures))?.redacted(Redaction::ALL);
/// // insta::assert_snapshot!(render_text(&report, &TextOptions::default()));
/// // insta::assert_snapshot!(render_json(&report)?);
/// assert!(render_text(&report, &TextOptions::default()).starts_with("netdiff VERSION: 1 error\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Sets and files of settings are called by the last part of their path alone. Names of captures are relative to their set as ever.
    pub paths: bool,
    /// The version of netdiff becomes `VERSION`.
    pub version: bool,
    /// Times, delays, round trips and what clocks show are left out, `null` in JSON; in sentences they become `[time]` and `[duration]`.
    pub times: bool,
}

impl Redaction {
    /// All of it.
    pub const ALL: Self = Self {
        paths: true,
        version: true,
        times: true,
    };

    /// What depends on the machine alone.
    pub const PATHS: Self = Self {
        paths: true,
        version: false,
        times: false,
    };
}

impl Report {
    /// The same report without what `redaction` names.
    #[must_use]
    pub fn redacted(mut self, redaction: Redaction) -> Self {
        if redaction.paths {
            self.without_paths();
        }
        if redaction.version {
            self.tool.version = "VERSION";
        }
        if redaction.times {
            self.without_times();
        }
        self
    }

    fn sets_mut(&mut self) -> impl Iterator<Item = &mut SetReport> {
        let sets = [&mut self.set, &mut self.reference, &mut self.failing];
        sets.into_iter().flatten()
    }

    fn without_paths(&mut self) {
        for set in self.sets_mut() {
            set.path = last_part(&set.path);
        }
        let stated = self.ignored.iter_mut().filter_map(|i| i.stated_in.as_mut());
        stated.for_each(|place| place.file = last_part(&place.file));
    }

    fn without_times(&mut self) {
        for set in self.sets_mut() {
            for point in &mut set.capture_points {
                (point.first_time, point.last_time) = (None, None);
            }
            for node in &mut set.nodes {
                (node.clock_offset_ns, node.clock_error_ns) = (None, None);
            }
            set.over_time = None;
            set.clocks.iter_mut().for_each(silence_clock);
            set.warnings.iter_mut().for_each(redact_words);
        }
        self.flows.iter_mut().for_each(silence_flow);
        let ignored = self.ignored.iter_mut().flat_map(|i| &mut i.findings);
        let findings = self.findings.iter_mut().chain(ignored);
        findings.for_each(silence_finding);
    }
}

fn last_part(path: &str) -> String {
    let last = Path::new(path).file_name();
    last.map_or_else(
        || path.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn silence_clock(clock: &mut ClockReport) {
    clock.at = None;
    clock.offset_ns = None;
    clock.error_ns = None;
    clock.drift_ppb = None;
    clock.drift_error_ppb = None;
    clock.steps.clear();
}

fn silence_flow(flow: &mut FlowReport) {
    flow.round_trip = None;
    flow.forward.silence();
    flow.reply.silence();
}

impl DirectionReport {
    fn silence(&mut self) {
        self.over_time = None;
        self.hops.iter_mut().for_each(|hop| hop.delay = None);
    }
}

fn silence_finding(finding: &mut FindingReport) {
    let FindingReport {
        title,
        explanation,
        refuted_by,
        causes,
        confirm,
        remedy,
        capture_next,
        ..
    } = finding;
    let causes = causes
        .iter_mut()
        .flat_map(|c| [&mut c.cause, &mut c.confirm]);
    let lists = refuted_by.iter_mut().chain(confirm).chain(remedy);
    [title, explanation]
        .into_iter()
        .chain(causes)
        .chain(lists)
        .chain(capture_next)
        .for_each(redact_words);
}

/// Units of time as reports write them.
const UNITS: [&str; 8] = ["ns", "µs", "ms", "s", "min", "h", "second", "seconds"];

/// `set by 3.2 s at 2024-05-01T10:00:00Z` becomes `set by [duration] at [time]`.
fn redact_words(text: &mut String) {
    let lines = text.split('\n').map(redact_line);
    *text = lines.collect::<Vec<_>>().join("\n");
}

fn redact_line(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let before = words.last().filter(|_| UNITS.contains(&bare));
        if let Some(bracket) = before.and_then(|number| before_number(number)) {
            words.pop();
            words.push(format!("{bracket}{}", word.replacen(bare, "[duration]", 1)));
        } else if is_time(bare) {
            words.push(word.replacen(bare, "[time]", 1));
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// What stands before a number: nothing or a bracket; `None` if the word is no number.
fn before_number(word: &str) -> Option<&'static str> {
    let (bracket, number) = match word.strip_prefix('(') {
        Some(number) => ("(", number),
        None => ("", word),
    };
    let number = number.trim_start_matches(['+', '-', '±']);
    number.parse::<f64>().ok().map(|_| bracket)
}

/// Whether it begins as RFC 3339 does.
fn is_time(word: &str) -> bool {
    let shape = "0000-00-00T00:00:00".bytes();
    word.len() >= shape.len()
        && shape.zip(word.bytes()).all(|(form, byte)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_sentences_are_redacted_and_other_numbers_stay() {
        let mut text = "set by 3.199999 s (1.5 ms) after 2024-05-01T10:00:00.123456789Z.\n\
                        9 packets of 1450 bytes on UDP 8472, +12 µs; s"
            .to_owned();
        redact_words(&mut text);
        assert_eq!(
            text,
            "set by [duration] ([duration]) after [time].\n9 packets of 1450 bytes on UDP 8472, [duration]; s"
        );
    }
}
