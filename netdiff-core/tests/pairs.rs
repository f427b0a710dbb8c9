//! Pairs that the user states, in the options or in the manifest of the failing set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;

use common::{part_of, testdata};
use netdiff_core::{
    AnalysisOptions, Report, SetRequest, StatedPair, StatedPairs, compare, compare_with,
    render_json,
};

fn reference() -> SetRequest {
    SetRequest::of_path(testdata().join("scenarios/healthy-healthy/reference"))
}

/// The failing set of a scenario with a manifest.
fn with_manifest(text: &str) -> tempfile::TempDir {
    let folder = part_of("healthy-healthy", |_| true);
    fs::write(folder.path().join("netdiff.toml"), text).unwrap();
    folder
}

fn stated(pairs: &[(&str, &str)]) -> AnalysisOptions {
    let mut all = StatedPairs::default();
    all.extend(pairs.iter().map(|(r, f)| StatedPair::new(r, f).unwrap()));
    AnalysisOptions {
        pairs: all,
        ..AnalysisOptions::default()
    }
}

fn nodes(report: &Report) -> Vec<(&str, &str, &str)> {
    let pairs = report.node_pairs.iter();
    pairs
        .map(|p| (&*p.reference, &*p.failing, p.paired_by))
        .collect()
}

#[test]
fn the_manifest_states_what_the_options_do() {
    let text = "[[pair]]\nreference = \"master\"\nfailing = \"node\"\n\
                [[pair]]\nreference = \"10.244.1.5\"\nfailing = \"10.244.1.6\"\n";
    let folder = with_manifest(text);
    let by_manifest = compare(&reference(), &SetRequest::of_path(folder.path())).unwrap();
    assert_eq!(
        nodes(&by_manifest),
        [
            ("master", "node", "stated"),
            ("node", "master", "their flows play the same parts")
        ]
    );
    fs::remove_file(folder.path().join("netdiff.toml")).unwrap();
    let failing = SetRequest::of_path(folder.path());
    let options = stated(&[("master", "node"), ("10.244.1.5", "10.244.1.6")]);
    let by_options = compare_with(&reference(), &failing, &options).unwrap();
    let json = |report: &Report| render_json(report).unwrap();
    assert_eq!(json(&by_manifest), json(&by_options));
    assert_ne!(
        json(&by_options),
        json(&compare(&reference(), &failing).unwrap())
    );
}

#[test]
fn options_win_over_the_manifest() {
    let folder = with_manifest("[[pair]]\nreference = \"master\"\nfailing = \"node\"\n");
    let failing = SetRequest::of_path(folder.path());
    let report = compare_with(&reference(), &failing, &stated(&[("master", "master")])).unwrap();
    assert_eq!(nodes(&report)[0], ("master", "master", "stated"));
    // Of the reference's manifest nothing is taken.
    let report = compare(&failing, &reference()).unwrap();
    assert_eq!(nodes(&report)[0].1, "master");
}

#[test]
fn pairs_that_cannot_be_are_told() {
    let failing = SetRequest::of_path(testdata().join("scenarios/healthy-healthy/failing"));
    for (pair, words) in [
        (
            ("k8s", "node"),
            "pair k8s=node: the reference has no node k8s; its nodes are master, node",
        ),
        (
            ("master", "k8s"),
            "pair master=k8s: the failing set has no node k8s; its nodes are master, node",
        ),
    ] {
        let error = compare_with(&reference(), &failing, &stated(&[pair])).unwrap_err();
        assert_eq!(error.to_string(), words);
    }
    let folder = with_manifest("[[pair]]\nreference = \"master\"\nfailing = \"k8s\"\n");
    let error = compare(&reference(), &SetRequest::of_path(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the failing set has no node k8s"),
        "{error}"
    );
    // A manifest is compared with many a reference.
    let folder = with_manifest("[[pair]]\nreference = \"k8s\"\nfailing = \"node\"\n");
    let report = compare(&reference(), &SetRequest::of_path(folder.path())).unwrap();
    let warnings = report.failing.unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("pairs node with a node that the reference does not have"))
    );
    let report = compare_with(
        &reference(),
        &failing,
        &stated(&[("10.9.9.9", "10.244.1.5")]),
    )
    .unwrap();
    let warnings = report.failing.unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("10.9.9.9=10.244.1.5 pairs nothing")),
        "{warnings:?}"
    );
}
