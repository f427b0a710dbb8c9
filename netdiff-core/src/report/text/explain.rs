//! A rule's manual as text.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use super::layout::Page;
use crate::report::explain::RuleReport;
use crate::types::Message;

/// Renders a rule's manual as text.
#[must_use]
pub fn render_rule_text(rule: &RuleReport, options: &TextOptions) -> String {
    let mut page = Page::new(options, rule.language);
    let styles = options.styles;
    let title = format!("{}{}{}: ", styles.heading, rule.rule, styles.reset);
    if rule.rule.width() + 2 + rule.summary.width() > page.width() {
        page.line(&title);
        page.paragraph("  ", rule.summary);
    } else {
        page.line(&format!("{title}{}", rule.summary));
    }
    page.blank();
    page.paragraph("", rule.meaning);
    list(
        &mut page,
        &message!("What netdiff looks for"),
        &rule.looks_for,
    );
    list(
        &mut page,
        &message!("What would refute it"),
        &rule.refuted_by,
    );
    page.heading(&message!("Causes, likelier first, and how to confirm each"));
    for (nth, cause) in rule.causes.iter().enumerate() {
        page.paragraph(&format!(" {}. ", nth + 1), &cause.cause);
        page.paragraph(&message!("    confirm: "), &cause.confirm);
    }
    list(
        &mut page,
        &message!("What helps, in this order"),
        &rule.remedy,
    );
    list(&mut page, &message!("Limits"), &rule.limits);
    list(&mut page, &message!("References"), &rule.references);
    page.finish()
}

/// Renders the list of rules as text.
#[must_use]
pub fn render_rules_text(rules: &[RuleReport], options: &TextOptions) -> String {
    let language = rules.first().map(|rule| rule.language).unwrap_or_default();
    let mut page = Page::new(options, language);
    let width = rules.iter().map(|rule| rule.rule.len()).max().unwrap_or(0);
    for rule in rules {
        page.paragraph(&format!("{:width$}  ", rule.rule), rule.summary);
    }
    page.finish()
}

fn list<T: AsRef<str>>(page: &mut Page<'_>, heading: &Message, entries: &[T]) {
    if entries.is_empty() {
        return;
    }
    page.heading(heading);
    for entry in entries {
        page.paragraph(" - ", entry.as_ref());
    }
}
