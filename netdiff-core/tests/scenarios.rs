//! Every recorded scenario against its truth, and how it looks.
//!
//! The truth is in each scenario's `scenario.toml`: what must be found, where, and nothing else. The
//! snapshots show how it is told. Accepting a snapshot never changes the truth.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

use netdiff_core::{
    FindingReport, Redaction, Report, SetName, SetRequest, TextOptions, compare, render_json,
    render_text, trace,
};
use serde::Deserialize;

/// Scenarios whose cause has no rule of its own yet: `packets-lost` must name the right segment. A scenario leaves this list when its
/// rule comes.
const WITHOUT_A_RULE: &[&str] = &[];

/// The same.
const WITHOUT_THE_CAUSE: &[&str] = &[];

/// Scenarios that need more than a rule (sizes, translations, copies, loops): today they must only not be told wrongly.
const NOT_YET: &[&str] = &[];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "some keys are for people")]
struct Scenario {
    title: String,
    provenance: String,
    about: String,
    #[serde(default)]
    recorded_with: Option<String>,
    sets: Sets,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sets {
    reference: Option<String>,
    failing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    exit_code: u8,
    errors: Vec<ExpectedFinding>,
    warnings: Vec<ExpectedFinding>,
    differences: Vec<String>,
    #[serde(default)]
    fine: Vec<String>,
    /// Where packets first differ: `tests/foreign.rs` reads it.
    #[serde(default)]
    #[expect(dead_code, reason = "for another test")]
    parts: Vec<Segment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFinding {
    rule: String,
    from: Option<String>,
    to: Option<String>,
    /// Other segments that are as right: where one cause takes both directions, or two nodes.
    #[serde(default)]
    or: Vec<Segment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Segment {
    from: String,
    to: String,
}

impl ExpectedFinding {
    /// Every segment that would be right; none at all where the finding has no place.
    fn segments(&self) -> Vec<Option<(String, String)>> {
        let first = self.from.clone().zip(self.to.clone());
        let others = self.or.iter();
        std::iter::once(first)
            .chain(others.map(|s| Some((s.from.clone(), s.to.clone()))))
            .collect()
    }
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

fn scenarios() -> Vec<(String, Scenario)> {
    let mut names: Vec<String> = fs::read_dir(testdata().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 3, "no scenarios found");
    names
        .into_iter()
        .map(|name| {
            let path = testdata()
                .join("scenarios")
                .join(&name)
                .join("scenario.toml");
            let text = fs::read_to_string(&path).unwrap();
            let scenario =
                toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (name, scenario)
        })
        .collect()
}

fn request(scenario: &str, set: &str) -> SetRequest {
    SetRequest::of_path(testdata().join("scenarios").join(scenario).join(set))
}

/// The report of a scenario: of its two sets, or of the failing one alone.
fn report(name: &str, scenario: &Scenario, with_reference: bool) -> Report {
    let failing = request(name, &scenario.sets.failing);
    match &scenario.sets.reference {
        Some(reference) if with_reference => compare(&request(name, reference), &failing).unwrap(),
        _ => trace(&failing).unwrap(),
    }
}

/// Paths of the machine do not belong into snapshots.
fn without_paths(report: Report) -> Report {
    report.redacted(Redaction::PATHS)
}

fn matches(expected: &ExpectedFinding, found: &FindingReport, name: &str) -> bool {
    let place = |node: &str, interface: &str| format!("{node}/{interface}");
    let segment = found.segment.as_ref().map(|s| {
        (
            place(&s.from.node, &s.from.interface),
            place(&s.to.node, &s.to.interface),
        )
    });
    let rule = if WITHOUT_A_RULE.contains(&name) || WITHOUT_THE_CAUSE.contains(&name) {
        found.rule == "packets-lost" || found.rule == expected.rule
    } else {
        found.rule == expected.rule
    };
    rule && expected.segments().contains(&segment)
}

fn check_findings(name: &str, expected: &[ExpectedFinding], report: &Report, severity: &str) {
    let found: Vec<&FindingReport> = report
        .findings
        .iter()
        .filter(|f| f.severity == severity && f.set != SetName::Reference)
        .collect();
    assert_eq!(
        found.len(),
        expected.len(),
        "{name}: {severity} findings: {:?}",
        found.iter().map(|f| (f.rule, &f.title)).collect::<Vec<_>>()
    );
    for (expected, found) in expected.iter().zip(&found) {
        assert!(
            matches(expected, found, name),
            "{name}: expected {} {:?} {:?}, found {} {:?}",
            expected.rule,
            expected.from,
            expected.to,
            found.rule,
            found.segment
        );
    }
}

fn is_due(name: &str) -> bool {
    !NOT_YET.contains(&name)
}

#[test]
fn what_is_not_due_yet_is_not_told_wrongly() {
    for (name, scenario) in scenarios().into_iter().filter(|(name, _)| !is_due(name)) {
        for with_reference in [true, false] {
            let report = report(&name, &scenario, with_reference);
            let truth = || {
                scenario
                    .expect
                    .errors
                    .iter()
                    .chain(&scenario.expect.warnings)
            };
            for finding in report.findings.iter().filter(|f| f.severity == "error") {
                let told = finding.rule == "packets-lost"
                    || truth().any(|t| {
                        finding.rule == t.rule || finding.alternatives.contains(&&*t.rule)
                    });
                assert!(
                    told,
                    "{name}: {} {} {:?}",
                    finding.rule, finding.title, finding.alternatives
                );
            }
        }
    }
}

#[test]
fn every_scenario_gives_its_truth() {
    for (name, scenario) in scenarios().into_iter().filter(|(name, _)| is_due(name)) {
        for with_reference in [true, false] {
            let report = report(&name, &scenario, with_reference);
            check_findings(&name, &scenario.expect.errors, &report, "error");
            check_findings(&name, &scenario.expect.warnings, &report, "warning");
        }
    }
}

#[test]
fn every_scenario_gives_its_differences() {
    for (name, scenario) in scenarios().into_iter().filter(|(name, _)| is_due(name)) {
        let report = report(&name, &scenario, true);
        let mut kinds: Vec<&str> = report
            .differences
            .iter()
            .filter(|d| d.significant)
            .map(|d| d.kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut expected: Vec<&str> = scenario
            .expect
            .differences
            .iter()
            .map(String::as_str)
            .collect();
        expected.sort_unstable();
        assert_eq!(kinds, expected, "{name}");
        let found = report.findings.iter().any(|f| f.severity != "note") || !kinds.is_empty();
        assert_eq!(u8::from(found), scenario.expect.exit_code, "{name}");
    }
}

#[test]
fn what_works_is_said_to_work() {
    for (name, scenario) in scenarios() {
        let report = report(&name, &scenario, true);
        for relation in &scenario.expect.fine {
            let flows: Vec<_> = report
                .flows
                .iter()
                .filter(|f| f.relation == *relation)
                .collect();
            for set in [SetName::Reference, SetName::Failing] {
                assert!(
                    flows.iter().any(|f| f.set == set),
                    "{name}: no {relation} flow in {set:?}"
                );
            }
            for flow in flows {
                let counts = flow.forward.dispositions;
                assert!(
                    counts.delivered > 0 && counts.lost == 0,
                    "{name}: {relation} {:?}",
                    flow.key
                );
            }
        }
    }
}

#[test]
fn every_packet_is_accounted_for_and_every_claim_has_evidence() {
    for (name, scenario) in scenarios() {
        let report = report(&name, &scenario, true);
        for point in &report.accounting {
            assert_eq!(
                point.residual, 0,
                "{name}: {}/{}",
                point.node, point.interface
            );
            let unmatched: u64 = point.unmatched.values().sum();
            let parts = point.matched
                + point.duplicate
                + point.fragment_part
                + point.outside_window
                + unmatched;
            assert_eq!(
                parts, point.packets,
                "{name}: {}/{}",
                point.node, point.interface
            );
        }
        for finding in &report.findings {
            assert!(
                !finding.evidence.is_empty(),
                "{name}: {} has no evidence",
                finding.rule
            );
            for evidence in &finding.evidence {
                assert!(evidence.packet_number >= 1);
                let set = match evidence.set {
                    SetName::Reference => scenario.sets.reference.as_deref().unwrap(),
                    _ => &scenario.sets.failing,
                };
                let file = testdata()
                    .join("scenarios")
                    .join(&name)
                    .join(set)
                    .join(&evidence.file);
                assert!(file.is_file(), "{name}: {}", file.display());
            }
        }
    }
}

#[test]
fn a_set_does_not_differ_from_itself() {
    for (name, scenario) in scenarios() {
        let failing = request(&name, &scenario.sets.failing);
        let report = compare(&failing, &failing).unwrap();
        assert!(
            report.differences.is_empty(),
            "{name}: {:?}",
            report.differences
        );
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn threads_and_the_order_of_files_change_nothing() {
    for (name, scenario) in scenarios() {
        let folder = testdata()
            .join("scenarios")
            .join(&name)
            .join(&scenario.sets.failing);
        let mut files = files_below(&folder);
        files.sort();
        let run = |threads: usize, paths: Vec<PathBuf>| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut report = pool
                .install(|| {
                    trace(&SetRequest {
                        paths,
                        points: Vec::new(),
                    })
                })
                .unwrap();
            // The paths are given in another order on purpose.
            if let Some(set) = &mut report.set {
                set.path = String::new();
            }
            render_json(&report).unwrap()
        };
        let forward = run(1, files.clone());
        files.reverse();
        let backward = run(2, files);
        assert_eq!(forward, backward, "{name}");
    }
}

#[test]
fn text_of_every_scenario() {
    for (name, scenario) in scenarios() {
        let report = without_paths(report(&name, &scenario, true));
        let text = render_text(&report, &TextOptions::default());
        for line in text.lines() {
            let width = line.chars().count();
            assert!(
                width <= TextOptions::DEFAULT_WIDTH,
                "{name}: {width} columns: {line}"
            );
        }
        insta::assert_snapshot!(format!("{name}.diff"), text);
    }
}

#[test]
fn text_of_one_set_alone() {
    let report = without_paths(trace(&request("vxlan-8472-blocked", "failing")).unwrap());
    insta::assert_snapshot!(
        "vxlan-8472-blocked.trace",
        render_text(&report, &TextOptions::default())
    );
}
