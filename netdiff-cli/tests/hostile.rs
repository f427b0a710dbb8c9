//! Captures from strangers, as a user meets them: bombs, lies, names that try to be more than names. Each ends soon, with little memory and one
//! clear message, and nothing of it reaches a terminal, a page or a table as anything but text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test may fail"
)]

#[path = "hostile/files.rs"]
mod files;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use files::{Interface, pcap, pcap_header, pcapng, ping, tar};

fn netdiff(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("netdiff"));
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Traces one file of these bytes; what is told on standard output and on standard error, and the exit status.
fn trace(name: &str, bytes: &[u8]) -> (String, String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let output = netdiff(folder.path(), &["trace", name, "--width", "1000"]);
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

/// The lines that warn.
fn warnings(report: &str) -> Vec<&str> {
    let lines = report.lines().map(str::trim);
    lines.filter(|line| line.starts_with("warning: ")).collect()
}

#[test]
fn a_record_of_four_gigabytes_is_a_lie() {
    let mut file = pcap_header();
    for field in [1_780_000_000, 0, u32::MAX, u32::MAX] {
        file.extend(field.to_le_bytes());
    }
    file.extend([7; 100]);
    let (report, _, _) = trace("node1-eth0.pcap", &file);
    assert!(
        report.contains("a record claims 4294967295 bytes, which cannot be true"),
        "{report}"
    );
}

#[test]
fn interfaces_that_are_not_there_are_one_message() {
    let mut file = pcapng(&[Interface::default()]);
    for _ in 0..10_000 {
        for field in [6, 32, u32::MAX, 0, 0, 0, 0, 32] {
            file.extend(field.to_le_bytes());
        }
    }
    let (report, _, _) = trace("many.pcapng", &file);
    let [warning] = warnings(&report)[..] else {
        panic!("{report}")
    };
    assert!(
        warning.contains("interface 4294967295, which the file does not describe")
            && warning.contains("9999 times again"),
        "{warning}"
    );
}

#[test]
fn too_many_interfaces_are_one_message_with_their_number() {
    let file = pcapng(&vec![Interface::default(); 6_000]);
    let (report, _, _) = trace("many.pcapng", &file);
    let [warning] = warnings(&report)[..] else {
        panic!("{report}")
    };
    assert!(
        warning.contains("more than 4096 interfaces") && warning.contains("1903 times again"),
        "{warning}"
    );
}

#[test]
fn a_file_that_inflates_is_stopped_with_one_message() {
    let zeros = files::gzip_of_zeros(66 << 20);
    let mut file = files::gzip(&pcap(&[ping(1)]));
    file.extend(&zeros);
    let (report, _, _) = trace("node1-eth0.pcap.gz", &file);
    let [warning] = warnings(&report)[..] else {
        panic!("{report}")
    };
    assert!(
        warning.contains("more than 1000 times its size"),
        "{warning}"
    );
    assert!(report.contains("1 packet"), "{report}");
}

#[test]
fn an_archive_that_inflates_is_refused() {
    let mut file = tar(&[("master/eth0.pcap", 100 << 20)]);
    file.extend(pcap_header());
    let mut packed = files::gzip(&file);
    packed.extend(files::gzip_of_zeros(70 << 20));
    let (report, trouble, code) = trace("ticket.tar.gz", &packed);
    assert_eq!((report.as_str(), code), ("", Some(2)), "{trouble}");
    assert!(
        trouble.contains("more than 1000 times its size") && trouble.lines().count() == 1,
        "{trouble}"
    );
}

#[test]
fn names_and_directories_of_archives_are_not_read_without_end() {
    // A long name of GNU's kind, and attributes, of 2 MiB each; the ends of 100,000 directories.
    let preface = |kind| {
        let mut file = files::tar_entry("x", 2 << 20, kind, "");
        file.extend(vec![b'a'; 2 << 20]);
        file
    };
    let mut ends = b"PK\x03\x04".to_vec();
    ends.extend([0; 30]);
    for _ in 0..100_000 {
        ends.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0\0\0\0\0\0\0");
    }
    for (name, file) in [
        ("long.tar", preface(b'L')),
        ("attributes.tar", preface(b'x')),
        ("ends.zip", ends),
    ] {
        let (_, trouble, code) = trace(name, &file);
        assert_eq!(code, Some(2), "{name}");
        assert!(trouble.contains("too long to be true"), "{trouble}");
        assert_eq!(trouble.lines().count(), 1, "{trouble}");
    }
}

#[test]
fn archives_in_archives_end() {
    let mut bundle = pcap(&[ping(1)]);
    let mut name = "eth0.pcap".to_owned();
    for depth in 0..5 {
        let mut outer = tar(&[(&name, bundle.len() as u64)]);
        outer.extend(&bundle);
        outer.resize(outer.len().next_multiple_of(512) + 1024, 0);
        bundle = outer;
        name = format!("in{depth}.tar");
    }
    let (_, trouble, code) = trace("ticket.tar", &bundle);
    assert_eq!(code, Some(2));
    assert!(
        trouble.contains("in2.tar") || trouble.contains("in1.tar"),
        "{trouble}"
    );
    assert_eq!(trouble.lines().count(), 1, "{trouble}");
}

#[test]
fn no_entry_of_an_archive_leaves_it() {
    let capture = pcap(&[ping(1)]);
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let mut bundle = Vec::new();
    for name in [
        "../escape/eth0.pcap",
        "/escape/eth1.pcap",
        "a/../../escape/eth2.pcap",
    ] {
        bundle.extend(tar(&[(name, capture.len() as u64)]));
        bundle.extend(&capture);
        bundle.resize(bundle.len().next_multiple_of(512), 0);
    }
    // A link, a hard link, two devices and a pipe, each with the name of a capture.
    for (at, kind) in (3..).zip([b'2', b'1', b'3', b'4', b'6']) {
        bundle.extend(files::tar_entry(
            &format!("escape/eth{at}.pcap"),
            0,
            kind,
            "/etc/passwd",
        ));
    }
    bundle.resize(bundle.len() + 1024, 0);
    fs::write(inside.join("ticket.tar"), bundle).unwrap();
    let output = netdiff(&inside, &["inspect", "ticket.tar", "--format", "json"]);
    let report = text(&output.stdout);
    for (name, is_there) in [
        ("eth0", true),
        ("eth1", true),
        ("eth2", true),
        ("eth3", false),
    ] {
        assert_eq!(
            report.contains(&format!("escape/{name}.pcap")),
            is_there,
            "{report}"
        );
    }
    assert!(
        !report.contains("../") && !report.contains("\"/escape"),
        "{report}"
    );
    let there: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(there.len(), 1, "{there:?}");
}

#[test]
fn two_entries_of_one_name_are_told() {
    let capture = pcap(&[ping(1)]);
    let mut bundle = Vec::new();
    for _ in 0..2 {
        bundle.extend(tar(&[("master/eth0.pcap", capture.len() as u64)]));
        bundle.extend(&capture);
        bundle.resize(bundle.len().next_multiple_of(512), 0);
    }
    bundle.resize(bundle.len() + 1024, 0);
    let (report, _, _) = trace("ticket.tar", &bundle);
    let [warning] = warnings(&report)[..] else {
        panic!("{report}")
    };
    assert!(
        warning.contains("is there twice under one name"),
        "{warning}"
    );
}

#[test]
fn a_thousand_tunnels_are_one_packet() {
    let packet = files::nested_tunnels(1_000);
    let (report, _, code) = trace("node1-eth0.pcap", &pcap(&[packet]));
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("1 packet"), "{report}");
}

