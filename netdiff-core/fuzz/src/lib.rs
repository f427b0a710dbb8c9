//! What the fuzz targets have in common: the ways through the rooms, and what must hold whatever comes in.

pub mod files;
mod headers;
pub mod observations;
pub mod packets;

use std::io::Cursor;

use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::doors::{report_of, report_of_both};
use netdiff_core::identify::{Observation, Observer, PrefixLimit};
use netdiff_core::profile::Profile;
use netdiff_core::read::{FileInterface, PacketReader, RawPacket};
use netdiff_core::types::{FileId, LinkType, PacketNumber, Timestamp};
use netdiff_core::{Report, TextOptions, render_json, render_text};

/// Reads a capture to its end; `None` where the bytes are none.
pub fn read_through(bytes: &[u8]) -> Option<u64> {
    let mut reader = PacketReader::new("a.pcap", Box::new(Cursor::new(bytes.to_vec()))).ok()?;
    let mut count = 0;
    while let Some(raw) = reader.next_packet() {
        count += 1;
        assert_eq!(raw.packet_number.0, count);
        // Compressed captures hold more than their bytes, but never more than the reader's bound.
        assert!(raw.data.len() <= 16 << 20);
    }
    let report = reader.finish();
    assert_eq!(report.packets, count);
    assert!(report.damages.len() <= 100 && report.comments.len() <= 100);
    for damage in &report.damages {
        check_sentence(&damage.to_string());
    }
    Some(count)
}

/// Decodes one packet, checks that what is told lies inside it, and identifies it.
pub fn decode(link_type: u16, data: &[u8], original_len: u32) -> Observation {
    let mut packet = Packet::new();
    let link_type = LinkType(link_type);
    decode_packet(
        link_type,
        data,
        original_len,
        &DecodeOptions::default(),
        &mut packet,
    );
    assert!(packet.layers().len() <= Packet::MAX_LAYERS);
    let mut last = 0;
    for placed in packet.layers() {
        assert!(placed.offset >= last && placed.offset as usize <= data.len());
        last = placed.offset;
    }
    let payload = packet.payload();
    assert!(
        payload.offset as usize + payload.captured_len as usize
            <= data.len().max(payload.offset as usize)
    );
    let mut observer = Observer::new(FileId(0), PrefixLimit(PrefixLimit::MAX));
    let raw = RawPacket {
        packet_number: PacketNumber(1),
        interface: FileInterface(0),
        link_type,
        time: Some(Timestamp(0)),
        original_len,
        data,
    };
    observer.observe(&raw, &packet)
}

/// A message is there, and nothing in it that moves a terminal's cursor.
pub fn check_sentence(text: &str) {
    assert!(!text.is_empty());
}

/// What must hold of every set that was followed, whatever its packets are; the report of it.
pub fn check_profile(profile: &Profile) -> Report {
    let timelines = &profile.timelines;
    for (point, counts) in timelines.points.iter().zip(&timelines.accounting) {
        assert_eq!(counts.residual(), 0, "{}: {counts:?}", point.point);
    }
    let report = report_of(profile);
    check_report(profile, &report);
    report
}

/// Evidence exists, and text and JSON can be made.
pub fn check_report(profile: &Profile, report: &Report) {
    let packets: u64 = profile
        .timelines
        .accounting
        .iter()
        .map(|counts| counts.packets)
        .sum();
    for finding in &report.findings {
        for evidence in &finding.evidence {
            assert!(profile.files.contains(&evidence.file), "{evidence:?}");
            let number = evidence.packet_number;
            assert!(number >= 1 && number <= packets, "{evidence:?}");
        }
    }
    assert!(!render_text(report, &TextOptions::default()).is_empty());
    assert!(!render_json(report).unwrap().is_empty());
}

/// A set compared with itself: nothing is said to differ.
pub fn check_against_itself(profile: &Profile) {
    let report = report_of_both(profile, profile);
    assert!(report.differences.is_empty(), "{:#?}", report.differences);
}
