//! The report as one page that stands alone: no network, readable without its script, for the screen and for paper.
//!
//! The words and places are made here; the page itself stands in `netdiff-core/templates`, and whatever is put into it is escaped there.
//! The page lets a browser run its own script and style alone (`SCRIPT_HASH`, `STYLE_HASH`): should text of a capture ever get past the escaping, it would do nothing.

mod diagram;
mod finding;
mod ladder;
mod plot;
mod rows;
mod topology;
mod traffic;

use askama::Template;

use super::folded::{folded_flows, folded_words};
use super::model::{DifferenceReport, Report, SetReport};
use super::summary::{Counts, is_shown};
use super::text::flow_line::FlowIndex;
use super::text::parts::{captures_text, ignored_text, selection_text};
use super::text::{flows_by_trouble, ladders_of};
use crate::types::Language;
use finding::{FindingView, Frames, frames};
use ladder::Ladder;
use plot::OverTimePlot;
use rows::Row;
use topology::Topology;

const STYLE: &str = include_str!("../../../templates/page.css");
const SCRIPT: &str = include_str!("../../../templates/page.js");

/// SHA-256 of [`STYLE`] and [`SCRIPT`] in base 64, as a Content-Security-Policy names them. A test says what they must be.
const STYLE_HASH: &str = include_str!("../../../templates/page.css.sha256");
const SCRIPT_HASH: &str = include_str!("../../../templates/page.js.sha256");

/// Ladders drawn before the rest is only listed.
const MAX_LADDERS: usize = 60;

/// Findings told before the rest is only counted.
const MAX_FINDINGS: usize = 100;

/// Differences told before the rest is only counted.
const MAX_DIFFERENCES: usize = 200;

/// Flows listed before the rest is only counted: a browser opens and filters so many in well under two seconds.
const MAX_ROWS: usize = 100_000;

