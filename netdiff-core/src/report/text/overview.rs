//! The first line, the differences, what did not change, and the sets.

use unicode_width::UnicodeWidthStr;

use super::clock::render_clocks;
use super::flow_line::{FlowIndex, importance, outcome, relation_words, short};
use super::layout::{Page, count, left};
use crate::report::folded::folded_words;
use crate::report::model::{CapturePointReport, DifferenceReport, Report, SetName, SetReport};
use crate::report::model_flow::FlowReport;
use crate::report::summary::{Counts, nothing_found, with_ignored};
use crate::types::{Message, Noun, Say};

/// Flows listed as unchanged before the rest is only counted.
const MAX_UNCHANGED: usize = 24;

/// Flows of one set listed as such before the rest is only counted.
const MAX_UNPAIRED: usize = 8;

/// The whole result in one line.
pub(super) fn verdict_line(report: &Report, page: &mut Page<'_>) {
    let styles = page.options.styles;
    let counts = Counts::of(report);
    let colored = |style: &str, n: u64, what: Noun| {
        let (style, reset) = match style {
            "" => ("", ""),
            style => (style, styles.reset),
        };
        (n > 0).then(|| Message::join([style.said(), count(n, what), reset.said()], ""))
    };
    let parts = [
        colored(styles.error, counts.errors, noun!("error")),
        colored(styles.warning, counts.warnings, noun!("warning")),
        colored("", counts.differences, noun!("significant difference")),
    ];
    let parts: Vec<Message> = parts.into_iter().flatten().collect();
    let what = if parts.is_empty() {
        let nothing = nothing_found(report);
        Message::join([styles.good.said(), nothing, styles.reset.said()], "")
    } else {
        Message::list(&parts, text!(", "))
    };
    let what = with_ignored(what, report);
    page.paragraph(
        &Message::verbatim(format!("netdiff {}: ", report.tool.version)),
        &what,
    );
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
    let flows = named.count() as u64;
    page.line(&message!(
        "  {kind} ({flows})",
        kind = Message::text(difference.kind),
        flows = count(flows, noun!("flow"))
    ));
    page.paragraph(&message!("    reference: "), &difference.reference);
    page.paragraph(&message!("    failing:   "), &difference.failing);
}

