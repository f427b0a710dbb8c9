//! What was ignored, folded at the end.

use super::layout::Page;
use crate::report::model::Report;

/// One paragraph for each thing that was to be ignored; with `verbose` also what it took away.
pub(super) fn render_ignored(report: &Report, page: &mut Page<'_>) {
    if report.ignored.is_empty() {
        return;
    }
    page.heading("Ignored");
    for ignored in &report.ignored {
        page.paragraph("  ", &format!("{}: {}", ignored.what, ignored.words()));
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
