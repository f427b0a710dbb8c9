//! What a selection leaves of recorded sets: parts add up to the whole, and nothing is said of what is not shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::testdata;
use netdiff_core::correlate::{FlowTimeline, Timelines};
use netdiff_core::select::{Choice, Selector};
use netdiff_core::{
    AnalysisError, AnalysisOptions, FlowReport, Ignore, Report, SELECTION_MANUAL, SelectedReport,
    Selection, SetName, SetRequest, TextOptions, baseline, compare, compare_with, render_json,
    render_text, timelines, trace, trace_with,
};
use rayon::prelude::*;

/// Recorded sets of every kind: tunnels, services, offload, loops, loss, refusals, fragments, clocks that differ, an empty capture.
const SCENARIOS: [&str; 10] = [
    "vxlan-8472-blocked",
    "services",
    "gso-loss",
    "routing-loop",
    "loss-random",
    "forward-reject-dst",
    "outer-fragments",
    "skewed-clock",
    "missing-flannel",
    "hairpin",
];

fn set(scenario: &str, which: &str) -> SetRequest {
    SetRequest::of_path(testdata().join("scenarios").join(scenario).join(which))
}

fn options(expression: &str) -> AnalysisOptions {
    AnalysisOptions {
        selection: Some(Selection::parse(expression).unwrap()),
        ..AnalysisOptions::default()
    }
}

fn selected(scenario: &str, expression: &str) -> Report {
    trace_with(&set(scenario, "failing"), &options(expression))
        .unwrap_or_else(|error| panic!("{scenario}, {expression}: {error}"))
}

fn part(report: &Report) -> SelectedReport {
    let selection = report.selection.as_ref().unwrap();
    *selection.sets.last().unwrap()
}

/// The report without what it says about the selection.
fn rest(report: &Report) -> String {
    let mut report = report.clone();
    report.selection = None;
    report.summary.verdict.clear();
    render_json(&report).unwrap()
}

/// What tells a flow, without the number that it has in a report.
fn key(flow: &FlowReport) -> String {
    let key = &flow.key;
    format!(
        "{} {} {} {:?} {:?}",
        key.protocol, key.initiator, key.responder, key.service, flow.called
    )
}

fn counted(flow: &FlowReport) -> u64 {
    [&flow.forward, &flow.reply]
        .iter()
        .map(|direction| {
            let d = direction.dispositions;
            d.delivered
                + d.lost
                + d.assumed_lost
                + d.not_covered
                + d.unknown
                + d.rejected
                + d.looped
        })
        .sum()
}

#[test]
fn everything_is_everything() {
    SCENARIOS.par_iter().for_each(|scenario| {
        let whole = trace(&set(scenario, "failing")).unwrap();
        assert!(whole.selection.is_none());
        for expression in ["all", "lost or not lost", "not (tcp and not tcp)"] {
            let report = selected(scenario, expression);
            assert_eq!(rest(&report), rest(&whole), "{scenario}: {expression}");
            let part = part(&report);
            assert_eq!(part.packets, Some(part.all_packets), "{scenario}");
        }
        let nothing = selected(scenario, "not all");
        assert!(nothing.flows.is_empty());
        assert!(nothing.findings.iter().all(|f| f.flows.is_empty()));
        let hidden = nothing.selection.as_ref().unwrap().findings_not_shown;
        assert_eq!(
            hidden + nothing.findings.len() as u64,
            whole.findings.len() as u64
        );
    });
}

