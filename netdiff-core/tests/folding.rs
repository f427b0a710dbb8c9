//! A few packets that stand for many say what all of them would have said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::path::PathBuf;

use common::scenario::scenarios;
use common::testdata;
use netdiff_core::correlate::{Direction, Folding, Hop, Timelines};
use netdiff_core::{AnalysisOptions, SetRequest, timelines, trace_with};

/// Folds whatever can be folded.
const HARD: Folding = Folding {
    from: 0,
    each: 2,
    crossings: 4,
    late_ns: 0,
};

fn options(folding: Folding) -> AnalysisOptions {
    AnalysisOptions {
        folding,
        ..AnalysisOptions::default()
    }
}

fn sets() -> Vec<PathBuf> {
    let folders = scenarios().into_iter().flat_map(|scenario| {
        let folder = testdata().join("scenarios").join(scenario.name);
        ["reference", "failing"].map(|set| folder.join(set))
    });
    folders.filter(|folder| folder.exists()).collect()
}

/// What must not depend on folding: everything but times, and which of them the evidence for an order is.
fn without_evidence(hop: &Hop) -> String {
    let hop = Hop {
        delay: None,
        reason: "".into(),
        ..hop.clone()
    };
    format!("{hop:?}")
}

/// What was counted of a direction, line by line.
fn counted(direction: &Direction) -> Vec<String> {
    let tally = &direction.tally;
    let ends = tally.ends.iter().map(|end| format!("{end:?}"));
    let counts = format!(
        "{:?}: opened {}, resets {}, sent {}, again {}, fragmented {}, unseen {}",
        direction.matched_by,
        tally.opened,
        tally.resets,
        tally.sent,
        tally.sent_again,
        tally.fragmented,
        tally.unseen_bytes,
    );
    let hops = direction.hops.iter().map(without_evidence);
    ends.chain([counts]).chain(hops).collect()
}

/// The lines that only one of two has.
fn differences(name: &str, whole: &[String], folded: &[String]) -> Vec<String> {
    let only = |ours: &[String], theirs: &[String], mark: &str| -> Vec<String> {
        let ours = ours.iter().filter(|line| !theirs.contains(line));
        ours.map(|line| format!("{name}\n  {mark} {line}"))
            .collect()
    };
    let mut all = only(whole, folded, "-");
    all.extend(only(folded, whole, "+"));
    all
}

fn kept(set: &Timelines) -> usize {
    let flows = set.flows.iter();
    let journeys = flows.map(|flow| flow.forward.journeys.len() + flow.reply.journeys.len());
    journeys.sum()
}

#[test]
fn a_folded_set_tells_the_same_counts() {
    let (mut all, mut left) = (0, 0);
    let mut different = Vec::new();
    for set in sets() {
        let name = set.display().to_string();
        let request = SetRequest::of_path(&set);
        let [whole, folded] = [Folding::NEVER, HARD]
            .map(|folding| timelines(&request, &options(folding)).unwrap().timelines);
        let accounts = |set: &Timelines| -> Vec<String> {
            let points = set.points.iter().zip(&set.accounting);
            points
                .map(|(point, counts)| format!("{}: {counts:?}", point.point))
                .collect()
        };
        different.extend(differences(&name, &accounts(&whole), &accounts(&folded)));
        assert_eq!(whole.flows.len(), folded.flows.len(), "{name}");
        for (one, other) in whole.flows.iter().zip(&folded.flows) {
            let flow = format!(
                "{name}: {} {}",
                one.initiator.address, one.responder.address
            );
            assert_eq!(one.conversations, other.conversations, "{flow}");
            for (one, other) in [(&one.forward, &other.forward), (&one.reply, &other.reply)] {
                different.extend(differences(&flow, &counted(one), &counted(other)));
            }
        }
        all += kept(&whole);
        left += kept(&folded);
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(left < all * 4 / 5, "{left} of {all} journeys are kept");
}

#[test]
fn a_folded_set_gives_the_same_findings() {
    let mut different = Vec::new();
    for set in sets().into_iter().filter(|set| set.ends_with("failing")) {
        let request = SetRequest::of_path(&set);
        let [whole, folded] = [Folding::NEVER, HARD].map(|folding| {
            let report = trace_with(&request, &options(folding)).unwrap();
            let findings = report.findings.into_iter();
            let findings = findings.map(|finding| {
                let segment = finding.segment.map(|segment| format!("{segment:?}"));
                format!(
                    "{} {:?} {} {}",
                    finding.rule,
                    finding.severity,
                    finding.title,
                    segment.unwrap_or_default()
                )
            });
            findings.collect::<Vec<_>>()
        });
        different.extend(differences(&set.display().to_string(), &whole, &folded));
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
