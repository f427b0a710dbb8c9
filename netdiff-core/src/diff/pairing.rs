//! Which flow of the failing set plays the part of which flow of the reference.
//!
//! Flows are paired by what they are. Two flows can pair when their protocols are equal and one of these holds; a lower round is taken
//! only by flows that a higher one leaves over:
//!
//! 1. the same service (port, ping) and the same relation (cross-node, same-node, …), where that is known;
//! 2. the same service and kinds of ends that do not contradict each other: where one set does not show on which node an end lives (a pod that never
//!    sends), its relation is not known;
//! 3. the same relation, ends on corresponding nodes, and both or neither called through a service: another port of the same kind.
//!
//! Within a round the highest score is taken first; of equal scores, the first by the order of the flows:
//!
//! | both have | score |
//! |---|---|
//! | an initiator on the corresponding node | 8 |
//! | a responder on the corresponding node | 8 |
//! | called through a service or a node's port, or neither | 4 |
//! | an initiator hidden by masquerade, or neither | 2 |
//! | packets of the same size class (up to 576 bytes, up to 1500, above) | 2 |
//! | the same initiator address | 1 |
//! | the same responder address | 1 |
//!
//! Addresses count least: they tell twins apart in two recordings of one cluster, and nothing in recordings of two. What is left over is listed as
//! such, not forced. Pairs of addresses that the user states come before all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::nodes::NodePair;
use crate::correlate::{FlowTimeline, NodeId, PartyKind, Relation, Timelines};

/// Two flows that play the same part, or one without a counterpart. Indexes into the two sets' flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPair {
    /// The reference's flow.
    pub reference: Option<usize>,
    /// The failing set's flow.
    pub failing: Option<usize>,
    /// Why these two: what they have in common.
    pub why: Vec<&'static str>,
}

/// Pairs the flows of two sets: pairs in order of the failing set's flows, then the reference's left over.
pub(super) fn pair_flows(
    reference: &Timelines,
    failing: &Timelines,
    nodes: &[NodePair],
    stated: &[(IpAddr, IpAddr)],
) -> Vec<FlowPair> {
    let scales = Scales {
        nodes: nodes.iter().map(|p| (p.reference, p.failing)).collect(),
        stated,
    };
    let mut candidates = Vec::new();
    for (f, theirs) in failing.flows.iter().enumerate() {
        for (r, ours) in reference.flows.iter().enumerate() {
            if let Some(match_) = scales.weigh(ours, theirs) {
                // The sum is the same from both sides: swapping the sets swaps the pairs.
                let rank = (match_.round, std::cmp::Reverse(match_.score), f + r);
                candidates.push((rank, f, r, match_.why));
            }
        }
    }
    candidates.sort_unstable();
    // Each flow pairs as often as it stands for flows: once, but in a baseline.
    let mut left_r: Vec<u64> = reference.flows.iter().map(|flow| flow.stands_for).collect();
    let mut left_f: Vec<u64> = failing.flows.iter().map(|flow| flow.stands_for).collect();
    let mut pairs: Vec<FlowPair> = Vec::new();
    for (_, f, r, why) in candidates {
        if let (Some(ours), Some(theirs)) = (left_r.get_mut(r), left_f.get_mut(f))
            && *ours > 0
            && *theirs > 0
        {
            *ours -= 1;
            *theirs -= 1;
            pairs.push(FlowPair {
                reference: Some(r),
                failing: Some(f),
                why,
            });
        }
    }
    let lone = |reference: Option<usize>, failing: Option<usize>| FlowPair {
        reference,
        failing,
        why: Vec::new(),
    };
    let paired: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.failing).collect();
    let lonely: Vec<FlowPair> = (0..failing.flows.len())
        .filter(|f| !paired.contains(f))
        .map(|f| lone(None, Some(f)))
        .collect();
    let taken: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.reference).collect();
    pairs.extend(lonely);
    pairs.sort_by_key(|pair| (pair.failing, pair.reference));
    let rest = (0..reference.flows.len()).filter(|r| !taken.contains(r));
    pairs.extend(rest.map(|r| lone(Some(r), None)));
    pairs
}

/// What flows are weighed by.
struct Scales<'a> {
    nodes: BTreeMap<NodeId, NodeId>,
    stated: &'a [(IpAddr, IpAddr)],
}

/// How well two flows fit.
struct Match {
    round: u8,
    score: u32,
    why: Vec<&'static str>,
}

