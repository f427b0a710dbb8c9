//! Parts of the text by themselves, for formats that quote it.

use super::flow_line::FlowIndex;
use super::layout::Page;
use super::{
    TextOptions, hop_notes, ignored, ladder, overview, render_others, render_side_by_side,
    render_there_and_back, selection,
};
use crate::report::model::{ComparisonReport, Report, SetReport};
use crate::report::model_flow::{FlowReport, HopReport};
use crate::types::Message;

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
    written(report, |page| {
        if let Some((sets, pair)) = sets.zip(pair) {
            render_side_by_side(comparison, sets, pair, page);
        }
    })
}

/// A flow there and back, without a title.
pub(in crate::report) fn flow_text(report: &Report, flow: &FlowReport, set: &SetReport) -> String {
    written(report, |page| {
        render_there_and_back(report, flow, set, page);
    })
}

/// What is the same in both sets, and what is in one alone; empty if nothing is.
pub(in crate::report) fn others_text(report: &Report, flows: &FlowIndex<'_>) -> String {
    written(report, |page| render_others(report, flows, page))
}

/// What was selected, and what is therefore not shown; empty without a selection.
pub(in crate::report) fn selection_text(report: &Report) -> String {
    written(report, |page| selection::render_selection(report, page))
}

/// What was ignored and why; empty if nothing was to be.
pub(in crate::report) fn ignored_text(report: &Report) -> String {
    let options = TextOptions {
        verbose: true,
        ..TextOptions::default()
    };
    let mut page = Page::new(&options, report.language);
    ignored::render_ignored(report, &mut page);
    page.finish()
}

/// What was read, and what became of it.
pub(in crate::report) fn captures_text(report: &Report) -> String {
    written(report, |page| overview::render_sets(report, page))
}

/// A flow's lines: what was seen there, and what came back.
pub(in crate::report) fn there_and_back(
    flow: &FlowReport,
) -> Vec<(Option<&HopReport>, Option<&HopReport>)> {
    ladder::there_and_back(flow).into_columns()
}

/// What is to be known of a hop beside its figures.
pub(in crate::report) fn hop_notes(hop: &HopReport) -> Vec<Message> {
    hop_notes::notes(hop, false)
}

fn written(report: &Report, write: impl FnOnce(&mut Page<'_>)) -> String {
    let options = TextOptions::default();
    let mut page = Page::new(&options, report.language);
    write(&mut page);
    page.finish()
}
