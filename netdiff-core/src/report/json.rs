//! The report as JSON. The shape and its guarantees are described on [`Report`]'s module; an example of a whole report stands in
//! `docs/report.md`.

use serde::Serialize;

use super::{BaselineReport, InspectReport, Report, RuleReport};

/// Pretty-printed JSON with a final newline.
///
/// # Errors
/// None in practice: the report's types hold no map with keys that are not text and no value that JSON lacks.
pub fn render_json(report: &Report) -> Result<String, serde_json::Error> {
    pretty(report)
}

/// The report of `netdiff inspect` as pretty-printed JSON with a final newline.
///
/// # Errors
/// None in practice, as [`render_json`].
pub fn render_inspect_json(report: &InspectReport) -> Result<String, serde_json::Error> {
    pretty(report)
}

/// What a baseline holds as pretty-printed JSON with a final newline.
///
/// # Errors
/// None in practice, as [`render_json`].
pub fn render_baseline_json(report: &BaselineReport) -> Result<String, serde_json::Error> {
    pretty(report)
}

/// Rules' manuals as a pretty-printed JSON list with a final newline.
///
/// # Errors
/// None in practice, as [`render_json`].
pub fn render_rules_json(rules: &[RuleReport]) -> Result<String, serde_json::Error> {
    pretty(&rules)
}

fn pretty(report: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
