//! The forms in which a report is written, and where to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/example")
}

fn netdiff(arguments: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("netdiff").unwrap();
    command.env_remove("LC_ALL").env("LC_MESSAGES", "C");
    command.args(arguments).output().unwrap()
}

fn written(format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report");
    let (set, target) = (example(), file.to_string_lossy().into_owned());
    let set = set.to_string_lossy().into_owned();
    let output = netdiff(&["trace", &set, "--format", format, "-o", &target]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = fs::read_to_string(&file).unwrap();
    let to_standard_output = netdiff(&["trace", &set, "--format", format]);
    assert_eq!(text.as_bytes(), to_standard_output.stdout, "{format}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "{format}: something is left beside the report");
    text
}

#[test]
fn every_format_is_written_to_a_file_as_to_standard_output() {
    assert!(written("text").starts_with("netdiff "));
    assert!(written("json").starts_with("{\n"));
    assert!(written("markdown").starts_with("## netdiff "));
    assert!(written("html").starts_with("<!DOCTYPE html>\n"));
}

#[test]
fn a_report_that_cannot_be_written_names_its_file() {
    let set = example().to_string_lossy().into_owned();
    let output = netdiff(&["trace", &set, "-o", "no/such/folder/report"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no/such/folder/report"), "{error}");
}

#[test]
fn what_has_no_such_format_says_what_has() {
    let set = example().to_string_lossy().into_owned();
    for (arguments, words) in [
        (
            ["inspect", &set, "--format", "html"],
            "only diff and trace do",
        ),
        (
            ["inspect", &set, "--format", "markdown"],
            "only diff and trace do",
        ),
        (
            ["explain", "capture-gap", "--format", "html"],
            "only diff and trace do",
        ),
    ] {
        let output = netdiff(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(words), "{error}");
    }
    let output = netdiff(&["explain", "capture-gap", "--format", "markdown"]);
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("## capture-gap")
    );
}
