//! Recorded sets for tests, whole or in part.

#![allow(dead_code, reason = "no test uses all of it")]

pub mod foreign;
pub mod hostile;
pub mod scenario;

use std::fs;
use std::path::{Path, PathBuf};

use netdiff_core::Report;
use netdiff_core::correlate::{Ran, RoleBasis, SetPoint};
use netdiff_core::identify::ObservedPoint;
use netdiff_core::types::{CapturePoint, FileId, Role};
use unicode_width::UnicodeWidthStr;

/// The project's recorded captures.
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// The failing set of a scenario with only those files for which `keep` says so.
pub fn part_of(scenario: &str, keep: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let set = testdata().join("scenarios").join(scenario).join("failing");
    for node in fs::read_dir(set).unwrap() {
        for file in fs::read_dir(node.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let name: PathBuf = file.components().rev().take(2).collect();
            let name: PathBuf = name.components().rev().collect();
            if keep(&name.to_string_lossy().replace('\\', "/")) {
                let target = folder.path().join(&name);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(&file, target).unwrap();
            }
        }
    }
    folder
}

/// The points of one file of a node, as a set has them.
pub fn points_of_one_file(points: Vec<ObservedPoint>) -> Vec<SetPoint> {
    let points = points.into_iter().enumerate();
    points
        .map(|(i, seen)| SetPoint {
            point: CapturePoint::new("node", &format!("if{i:05}")),
            role: Role::Unknown,
            role_basis: RoleBasis::Name,
            files: vec![FileId(0)],
            link_type: Some(seen.link_type),
            packets: seen.packets,
            first_time: seen.first_time,
            last_time: seen.last_time,
            dropped: 0,
            filtered: false,
            fragments: seen.fragment_trouble,
            ran: Ran::default(),
        })
        .collect()
}

/// Paths of the machine do not belong into snapshots.
pub fn without_paths(mut report: Report) -> Report {
    for set in [&mut report.set, &mut report.reference, &mut report.failing]
        .into_iter()
        .flatten()
    {
        set.path = scenario::name_of(Path::new(&set.path));
    }
    report
}

/// Every line fits, but for words (paths among them) that are as long as a line.
pub fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        let longest = line.split_whitespace().map(UnicodeWidthStr::width).max();
        let unbreakable = longest.unwrap_or(0) + 4 > width;
        assert!(line.width() <= width || unbreakable, "{width}: {line}");
    }
}
