//! What was ignored, folded at the end.

use super::layout::Page;
use crate::report::model::Report;
use crate::types::Message;

/// One paragraph for each thing that was to be ignored; with `verbose` also what it took away.
pub(super) fn render_ignored(report: &Report, page: &mut Page<'_>) {
    if report.ignored.is_empty() {
        return;
    }
    page.heading(&message!("Ignored"));
    for ignored in &report.ignored {
        page.paragraph(
            "  ",
            &message!(
                "{what}: {words}",
                what = ignored.what,
                words = ignored.words()
            ),
        );
        if !page.options.verbose {
            continue;
        }
        for finding in &ignored.findings {
            page.paragraph(
                "    - ",
                &message!(
                    "{severity} {rule}: {title}",
                    severity = Message::text(finding.severity),
                    rule = finding.rule,
                    title = finding.title
                ),
            );
        }
        for difference in &ignored.differences {
            let words = message!(
                "{failing} (reference: {reference})",
                failing = difference.failing,
                reference = difference.reference
            );
            page.paragraph("    - ", &words);
        }
    }
}
