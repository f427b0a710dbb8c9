//! Which flow of the failing set plays the part of which flow of the reference.
//!
//! Flows can pair when protocol and service (port, ping) are equal. Among the possible pairs the highest score is taken first; of
//! equal scores the first by order of the flows:
//!
//! | both have | score |
//! |---|---|
//! | the same relation (cross-node, same-node, …) | 8 |
//! | the same initiator address | 4 |
//! | the same responder address | 4 |
//! | an initiator on the corresponding node | 2 |
//! | a responder on the corresponding node | 2 |
//!
//! A pair needs the same relation, or both addresses. Nodes correspond by name; nodes whose names the other set lacks correspond in
//! order of name.

use std::collections::BTreeMap;

use crate::correlate::{FlowTimeline, NodeId, Relation, Timelines};

/// Two flows that play the same part, or one without a counterpart. Indexes into the two sets' flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowPair {
    /// The reference's flow.
    pub reference: Option<usize>,
    /// The failing set's flow.
    pub failing: Option<usize>,
}

/// Pairs the flows of two sets: pairs in order of the failing set's flows, then the reference's left over.
pub(super) fn pair_flows(reference: &Timelines, failing: &Timelines) -> Vec<FlowPair> {
    let nodes = corresponding_nodes(reference, failing);
    let mut candidates = Vec::new();
    for (f, theirs) in failing.flows.iter().enumerate() {
        for (r, ours) in reference.flows.iter().enumerate() {
            if let Some(score) = score(ours, theirs, &nodes) {
                candidates.push((std::cmp::Reverse(score), f, r));
            }
        }
    }
    candidates.sort_unstable();
    let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken = vec![false; reference.flows.len()];
    for (_, f, r) in candidates {
        if let Some(slot) = taken.get_mut(r)
            && !*slot
            && !partner.contains_key(&f)
        {
            *slot = true;
            partner.insert(f, r);
        }
    }
    let paired = (0..failing.flows.len()).map(|f| FlowPair {
        reference: partner.get(&f).copied(),
        failing: Some(f),
    });
    let left = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    paired
        .chain(left.map(|(r, _)| FlowPair {
            reference: Some(r),
            failing: None,
        }))
        .collect()
}

fn score(
    ours: &FlowTimeline,
    theirs: &FlowTimeline,
    nodes: &BTreeMap<NodeId, NodeId>,
) -> Option<u32> {
    if (ours.protocol, ours.service) != (theirs.protocol, theirs.service) {
        return None;
    }
    let same_relation = ours.relation == theirs.relation && ours.relation != Relation::Other;
    let same_initiator = ours.initiator.address == theirs.initiator.address;
    let same_responder = ours.responder.address == theirs.responder.address;
    let corresponds = |ours: Option<NodeId>, theirs: Option<NodeId>| {
        ours.and_then(|node| nodes.get(&node))
            .is_some_and(|node| Some(*node) == theirs)
    };
    let score = 8 * u32::from(same_relation)
        + 4 * u32::from(same_initiator)
        + 4 * u32::from(same_responder)
        + 2 * u32::from(corresponds(ours.initiator.node, theirs.initiator.node))
        + 2 * u32::from(corresponds(ours.responder.node, theirs.responder.node));
    (same_relation || (same_initiator && same_responder)).then_some(score)
}

/// The failing set's node for each of the reference's.
fn corresponding_nodes(reference: &Timelines, failing: &Timelines) -> BTreeMap<NodeId, NodeId> {
    let id = |index: usize| NodeId(u32::try_from(index).unwrap_or(u32::MAX));
    let mut map = BTreeMap::new();
    let mut ours_left = Vec::new();
    let mut theirs_left: Vec<usize> = (0..failing.nodes.len()).collect();
    for (ours, name) in reference.nodes.iter().enumerate() {
        match failing.nodes.iter().position(|n| n == name) {
            Some(theirs) => {
                map.insert(id(ours), id(theirs));
                theirs_left.retain(|n| *n != theirs);
            }
            None => ours_left.push(ours),
        }
    }
    map.extend(
        ours_left
            .into_iter()
            .zip(theirs_left)
            .map(|(ours, theirs)| (id(ours), id(theirs))),
    );
    map
}
