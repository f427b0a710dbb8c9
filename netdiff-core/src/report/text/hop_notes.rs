//! What a ladder says beside its figures: translations, copies, changes nobody expects; and with `--verbose` the reasons.

use super::ladder::Line;
use super::layout::{Page, count};
use crate::report::model_flow::HopReport;
use crate::types::{Message, Nanos};

/// The hops before a line's, in both columns.
type Before<'a> = (Option<&'a HopReport>, Option<&'a HopReport>);

/// Says above a line which addresses were rewritten on the way to it. A column that is read upwards is left out: it mirrors the other.
pub(super) fn render_translations(
    line: &Line<'_>,
    before: Before<'_>,
    back: bool,
    page: &mut Page<'_>,
) {
    let left = translations(before.0, line.left);
    let right = if back {
        Vec::new()
    } else {
        translations(before.1, line.right)
    };
    let show = |text: &Message, side: Message, page: &mut Page<'_>| {
        let text = Message::join([side, text.clone()], "");
        page.styled_paragraph(page.options.styles.faint, "      ↳ ", &text);
    };
    for text in &left {
        let side = match (back, right.contains(text)) {
            (true, _) | (_, true) => Message::empty(),
            (false, false) => message!("reference: "),
        };
        show(text, side, page);
    }
    for text in right.iter().filter(|text| !left.contains(text)) {
        show(text, message!("failing: "), page);
    }
}

fn translations(before: Option<&HopReport>, here: Option<&HopReport>) -> Vec<Message> {
    let (Some(before), Some(here)) = (before, here) else {
        return Vec::new();
    };
    let pairs = [
        (message!("source"), &before.source, &here.source),
        (
            message!("destination"),
            &before.destination,
            &here.destination,
        ),
    ];
    let changed = pairs.iter().filter(|(_, old, new)| old != new);
    changed
        .map(|(what, old, new)| message!("{what} {old} becomes {new}", what, old, new))
        .collect()
}

/// Says below a line what else is to be known of it.
pub(super) fn render_notes(line: &Line<'_>, back: bool, page: &mut Page<'_>) {
    let names = if back {
        [message!("packets: "), message!("replies: ")]
    } else {
        [message!("reference: "), message!("failing: ")]
    };
    for (hop, name) in [line.left, line.right].into_iter().zip(names) {
        let Some(hop) = hop else { continue };
        for note in notes(hop, page.options.verbose) {
            page.paragraph(&message!("        {name}", name), &note);
        }
    }
}

pub(super) fn notes(hop: &HopReport, verbose: bool) -> Vec<Message> {
    let mut notes = Vec::new();
    let kinds = hop.duplicates_by_kind;
    for (n, what) in [
        (
            kinds.same_frame,
            message!("seen once more in the same frame"),
        ),
        (
            kinds.other_frame,
            message!("seen once more in another frame"),
        ),
        (
            kinds.loop_rounds,
            message!("seen again with a lower TTL: a loop"),
        ),
    ] {
        if n > 0 {
            let packets = count(n, noun!("packet"));
            notes.push(message!("{packets} {what}", packets, what));
        }
    }
    for change in hop.changes.iter().filter(|c| verbose || !c.expected) {
        let odd = if change.expected {
            Message::empty()
        } else {
            message!(", which no hop of this kind should do")
        };
        notes.push(message!(
            "{field} {before} becomes {after} in {packets}{odd}",
            field = Message::text(change.field),
            before = change.before,
            after = change.after,
            packets = count(change.packets, noun!("packet")),
            odd
        ));
    }
    if verbose {
        notes.push(message!(
            "placed by {placed_by}",
            placed_by = Message::told(&*hop.placed_by)
        ));
        notes.extend(hop.delay.filter(|d| d.bound_ns > 0).map(|delay| {
            message!(
                "one-way delay {median} ± {bound}",
                median = Nanos(delay.median_ns),
                bound = Nanos(delay.bound_ns)
            )
        }));
    }
    notes
}
