//! docs/limits.md lists every bound that hostile input can meet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms whose bounds are listed. What a renderer lists is a matter of layout.
const ROOMS: &[&str] = &[
    "read",
    "decode",
    "identify",
    "correlate",
    "select",
    "diagnose",
    "profile",
    "diff",
    "extract",
];

/// Bounds of what is believed about numbers, not of what is done.
const NO_LIMITS: &[&str] = &["MAX_VLAN"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The name that a line gives to a bound.
fn bound(line: &str) -> Option<&str> {
    let rest = line.split_once("const ")?.1;
    let name = rest.split_once(':')?.0;
    (name.starts_with("MAX_") && !line.trim_start().starts_with("//")).then_some(name)
}

#[test]
fn every_bound_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("../docs/limits.md")).unwrap();
    let source = root.join("src");
    let (mut missing, mut listed) = (Vec::new(), 0);
    for path in ROOMS.iter().flat_map(|room| sources(&source.join(room))) {
        let file = path.strip_prefix(&source).unwrap();
        let file = file.to_string_lossy().replace('\\', "/");
        for name in fs::read_to_string(&path).unwrap().lines().filter_map(bound) {
            let stands = |line: &str| {
                line.contains(&format!("`{name}`")) && line.contains(&format!("`{file}`"))
            };
            if list.lines().any(stands) {
                listed += 1;
            } else if !NO_LIMITS.contains(&name) {
                missing.push(format!("{name} of {file}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/limits.md: {missing:?}");
    assert!(listed > 30, "{listed}");
}