/// Flows listed without the page's script.
const MAX_STATIC_ROWS: usize = 100;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HtmlError {
    /// The page could not be filled in.
    #[error("the page cannot be filled in: {0}")]
    Page(#[from] askama::Error),
    /// The list of flows could not be written.
    #[error("the list of flows cannot be written: {0}")]
    Flows(#[from] serde_json::Error),
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    headline: String,
    verdict: String,
    /// `error`, `warning` or `good`.
    mood: &'static str,
    topology: Option<Topology>,
    findings: Vec<FindingView<'a>>,
    more_findings: usize,
    differences: Vec<DifferenceView<'a>>,
    more_differences: usize,
    plots: Vec<OverTimePlot>,
    ladders: Vec<Ladder>,
    more_ladders: usize,
    rows: &'a [Row],
    static_rows: &'a [Row],
    more_rows: usize,
    /// All of them, those that are only counted among them.
    all_flows: u64,
    only_counted: Option<String>,
    data: String,
    sets: Vec<(&'static str, &'a SetReport)>,
    captures: String,
    selection: String,
    ignored: String,
}

impl<'a> Page<'a> {
    /// A text in the page's language.
    fn t(&self, english: &'static str) -> &'static str {
        self.report.language.text(english)
    }

    /// The same with a value in place of `{n}`.
    fn tn(&self, english: &'static str, n: impl std::fmt::Display) -> String {
        self.t(english).replace("{n}", &n.to_string())
    }

    /// Between which points, with the names as code.
    fn between(&self, from: &str, to: &str) -> String {
        let (from, to) = (format!("`{from}`"), format!("`{to}`"));
        message!("between {from} and {to}", from, to).render(self.report.language)
    }

    fn first_of(&self, n: usize, all: usize) -> String {
        let sentence = message!(
            "The first {n} of {all} flows, the worst first; the page's script lists them all.",
            n,
            all
        );
        sentence.render(self.report.language)
    }

    /// What the first screen is about: findings are sorted, notes come last.
    fn lead(&self) -> Option<&FindingView<'a>> {
        let mut findings = self.findings.iter();
        findings.find(|view| view.finding.severity != "note")
    }
}

struct DifferenceView<'a> {
    difference: &'a DifferenceReport,
    frames: Vec<Frames>,
}

/// Renders a report as a page of HTML.
///
/// # Errors
/// None in practice: templates are checked when this crate is built, and text is what they are written to.
pub fn render_html(report: &Report) -> Result<String, HtmlError> {
    let flows = FlowIndex::new(report);
    let mut rows = rows::rows(report, &flows);
    let more_rows = rows.len().saturating_sub(MAX_ROWS);
    rows.truncate(MAX_ROWS);
    let (ladders, more_ladders) = ladders(report, &flows);
    let drawn: std::collections::BTreeSet<&str> = ladders.iter().map(|l| l.id.as_str()).collect();
    for row in &mut rows {
        row.ladder = drawn.contains(row.flow.as_str());
    }
    let sets = [
        (text!("captures"), &report.set),
        (text!("reference"), &report.reference),
        (text!("failing"), &report.failing),
    ];
    let sets: Vec<(&'static str, &SetReport)> = sets
        .into_iter()
        .filter_map(|(name, set)| Some((name, set.as_ref()?)))
        .collect();
    let counts = Counts::of(report);
    let findings = report.findings.iter().take(MAX_FINDINGS).enumerate();
    let language = report.language;
    let mut told = differences(report);
    let more_differences = told.len().saturating_sub(MAX_DIFFERENCES);
    told.truncate(MAX_DIFFERENCES);
    let captures = captures_text(report);
    let page = Page {
        report,
        headline: headline(report),
        verdict: report.summary.verdict.clone(),
        mood: match (counts.errors, counts.warnings + counts.differences) {
            (0, 0) => "good",
            (0, _) => "warning",
            _ => "error",
        },
        topology: Topology::of(report),
        findings: findings
            .map(|(nth, finding)| FindingView::new(nth + 1, finding, &flows, &drawn, language))
            .collect(),
        more_findings: report.findings.len().saturating_sub(MAX_FINDINGS),
        differences: told,
        more_differences,
        plots: plots(&sets, language),
        ladders,
        more_ladders,
        static_rows: rows.get(..MAX_STATIC_ROWS).unwrap_or(&rows),
        more_rows,
        all_flows: (rows.len() + more_rows) as u64 + folded_flows(report),
        only_counted: folded_words(report).map(|words| words.render(language)),
        data: rows::data(&rows, language)?,
        rows: &rows,
        sets,
        selection: selection_text(report),
        ignored: unheaded(&ignored_text(report), language.text(text!("Ignored"))),
        captures: unheaded(&captures, language.text(text!("Captures"))),
    };
    let html = page.render()?;
    // What is not shown could only mislead.
    let hidden = |c: char| c != '\n' && !is_shown(c);
    Ok(html.replace(hidden, "\u{fffd}"))
}

fn plots(sets: &[(&'static str, &SetReport)], language: Language) -> Vec<OverTimePlot> {
    let plots = sets.iter().filter_map(|(name, set)| {
        let over_time = set.over_time.as_ref()?;
        Some(OverTimePlot::new(name, over_time, language))
    });
    plots.collect()
}

/// A part of the text without its heading, which the page has already.
fn unheaded(part: &str, heading: &str) -> String {
    let body = part.strip_prefix(heading).unwrap_or(part);
    body.trim_matches('\n').to_owned()
}

/// What is wrong, in a sentence.
fn headline(report: &Report) -> String {
    let summary = &report.summary;
    summary.what.clone().unwrap_or_else(|| {
        let mut letters = summary.verdict.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        format!("{}{}", first.unwrap_or_default(), letters.as_str())
    })
}

/// What differs, the significant first, without what the list of flows tells.
fn differences(report: &Report) -> Vec<DifferenceView<'_>> {
    let told = |d: &&DifferenceReport| !matches!(d.kind, "unpaired" | "coverage");
    let differences = report.differences.iter().filter(told);
    let mut differences: Vec<DifferenceView<'_>> = differences
        .map(|difference| DifferenceView {
            difference,
            frames: frames(&difference.evidence),
        })
        .collect();
    differences.sort_by_key(|view| !view.difference.significant);
    differences
}

/// The ladders that are drawn, the worst first, and how many are not.
fn ladders(report: &Report, flows: &FlowIndex<'_>) -> (Vec<Ladder>, usize) {
    if let Some(set) = &report.set {
        let worst = flows_by_trouble(report);
        let drawn = worst.iter().take(MAX_LADDERS);
        let ladders = drawn.map(|flow| Ladder::of_flow(flow, set, report.language));
        return (ladders.collect(), worst.len().saturating_sub(MAX_LADDERS));
    }
    let mut pairs = ladders_of(report, flows);
    // Those that differ come first already; of them, those that lose most.
    pairs.sort_by_cached_key(|pair| {
        let lost = flows.get(&pair.failing).map_or(0, rows::lost);
        (!pair.differs, pair.ignored, std::cmp::Reverse(lost))
    });
    let others = report.comparisons.iter().filter(|c| {
        let listed = pairs.iter().take(MAX_LADDERS);
        pairs.len() < MAX_LADDERS && !listed.into_iter().any(|pair| pair.failing == c.failing)
    });
    let drawn = pairs.iter().copied().chain(others).take(MAX_LADDERS);
    let drawn = drawn.filter_map(|pair| Ladder::of_pair(report, pair, flows));
    let drawn: Vec<Ladder> = drawn.collect();
    let more = report.comparisons.len().saturating_sub(drawn.len());
    (drawn, more)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for three in bytes.chunks(3) {
            let bits = three
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - three.len()));
            for digit in 0..4 {
                let at = (bits >> (18 - 6 * digit)) & 63;
                let letter = char::from(DIGITS[at as usize]);
                text.push(if digit <= three.len() { letter } else { '=' });
            }
        }
        text
    }

    #[test]
    fn the_policy_names_this_style_and_script() {
        assert_eq!(base64(b"M"), "TQ==");
        for (file, text, hash) in [
            ("page.css", STYLE, STYLE_HASH),
            ("page.js", SCRIPT, SCRIPT_HASH),
        ] {
            let found = base64(&Sha256::digest(text));
            if std::env::var_os("UPDATE_DOCS").is_some() {
                let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
                std::fs::write(folder.join(format!("{file}.sha256")), &found).unwrap();
            } else {
                assert_eq!(
                    hash, found,
                    "templates/{file} has changed: run UPDATE_DOCS=1 cargo test"
                );
            }
        }
    }
}