/// Text that ends lines, moves cursors, turns text around, and is code in every language that netdiff writes.
const NAME: &str =
    "=e\u{1b}[2J\u{9b}m\u{202e}\r\n::error::x`|<script>alert(1)</script>'\"; rm -rf ~ #$(id)";

/// A set whose every name is hostile: folder, files, interfaces, names of addresses, pods and nodes.
fn hostile_set(folder: &Path) {
    let set = folder.join("set");
    // A folder's name holds no `/`.
    let node = set.join(NAME.replace('/', "-"));
    fs::create_dir_all(&node).unwrap();
    let sent: Vec<Vec<u8>> = (0..20).map(ping).collect();
    fs::write(node.join("veth1.pcap"), pcap(&sent)).unwrap();
    let file = files::pcapng_of(
        &[Interface {
            name: Some(NAME),
            comment: Some(NAME),
        }],
        &[("10.244.1.5", NAME)],
        &sent[..12],
    );
    fs::write(node.join("all.pcapng"), file).unwrap();
    let quoted = serde_json::to_string(NAME).unwrap();
    let pods = format!(
        r#"{{"kind":"PodList","items":[{{"metadata":{{"name":{quoted},"namespace":{quoted}}},"spec":{{"nodeName":{quoted}}},"status":{{"phase":"Running","podIP":"10.244.0.4","podIPs":[{{"ip":"10.244.0.4"}}]}}}}]}}"#
    );
    fs::write(set.join("pods.json"), pods).unwrap();
    fs::write(set.join("broken.json"), format!("{{{quoted}: ")).unwrap();
}

