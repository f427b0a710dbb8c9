//! The program as a user meets it: exit codes, messages, formats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn scenario(name: &str, set: &str) -> PathBuf {
    root().join("testdata/scenarios").join(name).join(set)
}

fn netdiff(arguments: &[&Path]) -> Output {
    let mut command = Command::new(cargo_bin("netdiff"));
    command
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env_remove("LC_ALL")
        .env("LC_MESSAGES", "C")
        .args(arguments)
        .output()
        .unwrap()
}

fn path(text: &str) -> &Path {
    Path::new(text)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks that the job could not be done, and returns the message.
fn trouble(arguments: &[&Path]) -> String {
    let output = netdiff(arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A copy of a scenario's set in a folder that a test may spoil.
fn copied(name: &str, set: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for node in fs::read_dir(scenario(name, set)).unwrap() {
        let node = node.unwrap().path();
        let target = folder.path().join(node.file_name().unwrap());
        fs::create_dir(&target).unwrap();
        for file in fs::read_dir(&node).unwrap() {
            let file = file.unwrap().path();
            fs::copy(&file, target.join(file.file_name().unwrap())).unwrap();
        }
    }
    folder
}

#[test]
fn the_incident_is_one_command() {
    let sets = [
        scenario("vxlan-8472-blocked", "reference"),
        scenario("vxlan-8472-blocked", "failing"),
    ];
    let output = netdiff(&[path("diff"), &sets[0], &sets[1]]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("ERROR underlay-vxlan-blocked"), "{text}");
    assert!(
        !text.contains('\x1b'),
        "no color without a terminal: {text}"
    );
}

#[test]
fn exit_codes_are_like_those_of_diff() {
    let healthy = [
        scenario("healthy-healthy", "reference"),
        scenario("healthy-healthy", "failing"),
    ];
    assert_eq!(
        netdiff(&[path("diff"), &healthy[0], &healthy[1]])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        netdiff(&[path("trace"), &healthy[0]]).status.code(),
        Some(0)
    );
    let routed = scenario("directrouting-fixed", "failing");
    assert_eq!(netdiff(&[path("trace"), &routed]).status.code(), Some(0));
    assert_eq!(
        netdiff(&[path("diff"), &healthy[0], &routed]).status.code(),
        Some(1)
    );
    let failing = scenario("vxlan-8472-blocked", "failing");
    assert_eq!(netdiff(&[path("trace"), &failing]).status.code(), Some(1));
    assert_eq!(netdiff(&[path("compare")]).status.code(), Some(2));
}

#[test]
fn json_is_json() {
    let set = scenario("vxlan-8472-blocked", "failing");
    let output = netdiff(&[path("trace"), &set, path("--format"), path("json")]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["tool"]["name"], "netdiff");
    assert_eq!(report["findings"][0]["rule"], "underlay-vxlan-blocked");
    assert_eq!(
        report["findings"][0]["segment"]["from"]["interface"],
        "eth0"
    );
}

#[test]
fn color_and_width_are_as_asked_for() {
    let set = scenario("vxlan-8472-blocked", "failing");
    let colored = stdout(&netdiff(&[
        path("trace"),
        &set,
        path("--color"),
        path("always"),
    ]));
    assert!(colored.contains("\x1b[1;31mERROR\x1b[0m"));
    let wide = stdout(&netdiff(&[
        path("trace"),
        &set,
        path("--width"),
        path("120"),
    ]));
    assert!(wide.lines().any(|line| line.chars().count() > 80));
    // A path may be as long as a line.
    let has_path = |line: &str| line.split(' ').any(|word| word.chars().count() > 100);
    let fits = |line: &str| line.chars().count() <= 120 || has_path(line);
    assert!(wide.lines().all(fits));
}

#[test]
fn jobs_change_nothing() {
    let set = scenario("vxlan-8472-blocked", "reference");
    let run = |jobs| {
        stdout(&netdiff(&[
            path("trace"),
            &set,
            path("--format"),
            path("json"),
            path("--jobs"),
            path(jobs),
        ]))
    };
    assert_eq!(run("1"), run("2"));
    assert!(trouble(&[path("trace"), &set, path("--jobs"), path("0")]).contains("at least one"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = Command::new(cargo_bin("netdiff"))
        .arg("trace")
        .arg(scenario("vxlan-8472-blocked", "reference"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_missing_folder_is_named() {
    let message = trouble(&[path("trace"), path("no/such/folder")]);
    assert!(message.contains("no/such/folder"), "{message}");
    assert!(message.contains("no such file or folder"), "{message}");
}

#[test]
fn an_empty_folder_is_told_what_belongs_there() {
    let folder = tempfile::tempdir().unwrap();
    let message = trouble(&[path("trace"), folder.path()]);
    assert!(message.contains("no packet captures"), "{message}");
    assert!(message.contains("master/eth0.pcap"), "{message}");
}

#[test]
fn a_file_that_is_no_capture_is_named_with_its_set() {
    let set = copied("vxlan-8472-blocked", "failing");
    fs::write(
        set.path().join("node/eth1.pcap"),
        "this is text, not a capture\n",
    )
    .unwrap();
    let message = trouble(&[path("trace"), set.path()]);
    assert!(message.contains("node/eth1.pcap"), "{message}");
    assert!(message.contains("not a packet capture"), "{message}");
    assert!(
        message.contains(&*set.path().to_string_lossy()),
        "{message}"
    );
}

#[test]
fn two_files_of_one_point_are_both_named() {
    let set = copied("vxlan-8472-blocked", "failing");
    fs::copy(
        set.path().join("node/eth0.pcap"),
        set.path().join("node/node-eth0.pcap"),
    )
    .unwrap();
    let message = trouble(&[path("trace"), set.path()]);
    assert!(message.contains("node/eth0.pcap"), "{message}");
    assert!(message.contains("node/node-eth0.pcap"), "{message}");
}

#[test]
fn a_file_that_cannot_be_placed_shows_the_manifest_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let source = scenario("vxlan-8472-blocked", "reference").join("node/eth0.pcap");
    fs::copy(source, folder.path().join("eth0.pcap")).unwrap();
    let message = trouble(&[path("trace"), folder.path()]);
    assert!(
        message.contains("[[capture]]\nfile = \"eth0.pcap\""),
        "{message}"
    );
    let manifest = "[[capture]]\nfile = \"eth0.pcap\"\nnode = \"node\"\ninterface = \"eth0\"\n";
    fs::write(folder.path().join("netdiff.toml"), manifest).unwrap();
    assert_eq!(
        netdiff(&[path("trace"), folder.path()]).status.code(),
        Some(0)
    );
}

#[test]
fn a_cut_file_is_a_warning_and_the_rest_is_analyzed() {
    let set = copied("vxlan-8472-blocked", "failing");
    let file = set.path().join("master/eth0.pcap");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 11]).unwrap();
    let output = netdiff(&[path("trace"), set.path()]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("ERROR underlay-vxlan-blocked"), "{text}");
    assert!(text.contains("warning: master/eth0.pcap"), "{text}");
}

#[test]
fn an_empty_capture_is_a_point_that_saw_nothing() {
    let set = scenario("directrouting-fixed", "failing");
    let text = stdout(&netdiff(&[path("trace"), &set]));
    assert!(
        text.contains("saw nothing: master/flannel.1, node/flannel.1"),
        "{text}"
    );
}

#[test]
fn points_may_be_stated() {
    let folder = tempfile::tempdir().unwrap();
    let source = scenario("vxlan-8472-blocked", "failing");
    let (a, b) = (folder.path().join("a.pcap"), folder.path().join("b.pcap"));
    fs::copy(source.join("master/eth0.pcap"), &a).unwrap();
    fs::copy(source.join("node/eth0.pcap"), &b).unwrap();
    let point = |place: &str, file: &Path| PathBuf::from(format!("{place}={}", file.display()));
    let (first, second) = (point("m1/eth0", &a), point("w1/eth0", &b));
    let output = netdiff(&[
        path("trace"),
        &a,
        &b,
        path("--point"),
        &first,
        path("--point"),
        &second,
    ]);
    let text = stdout(&output);
    assert!(
        text.contains("leave m1/eth0 and never reach w1/eth0"),
        "{output:?}"
    );
    let message = trouble(&[path("diff"), &source, &source, path("--point"), &first]);
    assert!(message.contains("in neither set"), "{message}");
}

/// The incident's report as README.md shows it: the finding, the first ladder, and what is fine.
fn readme_example(text: &str, headings: [&str; 4]) -> String {
    let part = |from: &str, to: &str| {
        let start = text
            .find(from)
            .unwrap_or_else(|| panic!("no {from:?} in\n{text}"));
        let rest = &text[start..];
        rest[..rest.find(to).unwrap_or(rest.len())]
            .trim()
            .to_owned()
    };
    let [differs, hops, same, captures] = headings;
    let parts = [
        part("netdiff", differs),
        part(hops, "\ntcp "),
        part(same, captures),
    ];
    parts.join("\n\n[…]\n")
}

/// What a README shows is what is written in its language.
fn check_readme(name: &str, language: &str, headings: [&str; 4]) {
    let output = netdiff(&[
        path("diff"),
        path("testdata/scenarios/vxlan-8472-blocked/reference"),
        path("testdata/scenarios/vxlan-8472-blocked/failing"),
        path("--lang"),
        path(language),
    ]);
    let example = readme_example(&stdout(&output), headings);
    let file = root().join(name);
    let readme = fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once("```text\n").unwrap();
    let (shown, after) = rest.split_once("\n```").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}```text\n{example}\n```{after}")).unwrap();
        return;
    }
    assert!(
        shown == example,
        "{name} is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}

#[test]
fn the_readme_shows_what_netdiff_writes() {
    let headings = ["What differs", "Hop by hop", "Not different", "Captures"];
    check_readme("README.md", "en", headings);
}

#[test]
fn the_chinese_readme_shows_what_netdiff_writes() {
    let headings = ["\n差异\n", "\n逐跳对照\n", "\n没有差异\n", "\n抓包\n"];
    check_readme("README.zh-CN.md", "zh-CN", headings);
}

#[test]
fn inspecting_judges_nothing() {
    let set = scenario("vxlan-8472-blocked", "failing");
    let output = netdiff(&[path("inspect"), &set]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("vxlan VNI 1, UDP 8472"), "{text}");
    let output = netdiff(&[path("inspect"), &set, path("--format"), path("json")]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["coverage"][0]["vtep"]["state"], "captured");
    assert!(trouble(&[path("inspect"), path("no/such/folder")]).contains("no such file"));
}

#[test]
fn a_manifest_is_written_once() {
    let set = copied("vxlan-8472-blocked", "failing");
    let before = stdout(&netdiff(&[path("trace"), set.path()]));
    let write = path("--write-manifest");
    let output = netdiff(&[path("inspect"), set.path(), write]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("Coverage"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("wrote"));
    let written = fs::read_to_string(set.path().join("netdiff.toml")).unwrap();
    let shown = netdiff(&[path("inspect"), set.path(), path("--write-manifest=-")]);
    assert_eq!(stdout(&shown), written);
    assert_eq!(stdout(&netdiff(&[path("trace"), set.path()])), before);
    let message = trouble(&[path("inspect"), set.path(), write]);
    assert!(message.contains("is there already"), "{message}");
}

#[test]
fn the_manifest_of_loose_files_goes_to_standard_output() {
    let set = scenario("vxlan-8472-blocked", "failing");
    let (a, b) = (set.join("master/eth0.pcap"), set.join("node/eth0.pcap"));
    let output = netdiff(&[path("inspect"), &a, &b, path("--write-manifest")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert_eq!(text.matches("[[capture]]").count(), 2, "{text}");
    assert!(text.contains("node = \"master\""), "{text}");
}

#[test]
fn files_that_name_their_nodes_may_lie_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let flat = folder.path().join("failing");
    fs::create_dir(&flat).unwrap();
    for node in ["master", "node"] {
        for file in fs::read_dir(scenario("vxlan-8472-blocked", "failing").join(node)).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            fs::copy(&file, flat.join(format!("{node}-{name}"))).unwrap();
        }
    }
    for set in [folder.path(), &flat] {
        let text = stdout(&netdiff(&[path("trace"), set]));
        assert!(
            text.contains("leave master/eth0 and never reach node/eth0"),
            "{text}"
        );
    }
}

#[test]
fn what_is_selected_decides_the_exit_status() {
    let failing = scenario("vxlan-8472-blocked", "failing");
    let trace = |arguments: &[&str]| {
        let mut all = vec![path("trace"), &failing];
        all.extend(arguments.iter().map(|argument| path(argument)));
        netdiff(&all)
    };
    for (arguments, code) in [
        (&["--flow", "icmp and 10.244.0.4"][..], 1),
        (
            &[
                "--seen-at",
                "node/eth0",
                "--protocol",
                "tcp",
                "--port",
                "6443",
            ],
            0,
        ),
        (&["--not-seen-at", "node/*", "--since", "+0s"], 1),
        (&["--flow", "delivered"], 0),
        (&["--until", "+0s"], 0),
        (&["--protocol", "udp", "--protocol", "icmp"], 1),
    ] {
        let output = trace(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(stdout(&output).contains("selected by `"), "{arguments:?}");
    }
    let both = stdout(&trace(&[
        "--flow",
        "tcp",
        "--seen-at",
        "*/eth0",
        "--not-seen-at",
        "node/cni0",
    ]));
    assert!(
        both.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("`tcp and seen-at */eth0 and not seen-at node/cni0`"),
        "{both}"
    );
}

#[test]
fn a_baseline_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("healthy.netdiff.json");
    let healthy = scenario("healthy-healthy", "reference");
    assert!(
        netdiff(&[path("baseline"), &healthy, path("-o"), &file])
            .status
            .success()
    );
    let output = netdiff(&[path("inspect"), &file]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("a baseline of 1 set"),
        "{output:?}"
    );
    let output = netdiff(&[path("inspect"), &file, path("--format"), path("json")]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sets"][0]["anonymized"], false);
    let message = trouble(&[path("inspect"), &file, path("--write-manifest")]);
    assert!(
        message.contains("no captures that a manifest could place"),
        "{message}"
    );
}

#[test]
fn a_selection_that_cannot_be_is_explained() {
    let failing = scenario("vxlan-8472-blocked", "failing");
    for (option, value, words) in [
        (
            "--flow",
            "icmp and 10.244.0.",
            "--flow 'icmp and 10.244.0.', column 10: expected an address",
        ),
        (
            "--seen-at",
            "eth0",
            "--seen-at 'eth0', column 1: expected a capture point, NODE/INTERFACE",
        ),
        ("--port", "http", "--port 'http', column 1: expected a port"),
        (
            "--since",
            "noon",
            "--since 'noon', column 1: expected a time",
        ),
        (
            "--not-seen-at",
            "nod/eth0",
            "no capture point is called nod/eth0; there are master/cni0",
        ),
    ] {
        let message = trouble(&[path("trace"), &failing, path(option), path(value)]);
        assert!(message.contains(words), "{message}");
    }
    let manual = stdout(&netdiff(&[path("explain"), path("selection")]));
    assert!(manual.contains("seen-at NODE/INTERFACE"), "{manual}");
}
