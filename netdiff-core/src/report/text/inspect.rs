//! The report of `netdiff inspect` as text: places, coverage, advice; then what the packets hold.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use super::clock::render_clocks;
use super::inspect_contents::{render_addresses, render_decoding, render_tunnels};
use super::layout::{Page, count, left, right};
use crate::report::inspect::{CoverageRow, InspectReport, InspectedNode, InspectedPoint};
use crate::types::{Message, Nanos, Say};

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
    let mut page = Page::new(options, report.language);
    let packets: u64 = report.capture_points.iter().map(|p| p.packets).sum();
    page.line(&message!(
        "netdiff {version}: {nodes}, {capture_points}, {packets}",
        version = report.tool.version,
        nodes = count(report.nodes.len() as u64, noun!("node")),
        capture_points = count(report.capture_points.len() as u64, noun!("capture point")),
        packets = count(packets, noun!("packet"))
    ));
    page.heading(&message!("Capture points"));
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
        page.heading(&message!("Damage"));
    }
    for warning in &report.warnings {
        page.paragraph(&message!("  warning: "), warning);
    }
    page.finish()
}

/// A node with its capture points.
pub(super) fn render_node(node: &InspectedNode, points: &[InspectedPoint], page: &mut Page<'_>) {
    page.line(&format!("  {}", node.name));
    let window = window(node.first_time.as_deref(), node.last_time.as_deref(), false);
    page.paragraph("    ", &Message::join([window, clock(node)], ""));
    for point in points.iter().filter(|point| point.node == node.name) {
        render_point(point, page);
    }
    page.blank();
}

/// `; clock 12.3 ms ahead of the first node's, ± 4 µs`.
fn clock(node: &InspectedNode) -> Message {
    let (Some(offset), Some(error)) = (node.clock_offset_ns, node.clock_error_ns) else {
        return Message::empty();
    };
    let size = Nanos(offset.saturating_abs());
    let bound = Nanos(error);
    match offset {
        0 if error == 0 => Message::empty(),
        _ if size.0 <= error => message!("; clock as the first node's, ± {bound}", bound),
        0.. => message!(
            "; clock {size} ahead of the first node's, ± {bound}",
            size,
            bound
        ),
        _ => message!(
            "; clock {size} behind the first node's, ± {bound}",
            size,
            bound
        ),
    }
}

fn render_point(point: &InspectedPoint, page: &mut Page<'_>) {
    let basis = match point.role_basis {
        Some("stated") => message!("stated"),
        Some("packets") => message!("by packets"),
        Some(_) => message!("by name"),
        None => Message::empty(),
    };
    let basis = page.signs(&basis);
    let mut interface = point.interface.as_str();
    if interface.width() > INTERFACE {
        page.paragraph("    ", interface);
        interface = "";
    }
    let line = format!(
        "    {} {} {} {}",
        left(interface, INTERFACE),
        left(point.role, ROLE),
        left(&basis, CELL),
        right(&point.packets.to_string(), PACKETS),
    );
    let first = point.first_time.as_deref();
    let times = page.signs(&window(first, point.last_time.as_deref(), true));
    if line.width() + 2 + TIMES > page.width() {
        page.line(&line);
        page.line(&format!("      {times}"));
    } else {
        page.line(&format!("{line}  {times}"));
    }
    let named = point.files.iter().chain(&point.link_type);
    let mut facts: Vec<Message> = named.map(Say::said).collect();
    facts.extend(point.snap_length.map(|n| message!("snap length {n}", n)));
    facts.extend(point.dropped.map(|n| message!("{n} dropped", n)));
    facts.extend(point.filters.iter().map(|f| message!("filter `{f}`", f)));
    page.styled_paragraph(
        page.options.styles.faint,
        "      ",
        &Message::list(&facts, text!(", ")),
    );
}

/// From when to when; the time of day alone where `short`.
fn window(first: Option<&str>, last: Option<&str>, short: bool) -> Message {
    let (Some(first), Some(last)) = (first, last) else {
        return message!("no packets");
    };
    let part = |time: &str| match short {
        true => time.get(11..23).unwrap_or(time).to_owned(),
        false => time.to_owned(),
    };
    message!("{first} to {last}", first = part(first), last = part(last))
}

/// What was captured where, as a matrix.
pub(super) fn render_coverage(rows: &[CoverageRow], page: &mut Page<'_>) {
    page.heading(&message!("Coverage"));
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
            line.push_str(&format!(
                "{style}{}{reset}",
                left(page.language.text(cell.state), CELL)
            ));
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
        page.line(&message!("  Nothing is missing that would tell more."));
        return;
    }
    page.line(&message!("  What to do next"));
    for advice in &report.advice {
        page.paragraph("   - ", &advice.text);
    }
}
