//! Outlines: what two recordings of the same incident have in common.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::scenario::{Scenario, map_all, name_of, scenario, scenarios};
use netdiff_core::{
    Outline, Redaction, Report, SetRequest, TextOptions, compare, render_json, render_text,
};

/// Seconds and microseconds.
type Time = (u32, u32);

fn number(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(record[at..at + 4].try_into().unwrap())
}

/// The records of a pcap file with their headers.
fn records(pcap: &[u8]) -> Vec<&[u8]> {
    let mut rest = &pcap[24..];
    let mut records = Vec::new();
    while rest.len() >= 16 {
        let (record, behind) = rest.split_at(16 + number(rest, 8) as usize);
        records.push(record);
        rest = behind;
    }
    records
}

/// A pcap file as recorded over an hour later, and not beyond `until`.
fn recorded_later(pcap: &[u8], until: Time) -> Vec<u8> {
    let mut later = pcap[..24].to_vec();
    for record in records(pcap) {
        if (number(record, 0), number(record, 4)) < until {
            later.extend((number(record, 0) + 4321).to_le_bytes());
            later.extend(&record[4..]);
        }
    }
    later
}

/// The failing set as recorded over an hour later, its pods' interfaces called `pods`…; the last `cut` microseconds of it are missing.
fn another_recording(scenario: &Scenario, pods: &str, cut: u64) -> tempfile::TempDir {
    let files = scenario.files(&scenario.failing);
    let pcaps: Vec<(&PathBuf, Vec<u8>)> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "pcap"))
        .map(|file| (file, fs::read(file).unwrap()))
        .collect();
    let micros =
        |record: &[u8]| u64::from(number(record, 0)) * 1_000_000 + u64::from(number(record, 4));
    let all = pcaps.iter().flat_map(|(_, pcap)| records(pcap));
    let until = all.map(micros).max().unwrap() + 1 - cut;
    let until = (
        u32::try_from(until / 1_000_000).unwrap(),
        u32::try_from(until % 1_000_000).unwrap(),
    );
    let folder = tempfile::tempdir().unwrap();
    let set = scenario.folder.join(&scenario.failing);
    for (file, pcap) in &pcaps {
        let name = name_of(file).replace("veth", pods);
        let inside = file.parent().unwrap().strip_prefix(&set).unwrap();
        let target = folder.path().join(inside);
        fs::create_dir_all(&target).unwrap();
        fs::write(target.join(name), recorded_later(pcap, until)).unwrap();
    }
    folder
}

fn diff(scenario: &Scenario, failing: &Path) -> Report {
    let reference = scenario.folder.join(scenario.reference.as_ref().unwrap());
    compare(
        &SetRequest::of_path(reference),
        &SetRequest::of_path(failing),
    )
    .unwrap()
}

fn own(scenario: &Scenario) -> Report {
    diff(scenario, &scenario.folder.join(&scenario.failing))
}

/// Every eighth scenario that is recorded as plain pcap: enough to see all kinds of finding in a few seconds.
fn some() -> Vec<Scenario> {
    let plain = |scenario: &Scenario| {
        let files = scenario.files(&scenario.failing);
        let begins = |file: &PathBuf| {
            fs::read(file)
                .unwrap()
                .starts_with(&[0xd4, 0xc3, 0xb2, 0xa1])
        };
        scenario.reference.is_some() && files.iter().all(begins)
    };
    scenarios().into_iter().filter(plain).step_by(8).collect()
}

#[test]
fn another_recording_of_an_incident_has_the_same_outline() {
    let outlines = map_all(some(), |scenario| {
        let later = another_recording(&scenario, "vethx", 0);
        let outlines = [own(&scenario), diff(&scenario, later.path())].map(|r| Outline::of(&r));
        (scenario.name, outlines)
    });
    assert!(outlines.len() > 10);
    for (name, [one, other]) in outlines {
        assert_eq!(one, other, "{name}");
        assert!(!one.text().contains("veth"), "{name}: {}", one.text());
    }
}

#[test]
fn a_shorter_recording_has_the_same_findings_and_differences() {
    let scenario = scenario("vxlan-8472-blocked");
    let shorter = another_recording(&scenario, "vethx", 100_000);
    let (one, other) = (own(&scenario), diff(&scenario, shorter.path()));
    let (one, other) = (Outline::of(&one), Outline::of(&other));
    assert_eq!(one.findings, other.findings);
    assert_eq!(one.differences, other.differences);
}

#[test]
fn incidents_differ_in_their_outlines() {
    let texts = [
        "vxlan-8472-blocked",
        "directrouting-fixed",
        "healthy-healthy",
    ]
    .map(|name| Outline::of(&own(&scenario(name))).text());
    assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
}

#[test]
fn the_outline_of_the_incident() {
    let outline = Outline::of(&own(&scenario("vxlan-8472-blocked")));
    insta::assert_snapshot!("incident", outline.text());
    insta::assert_json_snapshot!("incident.json", outline);
}

#[test]
fn redacted_reports_know_no_time_path_or_version() {
    let rounds = map_all(some(), |scenario| {
        let later = another_recording(&scenario, "veth", 0);
        let reports = [own(&scenario), diff(&scenario, later.path())];
        let texts = reports.map(|report| {
            let mut report = report.redacted(Redaction::ALL);
            // The folder has another name on purpose.
            report.failing.as_mut().unwrap().path = String::new();
            let text = render_text(&report, &TextOptions::default());
            format!("{text}{}", render_json(&report).unwrap())
        });
        (scenario.name, texts)
    });
    for (name, [one, other]) in rounds {
        let lines = one.lines().zip(other.lines());
        let differing = lines.filter(|(a, b)| a != b).take(3);
        assert!(one == other, "{name}: {:?}", differing.collect::<Vec<_>>());
        let folder = env!("CARGO_MANIFEST_DIR");
        for word in [folder, env!("CARGO_PKG_VERSION"), "T0", "T1", "T2"] {
            let timed = |at: usize| one[..at].ends_with(|c: char| c.is_ascii_digit());
            let found = one
                .match_indices(word)
                .find(|(at, _)| !word.starts_with('T') || timed(*at));
            assert!(found.is_none(), "{name}: {found:?}");
        }
    }
}
