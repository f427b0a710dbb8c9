//! Hop ladders: one line a capture point, two columns of what was seen there.

use unicode_width::UnicodeWidthStr;

use super::columns::{Columns, short_tunnel};
use super::hop_notes;
use super::layout::{Page, count, left};
use crate::report::model::{LadderLine, PointName, SetReport};
use crate::report::model_flow::{DirectionReport, FlowReport, HopReport, LossReport};
use crate::types::Message;

/// What the two columns stand for.
pub(super) struct Sides<'a> {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) left_set: &'a SetReport,
    pub(super) right_set: &'a SetReport,
}

/// A line: a point, named by the side that has it (by both where they differ).
pub(super) struct Line<'a> {
    pub(super) left: Option<&'a HopReport>,
    pub(super) right: Option<&'a HopReport>,
}

/// The lines of a ladder and where packets were lost on either side.
pub(super) struct Ladder<'a> {
    lines: Vec<Line<'a>>,
    sides: [&'a DirectionReport; 2],
    /// Whether the right column is read upwards.
    back: bool,
}

impl<'a> Ladder<'a> {
    /// Left and right of each line.
    pub(super) fn into_columns(self) -> Vec<(Option<&'a HopReport>, Option<&'a HopReport>)> {
        let lines = self.lines.into_iter();
        lines.map(|line| (line.left, line.right)).collect()
    }
}

/// Two flows' directions side by side.
pub(super) fn aligned<'a>(
    reference: &'a DirectionReport,
    failing: &'a DirectionReport,
    lines: &[LadderLine],
) -> Ladder<'a> {
    let lines = lines.iter().map(|line| Line {
        left: line.reference.and_then(|i| reference.hops.get(i)),
        right: line.failing.and_then(|i| failing.hops.get(i)),
    });
    Ladder {
        lines: lines.collect(),
        sides: [reference, failing],
        back: false,
    }
}

/// One flow's two directions, the replies read upwards.
pub(super) fn there_and_back(flow: &FlowReport) -> Ladder<'_> {
    let same = |a: &HopReport, b: &HopReport| (&a.node, &a.interface) == (&b.node, &b.interface);
    // A point that is passed twice, under two addresses, has two lines.
    let mirrored = |a: &HopReport, b: &HopReport| {
        same(a, b) && (&a.source, &a.destination) == (&b.destination, &b.source)
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut back: Vec<&HopReport> = flow.reply.hops.iter().rev().collect();
    for hop in &flow.forward.hops {
        let place = back.iter().position(|b| mirrored(b, hop));
        if let Some(place) = place.or_else(|| back.iter().position(|b| same(b, hop))) {
            lines.extend(back.drain(..place).map(|b| Line {
                left: None,
                right: Some(b),
            }));
            lines.push(Line {
                left: Some(hop),
                right: back.first().copied(),
            });
            back.remove(0);
        } else {
            lines.push(Line {
                left: Some(hop),
                right: None,
            });
        }
    }
    lines.extend(back.into_iter().map(|b| Line {
        left: None,
        right: Some(b),
    }));
    Ladder {
        lines,
        sides: [&flow.forward, &flow.reply],
        back: true,
    }
}

pub(super) fn render(ladder: &Ladder<'_>, sides: &Sides<'_>, page: &mut Page<'_>) {
    let styles = page.options.styles;
    let columns = columns(ladder, page);
    page.line(&format!(
        "{}{}{}{}{}",
        " ".repeat(columns.before()),
        styles.faint,
        left(&columns.head(&sides.left), columns.side),
        columns.head(&sides.right),
        styles.reset
    ));
    let mut node = String::new();
    let mut before = (None, None);
    for line in &ladder.lines {
        let here = node_name(line);
        if here != node {
            page.paragraph("  ", &here);
            node = here;
        }
        hop_notes::render_translations(line, before, ladder.back, page);
        render_line(line, ladder, sides, &columns, page);
        hop_notes::render_notes(line, ladder.back, page);
        render_ends(line, ladder, page);
        before = (line.left.or(before.0), line.right.or(before.1));
    }
    render_unseen(ladder, page);
    render_gaps(ladder, page);
    render_tunnels(ladder, page);
}

