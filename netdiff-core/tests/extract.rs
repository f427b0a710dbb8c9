//! Packets and sightings that are taken out of a set again: every one is there, as it was captured, where and when it belongs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use common::testdata;
use netdiff_core::correlate::{Disposition, NodeId, Timelines};
use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::extract::{COLUMNS, Chosen, Facts, PacketFile, ReplayError, replay};
use netdiff_core::read::{CaptureSet, PacketReader, open_set};
use netdiff_core::types::{LinkType, Timestamp};
use netdiff_core::{
    AnalysisError, AnalysisOptions, PacketFileOptions, Selection, Separator, SetRequest, Wanting,
    export, extract, timelines,
};

/// A packet of a capture file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Written {
    point: String,
    time: i64,
    link_type: u16,
    original_len: u32,
    data: Vec<u8>,
}

fn failing(scenario: &str) -> PathBuf {
    testdata().join("scenarios").join(scenario).join("failing")
}

fn finding(rule: &str) -> Wanting {
    Wanting {
        rules: vec![rule.to_owned()],
        reference: None,
    }
}

fn selected(expression: &str) -> AnalysisOptions {
    AnalysisOptions {
        selection: Some(Selection::parse(expression).unwrap()),
        ..AnalysisOptions::default()
    }
}

fn written(
    set: &SetRequest,
    wanting: &Wanting,
    options: &AnalysisOptions,
    file: &PacketFileOptions,
) -> Vec<u8> {
    let mut out = Vec::new();
    extract(set, wanting, options, file, &mut out).unwrap();
    out
}

fn everything(scenario: &str, file: &PacketFileOptions) -> Vec<u8> {
    let set = SetRequest::of_path(failing(scenario));
    let (wanting, options) = (Wanting::default(), AnalysisOptions::default());
    written(&set, &wanting, &options, file)
}

/// Reads a pcapng file back, and the comments of its packets by their numbers; readers keep the first hundred.
fn read_back(bytes: Vec<u8>) -> (Vec<Written>, BTreeMap<u64, String>) {
    let mut reader = PacketReader::new("extracted", Box::new(Cursor::new(bytes))).unwrap();
    let mut raw = Vec::new();
    while let Some(packet) = reader.next_packet() {
        raw.push((
            packet.interface.0 as usize,
            packet.time.unwrap().0,
            packet.link_type.0,
            packet.original_len,
            packet.data.to_vec(),
        ));
    }
    let report = reader.finish();
    assert!(report.damages.is_empty(), "{:?}", report.damages);
    let name = |interface: usize| report.interfaces[interface].name.clone().unwrap();
    let packets = raw
        .into_iter()
        .map(|(interface, time, link_type, original_len, data)| Written {
            point: name(interface),
            time,
            link_type,
            original_len,
            data,
        })
        .collect();
    let comments = report.comments.into_iter();
    let comments = comments.filter_map(|c| Some((c.packet_number?.0, c.text)));
    (packets, comments.collect())
}

/// The packets of a set that timelines name, each once, read without the room under test.
fn captured(files: &CaptureSet, set: &Timelines) -> Vec<Written> {
    let mut wanted: BTreeMap<(u32, u64), String> = BTreeMap::new();
    let flows = set.flows.iter();
    let directions = flows.flat_map(|flow| [&flow.forward, &flow.reply]);
    for journey in directions.flat_map(|direction| &direction.journeys) {
        for seen in &journey.sightings {
            let place = (seen.file.0, seen.packet_number.0);
            wanted.insert(place, set.name(seen.point).to_string());
        }
    }
    let mut packets = Vec::new();
    for file in &files.files {
        let mut reader = file.open().unwrap();
        while let Some(raw) = reader.next_packet() {
            if let Some(point) = wanted.get(&(file.id.0, raw.packet_number.0)) {
                packets.push(Written {
                    point: point.clone(),
                    time: raw.time.unwrap().0,
                    link_type: raw.link_type.0,
                    original_len: raw.original_len,
                    data: raw.data.to_vec(),
                });
            }
        }
    }
    packets
}

