//! What the rules say of themselves is what the documentation says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::Path;

use netdiff_core::{
    Language, TextOptions, explain, explain_all, render_rule_text, render_rules_markdown,
    render_rules_text,
};

const HEAD: &str = "\
# Rules

What netdiff can find, as `netdiff explain` tells it. Words in capitals stand for names, addresses and numbers that a finding fills in.
Written by `UPDATE_DOCS=1 cargo test` from the rules themselves (netdiff-core/src/diagnose/rules).

";

#[test]
fn the_document_says_what_the_rules_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let text = format!(
        "{HEAD}{}",
        render_rules_markdown(&explain_all(Language::English))
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&file).unwrap() == text,
        "docs/rules.md is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}

#[test]
fn every_rule_can_be_explained() {
    let options = TextOptions::default();
    let all = explain_all(Language::English);
    let list = render_rules_text(&all, &options);
    for rule in &all {
        assert!(list.contains(rule.rule));
        let text = render_rule_text(&explain(rule.rule, Language::English).unwrap(), &options);
        assert!(text.starts_with(rule.rule), "{text}");
        for heading in [
            "looks for",
            "would refute",
            "Causes",
            "What helps",
            "Limits",
        ] {
            assert!(text.contains(heading), "{}: {heading}", rule.rule);
        }
    }
    assert!(explain("no-such-rule", Language::English).is_none());
}
