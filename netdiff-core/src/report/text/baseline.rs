//! What a baseline holds, as text.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use super::flow_line::{importance, outcome, relation_words, short};
use super::inspect::{render_coverage, render_node};
use super::layout::{Page, count, left};
use crate::report::inspect::{BaselineReport, BaselineSetReport, StoredFlow};
use crate::types::Message;

/// Renders what a baseline holds as text.
#[must_use]
pub fn render_baseline_text(report: &BaselineReport, options: &TextOptions) -> String {
    let mut page = Page::new(options, report.language);
    page.line(&message!(
        "netdiff {version}: a baseline of {sets}",
        version = report.tool.version,
        sets = count(report.sets.len() as u64, noun!("set"))
    ));
    let writer = report.written_by.as_ref();
    let writer = writer.map_or_else(Message::empty, |writer| {
        message!(", written by {writer}", writer)
    });
    page.paragraph(
        "  ",
        &message!(
            "{path} – version {baseline_version}{writer}, {kilobytes} KB, no packets",
            path = report.path,
            baseline_version = report.baseline_version,
            writer,
            kilobytes = report.bytes.div_ceil(1_000)
        ),
    );
    for set in &report.sets {
        render_set(set, &mut page);
    }
    page.finish()
}

fn render_set(set: &BaselineSetReport, page: &mut Page<'_>) {
    page.heading(&message!("Set {path}", path = set.path));
    let packets: u64 = set.capture_points.iter().map(|p| p.packets).sum();
    page.paragraph(
        "  ",
        &Message::join(
            [
                count(set.nodes.len() as u64, noun!("node")),
                count(set.capture_points.len() as u64, noun!("capture point")),
                count(packets, noun!("packet")),
                count(set.flows_held(), noun!("flow")),
            ],
            text!(", "),
        ),
    );
    page.line(&if set.anonymized {
        message!("  names and addresses are replaced")
    } else {
        message!("  names and addresses are those of the cluster")
    });
    if let Some(selected) = &set.selected {
        page.paragraph(&message!("  a part of the set, selected by: "), selected);
    }
    if set.flows_left_out > 0 {
        let flows = count(set.flows_left_out, noun!("flow"));
        page.paragraph("  ", &message!("{flows} of rarer kinds left out", flows));
    }
    page.heading(&message!("Capture points"));
    for node in &set.nodes {
        render_node(node, &set.capture_points, page);
    }
    render_coverage(&set.coverage, page);
    render_flows(set, page);
    render_findings(set, page);
    if !set.warnings.is_empty() {
        page.heading(&message!("Damage"));
    }
    for warning in &set.warnings {
        page.paragraph(&message!("  warning: "), warning);
    }
}

/// Flows by relation, with what became of their packets.
fn render_flows(set: &BaselineSetReport, page: &mut Page<'_>) {
    if set.flows.is_empty() {
        return;
    }
    page.heading(&message!("Flows"));
    let mut flows: Vec<&StoredFlow> = set.flows.iter().collect();
    flows.sort_by_key(|stored| importance(stored.flow.relation));
    let widths = flows
        .iter()
        .map(|stored| page.signs(&short(&stored.flow, page.language)).width());
    let width = widths.max().unwrap_or(0).min(page.names());
    let mut relation = "";
    for stored in flows {
        if stored.flow.relation != relation {
            relation = stored.flow.relation;
            page.line(&message!(
                "  {relation}",
                relation = relation_words(relation)
            ));
        }
        let alike = match stored.stands_for {
            1 => Message::empty(),
            n => message!("; {n} flows that are alike", n),
        };
        let result = Message::join([outcome(&stored.flow), alike], "");
        let label = page.signs(&short(&stored.flow, page.language));
        if label.width() <= width {
            page.paragraph(&format!("    {}  ", left(&label, width)), &result);
        } else {
            page.paragraph("    ", &label);
            page.paragraph("      ", &result);
        }
    }
}

fn render_findings(set: &BaselineSetReport, page: &mut Page<'_>) {
    if set.findings.is_empty() {
        return;
    }
    page.heading(&message!("Not healthy in it"));
    for finding in &set.findings {
        let first = message!(
            "  {severity} {rule}: ",
            severity = Message::text(finding.severity),
            rule = finding.rule
        );
        page.paragraph(&first, &finding.title);
    }
}
