//! What a rule says of itself, for `netdiff explain` and for the documentation.

use serde::Serialize;

use super::model::CauseReport;
use crate::diagnose::{CATALOGUE, Rule, find_rule, with_capitals};
use crate::types::Language;

/// A rule's manual. Words in capitals stand for what a finding fills in.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// The language of its sentences.
    #[serde(skip)]
    pub language: Language,
    /// Rule id, kebab-case.
    pub rule: &'static str,
    /// What is wrong, in one clause.
    pub summary: &'static str,
    /// What it means and how it comes about.
    pub meaning: &'static str,
    /// What must be in the captures.
    pub looks_for: Vec<&'static str>,
    /// What would show that it is wrong.
    pub refuted_by: Vec<String>,
    /// What may have brought it about, likelier first, and how to confirm each.
    pub causes: Vec<CauseReport>,
    /// What helps, in order of preference.
    pub remedy: Vec<String>,
    /// What the rule cannot see.
    pub limits: Vec<&'static str>,
    /// Where it is described.
    pub references: Vec<&'static str>,
}

/// The manual of a rule; `None` if there is no rule of that name.
#[must_use]
pub fn explain(rule: &str, language: Language) -> Option<RuleReport> {
    find_rule(rule).map(|rule| rule_report(rule, language))
}

/// The manuals of all rules, sorted by name.
#[must_use]
pub fn explain_all(language: Language) -> Vec<RuleReport> {
    let rules = CATALOGUE.iter();
    let mut all: Vec<RuleReport> = rules.map(|rule| rule_report(rule, language)).collect();
    all.sort_by_key(|rule| rule.rule);
    all
}

fn rule_report(rule: &Rule, language: Language) -> RuleReport {
    let manual = &rule.manual;
    let capitals = |text: &'static str| with_capitals(language.text(text));
    let filled = |texts: &[&'static str]| texts.iter().map(|text| capitals(text)).collect();
    let all = |texts: &[&'static str]| texts.iter().map(|text| language.text(text)).collect();
    RuleReport {
        language,
        rule: rule.id.0,
        summary: language.text(manual.summary),
        meaning: language.text(manual.meaning),
        looks_for: all(manual.looks_for),
        refuted_by: filled(manual.refuted_by),
        causes: manual
            .causes
            .iter()
            .map(|likely| CauseReport {
                cause: capitals(likely.cause),
                confirm: capitals(likely.confirm),
            })
            .collect(),
        remedy: filled(manual.remedy),
        limits: all(manual.limits),
        references: all(manual.references),
    }
}

/// The manuals as Markdown, with a list on top: `docs/rules.md`.
#[must_use]
pub fn render_rules_markdown(rules: &[RuleReport]) -> String {
    let language = rules.first().map(|rule| rule.language).unwrap_or_default();
    let say = |english| language.text(english);
    let (rule, wrong) = (say(text!("rule")), say(text!("what is wrong")));
    let mut text = format!("| {rule} | {wrong} |\n|---|---|\n");
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
    let say = |english| rule.language.text(english);
    let mut list = |heading: &str, entries: &mut dyn Iterator<Item = String>| {
        let entries: Vec<String> = entries.map(|entry| format!("- {entry}\n")).collect();
        if !entries.is_empty() {
            text.push_str(&format!("\n**{heading}**\n\n{}", entries.concat()));
        }
    };
    let words =
        |entries: &[&'static str]| entries.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>();
    list(
        say(text!("What netdiff looks for")),
        &mut words(&rule.looks_for).into_iter(),
    );
    list(
        say(text!("What would refute it")),
        &mut rule.refuted_by.iter().cloned(),
    );
    let causes = rule.causes.iter();
    list(
        say(text!("Causes, likelier first")),
        &mut causes.map(|c| {
            let (cause, confirm) = (&c.cause, &c.confirm);
            message!("{cause}; confirm: {confirm}", cause, confirm).render(rule.language)
        }),
    );
    list(
        say(text!("What helps, in this order")),
        &mut rule.remedy.iter().cloned(),
    );
    list(say(text!("Limits")), &mut words(&rule.limits).into_iter());
    list(
        say(text!("References")),
        &mut words(&rule.references).into_iter(),
    );
    text
}
