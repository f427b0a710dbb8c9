//! A finding as Markdown.

use std::fmt::Write;

use super::escape::{code, prose, text};
use crate::report::model::{FindingReport, SetName};
use crate::report::summary::{by_file, place};
use crate::report::text::flow_line::{FlowIndex, short};
use crate::report::wireshark::frames_filter;

/// Flows named in a finding before the rest is only counted.
const MAX_FLOWS: usize = 6;

/// What, where, why and what to do, a line each; the rest is folded.
pub(super) fn render(finding: &FindingReport, flows: &FlowIndex<'_>, out: &mut String) {
    let _ = writeln!(
        out,
        "**{}** {}: {}\n",
        finding.severity.to_uppercase(),
        code(finding.rule),
        prose(&finding.title)
    );
    let mut line = |label: &str, what: &str| {
        let _ = writeln!(out, "- **{label}** {what}");
    };
    if let Some((from, to)) = place(finding) {
        line(
            "Where:",
            &format!("between {} and {}", code(&from), code(&to)),
        );
    }
    if let (Some(cause), Some(remedy)) = (finding.causes.first(), finding.remedy.first()) {
        let likely = match finding.confidence {
            "low" => "Maybe:",
            _ => "Likely:",
        };
        let sure = finding.confidence;
        line(
            likely,
            &format!("{} (confidence: {sure})", prose(&cause.cause)),
        );
        line("Try:", &prose(remedy));
    }
    if let Some(next) = &finding.capture_next {
        line("Capture next:", &prose(next));
    }
    if !finding.flows.is_empty() {
        line("Hit:", &hit(finding, flows));
    }
    details(finding, out);
}

fn hit(finding: &FindingReport, flows: &FlowIndex<'_>) -> String {
    let known = finding.flows.iter().filter_map(|id| flows.get(id));
    let mut names: Vec<String> = known.take(MAX_FLOWS).map(|f| text(&short(f))).collect();
    let left = finding.flows.len().saturating_sub(MAX_FLOWS);
    if left > 0 {
        names.push(format!("and {left} more"));
    }
    names.join("; ")
}

fn details(finding: &FindingReport, out: &mut String) {
    out.push_str("\n<details><summary>Evidence, causes, remedies</summary>\n\n");
    out.push_str("What was seen\n\n");
    for sentence in finding.explanation.lines() {
        let _ = writeln!(out, "- {}", prose(sentence));
    }
    if !finding.evidence.is_empty() {
        out.push_str("\n| open in Wireshark | display filter |\n|---|---|\n");
    }
    for (set, file, numbers) in by_file(&finding.evidence) {
        let set = match set {
            SetName::Set => String::new(),
            set => format!("{}: ", set.name()),
        };
        let _ = writeln!(
            out,
            "| {set}{} | {} |",
            code(file),
            code(&frames_filter(&numbers))
        );
    }
    if !finding.causes.is_empty() {
        out.push_str("\nPossible causes, likeliest first, and how to confirm each\n\n");
    }
    for (nth, cause) in finding.causes.iter().enumerate() {
        let _ = writeln!(out, "{}. {}  ", nth + 1, prose(&cause.cause));
        let _ = writeln!(out, "   *confirm:* {}", prose(&cause.confirm));
    }
    if !finding.remedy.is_empty() {
        out.push_str("\nWhat helps, in this order\n\n");
    }
    for remedy in &finding.remedy {
        let _ = writeln!(out, "- {}", prose(remedy));
    }
    if !finding.alternatives.is_empty() {
        let rules: Vec<String> = finding.alternatives.iter().map(|rule| code(rule)).collect();
        let _ = writeln!(
            out,
            "\nNot excluded by these captures: {}",
            rules.join(", ")
        );
    }
    if !finding.refuted_by.is_empty() {
        let refuted = prose(&finding.refuted_by.join("; or by "));
        let _ = writeln!(out, "\nIt would be refuted by {refuted}");
    }
    out.push_str("\n</details>\n\n");
}
