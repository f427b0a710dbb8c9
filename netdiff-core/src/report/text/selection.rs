//! What was selected, below the first line.

use super::layout::{Page, count};
use crate::report::model::{Report, SetName};
use crate::report::selection::{SelectedReport, SelectionReport};

/// Says what was selected, how much that is and what is not shown.
pub(super) fn render_selection(report: &Report, page: &mut Page<'_>) {
    let Some(selection) = &report.selection else {
        return;
    };
    let leads = |set: &&SelectedReport| set.set != SetName::Reference;
    if let Some(set) = selection.sets.iter().find(leads) {
        page.paragraph("  ", &selected(selection, set));
    }
    let hidden: Vec<String> = [
        (selection.findings_not_shown, "finding"),
        (selection.differences_not_shown, "difference"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| count(n, what))
    .collect();
    if !hidden.is_empty() {
        let (about, are) = match selection.findings_not_shown + selection.differences_not_shown {
            1 => ("is", "it touches"),
            _ => ("are", "they touch"),
        };
        let hidden = hidden.join(" and ");
        page.paragraph(
            "  ",
            &format!("{hidden} {about} not shown, since {are} nothing of that"),
        );
    }
    for note in &selection.notes {
        page.paragraph("  note: ", note);
    }
}

fn selected(selection: &SelectionReport, set: &SelectedReport) -> String {
    let of_which = match set.set {
        SetName::Set => "",
        _ => " of the failing set",
    };
    let packets = set.packets.unwrap_or(0);
    let how = selection.expression.as_ref().map_or_else(
        || " by an expression that is not told".to_owned(),
        |expression| format!(" by `{expression}`"),
    );
    let whole = match set.set {
        SetName::Set => "",
        _ => "; flows are shown whole, each with its counterpart",
    };
    format!(
        "selected{how}: {} of {}{of_which}, {packets} of {}{whole}",
        set.flows,
        count(set.all_flows, "flow"),
        count(set.all_packets, "packet")
    )
}
