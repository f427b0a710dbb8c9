//! What was ignored, folded at the end.

use super::layout::{Page, count};
use crate::report::ignored::{IgnoreEffect, IgnoredReport};
use crate::report::model::Report;

/// One paragraph for each thing that was to be ignored; with `verbose` also what it took away.
pub(super) fn render_ignored(report: &Report, page: &mut Page<'_>) {
    if report.ignored.is_empty() {
        return;
    }
    page.heading("Ignored");
    for ignored in &report.ignored {
        page.paragraph("  ", &format!("{}: {}", ignored.what, outcome(ignored)));
        if !page.options.verbose {
            continue;
        }
        for finding in &ignored.findings {
            page.paragraph(
                "    - ",
                &format!("{} {}: {}", finding.severity, finding.rule, finding.title),
            );
        }
        for difference in &ignored.differences {
            let words = format!(
                "{} (reference: {})",
                difference.failing, difference.reference
            );
            page.paragraph("    - ", &words);
        }
    }
}

/// `1 difference – REASON (netdiff.toml, line 3)`.
fn outcome(ignored: &IgnoredReport) -> String {
    let (findings, differences) = (ignored.findings.len(), ignored.differences.len());
    let mut parts = Vec::new();
    if findings > 0 {
        parts.push(count(findings as u64, "finding"));
    }
    if differences > 0 {
        parts.push(count(differences as u64, "difference"));
    }
    let what = match ignored.effect {
        IgnoreEffect::Ignores => parts.join(", "),
        IgnoreEffect::Shared => "nothing more than the others".to_owned(),
        IgnoreEffect::Partial => {
            "counts, since only some of the flows concerned are such".to_owned()
        }
        IgnoreEffect::Unused => {
            "matches nothing: it no longer occurs, or is called otherwise".to_owned()
        }
    };
    let reason = ignored.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(" – {reason}"));
    let place = ignored.stated_in.as_ref();
    let place = place.map_or_else(String::new, |p| format!(" ({}, line {})", p.file, p.line));
    format!("{what}{reason}{place}")
}
