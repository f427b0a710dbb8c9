//! What must not change when recorded captures are changed in ways that do not change the truth, and what may only become vaguer.
//!
//! The sets are made here from recorded ones: clocks shifted, snap lengths cut, files taken away, emptied, cut or filtered, interfaces renamed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use netdiff_core::{Report, SetRequest, trace};

/// One packet of a classic little-endian microsecond capture.
#[derive(Clone)]
struct Packet {
    micros: i64,
    original_len: u32,
    data: Vec<u8>,
}

/// The captures of a set by `node/interface`.
type Set = BTreeMap<String, Vec<Packet>>;

fn scenario(name: &str, set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/scenarios")
        .join(name)
        .join(set)
}

fn load(name: &str, set: &str) -> Set {
    let mut captures = Set::new();
    for node in fs::read_dir(scenario(name, set)).unwrap() {
        let node = node.unwrap().path();
        for file in fs::read_dir(&node).unwrap() {
            let file = file.unwrap().path();
            let place = format!(
                "{}/{}",
                node.file_name().unwrap().to_string_lossy(),
                file.file_stem().unwrap().to_string_lossy()
            );
            captures.insert(place, read_pcap(&fs::read(file).unwrap()));
        }
    }
    captures
}

fn read_pcap(bytes: &[u8]) -> Vec<Packet> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(
        word(0),
        0xa1b2_c3d4,
        "the lab writes little-endian microseconds"
    );
    let mut packets = Vec::new();
    let mut at = 24;
    while at + 16 <= bytes.len() {
        let len = word(at + 8) as usize;
        packets.push(Packet {
            micros: i64::from(word(at)) * 1_000_000 + i64::from(word(at + 4)),
            original_len: word(at + 12),
            data: bytes[at + 16..at + 16 + len].to_vec(),
        });
        at += 16 + len;
    }
    packets
}

/// How a capture is written.
#[derive(Clone, Copy)]
struct Format {
    big_endian: bool,
    nanoseconds: bool,
    snap_length: u32,
}

const PLAIN: Format = Format {
    big_endian: false,
    nanoseconds: false,
    snap_length: 262_144,
};

