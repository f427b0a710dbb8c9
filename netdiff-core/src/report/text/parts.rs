//! Parts of the text by themselves, for formats that quote it.

use super::flow_line::FlowIndex;
use super::layout::Page;
use super::{
    TextOptions, hop_notes, ladder, overview, render_others, render_side_by_side,
    render_there_and_back,
};
use crate::report::model::{ComparisonReport, Report, SetReport};
use crate::report::model_flow::{FlowReport, HopReport};

/// Two flows side by side, without a title; empty if the report does not hold both.
pub(in crate::report) fn comparison_text(
    report: &Report,
    comparison: &ComparisonReport,
    flows: &FlowIndex<'_>,
) -> String {
    let sets = report.reference.as_ref().zip(report.failing.as_ref());
    let pair = flows
        .get(&comparison.reference)
        .zip(flows.get(&comparison.failing));
    written(|page| {
        if let Some((sets, pair)) = sets.zip(pair) {
            render_side_by_side(comparison, sets, pair, page);
        }
    })
}

/// A flow there and back, without a title.
pub(in crate::report) fn flow_text(flow: &FlowReport, set: &SetReport) -> String {
    written(|page| render_there_and_back(flow, set, page))
}

/// What is the same in both sets, and what is in one alone; empty if nothing is.
pub(in crate::report) fn others_text(report: &Report, flows: &FlowIndex<'_>) -> String {
    written(|page| render_others(report, flows, page))
}

/// What was read, and what became of it.
pub(in crate::report) fn captures_text(report: &Report) -> String {
    written(|page| overview::render_sets(report, page))
}

/// A flow's lines: what was seen there, and what came back.
pub(in crate::report) fn there_and_back(
    flow: &FlowReport,
) -> Vec<(Option<&HopReport>, Option<&HopReport>)> {
    ladder::there_and_back(flow).into_columns()
}

/// What is to be known of a hop beside its figures.
pub(in crate::report) fn hop_notes(hop: &HopReport) -> Vec<String> {
    hop_notes::notes(hop, false)
}

fn written(write: impl FnOnce(&mut Page<'_>)) -> String {
    let options = TextOptions::default();
    let mut page = Page::new(&options);
    write(&mut page);
    page.finish()
}
