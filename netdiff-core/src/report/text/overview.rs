//! The first line, the differences, what did not change, and the sets.

use unicode_width::UnicodeWidthStr;

use super::clock::render_clocks;
use super::flow_line::{FlowIndex, importance, outcome, short};
use super::layout::{Page, count, left};
use crate::report::model::{CapturePointReport, DifferenceReport, Report, SetName, SetReport};
use crate::report::model_flow::FlowReport;

/// Flows listed as unchanged before the rest is only counted.
const MAX_UNCHANGED: usize = 24;

/// Flows of one set listed as such before the rest is only counted.
const MAX_UNPAIRED: usize = 8;

/// The whole result in one line.
pub(super) fn verdict_line(report: &Report, page: &mut Page<'_>) {
    let styles = page.options.styles;
    let errors = report
        .findings
        .iter()
        .filter(|f| f.severity == "error")
        .count() as u64;
    let warnings = report
        .findings
        .iter()
        .filter(|f| f.severity == "warning")
        .count() as u64;
    let significant = report.differences.iter().filter(|d| d.significant).count() as u64;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(format!(
            "{}{}{}",
            styles.error,
            count(errors, "error"),
            styles.reset
        ));
    }
    if warnings > 0 {
        parts.push(format!(
            "{}{}{}",
            styles.warning,
            count(warnings, "warning"),
            styles.reset
        ));
    }
    if significant > 0 {
        parts.push(count(significant, "significant difference"));
    }
    let of_what = match report.selection {
        Some(_) => " in what is selected",
        None => "",
    };
    let what = match parts.len() {
        0 if report.set.is_some() => {
            format!("{}no error found{of_what}{}", styles.good, styles.reset)
        }
        0 => format!(
            "{}no error and no significant difference{of_what}{}",
            styles.good, styles.reset
        ),
        _ => parts.join(", "),
    };
    let ignored: usize = report
        .ignored
        .iter()
        .map(|i| i.findings.len() + i.differences.len())
        .sum();
    let what = match ignored {
        0 => what,
        n => format!("{what}, {n} ignored"),
    };
    page.paragraph(&format!("netdiff {}: ", report.tool.version), &what);
}

pub(super) fn render_difference(
    difference: &DifferenceReport,
    flows: &FlowIndex<'_>,
    page: &mut Page<'_>,
) {
    let named = difference
        .flows
        .iter()
        .filter_map(|id| flows.get(id))
        .filter(|f| f.set == SetName::Failing);
    let names: Vec<String> = named.map(short).collect();
    page.line(&format!(
        "  {} ({})",
        difference.kind,
        count(names.len() as u64, "flow")
    ));
    page.paragraph("    reference: ", &difference.reference);
    page.paragraph("    failing:   ", &difference.failing);
}

/// In one line: what is merely different.
pub(super) fn render_minor_difference(difference: &DifferenceReport, page: &mut Page<'_>) {
    page.paragraph(
        &format!("  {}: ", difference.kind),
        &format!(
            "{} (reference: {})",
            difference.failing, difference.reference
        ),
    );
}

/// Flows that went the same way in both sets, by relation.
pub(super) fn render_unchanged(flows: &[(&FlowReport, &FlowReport)], page: &mut Page<'_>) {
    let mut flows: Vec<_> = flows
        .iter()
        .filter(|(_, failing)| failing.key.service.as_deref() != Some("icmp-error"))
        .collect();
    if flows.is_empty() {
        return;
    }
    page.heading("Not different");
    flows.sort_by_key(|(_, failing)| importance(failing.relation));
    let width = flows
        .iter()
        .map(|(_, failing)| page.signs(&short(failing)).width())
        .max()
        .unwrap_or(0)
        .min(page.names());
    let mut relation = "";
    for (reference, failing) in flows.iter().take(MAX_UNCHANGED) {
        if failing.relation != relation {
            relation = failing.relation;
            page.line(&format!("  {}", relation.replace('-', " ")));
        }
        let (before, now) = (outcome(reference), outcome(failing));
        let result = if before == now {
            now
        } else {
            format!("{now} (reference: {before})")
        };
        let label = page.signs(&short(failing));
        if label.width() <= width {
            page.paragraph(&format!("    {}  ", left(&label, width)), &result);
        } else {
            page.paragraph("    ", &label);
            page.paragraph("      ", &result);
        }
    }
    let more = flows.len().saturating_sub(MAX_UNCHANGED);
    if more > 0 {
        page.line(&format!("    and {}", count(more as u64, "more flow")));
    }
}

