//! Text fits the columns it is given, whatever the names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::path::{Path, PathBuf};

use common::assert_fits;
use netdiff_core::{
    Report, SetRequest, TextOptions, compare, inspect, render_inspect_text, render_text, trace,
};

fn scenario(name: &str, set: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/scenarios");
    root.join(name).join(set)
}

fn options(width: usize) -> TextOptions {
    TextOptions {
        width,
        verbose: true,
        ..TextOptions::default()
    }
}

/// The failing incident with other names for a node and two interfaces.
fn named(node: &str, interface: &str) -> Report {
    let folder = scenario("vxlan-8472-blocked", "failing");
    let mut request = SetRequest::of_path(&folder);
    for (own, file) in [
        ("eth0", "eth0.pcap"),
        (interface, "cni0.pcap"),
        ("flannel.1", "flannel.1.pcap"),
    ] {
        let file = folder.join("master").join(file);
        let point = format!("{node}/{own}={}", file.display());
        request.points.push(point.parse().unwrap());
    }
    trace(&request).unwrap()
}

#[test]
fn ladders_fit_and_use_what_there_is() {
    let pair = |name: &str| {
        let set = |set| SetRequest::of_path(scenario(name, set));
        compare(&set("reference"), &set("failing")).unwrap()
    };
    let reports = [
        pair("vxlan-8472-blocked"),
        trace(&SetRequest::of_path(scenario("ipv6", "failing"))).unwrap(),
        trace(&SetRequest::of_path(scenario("nodeport", "failing"))).unwrap(),
        named(
            "ip-10-33-188-138.eu-central-1.compute.internal",
            "an-interface-with-a-long-name",
        ),
        named("主节点", "网桥零网桥零网桥零"),
    ];
    for report in &reports {
        for width in [48, 60, 72, 80, 81, 96, 100, 160, 300] {
            assert_fits(&render_text(report, &options(width)), width);
            let ascii = TextOptions {
                ascii: true,
                ..options(width)
            };
            assert_fits(&render_text(report, &ascii), width);
        }
    }
    let wide = |width| render_text(&reports[0], &options(width));
    assert!(!wide(80).contains("TTL 64") && wide(100).contains("TTL 64"));
    assert!(wide(160).contains("frame 10"));
}

#[test]
fn names_are_never_cut() {
    for (node, interface) in [
        (
            "ip-10-33-188-138.eu-central-1.compute.internal",
            "an-interface-with-a-long-name",
        ),
        ("主节点", "网桥零网桥零网桥零"),
    ] {
        let report = named(node, interface);
        for width in [60, 80, 160] {
            let text = render_text(&report, &options(width));
            assert!(text.contains(interface), "{text}");
            assert!(!text.contains('…'), "{text}");
        }
    }
}

#[test]
fn what_a_set_holds_fits_too() {
    for name in ["ipv6", "capture-dumpcap", "three-nodes"] {
        let report = inspect(&SetRequest::of_path(scenario(name, "failing"))).unwrap();
        for width in [60, 80, 100] {
            assert_fits(&render_inspect_text(&report, &options(width)), width);
        }
    }
}