#[test]
fn parts_add_up() {
    SCENARIOS.par_iter().for_each(|scenario| {
        let set = timelines(&set(scenario, "failing"), &AnalysisOptions::default()).unwrap();
        let set = set.timelines;
        let choice = |expression: &str| {
            let selection = Selection::parse(expression).unwrap();
            Choice::of(&Selector::new(&selection, &set, &BTreeMap::new()), &set)
        };
        let packets = |expression: &str| choice(expression).packets().0;
        let (all, of) = choice("all").packets();
        assert_eq!(all, of, "{scenario}");
        let middle = middle_of(&set);
        let mut splits = vec![
            "icmp".to_owned(),
            "port 1-10000".to_owned(),
            "10.244.0.0/16".to_owned(),
            "src 10.0.0.0/8".to_owned(),
            "lost or rejected".to_owned(),
            "since +1s".to_owned(),
            format!("until {middle}"),
        ];
        splits.extend(set.points.iter().map(|p| format!("seen-at {}", p.point)));
        for split in &splits {
            let (ours, theirs) = (choice(split), choice(&format!("not ({split})")));
            let sum = ours.packets().0 + theirs.packets().0;
            assert_eq!(sum, all, "{scenario}: {split}");
            for (index, flow) in set.flows.iter().enumerate() {
                // What flows are narrowed to is counted as it was selected, and no flow is in neither part.
                let parts = [&ours, &theirs].map(|part| part.narrowed(index, flow));
                let count =
                    |flow: &FlowTimeline| flow.forward.tally.packets() + flow.reply.tally.packets();
                let sum: u64 = parts.iter().flatten().map(count).sum();
                assert_eq!(sum, count(flow), "{scenario}: {split}");
                assert!(parts.iter().any(Option::is_some), "{scenario}: {split}");
            }
        }
        let ends = [
            "delivered",
            "lost",
            "assumed-lost",
            "rejected",
            "looped",
            "not-covered",
            "unknown",
        ];
        let sum: u64 = ends.iter().map(|end| packets(end)).sum();
        assert_eq!(sum, all, "{scenario}");
        let (since, until) = (format!("since {middle}"), format!("until {middle}"));
        assert_eq!(packets(&since) + packets(&until), all, "{scenario}");
        assert_eq!(packets("src 0.0.0.0/0 or src ::/0"), all, "{scenario}");
    });
}

/// Halfway between the first packet of the first node and its last one.
fn middle_of(set: &Timelines) -> String {
    let points = set.points.iter().zip(&set.node_of);
    let times = points
        .filter(|(_, node)| node.0 == 0)
        .flat_map(|(point, _)| [point.first_time, point.last_time]);
    let times: BTreeSet<i64> = times.flatten().map(|time| time.0).collect();
    let middle = times.first().unwrap().midpoint(*times.last().unwrap());
    jiff::Timestamp::from_nanosecond(middle.into())
        .unwrap()
        .to_string()
}

#[test]
fn hops_count_what_is_selected() {
    let report = selected("vxlan-8472-blocked", "icmp and seen-at node/eth0");
    for flow in &report.flows {
        for direction in [&flow.forward, &flow.reply] {
            let most = direction.hops.iter().map(|hop| hop.packets).max();
            let sum = direction.dispositions.delivered + direction.dispositions.lost;
            assert!(most.unwrap_or(0) <= sum, "{}", key(flow));
            let here = direction
                .hops
                .iter()
                .find(|hop| (&*hop.node, &*hop.interface) == ("node", "eth0"));
            assert_eq!(here.map_or(0, |hop| hop.packets), sum, "{}", key(flow));
        }
    }
    assert!(!report.flows.is_empty());
    let unseen = selected("vxlan-8472-blocked", "not-seen-at */eth0");
    let hops = unseen.flows.iter().flat_map(|flow| &flow.forward.hops);
    assert!(hops.clone().all(|hop| hop.interface != "eth0"));
    assert!(hops.count() > 0);
}

#[test]
fn findings_are_judged_on_everything_and_shown_by_what_they_touch() {
    let whole = trace(&set("vxlan-8472-blocked", "failing")).unwrap();
    assert_eq!(whole.findings[0].rule, "underlay-vxlan-blocked");
    let hit = selected("vxlan-8472-blocked", "udp");
    assert_eq!(hit.findings[0].title, whole.findings[0].title);
    assert_eq!(hit.findings[0].explanation, whole.findings[0].explanation);
    let flows: Vec<&FlowReport> = hit.flows.iter().collect();
    for id in &hit.findings[0].flows {
        let flow = flows.iter().find(|flow| flow.id == *id).unwrap();
        assert_eq!(flow.key.protocol, "udp");
    }
    let spared = selected("vxlan-8472-blocked", "delivered");
    assert!(
        spared
            .findings
            .iter()
            .all(|f| f.rule != "underlay-vxlan-blocked")
    );
    assert_eq!(spared.selection.as_ref().unwrap().findings_not_shown, 1);
    let text = render_text(&spared, &TextOptions::default());
    assert!(
        text.contains("no error found in what is selected"),
        "{text}"
    );
    assert!(text.contains("1 finding is not shown"), "{text}");
}

