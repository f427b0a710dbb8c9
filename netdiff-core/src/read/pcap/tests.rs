//! Whole pcap files, sound and damaged.

use proptest::prelude::*;

use super::super::byte_order::ByteOrder;
use super::super::testing::{
    FIRST_SECOND, Pieces, pcap_header, pcap_of_lengths, pcap_record, read_all, read_stream,
    sentences,
};
use crate::read::PacketReader;

const RECORD_HEAD: usize = 16;

#[test]
fn times_and_bytes_in_every_variant() {
    for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut file = pcap_header(order, magic, 113);
            file.extend(pcap_record(order, 0, b"first"));
            file.extend(pcap_record(order, 1, b""));
            let (packets, report) = read_all(&file);
            assert_eq!(report.damages, []);
            assert_eq!(packets[0].data, b"first");
            assert_eq!(packets[0].link_type, 113);
            assert_eq!(packets[1].number, 2);
            let second = i64::from(FIRST_SECOND + 1) * 1_000_000_000;
            assert_eq!(packets[1].time, Some(second + 1001 * unit));
        }
    }
}

#[test]
fn a_header_alone_is_a_capture_that_saw_nothing() {
    let (packets, report) = read_all(&pcap_of_lengths(&[]));
    assert_eq!(
        (packets.len(), report.packets, report.damages.len()),
        (0, 0, 0)
    );
    assert_eq!(report.interfaces.len(), 1);
}

#[test]
fn a_cut_record_is_reported_and_the_packets_before_it_kept() {
    let file = pcap_of_lengths(&[60, 60, 60]);
    let (packets, report) = read_all(&file[..file.len() - 10]);
    assert_eq!(packets.len(), 2);
    assert_eq!(
        sentences(&report),
        [
            "the file ends inside a record: 66 of its 76 bytes are there (at byte 176, after packet 2)"
        ]
    );
}

#[test]
fn a_length_of_four_gigabytes_neither_allocates_nor_ends_the_file() {
    let mut file = pcap_of_lengths(&[60; 9]);
    let damaged = 24 + 3 * (RECORD_HEAD + 60) + 8;
    file[damaged..damaged + 4].copy_from_slice(&[0xff; 4]);
    let (packets, report) = read_all(&file);
    assert_eq!(packets.len(), 8);
    assert_eq!(packets[3].data, [5; 60]);
    assert_eq!(
        sentences(&report),
        [
            "a record claims 4294967295 bytes, which cannot be true (at byte 252, after packet 3)",
            "skipped 76 bytes, up to the next readable record (at byte 252, after packet 3)",
        ]
    );
}

#[test]
fn a_length_that_swallows_its_followers_is_found_out() {
    for claimed in [200_u32, 300, 100_000] {
        let mut file = pcap_of_lengths(&[60; 9]);
        let damaged = 24 + 3 * (RECORD_HEAD + 60) + 8;
        file[damaged..damaged + 4].copy_from_slice(&claimed.to_le_bytes());
        let (packets, report) = read_all(&file);
        assert_eq!(packets.len(), 8, "{claimed}: {:?}", sentences(&report));
        assert_eq!(report.damages.len(), 2);
    }
}

#[test]
fn garbage_between_records_is_skipped() {
    let mut file = pcap_of_lengths(&[60; 3]);
    file.extend([0xa5; 5000]);
    file.extend(&pcap_of_lengths(&[70; 5])[24..]);
    let (packets, report) = read_all(&file);
    assert_eq!(packets.len(), 8);
    assert_eq!(
        sentences(&report)[1],
        "skipped 5000 bytes, up to the next readable record (at byte 252, after packet 3)"
    );
}

#[test]
fn a_preallocated_tail_of_zeros_is_no_packet() {
    let mut file = pcap_of_lengths(&[60, 60]);
    file.resize(file.len() + (3 << 20), 0);
    let (packets, report) = read_all(&file);
    assert_eq!(packets.len(), 2);
    assert_eq!(
        sentences(&report),
        [
            "3145728 zero bytes where records should be; the capture was probably not closed \
          (at byte 176, after packet 2)"
        ]
    );
}