fn decoded(packet: &Written) -> Packet {
    let mut decoded = Packet::new();
    decode_packet(
        LinkType(packet.link_type),
        &packet.data,
        packet.original_len,
        &DecodeOptions::default(),
        &mut decoded,
    );
    decoded
}

fn is_fragment(packet: &Written) -> bool {
    let packet = decoded(packet);
    packet.ip_layers().any(|(_, ip)| ip.fragment.is_some())
}

/// The time of a packet by the clock of the first node.
fn by_first_clock(set: &Timelines, packet: &Written) -> i64 {
    let (node, _) = packet.point.split_once('/').unwrap();
    let node = set.nodes.iter().position(|name| **name == *node).unwrap();
    let node = NodeId(u32::try_from(node).unwrap());
    let time = Timestamp(packet.time);
    let offset = set.clocks.offset_at(node, NodeId(0), time);
    (time + offset.expect("the clocks are compared").offset).0
}

#[test]
fn every_followed_packet_comes_back_as_it_was_captured_and_in_order() {
    for scenario in [
        "vxlan-8472-blocked",
        "clock-step",
        "capture-any",
        "geneve",
        "offload-loss",
    ] {
        let request = SetRequest::of_path(failing(scenario));
        let set = timelines(&request, &AnalysisOptions::default()).unwrap();
        let (got, _) = read_back(everything(scenario, &PacketFileOptions::default()));
        let mut sorted = got.clone();
        sorted.sort();
        let mut expected = captured(&open_set(&request).unwrap(), &set.timelines);
        expected.sort();
        assert!(expected.len() > 100);
        let mut expected = expected.into_iter().peekable();
        for packet in sorted {
            if expected.next_if_eq(&packet).is_none() {
                let place = (&packet.point, packet.time);
                assert!(is_fragment(&packet), "{scenario}: {place:?} was not wanted");
            }
        }
        let missing = expected.next().map(|packet| (packet.point, packet.time));
        assert_eq!(missing, None, "{scenario}");
        if scenario == "vxlan-8472-blocked" {
            // Nothing crosses, so that nothing compares the clocks.
            continue;
        }
        let times: Vec<i64> = got
            .iter()
            .map(|p| by_first_clock(&set.timelines, p))
            .collect();
        assert!(times.is_sorted(), "{scenario}");
    }
}

/// Shifts all times of a node's captures, which are classic pcap files with microseconds or nanoseconds.
fn shifted(scenario: &str, node: &str, seconds: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(failing(scenario)).unwrap() {
        let from = entry.unwrap().path();
        let to = folder.path().join(from.file_name().unwrap());
        fs::create_dir(&to).unwrap();
        for file in fs::read_dir(&from).unwrap() {
            let file = file.unwrap().path();
            let mut bytes = fs::read(&file).unwrap();
            let mut at = 24;
            while from.ends_with(node) && at + 16 <= bytes.len() {
                let field = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
                let (time, len) = (field(at), field(at + 8) as usize);
                bytes[at..at + 4].copy_from_slice(&(time + seconds).to_le_bytes());
                at += 16 + len;
            }
            fs::write(to.join(file.file_name().unwrap()), bytes).unwrap();
        }
    }
    folder
}

#[test]
fn order_is_that_of_events_and_times_stay_those_of_the_captures() {
    let folder = shifted("loss-random", "node", 3600);
    let request = SetRequest::of_path(folder.path());
    let (wanting, options) = (Wanting::default(), AnalysisOptions::default());
    let (got, comments) = read_back(written(
        &request,
        &wanting,
        &options,
        &PacketFileOptions::default(),
    ));
    let set = timelines(&request, &options).unwrap().timelines;
    assert!(got.iter().map(|p| by_first_clock(&set, p)).is_sorted());
    assert!(!got.iter().map(|p| p.time).is_sorted());
    let shifted = comments
        .values()
        .find(|text| text.contains("clock of node"));
    let shifted = shifted.unwrap();
    let times = "captured 2026-11-22T19:45:01.530951000Z by the clock of node; by that of master 2026-11-22T18:45:01.5309";
    assert!(shifted.contains(times), "{shifted}");

    let corrected = PacketFileOptions {
        corrected_times: true,
        ..PacketFileOptions::default()
    };
    let (moved, _) = read_back(written(&request, &wanting, &options, &corrected));
    let times: Vec<i64> = moved.iter().map(|p| p.time).collect();
    let expected: Vec<i64> = got.iter().map(|p| by_first_clock(&set, p)).collect();
    assert_eq!(times, expected);
}

