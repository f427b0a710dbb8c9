//! The JSON contract: a strict mirror of what programs may rely on, and the full example in docs/report.md.
//!
//! The mirror knows every field and refuses others, so that a field cannot be added, renamed or dropped unnoticed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the mirror is the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use netdiff_core::{
    AnalysisOptions, Ignore, Selection, SetRequest, compare, compare_with, render_json, trace,
    trace_with,
};
use serde::Deserialize;

macro_rules! mirror {
    ($($name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        $(#[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($field: $kind),* })*
    };
}

mirror! {
    TraceReport {
        schema_version: u32, summary: Summary, tool: Tool, set: Set, selection: Option<Selected>, findings: Vec<Finding>, differences: Vec<Difference>,
        node_pairs: Vec<NodePair>, comparisons: Vec<Comparison>, flows: Vec<Flow>, folded: Vec<Folded>, accounting: Vec<Accounting>, ignored: Vec<Ignored>,
    }
    DiffReport {
        schema_version: u32, summary: Summary, tool: Tool, reference: Set, failing: Set, selection: Option<Selected>, findings: Vec<Finding>,
        differences: Vec<Difference>, node_pairs: Vec<NodePair>, comparisons: Vec<Comparison>, flows: Vec<Flow>, folded: Vec<Folded>, accounting: Vec<Accounting>, ignored: Vec<Ignored>,
    }
    Summary {
        verdict: String, rule: Option<String>, what: Option<String>, r#where: Option<String>, why: Option<String>, remedy: Option<String>,
        capture_next: Option<String>,
    }
    Folded { set: SetName, relation: String, protocol: String, flows: u64, dispositions: Dispositions, reply: Dispositions }
    SegmentTraffic { from: Point, to: Option<Point>, packets: u64, lost: u64, assumed_lost: u64, rejected: u64, looped: u64 }
    Tool { name: String, version: String }
    Selected { expression: Option<String>, sets: Vec<SelectedSet>, findings_not_shown: u64, differences_not_shown: u64, notes: Vec<String> }
    SelectedSet { set: SetName, flows: u64, all_flows: u64, packets: Option<u64>, all_packets: u64 }
    Set { path: String, capture_points: Vec<CapturePoint>, nodes: Vec<Node>, clocks: Vec<Clock>, over_time: Option<OverTime>, segments: Vec<SegmentTraffic>, warnings: Vec<String> }
    CapturePoint {
        node: String, interface: String, role: Role, files: Vec<String>, link_type: Option<String>, packets: u64,
        first_time: Option<String>, last_time: Option<String>, incomplete_datagrams: u64, overlapping_datagrams: u64,
    }
    Node { name: String, addresses: Vec<String>, clock_offset_ns: Option<i64>, clock_error_ns: Option<i64> }
    Clock {
        node: String, compared_with: String, seen: Seen, one_way_from: Option<String>, times_by: Option<String>,
        at: Option<String>, offset_ns: Option<i64>, error_ns: Option<i64>, drift_ppb: Option<i64>,
        drift_error_ppb: Option<i64>, steps: Vec<ClockStep>, contradicting: u64,
    }
    ClockStep { after: String, before: String, size_ns: i64, error_ns: i64 }
    OverTime { start: String, bin_ns: i64, bins: Vec<Bin> }
    Bin { bin: u64, delivered: u64, lost: u64, assumed_lost: u64, refused: u64, unknown: u64 }
    Point { node: String, interface: String }
    Segment { from: Point, to: Point }
    Evidence { set: SetName, file: String, packet_number: u64, point: Point }
    Finding {
        set: SetName, rule: String, severity: Severity, confidence: Level, title: String, segment: Option<Segment>,
        alternatives: Vec<String>, flows: Vec<String>, evidence: Vec<Evidence>, explanation: String,
        refuted_by: Vec<String>, causes: Vec<Cause>, confirm: Vec<String>, remedy: Vec<String>,
        capture_next: Option<String>,
    }
    Cause { cause: String, confirm: String }
    Difference {
        kind: String, significant: bool, reference: String, failing: String, segment: Option<Segment>,
        packets: Packets, flows: Vec<String>, evidence: Vec<Evidence>,
    }
    Ignored {
        what: String, reason: Option<String>, stated_in: Option<StatedIn>, effect: Effect, findings: Vec<Finding>,
        differences: Vec<Difference>,
    }
    StatedIn { file: String, line: u64 }
    Packets { reference: u64, failing: u64 }
    Comparison { reference: String, failing: String, differs: bool, ignored: bool, paired_by: Vec<String>, divergence: Option<Divergence>, forward: Vec<Line>, reply: Vec<Line> }
    Divergence { direction: String, after: Option<Point>, at: Option<Point>, finding: Option<String> }
    NodePair { reference: String, failing: String, paired_by: String }
    Line { reference: Option<usize>, failing: Option<usize> }
    Party { address: String, name: Option<String>, port: Option<u16>, node: Option<String>, kind: String }
    Key { protocol: String, initiator: String, responder: String, service: Option<String> }
    Flow {
        id: String, set: SetName, key: Key, relation: String, initiator: Party, responder: Party,
        conversations: u64, counterpart: Option<String>, called: Option<Called>, seen_as: Option<String>, round_trip: Option<RoundTrip>,
        matched_by: Option<String>, hops: Vec<Hop>, dispositions: Dispositions, reasons: BTreeMap<String, u64>, losses: Vec<Loss>,
        rejections: Vec<Rejection>, loops: Vec<Loop>, over_time: Option<OverTime>, unseen_bytes: u64, contradictions: Vec<String>, reply: Direction,
    }
    Called { address: String, name: Option<String>, port: Option<u16> }
    Direction {
        matched_by: Option<String>, hops: Vec<Hop>, dispositions: Dispositions, reasons: BTreeMap<String, u64>, losses: Vec<Loss>,
        rejections: Vec<Rejection>, loops: Vec<Loop>, over_time: Option<OverTime>, unseen_bytes: u64, contradictions: Vec<String>,
    }
    Dispositions { delivered: u64, lost: u64, assumed_lost: u64, not_covered: u64, unknown: u64, rejected: u64, looped: u64 }
    Rejection { after: Point, next: Option<Point>, by: String, how: String, packets: u64, first: Option<Evidence> }
    Loop { at: Point, packets: u64, first: Option<Evidence>, most_rounds: u32 }
    Hop {
        node: String, interface: String, role: Role, encapsulation: Option<Encapsulation>, packets: u64,
        source: String, destination: String, duplicates: u64, duplicates_by_kind: Duplicates, ttl: Ttl,
        delay: Option<Delay>, changes: Vec<Change>, first: Evidence, placed_by: String,
    }
    Encapsulation { kind: String, vni: Option<u32>, source: String, destination: String, port: Option<u16>, guessed: bool }
    Duplicates { same_frame: u64, other_frame: u64, loop_rounds: u64 }
    Ttl { min: u8, max: u8 }
    Delay { samples: u64, min_ns: i64, median_ns: i64, high_ns: i64, max_ns: i64, bound_ns: i64 }
    RoundTrip { samples: u64, min_ns: i64, median_ns: i64, high_ns: i64, max_ns: i64 }
    Change { field: String, before: String, after: String, packets: u64, expected: bool }
    Loss { from: Point, to: Point, packets: u64, first: Option<Evidence>, capture: String, expected_because: String }
    Accounting {
        set: SetName, node: String, interface: String, packets: u64, matched: u64, duplicate: u64,
        fragment_part: u64, outside_window: u64, unmatched: BTreeMap<String, u64>, residual: i64,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SetName {
    Set,
    Reference,
    Failing,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Effect {
    Unused,
    Partial,
    Shared,
    Ignores,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Note,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    High,
    Medium,
    Low,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Pod,
    Bridge,
    Vtep,
    Uplink,
    Loopback,
    Merged,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Seen {
    BothWays,
    OneWay,
    Contradictory,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn set(path: &str) -> SetRequest {
    SetRequest::of_path(root().join("testdata").join(path))
}

#[test]
fn every_diff_fits_the_mirror() {
    for entry in fs::read_dir(root().join("testdata/scenarios")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("reference").is_dir() {
            continue; // one set alone: there is nothing to compare it with
        }
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let sets = [
            set(&format!("scenarios/{name}/reference")),
            set(&format!("scenarios/{name}/failing")),
        ];
        let mut compared = compare(&sets[0], &sets[1]).unwrap();
        let reason = |ignore: Ignore| ignore.because("known").stated_in("netdiff.toml", 3);
        compared
            .ignore(&["delivery", "capture-gap"].map(|what| reason(Ignore::parse(what).unwrap())));
        let json = render_json(&compared).unwrap();
        let report: DiffReport =
            serde_json::from_str(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(report.schema_version, 1);
        check_references(&report.flows, &report.findings, &report.comparisons);
    }
}

#[test]
fn reports_of_a_selection_fit_the_mirror() {
    let sets = ["reference", "failing"].map(|s| set(&format!("scenarios/vxlan-8472-blocked/{s}")));
    for expression in ["lost", "delivered and not icmp", "not all"] {
        let options = AnalysisOptions {
            selection: Some(Selection::parse(expression).unwrap()),
            ..AnalysisOptions::default()
        };
        let json = render_json(&compare_with(&sets[0], &sets[1], &options).unwrap()).unwrap();
        let report: DiffReport = serde_json::from_str(&json).unwrap();
        assert_eq!(
            report.selection.unwrap().expression.as_deref(),
            Some(expression)
        );
        check_references(&report.flows, &report.findings, &report.comparisons);
        let json = render_json(&trace_with(&sets[1], &options).unwrap()).unwrap();
        let report: TraceReport = serde_json::from_str(&json).unwrap();
        check_references(&report.flows, &report.findings, &report.comparisons);
    }
}

/// Ids lead to flows and lines to hops.
fn check_references(flows: &[Flow], findings: &[Finding], comparisons: &[Comparison]) {
    let find = |id: &String| {
        flows
            .iter()
            .find(|f| f.id == *id)
            .unwrap_or_else(|| panic!("no flow {id}"))
    };
    for id in findings.iter().flat_map(|f| &f.flows) {
        find(id);
    }
    for id in flows.iter().filter_map(|f| f.counterpart.as_ref()) {
        find(id);
    }
    for comparison in comparisons {
        let (reference, failing) = (find(&comparison.reference), find(&comparison.failing));
        for line in &comparison.forward {
            assert!(line.reference.is_none_or(|i| i < reference.hops.len()));
            assert!(line.failing.is_none_or(|i| i < failing.hops.len()));
            assert!(line.reference.is_some() || line.failing.is_some());
        }
        for line in &comparison.reply {
            assert!(
                line.reference
                    .is_none_or(|i| i < reference.reply.hops.len())
            );
            assert!(line.failing.is_none_or(|i| i < failing.reply.hops.len()));
        }
    }
}

#[test]
fn the_documented_example_is_what_netdiff_writes() {
    let mut report = trace(&set("example")).unwrap();
    // The document does not know where the project lies.
    report.set.as_mut().unwrap().path = "testdata/example".to_owned();
    let json = render_json(&report).unwrap();
    let _: TraceReport = serde_json::from_str(&json).unwrap();
    let file = root().join("docs/report.md");
    let document = fs::read_to_string(&file).unwrap();
    let (before, rest) = document.split_once("```json\n").unwrap();
    let (example, after) = rest.split_once("```").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}```json\n{json}```{after}")).unwrap();
        return;
    }
    assert!(
        example == json,
        "docs/report.md is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}
