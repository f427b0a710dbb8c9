//! Where packets of the two sets take other hops.

use std::collections::BTreeSet;

use super::difference::{Difference, DifferenceKind};
use super::side::Side;
use super::way::{self, Leg, Step};
use crate::correlate::Relation;
use crate::types::{Message, Role};

/// Where the two ways differ: in hops that both sets could have seen (path), or only in hops that one set did not capture (coverage).
pub(super) fn compare_paths(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (ours.steps(), theirs.steps());
    let words = |steps: &[Step]| steps.iter().map(|s| (s.leg, s.role)).collect::<Vec<_>>();
    if words(&r) == words(&f) {
        return None;
    }
    let (common_r, common_f) = comparable_steps(ours, theirs);
    let kind = if words(&common_r) == words(&common_f) {
        DifferenceKind::Coverage
    } else {
        DifferenceKind::Path
    };
    let parting = way::align(&common_r, &common_f)
        .into_iter()
        .find(|l| l.reference.is_none() || l.failing.is_none());
    Some(Difference {
        packets: (ours.packets(), theirs.packets()),
        reference_evidence: ours.evidence_at(parting.and_then(|l| l.reference)),
        failing_evidence: theirs.evidence_at(parting.and_then(|l| l.failing)),
        ..Difference::plain(
            kind,
            Message::verbatim(way::describe(&r)),
            Message::verbatim(way::describe(&f)),
        )
    })
}

/// What only one set captured cannot be missed by the other. Of several pods' links only the pod's own counts, and a
/// bridge shows frames between its pods only while it is promiscuous.
pub(super) fn comparable_steps(ours: Side<'_>, theirs: Side<'_>) -> (Vec<Step>, Vec<Step>) {
    let (seen_r, seen_f) = (captured(ours), captured(theirs));
    let same_node = ours.flow.relation == Relation::SameNode;
    let comparable = |step: &Step| {
        let observed = step.role == Role::Pod || (same_node && step.role == Role::Bridge);
        !observed
            && seen_r.contains(&(step.leg, step.role))
            && seen_f.contains(&(step.leg, step.role))
    };
    let common = |steps: Vec<Step>| steps.into_iter().filter(comparable).collect::<Vec<_>>();
    (common(ours.steps()), common(theirs.steps()))
}

/// The roles that a set captured on each part of a flow's way.
fn captured(side: Side<'_>) -> BTreeSet<(Leg, Role)> {
    let (mut sender, mut receiver) = (side.flow.initiator.node, side.flow.responder.node);
    if side.reply {
        std::mem::swap(&mut sender, &mut receiver);
    }
    let points = side.set.points.iter().zip(&side.set.node_of);
    points
        .map(|(point, node)| {
            let leg = match (Some(*node) == sender, Some(*node) == receiver) {
                (true, _) => Leg::Sender,
                (false, true) => Leg::Receiver,
                (false, false) => Leg::Between,
            };
            (leg, point.role)
        })
        .collect()
}
