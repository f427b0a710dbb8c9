//! Compares netdiff's decoder with another one, packet by packet, on captures that are not part of the
//! project, and writes `docs/decode-conformance.md`:
//!
//! ```text
//! NETDIFF_CORPUS=FOLDER cargo test -p netdiff-core conformance -- --ignored --nocapture
//! ```
//!
//! FOLDER holds `INDEX.tsv`: a line of column names, then a line for each capture, with its path in the
//! first column and in the column `expected` the path of its table, or nothing. A table has one row for
//! each packet; its columns are those of [`expected::COLUMNS`], and `frame` and `stack`.

mod classes;
mod decoded;
mod document;
mod expected;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use classes::class_of;
use document::Outcome;
use expected::{COLUMNS, ExpectedRow, REQUIRED, parse_table};

use crate::decode::{DecodeOptions, Packet, Stop, decode_packet};
use crate::read::{PacketReader, RawPacket};

#[test]
#[ignore = "needs a folder of captures that is not part of the project"]
#[expect(clippy::print_stdout, reason = "for a person")]
fn conformance_with_another_decoder() {
    let folder = PathBuf::from(std::env::var("NETDIFF_CORPUS").expect("NETDIFF_CORPUS"));
    let mut outcome = Outcome::default();
    for (capture, table) in index(&folder) {
        if let Some(table) = table {
            compare_capture(&capture, &table, &mut outcome);
        }
    }
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/decode-conformance.md");
    fs::create_dir_all(document.parent().unwrap()).unwrap();
    fs::write(document, outcome.to_markdown()).unwrap();
    let (rows, agreeing) = outcome.agreement();
    println!("{agreeing} of {rows} rows in scope agree");
    assert_eq!(outcome.unexplained(), 0, "see the document");
    assert!(u64::from(agreeing) * 1000 >= u64::from(rows) * 995);
}

/// Cuts every packet of every capture at every length, and looks for a panic or a lie.
#[test]
#[ignore = "needs a folder of captures that is not part of the project"]
fn conformance_of_cut_packets() {
    const LONGEST: usize = 400;
    let folder = PathBuf::from(std::env::var("NETDIFF_CORPUS").expect("NETDIFF_CORPUS"));
    let (options, mut packet) = (DecodeOptions::default(), Packet::new());
    for (capture, _) in index(&folder) {
        let file = Box::new(fs::File::open(capture).unwrap());
        let Ok(mut reader) = PacketReader::new("capture", file) else {
            continue;
        };
        while let Some(raw) = reader.next_packet() {
            for cut in 0..raw.data.len().min(LONGEST) {
                let data = &raw.data[..cut];
                decode_packet(raw.link_type, data, raw.original_len, &options, &mut packet);
                let payload = packet.payload();
                assert!(payload.captured_len <= payload.wire_len);
                assert!(payload.captured_len == 0 || payload.offset as usize <= cut);
            }
        }
    }
}

/// The captures with the paths of their tables, where they have one.
fn index(folder: &Path) -> Vec<(PathBuf, Option<PathBuf>)> {
    let text = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut lines = text.lines();
    let mut names = lines.next().unwrap_or_default().split('\t');
    let expected = names.position(|name| name == "expected");
    let expected = expected.expect("a column `expected`");
    let paths = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let table = fields.get(expected).filter(|table| !table.is_empty());
        (
            folder.join(fields[0]),
            table.map(|table| folder.join(table)),
        )
    };
    lines.map(paths).collect()
}

fn compare_capture(capture: &Path, table: &Path, outcome: &mut Outcome) {
    let rows = parse_table(&fs::read_to_string(table).unwrap());
    let rows: BTreeMap<u64, ExpectedRow> = rows.into_iter().map(|row| (row.frame, row)).collect();
    let file = Box::new(fs::File::open(capture).unwrap());
    let Ok(mut reader) = PacketReader::new("capture", file) else {
        outcome.unopened += 1;
        return;
    };
    outcome.captures += 1;
    let mut packet = Packet::new();
    while let Some(raw) = reader.next_packet() {
        if let Some(row) = rows.get(&raw.packet_number.0) {
            compare_packet(row, &raw, &mut packet, outcome);
        }
    }
}

fn compare_packet(
    expected: &ExpectedRow,
    raw: &RawPacket<'_>,
    packet: &mut Packet,
    outcome: &mut Outcome,
) {
    let options = DecodeOptions::default();
    decode_packet(raw.link_type, raw.data, raw.original_len, &options, packet);
    if !expected.is_sound() {
        outcome.unsound += 1;
        return;
    }
    if matches!(packet.stop(), Stop::Unsupported { after: None, .. }) {
        outcome.declined += 1;
        return;
    }
    outcome.rows += 1;
    let own = decoded::row(packet, raw.data);
    let mut different = Vec::new();
    for (index, (own, other)) in own.iter().zip(&expected.row).enumerate() {
        let (present, differing) = &mut outcome.columns[index];
        *present += u32::from(!own.is_empty() || !other.is_empty());
        if own != other {
            *differing += 1;
            different.push(index);
        }
    }
    if different.iter().any(|&index| index < REQUIRED) {
        let names: Vec<&str> = different.iter().map(|&index| COLUMNS[index]).collect();
        let stack: Vec<&str> = packet
            .layers()
            .iter()
            .map(|l| l.layer.kind().name())
            .collect();
        let class = class_of(expected, packet);
        outcome.add(class, &names.join(" "), &expected.stack, &stack.join(":"));
    }
}
