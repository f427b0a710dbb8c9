//! What would fool the rules about tunnels: recorded captures under the names of another network plugin, and without a card.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::Path;

use netdiff_core::{Report, SetRequest, trace};

/// The failing set of a scenario with other names for interfaces; `None` leaves one out.
fn renamed(scenario: &str, name: impl Fn(&str, &str) -> Option<String>) -> Report {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/scenarios")
        .join(scenario)
        .join("failing");
    let folder = tempfile::tempdir().unwrap();
    for node in fs::read_dir(source).unwrap() {
        let node = node.unwrap();
        let node_name = node.file_name().into_string().unwrap();
        fs::create_dir(folder.path().join(&node_name)).unwrap();
        for file in fs::read_dir(node.path()).unwrap() {
            let file = file.unwrap().path();
            let interface = file.file_stem().unwrap().to_str().unwrap();
            if let Some(name) = name(&node_name, interface) {
                let target = folder.path().join(&node_name).join(format!("{name}.pcap"));
                fs::copy(&file, target).unwrap();
            }
        }
    }
    trace(&SetRequest::of_path(folder.path().to_owned())).unwrap()
}

fn errors(report: &Report) -> Vec<&str> {
    let errors = report.findings.iter().filter(|f| f.severity == "error");
    errors.map(|finding| finding.rule).collect()
}

#[test]
fn programmed_tunnels_have_no_tables_to_be_wrong() {
    for scenario in ["vni-mismatch", "vtep-mac-stale", "fdb-missing"] {
        let report = renamed(scenario, |_, interface| {
            Some(match interface.split('.').next() {
                Some("flannel") => "cilium_vxlan".to_owned(),
                _ => interface.to_owned(),
            })
        });
        let told = errors(&report);
        let vague = told.iter().all(|rule| *rule == "packets-lost");
        assert!(!told.is_empty() && vague, "{scenario}: {told:?}");
    }
}

#[test]
fn a_card_that_was_not_captured_is_no_missing_entry() {
    for node in ["cp-1", "worker-1"] {
        let report = renamed("wrong-iface", |at, interface| {
            (at != node || interface != "eth1").then(|| interface.to_owned())
        });
        let told = errors(&report);
        let vague = told.iter().all(|rule| *rule == "packets-lost");
        assert!(vague, "{node}: {told:?}");
    }
}

#[test]
fn cards_without_plain_traffic_do_not_block_vxlan_alone() {
    let report = renamed("wrong-iface", |_, interface| {
        (interface != "eth0").then(|| interface.to_owned())
    });
    let told = errors(&report);
    let vague = told.iter().all(|rule| *rule == "packets-lost");
    assert!(vague, "{told:?}");
}
