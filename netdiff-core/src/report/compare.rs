//! Pairs of flows as side-by-side ladders.

use std::collections::BTreeSet;

use super::build::{Analyzed, flow_id};
use super::model::{ComparisonReport, LadderLine, SetName};
use crate::diff::{AlignedHop, Comparison, align_hops};

pub(super) fn comparison_reports(
    reference: &Analyzed<'_>,
    failing: &Analyzed<'_>,
    comparison: &Comparison,
) -> Vec<ComparisonReport> {
    let significant = comparison
        .differences
        .iter()
        .filter(|d| d.kind.is_significant());
    let differing: BTreeSet<usize> = significant.flat_map(|d| d.pairs.iter().copied()).collect();
    let report = |(index, pair): (usize, &crate::diff::FlowPair)| {
        let (r, f) = (pair.reference?, pair.failing?);
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
        Some(ComparisonReport {
            reference: flow_id(SetName::Reference, r),
            failing: flow_id(SetName::Failing, f),
            differs: differing.contains(&index),
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

const fn ladder_line(line: &AlignedHop) -> LadderLine {
    LadderLine {
        reference: line.reference,
        failing: line.failing,
    }
}