/// Flows that only one set has.
pub(super) fn render_unpaired(report: &Report, page: &mut Page<'_>) {
    let lone = |set: SetName| {
        let flows = report
            .flows
            .iter()
            .filter(|flow| flow.set == set && flow.counterpart.is_none());
        flows
            .filter(|flow| flow.key.service.as_deref() != Some("icmp-error"))
            .map(short)
            .collect::<Vec<_>>()
    };
    for set in [SetName::Reference, SetName::Failing] {
        let flows = lone(set);
        if flows.is_empty() {
            continue;
        }
        page.blank();
        let more = flows.len().saturating_sub(MAX_UNPAIRED);
        let mut names = flows
            .into_iter()
            .take(MAX_UNPAIRED)
            .collect::<Vec<_>>()
            .join("; ");
        if more > 0 {
            names.push_str(&format!("; and {more} more"));
        }
        page.paragraph(&format!("  only in {}: ", set.name()), &names);
    }
}

/// What was read.
pub(super) fn render_sets(report: &Report, page: &mut Page<'_>) {
    page.heading("Captures");
    for (name, set) in [
        (SetName::Set, &report.set),
        (SetName::Reference, &report.reference),
        (SetName::Failing, &report.failing),
    ] {
        if let Some(set) = set {
            render_set(report, name, set, page);
        }
    }
}

fn render_set(report: &Report, name: SetName, set: &SetReport, page: &mut Page<'_>) {
    let packets: u64 = set.capture_points.iter().map(|p| p.packets).sum();
    let label = match name {
        SetName::Set => String::new(),
        _ => format!("{}: ", name.name()),
    };
    page.paragraph(
        "  ",
        &format!(
            "{label}{} – {}, {}, {}",
            set.path,
            count(set.nodes.len() as u64, "node"),
            count(set.capture_points.len() as u64, "capture point"),
            count(packets, "packet")
        ),
    );
    page.paragraph("    ", &accounting(report, name));
    let silent = set.capture_points.iter().filter(|p| p.packets == 0);
    let silent: Vec<String> = silent
        .map(|p| format!("{}/{}", p.node, p.interface))
        .collect();
    if !silent.is_empty() {
        page.paragraph("    saw nothing: ", &silent.join(", "));
    }
    for (what, count) in [
        (
            "datagrams with fragments missing: ",
            (|p| p.incomplete_datagrams) as fn(&CapturePointReport) -> u64,
        ),
        ("datagrams with overlapping fragments: ", |p| {
            p.overlapping_datagrams
        }),
    ] {
        let points = set.capture_points.iter().filter(|p| count(p) > 0);
        let points: Vec<String> = points
            .map(|p| format!("{} at {}/{}", count(p), p.node, p.interface))
            .collect();
        if !points.is_empty() {
            page.paragraph(&format!("    {what}"), &points.join(", "));
        }
    }
    render_clocks(&set.clocks, page);
    for warning in &set.warnings {
        page.paragraph("    warning: ", warning);
    }
}

fn accounting(report: &Report, name: SetName) -> String {
    let points: Vec<_> = report.accounting.iter().filter(|a| a.set == name).collect();
    let sum = |part: fn(&crate::report::model::AccountingReport) -> u64| {
        points.iter().map(|a| part(a)).sum::<u64>()
    };
    let unmatched = |reason: &str| {
        points
            .iter()
            .filter_map(|a| a.unmatched.get(reason))
            .sum::<u64>()
    };
    let mut parts = vec![format!("{} matched", sum(|a| a.matched))];
    for (n, word) in [
        (sum(|a| a.duplicate), "copies"),
        (sum(|a| a.fragment_part), "fragments"),
        (sum(|a| a.outside_window), "outside the common window"),
        (unmatched("link-local"), "link-local"),
        (unmatched("lost"), "lost"),
        (unmatched("assumed-lost"), "missing at a silent capture"),
        (unmatched("no-other-point"), "seen at one point only"),
        (unmatched("rejected"), "rejected"),
        (unmatched("not-covered"), "filtered out further on"),
        (unmatched("unknown"), "unknown"),
        (unmatched("not-ip"), "not IP"),
        (unmatched("cut"), "cut by the capture"),
        (unmatched("no-time"), "without a time"),
        (
            unmatched("beyond-limit"),
            "at more interfaces than are told apart",
        ),
    ] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    let residual: i64 = points.iter().map(|a| a.residual).sum();
    if residual != 0 {
        parts.push(format!("{residual} unaccounted for (a defect in netdiff)"));
    }
    parts.join(", ")
}
