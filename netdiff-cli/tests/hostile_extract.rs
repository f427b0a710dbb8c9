//! What `extract` writes of captures whose names and comments are hostile: a file that opens, with the packets that were captured, and texts that
//! are nothing but text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test may fail"
)]

#[path = "hostile/files.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod files;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use files::{Interface, pcap, pcapng_of, ping};

fn netdiff(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("netdiff"));
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

/// A block of a pcapng file: its type, and its body.
fn blocks(file: &[u8]) -> Vec<(u32, &[u8])> {
    let mut blocks = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let len = number(4) as usize;
        assert!(len.is_multiple_of(4) && number(len - 4) as usize == len);
        blocks.push((number(0), &rest[8..len - 4]));
        rest = &rest[len..];
    }
    blocks
}

/// The options that stand behind so many bytes of a block: code and value.
fn options(body: &[u8], mut at: usize) -> Vec<(u16, &[u8])> {
    let mut options = Vec::new();
    while at < body.len() {
        let number = |at: usize| u16::from_le_bytes(body[at..at + 2].try_into().unwrap());
        let (code, len) = (number(at), usize::from(number(at + 2)));
        if code == 0 {
            break;
        }
        options.push((code, &body[at + 4..at + 4 + len]));
        at += 4 + len.next_multiple_of(4);
    }
    options
}

/// All texts of the file, and how many packets it holds.
fn texts(file: &[u8]) -> (Vec<String>, usize) {
    let (mut texts, mut packets) = (Vec::new(), 0);
    for (kind, body) in blocks(file) {
        let (fixed, is_text): (usize, fn(u16) -> bool) = match kind {
            0x0a0d_0d0a => (16, |code| code <= 4),
            1 => (8, |code| code <= 3),
            6 => {
                packets += 1;
                let captured = u32::from_le_bytes(body[12..16].try_into().unwrap());
                (20 + captured.next_multiple_of(4) as usize, |code| code == 1)
            }
            other => panic!("a block of type {other}"),
        };
        let options = options(body, fixed).into_iter();
        texts.extend(
            options
                .filter(|(code, _)| is_text(*code))
                .map(|(_, text)| String::from_utf8(text.to_vec()).expect("texts are UTF-8")),
        );
    }
    (texts, packets)
}

/// Extracts from a capture of one node with this name of its interface, as bytes, and this comment.
fn extracted(name: &[u8], comment: &str) -> (Vec<String>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("set/node1");
    fs::create_dir_all(&node).unwrap();
    let sent: Vec<Vec<u8>> = (0..5).map(ping).collect();
    let stand_in = "Q".repeat(name.len());
    let interface = Interface {
        name: Some(&stand_in),
        comment: Some(comment),
    };
    let mut file = pcapng_of(&[interface], &[("10.244.1.5", comment)], &sent);
    let at = file
        .windows(name.len())
        .position(|bytes| bytes == stand_in.as_bytes());
    let at = at.unwrap();
    file[at..at + name.len()].copy_from_slice(name);
    fs::write(node.join("node1.pcapng"), file).unwrap();
    fs::write(node.join("cni0.pcap"), pcap(&sent)).unwrap();

    let output = netdiff(folder.path(), &["extract", "set", "-o", "out.pcapng"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let out = fs::read(folder.path().join("out.pcapng")).unwrap();
    reads_back(folder.path(), 10);
    texts(&out)
}

/// That netdiff, and tshark where there is one, find so many packets and no damage.
fn reads_back(folder: &Path, packets: usize) {
    let output = netdiff(folder, &["inspect", "out.pcapng", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = report["set"]["files"]
        .as_array()
        .or_else(|| report["files"].as_array());
    let counted: u64 = files
        .expect("a list of files")
        .iter()
        .map(|file| file["packets"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, packets as u64, "{report}");
    assert!(!report.to_string().contains("reading stopped"), "{report}");
    let mut tshark = Command::new("tshark");
    tshark.args(["-r", "out.pcapng", "-T", "fields", "-e", "frame.number"]);
    if let Ok(output) = tshark_in(&mut tshark, folder) {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(
            output.stdout.split(|byte| *byte == b'\n').count() - 1,
            packets
        );
    }
}

fn tshark_in(command: &mut Command, folder: &Path) -> std::io::Result<Output> {
    command.current_dir(folder).output()
}

fn assert_are_text(texts: &[String]) {
    for text in texts {
        let hidden = |c: &char| {
            *c != '\n'
                && (c.is_control()
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'))
        };
        let found: Vec<char> = text.chars().filter(hidden).collect();
        assert!(found.is_empty(), "{found:?} in {text}");
    }
}

#[test]
fn names_with_control_codes_are_written_as_text() {
    let name = "e\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r\nsecond-line\u{200b}\u{0}";
    let (texts, packets) = extracted(name.as_bytes(), name);
    assert_eq!(packets, 10);
    assert_are_text(&texts);
    // What is escaped still tells one name from another.
    assert!(
        texts.iter().any(|text| text.contains("\\u{1b}]0;x")),
        "{texts:?}"
    );
    assert!(
        !texts
            .iter()
            .any(|text| text.lines().any(|line| line.starts_with("second-line")))
    );
}

#[test]
fn names_that_are_no_text_are_written_as_text() {
    let (texts, packets) = extracted(b"eth\xff\xfe\xc0\x80\xed\xa0\x80\x9b2J", "plain");
    assert_eq!(packets, 10);
    assert_are_text(&texts);
    assert!(
        texts.iter().any(|text| text.contains("node1/eth")),
        "{texts:?}"
    );
}

#[test]
fn names_as_long_as_an_option_are_cut_between_characters() {
    let long = "\u{1b}ä€".repeat(10_000);
    let long = &long[..60_000];
    let (texts, packets) = extracted(long.as_bytes(), long);
    assert_eq!(packets, 10);
    assert_are_text(&texts);
    assert!(texts.iter().all(|text| text.len() <= 65_532));
}
