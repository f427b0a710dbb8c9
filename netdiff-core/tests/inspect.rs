//! `inspect`: what it says of recorded sets, and the JSON that programs may rely on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the mirror is the test")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{part_of, testdata};
use netdiff_core::{
    InspectReport, SetRequest, TextOptions, inspect, render_inspect_json, render_inspect_text,
    render_manifest,
};
use serde::Deserialize;

macro_rules! mirror {
    ($($name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        $(#[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($field: $kind),* })*
    };
}

mirror! {
    Inspection {
        schema_version: u32, tool: Tool, path: String, nodes: Vec<Node>, clocks: Vec<Clock>, capture_points: Vec<Point>, files: Vec<File>,
        addresses: Vec<Address>, subnets: Vec<Subnet>, coverage: Vec<Row>, advice: Vec<Advice>, unplaced: Vec<String>,
        warnings: Vec<String>,
    }
    Tool { name: String, version: String }
    Node {
        name: String, backend: Option<String>, first_time: Option<String>, last_time: Option<String>,
        clock_offset_ns: Option<i64>,
        clock_error_ns: Option<i64>,
    }
    Clock {
        node: String, compared_with: String, seen: Seen, one_way_from: Option<String>, times_by: Option<String>,
        at: Option<String>, offset_ns: Option<i64>, error_ns: Option<i64>, drift_ppb: Option<i64>,
        drift_error_ppb: Option<i64>, steps: Vec<ClockStep>, contradicting: u64,
    }
    ClockStep { after: String, before: String, size_ns: i64, error_ns: i64 }
    Point {
        node: String, interface: String, role: Role, role_basis: Option<RoleBasis>, files: Vec<String>,
        link_type: Option<String>, packets: u64, first_time: Option<String>, last_time: Option<String>,
        snap_length: Option<u32>, dropped: Option<u64>, filters: Vec<String>, tunnels: Vec<Tunnel>,
        tunnels_left_out: u64, anomalies: BTreeMap<String, u64>, stops: Vec<Stop>, stops_left_out: u64,
    }
    Tunnel {
        kind: String, vni: Option<u32>, port: Option<u16>, source: String, destination: String, packets: u64,
    }
    Stop { kind: StopKind, layer: Option<String>, number: Option<u32>, anomaly: Option<String>, packets: u64 }
    File { name: String, node: String, interface: String, packets: u64, interfaces: Vec<Interface> }
    Interface {
        name: Option<String>, description: Option<String>, link_type: String, snap_length: Option<u32>,
        dropped: Option<u64>, filter: Option<String>,
    }
    Address { address: String, name: Option<String>, node: Option<String>, kind: String }
    Subnet { node: String, prefix: String, basis: String, addresses: u64 }
    Row { node: String, pod: Cell, bridge: Cell, vtep: Cell, uplink: Cell }
    Cell { state: CellState, interfaces: Vec<String> }
    Advice { node: Option<String>, role: Option<Role>, text: String }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Pod,
    Bridge,
    Vtep,
    Uplink,
    Loopback,
    Merged,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleBasis {
    Stated,
    Name,
    Packets,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CellState {
    Captured,
    Empty,
    Merged,
    Missing,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StopKind {
    Fragment,
    Encrypted,
    CutByCapture,
    CutByHeader,
    Malformed,
    Unsupported,
    TooDeep,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Seen {
    BothWays,
    OneWay,
    Contradictory,
}

/// What is in `path` of the test data; the path of the machine is left out.
fn inspected(path: &str) -> InspectReport {
    let request = SetRequest::of_path(testdata().join(path));
    let report = inspect(&request).unwrap();
    InspectReport {
        path: path.to_owned(),
        ..report
    }
}

fn inspected_part(scenario: &str, keep: impl Fn(&str) -> bool) -> InspectReport {
    let folder = part_of(scenario, keep);
    let report = inspect(&SetRequest::of_path(folder.path())).unwrap();
    InspectReport {
        path: scenario.to_owned(),
        ..report
    }
}

fn advice(report: &InspectReport) -> Vec<&str> {
    report.advice.iter().map(|a| a.text.as_str()).collect()
}

#[test]
fn every_set_fits_the_mirror_and_counts_every_packet() {
    for entry in fs::read_dir(testdata().join("scenarios")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let report = inspected(&format!("scenarios/{name}/failing"));
        let json = render_inspect_json(&report).unwrap();
        let mirror: Inspection =
            serde_json::from_str(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(mirror.schema_version, 1);
        let in_files: u64 = mirror.files.iter().map(|f| f.packets).sum();
        let in_points: u64 = mirror.capture_points.iter().map(|p| p.packets).sum();
        assert_eq!(in_files, in_points, "{name}");
    }
}

#[test]
fn a_set_looks_like_this() {
    for (name, set) in [
        (
            "vxlan-8472-blocked",
            "scenarios/vxlan-8472-blocked/reference",
        ),
        (
            "directrouting-fixed",
            "scenarios/directrouting-fixed/failing",
        ),
        ("example", "example"),
    ] {
        let text = render_inspect_text(&inspected(set), &TextOptions::default());
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        insta::assert_snapshot!(format!("{name}.inspect"), text);
    }
}

#[test]
fn a_missing_tunnel_device_is_asked_for_by_its_name() {
    let report = inspected_part("vxlan-8472-blocked", |file| file != "node/flannel.1.pcap");
    let row = report
        .coverage
        .iter()
        .find(|row| row.node == "node")
        .unwrap();
    assert_eq!(row.vtep.state, "missing");
    assert_eq!(row.uplink.interfaces, ["eth0"]);
    let [advice] = report.advice.as_slice() else {
        panic!("{:?}", report.advice)
    };
    assert_eq!(
        (advice.node.as_deref(), advice.role),
        (Some("node"), Some("vtep"))
    );
    assert!(
        advice.text.starts_with("capture flannel.1 on node: "),
        "{}",
        advice.text
    );
}

#[test]
fn no_tunnel_device_is_asked_for_where_nothing_is_tunneled() {
    let report = inspected_part("directrouting-fixed", |file| !file.contains("flannel"));
    assert!(
        report
            .coverage
            .iter()
            .all(|row| row.vtep.state == "missing")
    );
    assert_eq!(advice(&report), [""; 0]);
    let whole = inspected("scenarios/directrouting-fixed/failing");
    assert!(whole.coverage.iter().all(|row| row.vtep.state == "empty"));
}

#[test]
fn a_node_without_captures_is_known_by_its_address() {
    let report = inspected_part("vxlan-8472-blocked", |file| file.starts_with("master/"));
    let texts = advice(&report);
    assert!(
        texts
            .iter()
            .any(|text| text.contains("the node that has 10.33.188.142")),
        "{texts:?}"
    );
}

#[test]
fn a_manifest_leads_back_to_the_same_places() {
    let folder = part_of("vxlan-8472-blocked", |_| true);
    let request = SetRequest::of_path(folder.path());
    let before = inspect(&request).unwrap();
    let manifest = render_manifest(&before);
    fs::write(folder.path().join("netdiff.toml"), &manifest).unwrap();
    let after = inspect(&request).unwrap();
    let places = |report: &InspectReport| -> Vec<_> {
        let points = report.capture_points.iter();
        points
            .map(|p| (p.node.clone(), p.interface.clone(), p.role, p.files.clone()))
            .collect()
    };
    assert_eq!(places(&before), places(&after));
    assert!(
        after
            .capture_points
            .iter()
            .all(|p| p.role_basis == Some("stated"))
    );
    assert_eq!(render_manifest(&after), manifest);
}

#[test]
fn files_that_tell_their_interfaces_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["two-interfaces.pcapng", "any.pcap"] {
        let source = testdata().join("packets/containers").join(name);
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::copy(source, folder.path().join(name).join("capture.pcap")).unwrap();
    }
    let request = SetRequest::of_path(folder.path());
    let before = inspect(&request).unwrap();
    let manifest = render_manifest(&before);
    assert!(manifest.contains("interface = \"any\""), "{manifest}");
    fs::write(folder.path().join("netdiff.toml"), &manifest).unwrap();
    let after = inspect(&request).unwrap();
    let names = |report: &InspectReport| -> Vec<_> {
        let points = report.capture_points.iter();
        points
            .map(|p| (p.node.clone(), p.interface.clone(), p.role))
            .collect()
    };
    assert_eq!(names(&before), names(&after));
    assert_eq!(render_manifest(&after), manifest);
}

#[test]
fn damage_and_oddities_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let source = testdata().join("scenarios/vxlan-8472-blocked/failing/master/eth0.pcap");
    let bytes = fs::read(source).unwrap();
    fs::write(
        folder.path().join("master-eth0.pcap"),
        &bytes[..bytes.len() - 11],
    )
    .unwrap();
    let report = inspect(&SetRequest::of_path(folder.path())).unwrap();
    assert_eq!(report.warnings.len(), 1);
    let text = render_inspect_text(&report, &TextOptions::default());
    assert!(text.contains("warning: master-eth0.pcap"), "{text}");
}

#[test]
fn a_capture_without_a_place_is_inspected_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let source = testdata().join("scenarios/vxlan-8472-blocked/failing/master/eth0.pcap");
    for name in ["1.pcap", "dump.pcap"] {
        fs::copy(&source, folder.path().join(name)).unwrap();
    }
    let report = inspect(&SetRequest::of_path(folder.path())).unwrap();
    assert_eq!(report.unplaced, ["1.pcap", "dump.pcap"]);
    let points: Vec<_> = report
        .capture_points
        .iter()
        .map(|p| (p.node.as_str(), p.interface.as_str(), p.role, p.role_basis))
        .collect();
    let uplink = |node| (node, "unknown", "uplink", Some("packets"));
    assert_eq!(points, [uplink("1.pcap"), uplink("dump.pcap")]);
    assert!(advice(&report)[0].starts_with("say where 1.pcap was taken"));
    assert!(
        report
            .advice
            .iter()
            .all(|a| a.node.is_none() && a.role.is_none())
    );
}

#[test]
fn nothing_is_asked_for_that_may_be_there_under_another_name() {
    let folder = part_of("vxlan-8472-blocked", |file| file == "node/flannel.1.pcap");
    let node = folder.path().join("node");
    fs::rename(node.join("flannel.1.pcap"), node.join("mystery.pcap")).unwrap();
    let report = inspect(&SetRequest::of_path(folder.path())).unwrap();
    let [text] = advice(&report)[..] else {
        panic!("{:?}", report.advice)
    };
    assert!(text.contains("which role mystery of node has"), "{text}");
}
