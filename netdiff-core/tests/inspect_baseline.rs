//! What `netdiff inspect` says of a baseline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{assert_fits, testdata};
use netdiff_core::{
    AnalysisError, AnalysisOptions, BaselineReport, Selection, SetRequest, TextOptions, baseline,
    inspect, inspect_baseline, render_baseline_json, render_baseline_text, trace,
};

fn set(scenario: &str, which: &str) -> SetRequest {
    SetRequest::of_path(testdata().join("scenarios").join(scenario).join(which))
}

fn stored(folder: &Path, sets: &[SetRequest], options: &AnalysisOptions) -> SetRequest {
    let file = folder.join("healthy.netdiff.json");
    fs::write(&file, baseline(sets, options).unwrap()).unwrap();
    SetRequest::of_path(file)
}

fn inspected(request: &SetRequest) -> BaselineReport {
    inspect_baseline(request, &AnalysisOptions::default())
        .unwrap()
        .unwrap()
}

#[test]
fn a_baseline_holds_what_its_captures_held() {
    let folder = tempfile::tempdir().unwrap();
    let captures = [
        set("healthy-healthy", "reference"),
        set("three-nodes", "failing"),
    ];
    let request = stored(folder.path(), &captures, &AnalysisOptions::default());
    let report = inspected(&request);
    assert_eq!((report.schema_version, report.baseline_version), (1, 1));
    assert!(report.written_by.as_ref().unwrap().starts_with("netdiff "));
    assert_eq!(report.bytes, fs::metadata(&request.paths[0]).unwrap().len());
    assert_eq!(report.sets.len(), 2);
    for (set, captures) in report.sets.iter().zip(&captures) {
        let (whole, traced) = (inspect(captures).unwrap(), trace(captures).unwrap());
        assert_eq!(set.path, whole.path);
        assert!(!set.anonymized);
        assert_eq!((&set.selected, set.flows_left_out), (&None, 0));
        let point = |p: &netdiff_core::InspectedPoint| {
            (
                p.node.clone(),
                p.interface.clone(),
                p.role,
                p.role_basis,
                p.files.clone(),
                p.packets,
                p.first_time.clone(),
            )
        };
        assert_eq!(
            set.capture_points.iter().map(point).collect::<Vec<_>>(),
            whole.capture_points.iter().map(point).collect::<Vec<_>>()
        );
        assert_eq!(set.coverage.len(), whole.coverage.len());
        let flows: u64 = set.flows.iter().map(|flow| flow.stands_for).sum();
        assert_eq!(flows, traced.flows.len() as u64);
        for (flow, traced) in set.flows.iter().zip(&traced.flows) {
            assert_eq!(flow.flow.id, traced.id);
            assert_eq!(flow.flow.forward.dispositions, traced.forward.dispositions);
        }
        assert_eq!(set.findings.len(), traced.findings.len());
    }
    let text = render_baseline_text(&report, &TextOptions::default());
    for words in [
        "a baseline of 2 sets",
        "names and addresses are those of the cluster",
        "Capture points",
        "Coverage",
        "cross node",
        "12 there, 12 back",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_fits(&text, 80);
}

#[test]
fn what_was_done_to_a_baseline_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let captures = set("vxlan-8472-blocked", "failing");
    let options = AnalysisOptions {
        selection: Some(Selection::parse("tcp and lost").unwrap()),
        ..AnalysisOptions::default()
    };
    let request = stored(folder.path(), std::slice::from_ref(&captures), &options);
    let report = inspected(&request);
    assert_eq!(report.sets[0].selected.as_deref(), Some("tcp and lost"));
    assert_eq!(report.sets[0].flows.len(), 1);
    let text = render_baseline_text(&report, &TextOptions::default());
    assert!(
        text.contains("a part of the set, selected by: tcp and lost"),
        "{text}"
    );
    assert!(text.contains("error underlay-vxlan-blocked"), "{text}");

    let anonymous = AnalysisOptions {
        anonymize: true,
        ..options
    };
    let request = stored(folder.path(), &[captures], &anonymous);
    let report = inspected(&request);
    assert!(report.sets[0].anonymized);
    let text = render_baseline_text(&report, &TextOptions::default());
    assert!(text.contains("names and addresses are replaced"), "{text}");
    let json = render_baseline_json(&report).unwrap();
    for output in [text.as_str(), &json] {
        for secret in ["master", "10.244.", "10.33.", "veth", "tcp and lost"] {
            // The file's own path is no part of what it holds.
            let output = output.replace(&report.path, "");
            assert!(!output.contains(secret), "{secret}: {output}");
        }
    }
    let nodes: BTreeSet<String> = report.sets[0]
        .nodes
        .iter()
        .map(|n| n.name.clone())
        .collect();
    assert_eq!(nodes.into_iter().collect::<Vec<_>>(), ["node-1", "node-2"]);
}

#[test]
fn captures_are_no_baseline_and_broken_ones_are_errors() {
    let none = inspect_baseline(
        &set("healthy-healthy", "reference"),
        &AnalysisOptions::default(),
    );
    assert!(none.unwrap().is_none());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.json");
    for (text, words) in [
        ("{\"netdiff_baseline\": 7}", "version 7"),
        ("{\"netdiff_baseline\": 1, \"sets\": []}", "without a set"),
        ("{\"netdiff_baseline\": 1", "cannot be read"),
    ] {
        fs::write(&file, text).unwrap();
        let error = inspect_baseline(&SetRequest::of_path(&file), &AnalysisOptions::default());
        let error = error.unwrap_err();
        assert!(matches!(error, AnalysisError::Baseline { .. }));
        assert!(
            error.to_string().contains(words) && error.to_string().contains("x.json"),
            "{error}"
        );
    }
}
