//! Pairs of flows as side-by-side ladders.

use std::collections::BTreeMap;

use super::build::{Analyzed, flow_id};
use super::model::{ComparisonReport, DivergenceReport, LadderLine, NodePairReport, SetName};
use super::told::Told;
use crate::diff::{AlignedHop, Comparison, Divergence, align_hops, found_divergence};
use crate::types::PointId;

pub(super) fn comparison_reports(
    reference: &Analyzed<'_>,
    failing: &Analyzed<'_>,
    comparison: &Comparison,
    told: &(Told, Told),
) -> Vec<ComparisonReport> {
    let differing = comparison.differing();
    // The first finding that is about each flow.
    let mut explained: BTreeMap<usize, &'static str> = BTreeMap::new();
    for finding in failing.findings {
        for flow in &finding.flows {
            explained.entry(*flow).or_insert(finding.rule.0);
        }
    }
    let report = |(index, pair): (usize, &crate::diff::FlowPair)| {
        let (r, f) = (pair.reference?, pair.failing?);
        if !(told.0.has(r) && told.1.has(f)) {
            return None;
        }
        let (ours, theirs) = (
            reference.timelines.flows.get(r)?,
            failing.timelines.flows.get(f)?,
        );
        let lines = |reply| {
            let lines = align_hops(
                (reference.timelines, ours),
                (failing.timelines, theirs),
                reply,
            );
            lines.iter().map(ladder_line).collect()
        };
        // Where the hops do not say what comes next, the finding does.
        let seen = comparison.divergences.get(index).copied().flatten();
        let known = seen.filter(|parting| parting.at.is_some());
        let found = || found_divergence(theirs, f, failing.findings);
        let divergence = known.or_else(found).or(seen);
        Some(ComparisonReport {
            reference: flow_id(SetName::Reference, r),
            failing: flow_id(SetName::Failing, f),
            differs: differing.contains(&index),
            ignored: false,
            paired_by: pair.why.clone(),
            divergence: divergence
                .map(|parting| divergence_report(failing, parting, explained.get(&f).copied())),
            forward: lines(false),
            reply: lines(true),
        })
    };
    comparison
        .pairs
        .iter()
        .enumerate()
        .filter_map(report)
        .collect()
}

fn divergence_report(
    failing: &Analyzed<'_>,
    divergence: Divergence,
    finding: Option<&'static str>,
) -> DivergenceReport {
    let name = |point: Option<PointId>| point.map(|point| failing.point(point));
    DivergenceReport {
        direction: if divergence.reply { "reply" } else { "forward" },
        after: name(divergence.after),
        at: name(divergence.at),
        finding,
    }
}

pub(super) fn node_pair_reports(
    reference: &Analyzed<'_>,
    failing: &Analyzed<'_>,
    comparison: &Comparison,
) -> Vec<NodePairReport> {
    let pairs = comparison.nodes.iter().map(|pair| NodePairReport {
        reference: reference.timelines.node_name(pair.reference).to_owned(),
        failing: failing.timelines.node_name(pair.failing).to_owned(),
        paired_by: pair.why,
    });
    pairs.collect()
}

const fn ladder_line(line: &AlignedHop) -> LadderLine {
    LadderLine {
        reference: line.reference,
        failing: line.failing,
    }
}
