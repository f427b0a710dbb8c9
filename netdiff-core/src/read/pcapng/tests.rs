//! Whole pcapng files, sound and damaged.

use std::net::IpAddr;

use proptest::prelude::*;

use super::super::byte_order::ByteOrder::{self, Big, Little};
use super::super::testing::{Bytes, Pieces, read_all, read_stream, sentences};
use crate::read::PacketReader;
use crate::types::{LinkType, Timestamp};

const SECOND: i64 = 1_000_000_000;

fn block(order: ByteOrder, block_type: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let total = u32::try_from(padded + 12).unwrap();
    let padding = vec![0; padded - body.len()];
    let start = Bytes::new(order).u32(block_type).u32(total);
    start.raw(body).raw(&padding).u32(total).bytes
}

fn option(order: ByteOrder, code: u16, value: &[u8]) -> Vec<u8> {
    let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
    let head = Bytes::new(order)
        .u16(code)
        .u16(u16::try_from(value.len()).unwrap());
    head.raw(value).raw(&padding).bytes
}

fn number(order: ByteOrder, number: u64) -> [u8; 8] {
    match order {
        Little => number.to_le_bytes(),
        Big => number.to_be_bytes(),
    }
}

fn section(order: ByteOrder, options: &[u8]) -> Vec<u8> {
    let body = Bytes::new(order).u32(0x1a2b_3c4d).u16(1).u16(0);
    block(order, 0x0a0d_0d0a, &body.raw(&[0xff; 8]).raw(options).bytes)
}

fn interface(order: ByteOrder, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
    let body = Bytes::new(order).u16(link).u16(0).u32(snaplen).raw(options);
    block(order, 1, &body.bytes)
}

fn enhanced(order: ByteOrder, interface: u32, ticks: u64, data: &[u8], options: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let high = u32::try_from(ticks >> 32).unwrap();
    let low = u32::try_from(ticks & 0xffff_ffff).unwrap();
    let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
    let body = Bytes::new(order)
        .u32(interface)
        .u32(high)
        .u32(low)
        .u32(len)
        .u32(len);
    block(order, 6, &body.raw(data).raw(&padding).raw(options).bytes)
}

/// A little-endian file with one Ethernet interface and packets of these lengths, a second apart.
fn file_of_lengths(lengths: &[usize]) -> Vec<u8> {
    let mut file = [section(Little, &[]), interface(Little, 1, 0, &[])].concat();
    for (n, len) in (1..).zip(lengths) {
        let filler = u8::try_from(n % 255 + 1).unwrap();
        file.extend(enhanced(Little, 0, n * 1_000_000, &vec![filler; *len], &[]));
    }
    file
}

#[test]
fn sections_of_both_byte_orders_have_their_own_interfaces() {
    let mut file = Vec::new();
    for order in [Little, Big] {
        let eth0 = option(order, 2, b"eth0");
        let flannel = [
            option(order, 2, b"flannel.1"),
            option(order, 9, &[9]),
            option(order, 11, b"\0udp port 8472"),
            option(order, 14, &number(order, 1_u64.wrapping_neg())),
            option(order, 0, &[]),
        ];
        file.extend(section(order, &[]));
        file.extend(interface(order, 1, 262_144, &eth0));
        file.extend(interface(order, 276, 0, &flannel.concat()));
        file.extend(enhanced(order, 0, 5_000_000, b"abc", &[]));
        file.extend(enhanced(order, 1, 7_000_000_001, b"defg", &[]));
    }
    let (packets, report) = read_all(&file);
    assert_eq!(report.damages, []);
    let seen: Vec<_> = packets
        .iter()
        .map(|packet| (packet.interface, packet.link_type))
        .collect();
    assert_eq!(seen, [(0, 1), (1, 276), (2, 1), (3, 276)]);
    assert_eq!(packets[2].time, Some(5 * SECOND));
    assert_eq!(packets[3].time, Some(6 * SECOND + 1));
    assert_eq!(packets[0].data, b"abc");
    let flannel = &report.interfaces[3];
    assert_eq!(flannel.name.as_deref(), Some("flannel.1"));
    assert_eq!(flannel.filter.as_deref(), Some("udp port 8472"));
    assert_eq!(
        (report.interfaces[0].snaplen, flannel.snaplen),
        (Some(262_144), None)
    );
}