/// Packets of one classic pcap file in reverse order.
fn reversed(bytes: &[u8]) -> Vec<u8> {
    let (header, mut rest) = bytes.split_at(24);
    let mut records = Vec::new();
    while rest.len() >= 16 {
        let len = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (record, behind) = rest.split_at(len);
        records.push(record);
        rest = behind;
    }
    records.reverse();
    [header.to_vec(), records.concat()].concat()
}

#[test]
fn disorder_inside_a_capture_is_put_right() {
    let scenario = "vxlan-8472-blocked";
    let straight = everything(scenario, &PacketFileOptions::default());
    let folder = shifted(scenario, "nobody", 0);
    let file = folder.path().join("master/eth0.pcap");
    fs::write(&file, reversed(&fs::read(&file).unwrap())).unwrap();
    let request = SetRequest::of_path(folder.path());
    let options = AnalysisOptions::default();
    let mended = written(
        &request,
        &Wanting::default(),
        &options,
        &PacketFileOptions::default(),
    );
    let of_point = |bytes| -> Vec<Written> {
        let (packets, _) = read_back(bytes);
        let packets = packets.into_iter();
        packets.filter(|p| p.point == "master/eth0").collect()
    };
    let (straight, mended) = (of_point(straight), of_point(mended));
    assert!(straight.len() > 20);
    assert_eq!(straight, mended);
}

#[test]
fn a_finding_gives_the_packets_that_it_explains_with_their_ends() {
    let rule = "underlay-vxlan-blocked";
    let request = SetRequest::of_path(failing("vxlan-8472-blocked"));
    let options = AnalysisOptions::default();
    let file = PacketFileOptions::default();
    let (packets, comments) = read_back(written(&request, &finding(rule), &options, &file));
    let all = everything("vxlan-8472-blocked", &file);
    assert!(packets.len() < read_back(all).0.len());
    let of = |point: &str| -> Vec<&String> {
        let numbers = (1..).zip(&packets).filter(|(_, p)| p.point == point);
        numbers.filter_map(|(n, _)| comments.get(&n)).collect()
    };
    assert!(comments.values().all(|text| text.contains(rule)));
    let last = of("master/eth0");
    let end = "hop 4 of 4; last seen here; lost between master/eth0 and node/eth0";
    assert!(last.iter().any(|text| text.starts_with(end)), "{last:?}");
    let before = of("master/cni0");
    let goes_on = "hop 2 of 4; goes on, last seen at hop 4: lost";
    assert!(
        before.iter().any(|text| text.starts_with(goes_on)),
        "{before:?}"
    );
    assert!(
        before
            .iter()
            .any(|text| text.contains("10.244.0.4 > 10.244.1.5 icmp echo"))
    );
    assert!(
        before
            .iter()
            .any(|text| text.contains("\nfrom master/cni0.pcap, frame "))
    );
}

#[test]
fn a_selection_gives_its_packets_at_all_points() {
    let request = SetRequest::of_path(failing("loss-random"));
    let options = selected("lost");
    let set = timelines(&request, &options).unwrap().timelines;
    let flows = set.flows.iter().flat_map(|f| [&f.forward, &f.reply]);
    let lost: usize = flows
        .flat_map(|direction| &direction.journeys)
        .filter(|j| matches!(j.disposition, Disposition::Lost { .. }))
        .map(|journey| journey.sightings.len())
        .sum();
    let file = PacketFileOptions::default();
    let (packets, _) = read_back(written(&request, &Wanting::default(), &options, &file));
    assert!(lost > 0);
    assert_eq!(packets.len(), lost);
}

