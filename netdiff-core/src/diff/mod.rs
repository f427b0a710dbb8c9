//! Compares a failing set with a reference: which flows play the same part, and where they part.
//!
//! The first room that knows two sets. Its door is [`Comparison`]: pairs of nodes and of flows, the first hop at which each pair of flows parts,
//! and the [`Difference`]s between them. No packet is looked at here: what is counted of them suffices, so that a baseline can take the place
//! of captures.

mod carriage;
mod cluster;
mod delivery;
mod difference;
mod divergence;
mod harmless;
mod joining;
mod likeness;
mod nodes;
mod pairing;
#[cfg(test)]
mod pairing_tests;
mod quality;
mod route;
mod side;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use difference::{Difference, DifferenceKind};
pub use divergence::{Divergence, found_divergence};
pub use nodes::NodePair;
pub use pairing::FlowPair;
pub use way::{AlignedHop, align_hops};

use crate::correlate::Timelines;
use carriage::compare_carriage;
use delivery::{Outcome, compare_answers, compare_delivery, compare_loss};
use difference::Differences;
use divergence::first_divergence;
use quality::{compare_quality, compare_round_trip};
use route::compare_paths;
use side::Side;

/// What a comparison gives.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Nodes of the two sets that play the same part, in the order of the reference's.
    pub nodes: Vec<NodePair>,
    /// Flows of the two sets that play the same part; then those that have no counterpart.
    pub pairs: Vec<FlowPair>,
    /// Where each pair parts for the first time, by index of the pair; `None` where it does not.
    pub divergences: Vec<Option<Divergence>>,
    /// What differs, the most important kind first.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// The pairs that something significant is about, by index.
    #[must_use]
    pub fn differing(&self) -> BTreeSet<usize> {
        let differences = self.differences.iter();
        let significant = differences.filter(|d| d.kind.is_significant());
        significant.flat_map(|d| d.pairs.iter().copied()).collect()
    }

    /// Drops the differences that some other comparison, of another healthy set with the same failing one, does not have: what is normal
    /// there is normal.
    pub fn widen(&mut self, others: &[Self]) {
        let pairs = std::mem::take(&mut self.pairs);
        let flows = |difference: &Difference| -> Vec<usize> {
            let pairs = difference.pairs.iter().filter_map(|i| pairs.get(*i));
            pairs.filter_map(|pair| pair.failing).collect()
        };
        let places: Vec<_> = others.iter().map(Self::pair_of_failing).collect();
        self.differences.retain(|difference| {
            let concerned = flows(difference);
            let mut normal = others.iter().zip(&places);
            !normal.any(|(other, places)| other.holds_as_normal(places, difference, &concerned))
        });
        self.pairs = pairs;
    }

    /// The first pair of each flow of the failing set.
    fn pair_of_failing(&self) -> BTreeMap<usize, usize> {
        let mut places = BTreeMap::new();
        for (index, pair) in self.pairs.iter().enumerate() {
            if let Some(flow) = pair.failing {
                places.entry(flow).or_insert(index);
            }
        }
        places
    }

    /// Whether all these flows of the failing set have a counterpart and differ from it in nothing of that kind.
    fn holds_as_normal(
        &self,
        places: &BTreeMap<usize, usize>,
        difference: &Difference,
        flows: &[usize],
    ) -> bool {
        let alike: Vec<&Difference> = self
            .differences
            .iter()
            .filter(|other| other.kind == difference.kind)
            .collect();
        if flows.is_empty() {
            return alike
                .iter()
                .all(|other| other.failing != difference.failing);
        }
        let differing: BTreeSet<usize> =
            alike.iter().flat_map(|d| d.pairs.iter().copied()).collect();
        flows.iter().all(|flow| {
            let index = places.get(flow);
            let pair = index.and_then(|index| self.pairs.get(*index));
            pair.is_some_and(|pair| pair.reference.is_some())
                && index.is_some_and(|index| !differing.contains(index))
        })
    }
}

/// What the user says belongs together: names of nodes and addresses of the reference and of the failing set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedPairs {
    /// Nodes, by name.
    pub nodes: Vec<(String, String)>,
    /// Ends of flows, by address.
    pub addresses: Vec<(IpAddr, IpAddr)>,
}

/// Compares two sets.
#[must_use]
pub fn compare_timelines(
    reference: &Timelines,
    failing: &Timelines,
    stated: &StatedPairs,
) -> Comparison {
    let nodes = nodes::pair_nodes(reference, failing, &stated.nodes);
    let pairs = pairing::pair_flows(reference, failing, &nodes, &stated.addresses);
    let mut differences = Differences::default();
    let mut divergences = Vec::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        let sides = |reply: bool| {
            let ours = Side {
                set: reference,
                flow: reference.flows.get(pair.reference?)?,
                reply,
            };
            let theirs = Side {
                set: failing,
                flow: failing.flows.get(pair.failing?)?,
                reply,
            };
            Some((ours, theirs))
        };
        let both = sides(false)
            .zip(sides(true))
            .map(|(there, back)| [there, back]);
        divergences.push(both.and_then(first_divergence));
        let found = match both {
            Some(both) => compare_pair(both),
            None => vec![one_sided(pair.reference.is_some())],
        };
        found
            .into_iter()
            .for_each(|difference| differences.add(Some(index), &difference));
    }
    for difference in cluster::compare_sets(reference, failing) {
        differences.add(None, &difference);
    }
    Comparison {
        nodes,
        pairs,
        divergences,
        differences: differences.finish(),
    }
}

fn one_sided(in_reference: bool) -> Difference {
    let words = |there: bool| {
        if there {
            message!("present")
        } else {
            message!("absent")
        }
    };
    Difference::plain(
        DifferenceKind::Unpaired,
        words(in_reference),
        words(!in_reference),
    )
}

/// A flow that fails is compared by delivery only: the rest of its way follows from that.
fn compare_pair(both: [(Side<'_>, Side<'_>); 2]) -> Vec<Difference> {
    let failing = both
        .iter()
        .find_map(|(ours, theirs)| compare_delivery(*ours, *theirs));
    if let Some(difference) = failing {
        return vec![difference];
    }
    let [(ours, theirs), _] = both;
    let mut found: Vec<Difference> = compare_answers(ours, theirs).into_iter().collect();
    for (ours, theirs) in both {
        // A way that was not gone to its end is shorter, not another.
        let whole = [ours, theirs]
            .iter()
            .all(|side| Outcome::of(side.flow, side.direction()) == Outcome::Arrives);
        if whole {
            found.extend(compare_loss(ours, theirs));
            found.extend(compare_paths(ours, theirs));
            found.extend(compare_carriage(ours, theirs));
            found.extend(compare_quality(ours, theirs));
        }
    }
    found.extend(compare_round_trip(ours, theirs));
    // Both directions often show the same.
    found.sort_by(|a, b| {
        (a.kind, &a.reference, &a.failing).cmp(&(b.kind, &b.reference, &b.failing))
    });
    found.dedup_by(|a, b| (a.kind, &a.reference, &a.failing) == (b.kind, &b.reference, &b.failing));
    found
}
