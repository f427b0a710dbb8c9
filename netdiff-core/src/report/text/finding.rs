//! A finding as text.

use std::collections::BTreeMap;

use super::flow_line::{FlowIndex, short};
use super::layout::Page;
use crate::report::model::{EvidenceReport, FindingReport};
use crate::types::{Language, Message};

/// Flows named in a finding before the rest is only counted.
const MAX_FLOWS: usize = 6;

/// What and where, the likeliest cause and the first remedy come in the first lines; then the rest.
pub(super) fn render_finding(finding: &FindingReport, flows: &FlowIndex<'_>, page: &mut Page<'_>) {
    let styles = page.options.styles;
    page.blank();
    let severity = page.language.text(finding.severity).to_uppercase();
    let color = styles.of_severity(finding.severity);
    page.line(&format!(
        "{color}{severity}{} {}",
        styles.reset, finding.rule
    ));
    page.paragraph("  ", &finding.title);
    if let (Some(cause), Some(remedy)) = (finding.causes.first(), finding.remedy.first()) {
        let likely = match finding.confidence {
            "low" => message!("  Maybe:  "),
            _ => message!("  Likely: "),
        };
        page.paragraph(&likely, &cause.cause);
        page.paragraph(&message!("  Try:    "), remedy);
    }
    if let Some(next) = &finding.capture_next {
        page.paragraph(&message!("  Capture next: "), next);
    }
    page.blank();
    page.line(&message!("  What was seen"));
    for sentence in finding.explanation.lines() {
        page.paragraph("   - ", sentence);
    }
    if !finding.flows.is_empty() {
        page.paragraph(&message!("   - hit: "), &hit(finding, flows, page.language));
    }
    if !finding.evidence.is_empty() {
        page.paragraph(
            &message!("   - open in Wireshark: "),
            &evidence(&finding.evidence),
        );
    }
    render_advice(finding, page);
    render_doubt(finding, page);
    page.blank();
}

/// How sure it is, what else it may be, and what would show that it is wrong.
fn render_doubt(finding: &FindingReport, page: &mut Page<'_>) {
    page.blank();
    page.paragraph(
        &message!("  Confidence: "),
        &Message::text(finding.confidence),
    );
    if !finding.alternatives.is_empty() {
        page.paragraph(
            &message!("  Not excluded by these captures: "),
            &Message::list(&finding.alternatives, text!(", ")),
        );
    }
    if !finding.refuted_by.is_empty() {
        page.paragraph(
            &message!("  It would be refuted by "),
            &Message::list(&finding.refuted_by, text!("; or by ")),
        );
    }
}

fn render_advice(finding: &FindingReport, page: &mut Page<'_>) {
    if !finding.causes.is_empty() {
        page.blank();
        page.paragraph(
            "  ",
            &message!("Possible causes, likeliest first, and how to confirm each"),
        );
    }
    for (nth, cause) in finding.causes.iter().enumerate() {
        page.paragraph(&format!("   {}. ", nth + 1), &cause.cause);
        page.paragraph(&message!("      confirm: "), &cause.confirm);
    }
    if !finding.remedy.is_empty() {
        page.blank();
        page.line(&message!("  What helps, in this order"));
    }
    for remedy in &finding.remedy {
        page.paragraph("   - ", remedy);
    }
}

fn hit(finding: &FindingReport, flows: &FlowIndex<'_>, language: Language) -> Message {
    let mut names: Vec<Message> = finding
        .flows
        .iter()
        .filter_map(|id| flows.get(id))
        .take(MAX_FLOWS)
        .map(|flow| Message::verbatim(short(flow, language)))
        .collect();
    let left = finding.flows.len().saturating_sub(MAX_FLOWS);
    if left > 0 {
        names.push(message!("and {left} more", left));
    }
    Message::list(&names, text!("; "))
}

/// `failing/master/eth0.pcap packets 23, 24; …`.
pub(super) fn evidence(evidence: &[EvidenceReport]) -> String {
    let mut files: Vec<&str> = Vec::new();
    let mut numbers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for packet in evidence {
        if !files.contains(&packet.file.as_str()) {
            files.push(&packet.file);
        }
        numbers
            .entry(&packet.file)
            .or_default()
            .push(packet.packet_number.to_string());
    }
    let parts = files.iter().map(|file| {
        let numbers = numbers.get(file).map(|n| n.join(", ")).unwrap_or_default();
        format!("{file} {numbers}")
    });
    parts.collect::<Vec<_>>().join("; ")
}
