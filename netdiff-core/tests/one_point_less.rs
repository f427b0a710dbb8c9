//! With any single capture point taken away the answer may become vaguer, never wrong.
//!
//! Of every scenario, each file of the failing set is left out in turn. An error must then be of a rule that the scenario's truth names, or
//! of a broader one that does not exclude it, and nothing may be found where nothing is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::path::{Path, PathBuf};

use common::scenario::{Scenario, describe, findings, map_all, place_of, scenarios, segment};
use netdiff_core::{FindingReport, Language, explain};

/// Rules that name a place and no cause.
const BROADER: &[&str] = &["packets-lost", "capture-gap"];

/// What is as right as the truth without a point: scenario, point, rule, and why.
const ALSO_RIGHT: &[(&str, &str, &str, &str)] = &[(
    "svc-dead-endpoint",
    "cp-1/veth0444b486",
    "dead-pod-ip",
    "the client's link alone shows the Service; without it a pod that is gone is called",
)];

/// What is known to be wrong, with the reason: scenario, point without which it is (`*` for any), reason. The list shall become empty.
const KNOWN: &[(&str, &str, &str)] = &[];

#[test]
fn without_any_single_point_the_answer_is_not_wrong() {
    let jobs: Vec<(usize, PathBuf)> = (0..)
        .zip(&scenarios())
        .filter(|(_, scenario)| has_a_file_for_each_point(scenario))
        .flat_map(|(index, scenario)| {
            let files = scenario.files(&scenario.failing);
            files.into_iter().map(move |file| (index, file))
        })
        .collect();
    let all = scenarios();
    let wrong = map_all(jobs, |(index, file)| check(&all[index], &file));
    let wrong: Vec<Wrong> = wrong.into_iter().flatten().collect();
    let unknown: Vec<String> = wrong
        .iter()
        .filter(|wrong| !KNOWN.iter().any(|known| wrong.is(known)))
        .map(|wrong| format!("{} without {}: {}", wrong.scenario, wrong.point, wrong.what))
        .collect();
    let mended: Vec<_> = KNOWN
        .iter()
        .filter(|known| !wrong.iter().any(|wrong| wrong.is(known)))
        .collect();
    assert!(
        unknown.is_empty(),
        "{} wrong answers:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
    assert!(
        mended.is_empty(),
        "right now, take them off the list: {mended:?}"
    );
}

/// A wrong answer.
struct Wrong {
    scenario: String,
    point: String,
    what: String,
}

impl Wrong {
    fn is(&self, (scenario, point, _): &(&str, &str, &str)) -> bool {
        self.scenario == *scenario && (*point == "*" || self.point == *point)
    }
}

/// Whether the set is made of folders of nodes with a file for each interface.
fn has_a_file_for_each_point(scenario: &Scenario) -> bool {
    let set = scenario.folder.join(&scenario.failing);
    let files = scenario.files(&scenario.failing);
    files.len() > 1 && files.iter().all(|file| file.parent().unwrap() != set)
}

fn check(scenario: &Scenario, file: &Path) -> Vec<Wrong> {
    let report = scenario.trace_without(file);
    let point = place_of(file);
    let wrong = |found: &FindingReport, why: &str| Wrong {
        scenario: scenario.name.clone(),
        point: point.clone(),
        what: format!("{why}: {}", describe(found)),
    };
    let mut all: Vec<Wrong> = Vec::new();
    for found in findings(&report) {
        if found.severity != "error" {
            continue;
        }
        if scenario.expect.errors.is_empty() && scenario.expect.warnings.is_empty() {
            all.push(wrong(found, "nothing is wrong there"));
        } else if !is_right(scenario, found) && !is_also_right(scenario, &point, found) {
            all.push(wrong(found, "not what is wrong there"));
        } else if let Some(why) = misplaced(scenario, found, &point) {
            all.push(wrong(found, why));
        }
    }
    all
}

/// Of a rule that the truth names, or of a broader one that does not exclude it. What has no rule yet nothing can name.
fn is_right(scenario: &Scenario, found: &FindingReport) -> bool {
    let broader = BROADER.contains(&found.rule);
    scenario.expect.all().any(|expected| {
        let has_no_rule = explain(&expected.rule, Language::English).is_none();
        expected.names(found) || (broader && (expected.allows(found) || has_no_rule))
    })
}

fn is_also_right(scenario: &Scenario, point: &str, found: &FindingReport) -> bool {
    let mut listed = ALSO_RIGHT.iter();
    listed
        .any(|(name, gone, rule, _)| (*name, *gone, *rule) == (&*scenario.name, point, found.rule))
}

/// A named cause must lie where it is, if neither end of that segment is the point that was taken away; else the other end must stay,
/// unless the whole place is another one of several that are right.
fn misplaced(scenario: &Scenario, found: &FindingReport, gone: &str) -> Option<&'static str> {
    let named = scenario
        .expect
        .all()
        .filter(|expected| expected.names(found));
    let mut segments = named.flat_map(|expected| expected.segments()).peekable();
    segments.peek()?;
    // Vaguer is not wrong.
    let (from, to) = segment(found)?;
    let fits = |(right_from, right_to): (&str, &str)| {
        (right_from == from || right_from == gone) && (right_to == to || right_to == gone)
    };
    (!segments.any(fits)).then_some("at another place")
}
