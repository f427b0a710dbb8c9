//! Everything that people read, in Chinese: no English sentence is left, and text fits its width.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;

use common::scenario::{Scenario, map_all, scenario, scenarios};
use common::without_paths;
use netdiff_core::diagnose::BLANKS;
use netdiff_core::{
    AnalysisOptions, CHINESE_CATALOGUE, InspectReport, Language, Redaction, Report, SetRequest,
    TextOptions, compare_with, explain, explain_all, inspect_with, read_po, render_github,
    render_html, render_inspect_text, render_junit, render_manifest, render_markdown,
    render_rule_text, render_rules_markdown, render_sarif, render_text, trace_with,
};
use unicode_width::UnicodeWidthStr;

fn options(language: Language) -> AnalysisOptions {
    AnalysisOptions {
        language,
        ..AnalysisOptions::default()
    }
}

fn chinese() -> AnalysisOptions {
    options(Language::Chinese)
}

fn report(scenario: &Scenario, options: &AnalysisOptions) -> Report {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let report = match &scenario.reference {
        Some(reference) => compare_with(&set(reference), &set(&scenario.failing), options),
        None => trace_with(&set(&scenario.failing), options),
    };
    without_paths(report.unwrap())
}

fn inspected(scenario: &Scenario) -> InspectReport {
    let set = SetRequest::of_path(scenario.folder.join(&scenario.failing));
    inspect_with(&set, &chinese()).unwrap()
}

fn verbose(width: usize) -> TextOptions {
    TextOptions {
        verbose: true,
        width,
        max_ladders: 60,
        ..TextOptions::default()
    }
}

