//! Which flows a report tells one by one, where a set has more than it may.
//!
//! The worst come first: flows that an error is about, then those of warnings, then the others; of equals, those of which most packets were
//! lost, refused or missing; then by relation, as a reader cares about them; then in the set's order. Of two sets, pairs of
//! flows are told together: first those that differ, each by its failing flow. The rest is counted by relation and protocol.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::build::Analyzed;
use super::build_ends::Ends;
use super::model::SetName;
use super::model_flow::{DispositionCounts, FlowReport};
use super::model_sums::FoldedFlowsReport;
use super::text::flow_line::importance;
use crate::correlate::{Disposition, FlowTimeline};
use crate::diagnose::Severity;
use crate::diff::{Comparison, FlowPair};

/// The flows of a set that are told one by one.
pub(super) struct Told(Option<BTreeSet<usize>>);

/// What makes a flow worth telling; the least comes first.
type Rank = (Severity, Reverse<u64>, usize, usize);

impl Told {
    pub(super) fn has(&self, flow: usize) -> bool {
        self.0.as_ref().is_none_or(|told| told.contains(&flow))
    }

    /// Of a set alone.
    pub(super) fn of_set(set: &Analyzed<'_>, max: usize) -> Self {
        let flows = &set.timelines.flows;
        if flows.len() <= max {
            return Self(None);
        }
        let mut ranks = ranks(set);
        ranks.sort_unstable();
        Self(Some(ranks.iter().take(max).map(|rank| rank.3).collect()))
    }

    /// Of the reference and of the failing set, each at most so many.
    pub(super) fn of_both(
        reference: &Analyzed<'_>,
        failing: &Analyzed<'_>,
        comparison: &Comparison,
        max: usize,
    ) -> (Self, Self) {
        let all = [reference, failing].map(|set| set.timelines.flows.len());
        if all.iter().all(|flows| *flows <= max) {
            return (Self(None), Self(None));
        }
        let differing = comparison.differing();
        let (ours, theirs) = (ranks(reference), ranks(failing));
        let rank = |(index, pair): (usize, &FlowPair)| {
            let rank = match (pair.failing, pair.reference) {
                (Some(flow), _) => theirs.get(flow),
                (None, flow) => flow.and_then(|flow| ours.get(flow)),
            };
            Some((!differing.contains(&index), *rank?, index))
        };
        let mut pairs: Vec<_> = comparison
            .pairs
            .iter()
            .enumerate()
            .filter_map(rank)
            .collect();
        pairs.sort_unstable();
        let mut told = (BTreeSet::new(), BTreeSet::new());
        for (_, _, index) in pairs {
            let Some(pair) = comparison.pairs.get(index) else {
                continue;
            };
            let fits =
                |flow: Option<usize>, told: &BTreeSet<usize>| flow.is_none() || told.len() < max;
            if fits(pair.reference, &told.0) && fits(pair.failing, &told.1) {
                told.0.extend(pair.reference);
                told.1.extend(pair.failing);
            }
        }
        (Self(Some(told.0)), Self(Some(told.1)))
    }

    /// The flows that are not told, counted.
    pub(super) fn folded(&self, set: &Analyzed<'_>, name: SetName) -> Vec<FoldedFlowsReport> {
        let mut folded: BTreeMap<(usize, &'static str, String), FoldedFlowsReport> =
            BTreeMap::new();
        let flows = set.timelines.flows.iter().enumerate();
        for (_, flow) in flows.filter(|(index, _)| !self.has(*index)) {
            let (relation, protocol) = (flow.relation.name(), flow.protocol.to_string());
            let key = (importance(relation), relation, protocol.clone());
            let sum = folded.entry(key).or_insert_with(|| FoldedFlowsReport {
                set: name,
                relation,
                protocol,
                flows: 0,
                dispositions: DispositionCounts::default(),
                reply: DispositionCounts::default(),
            });
            sum.flows += flow.stands_for;
            sum.dispositions.add(Ends::of(&flow.forward).counts);
            sum.reply.add(Ends::of(&flow.reply).counts);
        }
        folded.into_values().collect()
    }
}

/// Those of these flows that are told one by one, in the report's order.
pub(super) fn told_of<'a>(
    ids: &[String],
    flows: &'a [FlowReport],
) -> impl Iterator<Item = &'a FlowReport> {
    let ids: BTreeSet<&String> = ids.iter().collect();
    flows.iter().filter(move |flow| ids.contains(&flow.id))
}

/// Of each flow, in the set's order.
fn ranks(set: &Analyzed<'_>) -> Vec<Rank> {
    let flows = set.timelines.flows.iter().enumerate();
    let mut ranks: Vec<Rank> = flows
        .map(|(index, flow)| {
            let relation = importance(flow.relation.name());
            (Severity::Note, Reverse(trouble(flow)), relation, index)
        })
        .collect();
    for finding in set.findings {
        for flow in &finding.flows {
            if let Some(rank) = ranks.get_mut(*flow) {
                rank.0 = rank.0.min(finding.severity);
            }
        }
    }
    ranks
}

/// Packets that were lost, refused or missing, both ways.
fn trouble(flow: &FlowTimeline) -> u64 {
    let ended = |end: &Disposition| {
        matches!(
            end,
            Disposition::Lost { .. } | Disposition::Rejected { .. } | Disposition::Looped { .. }
        )
    };
    flow.forward.tally.count(ended) + flow.reply.tally.count(ended)
}
