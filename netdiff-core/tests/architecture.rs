//! Conventions are tests, not reviewers: who may import whom, and what no room may do.
//!
//! The table is the one of ARCHITECTURE.md.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("read", &["types"]),
    ("decode", &["types"]),
    ("identify", &["types", "read", "decode"]),
    ("correlate", &["types", "identify"]),
    ("select", &["types", "identify", "correlate"]),
    ("diagnose", &["types", "identify", "correlate"]),
    ("profile", &["types", "identify", "correlate", "diagnose"]),
    ("diff", &["types", "identify", "correlate", "diagnose"]),
    (
        "extract",
        &[
            "types",
            "read",
            "decode",
            "identify",
            "correlate",
            "select",
            "diagnose",
        ],
    ),
    (
        "report",
        &["types", "identify", "correlate", "diagnose", "diff"],
    ),
    (
        "pipeline",
        &[
            "types",
            "read",
            "decode",
            "identify",
            "correlate",
            "select",
            "diagnose",
            "profile",
            "diff",
            "extract",
            "report",
        ],
    ),
];

/// Lines of production code in a file from which on it is two files.
const MAX_LINES: usize = 400;

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Tests that are too long to stand behind the code they test.
fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    name.ends_with("tests")
        || name == "testing"
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// Every source file below a folder with its text, sorted; without those that only hold tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && !is_test(&path) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found.sort();
    found
}

/// The text up to the tests, which may use what they like.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

/// Code lines with their numbers: no comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = production(text)
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The rooms that a line names as `crate::ROOM`.
fn rooms_named(line: &str) -> Vec<String> {
    let after = line.split("crate::").skip(1);
    let name = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    after
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split(',').map(|part| name(part.trim())).collect(),
            None => vec![name(rest)],
        })
        .filter(|named| !named.is_empty())
        .collect()
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (room, allowed) in ROOMS {
        for (path, text) in sources(&core().join(room)) {
            for (number, line) in code(&text) {
                for named in rooms_named(line) {
                    let is_room = ROOMS.iter().any(|(other, _)| *other == named);
                    if is_room && named != *room && !allowed.contains(&named.as_str()) {
                        wrong.push(format!(
                            "{}:{number}: {room} imports {named}",
                            path.display()
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_room_of_the_table() {
    let mut folders: Vec<String> = fs::read_dir(core())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut rooms: Vec<String> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    rooms.sort();
    assert_eq!(folders, rooms);
}

#[test]
fn only_read_opens_files_and_nothing_prints_or_asks_the_clock() {
    const EVERYWHERE: &[&str] = &[
        "println!",
        "eprintln!",
        "print!(",
        "SystemTime",
        "Instant::now",
        "std::env::",
        "unsafe {",
    ];
    const NOT_IN_READ: &[&str] = &["std::fs", "File::open", "std::io::stdin"];
    let mut wrong = Vec::new();
    for (path, text) in sources(&core()) {
        let in_read = path.components().any(|part| part.as_os_str() == "read");
        for (number, line) in code(&text) {
            let others = if in_read {
                [].iter()
            } else {
                NOT_IN_READ.iter()
            };
            for word in EVERYWHERE.iter().chain(others) {
                // `eprintln!` and its kind would match `println!` twice; one message is enough.
                if line.contains(word) && !line.contains("env!(") {
                    wrong.push(format!("{}:{number}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_report_and_profile_know_a_format() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&core()) {
        // read parses manifests and what kubectl says.
        let allowed = ["report", "profile", "read"];
        let in_allowed = path
            .components()
            .any(|part| allowed.iter().any(|room| part.as_os_str() == *room));
        if !in_allowed
            && ["serde_json", "toml::"]
                .iter()
                .any(|format| production(&text).contains(format))
        {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_two_files() {
    let mut wrong = Vec::new();
    for folder in [core(), core().join("../../netdiff-cli/src")] {
        for (path, text) in sources(&folder) {
            let lines = production(&text).lines().count();
            if lines > MAX_LINES {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_uses_the_library_by_its_root() {
    for (path, text) in sources(&core().join("../../netdiff-cli/src")) {
        for (number, line) in code(&text) {
            let inner = line.split("netdiff_core::").skip(1).any(|rest| {
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                ROOMS.iter().any(|(room, _)| *room == name)
                    && rest.starts_with(&format!("{name}::"))
            });
            assert!(!inner, "{}:{number}: {line}", path.display());
        }
    }
}
