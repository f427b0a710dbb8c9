//! Counts the packets of a folder of public captures, against the counts of other tools.
//!
//! `NETDIFF_CORPUS=FOLDER cargo test -p netdiff-core corpus -- --ignored --nocapture`, where FOLDER
//! holds `INDEX.tsv`: a header line, then path, format, link types, packets as counted by a walk of the
//! container, packets as counted by capinfos (empty where it refuses the file), and more.

#![expect(clippy::print_stdout, reason = "a list for the person who runs this")]

use std::fs;
use std::path::PathBuf;

use super::packet_reader::FileReport;
use super::{PacketReader, SetRequest, open_set};

/// Files in which we count other than the index: the end of the path, our count, and why.
const DEVIATIONS: &[(&str, u64, &str)] = &[(
    "tcpdump/tests/vtp_asan.pcap",
    4,
    "the file ends with 16 zero bytes, which are no packet but a file that was not closed",
)];

/// One line of the index.
struct Entry {
    name: String,
    path: PathBuf,
    /// What capinfos counts, or the walk where capinfos refuses the file.
    packets: u64,
}

fn index() -> Vec<Entry> {
    let folder = PathBuf::from(std::env::var("NETDIFF_CORPUS").expect("NETDIFF_CORPUS"));
    let text = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let packets = fields[4].parse().or_else(|_| fields[3].parse());
        Entry {
            name: fields[0].to_owned(),
            path: folder.join(fields[0]),
            packets: packets.unwrap(),
        }
    };
    text.lines().skip(1).map(entry).collect()
}

fn read(entry: &Entry) -> FileReport {
    let mut request = SetRequest::default();
    let point = format!("node/any={}", entry.path.display());
    request.points.push(point.parse().unwrap());
    let set = open_set(&request).unwrap_or_else(|error| panic!("{error}"));
    set.files[0].open().unwrap().finish()
}

#[test]
#[ignore = "needs a folder of captures that is not part of the project"]
fn corpus_packet_counts() {
    let entries = index();
    let mut wrong = Vec::new();
    for entry in &entries {
        let known = DEVIATIONS
            .iter()
            .find(|(end, ..)| entry.name.ends_with(end));
        let wanted = known.map_or(entry.packets, |(_, packets, _)| *packets);
        let report = read(entry);
        if report.packets != wanted {
            wrong.push(format!(
                "{}: read {}, not {wanted}",
                entry.name, report.packets
            ));
        }
        for damage in &report.damages {
            println!("{damage}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!(
        "{} files agree, {} with a known deviation",
        entries.len(),
        DEVIATIONS.len()
    );
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
                assert!(
                    reader.finish().packets <= entry.packets,
                    "{}, {cut} bytes",
                    entry.name
                );
            }
        }
    }
}
