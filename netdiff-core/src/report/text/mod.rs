//! The report as text for a terminal: what is wrong first, then where the sets part, then what is fine.

mod baseline;
mod clock;
mod columns;
mod explain;
mod finding;
pub(in crate::report) mod flow_line;
mod hop_notes;
mod ignored;
mod inspect;
mod inspect_contents;
mod ladder;
mod layout;
mod overview;
pub(in crate::report) mod parts;
mod selection;

use super::model::{ComparisonReport, DivergenceReport, PointName, Report, SetReport};
use super::model_flow::FlowReport;
pub use baseline::render_baseline_text;
pub use explain::{render_rule_text, render_rules_text};
pub(super) use flow_line::short;
pub use inspect::render_inspect_text;

use crate::types::Message;
use flow_line::FlowIndex;
use layout::Page;

/// How to render text. Whoever knows the terminal decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns to fill; lines are wrapped, but not below [`TextOptions::MIN_WIDTH`].
    pub width: usize,
    /// Escape codes for emphasis.
    pub styles: Styles,
    /// How many ladders to draw before the rest is only counted.
    pub max_ladders: usize,
    /// Whether to say why each hop stands where it stands, what it changed and what expectations rest on.
    pub verbose: bool,
    /// ASCII in place of netdiff's own signs (`->` for `→`, `us` for `µs`); names stay as they are.
    pub ascii: bool,
}

impl TextOptions {
    /// Below this many columns lines are no longer wrapped, but left to the terminal.
    pub const MIN_WIDTH: usize = 40;
    /// The width where nothing is known about the terminal.
    pub const DEFAULT_WIDTH: usize = 80;
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            width: Self::DEFAULT_WIDTH,
            styles: Styles::PLAIN,
            max_ladders: 12,
            verbose: false,
            ascii: false,
        }
    }
}

/// ANSI escape codes (ECMA-48) for each use; empty for plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Styles {
    pub(super) error: &'static str,
    pub(super) warning: &'static str,
    pub(super) note: &'static str,
    pub(super) good: &'static str,
    pub(super) heading: &'static str,
    pub(super) faint: &'static str,
    pub(super) reset: &'static str,
}

impl Styles {
    /// No codes at all.
    pub const PLAIN: Self = Self {
        error: "",
        warning: "",
        note: "",
        good: "",
        heading: "",
        faint: "",
        reset: "",
    };

    /// The eight basic colors, which terminals map to what is readable on their background.
    pub const COLORED: Self = Self {
        error: "\x1b[1;31m",
        warning: "\x1b[1;33m",
        note: "\x1b[36m",
        good: "\x1b[32m",
        heading: "\x1b[1m",
        faint: "\x1b[2m",
        reset: "\x1b[0m",
    };

    pub(super) fn of_severity(&self, severity: &str) -> &'static str {
        match severity {
            "error" => self.error,
            "warning" => self.warning,
            _ => self.note,
        }
    }
}

/// Renders a report as text.
#[must_use]
pub fn render_text(report: &Report, options: &TextOptions) -> String {
    let mut page = Page::new(options, report.language);
    let flows = FlowIndex::new(report);
    overview::verdict_line(report, &mut page);
    selection::render_selection(report, &mut page);
    for finding in &report.findings {
        finding::render_finding(finding, &flows, &mut page);
    }
    match (&report.set, &report.reference, &report.failing) {
        (Some(set), ..) => render_trace_flows(report, set, &mut page),
        (None, Some(reference), Some(failing)) => {
            render_differences(report, &flows, &mut page);
            render_comparisons(report, (reference, failing), &flows, &mut page);
        }
        _ => {}
    }
    overview::render_folded(report, &mut page);
    overview::render_sets(report, &mut page);
    ignored::render_ignored(report, &mut page);
    page.finish()
}

fn render_differences(report: &Report, flows: &FlowIndex<'_>, page: &mut Page<'_>) {
    let (significant, others): (Vec<_>, Vec<_>) =
        report.differences.iter().partition(|d| d.significant);
    // What is in one set only, or was captured in one only, is listed further down.
    let others: Vec<_> = others
        .into_iter()
        .filter(|d| !matches!(d.kind, "unpaired" | "coverage"))
        .collect();
    if !significant.is_empty() {
        page.heading(&message!("What differs"));
    }
    for difference in &significant {
        overview::render_difference(difference, flows, page);
    }
    if !others.is_empty() {
        page.heading(&message!("Differs too, and alone does no harm"));
    }
    for difference in others {
        overview::render_minor_difference(difference, page);
    }
}

fn render_comparisons(
    report: &Report,
    sets: (&SetReport, &SetReport),
    flows: &FlowIndex<'_>,
    page: &mut Page<'_>,
) {
    let ladders = ladders_of(report, flows);
    if !ladders.is_empty() {
        page.heading(&message!("Hop by hop"));
    }
    for comparison in ladders.iter().take(page.options.max_ladders) {
        render_comparison(comparison, sets, flows, page);
    }
    folded(ladders.len(), page);
    render_others(report, flows, page);
}

/// The comparisons whose ladders are worth a look: what differs, then what crosses between pods' nodes even where nothing differs.
pub(in crate::report) fn ladders_of<'a>(
    report: &'a Report,
    flows: &FlowIndex<'_>,
) -> Vec<&'a ComparisonReport> {
    let crosses = |c: &&ComparisonReport| {
        flows.get(&c.failing).is_some_and(|flow| {
            flow.relation.contains("cross") || flow.relation.contains("remote-pod")
        })
    };
    let mut differing: Vec<_> = report.comparisons.iter().filter(|c| c.differs).collect();
    // What is ignored must not take the place of what is not.
    differing.sort_by_key(|c| c.ignored);
    let same = report.comparisons.iter().filter(|c| !c.differs);
    differing.into_iter().chain(same.filter(crosses)).collect()
}

