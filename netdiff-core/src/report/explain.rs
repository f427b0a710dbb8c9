//! What a rule says of itself, for `netdiff explain` and for the documentation.

use serde::Serialize;

use super::model::CauseReport;
use crate::diagnose::{CATALOGUE, Rule, find_rule, with_capitals};

/// A rule's manual. Words in capitals stand for what a finding fills in.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// Rule id, kebab-case.
    pub rule: &'static str,
    /// What is wrong, in one clause.
    pub summary: &'static str,
    /// What it means and how it comes about.
    pub meaning: &'static str,
    /// What must be in the captures.
    pub looks_for: &'static [&'static str],
    /// What would show that it is wrong.
    pub refuted_by: Vec<String>,
    /// What may have brought it about, likelier first, and how to confirm each.
    pub causes: Vec<CauseReport>,
    /// What helps, in order of preference.
    pub remedy: Vec<String>,
    /// What the rule cannot see.
    pub limits: &'static [&'static str],
    /// Where it is described.
    pub references: &'static [&'static str],
}

/// The manual of a rule; `None` if there is no rule of that name.
#[must_use]
pub fn explain(rule: &str) -> Option<RuleReport> {
    find_rule(rule).map(rule_report)
}

/// The manuals of all rules, sorted by name.
#[must_use]
pub fn explain_all() -> Vec<RuleReport> {
    let mut all: Vec<RuleReport> = CATALOGUE.iter().copied().map(rule_report).collect();
    all.sort_by_key(|rule| rule.rule);
    all
}

fn rule_report(rule: &Rule) -> RuleReport {
    let manual = &rule.manual;
    let filled = |texts: &[&str]| texts.iter().map(|text| with_capitals(text)).collect();
    RuleReport {
        rule: rule.id.0,
        summary: manual.summary,
        meaning: manual.meaning,
        looks_for: manual.looks_for,
        refuted_by: filled(manual.refuted_by),
        causes: manual
            .causes
            .iter()
            .map(|likely| CauseReport {
                cause: with_capitals(likely.cause),
                confirm: with_capitals(likely.confirm),
            })
            .collect(),
        remedy: filled(manual.remedy),
        limits: manual.limits,
        references: manual.references,
    }
}

/// The manuals as Markdown, with a list on top: `docs/rules.md`.
#[must_use]
pub fn render_rules_markdown(rules: &[RuleReport]) -> String {
    let mut text = String::from("| rule | what is wrong |\n|---|---|\n");
    for rule in rules {
        let line = format!("| [{0}](#{0}) | {1} |\n", rule.rule, rule.summary);
        text.push_str(&line);
    }
    for rule in rules {
        text.push_str(&rule_markdown(rule));
    }
    text
}

/// One manual as Markdown.
pub(super) fn rule_markdown(rule: &RuleReport) -> String {
    let mut text = format!("\n## {}\n\n{}\n", rule.rule, rule.meaning);
    let mut list = |heading: &str, entries: &mut dyn Iterator<Item = String>| {
        let entries: Vec<String> = entries.map(|entry| format!("- {entry}\n")).collect();
        if !entries.is_empty() {
            text.push_str(&format!("\n**{heading}**\n\n{}", entries.concat()));
        }
    };
    let words =
        |entries: &[&'static str]| entries.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>();
    list(
        "What netdiff looks for",
        &mut words(rule.looks_for).into_iter(),
    );
    list("What would refute it", &mut rule.refuted_by.iter().cloned());
    let causes = rule.causes.iter();
    list(
        "Causes, likelier first",
        &mut causes.map(|c| format!("{}; confirm: {}", c.cause, c.confirm)),
    );
    list(
        "What helps, in this order",
        &mut rule.remedy.iter().cloned(),
    );
    list("Limits", &mut words(rule.limits).into_iter());
    list("References", &mut words(rule.references).into_iter());
    text
}
