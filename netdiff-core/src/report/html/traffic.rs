//! Where packets went, and where they ended, over all flows of a set.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::model::{PointName, Report, SetName};
use crate::report::model_sums::SegmentTrafficReport;
use crate::report::summary::point;
use crate::types::Message;

/// Two capture points, one after the other.
pub(super) type Pair = (PointName, PointName);

/// How many packets met which end on one segment.
#[derive(Default)]
pub(super) struct Death(BTreeMap<&'static str, u64>);

impl Death {
    fn packets(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn words(&self, from: &PointName, to: &PointName) -> Message {
        let ends = self.0.iter().map(|(kind, n)| {
            let word = Message::text(kind);
            message!("{n} {word}", n, word)
        });
        let ends = Message::join(ends, text!(", "));
        let (from_name, to_name) = (point(from), point(to));
        if from == to {
            message!("{point}: {ends} behind it", point = from_name, ends)
        } else {
            message!(
                "{from} → {to}: {ends}",
                from = from_name,
                to = to_name,
                ends
            )
        }
    }
}

fn segments(report: &Report, set: SetName) -> impl Iterator<Item = &SegmentTrafficReport> {
    let sets = match set {
        SetName::Set => &report.set,
        SetName::Reference => &report.reference,
        SetName::Failing => &report.failing,
    };
    sets.iter().flat_map(|set| &set.segments)
}

/// Where packets end, the most first.
pub(super) fn deaths(report: &Report, set: SetName) -> Vec<(Pair, Death)> {
    let mut deaths: BTreeMap<Pair, Death> = BTreeMap::new();
    for segment in segments(report, set) {
        let pair = (
            segment.from.clone(),
            segment.to.as_ref().unwrap_or(&segment.from).clone(),
        );
        for (kind, packets) in [
            (text!("lost"), segment.lost),
            (text!("missing"), segment.assumed_lost),
            (text!("refused"), segment.rejected),
            (text!("looped"), segment.looped),
        ] {
            if packets > 0 {
                let death = deaths.entry(pair.clone()).or_default();
                *death.0.entry(kind).or_default() += packets;
            }
        }
    }
    let mut deaths: Vec<(Pair, Death)> = deaths.into_iter().collect();
    deaths.sort_by_key(|(_, death)| std::cmp::Reverse(death.packets()));
    deaths
}

/// Between which points packets went.
pub(super) fn traffic(report: &Report, set: SetName) -> BTreeSet<Pair> {
    let passed = segments(report, set).filter(|segment| segment.packets > 0);
    let pairs = passed.filter_map(|segment| {
        let (a, b) = (segment.from.clone(), segment.to.clone()?);
        Some(if a <= b { (a, b) } else { (b, a) })
    });
    pairs.collect()
}

/// What only the reference has, by the failing set's names of its nodes.
pub(super) fn traffic_of_reference(report: &Report, here: &BTreeSet<Pair>) -> BTreeSet<Pair> {
    let rename = |p: PointName| {
        let mut pairs = report.node_pairs.iter();
        match pairs.find(|pair| pair.reference == p.node) {
            Some(pair) => PointName {
                node: pair.failing.clone(),
                ..p
            },
            None => p,
        }
    };
    let usual = traffic(report, SetName::Reference);
    let renamed = usual.into_iter().map(|(a, b)| {
        let (a, b) = (rename(a), rename(b));
        if a <= b { (a, b) } else { (b, a) }
    });
    renamed.filter(|pair| !here.contains(pair)).collect()
}
