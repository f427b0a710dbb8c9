//! Baselines take the place of captures, comparisons mirror, and anonymized output holds no name and no address.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use netdiff_core::{
    AnalysisOptions, Report, SetRequest, TextOptions, baseline, compare, compare_with, render_json,
    render_text, timelines, trace,
};
use rayon::prelude::*;

/// A baseline of a set is at most this long, in bytes.
const MAX_LEN: usize = 200_000;

fn scenarios() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/scenarios");
    let mut found: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("reference").is_dir() && path.join("failing").is_dir())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                path,
            )
        })
        .collect();
    found.sort();
    assert!(found.len() >= 3, "no scenarios found");
    found
}

fn set(folder: &Path, name: &str) -> SetRequest {
    SetRequest::of_path(folder.join(name))
}

fn anonymous() -> AnalysisOptions {
    AnalysisOptions {
        anonymize: true,
        ..AnalysisOptions::default()
    }
}

/// What a comparison says, apart from names.
fn told(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().map(|finding| {
        let flows = finding.flows.len();
        format!(
            "{} {} {:?} {flows}",
            finding.severity, finding.rule, finding.alternatives
        )
    });
    let differences = report
        .differences
        .iter()
        .map(|d| format!("{} {} {:?}", d.kind, d.significant, d.packets));
    let parting = report.comparisons.iter().map(|c| {
        let divergence = c.divergence.as_ref();
        format!("{:?}", divergence.map(|d| (d.direction, d.finding)))
    });
    findings.chain(differences).chain(parting).collect()
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> SetRequest {
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    SetRequest::of_path(file)
}

#[test]
fn a_baseline_takes_the_place_of_captures() {
    scenarios().par_iter().for_each(|(name, folder)| {
        let folder_of = tempfile::tempdir().unwrap();
        let failing = set(folder, "failing");
        let captures = compare(&set(folder, "reference"), &failing).unwrap();
        let text = baseline(&[set(folder, "reference")], &AnalysisOptions::default()).unwrap();
        assert!(text.len() <= MAX_LEN, "{name}: {} bytes", text.len());
        let reference = written(&folder_of, "healthy.netdiff.json", &text);
        let against = compare(&reference, &failing).unwrap();
        assert_eq!(told(&captures), told(&against), "{name}");
        // A baseline of a baseline is the same one.
        let again = baseline(&[reference], &AnalysisOptions::default()).unwrap();
        assert_eq!(text, again, "{name}");
    });
}

#[test]
fn the_failing_set_may_be_a_baseline_too() {
    let (_, folder) = scenarios()
        .into_iter()
        .find(|(name, _)| name == "vxlan-8472-blocked")
        .unwrap();
    let folder_of = tempfile::tempdir().unwrap();
    let text = baseline(&[set(&folder, "failing")], &AnalysisOptions::default()).unwrap();
    let failing = written(&folder_of, "failing.netdiff.json", &text);
    let reference = set(&folder, "reference");
    let report = compare(&reference, &failing).unwrap();
    assert_eq!(
        told(&compare(&reference, &set(&folder, "failing")).unwrap()),
        told(&report)
    );
    assert_eq!(
        trace(&failing).unwrap().findings[0].rule,
        "underlay-vxlan-blocked"
    );
}

#[test]
fn several_healthy_sets_widen_what_is_normal() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/scenarios/directrouting-fixed");
    let (reference, failing) = (set(&folder, "reference"), set(&folder, "failing"));
    let significant = |report: &Report| report.differences.iter().any(|d| d.significant);
    assert!(significant(&compare(&reference, &failing).unwrap()));
    let both = baseline(&[reference, failing.clone()], &AnalysisOptions::default()).unwrap();
    let folder_of = tempfile::tempdir().unwrap();
    let both = written(&folder_of, "both.netdiff.json", &both);
    assert!(!significant(&compare(&both, &failing).unwrap()));
    assert!(
        trace(&both)
            .unwrap_err()
            .to_string()
            .contains("several sets")
    );
}