#[test]
fn comparisons_show_whole_flows_with_their_counterparts() {
    let (reference, failing) = (
        set("healthy-other-addresses", "reference"),
        set("vxlan-8472-blocked", "failing"),
    );
    let whole = compare(&reference, &failing).unwrap();
    let all = compare_with(&reference, &failing, &options("all")).unwrap();
    assert_eq!(rest(&all), rest(&whole));
    let by_key = |report: &Report, name: SetName| -> BTreeMap<String, u64> {
        let flows = report.flows.iter().filter(|flow| flow.set == name);
        flows.map(|flow| (key(flow), counted(flow))).collect()
    };
    let address = whole
        .flows
        .iter()
        .find(|flow| flow.set == SetName::Failing && flow.relation == "cross-node")
        .map(|flow| flow.initiator.address.clone())
        .unwrap();
    let strange = whole
        .flows
        .iter()
        .filter(|flow| flow.set == SetName::Reference)
        .all(|flow| flow.initiator.address != address && flow.responder.address != address);
    assert!(strange, "the reference has other addresses");
    let report = compare_with(
        &reference,
        &failing,
        &options(&format!("icmp and {address}")),
    )
    .unwrap();
    let theirs = by_key(&report, SetName::Failing);
    assert!(!theirs.is_empty());
    assert!(
        theirs
            .keys()
            .all(|key| key.starts_with("icmp ") && key.contains(&address))
    );
    // Each has its counterpart, and both are whole.
    assert_eq!(report.comparisons.len(), theirs.len());
    for name in [SetName::Reference, SetName::Failing] {
        let before = by_key(&whole, name);
        for (key, count) in by_key(&report, name) {
            assert_eq!(before.get(&key), Some(&count), "{key}");
        }
    }
    // What is not selected is the rest.
    let others = compare_with(
        &reference,
        &failing,
        &options(&format!("not (icmp and {address})")),
    )
    .unwrap();
    assert_eq!(
        theirs.len() + by_key(&others, SetName::Failing).len(),
        by_key(&whole, SetName::Failing).len()
    );
}

#[test]
fn differences_are_those_of_shown_flows() {
    let (reference, failing) = (
        set("vxlan-8472-blocked", "reference"),
        set("vxlan-8472-blocked", "failing"),
    );
    let whole = compare(&reference, &failing).unwrap();
    let spared = compare_with(
        &reference,
        &failing,
        &options("10.33.0.0/16 and not 10.244.0.0/16"),
    )
    .unwrap();
    assert!(spared.differences.iter().all(|d| !d.significant));
    assert!(spared.findings.is_empty());
    let selection = spared.selection.unwrap();
    assert_eq!(
        selection.differences_not_shown + spared.differences.len() as u64,
        whole.differences.len() as u64
    );
    let hit = compare_with(&reference, &failing, &options("tcp and lost")).unwrap();
    assert_eq!(hit.comparisons.len(), 1);
    let (before, now) = (&whole.differences[0], &hit.differences[0]);
    assert_eq!((before.kind, &before.failing), (now.kind, &now.failing));
    assert_eq!(
        hit.comparisons[0].divergence.as_ref().unwrap().finding,
        Some("underlay-vxlan-blocked")
    );
}

#[test]
fn baselines_are_selected_by_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("healthy.netdiff.json");
    let captures = set("vxlan-8472-blocked", "reference");
    fs::write(
        &file,
        baseline(std::slice::from_ref(&captures), &AnalysisOptions::default()).unwrap(),
    )
    .unwrap();
    let stored = SetRequest::of_path(&file);
    for expression in [
        "icmp",
        "src 10.244.0.0/16",
        "port 8080 or dst port 9000",
        "host master",
    ] {
        let (a, b) = (
            trace_with(&captures, &options(expression)).unwrap(),
            trace_with(&stored, &options(expression)).unwrap(),
        );
        let keys = |report: &Report| -> Vec<(String, u64)> {
            report.flows.iter().map(|f| (key(f), counted(f))).collect()
        };
        assert_eq!(keys(&a), keys(&b), "{expression}");
        assert!(!a.flows.is_empty(), "{expression}");
    }
    for (expression, term) in [
        ("tcp and since +1s", "since +1s"),
        ("not lost", "lost"),
        ("seen-at */eth0", "seen-at */eth0"),
    ] {
        let error = trace_with(&stored, &options(expression)).unwrap_err();
        let AnalysisError::NoPackets { term: told, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(told, term);
        assert!(
            error.to_string().contains("healthy.netdiff.json"),
            "{error}"
        );
        // As a reference it need not tell: the failing set leads.
        let failing = set("vxlan-8472-blocked", "failing");
        let report = compare_with(&stored, &failing, &options(expression)).unwrap();
        let selection = report.selection.unwrap();
        assert!(selection.notes.iter().any(|note| note.contains("baseline")));
        assert_eq!(selection.sets[0].packets, None);
    }
}