#[test]
fn the_fragments_of_a_datagram_come_with_it() {
    for (scenario, point) in [
        ("inner-fragments", "master/cni0"),
        ("outer-fragments", "master/eth0"),
    ] {
        let (packets, _) = read_back(everything(scenario, &PacketFileOptions::default()));
        let mut datagrams: BTreeMap<u32, BTreeSet<(u32, bool)>> = BTreeMap::new();
        for packet in packets.iter().filter(|p| p.point == point) {
            let decoded = decoded(packet);
            let fragmented = decoded
                .ip_layers()
                .find_map(|(_, ip)| Some((ip, ip.fragment?)));
            if let Some((ip, fragment)) = fragmented {
                let id = ip.identification.unwrap();
                datagrams
                    .entry(id)
                    .or_default()
                    .insert((fragment.offset, fragment.more));
            }
        }
        assert!(!datagrams.is_empty(), "{scenario}");
        for (id, parts) in datagrams {
            assert_eq!(parts.first().unwrap().0, 0, "{scenario} {id}: {parts:?}");
            assert!(!parts.last().unwrap().1, "{scenario} {id}: {parts:?}");
        }
    }
}

#[test]
fn payload_goes_and_headers_stay() {
    for scenario in [
        "vxlan-8472-blocked",
        "geneve",
        "offload-loss",
        "outer-fragments",
        "ipv6",
    ] {
        let stripping = PacketFileOptions {
            strip_payload: true,
            ..PacketFileOptions::default()
        };
        let (whole, _) = read_back(everything(scenario, &PacketFileOptions::default()));
        let (stripped, _) = read_back(everything(scenario, &stripping));
        assert_eq!(whole.len(), stripped.len());
        let mut cut = 0;
        for (whole, short) in whole.iter().zip(&stripped) {
            let (before, after) = (decoded(whole), decoded(short));
            assert_eq!(before.layers(), after.layers(), "{scenario}");
            assert_eq!(before.quoted(), after.quoted(), "{scenario}");
            assert_eq!(whole.original_len, short.original_len);
            if before.quoted().is_empty() {
                assert_eq!(after.payload().captured_len, 0, "{scenario}");
            }
            assert!(whole.data.starts_with(&short.data));
            cut += usize::from(short.data.len() < whole.data.len());
        }
        assert!(cut > 0, "{scenario}");
    }
    let short = PacketFileOptions {
        snaplen: Some(60),
        ..PacketFileOptions::default()
    };
    let (packets, _) = read_back(everything("geneve", &short));
    assert!(packets.iter().all(|packet| packet.data.len() <= 60));
    assert!(packets.iter().any(|packet| packet.original_len > 60));
}

#[test]
fn a_file_that_changed_is_an_error() {
    let folder = shifted("vxlan-8472-blocked", "nobody", 0);
    let request = SetRequest::of_path(folder.path());
    let files = open_set(&request).unwrap();
    let set = timelines(&request, &AnalysisOptions::default()).unwrap();
    let facts = Facts {
        set: &set.timelines,
        files: &set.files,
        findings: &[],
    };
    let chosen = Chosen::new(facts, None, &[]);
    let file = folder.path().join("master/cni0.pcap");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let (decode, mut out) = (DecodeOptions::default(), Vec::new());
    let mut sink = PacketFile::new(
        &chosen,
        PacketFileOptions::default(),
        decode.clone(),
        &mut out,
    )
    .unwrap();
    let error = replay(&files, &chosen, &decode, &mut sink).unwrap_err();
    assert!(matches!(&error, ReplayError::Changed { file, .. } if file == "master/cni0.pcap"));
    assert!(error.to_string().contains("the file changed"), "{error}");
}

#[test]
fn what_cannot_be_taken_out_is_an_error() {
    let request = SetRequest::of_path(failing("vxlan-8472-blocked"));
    let message = |rule: &str| {
        let (options, file) = (AnalysisOptions::default(), PacketFileOptions::default());
        let error = extract(&request, &finding(rule), &options, &file, &mut Vec::new());
        let error = error.unwrap_err();
        assert!(matches!(error, AnalysisError::NoFinding { .. }));
        error.to_string()
    };
    assert!(message("nonsense").contains("`netdiff explain` lists them all"));
    assert!(message("fdb-missing").ends_with("the set has: underlay-vxlan-blocked"));
}