#[test]
fn swapping_the_sets_mirrors_every_difference() {
    scenarios().par_iter().for_each(|(name, folder)| {
        let (ours, theirs) = (set(folder, "reference"), set(folder, "failing"));
        let there = compare(&ours, &theirs).unwrap();
        let back = compare(&theirs, &ours).unwrap();
        let mut forward: Vec<_> = there
            .differences
            .iter()
            .map(|d| {
                (
                    d.kind,
                    d.reference.clone(),
                    d.failing.clone(),
                    d.packets.reference,
                )
            })
            .collect();
        let mut mirrored: Vec<_> = back
            .differences
            .iter()
            .map(|d| {
                (
                    d.kind,
                    d.failing.clone(),
                    d.reference.clone(),
                    d.packets.failing,
                )
            })
            .collect();
        forward.sort();
        mirrored.sort();
        assert_eq!(forward, mirrored, "{name}");
    });
}

/// Every name and address of a set, in all the ways in which they are written.
fn secrets(request: &SetRequest) -> BTreeSet<String> {
    let set = timelines(request, &AnalysisOptions::default())
        .unwrap()
        .timelines;
    let mut secrets: BTreeSet<String> = set.nodes.iter().map(ToString::to_string).collect();
    let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
    for flow in &set.flows {
        addresses.extend([flow.initiator.address, flow.responder.address]);
        for hop in flow.forward.hops.iter().chain(&flow.reply.hops) {
            addresses.extend([hop.source, hop.destination]);
            let tunnel = hop.tunnel.iter();
            addresses.extend(tunnel.flat_map(|tunnel| [tunnel.source, tunnel.destination]));
        }
    }
    for error in &set.icmp_errors {
        addresses.extend([error.source, error.destination]);
    }
    for (_, arp) in &set.arp {
        addresses.extend([IpAddr::V4(arp.sender), IpAddr::V4(arp.target)]);
        secrets.insert(arp.sender_mac.to_string());
    }
    secrets.extend(addresses.iter().map(IpAddr::to_string));
    for point in &set.points {
        if point.role == netdiff_core::types::Role::Pod {
            secrets.insert(point.point.interface.to_string());
        }
    }
    secrets
}

/// Names of nodes in the recordings that are words of the report as well; `alpha` is a part of the names of flannel's annotations.
const ORDINARY: &[&str] = &[
    "node", "back", "front", "master", "edge", "left", "right", "alpha",
];

/// Whether a word stands in a text as such, not as a part of another.
fn holds(text: &str, secret: &str) -> bool {
    let is_part =
        |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.match_indices(secret).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + secret.len()..].chars().next();
        !is_part(before) && !is_part(behind)
    })
}

#[test]
fn anonymized_output_holds_no_name_and_no_address() {
    scenarios().par_iter().for_each(|(name, folder)| {
        let (reference, failing) = (set(folder, "reference"), set(folder, "failing"));
        let report = compare_with(&reference, &failing, &anonymous()).unwrap();
        let texts = [
            baseline(std::slice::from_ref(&failing), &anonymous()).unwrap(),
            render_json(&report).unwrap(),
            render_text(
                &report,
                &TextOptions {
                    verbose: true,
                    ..TextOptions::default()
                },
            ),
        ];
        for secret in secrets(&reference).into_iter().chain(secrets(&failing)) {
            for text in &texts {
                let ordinary = ORDINARY.contains(&secret.as_str());
                assert!(ordinary || !holds(text, &secret), "{name}: {secret}");
            }
        }
        let open = compare(&reference, &failing).unwrap();
        assert_eq!(told(&open), told(&report), "{name}");
        let folder_of = tempfile::tempdir().unwrap();
        let hidden = written(&folder_of, "failing.netdiff.json", &texts[0]);
        let rules = |report: &Report| -> Vec<&'static str> {
            report.findings.iter().map(|finding| finding.rule).collect()
        };
        assert_eq!(
            rules(&trace(&hidden).unwrap()),
            rules(&trace(&failing).unwrap()),
            "{name}"
        );
    });
}

#[test]
fn a_broken_baseline_is_told_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("{\"netdiff_baseline\": 1", "cannot be read"),
        ("{\"netdiff_baseline\": 999, \"sets\": []}", "version 999"),
        ("{\"netdiff_baseline\": 1, \"sets\": []}", "without a set"),
    ];
    for (text, wanted) in cases {
        let request = written(&folder, "broken.netdiff.json", text);
        let error = trace(&request).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert!(error.contains("broken.netdiff.json"), "{error}");
    }
}