#[test]
fn a_baseline_of_a_part_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("part.netdiff.json");
    let captures = set("vxlan-8472-blocked", "reference");
    let text = baseline(
        std::slice::from_ref(&captures),
        &options("tcp and port 8080"),
    )
    .unwrap();
    fs::write(&file, &text).unwrap();
    let stored = SetRequest::of_path(&file);
    let (part, whole) = (
        trace(&stored).unwrap(),
        trace_with(&captures, &options("tcp and port 8080")).unwrap(),
    );
    let keys = |report: &Report| report.flows.iter().map(key).collect::<Vec<_>>();
    assert_eq!(keys(&part), keys(&whole));
    let warnings = &part.set.unwrap().warnings;
    assert!(
        warnings.iter().any(|w| w.ends_with("tcp and port 8080")),
        "{warnings:?}"
    );
    // A baseline of it is the same one.
    assert_eq!(
        baseline(&[stored], &AnalysisOptions::default()).unwrap(),
        text
    );
}

#[test]
fn names_that_no_set_has_are_errors() {
    for expression in [
        "not seen-at nod/eth0",
        "host default/web",
        "tcp or seen-at */eth9",
    ] {
        let error = trace_with(&set("vxlan-8472-blocked", "failing"), &options(expression));
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("is called") && error.contains("master"),
            "{error}"
        );
    }
    // Names of the reference will do for a comparison.
    let report = compare_with(
        &set("healthy-other-addresses", "reference"),
        &set("vxlan-8472-blocked", "failing"),
        &options("seen-at worker-a/eth0"),
    );
    assert!(report.is_ok());
}

#[test]
fn nothing_is_told_of_a_selection_where_names_are_replaced() {
    let options = AnalysisOptions {
        anonymize: true,
        ..options("host master and 10.33.188.138 and seen-at mas*/eth0")
    };
    let report = trace_with(&set("vxlan-8472-blocked", "failing"), &options).unwrap();
    assert!(!report.flows.is_empty());
    for text in [
        render_json(&report).unwrap(),
        render_text(&report, &TextOptions::default()),
        compare_with(
            &set("vxlan-8472-blocked", "reference"),
            &set("vxlan-8472-blocked", "failing"),
            &options,
        )
        .map(|report| render_json(&report).unwrap())
        .unwrap(),
        baseline(&[set("vxlan-8472-blocked", "failing")], &options).unwrap(),
    ] {
        for secret in ["mas", "10.33.188.138"] {
            let without = text.replace("masquerade", "");
            assert!(!without.contains(secret), "{secret}: {text}");
        }
    }
}

/// Adds seconds to the time of every packet of a classic little-endian capture.
fn later(bytes: &mut [u8], seconds: u32) {
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut at = 24;
    while at + 16 <= bytes.len() {
        let time = word(bytes, at) + seconds;
        bytes[at..at + 4].copy_from_slice(&time.to_le_bytes());
        at += 16 + word(bytes, at + 8) as usize;
    }
}

#[test]
fn times_are_those_of_the_first_node() {
    let folder = common::part_of("healthy-healthy", |_| true);
    for file in fs::read_dir(folder.path().join("node")).unwrap() {
        let file = file.unwrap().path();
        let mut bytes = fs::read(&file).unwrap();
        later(&mut bytes, 3_600);
        fs::write(file, bytes).unwrap();
    }
    let shifted = SetRequest::of_path(folder.path());
    let counts = |request: &SetRequest, expression: &str| -> Vec<(String, u64)> {
        let report = trace_with(request, &options(expression)).unwrap();
        assert!(report.selection.unwrap().notes.is_empty());
        report.flows.iter().map(|f| (key(f), counted(f))).collect()
    };
    let plain = set("healthy-healthy", "failing");
    let mut seen = BTreeSet::new();
    for expression in [
        "since +0s",
        "until +1s",
        "since +1s",
        "since +500ms and until +2s",
    ] {
        let ours = counts(&plain, expression);
        assert_eq!(ours, counts(&shifted, expression), "{expression}");
        seen.insert(ours);
    }
    assert!(seen.len() > 2, "times select nothing");
}