/// Runs of English words, three or more, each parted from the next by one space.
fn runs(line: &str) -> Vec<String> {
    let mut runs = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    // What stands in backticks is code.
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ` ");
    for word in outside.split(' ') {
        let is_word = word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'');
        if is_word {
            run.push(word);
        } else {
            runs.push(std::mem::take(&mut run));
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() > 2);
    runs.into_iter().map(|run| run.join(" ")).collect()
}

/// What may be English: what translations leave so (commands, what programs write, products), and citations.
fn left_in_english() -> String {
    let mut all = String::new();
    for entry in read_po(CHINESE_CATALOGUE).unwrap() {
        let _ = writeln!(all, "{}", entry.to.replace("{}", ""));
    }
    for rule in explain_all(Language::English) {
        let _ = writeln!(all, "{}", rule.references.join("\n"));
    }
    all
}

/// Sentences that are left in English.
fn english(text: &str, allowed: &str) -> BTreeSet<String> {
    let lines = text.lines().flat_map(runs);
    lines
        .filter(|run| !allowed.contains(run.as_str()))
        .collect()
}

/// A page without its tags, style and script.
fn words_of_page(page: &str) -> String {
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("<script").unwrap();
    let mut words = String::new();
    for part in body.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        for name in ["aria-label=\"", "title=\"", "placeholder=\""] {
            if let Some((_, value)) = tag.split_once(name) {
                let _ = writeln!(words, "{}", value.split('"').next().unwrap());
            }
        }
        let _ = writeln!(words, "{text}");
    }
    words.replace("&#39;", "'").replace("&quot;", "\"")
}

#[test]
fn no_sentence_of_a_report_is_left_in_english() {
    let allowed = left_in_english();
    let left = map_all(scenarios(), |scenario| {
        let report = report(&scenario, &chinese());
        let inspected = inspected(&scenario);
        let texts = [
            render_text(&report, &verbose(400)),
            render_markdown(&report),
            words_of_page(&render_html(&report).unwrap()),
            without_names(&render_junit(&report, netdiff_core::FailOn::default())),
            render_github(&report),
            render_inspect_text(&inspected, &verbose(400)),
        ];
        let left: BTreeSet<String> = texts
            .iter()
            .flat_map(|text| english(text, &allowed))
            .collect();
        left
    });
    let left: BTreeSet<String> = left
        .into_iter()
        .flatten()
        .filter(|run| !is_command(run))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// JUnit without the names of cases, which do not depend on the language.
fn without_names(xml: &str) -> String {
    let mut parts = xml.split(" name=\"");
    let mut rest = parts.next().unwrap().to_owned();
    for part in parts {
        rest.push_str(part.split_once('"').unwrap().1);
    }
    rest
}

/// Commands whose blanks are filled in, or stand in capitals.
fn is_command(run: &str) -> bool {
    let blank = |word: &str| BLANKS.iter().any(|(name, _)| name.to_uppercase() == word);
    run.starts_with("kubectl get") || run.split(' ').any(blank)
}

#[test]
fn no_sentence_of_a_manual_is_left_in_english() {
    let allowed = left_in_english();
    for rule in explain_all(Language::Chinese) {
        let text = render_rule_text(&rule, &verbose(10_000));
        // Blanks are in capitals here, and in braces in the catalogue.
        let left: Vec<String> = english(&text, &allowed)
            .into_iter()
            .filter(|run| !is_command(run))
            .collect();
        assert!(left.is_empty(), "{}: {left:?}", rule.rule);
    }
    let rules = render_rules_markdown(&explain_all(Language::Chinese));
    assert!(rules.contains("处理建议"), "{rules}");
}

#[test]
fn an_english_sentence_would_be_found() {
    let allowed = left_in_english();
    assert_eq!(english("三个 packets were lost there。", &allowed).len(), 1);
    assert!(english("在 a 上：bridge fdb show dev flannel.1", &allowed).is_empty());
    assert!(english("见 `icmp and host that is not there`", &allowed).is_empty());
}

/// The longest part of a line that cannot be broken: between spaces and Chinese characters.
fn longest_part(line: &str) -> usize {
    let parts = line.split(|c: char| c == ' ' || c > '\u{2e80}');
    parts.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[test]
fn chinese_text_fits_its_width() {
    for name in [
        "vxlan-8472-blocked",
        "ipv6",
        "three-nodes",
        "capture-paused",
    ] {
        let scenario = scenario(name);
        let (report, inspected) = (report(&scenario, &chinese()), inspected(&scenario));
        for width in [60, 80, 100] {
            let texts = [
                render_text(&report, &verbose(width)),
                render_inspect_text(&inspected, &verbose(width)),
            ];
            for line in texts.iter().flat_map(|text| text.lines()) {
                // A path, with what leads it and the sign behind it, may be as long as a line.
                let unbreakable = longest_part(line) + 8 > width;
                assert!(
                    line.width() <= width || unbreakable,
                    "{name} {width}: {line}"
                );
            }
        }
    }
    for rule in explain_all(Language::Chinese) {
        let text = render_rule_text(&rule, &TextOptions::default());
        for line in text.lines() {
            assert!(
                line.width() <= 80 || longest_part(line) > 60,
                "{}: {line}",
                rule.rule
            );
        }
    }
}

#[test]
fn names_and_numbers_are_the_same_in_every_language() {
    let scenario = scenario("vxlan-8472-blocked");
    let of = |language| {
        let report = report(&scenario, &options(language));
        let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
        let kinds: Vec<&str> = report.differences.iter().map(|d| d.kind).collect();
        let sarif = render_sarif(&report).unwrap();
        let marks: Vec<String> = sarif
            .lines()
            .filter(|line| line.contains("netdiff/v1"))
            .map(str::to_owned)
            .collect();
        (rules.join(" "), kinds.join(" "), marks)
    };
    assert_eq!(of(Language::English), of(Language::Chinese));
}

#[test]
fn how_it_looks() {
    let incident = scenario("vxlan-8472-blocked");
    let report = report(&incident, &chinese()).redacted(Redaction::ALL);
    insta::assert_snapshot!(
        "zh_incident_text",
        render_text(&report, &TextOptions::default())
    );
    insta::assert_snapshot!("zh_incident_markdown", render_markdown(&report));
    let rule = explain("underlay-vxlan-blocked", Language::Chinese).unwrap();
    insta::assert_snapshot!("zh_rule", render_rule_text(&rule, &TextOptions::default()));
    let mut inspected = inspected(&incident);
    "failing".clone_into(&mut inspected.path);
    insta::assert_snapshot!(
        "zh_inspect",
        render_inspect_text(&inspected, &TextOptions::default())
    );
    assert!(render_manifest(&inspected).contains("[[capture]]"));
}
