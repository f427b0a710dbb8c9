//! The table of what is found of what should be: docs/rules-proved.md, kept true.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::scenario::{Expected, Scenario, findings, map_all, scenarios};
use netdiff_core::{FindingReport, Report, SetRequest, compare};

const HEAD: &str = "\
# Rules, proved by recordings

What netdiff finds in each scenario of testdata/scenarios, against the truth in its scenario.toml. Written by `UPDATE_DOCS=1 cargo test` and
kept true by netdiff-core/tests/rules_proved.rs. Where two answers stand, the first is for the failing set alone, the second with its reference.

- **first**: it is the first thing that is told; of n that must be found, one of the first n.
- **at all**: some finding is of this rule, or has it among the causes that are not excluded.
- **place**: the finding of this rule is at the right segment.
- **extra**: further errors and warnings, of which none is true. One that has the cause of the row among its alternatives counts here too.

";

/// How one expectation fared.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Marks {
    first: bool,
    at_all: bool,
    place: bool,
    extra: usize,
}

/// One line of the table.
struct Row {
    scenario: String,
    expected: Option<(String, &'static str)>,
    alone: Marks,
    compared: Option<Marks>,
}

#[test]
fn the_table_says_what_is_found() {
    let rows: Vec<Row> = map_all(scenarios(), |scenario| rows_of(&scenario))
        .into_iter()
        .flatten()
        .collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules-proved.md");
    let text = document(&rows);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|old| old == text),
        "docs/rules-proved.md is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}

fn rows_of(scenario: &Scenario) -> Vec<Row> {
    let alone = scenario.trace(&scenario.failing);
    let compared = scenario.reference.as_ref().map(|reference| {
        let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
        compare(&set(reference), &set(&scenario.failing)).unwrap()
    });
    let expect = &scenario.expect;
    let row = |expected: Option<(&Expected, &'static str)>| Row {
        scenario: scenario.name.clone(),
        expected: expected.map(|(expected, severity)| (expected.rule.clone(), severity)),
        alone: marks(scenario, expected.map(|e| e.0), &alone),
        compared: compared
            .as_ref()
            .map(|report| marks(scenario, expected.map(|e| e.0), report)),
    };
    let errors = expect.errors.iter().map(|expected| (expected, "error"));
    let warnings = expect.warnings.iter().map(|expected| (expected, "warning"));
    let rows: Vec<Row> = errors.chain(warnings).map(|e| row(Some(e))).collect();
    if rows.is_empty() {
        return vec![row(None)];
    }
    rows
}

fn marks(scenario: &Scenario, expected: Option<&Expected>, report: &Report) -> Marks {
    let found = findings(report);
    let is_true = |f: &&&FindingReport| scenario.expect.all().any(|e| e.names(f) && e.is_at(f));
    let told = scenario.expect.all().count();
    let right = found.iter().filter(is_true).count().min(told);
    let extra = found.len() - right;
    let Some(expected) = expected else {
        return Marks {
            first: found.is_empty(),
            at_all: found.is_empty(),
            place: found.is_empty(),
            extra,
        };
    };
    Marks {
        first: found.iter().take(told).any(|first| expected.names(first)),
        at_all: found.iter().any(|f| expected.allows(f)),
        place: found.iter().any(|f| expected.names(f) && expected.is_at(f)),
        extra,
    }
}

fn document(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&totals(rows));
    text.push_str("\n## Faults\n\n| scenario | must be found | first | at all | place | extra |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let Some((rule, severity)) = &row.expected else {
            continue;
        };
        let rule = if *severity == "warning" {
            format!("{rule} (warning)")
        } else {
            rule.clone()
        };
        let _ = writeln!(
            text,
            "| {} | {rule} | {} | {} | {} | {} |",
            row.scenario,
            cell(row, |m| word(m.first)),
            cell(row, |m| word(m.at_all)),
            cell(row, |m| word(m.place)),
            cell(row, |m| m.extra.to_string()),
        );
    }
    text.push_str("\n## Nothing is wrong\n\n| scenario | errors and warnings |\n|---|---|\n");
    for row in rows.iter().filter(|row| row.expected.is_none()) {
        let extra = cell(row, |m| m.extra.to_string());
        let _ = writeln!(text, "| {} | {extra} |", row.scenario);
    }
    text
}

fn word(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// One answer where both are the same.
fn cell(row: &Row, value: impl Fn(Marks) -> String) -> String {
    let alone = value(row.alone);
    match row.compared.map(value) {
        Some(compared) if compared != alone => format!("{alone} / {compared}"),
        _ => alone,
    }
}

fn totals(rows: &[Row]) -> String {
    let faults: Vec<&Row> = rows.iter().filter(|row| row.expected.is_some()).collect();
    let healthy: Vec<&Row> = rows.iter().filter(|row| row.expected.is_none()).collect();
    let mut text = format!(
        "## Totals\n\n{} faults in {} scenarios, {} of them errors; {} scenarios where nothing is wrong.\n\n",
        faults.len(),
        rows.iter()
            .map(|row| &row.scenario)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        faults
            .iter()
            .filter(|row| row.expected.as_ref().is_some_and(|e| e.1 == "error"))
            .count(),
        healthy.len(),
    );
    text.push_str("| | failing set alone | with its reference |\n|---|---|---|\n");
    let mut line = |title: &str, rows: &[&Row], holds: fn(Marks) -> bool| {
        let alone: Vec<bool> = rows.iter().map(|row| holds(row.alone)).collect();
        let compared: Vec<bool> = rows
            .iter()
            .filter_map(|row| row.compared.map(holds))
            .collect();
        let _ = writeln!(
            text,
            "| {title} | {} | {} |",
            share(&alone),
            share(&compared)
        );
    };
    line("found first", &faults, |m| m.first);
    line("found at all", &faults, |m| m.at_all);
    line("right place", &faults, |m| m.place);
    line("nothing untrue beside it", &faults, |m| m.extra == 0);
    line("healthy, and nothing found", &healthy, |m| m.extra == 0);
    text
}

fn share(held: &[bool]) -> String {
    let yes = held.iter().filter(|held| **held).count();
    if held.is_empty() {
        return "–".to_owned();
    }
    format!("{yes} of {} ({} %)", held.len(), yes * 100 / held.len())
}