#[test]
fn interfaces_are_known_before_the_first_packet() {
    let file = [file_of_lengths(&[60]), interface(Little, 1, 0, &[])].concat();
    let source = Box::new(std::io::Cursor::new(file));
    let reader = PacketReader::new("test", source).unwrap();
    assert_eq!(reader.interfaces().len(), 1);
    assert_eq!(reader.finish().interfaces.len(), 2);
}

#[test]
fn simple_and_obsolete_packet_blocks_are_packets() {
    for order in [Little, Big] {
        let simple = Bytes::new(order).u32(60).raw(&[7; 20]).bytes;
        let obsolete = Bytes::new(order)
            .u16(0)
            .u16(3)
            .u32(0)
            .u32(2_000_000)
            .u32(5)
            .u32(90);
        let file = [
            section(order, &[]),
            interface(order, 101, 18, &[]),
            block(order, 3, &simple),
            block(order, 2, &obsolete.raw(b"hello").bytes),
        ];
        let (packets, report) = read_all(&file.concat());
        assert_eq!(report.damages, []);
        assert_eq!(
            (
                packets[0].data.len(),
                packets[0].original_len,
                packets[0].time
            ),
            (18, 60, None)
        );
        assert_eq!(
            (&packets[1].data[..], packets[1].original_len),
            (&b"hello"[..], 90)
        );
        assert_eq!(packets[1].time, Some(2 * SECOND));
        assert_eq!(report.interfaces[0].dropped, Some(3));
    }
}

#[test]
fn statistics_names_and_comments_are_kept() {
    for order in [Little, Big] {
        let statistics = [
            option(order, 2, &Bytes::new(order).u32(0).u32(1_000_000).bytes),
            option(order, 3, &Bytes::new(order).u32(0).u32(9_000_000).bytes),
            option(order, 5, &number(order, 40)),
            option(order, 7, &number(order, 2)),
        ];
        let statistics = Bytes::new(order)
            .u32(0)
            .u32(0)
            .u32(0)
            .raw(&statistics.concat())
            .bytes;
        let names = [
            option(order, 1, b"\x0a\x21\xbc\x8amaster\0k8s-master1\0"),
            option(order, 2, &[&[0xfd; 16][..], b"node\0"].concat()),
            option(order, 0, &[]),
        ];
        let file = [
            section(order, &option(order, 1, b"made by hand")),
            interface(order, 1, 0, &[]),
            block(order, 4, &names.concat()),
            enhanced(order, 0, 0, b"x", &option(order, 1, b"look here")),
            block(order, 10, b"secrets that nobody reads"),
            block(order, 0x0bad, b"\0\0\0\x01custom"),
            block(order, 0x7777, b"unknown"),
            block(order, 5, &statistics),
        ];
        let (packets, report) = read_all(&file.concat());
        assert_eq!((packets.len(), &report.damages[..]), (1, &[][..]));
        let info = &report.interfaces[0];
        assert_eq!(info.dropped, Some(42));
        assert_eq!(info.started, Some(Timestamp(SECOND)));
        assert_eq!(info.ended, Some(Timestamp(9 * SECOND)));
        assert_eq!(report.names[0].address, IpAddr::from([10, 33, 188, 138]));
        assert_eq!(report.names[0].name, "master");
        assert_eq!(report.names[1].name, "node");
        let comments: Vec<_> = report
            .comments
            .iter()
            .map(|comment| (comment.packet_number.map(|number| number.0), &*comment.text))
            .collect();
        assert_eq!(comments, [(None, "made by hand"), (Some(1), "look here")]);
    }
}

#[test]
fn a_block_that_contradicts_itself_is_skipped_alone() {
    let mut damaged = enhanced(Little, 0, 0, &[1; 40], &[]);
    damaged[20..24].copy_from_slice(&4000_u32.to_le_bytes());
    let file = [
        file_of_lengths(&[60]),
        damaged,
        enhanced(Little, 9, 0, b"of nobody", &[]),
        enhanced(Little, 0, 0, b"next", &[]),
    ];
    let (packets, report) = read_all(&file.concat());
    assert_eq!(packets.len(), 2);
    assert_eq!(packets[1].data, b"next");
    assert_eq!(
        sentences(&report),
        [
            "skipped a block of type 0x00000006 that contradicts its own length (at byte 140, after packet 1)",
            "skipped a packet of interface 9, which the file does not describe (at byte 212, after packet 1)",
        ]
    );
}

