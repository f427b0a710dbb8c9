//! Counts the packets of a folder of public captures, against the counts of other tools.
//!
//! `NETDIFF_CORPUS=FOLDER cargo test -p netdiff-core corpus -- --ignored --nocapture`, where FOLDER
//! holds `INDEX.tsv`: a header line, then path, format, link types, packets as counted by a walk of the
//! container, packets as counted by capinfos (empty where it refuses the file), and more.

use std::fs;
use std::path::{Path, PathBuf};

use super::{FileReport, PacketReader, ReadError, SetRequest, open_set};

/// One line of the index.
struct Entry {
    path: PathBuf,
    walked: u64,
    capinfos: Option<u64>,
}

fn index() -> Vec<Entry> {
    let folder = PathBuf::from(std::env::var("NETDIFF_CORPUS").expect("NETDIFF_CORPUS"));
    let text = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        Entry {
            path: folder.join(fields[0]),
            walked: fields[3].parse().unwrap_or(0),
            capinfos: fields[4].parse().ok(),
        }
    };
    text.lines().skip(1).map(entry).collect()
}

fn read(path: &Path) -> Result<FileReport, ReadError> {
    let mut request = SetRequest::default();
    let point = format!("node/any={}", path.display());
    request.points.push(point.parse().unwrap());
    let set = open_set(&request).unwrap_or_else(|error| panic!("{error}"));
    Ok(set.files[0].open()?.finish())
}

#[test]
#[ignore = "needs a folder of captures that is not part of the project"]
fn corpus_packet_counts() {
    let mut deviations = 0;
    let entries = index();
    for entry in &entries {
        let wanted = entry.capinfos.unwrap_or(entry.walked);
        let report = read(&entry.path).unwrap_or_else(|error| panic!("{error}"));
        if report.packets != wanted || !report.damages.is_empty() {
            let mark = if report.packets == wanted {
                "same"
            } else {
                "DEVIATION"
            };
            deviations += u32::from(report.packets != wanted);
            let (walked, capinfos) = (entry.walked, entry.capinfos);
            println!(
                "{mark}: {} read {}, walked {walked}, capinfos {capinfos:?}",
                entry.path.display(),
                report.packets
            );
            for damage in &report.damages {
                println!("    {damage}");
            }
        }
    }
    println!("{} files, {deviations} deviations", entries.len());
}

#[test]
#[ignore = "needs a folder of captures that is not part of the project"]
fn corpus_prefixes_never_panic() {
    const LONGEST: usize = 4096;
    for entry in index() {
        let file = fs::read(&entry.path).unwrap();
        for cut in 0..file.len().min(LONGEST + 1) {
            let source = Box::new(std::io::Cursor::new(file[..cut].to_vec()));
            if let Ok(reader) = PacketReader::new("prefix", source) {
                assert!(reader.finish().packets <= entry.walked.max(entry.capinfos.unwrap_or(0)));
            }
        }
    }
}
