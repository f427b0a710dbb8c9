//! Every prefix of small captures of a corpus, through all rooms: nothing panics, and every packet is accounted for.
//!
//! The corpus is not part of the project:
//! `NETDIFF_CORPUS=FOLDER cargo test -p netdiff-core --test corpus -- --ignored`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail and tell"
)]

mod common;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use common::points_of_one_file;
use netdiff_core::correlate::{Folding, StatedAddresses, correlate};
use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::identify::{Observation, Observer, PrefixLimit};
use netdiff_core::read::PacketReader;
use netdiff_core::types::FileId;

/// The largest file whose every prefix is tried, in bytes.
const SMALL: u64 = 4_096;

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.sort();
    files
}

/// Leads bytes through read, decode, identify and correlate; `None` where they are no capture.
fn lead(bytes: &[u8]) -> Option<u64> {
    let mut reader = PacketReader::new("prefix", Box::new(Cursor::new(bytes.to_vec()))).ok()?;
    let mut observer = Observer::new(FileId(0), PrefixLimit(PrefixLimit::MAX));
    let mut packet = Packet::new();
    let mut observations: Vec<Observation> = Vec::new();
    while let Some(raw) = reader.next_packet() {
        decode_packet(
            raw.link_type,
            raw.data,
            raw.original_len,
            &DecodeOptions::default(),
            &mut packet,
        );
        observations.push(observer.observe(&raw, &packet));
    }
    let (points, _) = observer.finish();
    let count = observations.len() as u64;
    let timelines = correlate(
        points_of_one_file(points),
        &StatedAddresses::default(),
        Folding::NEVER,
        observations,
    );
    let accounted: u64 = timelines.accounting.iter().map(|point| point.packets).sum();
    assert_eq!(accounted, count);
    assert!(
        timelines
            .accounting
            .iter()
            .all(|point| point.residual() == 0)
    );
    Some(count)
}

#[test]
#[ignore = "needs a corpus of captures in NETDIFF_CORPUS"]
fn every_prefix_of_small_captures_goes_through() {
    let corpus = std::env::var_os("NETDIFF_CORPUS").expect("NETDIFF_CORPUS names the folder");
    let (mut files, mut prefixes) = (0, 0u64);
    for file in files_below(Path::new(&corpus)) {
        let small = fs::metadata(&file).unwrap().len() <= SMALL;
        let bytes = fs::read(&file).unwrap();
        if lead(&bytes).is_none() || !small {
            continue;
        }
        files += 1;
        for end in 0..bytes.len() {
            lead(&bytes[..end]);
            prefixes += 1;
        }
    }
    println!("{files} small captures, {prefixes} prefixes");
    assert!(files > 0, "no captures in the corpus");
}