#[test]
fn records_behind_a_hole_of_zeros_are_found() {
    let mut file = pcap_of_lengths(&[60, 60]);
    file.resize(file.len() + 4096, 0);
    file.extend(&pcap_of_lengths(&[70; 5])[24..]);
    let (packets, _) = read_all(&file);
    assert_eq!(packets.len(), 7);
}

#[test]
fn a_record_larger_than_the_window_is_read() {
    let mut file = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, 1);
    file[16..20].copy_from_slice(&(8_u32 << 20).to_le_bytes());
    let big = vec![7; 3 << 20];
    file.extend(pcap_record(ByteOrder::Little, 0, &big));
    file.extend(pcap_record(ByteOrder::Little, 1, b"next"));
    let (packets, report) = read_all(&file);
    assert_eq!(report.damages, []);
    assert_eq!(packets[0].data, big);
    assert_eq!(packets[1].data, b"next");
}

#[test]
fn lengths_of_old_files_are_swapped() {
    let mut file = pcap_header(ByteOrder::Big, 0xa1b2_c3d4, 1);
    file[7] = 2;
    let mut record = pcap_record(ByteOrder::Big, 0, b"data");
    record[8..12].copy_from_slice(&1500_u32.to_be_bytes());
    record[12..16].copy_from_slice(&4_u32.to_be_bytes());
    file.extend(record);
    let (packets, _) = read_all(&file);
    assert_eq!(
        (&packets[0].data[..], packets[0].original_len),
        (&b"data"[..], 1500)
    );
}

#[test]
fn doubtful_records_that_follow_each_other_are_kept() {
    let mut file = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, 1);
    for n in 0..4 {
        let mut record = pcap_record(ByteOrder::Little, n, &[9; 80]);
        record[12..16].copy_from_slice(&60_u32.to_le_bytes());
        file.extend(record);
    }
    let (packets, report) = read_all(&file);
    assert_eq!((packets.len(), report.damages.len()), (4, 0));
}

#[test]
fn captures_appended_to_one_another_are_all_read() {
    let mut file = pcap_of_lengths(&[60, 60]);
    file.extend(pcap_of_lengths(&[70]));
    file.extend(pcap_header(ByteOrder::Big, 0xa1b2_3c4d, 113));
    file.extend(pcap_record(ByteOrder::Big, 9, b"cooked"));
    let (packets, report) = read_all(&file);
    let seen: Vec<_> = packets
        .iter()
        .map(|packet| (packet.interface, packet.link_type))
        .collect();
    assert_eq!(seen, [(0, 1), (0, 1), (0, 1), (1, 113)]);
    assert_eq!(
        packets[3].time,
        Some(i64::from(FIRST_SECOND + 9) * 1_000_000_000 + 1009)
    );
    assert_eq!((report.interfaces.len(), report.damages.len()), (2, 2));
}

proptest! {
    #[test]
    fn a_cut_anywhere_yields_a_prefix(
        lengths in prop::collection::vec(0_usize..200, 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let file = pcap_of_lengths(&lengths);
        let (whole, _) = read_all(&file);
        prop_assert_eq!(whole.len(), lengths.len());
        let cut = cut.index(file.len() + 1);
        let start = std::io::Cursor::new(file[..cut].to_vec());
        prop_assert_eq!(PacketReader::new("cut", Box::new(start)).is_ok(), cut >= 24);
        if cut >= 24 {
            let (packets, _) = read_all(&file[..cut]);
            prop_assert_eq!(&packets[..], &whole[..packets.len()]);
        }
    }

    #[test]
    fn any_chunking_gives_the_same(
        lengths in prop::collection::vec(0_usize..200, 0..12),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        pieces in prop::collection::vec(1_usize..100, 1..8),
    ) {
        let mut file = pcap_of_lengths(&lengths);
        for (at, byte) in damage {
            if file.len() > 24 {
                let at = 24 + at.index(file.len() - 24);
                file[at] = byte;
            }
        }
        let (packets, report) = read_all(&file);
        let (other, other_report) = read_stream(Box::new(Pieces::new(file, pieces)));
        prop_assert_eq!(packets, other);
        prop_assert_eq!(report.damages, other_report.damages);
    }
}