/// In one line: what is merely different.
pub(super) fn render_minor_difference(difference: &DifferenceReport, page: &mut Page<'_>) {
    page.paragraph(
        &message!("  {kind}: ", kind = Message::text(difference.kind)),
        &message!(
            "{failing} (reference: {reference})",
            failing = difference.failing,
            reference = difference.reference
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
    page.heading(&message!("Not different"));
    flows.sort_by_key(|(_, failing)| importance(failing.relation));
    let width = flows
        .iter()
        .map(|(_, failing)| page.signs(&short(failing, page.language)).width())
        .max()
        .unwrap_or(0)
        .min(page.names());
    let mut relation = "";
    for (reference, failing) in flows.iter().take(MAX_UNCHANGED) {
        if failing.relation != relation {
            relation = failing.relation;
            page.line(&message!(
                "  {relation}",
                relation = relation_words(relation)
            ));
        }
        let (before, now) = (outcome(reference), outcome(failing));
        let result = if before == now {
            now
        } else {
            message!("{now} (reference: {before})", now, before)
        };
        let label = page.signs(&short(failing, page.language));
        if label.width() <= width {
            page.paragraph(&format!("    {}  ", left(&label, width)), &result);
        } else {
            page.paragraph("    ", &label);
            page.paragraph("      ", &result);
        }
    }
    let more = flows.len().saturating_sub(MAX_UNCHANGED);
    if more > 0 {
        page.line(&message!(
            "    and {more}",
            more = count(more as u64, noun!("more flow"))
        ));
    }
}

/// Flows that only one set has.
pub(super) fn render_unpaired(report: &Report, page: &mut Page<'_>) {
    let language = page.language;
    let lone = |set: SetName| {
        let flows = report
            .flows
            .iter()
            .filter(|flow| flow.set == set && flow.counterpart.is_none());
        flows
            .filter(|flow| flow.key.service.as_deref() != Some("icmp-error"))
            .map(|flow| Message::verbatim(short(flow, language)))
            .collect::<Vec<_>>()
    };
    for set in [SetName::Reference, SetName::Failing] {
        let flows = lone(set);
        if flows.is_empty() {
            continue;
        }
        page.blank();
        let more = flows.len().saturating_sub(MAX_UNPAIRED);
        let mut names: Vec<Message> = flows.into_iter().take(MAX_UNPAIRED).collect();
        if more > 0 {
            names.push(message!("and {more} more", more));
        }
        let first = message!("  only in {set}: ", set = Message::text(set.name()));
        page.paragraph(&first, &Message::join(names, text!("; ")));
    }
}

/// Flows that are only counted.
pub(super) fn render_folded(report: &Report, page: &mut Page<'_>) {
    if let Some(words) = folded_words(report) {
        page.heading(&message!("Only counted"));
        page.paragraph("  ", &words);
    }
}

/// What was read.
pub(super) fn render_sets(report: &Report, page: &mut Page<'_>) {
    page.heading(&message!("Captures"));
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
        SetName::Set => Message::empty(),
        _ => message!("{set}: ", set = Message::text(name.name())),
    };
    page.paragraph(
        "  ",
        &message!(
            "{label}{path} – {nodes}, {points}, {packets}",
            label,
            path = set.path,
            nodes = count(set.nodes.len() as u64, noun!("node")),
            points = count(set.capture_points.len() as u64, noun!("capture point")),
            packets = count(packets, noun!("packet"))
        ),
    );
    page.paragraph("    ", &accounting(report, name));
    let silent = set.capture_points.iter().filter(|p| p.packets == 0);
    let silent: Vec<String> = silent
        .map(|p| format!("{}/{}", p.node, p.interface))
        .collect();
    if !silent.is_empty() {
        page.paragraph(
            &message!("    saw nothing: "),
            &Message::list(&silent, text!(", ")),
        );
    }
    for (what, count) in [
        (
            message!("datagrams with fragments missing: "),
            (|p| p.incomplete_datagrams) as fn(&CapturePointReport) -> u64,
        ),
        (message!("datagrams with overlapping fragments: "), |p| {
            p.overlapping_datagrams
        }),
    ] {
        let points = set.capture_points.iter().filter(|p| count(p) > 0);
        let points: Vec<Message> = points
            .map(|p| {
                message!(
                    "{n} at {node}/{interface}",
                    n = count(p),
                    node = p.node,
                    interface = p.interface
                )
            })
            .collect();
        if !points.is_empty() {
            page.paragraph(
                &message!("    {what}", what),
                &Message::list(&points, text!(", ")),
            );
        }
    }
    render_clocks(&set.clocks, page);
    for warning in &set.warnings {
        page.paragraph(&message!("    warning: "), warning);
    }
}

fn accounting(report: &Report, name: SetName) -> Message {
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
    let mut parts = vec![message!(
        "{n} {word}",
        n = sum(|a| a.matched),
        word = message!("matched")
    )];
    for (n, word) in [
        (sum(|a| a.duplicate), message!("copies")),
        (sum(|a| a.fragment_part), message!("fragments")),
        (
            sum(|a| a.outside_window),
            message!("outside the common window"),
        ),
        (unmatched("link-local"), message!("link-local")),
        (unmatched("lost"), message!("lost")),
        (
            unmatched("assumed-lost"),
            message!("missing at a silent capture"),
        ),
        (
            unmatched("no-other-point"),
            message!("seen at one point only"),
        ),
        (unmatched("rejected"), message!("rejected")),
        (
            unmatched("not-covered"),
            message!("filtered out further on"),
        ),
        (unmatched("unknown"), message!("unknown")),
        (unmatched("not-ip"), message!("not IP")),
        (unmatched("cut"), message!("cut by the capture")),
        (unmatched("no-time"), message!("without a time")),
        (
            unmatched("beyond-limit"),
            message!("at more interfaces than are told apart"),
        ),
    ] {
        if n > 0 {
            parts.push(message!("{n} {word}", n, word));
        }
    }
    let residual: i64 = points.iter().map(|a| a.residual).sum();
    if residual != 0 {
        parts.push(message!(
            "{residual} unaccounted for (a defect in netdiff)",
            residual
        ));
    }
    Message::list(&parts, text!(", "))
}