fn write_pcap(packets: &[Packet], format: Format) -> Vec<u8> {
    let word = |value: u32| {
        if format.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let half = |value: u16| {
        if format.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let magic = if format.nanoseconds {
        0xa1b2_3c4d
    } else {
        0xa1b2_c3d4
    };
    let mut bytes = word(magic).to_vec();
    bytes.extend(half(2).into_iter().chain(half(4)));
    for value in [0, 0, format.snap_length, 1] {
        bytes.extend(word(value));
    }
    for packet in packets {
        let len = packet.data.len().min(format.snap_length as usize);
        let fraction = u32::try_from(packet.micros.rem_euclid(1_000_000)).unwrap();
        let fraction = if format.nanoseconds {
            fraction * 1_000
        } else {
            fraction
        };
        let seconds = u32::try_from(packet.micros.div_euclid(1_000_000)).unwrap();
        for value in [
            seconds,
            fraction,
            u32::try_from(len).unwrap(),
            packet.original_len,
        ] {
            bytes.extend(word(value));
        }
        bytes.extend(&packet.data[..len]);
    }
    bytes
}

fn report_of(set: &Set, format: Format) -> Report {
    let folder = tempfile::tempdir().unwrap();
    for (place, packets) in set {
        let file = folder.path().join(format!("{place}.pcap"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, write_pcap(packets, format)).unwrap();
    }
    trace(&SetRequest::of_path(folder.path())).unwrap()
}

/// The findings that are more than notes: rule and segment.
fn findings(report: &Report) -> Vec<(String, String)> {
    let worth = report.findings.iter().filter(|f| f.severity != "note");
    let segment = |f: &netdiff_core::FindingReport| {
        f.segment.as_ref().map_or_else(String::new, |s| {
            format!(
                "{}/{} -> {}/{}",
                s.from.node, s.from.interface, s.to.node, s.to.interface
            )
        })
    };
    worth.map(|f| (f.rule.to_owned(), segment(f))).collect()
}

/// Every flow with what became of its packets, both ways.
fn dispositions(report: &Report) -> Vec<String> {
    let flow = |f: &netdiff_core::FlowReport| {
        format!(
            "{:?} {:?} {:?}",
            f.key, f.forward.dispositions, f.reply.dispositions
        )
    };
    report.flows.iter().map(flow).collect()
}

/// Sets whose truth is known, with the rule that must be found first; the healthy ones have none.
const SETS: &[(&str, &str, Option<&str>)] = &[
    (
        "vxlan-8472-blocked",
        "failing",
        Some("underlay-vxlan-blocked"),
    ),
    (
        "underlay-vxlan-blocked-return",
        "failing",
        Some("underlay-vxlan-blocked-return"),
    ),
    ("node-input-drop", "failing", Some("node-input-drop")),
    ("forward-drop-dst", "failing", Some("forward-drop")),
    ("forward-drop-src", "failing", Some("forward-drop")),
    ("vxlan-8472-blocked", "reference", None),
    ("directrouting-fixed", "failing", None),
    ("no-offload", "failing", None),
];

fn nodes(set: &Set) -> Vec<String> {
    let mut nodes: Vec<String> = set
        .keys()
        .map(|k| k.split('/').next().unwrap().to_owned())
        .collect();
    nodes.dedup();
    nodes
}

#[test]
fn a_shifted_clock_changes_nothing() {
    for (name, which, _) in SETS {
        let set = load(name, which);
        let before = report_of(&set, PLAIN);
        for node in nodes(&set) {
            for shift in [-3_600_000_000, 7_000_000, 30_000, 3_600_000_000] {
                let mut shifted = set.clone();
                for (place, packets) in &mut shifted {
                    if place.starts_with(&format!("{node}/")) {
                        packets.iter_mut().for_each(|p| p.micros += shift);
                    }
                }
                let after = report_of(&shifted, PLAIN);
                assert_eq!(
                    findings(&before),
                    findings(&after),
                    "{name}/{which}: {node} by {shift} µs"
                );
                assert_eq!(
                    dispositions(&before),
                    dispositions(&after),
                    "{name}/{which}: {node} by {shift} µs"
                );
            }
        }
    }
}

#[test]
fn byte_order_and_resolution_change_nothing() {
    for (name, which, _) in SETS {
        let set = load(name, which);
        let before = report_of(&set, PLAIN);
        for (big_endian, nanoseconds) in [(true, false), (false, true), (true, true)] {
            let after = report_of(
                &set,
                Format {
                    big_endian,
                    nanoseconds,
                    ..PLAIN
                },
            );
            assert_eq!(findings(&before), findings(&after), "{name}/{which}");
            assert_eq!(
                dispositions(&before),
                dispositions(&after),
                "{name}/{which}"
            );
        }
    }
}

#[test]
fn a_snap_length_of_96_changes_no_finding() {
    for (name, which, _) in SETS {
        let set = load(name, which);
        let (before, after) = (
            report_of(&set, PLAIN),
            report_of(
                &set,
                Format {
                    snap_length: 96,
                    ..PLAIN
                },
            ),
        );
        assert_eq!(findings(&before), findings(&after), "{name}/{which}");
    }
}

/// A vaguer answer is right, another cause is wrong, and so is any fault where there is none.
fn check_not_wrong(report: &Report, truth: Option<&str>, what: &str) {
    for finding in report.findings.iter().filter(|f| f.severity == "error") {
        let told =
            truth.is_some_and(|rule| finding.rule == rule || finding.alternatives.contains(&rule));
        assert!(
            told,
            "{what}: {} {} {:?}",
            finding.rule, finding.title, finding.alternatives
        );
    }
    if truth.is_none() {
        assert!(
            findings(report).is_empty(),
            "{what}: {:?}",
            findings(report)
        );
    }
}

#[test]
fn taking_a_capture_away_never_makes_the_answer_wrong() {
    for (name, which, truth) in SETS {
        let set = load(name, which);
        for place in set.keys() {
            let mut left = set.clone();
            left.remove(place);
            check_not_wrong(
                &report_of(&left, PLAIN),
                *truth,
                &format!("{name}/{which} without {place}"),
            );
        }
    }
}

#[test]
fn cutting_tails_of_healthy_captures_invents_nothing() {
    for (name, which, _) in SETS.iter().filter(|(.., truth)| truth.is_none()) {
        let set = load(name, which);
        for place in set.keys() {
            for quarter in 1..4 {
                let mut cut = set.clone();
                let packets = cut.get_mut(place).unwrap();
                packets.truncate(packets.len() * quarter / 4);
                check_not_wrong(
                    &report_of(&cut, PLAIN),
                    None,
                    &format!("{name}/{which}, {quarter}/4 of {place}"),
                );
            }
        }
    }
}

#[test]
fn short_snap_lengths_never_name_a_wrong_cause() {
    for (name, which, truth) in SETS {
        let set = load(name, which);
        for snap_length in [64, 68, 80] {
            let report = report_of(
                &set,
                Format {
                    snap_length,
                    ..PLAIN
                },
            );
            let errors = report.findings.iter().filter(|f| f.severity == "error");
            for finding in errors {
                let told = truth.is_some_and(|rule| {
                    finding.rule == rule || finding.alternatives.contains(&rule)
                });
                assert!(
                    told,
                    "{name}/{which} at {snap_length}: {} {}",
                    finding.rule, finding.title
                );
            }
        }
    }
}

/// Whether an Ethernet frame holds a plain IP packet between the nodes' own addresses.
fn is_plain_between_nodes(data: &[u8]) -> bool {
    let is_ipv4 = data.len() > 34 && data[12..14] == [8, 0];
    let node = |at: usize| data[at..at + 3] == [10, 33, 188];
    let tunnel =
        is_ipv4 && data[23] == 17 && data.len() > 38 && data[36..38] == 8472u16.to_be_bytes();
    is_ipv4 && node(26) && node(30) && !tunnel
}

#[test]
fn without_plain_traffic_vxlan_is_not_named_as_what_is_blocked() {
    let mut set = load("vxlan-8472-blocked", "failing");
    for packets in set.values_mut() {
        packets.retain(|p| !is_plain_between_nodes(&p.data));
    }
    let report = report_of(&set, PLAIN);
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.rule != "underlay-vxlan-blocked")
    );
    check_not_wrong(&report, Some("underlay-vxlan-blocked"), "no plain traffic");
}

#[test]
fn names_of_uplinks_do_not_matter() {
    for new in ["em1", "p1p1", "ovs0", "br0", "vmbr0", "bond0", "if2"] {
        let set = load("vxlan-8472-blocked", "failing");
        let renamed: Set = set
            .into_iter()
            .map(|(place, p)| (place.replace("eth0", new), p))
            .collect();
        let found = findings(&report_of(&renamed, PLAIN));
        let segment = format!("master/{new} -> node/{new}");
        assert_eq!(
            found,
            [("underlay-vxlan-blocked".to_owned(), segment)],
            "{new}"
        );
    }
}

#[test]
fn a_filter_on_the_receiving_uplink_is_not_taken_for_a_block() {
    // The node's own firewall drops VXLAN; its uplink was captured with `icmp`, so that it shows none.
    let mut set = load("node-input-drop", "failing");
    let packets = set.get_mut("node/eth0").unwrap();
    packets.retain(|p| p.data[12..14] == [8, 0] && p.data[23] == 1);
    let report = report_of(&set, PLAIN);
    assert!(
        report
            .findings
            .iter()
            .all(|f| !f.rule.starts_with("underlay-vxlan-blocked")),
        "{:?}",
        findings(&report)
    );
}

#[test]
fn at_the_senders_own_link_nothing_has_arrived() {
    let set = load("vxlan-8472-blocked", "failing");
    let mut alone: Set = set
        .into_iter()
        .filter(|(place, _)| place.starts_with("master/veth"))
        .collect();
    for packets in alone.values_mut() {
        packets.retain(|p| p.data.len() > 34 && p.data[30..34] == [10, 244, 1, 5]);
    }
    let report = report_of(&alone, PLAIN);
    assert!(
        report
            .flows
            .iter()
            .all(|f| f.forward.dispositions.delivered == 0),
        "{:?}",
        dispositions(&report)
    );
    assert!(
        findings(&report)
            .iter()
            .any(|(rule, _)| rule == "capture-gap"),
        "{:?}",
        findings(&report)
    );
}

#[test]
fn a_pods_link_is_not_taken_for_its_neighbors() {
    // The link of 10.244.1.5 is missing, and that of 10.244.1.6 shows only packets between the two.
    for name in ["tcpdump-p", "three-nodes", "ipv6"] {
        let set = load(name, "failing");
        let links: Vec<&String> = set.keys().filter(|place| place.contains("/veth")).collect();
        for link in links {
            let mut left = set.clone();
            left.remove(link);
            left.retain(|place, _| *place != format!("{}/cni0", link.split('/').next().unwrap()));
            check_not_wrong(
                &report_of(&left, PLAIN),
                None,
                &format!("{name} without {link}"),
            );
        }
    }
}

#[test]
fn emptied_captures_invent_nothing() {
    for (name, which, truth) in SETS {
        let set = load(name, which);
        for place in set.keys() {
            let mut emptied = set.clone();
            emptied.get_mut(place).unwrap().clear();
            check_not_wrong(
                &report_of(&emptied, PLAIN),
                *truth,
                &format!("{name}/{which}, {place} emptied"),
            );
        }
    }
}

#[test]
fn one_lost_packet_names_no_cause() {
    // Of all VXLAN packets only the first ping is left: it may have been lost by chance.
    let mut set = load("vxlan-8472-blocked", "failing");
    let is_tunneled = |data: &[u8]| {
        data.len() > 38
            && data[12..14] == [8, 0]
            && data[23] == 17
            && data[36..38] == 8472u16.to_be_bytes()
    };
    for (place, packets) in &mut set {
        let mut first = place.as_str() == "master/eth0";
        packets.retain(|p| !is_tunneled(&p.data) || std::mem::take(&mut first));
    }
    set.retain(|place, _| place.ends_with("/eth0"));
    let report = report_of(&set, PLAIN);
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.rule != "underlay-vxlan-blocked"),
        "{:?}",
        findings(&report)
    );
    let told = report
        .findings
        .iter()
        .find(|f| f.rule == "packets-lost")
        .unwrap();
    assert!(
        told.alternatives.contains(&"underlay-vxlan-blocked")
            && told.alternatives.contains(&"loss-random")
    );
}