/// The flows of a trace: trouble first, then what crosses nodes; of equals, the report's order.
pub(in crate::report) fn flows_by_trouble(report: &Report) -> Vec<&FlowReport> {
    let mut flows: Vec<&FlowReport> = report.flows.iter().collect();
    flows.sort_by_key(|flow| {
        let ends = [flow.forward.dispositions, flow.reply.dispositions];
        let lost: u64 = ends.iter().map(|end| end.lost + end.assumed_lost).sum();
        (lost == 0, flow_line::importance(flow.relation))
    });
    flows
}

/// What is the same in both sets, and what is in one alone.
fn render_others(report: &Report, flows: &FlowIndex<'_>, page: &mut Page<'_>) {
    let same = report.comparisons.iter().filter(|c| !c.differs);
    let quiet: Vec<(&FlowReport, &FlowReport)> = same
        .filter_map(|c| Some((flows.get(&c.reference)?, flows.get(&c.failing)?)))
        .collect();
    overview::render_unchanged(&quiet, page);
    overview::render_unpaired(report, page);
}

fn render_comparison(
    comparison: &ComparisonReport,
    sets: (&SetReport, &SetReport),
    flows: &FlowIndex<'_>,
    page: &mut Page<'_>,
) {
    let (Some(reference), Some(failing)) = (
        flows.get(&comparison.reference),
        flows.get(&comparison.failing),
    ) else {
        return;
    };
    flow_line::render_title(failing, page);
    render_side_by_side(comparison, sets, (reference, failing), page);
}

/// What stands below a title.
fn render_side_by_side(
    comparison: &ComparisonReport,
    sets: (&SetReport, &SetReport),
    (reference, failing): (&FlowReport, &FlowReport),
    page: &mut Page<'_>,
) {
    if let Some(divergence) = &comparison.divergence {
        page.paragraph("  ", &parting(divergence));
    }
    if page.options.verbose {
        page.paragraph(
            &message!("  paired by "),
            &Message::join(
                comparison.paired_by.iter().map(|why| Message::text(why)),
                text!(", "),
            ),
        );
    }
    let sides = ladder::Sides {
        left: page.signs(&message!("reference")),
        right: page.signs(&message!("failing")),
        left_set: sets.0,
        right_set: sets.1,
    };
    let forward = ladder::aligned(&reference.forward, &failing.forward, &comparison.forward);
    ladder::render(&forward, &sides, page);
    if reference.reply.hops.is_empty() && failing.reply.hops.is_empty() {
        page.blank();
        return;
    }
    if failing.reply.hops.is_empty() {
        let text = message!(
            "replies: {packets} in the reference, none in the failing set",
            packets = packets(reference)
        );
        page.paragraph("  ", &text);
    } else {
        page.line(&message!("  replies"));
        let reply = ladder::aligned(&reference.reply, &failing.reply, &comparison.reply);
        ladder::render(&reply, &sides, page);
    }
    page.blank();
}

/// Where the two part, and which finding explains it.
pub(in crate::report) fn parting(divergence: &DivergenceReport) -> Message {
    let name = |point: &PointName| format!("{}/{}", point.node, point.interface);
    let place = match (divergence.direction, &divergence.after, &divergence.at) {
        ("reply", Some(after), Some(at)) => message!(
            "the replies part between {after} and {at}",
            after = name(after),
            at = name(at)
        ),
        ("reply", Some(after), None) => {
            message!("the replies part behind {after}", after = name(after))
        }
        ("reply", None, Some(at)) => message!("the replies part at {at}", at = name(at)),
        ("reply", None, None) => message!("the replies part at the first hop"),
        (_, Some(after), Some(at)) => message!(
            "they part between {after} and {at}",
            after = name(after),
            at = name(at)
        ),
        (_, Some(after), None) => message!("they part behind {after}", after = name(after)),
        (_, None, Some(at)) => message!("they part at {at}", at = name(at)),
        (_, None, None) => message!("they part at the first hop"),
    };
    match divergence.finding {
        Some(rule) => message!("{place}: {rule}", place, rule),
        None => place,
    }
}

fn packets(flow: &FlowReport) -> u64 {
    flow.reply
        .hops
        .iter()
        .map(|hop| hop.packets)
        .max()
        .unwrap_or(0)
}

fn folded(all: usize, page: &mut Page<'_>) {
    let left = all.saturating_sub(page.options.max_ladders);
    if left > 0 {
        let text = message!(
            "{left} more ladders are left out here; --format json has them all",
            left
        );
        page.paragraph("", &text);
        page.blank();
    }
}

/// What stands below a title.
fn render_there_and_back(report: &Report, flow: &FlowReport, set: &SetReport, page: &mut Page<'_>) {
    let (left, right) = match report.selection {
        Some(_) => (message!("selected"), message!("selected replies")),
        None => (message!("packets"), message!("replies")),
    };
    let sides = ladder::Sides {
        left: page.signs(&left),
        right: page.signs(&right),
        left_set: set,
        right_set: set,
    };
    ladder::render(&ladder::there_and_back(flow), &sides, page);
}

fn render_trace_flows(report: &Report, set: &SetReport, page: &mut Page<'_>) {
    let flows = flows_by_trouble(report);
    if !flows.is_empty() {
        page.heading(&message!("Hop by hop"));
    }
    for flow in flows.iter().take(page.options.max_ladders) {
        flow_line::render_title(flow, page);
        render_there_and_back(report, flow, set, page);
        page.blank();
    }
    folded(flows.len(), page);
}