fn assert_shows(what: &str, text: &str) {
    let hidden = |c: &char| {
        *c != '\n'
            && (c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'))
    };
    let found: Vec<char> = text.chars().filter(hidden).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text}");
    let begins = |line: &str| line.starts_with("::error::x");
    assert!(!text.lines().any(begins), "{what}: {text}");
}

#[test]
#[cfg(unix)]
fn names_are_text_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    hostile_set(folder.path());
    for format in [
        "text", "markdown", "html", "json", "junit", "sarif", "github",
    ] {
        for arguments in [
            &["trace", "set", "--verbose"][..],
            &["diff", "set", "set", "--verbose"],
        ] {
            let arguments = [arguments, &["--format", format]].concat();
            let output = netdiff(folder.path(), &arguments);
            let report = text(&output.stdout);
            assert_ne!(output.status.code(), Some(2), "{}", text(&output.stderr));
            assert_shows(format, &report);
            assert_shows("standard error", &text(&output.stderr));
            assert!(
                format == "junit" || report.contains("[2J"),
                "{format}: {report}"
            );
            if format == "html" {
                assert!(!report.contains("<script>alert"), "{report}");
            }
        }
    }
    for arguments in [
        &["inspect", "set"][..],
        &["inspect", "set", "--format", "json"],
        &["inspect", "set", "--write-manifest=-"],
        &["baseline", "set"],
        &["export", "set"],
    ] {
        let output = netdiff(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_shows(arguments[0], &text(&output.stdout));
        assert_shows("standard error", &text(&output.stderr));
    }
}

#[test]
#[cfg(unix)]
fn messages_about_hostile_names_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let name = NAME.replace('/', "-");
    for (file, bytes) in [
        (format!("{name}.pcap"), &b"no capture"[..]),
        (name.clone(), b"no capture"),
        ("netdiff.toml".to_owned(), b"\"\\u001b[2J\" = 1"),
    ] {
        let set = tempfile::tempdir_in(folder.path()).unwrap();
        fs::write(set.path().join(&file), bytes).unwrap();
        let given = set.path().join(&file);
        for path in [set.path(), &given] {
            let output = netdiff(folder.path(), &["trace", path.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(2));
            let trouble = text(&output.stderr).replace('\n', "");
            assert_shows("message", &trouble);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_table_has_no_formulas_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    for (node, at) in [
        ("=cmd|' /C calc'!A0", "veth1"),
        ("+1", "eth0"),
        ("@x", "eth0"),
        ("-1", "eth0"),
    ] {
        let node = set.join(node.replace('/', "-"));
        fs::create_dir_all(&node).unwrap();
        fs::write(node.join(format!("{at}.pcap")), pcap(&[ping(1)])).unwrap();
    }
    let output = netdiff(folder.path(), &["export", "set"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(
        table.contains("'=cmd") && table.contains("'+1") && table.contains("'@x"),
        "{table}"
    );
    for line in table.lines() {
        for cell in line.split([',', '\t']) {
            assert!(!cell.starts_with(['=', '+', '@']), "{line}");
        }
    }
}
