//! The report as Markdown for an issue tracker: what is wrong in the first lines, what differs as a table, ladders as code, the rest
//! folded. All text that may come from a capture is escaped (`escape`).

mod escape;
mod finding;

use std::fmt::Write;

use super::folded::folded_words;
use super::model::{DifferenceReport, Report};
use super::summary::Counts;
use super::text::flow_line::{FlowIndex, place, short};
use super::text::parts::{
    captures_text, comparison_text, flow_text, ignored_text, others_text, selection_text,
};
use super::text::{flows_by_trouble, ladders_of};
use crate::types::{Language, Message, Noun};

/// What GitHub takes as the text of an issue is 65,536 characters; findings and ladders end here and leave room for the rest.
const MAX_LEN: usize = 48_000;

/// Differences in a table before the rest is only counted.
const MAX_DIFFERENCES: usize = 30;

/// A list of flows or captures as text that is longer is left out.
const MAX_LISTING: usize = 6_000;

/// Ladders that are open; the others are folded.
const OPEN_LADDERS: usize = 2;

/// Ladders drawn before the rest is only counted.
const MAX_LADDERS: usize = 12;

/// Renders a report as Markdown, GitHub's dialect.
#[must_use]
pub fn render_markdown(report: &Report) -> String {
    let flows = FlowIndex::new(report);
    let mut out = String::new();
    let verdict = Counts::of(report).words(report).render(report.language);
    let _ = writeln!(out, "## netdiff {}: {verdict}\n", report.tool.version);
    let selection = selection_text(report);
    if !selection.is_empty() {
        let _ = writeln!(out, "{}", escape::block(&selection));
    }
    render_findings(report, &flows, &mut out);
    render_differences(report, &mut out);
    render_ladders(report, &flows, &mut out);
    for (heading, listing) in [
        (text!("Not different"), others_text(report, &flows)),
        (text!("Captures"), captures_text(report)),
        (text!("Ignored"), ignored_text(report)),
    ] {
        folded(heading, &listing, report.language, &mut out);
    }
    out
}

fn render_findings(report: &Report, flows: &FlowIndex<'_>, out: &mut String) {
    let mut left_out = 0;
    for finding in &report.findings {
        let mut told = String::new();
        finding::render(finding, flows, report.language, &mut told);
        if out.len() + told.len() <= MAX_LEN {
            out.push_str(&told);
        } else {
            left_out += 1;
        }
    }
    say_left_out(left_out, noun!("more finding"), report.language, out);
}

fn say_left_out(left_out: u64, what: Noun, language: Language, out: &mut String) {
    if left_out > 0 {
        let what = Message::count(left_out, what);
        let sentence = message!("{what} left out here: `--format json` has all.", what);
        let _ = writeln!(out, "*{}*\n", sentence.render(language));
    }
}

fn render_differences(report: &Report, out: &mut String) {
    let of = |significant: bool| {
        let differences = report.differences.iter();
        differences.filter(move |d| {
            d.significant == significant && !matches!(d.kind, "unpaired" | "coverage")
        })
    };
    let say = |english| report.language.text(english);
    let (reference, failing) = (say(text!("reference")), say(text!("failing")));
    let head = format!("| | {reference} | {failing} |\n|---|---|---|\n");
    if of(true).next().is_some() {
        let heading = say(text!("What differs"));
        let _ = write!(out, "### {heading}\n\n{head}");
    }
    for difference in of(true).take(MAX_DIFFERENCES) {
        difference_row(difference, report.language, out);
    }
    if of(true).next().is_some() {
        out.push('\n');
    }
    let left_out = of(true).count().saturating_sub(MAX_DIFFERENCES);
    say_left_out(
        left_out as u64,
        noun!("more difference"),
        report.language,
        out,
    );
    if of(false).next().is_some() {
        let heading = say(text!("Differs too, and alone does no harm"));
        let _ = write!(out, "<details><summary>{heading}</summary>\n\n{head}");
        for difference in of(false).take(MAX_DIFFERENCES) {
            difference_row(difference, report.language, out);
        }
        let left_out = of(false).count().saturating_sub(MAX_DIFFERENCES);
        out.push('\n');
        say_left_out(
            left_out as u64,
            noun!("more difference"),
            report.language,
            out,
        );
        out.push_str("</details>\n\n");
    }
}

fn difference_row(difference: &DifferenceReport, language: Language, out: &mut String) {
    let _ = writeln!(
        out,
        "| {} | {} | {} |",
        language.text(difference.kind),
        escape::text(&difference.reference),
        escape::text(&difference.failing)
    );
}

fn render_ladders(report: &Report, flows: &FlowIndex<'_>, out: &mut String) {
    let mut ladders = Vec::new();
    if let Some(set) = &report.set {
        for flow in flows_by_trouble(report) {
            ladders.push((flow, Ladder::Flow(set)));
        }
    }
    for comparison in ladders_of(report, flows) {
        if let Some(failing) = flows.get(&comparison.failing) {
            ladders.push((failing, Ladder::Pair(comparison)));
        }
    }
    if !ladders.is_empty() {
        let _ = writeln!(out, "### {}\n", report.language.text(text!("Hop by hop")));
    }
    let mut left_out = 0;
    for (nth, (flow, ladder)) in ladders.iter().enumerate() {
        if nth >= MAX_LADDERS || left_out > 0 {
            left_out += 1;
            continue;
        }
        let body = escape::block(&match ladder {
            Ladder::Flow(set) => flow_text(report, flow, set),
            Ladder::Pair(comparison) => comparison_text(report, comparison, flows),
        });
        if out.len() + body.len() > MAX_LEN {
            left_out += 1;
            continue;
        }
        let title = short(flow, report.language);
        let ends = [&flow.initiator, &flow.responder];
        let [from, to] = ends.map(|end| place(end).render(report.language));
        let places = format!("{from} → {to}");
        let _ = if nth < OPEN_LADDERS {
            let (title, places) = (escape::text(&title), escape::text(&places));
            writeln!(out, "**{title}** ({places})\n\n{body}")
        } else {
            let (title, places) = (escape::html(&title), escape::html(&places));
            writeln!(
                out,
                "<details><summary>{title} ({places})</summary>\n\n{body}\n</details>\n"
            )
        };
    }
    say_left_out(left_out, noun!("more ladder"), report.language, out);
    if let Some(words) = folded_words(report) {
        let _ = writeln!(out, "{}\n", escape::text(&words.render(report.language)));
    }
}

enum Ladder<'a> {
    Flow(&'a super::model::SetReport),
    Pair(&'a super::model::ComparisonReport),
}

/// A listing of the text, folded; its first line is its heading, which the summary repeats.
fn folded(heading: &'static str, listing: &str, language: Language, out: &mut String) {
    let heading = language.text(heading);
    let listing = listing.trim_matches('\n');
    let body = listing.strip_prefix(heading).unwrap_or(listing);
    if body.trim().is_empty() {
        return;
    }
    let _ = writeln!(out, "<details><summary>{heading}</summary>\n");
    if body.len() > MAX_LISTING {
        let sentence = text!("Too long for here: `--format text` has it.");
        let _ = writeln!(out, "{}", language.text(sentence));
    } else {
        out.push_str(&escape::block(body));
    }
    out.push_str("\n</details>\n\n");
}
