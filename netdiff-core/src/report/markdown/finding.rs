//! A finding as Markdown.

use std::fmt::Write;

use super::escape::{code, prose, text};
use crate::report::model::{FindingReport, SetName};
use crate::report::summary::{by_file, place};
use crate::report::text::flow_line::{FlowIndex, short};
use crate::report::wireshark::frames_filter;
use crate::types::{Language, Message};

/// Flows named in a finding before the rest is only counted.
const MAX_FLOWS: usize = 6;

/// What, where, why and what to do, a line each; the rest is folded.
pub(super) fn render(
    finding: &FindingReport,
    flows: &FlowIndex<'_>,
    language: Language,
    out: &mut String,
) {
    let say = |message: Message| message.render(language);
    let _ = writeln!(
        out,
        "**{}** {}: {}\n",
        language.text(finding.severity).to_uppercase(),
        code(finding.rule),
        prose(&finding.title)
    );
    let mut line = |label: Message, what: &str| {
        let _ = writeln!(out, "- **{}** {what}", label.render(language));
    };
    if let Some((from, to)) = place(finding) {
        line(
            message!("Where:"),
            &say(message!(
                "between {from} and {to}",
                from = code(&from),
                to = code(&to)
            )),
        );
    }
    if let (Some(cause), Some(remedy)) = (finding.causes.first(), finding.remedy.first()) {
        let likely = match finding.confidence {
            "low" => message!("Maybe:"),
            _ => message!("Likely:"),
        };
        let sure = Message::text(finding.confidence);
        line(
            likely,
            &say(message!(
                "{cause} (confidence: {sure})",
                cause = prose(&cause.cause),
                sure
            )),
        );
        line(message!("Try:"), &prose(remedy));
    }
    if let Some(next) = &finding.capture_next {
        line(message!("Capture next:"), &prose(next));
    }
    if !finding.flows.is_empty() {
        line(message!("Hit:"), &hit(finding, flows, language));
    }
    details(finding, language, out);
}

fn hit(finding: &FindingReport, flows: &FlowIndex<'_>, language: Language) -> String {
    let known = finding.flows.iter().filter_map(|id| flows.get(id));
    let named = known.map(|flow| Message::verbatim(text(&short(flow, language))));
    let mut names: Vec<Message> = named.take(MAX_FLOWS).collect();
    let left = finding.flows.len().saturating_sub(MAX_FLOWS);
    if left > 0 {
        names.push(message!("and {left} more", left));
    }
    Message::join(names, text!("; ")).render(language)
}

fn details(finding: &FindingReport, language: Language, out: &mut String) {
    let say = |english| language.text(english);
    let summary = say(text!("Evidence, causes, remedies"));
    let _ = writeln!(out, "\n<details><summary>{summary}</summary>\n");
    let _ = writeln!(out, "{}\n", say(text!("What was seen")));
    for sentence in finding.explanation.lines() {
        let _ = writeln!(out, "- {}", prose(sentence));
    }
    if !finding.evidence.is_empty() {
        let (open, filter) = (
            say(text!("open in Wireshark")),
            say(text!("display filter")),
        );
        let _ = writeln!(out, "\n| {open} | {filter} |\n|---|---|");
    }
    for (set, file, numbers) in by_file(&finding.evidence) {
        let set = match set {
            SetName::Set => String::new(),
            set => message!("{set}: ", set = Message::text(set.name())).render(language),
        };
        let _ = writeln!(
            out,
            "| {set}{} | {} |",
            code(file),
            code(&frames_filter(&numbers))
        );
    }
    advice(finding, language, out);
    doubt(finding, language, out);
    out.push_str("\n</details>\n\n");
}

/// Causes with how to confirm each, and what helps.
fn advice(finding: &FindingReport, language: Language, out: &mut String) {
    let say = |english| language.text(english);
    if !finding.causes.is_empty() {
        let heading = text!("Possible causes, likeliest first, and how to confirm each");
        let _ = writeln!(out, "\n{}\n", say(heading));
    }
    for (nth, cause) in finding.causes.iter().enumerate() {
        let _ = writeln!(out, "{}. {}  ", nth + 1, prose(&cause.cause));
        let _ = writeln!(
            out,
            "   *{}* {}",
            say(text!("confirm:")),
            prose(&cause.confirm)
        );
    }
    if !finding.remedy.is_empty() {
        let _ = writeln!(out, "\n{}\n", say(text!("What helps, in this order")));
    }
    for remedy in &finding.remedy {
        let _ = writeln!(out, "- {}", prose(remedy));
    }
}

/// What else it may be, and what would show that it is wrong.
fn doubt(finding: &FindingReport, language: Language, out: &mut String) {
    if !finding.alternatives.is_empty() {
        let rules: Vec<String> = finding.alternatives.iter().map(|rule| code(rule)).collect();
        let rules = message!(
            "Not excluded by these captures: {rules}",
            rules = Message::list(&rules, text!(", "))
        );
        let _ = writeln!(out, "\n{}", rules.render(language));
    }
    if !finding.refuted_by.is_empty() {
        let refuted = Message::list(&finding.refuted_by, text!("; or by ")).render(language);
        let refuted = message!(
            "It would be refuted by {refuted}",
            refuted = prose(&refuted)
        );
        let _ = writeln!(out, "\n{}", refuted.render(language));
    }
}