#[test]
fn a_clock_that_steps_or_drifts_is_reported() {
    let set = load("vxlan-8472-blocked", "reference");
    let first = set.values().flatten().map(|p| p.micros).min().unwrap();
    let middle = first + 1_900_000;
    let change = |change: &dyn Fn(i64) -> i64| {
        let mut changed = set.clone();
        for (place, packets) in &mut changed {
            if place.starts_with("node/") {
                packets.iter_mut().for_each(|p| p.micros = change(p.micros));
            }
        }
        let report = report_of(&changed, PLAIN);
        report.set.unwrap().clocks.remove(0)
    };
    let stepped = change(&|t| if t < middle { t } else { t + 7_000_000 });
    let [step] = stepped.steps.as_slice() else {
        panic!("{stepped:?}")
    };
    assert!(
        (step.size_ns - 7_000_000_000).abs() <= step.error_ns,
        "{stepped:?}"
    );
    assert!(
        step.error_ns < 1_000_000 && stepped.drift_ppb.is_none(),
        "{stepped:?}"
    );
    let drifting = change(&|t| t + (t - first) / 10_000);
    let (drift, error) = (
        drifting.drift_ppb.unwrap(),
        drifting.drift_error_ppb.unwrap(),
    );
    assert!(
        (drift - 100_000).abs() <= error && error < 10_000,
        "{drifting:?}"
    );
    assert!(drifting.steps.is_empty(), "{drifting:?}");
    let still = change(&|t| t);
    assert!(still.steps.is_empty() && still.drift_ppb.is_none() && still.contradicting == 0);
}
