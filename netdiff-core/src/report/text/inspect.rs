//! The report of `netdiff inspect` as text: places, coverage, advice; then what the packets hold.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use super::clock::render_clocks;
use super::inspect_contents::{render_addresses, render_decoding, render_tunnels};
use super::layout::{Page, count, left, right};
use crate::report::inspect::{CoverageRow, InspectReport, InspectedNode, InspectedPoint};
use crate::types::Nanos;

/// Widths of the parts of a capture point's line, in columns.
const INTERFACE: usize = 16;
const ROLE: usize = 9;
const PACKETS: usize = 8;

/// Width of the two times of a capture point.
const TIMES: usize = 28;

/// Width of a cell of the coverage matrix.
const CELL: usize = 10;

/// Renders the report of `netdiff inspect` as text.
#[must_use]
pub fn render_inspect_text(report: &InspectReport, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    let packets: u64 = report.capture_points.iter().map(|p| p.packets).sum();
    page.line(&format!(
        "netdiff {}: {}, {}, {}",
        report.tool.version,
        count(report.nodes.len() as u64, "node"),
        count(report.capture_points.len() as u64, "capture point"),
        count(packets, "packet")
    ));
    page.heading("Capture points");
    for node in &report.nodes {
        render_node(node, &report.capture_points, &mut page);
    }
    render_clocks(&report.clocks, &mut page);
    render_coverage(&report.coverage, &mut page);
    render_advice(report, &mut page);
    render_tunnels(report, &mut page);
    render_addresses(report, &mut page);
    render_decoding(report, &mut page);
    if !report.warnings.is_empty() {
        page.heading("Damage");
    }
    for warning in &report.warnings {
        page.paragraph("  warning: ", warning);
    }
    page.finish()
}

/// A node with its capture points.
pub(super) fn render_node(node: &InspectedNode, points: &[InspectedPoint], page: &mut Page<'_>) {
    page.line(&format!("  {}", node.name));
    let window = window(node.first_time.as_deref(), node.last_time.as_deref(), false);
    page.paragraph("    ", &format!("{window}{}", clock(node)));
    for point in points.iter().filter(|point| point.node == node.name) {
        render_point(point, page);
    }
    page.blank();
}

/// `; clock 12.3 ms ahead of the first node's, ± 4 µs`.
fn clock(node: &InspectedNode) -> String {
    let (Some(offset), Some(error)) = (node.clock_offset_ns, node.clock_error_ns) else {
        return String::new();
    };
    let size = Nanos(offset.saturating_abs());
    let side = match offset {
        0 if error == 0 => return String::new(),
        _ if size.0 <= error => return format!("; clock as the first node's, ± {}", Nanos(error)),
        0.. => "ahead of",
        _ => "behind",
    };
    format!("; clock {size} {side} the first node's, ± {}", Nanos(error))
}

fn render_point(point: &InspectedPoint, page: &mut Page<'_>) {
    let basis = match point.role_basis {
        Some("stated") => "stated",
        Some("packets") => "by packets",
        Some(_) => "by name",
        None => "",
    };
    let mut interface = point.interface.as_str();
    if interface.width() > INTERFACE {
        page.paragraph("    ", interface);
        interface = "";
    }
    let line = format!(
        "    {} {} {} {}",
        left(interface, INTERFACE),
        left(point.role, ROLE),
        left(basis, CELL),
        right(&point.packets.to_string(), PACKETS),
    );
    let first = point.first_time.as_deref();
    let times = window(first, point.last_time.as_deref(), true);
    if line.width() + 2 + TIMES > page.width() {
        page.line(&line);
        page.line(&format!("      {times}"));
    } else {
        page.line(&format!("{line}  {times}"));
    }
    let mut facts = point.files.clone();
    facts.extend(point.link_type.clone());
    facts.extend(point.snap_length.map(|n| format!("snap length {n}")));
    facts.extend(point.dropped.map(|n| format!("{n} dropped")));
    facts.extend(point.filters.iter().map(|f| format!("filter `{f}`")));
    page.styled_paragraph(page.options.styles.faint, "      ", &facts.join(", "));
}

/// From when to when; the time of day alone where `short`.
fn window(first: Option<&str>, last: Option<&str>, short: bool) -> String {
    let (Some(first), Some(last)) = (first, last) else {
        return "no packets".to_owned();
    };
    let part = |time: &str| match short {
        true => time.get(11..23).unwrap_or(time).to_owned(),
        false => time.to_owned(),
    };
    format!("{} to {}", part(first), part(last))
}

/// What was captured where, as a matrix.
pub(super) fn render_coverage(rows: &[CoverageRow], page: &mut Page<'_>) {
    page.heading("Coverage");
    let styles = page.options.styles;
    let names = rows.iter().map(|row| row.node.width());
    let room = page.width().saturating_sub(4 + 4 * CELL).max(8);
    let width = names.max().unwrap_or(0).clamp(8, room) + 2;
    let Some(first) = rows.first() else {
        return;
    };
    let mut head = format!("  {}", " ".repeat(width));
    for (role, _) in first.cells() {
        head.push_str(&left(role.name(), CELL));
    }
    page.line(&head);
    for row in rows {
        let fits = row.node.width() < width;
        if !fits {
            page.line(&format!("  {}", row.node));
        }
        let name = if fits { row.node.as_str() } else { "" };
        let mut line = format!("  {}", left(name, width));
        for (_, cell) in row.cells() {
            let style = match cell.state {
                "captured" => styles.good,
                "empty" => styles.note,
                _ => styles.warning,
            };
            let reset = if style.is_empty() { "" } else { styles.reset };
            line.push_str(&format!("{style}{}{reset}", left(cell.state, CELL)));
        }
        page.line(&line);
    }
    page.blank();
}

fn render_advice(report: &InspectReport, page: &mut Page<'_>) {
    if report.coverage.is_empty() {
        return;
    }
    if report.advice.is_empty() {
        page.line("  Nothing is missing that would tell more.");
        return;
    }
    page.line("  What to do next");
    for advice in &report.advice {
        page.paragraph("   - ", &advice.text);
    }
}
