//! What a baseline holds, as text.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use super::flow_line::{importance, outcome, short};
use super::inspect::{render_coverage, render_node};
use super::layout::{Page, count, left};
use crate::report::inspect::{BaselineReport, BaselineSetReport, StoredFlow};

/// Renders what a baseline holds as text.
#[must_use]
pub fn render_baseline_text(report: &BaselineReport, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    page.line(&format!(
        "netdiff {}: a baseline of {}",
        report.tool.version,
        count(report.sets.len() as u64, "set")
    ));
    let writer = report.written_by.as_ref();
    let writer = writer.map_or_else(String::new, |writer| format!(", written by {writer}"));
    page.paragraph(
        "  ",
        &format!(
            "{} – version {}{writer}, {} KB, no packets",
            report.path,
            report.baseline_version,
            report.bytes.div_ceil(1_000)
        ),
    );
    for set in &report.sets {
        render_set(set, &mut page);
    }
    page.finish()
}

fn render_set(set: &BaselineSetReport, page: &mut Page<'_>) {
    page.heading(&format!("Set {}", set.path));
    let packets: u64 = set.capture_points.iter().map(|p| p.packets).sum();
    page.paragraph(
        "  ",
        &format!(
            "{}, {}, {}, {}",
            count(set.nodes.len() as u64, "node"),
            count(set.capture_points.len() as u64, "capture point"),
            count(packets, "packet"),
            count(set.flows_held(), "flow")
        ),
    );
    page.line(if set.anonymized {
        "  names and addresses are replaced"
    } else {
        "  names and addresses are those of the cluster"
    });
    if let Some(selected) = &set.selected {
        page.paragraph("  a part of the set, selected by: ", selected);
    }
    if set.flows_left_out > 0 {
        let flows = count(set.flows_left_out, "flow");
        page.paragraph("  ", &format!("{flows} of rarer kinds left out"));
    }
    page.heading("Capture points");
    for node in &set.nodes {
        render_node(node, &set.capture_points, page);
    }
    render_coverage(&set.coverage, page);
    render_flows(set, page);
    render_findings(set, page);
    if !set.warnings.is_empty() {
        page.heading("Damage");
    }
    for warning in &set.warnings {
        page.paragraph("  warning: ", warning);
    }
}

/// Flows by relation, with what became of their packets.
fn render_flows(set: &BaselineSetReport, page: &mut Page<'_>) {
    if set.flows.is_empty() {
        return;
    }
    page.heading("Flows");
    let mut flows: Vec<&StoredFlow> = set.flows.iter().collect();
    flows.sort_by_key(|stored| importance(stored.flow.relation));
    let widths = flows
        .iter()
        .map(|stored| page.signs(&short(&stored.flow)).width());
    let width = widths.max().unwrap_or(0).min(page.names());
    let mut relation = "";
    for stored in flows {
        if stored.flow.relation != relation {
            relation = stored.flow.relation;
            page.line(&format!("  {}", relation.replace('-', " ")));
        }
        let alike = match stored.stands_for {
            1 => String::new(),
            n => format!("; {n} flows that are alike"),
        };
        let result = format!("{}{alike}", outcome(&stored.flow));
        let label = page.signs(&short(&stored.flow));
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
    page.heading("Not healthy in it");
    for finding in &set.findings {
        let first = format!("  {} {}: ", finding.severity, finding.rule);
        page.paragraph(&first, &finding.title);
    }
}