fn columns(ladder: &Ladder<'_>, page: &Page<'_>) -> Columns {
    let plus_minus = if page.options.ascii { "+-" } else { "±" };
    let lines = ladder.lines.iter();
    let names = lines.map(|line| both(line, |hop| &hop.interface).width());
    let names = names.max().unwrap_or(0);
    let hops = ladder.lines.iter();
    let hops = hops.flat_map(|line| line.left.into_iter().chain(line.right));
    Columns::fit(page.width(), names, &hops.collect::<Vec<_>>(), plus_minus)
}

fn node_name(line: &Line<'_>) -> String {
    both(line, |hop| &hop.node)
}

fn both(line: &Line<'_>, name: fn(&HopReport) -> &String) -> String {
    match (line.left.map(name), line.right.map(name)) {
        (Some(l), Some(r)) if l != r => format!("{l} | {r}"),
        (Some(name), _) | (None, Some(name)) => name.clone(),
        (None, None) => String::new(),
    }
}

fn render_line(
    line: &Line<'_>,
    ladder: &Ladder<'_>,
    sides: &Sides<'_>,
    columns: &Columns,
    page: &mut Page<'_>,
) {
    let styles = page.options.styles;
    let role = line.left.or(line.right).map_or("", |hop| hop.role);
    let cell = |hop: Option<&HopReport>,
                other: Option<&HopReport>,
                set: &SetReport,
                losses: &[LossReport]| match hop {
        Some(hop) => (page.signs(&columns.figures(hop)), ""),
        None if other.is_some_and(|other| captured(set, other)) => {
            let style = if losses.is_empty() { "" } else { styles.error };
            (columns.word(page.language.text(text!("none"))), style)
        }
        None => (page.signs(&columns.word("–")), ""),
    };
    let [there, other] = ladder.sides;
    let (l, l_style) = cell(line.left, line.right, sides.left_set, &there.losses);
    let (r, r_style) = cell(line.right, line.left, sides.right_set, &other.losses);
    let reset = |style: &str| if style.is_empty() { "" } else { styles.reset };
    let mut interface = both(line, |hop| &hop.interface);
    if interface.width() > columns.interface {
        // A cut name is another name: it gets a line of its own.
        page.paragraph("    ", &interface);
        interface.clear();
    }
    page.line(&format!(
        "    {} {}{l_style}{}{}{r_style}{}{}",
        left(&interface, columns.interface),
        left(role, columns.role),
        left(&l, columns.side),
        reset(l_style),
        left(&r, columns.side).trim_end(),
        reset(r_style),
    ));
}

/// Whether a set captured at that place: then a missing hop means that nothing was seen there.
fn captured(set: &SetReport, hop: &HopReport) -> bool {
    set.capture_points
        .iter()
        .any(|p| p.interface == hop.interface && p.node == hop.node)
}

/// What the two columns are called in sentences.
fn ways(ladder: &Ladder<'_>) -> [Message; 2] {
    if ladder.back {
        [message!("on the way there"), message!("on the way back")]
    } else {
        [message!("reference"), message!("failing")]
    }
}

/// Bytes that arrived unseen.
fn render_gaps(ladder: &Ladder<'_>, page: &mut Page<'_>) {
    for (direction, way) in ladder.sides.into_iter().zip(ways(ladder)) {
        if direction.unseen_bytes > 0 {
            let text = message!(
                "{bytes} were acknowledged, and no capture shows them: the captures have a gap, nothing was lost",
                bytes = count(direction.unseen_bytes, noun!("byte"))
            );
            page.paragraph(&message!("    {way}: ", way), &text);
        }
    }
}

