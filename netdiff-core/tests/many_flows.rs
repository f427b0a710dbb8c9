//! A report tells the worst of many flows one by one, and counts the others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::collections::BTreeSet;

use common::scenario::scenario;
use netdiff_core::{
    AnalysisOptions, FlowReport, Report, SetName, SetRequest, TextOptions, compare_with,
    render_html, render_markdown, render_text, trace_with,
};

const MAX: usize = 3;

fn options(max_flows: usize) -> AnalysisOptions {
    AnalysisOptions {
        max_flows,
        ..AnalysisOptions::default()
    }
}

fn both(max_flows: usize) -> Report {
    let scenario = scenario("vxlan-8472-blocked");
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let reference = set(scenario.reference.as_deref().unwrap());
    compare_with(&reference, &set(&scenario.failing), &options(max_flows)).unwrap()
}

fn alone(max_flows: usize) -> Report {
    let scenario = scenario("vxlan-8472-blocked");
    let set = SetRequest::of_path(scenario.folder.join(&scenario.failing));
    trace_with(&set, &options(max_flows)).unwrap()
}

fn ids(report: &Report) -> BTreeSet<&str> {
    report.flows.iter().map(|flow| flow.id.as_str()).collect()
}

fn lost(flow: &FlowReport) -> u64 {
    let ends = [flow.forward.dispositions, flow.reply.dispositions];
    let lost = ends.iter();
    lost.map(|ends| ends.lost + ends.assumed_lost + ends.rejected)
        .sum()
}

#[test]
fn the_worst_flows_are_told_and_the_others_counted() {
    let (all, few) = (alone(usize::MAX), alone(MAX));
    assert!(all.flows.len() > 2 * MAX, "the scenario has many flows");
    assert!(all.folded.is_empty());
    assert_eq!(few.flows.len(), MAX);
    let counted: u64 = few.folded.iter().map(|sum| sum.flows).sum();
    assert_eq!(usize::try_from(counted).unwrap() + MAX, all.flows.len());
    // Nothing that is only counted is worse than what is told.
    let told = ids(&few);
    let least = few.flows.iter().map(lost).min().unwrap();
    let untold = all.flows.iter().filter(|f| !told.contains(f.id.as_str()));
    let most = untold.clone().map(lost).max().unwrap();
    assert!(least > 0 && most <= least, "{most} lost, {least} told");
    // Every packet is counted once.
    let delivered = |flow: &FlowReport| flow.forward.dispositions.delivered;
    let counted: u64 = few
        .folded
        .iter()
        .map(|sum| sum.dispositions.delivered)
        .sum();
    assert_eq!(counted, untold.map(delivered).sum::<u64>());
}

#[test]
fn flows_of_both_sets_are_told_in_pairs() {
    let (all, few) = (both(usize::MAX), both(MAX));
    for set in [SetName::Reference, SetName::Failing] {
        let of = |report: &Report| report.flows.iter().filter(|f| f.set == set).count();
        assert_eq!(of(&few), MAX);
        let sums = few.folded.iter().filter(|sum| sum.set == set);
        let counted: u64 = sums.map(|sum| sum.flows).sum();
        assert_eq!(usize::try_from(counted).unwrap() + MAX, of(&all));
    }
    let told = ids(&few);
    assert_eq!(few.comparisons.len(), MAX);
    for pair in &few.comparisons {
        assert!(pair.differs, "what differs comes first");
        assert!(told.contains(pair.reference.as_str()) && told.contains(pair.failing.as_str()));
    }
    // What is said of a flow is the same.
    for flow in &few.flows {
        let other = all.flows.iter().find(|other| other.id == flow.id).unwrap();
        let json = |flow: &FlowReport| serde_json::to_string(flow).unwrap();
        assert_eq!(json(flow), json(other));
    }
}

#[test]
fn what_sums_up_all_flows_does_not_depend_on_how_many_are_told() {
    let (all, few) = (both(usize::MAX), both(MAX));
    let sums = |report: &Report| {
        let sums = (&report.summary, &report.findings, &report.differences);
        serde_json::to_string(&sums).unwrap()
    };
    assert_eq!(sums(&all), sums(&few));
    for (all, few) in [
        (&all.reference, &few.reference),
        (&all.failing, &few.failing),
    ] {
        let (all, few) = (all.as_ref().unwrap(), few.as_ref().unwrap());
        assert!(!all.segments.is_empty());
        assert_eq!(all.segments, few.segments);
    }
    // Every loss is on a segment.
    let lost: u64 = all
        .flows
        .iter()
        .filter(|f| f.set == SetName::Failing)
        .map(lost)
        .sum();
    let segments = &all.failing.as_ref().unwrap().segments;
    let there = segments
        .iter()
        .map(|s| s.lost + s.assumed_lost + s.rejected);
    assert_eq!(there.sum::<u64>(), lost);
}

#[test]
fn every_format_says_how_many_are_only_counted() {
    let few = both(MAX);
    let counted: u64 = few.folded.iter().map(|sum| sum.flows).sum();
    let words = format!("{counted} more flows, which are no worse");
    for text in [
        render_text(&few, &TextOptions::default()),
        render_markdown(&few),
        render_html(&few).unwrap(),
    ] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&words), "{words} is not in\n{text}");
    }
    let all = render_text(&both(usize::MAX), &TextOptions::default());
    assert!(!all.contains("no worse"));
}