#[test]
fn a_damaged_description_keeps_its_number() {
    let mut damaged = interface(Little, 113, 0, &option(Little, 2, b"eth0"));
    damaged[18..20].copy_from_slice(&[0xff, 0xff]);
    let file = [
        section(Little, &[]),
        damaged,
        interface(Little, 1, 0, &[]),
        enhanced(Little, 1, 0, b"x", &[]),
    ];
    let (packets, report) = read_all(&file.concat());
    assert_eq!((packets[0].interface, packets[0].link_type), (1, 1));
    assert_eq!(report.interfaces[0].link_type, LinkType::LINUX_SLL);
}

#[test]
fn an_end_that_differs_is_reported_and_the_packet_kept() {
    let mut file = file_of_lengths(&[60, 60, 60]);
    let end = 48 + 92 - 4;
    file[end] = 77;
    let (packets, report) = read_all(&file);
    assert_eq!(packets.len(), 3);
    assert_eq!(
        sentences(&report),
        [
            "a block begins with length 92 and ends with length 77; used the first (at byte 48, before any packet)"
        ]
    );
}

#[test]
fn lying_lengths_cost_one_block() {
    for claimed in [0_u32, 96, 200, 5000, 20_000_000, u32::MAX] {
        let mut file = file_of_lengths(&[60; 6]);
        let at = 48 + 92 + 4;
        file[at..at + 4].copy_from_slice(&claimed.to_le_bytes());
        let (packets, report) = read_all(&file);
        assert_eq!(packets.len(), 5, "{claimed}: {:?}", sentences(&report));
        assert_eq!(
            sentences(&report)[1],
            "skipped 92 bytes, up to the next readable record (at byte 140, after packet 1)"
        );
    }
}

#[test]
fn cut_and_zero_filled_tails_are_reported() {
    let file = file_of_lengths(&[60, 60]);
    let (packets, report) = read_all(&file[..file.len() - 30]);
    assert_eq!(packets.len(), 1);
    assert_eq!(
        sentences(&report),
        [
            "the file ends inside a record: 62 of its 92 bytes are there (at byte 140, after packet 1)"
        ]
    );
    for zeros in [3, 4096, 2 << 20] {
        let mut filled = file.clone();
        filled.resize(file.len() + zeros, 0);
        let (packets, report) = read_all(&filled);
        assert_eq!(packets.len(), 2);
        assert!(sentences(&report)[0].starts_with(&format!("{zeros} zero bytes")));
    }
    let holed = [
        file,
        vec![0; 1000],
        section(Big, &[]),
        interface(Big, 1, 0, &[]),
    ]
    .concat();
    assert_eq!(read_all(&holed).1.interfaces.len(), 2);
}

#[test]
fn times_out_of_range_are_noted_once() {
    let file = [
        section(Little, &[]),
        interface(Little, 1, 0, &[]),
        enhanced(Little, 0, u64::MAX, b"x", &[]),
        enhanced(Little, 0, u64::MAX, b"y", &[]),
    ];
    let (packets, report) = read_all(&file.concat());
    assert_eq!(packets[1].time, Some(i64::MAX));
    assert_eq!(report.damages.len(), 1);
}

proptest! {
    #[test]
    fn a_cut_anywhere_yields_a_prefix(
        lengths in prop::collection::vec(0_usize..200, 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let file = file_of_lengths(&lengths);
        let (whole, _) = read_all(&file);
        prop_assert_eq!(whole.len(), lengths.len());
        let cut = cut.index(file.len() + 1);
        let start = std::io::Cursor::new(file[..cut].to_vec());
        prop_assert_eq!(PacketReader::new("cut", Box::new(start)).is_ok(), cut >= 4);
        if cut >= 4 {
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
        let mut file = file_of_lengths(&lengths);
        for (at, byte) in damage {
            let at = 4 + at.index(file.len() - 4);
            file[at] = byte;
        }
        let (packets, report) = read_all(&file);
        let (other, other_report) = read_stream(Box::new(Pieces::new(file, pieces)));
        prop_assert_eq!(packets, other);
        prop_assert_eq!(report.damages, other_report.damages);
    }
}
