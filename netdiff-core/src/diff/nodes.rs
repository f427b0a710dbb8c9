//! Which node of the failing set plays the part of which node of the reference: by what they do, never by address.
//!
//! A node's part is the set of what its flows are: on which end it is, the relation, the protocol and the service, and whether pods of it are
//! ends. Two nodes are as alike as the share that the two sets have in common. The most alike pair is taken first; of equally alike
//! ones those of the same name, then the first in order of names. Pairs that the user states come before all.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{NodeId, PartyKind, Relation, Service, Timelines};
use crate::types::Protocol;

/// Two nodes that play the same part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePair {
    /// The reference's node.
    pub reference: NodeId,
    /// The failing set's node.
    pub failing: NodeId,
    /// Why the two.
    pub why: &'static str,
}

/// One thing that a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Act {
    begins: bool,
    relation: Relation,
    protocol: Protocol,
    service: Service,
    kind: PartyKind,
}

/// Pairs the nodes of two sets, in the order of the reference's. `stated` are names of the reference and of the failing set.
pub(super) fn pair_nodes(
    reference: &Timelines,
    failing: &Timelines,
    stated: &[(String, String)],
) -> Vec<NodePair> {
    let (ours, theirs) = (acts(reference), acts(failing));
    let mut taken = Taken::default();
    for (name, other) in stated {
        if let (Some(r), Some(f)) = (node_of(reference, name), node_of(failing, other)) {
            taken.take(r, f, "stated");
        }
    }
    let mut candidates = Vec::new();
    for r in ids(reference) {
        for f in ids(failing) {
            let alike = alike(ours.get(&r), theirs.get(&f));
            let same_name = reference.node_name(r) == failing.node_name(f);
            // The sum is the same from both sides: swapping the sets swaps the pairs.
            let rank = (
                std::cmp::Reverse(alike),
                std::cmp::Reverse(same_name),
                r.0 + f.0,
            );
            candidates.push((rank, r, f));
        }
    }
    candidates.sort_unstable();
    for ((alike, same_name, _), r, f) in candidates {
        let why = match (alike.0, same_name.0) {
            (0, true) => text!("same name"),
            (0, false) => text!("left over"),
            _ => text!("their flows play the same parts"),
        };
        taken.take(r, f, why);
    }
    taken.pairs.sort_by_key(|pair| pair.reference);
    taken.pairs
}

/// The pairs so far, and the nodes that they hold.
#[derive(Default)]
struct Taken {
    pairs: Vec<NodePair>,
    reference: BTreeSet<NodeId>,
    failing: BTreeSet<NodeId>,
}

impl Taken {
    fn take(&mut self, reference: NodeId, failing: NodeId, why: &'static str) {
        if self.reference.contains(&reference) || self.failing.contains(&failing) {
            return;
        }
        self.reference.insert(reference);
        self.failing.insert(failing);
        self.pairs.push(NodePair {
            reference,
            failing,
            why,
        });
    }
}

fn ids(timelines: &Timelines) -> impl Iterator<Item = NodeId> + use<> {
    (0..u32::try_from(timelines.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
}

fn node_of(timelines: &Timelines, name: &str) -> Option<NodeId> {
    ids(timelines).find(|id| timelines.node_name(*id) == name)
}

fn acts(timelines: &Timelines) -> BTreeMap<NodeId, BTreeSet<Act>> {
    let mut acts: BTreeMap<NodeId, BTreeSet<Act>> = BTreeMap::new();
    for flow in &timelines.flows {
        for (begins, party) in [(true, &flow.initiator), (false, &flow.responder)] {
            let Some(node) = party.node else { continue };
            acts.entry(node).or_default().insert(Act {
                begins,
                relation: flow.relation,
                protocol: flow.protocol,
                service: flow.service,
                kind: party.kind,
            });
        }
    }
    acts
}

/// In thousandths: what both do, of what either does.
fn alike(ours: Option<&BTreeSet<Act>>, theirs: Option<&BTreeSet<Act>>) -> usize {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return 0;
    };
    let both = ours.intersection(theirs).count();
    let either = ours.union(theirs).count();
    both * 1_000 / either.max(1)
}
