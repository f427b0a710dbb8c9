//! `netdiff extract` and `netdiff export` as a user meets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

const FAILING: &str = "testdata/scenarios/vxlan-8472-blocked/failing";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn netdiff(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("netdiff"));
    command.current_dir(root()).args(arguments);
    command
}

fn done(arguments: &[&str]) -> Output {
    let output = netdiff(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn trouble(arguments: &[&str]) -> String {
    let output = netdiff(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found.pcapng");
    let name = file.to_str().unwrap();
    let output = done(&[
        "extract",
        FAILING,
        "--finding",
        "underlay-vxlan-blocked",
        "-o",
        name,
    ]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("116 packets, from 8 capture points"),
        "{told}"
    );
    let written = fs::read(&file).unwrap();
    let piped = done(&[
        "extract",
        FAILING,
        "--finding",
        "underlay-vxlan-blocked",
        "-o",
        "-",
    ]);
    assert!(written == piped.stdout, "a file and a pipe hold the same");

    let message = trouble(&["extract", FAILING, "--flow", "sctp", "-o", name]);
    assert!(message.contains("no packet is selected"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), written, "what was there stays");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn no_capture_is_written_over() {
    for output in ["master/eth0.pcap", "new.pcapng"] {
        let output = format!("{FAILING}/{output}");
        let message = trouble(&["extract", FAILING, "-o", &output]);
        assert!(message.contains("lies in the set"), "{message}");
    }
    assert!(!root().join(FAILING).join("new.pcapng").exists());
}

#[test]
fn standard_input_and_baselines() {
    let capture = File::open(root().join(FAILING).join("master/eth0.pcap")).unwrap();
    let output = netdiff(&["export", "-", "--point", "master/eth0=-"])
        .stdin(Stdio::from(capture))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() > 20, "{text}");

    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("healthy.json");
    let name = baseline.to_str().unwrap();
    done(&["baseline", FAILING, "-o", name]);
    let message = trouble(&["extract", name, "-o", "-"]);
    assert!(message.contains("a baseline holds no packets"), "{message}");
    done(&["export", FAILING, "--reference", name]);
}

#[test]
fn tables_go_by_the_name_of_their_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, separator) in [("hops.csv", ','), ("hops.tsv", '\t'), ("hops", ',')] {
        let file = folder.path().join(name);
        done(&[
            "export",
            FAILING,
            "--flow",
            "lost",
            "-o",
            file.to_str().unwrap(),
        ]);
        let text = fs::read_to_string(file).unwrap();
        assert!(text.starts_with(&format!("flow{separator}protocol{separator}")));
    }
    let nothing = done(&["export", FAILING, "--flow", "sctp"]);
    let nothing = String::from_utf8(nothing.stdout).unwrap();
    assert_eq!(nothing.lines().count(), 1, "{nothing}");
}

#[test]
fn tshark_shows_interfaces_and_comments() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("skipped: there is no tshark");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found.pcapng");
    let name = file.to_str().unwrap();
    done(&["extract", FAILING, "--flow", "icmp and lost", "-o", name]);
    let output = Command::new("tshark")
        .args([
            "-r",
            name,
            "-Y",
            "frame.comment contains \"last seen here; lost\"",
        ])
        .args([
            "-T",
            "fields",
            "-e",
            "frame.interface_name",
            "-e",
            "frame.comment",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let first = "master/eth0\thop 4 of 4; last seen here; lost between master/eth0 and node/eth0";
    assert!(text.starts_with(first), "{text}");
    assert!(text.lines().count() > 10);
}
