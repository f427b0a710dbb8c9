//! What the cluster says about itself, beside the captures: names in reports, and addresses that need not be inferred.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::path::Path;

use common::part_of;
use netdiff_core::{
    InspectReport, Report, SetRequest, TextOptions, inspect, render_inspect_text, render_json,
    render_text, trace,
};

const SCENARIO: &str = "vxlan-8472-blocked";

const NODES: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"kind": "Node", "metadata": {"name": "master", "annotations": {
    "flannel.alpha.coreos.com/public-ip": "10.33.188.138",
    "flannel.alpha.coreos.com/backend-type": "vxlan",
    "flannel.alpha.coreos.com/backend-data": "{\"VNI\":1,\"VtepMAC\":\"0e:f1:0a:f4:00:00\"}"}},
   "spec": {"podCIDR": "10.244.0.0/24"},
   "status": {"addresses": [{"type": "InternalIP", "address": "10.33.188.138"}]}},
  {"kind": "Node", "metadata": {"name": "node", "annotations": {
    "flannel.alpha.coreos.com/public-ip": "10.33.188.142",
    "flannel.alpha.coreos.com/backend-type": "vxlan",
    "flannel.alpha.coreos.com/backend-data": "{\"VNI\":1,\"VtepMAC\":\"0e:f1:0a:f4:01:00\"}"}},
   "spec": {"podCIDR": "10.244.1.0/24"},
   "status": {"addresses": [{"type": "InternalIP", "address": "10.33.188.142"}]}}]}"#;

const PODS: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"kind": "Pod", "metadata": {"name": "client", "namespace": "default"},
   "spec": {"nodeName": "master"}, "status": {"phase": "Running", "podIP": "10.244.0.4"}},
  {"kind": "Pod", "metadata": {"name": "web-0", "namespace": "default"},
   "spec": {"nodeName": "node"}, "status": {"phase": "Running", "podIP": "10.244.1.5"}}]}"#;

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn traced(folder: &Path) -> Report {
    let mut report = trace(&SetRequest::of_path(folder)).unwrap();
    report.set.as_mut().unwrap().path = String::new();
    report
}

fn inspected(folder: &Path) -> InspectReport {
    inspect(&SetRequest::of_path(folder)).unwrap()
}

fn kind_of<'a>(report: &'a InspectReport, address: &str) -> (Option<&'a str>, &'a str) {
    let found = report.addresses.iter().find(|a| a.address == address);
    let found = found.unwrap_or_else(|| panic!("no {address}"));
    (found.node.as_deref(), found.kind)
}

fn assert_same_flows(a: Report, b: Report) {
    let text = |report: Report| {
        render_json(&Report {
            set: None,
            ..report
        })
        .unwrap()
    };
    assert!(text(a) == text(b), "flows or findings differ");
}

#[test]
fn addresses_have_names_in_text_and_json() {
    let set = part_of(SCENARIO, |_| true);
    let before = traced(set.path());
    write(set.path(), "nodes.json", NODES);
    write(set.path(), "whatever.json", PODS);
    write(
        set.path(),
        "hosts",
        "10.244.1.6 third.lab\n10.244.1.5 not-used\n",
    );
    let report = traced(set.path());
    let text = render_text(&report, &TextOptions::default());
    assert!(
        text.contains("ping 10.244.0.4 (default/client) → 10.244.1.5 (default/web-0)\n"),
        "{text}"
    );
    assert!(text.contains("10.244.1.5:8080 (default/web-0)"), "{text}");
    assert!(text.contains("10.244.1.6 (third.lab)"), "{text}");
    assert!(text.contains("10.33.188.138 (master)"), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= TextOptions::DEFAULT_WIDTH, "{line}");
    }
    let names: Vec<_> = report
        .flows
        .iter()
        .filter(|f| f.responder.address == "10.244.1.5")
        .map(|f| f.responder.name.as_deref())
        .collect();
    assert!(!names.is_empty() && names.iter().all(|n| *n == Some("default/web-0")));
    // Names change how things are called, and nothing that happened.
    let mut nameless = report;
    for flow in &mut nameless.flows {
        flow.initiator.name = None;
        flow.responder.name = None;
    }
    assert_same_flows(nameless, before);
}

