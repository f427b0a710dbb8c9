//! netdiff in CI: exit codes, what is ignored, settings, formats of build servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

fn scenario(name: &str, set: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::canonicalize(root.join("testdata/scenarios").join(name).join(set)).unwrap()
}

/// A folder to run in, where settings may lie.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(settings: &str) -> Self {
        let folder = Self::new();
        fs::write(folder.0.path().join("netdiff.toml"), settings).unwrap();
        folder
    }

    fn run(&self, command: &str, sets: &[PathBuf], options: &[&str]) -> Output {
        Command::new(cargo_bin("netdiff"))
            .current_dir(self.0.path())
            .env_remove("LC_ALL")
            .env("LC_MESSAGES", "C")
            .arg(command)
            .args(sets)
            .args(options)
            .output()
            .unwrap()
    }

    fn diff(&self, name: &str, options: &[&str]) -> Output {
        let sets = ["reference", "failing"].map(|set| scenario(name, set));
        self.run("diff", &sets, options)
    }

    /// The exit code of a comparison, which must have written nothing.
    fn quiet(&self, name: &str, options: &[&str]) -> i32 {
        let output = self.diff(name, &[&["--quiet"], options].concat());
        assert!(output.stdout.is_empty(), "{output:?}");
        output.status.code().unwrap()
    }

    /// The message of a comparison that could not be done.
    fn trouble(&self, options: &[&str]) -> String {
        let output = self.diff("directrouting-fixed", options);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Exit codes by level: error, warning, difference, note, and without `--fail-on`.
#[test]
fn what_fails_is_as_asked_for() {
    let folder = Folder::new();
    for (name, codes) in [
        ("healthy-healthy", [0, 0, 0, 0, 0]),
        ("vxlan-8472-blocked", [1, 1, 1, 1, 1]),
        // A warning and no difference that counts.
        ("duplicated-packets", [0, 1, 1, 1, 1]),
        // Differences alone.
        ("directrouting-fixed", [0, 0, 1, 1, 1]),
        // Notes alone.
        ("clock-step", [0, 0, 0, 1, 0]),
        // A difference that alone does no harm.
        ("zero-udp-checksum", [0, 0, 0, 1, 0]),
    ] {
        for (level, code) in ["error", "warning", "difference", "note"].iter().zip(codes) {
            let found = folder.quiet(name, &["--fail-on", level]);
            assert_eq!(found, code, "{name} --fail-on {level}");
        }
        assert_eq!(folder.quiet(name, &[]), codes[4], "{name}");
    }
}

#[test]
fn traces_fail_on_the_same_levels() {
    let folder = Folder::new();
    let sets = [scenario("duplicated-packets", "failing")];
    for (options, code) in [
        (&["-q"][..], 1),
        (&["-q", "--fail-on", "error"], 0),
        (&["-q", "--ignore", "duplicated-packets"], 0),
        // A set alone has no differences, so that none is missed.
        (&["-q", "--fail-on", "unused-ignore", "--ignore", "mss"], 0),
    ] {
        let output = folder.run("trace", &sets, options);
        assert_eq!(output.status.code(), Some(code), "{options:?}: {output:?}");
    }
}

/// What is ignored of a scenario, and the exit code that is left.
type Ignored = (&'static str, &'static [&'static str], i32);

/// By kind, values, relation, protocol and service. All flows must be such, by one entry or by several together.
const DIFFERENCES: &[Ignored] = &[
    ("directrouting-fixed", &["path"], 1),
    ("directrouting-fixed", &["path", "encapsulation"], 0),
    (
        "directrouting-fixed",
        &["path=*vtep*..*", "encapsulation=vxlan..none"],
        0,
    ),
    (
        "directrouting-fixed",
        &["path=*..*vtep*", "encapsulation=vxlan..none"],
        1,
    ),
    (
        "directrouting-fixed",
        &["path=cross-node", "encapsulation=cross-node"],
        0,
    ),
    (
        "directrouting-fixed",
        &["path=same-node", "encapsulation=cross-node"],
        1,
    ),
    (
        "directrouting-fixed",
        &["encapsulation", "path=tcp/8080", "path=udp/9000"],
        1,
    ),
    (
        "directrouting-fixed",
        &[
            "encapsulation",
            "path=tcp/8080",
            "path=udp/9000",
            "path=icmp/echo",
        ],
        0,
    ),
];

/// By place and by role.
const PLACES: &[Ignored] = &[
    (
        "vxlan-8472-blocked",
        &[
            "underlay-vxlan-blocked=master/eth0",
            "delivery=*/uplink..*/uplink",
        ],
        0,
    ),
    (
        "vxlan-8472-blocked",
        &["underlay-vxlan-blocked=m*r", "delivery=*/uplink"],
        0,
    ),
    (
        "vxlan-8472-blocked",
        &[
            "underlay-vxlan-blocked=master/eth0..node/eth0",
            "delivery=master/eth0..node/eth0",
        ],
        1,
    ),
    (
        "vxlan-8472-blocked",
        &["underlay-vxlan-blocked=*/vtep", "delivery"],
        1,
    ),
];

#[test]
fn what_is_ignored_does_not_count() {
    let folder = Folder::new();
    for (name, ignores, code) in DIFFERENCES.iter().chain(PLACES) {
        let options: Vec<&str> = ignores.iter().flat_map(|what| ["--ignore", what]).collect();
        assert_eq!(folder.quiet(name, &options), *code, "{name} {ignores:?}");
    }
}

#[test]
fn settings_are_found_stated_or_left_away() {
    let text = "fail-on = [\"difference\"]\n\n[[ignore]]\nwhat = \"path\"\nreason = \"since March\"\n\
                \n[[ignore]]\nwhat = \"encapsulation\"\nreason = \"as well\"\n";
    let folder = Folder::with(text);
    assert_eq!(folder.quiet("directrouting-fixed", &[]), 0);
    assert_eq!(folder.quiet("directrouting-fixed", &["--no-config"]), 1);
    let elsewhere = Folder::new();
    assert_eq!(elsewhere.quiet("directrouting-fixed", &[]), 1);
    let file = folder.0.path().join("netdiff.toml");
    let file = file.to_str().unwrap();
    assert_eq!(
        elsewhere.quiet("directrouting-fixed", &["--config", file]),
        0
    );
    assert_eq!(folder.quiet("clock-step", &["--fail-on", "note"]), 1);
    let text = stdout(&folder.diff("directrouting-fixed", &[]));
    assert!(
        text.starts_with("netdiff 0.1.0: no error and no significant difference, 2 ignored\n"),
        "{text}"
    );
    let end = "Ignored\n\n  path: 1 difference – since March (netdiff.toml, line 4)\n  \
               encapsulation: 1 difference – as well (netdiff.toml, line 8)\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn an_ignore_that_matches_nothing_is_told_and_can_fail() {
    let folder = Folder::with("[[ignore]]\nwhat = \"brnf-off\"\nreason = \"until the update\"\n");
    let text = stdout(&folder.diff("healthy-healthy", &[]));
    assert!(text.contains("brnf-off: matches nothing"), "{text}");
    let levels = [
        ("difference", 0),
        ("unused-ignore", 1),
        ("error,unused-ignore", 1),
        ("note", 1),
    ];
    for (level, code) in levels {
        let found = folder.quiet("healthy-healthy", &["--fail-on", level]);
        assert_eq!(found, code, "{level}");
    }
    let output = folder.diff("healthy-healthy", &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ignored"][0]["effect"], "unused");
    assert_eq!(report["ignored"][0]["stated_in"]["line"], 2);
    let annotations = stdout(&folder.diff("healthy-healthy", &["--format", "github"]));
    assert!(
        annotations.starts_with("::notice file=netdiff.toml,line=2,title=unused-ignore::brnf-off "),
        "{annotations}"
    );
}

#[test]
fn what_was_not_selected_is_not_called_gone() {
    let folder = Folder::new();
    let options = [
        "--ignore",
        "underlay-vxlan-blocked",
        "--fail-on",
        "unused-ignore",
    ];
    let others = [&options[..], &["--flow", "port 6443"]].concat();
    assert_eq!(folder.quiet("vxlan-8472-blocked", &others), 0);
    assert_eq!(folder.quiet("healthy-healthy", &options), 1);
}

#[test]
fn wrong_settings_are_named_with_their_line() {
    for (text, words) in [
        (
            "\nfail_on = \"error\"\n",
            "line 2: there is no key 'fail_on'; did you mean fail-on?",
        ),
        (
            "fail-on = \"eror\"\n",
            "line 1: fail-on 'eror': did you mean error?",
        ),
        ("fail-on = 3\n", "line 1: fail-on takes a text in quotes"),
        ("fail-on = []\n", "line 1: fail-on is empty"),
        (
            "ignore = \"mss\"\n",
            "line 1: write a table of its own for each: [[ignore]]",
        ),
        (
            "[[ignore]]\nwhat = \"mss\"\n",
            "line 1: say why mss is ignored",
        ),
        (
            "[[ignore]]\nwhat = \"mss\"\nreason = \" \"\n",
            "line 1: say why mss is ignored",
        ),
        (
            "[[ignore]]\nreason = \"x\"\n",
            "line 1: say what is to be ignored",
        ),
        (
            "[[ignore]]\nwhat = \"mss\"\nreson = \"x\"\n",
            "line 3: there is no key 'reson' here; did you mean reason?",
        ),
        (
            "[[ignore]]\nreason = \"x\"\nwhat = \"delivry=a\"\n",
            "line 3: 'delivry' is neither a rule nor a kind of difference; did you mean delivery?",
        ),
        (
            "[[ignore]]\nwhat = \"mss=\"\nreason = \"x\"\n",
            "line 2: 'mss' says nothing behind '='",
        ),
        ("\n\n= 3\n", "line 3: "),
    ] {
        let message = Folder::with(text).trouble(&[]);
        assert!(
            message.starts_with("netdiff: netdiff.toml, line "),
            "{message}"
        );
        assert!(message.contains(words), "{text}: {message}");
    }
}

#[test]
fn wrong_arguments_are_named_with_what_was_meant() {
    let message = Folder::new().trouble(&["--ignore", "pth"]);
    assert!(
        message.contains("--ignore pth: ") && message.contains("did you mean path?"),
        "{message}"
    );
    let message = Folder::new().trouble(&["--ignore", "nonsense"]);
    assert!(
        message.contains("kinds are delivery, answers, loss, "),
        "{message}"
    );
    let message = Folder::new().trouble(&["--config", "no.toml"]);
    assert!(
        message.contains("cannot read the settings in no.toml"),
        "{message}"
    );
}

#[test]
fn names_are_not_searched_for_where_they_are_replaced() {
    let folder = Folder::with("[[ignore]]\nwhat = \"path\"\nreason = \"see Jane\"\n");
    let output = folder.diff("directrouting-fixed", &["--anonymize"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!stdout(&output).contains("Jane"), "{output:?}");
    let message = folder.trouble(&["--anonymize", "--ignore", "path=master/eth0"]);
    assert!(
        message.contains("--anonymize replaces the names"),
        "{message}"
    );
}

#[test]
fn a_manifest_may_hold_settings_where_netdiff_is_run() {
    let folder = Folder::with(
        "[[node]]\nname = \"master\"\naddresses = [\"10.33.188.138\"]\n\
         [[ignore]]\nwhat = \"underlay-vxlan-blocked\"\nreason = \"known\"\n",
    );
    for file in ["master/eth0.pcap", "node/eth0.pcap"] {
        let target = folder.0.path().join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(scenario("vxlan-8472-blocked", "failing").join(file), target).unwrap();
    }
    let here = [PathBuf::from(".")];
    let output = folder.run("trace", &here, &["--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // From elsewhere its settings are not in force, which is said.
    let sets = [folder.0.path().to_owned()];
    let output = Folder::new().run("trace", &sets, &["--quiet"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("are not in force; they are with --config"),
        "{message}"
    );
}

#[test]
fn what_came_of_each_is_told() {
    let folder = Folder::new();
    let options = [
        "path=tcp/8080",
        "encapsulation",
        "encapsulation=vxlan..none",
        "mss",
    ];
    let options: Vec<&str> = options.iter().flat_map(|what| ["--ignore", what]).collect();
    let text = stdout(&folder.diff("directrouting-fixed", &options));
    let end = "Ignored\n\n  path=tcp/8080: counts, since only some of the flows concerned are such\n  \
               encapsulation: 1 difference\n  \
               encapsulation=vxlan..none: nothing more than the others\n  \
               mss: matches nothing: it no longer occurs, or is called otherwise\n";
    assert!(text.ends_with(end), "{text}");
    let output = folder.diff(
        "directrouting-fixed",
        &[&options[..], &["--format", "json"]].concat(),
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let effects = [0, 1, 2, 3].map(|index| report["ignored"][index]["effect"].clone());
    assert_eq!(effects, ["partial", "ignores", "shared", "unused"]);
    assert_eq!(
        report["ignored"][1]["differences"][0]["kind"],
        "encapsulation"
    );
    assert_eq!(report["differences"][0]["kind"], "path");
    let all = report["comparisons"].as_array().unwrap();
    assert!(
        all.iter().all(|c| c["ignored"] == false),
        "their path counts"
    );
}

/// The exit code and what JUnit calls a failure are the same thing.
#[test]
fn junit_fails_as_the_exit_code_does() {
    let folder = Folder::new();
    for name in [
        "healthy-healthy",
        "duplicated-packets",
        "directrouting-fixed",
        "vxlan-8472-blocked",
    ] {
        for level in ["error", "warning", "difference", "note"] {
            let output = folder.diff(name, &["--format", "junit", "--fail-on", level]);
            let text = stdout(&output);
            let document = roxmltree::Document::parse(&text).unwrap();
            let failures = document
                .descendants()
                .filter(|n| n.has_tag_name("failure"))
                .count();
            let stated = document.root_element().attribute("failures").unwrap();
            assert_eq!(stated, failures.to_string());
            assert_eq!(
                output.status.code() == Some(1),
                failures > 0,
                "{name} {level}"
            );
        }
    }
}

#[test]
fn what_judges_nothing_has_no_such_format() {
    let folder = Folder::new();
    let sets = [scenario("healthy-healthy", "reference")];
    for format in ["junit", "sarif", "github"] {
        for (command, sets) in [("inspect", &sets[..]), ("explain", &[])] {
            let output = folder.run(command, sets, &["--format", format]);
            assert_eq!(output.status.code(), Some(2), "{command} {format}");
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(message.contains("only diff and trace do"), "{message}");
        }
    }
}