impl Scales<'_> {
    fn weigh(&self, ours: &FlowTimeline, theirs: &FlowTimeline) -> Option<Match> {
        if ours.protocol != theirs.protocol || self.is_stated_otherwise(ours, theirs) {
            return None;
        }
        let features = [
            (
                8,
                self.corresponds(ours.initiator.node, theirs.initiator.node),
                "initiators on corresponding nodes",
            ),
            (
                8,
                self.corresponds(ours.responder.node, theirs.responder.node),
                "responders on corresponding nodes",
            ),
            (4, ours.called.is_some() == theirs.called.is_some(), ""),
            (2, ours.seen_as.is_some() == theirs.seen_as.is_some(), ""),
            (
                2,
                size_class(ours) == size_class(theirs),
                "packets of the same sizes",
            ),
            (
                1,
                ours.initiator.address == theirs.initiator.address,
                "the same initiator",
            ),
            (
                1,
                ours.responder.address == theirs.responder.address,
                "the same responder",
            ),
        ];
        let (round, mut why) = self.round(ours, theirs)?;
        let held = features.iter().filter(|(_, holds, _)| *holds);
        why.extend(
            held.clone()
                .map(|(_, _, word)| *word)
                .filter(|word| !word.is_empty()),
        );
        Some(Match {
            round,
            score: held.map(|(score, ..)| *score).sum(),
            why,
        })
    }

    fn round(&self, ours: &FlowTimeline, theirs: &FlowTimeline) -> Option<(u8, Vec<&'static str>)> {
        let same_service = ours.service == theirs.service;
        let same_relation = ours.relation == theirs.relation;
        let known = ours.relation != Relation::Other;
        if self.is_stated(ours, theirs) && same_service {
            return Some((0, vec!["stated", "the same service"]));
        }
        if same_service && same_relation && (known || same_kinds(ours, theirs)) {
            return Some((1, vec!["the same service", "the same relation"]));
        }
        let unknown = [ours, theirs].iter().any(|f| f.relation == Relation::Other);
        if same_service && unknown && kinds_agree(ours, theirs) {
            return Some((2, vec!["the same service"]));
        }
        let nodes = self.corresponds(ours.initiator.node, theirs.initiator.node)
            && self.corresponds(ours.responder.node, theirs.responder.node);
        let called = ours.called.is_some() == theirs.called.is_some();
        (same_relation && known && nodes && called).then(|| {
            (
                3,
                vec!["the same relation", "another service of the same protocol"],
            )
        })
    }

    fn corresponds(&self, ours: Option<NodeId>, theirs: Option<NodeId>) -> bool {
        ours.and_then(|node| self.nodes.get(&node))
            .is_some_and(|node| Some(*node) == theirs)
    }

    fn is_stated(&self, ours: &FlowTimeline, theirs: &FlowTimeline) -> bool {
        self.stated.iter().any(|(r, f)| {
            [
                (ours.initiator, theirs.initiator),
                (ours.responder, theirs.responder),
            ]
            .iter()
            .any(|(a, b)| (a.address, b.address) == (*r, *f))
        })
    }

    /// Whether an end of one is stated to be another than the end of the other.
    fn is_stated_otherwise(&self, ours: &FlowTimeline, theirs: &FlowTimeline) -> bool {
        [
            (ours.initiator, theirs.initiator),
            (ours.responder, theirs.responder),
        ]
        .iter()
        .any(|(a, b)| {
            self.stated
                .iter()
                .any(|(r, f)| (a.address == *r) != (b.address == *f))
        })
    }
}

fn same_kinds(ours: &FlowTimeline, theirs: &FlowTimeline) -> bool {
    (ours.initiator.kind, ours.responder.kind) == (theirs.initiator.kind, theirs.responder.kind)
}

/// Kinds that are known do not differ.
fn kinds_agree(ours: &FlowTimeline, theirs: &FlowTimeline) -> bool {
    let agree =
        |a: PartyKind, b: PartyKind| a == b || a == PartyKind::Unknown || b == PartyKind::Unknown;
    agree(ours.initiator.kind, theirs.initiator.kind)
        && agree(ours.responder.kind, theirs.responder.kind)
}

/// By the longest packet of the initiator's: a large ping and a small one are different questions.
fn size_class(flow: &FlowTimeline) -> u8 {
    let ends = flow.forward.tally.ends.values();
    match ends.map(|count| count.longest).max() {
        None => 0,
        Some(0..=576) => 1,
        Some(577..=1500) => 2,
        Some(_) => 3,
    }
}