#[test]
fn long_names_take_lines_of_their_own() {
    let set = part_of(SCENARIO, |_| true);
    let long = "default/client-of-a-deployment-7d8f9b6c5d-abcde";
    write(
        set.path(),
        "pods.json",
        &PODS.replace("\"client\"", &format!("\"{}\"", &long[8..])),
    );
    let text = render_text(&traced(set.path()), &TextOptions::default());
    let title = format!(
        "ping 10.244.0.4 ({long})\n  → 10.244.1.5 (default/web-0)\n  (pod on master → pod on node)\n"
    );
    assert!(text.contains(&title), "{text}");
}

#[test]
fn an_archive_may_hold_them_as_well() {
    let set = part_of(SCENARIO, |_| true);
    write(set.path(), "pods.json", PODS);
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("ticket.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    tar.append_dir_all("ticket", set.path()).unwrap();
    tar.finish().unwrap();
    let text = render_inspect_text(&inspected(&archive), &TextOptions::default());
    assert!(text.contains("10.244.1.5 (default/web-0)"), "{text}");
}

#[test]
fn what_cannot_be_read_is_a_warning() {
    let set = part_of(SCENARIO, |_| true);
    let before = traced(set.path());
    write(set.path(), "pods.json", &PODS[..PODS.len() - 2]);
    write(set.path(), "report.json", "{\"schema_version\": 1}");
    let after = traced(set.path());
    let warnings = &after.set.as_ref().unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("pods.json: is no valid JSON"));
    assert_same_flows(after, before);
}

#[test]
fn the_cluster_s_word_counts_where_packets_tell_nothing() {
    let set = part_of("vxlan-8472-blocked", |file| file == "node/eth0.pcap");
    let before = inspected(set.path());
    assert_ne!(kind_of(&before, "10.244.1.5"), (Some("node"), "pod"));
    write(set.path(), "nodes.json", NODES);
    let after = inspected(set.path());
    assert_eq!(kind_of(&after, "10.244.1.5"), (Some("node"), "pod"));
    assert_eq!(kind_of(&after, "10.33.188.142"), (Some("node"), "node"));
    assert_eq!(kind_of(&after, "10.244.0.4"), (None, "pod"));
    let subnets: Vec<_> = after
        .subnets
        .iter()
        .map(|s| (s.node.as_str(), s.prefix.as_str(), s.basis))
        .collect();
    assert_eq!(subnets, [("node", "10.244.1.0/24", "stated")]);
    assert_eq!(after.nodes[0].backend.as_deref(), Some("vxlan"));
}

#[test]
fn a_tunnel_device_is_known_by_the_address_that_flannel_gave_it() {
    let set = part_of(SCENARIO, |file| file == "master/flannel.1.pcap");
    let folder = set.path().join("master");
    fs::rename(folder.join("flannel.1.pcap"), folder.join("mystery.pcap")).unwrap();
    let role = |report: &InspectReport| {
        let [point] = report.capture_points.as_slice() else {
            panic!("one point")
        };
        (point.role, point.role_basis)
    };
    assert_eq!(role(&inspected(set.path())), ("unknown", None));
    write(set.path(), "nodes.json", NODES);
    assert_eq!(role(&inspected(set.path())), ("vtep", Some("packets")));
}

#[test]
fn a_manifest_states_the_same_by_hand() {
    let set = part_of(SCENARIO, |file| file == "node/eth0.pcap");
    write(
        set.path(),
        "netdiff.toml",
        "[[node]]\nname = \"node\"\naddresses = [\"10.33.188.142\"]\n\
         [[pod]]\nname = \"default/web-0\"\naddresses = [\"10.244.1.5\"]\nnode = \"node\"\n\
         [[service]]\nname = \"default/web\"\naddresses = [\"10.33.188.138\"]\n",
    );
    let report = inspected(set.path());
    assert_eq!(kind_of(&report, "10.244.1.5"), (Some("node"), "pod"));
    let text = render_inspect_text(&report, &TextOptions::default());
    assert!(text.contains("10.244.1.5 (default/web-0)"), "{text}");
    assert!(
        text.contains("10.33.188.138 (service default/web)"),
        "{text}"
    );
}