#[test]
fn the_document_says_what_the_program_says() {
    let file = testdata().join("../docs/selection.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, SELECTION_MANUAL).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&file).unwrap() == SELECTION_MANUAL,
        "docs/selection.md is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}

#[test]
fn every_example_of_the_manual_is_a_selection() {
    let mut found = 0;
    let words = |line: &str| -> Vec<String> {
        // The words of the table stand left of what they mean, two spaces apart.
        let left = line
            .strip_prefix("    ")
            .and_then(|line| line.get(..29.min(line.len())));
        let left = left
            .filter(|left| !left.starts_with("netdiff"))
            .unwrap_or_default();
        left.split("  ")
            .map(|word| word.trim().trim_end_matches('…').trim().to_owned())
            .collect()
    };
    for line in SELECTION_MANUAL.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        let options = line.split("--flow '").skip(1);
        let options = options
            .filter_map(|rest| rest.split('\'').next())
            .map(str::to_owned);
        for text in options.chain(words(line)).filter(|text| !text.is_empty()) {
            let text = text.replace("NODE", "node").replace("INTERFACE", "eth0");
            let text = text.replace("WHO", "10.0.0.1").replace("NAME", "web-0");
            let text = text.replace("TIME", "+5s");
            Selection::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            found += 1;
        }
    }
    assert!(found > 25, "{found}");
}

#[test]
fn names_are_those_of_the_cluster() {
    let folder = common::part_of("services", |_| true);
    let plain = SetRequest::of_path(folder.path());
    let whole = trace(&plain).unwrap();
    let flow = whole
        .flows
        .iter()
        .find(|flow| flow.called.is_some())
        .unwrap();
    let (pod, service) = (
        &flow.responder.address,
        &flow.called.as_ref().unwrap().address,
    );
    let manifest = format!(
        "[[pod]]\nname = \"default/web-0\"\naddresses = [\"{pod}\"]\n\
         [[service]]\nname = \"shop/cart\"\naddresses = [\"{service}\"]\n"
    );
    fs::write(folder.path().join("netdiff.toml"), manifest).unwrap();
    let named = trace(&plain).unwrap();
    let flow = named
        .flows
        .iter()
        .find(|named| named.id == flow.id)
        .unwrap();
    let keys = |expression: &str| -> BTreeSet<String> {
        let report = trace_with(&plain, &options(expression)).unwrap();
        report.flows.iter().map(key).collect()
    };
    for (name, address) in [
        ("host default/web-0", pod),
        ("host web-*", pod),
        ("responder web-0", pod),
        ("dst shop/cart", service),
        ("host cart", service),
    ] {
        let word = name.split(' ').next().unwrap();
        let by_name = keys(name);
        assert_eq!(by_name, keys(&format!("{word} {address}")), "{name}");
        assert!(by_name.contains(&key(flow)), "{name}");
        assert!(by_name.len() < whole.flows.len(), "{name}");
    }
    let error = trace_with(&plain, &options("host defaul/web-0")).unwrap_err();
    assert!(
        error.to_string().contains("there are default/web-0"),
        "{error}"
    );
}

#[test]
fn an_ignore_is_not_unused_because_what_it_ignores_is_not_shown() {
    let ignores = [Ignore::parse("underlay-vxlan-blocked").unwrap()];
    let told = |expression: &str| -> usize {
        let mut report = selected("vxlan-8472-blocked", expression);
        report.ignore(&ignores);
        report.ignored.len()
    };
    assert_eq!((told("lost"), told("delivered")), (1, 0));
    // Of everything, one that matches nothing is.
    let mut report = trace(&set("healthy-healthy", "failing")).unwrap();
    report.ignore(&ignores);
    assert_eq!(report.ignored.len(), 1);
}
