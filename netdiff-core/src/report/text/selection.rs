//! What was selected, below the first line.

use super::layout::{Page, count};
use crate::report::model::{Report, SetName};
use crate::report::selection::{SelectedReport, SelectionReport};
use crate::types::Message;

/// Says what was selected, how much that is and what is not shown.
pub(super) fn render_selection(report: &Report, page: &mut Page<'_>) {
    let Some(selection) = &report.selection else {
        return;
    };
    let leads = |set: &&SelectedReport| set.set != SetName::Reference;
    if let Some(set) = selection.sets.iter().find(leads) {
        page.paragraph("  ", &selected(selection, set));
    }
    let hidden: Vec<Message> = [
        (selection.findings_not_shown, noun!("finding")),
        (selection.differences_not_shown, noun!("difference")),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| count(n, what))
    .collect();
    if !hidden.is_empty() {
        let hidden = Message::join(hidden, text!(" and "));
        let sentence = match selection.findings_not_shown + selection.differences_not_shown {
            1 => message!(
                "{hidden} is not shown, since it touches nothing of that",
                hidden
            ),
            _ => message!(
                "{hidden} are not shown, since they touch nothing of that",
                hidden
            ),
        };
        page.paragraph("  ", &sentence);
    }
    for note in &selection.notes {
        page.paragraph(&message!("  note: "), note);
    }
}

fn selected(selection: &SelectionReport, set: &SelectedReport) -> Message {
    let of_which = match set.set {
        SetName::Set => Message::empty(),
        _ => message!(" of the failing set"),
    };
    let packets = set.packets.unwrap_or(0);
    let how = selection.expression.as_ref().map_or_else(
        || message!(" by an expression that is not told"),
        |expression| message!(" by `{expression}`", expression),
    );
    let whole = match set.set {
        SetName::Set => Message::empty(),
        _ => message!("; flows are shown whole, each with its counterpart"),
    };
    message!(
        "selected{how}: {flows} of {all_flows}{of_which}, {packets} of {all_packets}{whole}",
        how,
        flows = set.flows,
        all_flows = count(set.all_flows, noun!("flow")),
        of_which,
        packets,
        all_packets = count(set.all_packets, noun!("packet")),
        whole
    )
}