/// A strict reader of RFC 4180 with another separator: cells by line.
fn cells(text: &str, separator: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            _ if quoted => cell.push(letter),
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ if letter == separator => row.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted);
    rows
}

fn table(scenario: &str, options: &AnalysisOptions, separator: Separator) -> String {
    let set = SetRequest::of_path(failing(scenario));
    let mut out = Vec::new();
    export(&set, &Wanting::default(), options, separator, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_row_is_a_sighting() {
    for scenario in ["offload-loss", "clusterip", "vxlan-8472-blocked"] {
        let options = AnalysisOptions::default();
        let rows = cells(&table(scenario, &options, Separator::Comma), ',');
        assert_eq!(
            rows,
            cells(&table(scenario, &options, Separator::Tab), '\t')
        );
        let (head, rows) = rows.split_first().unwrap();
        assert_eq!(*head, COLUMNS.map(|(name, _)| name.to_owned()));
        let at = |row: &[String], name: &str| {
            let column = head.iter().position(|column| column == name).unwrap();
            row[column].clone()
        };
        let set = timelines(&SetRequest::of_path(failing(scenario)), &options).unwrap();
        let mut expected = BTreeSet::new();
        for (flow, timeline) in (1..).zip(&set.timelines.flows) {
            for (way, direction) in [("forward", &timeline.forward), ("reply", &timeline.reply)] {
                for (number, journey) in (1..).zip(&direction.journeys) {
                    for (hop, seen) in journey.hops.iter().zip(&journey.sightings) {
                        expected.insert([
                            format!("set-{flow}"),
                            way.to_owned(),
                            number.to_string(),
                            (hop + 1).to_string(),
                            set.files[seen.file.0 as usize].clone(),
                            seen.packet_number.to_string(),
                            set.timelines.name(seen.point).to_string(),
                        ]);
                    }
                }
            }
        }
        let got: BTreeSet<[String; 7]> = rows
            .iter()
            .map(|row| {
                assert_eq!(row.len(), COLUMNS.len());
                let point = format!("{}/{}", at(row, "node"), at(row, "interface"));
                let own = [
                    "flow",
                    "direction",
                    "journey",
                    "hop",
                    "file",
                    "packet_number",
                ];
                let [a, b, c, d, e, f] = own.map(|name| at(row, name));
                [a, b, c, d, e, f, point]
            })
            .collect();
        assert_eq!(got.len(), rows.len());
        assert_eq!(got, expected, "{scenario}");
        let ttls = || rows.iter().map(|row| at(row, "ttl"));
        assert!(ttls().all(|ttl| ttl.parse::<u8>().is_ok()));
        assert!(
            ttls().collect::<BTreeSet<_>>().len() > 1,
            "routers count down"
        );
    }
}

#[test]
fn retransmissions_are_counted() {
    let rows = cells(
        &table("loss-random", &selected("tcp"), Separator::Comma),
        ',',
    );
    let column = COLUMNS.iter().position(|(name, _)| *name == "transmission");
    let counted = rows[1..].iter().map(|row| row[column.unwrap()].as_str());
    let counted: BTreeSet<&str> = counted.collect();
    assert!(
        counted.contains("1") && counted.contains("2"),
        "{counted:?}"
    );
}

/// docs/export.md says what the columns are.
#[test]
fn the_columns_are_documented() {
    let file = testdata().join("../docs/export.md");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let (start, end) = ("<!-- columns -->\n", "<!-- end of columns -->");
    let rows = COLUMNS.map(|(name, what)| format!("| `{name}` | {what} |\n"));
    let table = format!("| column | what |\n|---|---|\n{}", rows.concat());
    let (before, rest) = text
        .split_once(start)
        .expect("docs/export.md has a place for them");
    let (found, after) = rest
        .split_once(end)
        .expect("docs/export.md has a place for them");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}{start}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(
            found, table,
            "UPDATE_DOCS=1 cargo test renews docs/export.md"
        );
    }
}