/// Says below a line which packets were last seen there.
fn render_ends(line: &Line<'_>, ladder: &Ladder<'_>, page: &mut Page<'_>) {
    let ways = ways(ladder);
    let columns = [line.left, line.right].into_iter().zip(ladder.sides);
    for ((hop, direction), way) in columns.zip(ways) {
        let Some(hop) = hop else { continue };
        let is_here =
            |point: &PointName| (&point.node, &point.interface) == (&hop.node, &hop.interface);
        for loss in direction.losses.iter().filter(|l| is_here(&l.from)) {
            let (from, to) = (name(&loss.from), name(&loss.to));
            let text = if loss.capture == "proven" {
                message!(
                    "{packets} lost between {from} and {to}",
                    packets = loss.packets,
                    from,
                    to
                )
            } else {
                let packets = loss.packets;
                message!(
                    "{packets} missing at {to}: lost, if it captured then",
                    packets,
                    to
                )
            };
            cross(&way, &text, page);
            if page.options.verbose && !loss.expected_because.is_empty() {
                let why = message!(
                    "expected there because {expected_because}; that it captured then is {capture}",
                    expected_because = Message::text(loss.expected_because),
                    capture = Message::text(loss.capture)
                );
                page.paragraph("      ", &why);
            }
        }
        for refused in direction.rejections.iter().filter(|r| is_here(&r.after)) {
            let (packets, by, how) = (refused.packets, &refused.by, &refused.how);
            let behind = name(&refused.after);
            let text = message!(
                "{packets} rejected behind {behind} by {by} ({how})",
                packets,
                behind,
                by,
                how
            );
            cross(&way, &text, page);
        }
        for round in direction.loops.iter().filter(|l| is_here(&l.at)) {
            let (packets, at, rounds) = (round.packets, name(&round.at), round.most_rounds);
            let text = message!(
                "{packets} in a loop through {at}, up to {rounds} times",
                packets,
                at,
                rounds
            );
            cross(&way, &text, page);
        }
    }
}

fn cross(way: &Message, text: &Message, page: &mut Page<'_>) {
    let style = page.options.styles.error;
    page.styled_paragraph(style, &message!("    ✗ {way}: ", way), text);
}

/// Points that should have seen packets and are on no line.
fn render_unseen(ladder: &Ladder<'_>, page: &mut Page<'_>) {
    let on_line = |point: &PointName| {
        ladder
            .lines
            .iter()
            .flat_map(|line| line.left.into_iter().chain(line.right))
            .any(|hop| (&hop.node, &hop.interface) == (&point.node, &point.interface))
    };
    let mut unseen: Vec<String> = ladder
        .sides
        .iter()
        .flat_map(|direction| &direction.losses)
        .filter(|loss| !on_line(&loss.to))
        .map(|loss| name(&loss.to))
        .collect();
    unseen.sort_unstable();
    unseen.dedup();
    for point in unseen {
        page.paragraph("  ", &message!("{point}: none", point));
    }
}

fn render_tunnels(ladder: &Ladder<'_>, page: &mut Page<'_>) {
    let mut seen: Vec<Message> = Vec::new();
    for hop in ladder
        .lines
        .iter()
        .flat_map(|line| line.left.into_iter().chain(line.right))
    {
        let Some(tunnel) = &hop.encapsulation else {
            continue;
        };
        let port = tunnel
            .port
            .map_or_else(Message::empty, |port| message!(", UDP {port}", port));
        let guess = if tunnel.guessed {
            message!(" (a guess: the port is not a known one)")
        } else {
            Message::empty()
        };
        let text = message!(
            "{tunnel}: {source} → {destination}{port}{guess}",
            tunnel = short_tunnel(tunnel),
            source = tunnel.source,
            destination = tunnel.destination,
            port,
            guess
        );
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    for text in seen {
        page.styled_paragraph(page.options.styles.faint, "    ", &text);
    }
}

fn name(point: &PointName) -> String {
    format!("{}/{}", point.node, point.interface)
}
