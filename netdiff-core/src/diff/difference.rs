//! What differs between two sets, as data.

use std::collections::{BTreeMap, BTreeSet};

use super::pairing::FlowPair;
use super::path::{self, Leg, Step};
use crate::correlate::{Direction, Disposition, FlowTimeline, Timelines};
use crate::identify::Evidence;
use crate::types::{PointId, Role};

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// Packets that arrive in one set are lost in the other.
    Delivery,
    /// Packets take other hops.
    Path,
    /// Packets are carried between nodes in another way.
    Encapsulation,
    /// A part of the way was captured in one set only.
    Coverage,
    /// A flow has no counterpart in the other set.
    Unpaired,
}

impl DifferenceKind {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Path => "path",
            Self::Encapsulation => "encapsulation",
            Self::Coverage => "coverage",
            Self::Unpaired => "unpaired",
        }
    }

    /// Whether it says that the clusters behave differently, rather than that they were looked at differently.
    #[must_use]
    pub const fn is_significant(self) -> bool {
        matches!(self, Self::Delivery | Self::Path | Self::Encapsulation)
    }
}

/// Something that differs, in one or several pairs of flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind of thing.
    pub kind: DifferenceKind,
    /// How it is in the reference.
    pub reference: String,
    /// How it is in the failing set.
    pub failing: String,
    /// The failing set's segment on which packets are lost.
    pub segment: Option<(PointId, PointId)>,
    /// Indexes of the pairs.
    pub pairs: Vec<usize>,
    /// Packets of the reference that show it.
    pub reference_evidence: Vec<Evidence>,
    /// Packets of the failing set that show it.
    pub failing_evidence: Vec<Evidence>,
}

/// The most packets shown for a difference, per set.
const MAX_EVIDENCE: usize = 4;

/// What is equal for all pairs that share a difference.
type Shared = (DifferenceKind, Option<(PointId, PointId)>, String, String);

pub(super) fn find_differences(
    reference: &Timelines,
    failing: &Timelines,
    pairs: &[FlowPair],
) -> Vec<Difference> {
    let mut found: BTreeMap<Shared, Difference> = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        let ours = pair.reference.and_then(|i| reference.flows.get(i));
        let theirs = pair.failing.and_then(|i| failing.flows.get(i));
        let differences = match (ours, theirs) {
            (Some(ours), Some(theirs)) => compare_pair((reference, ours), (failing, theirs)),
            (Some(_), None) => vec![one_sided("present", "absent")],
            (None, Some(_)) => vec![one_sided("absent", "present")],
            (None, None) => Vec::new(),
        };
        for difference in differences {
            let shared = (
                difference.kind,
                difference.segment,
                difference.reference.clone(),
                difference.failing.clone(),
            );
            let known = found.entry(shared).or_insert_with(|| Difference {
                pairs: Vec::new(),
                ..difference.clone()
            });
            known.pairs.push(index);
            extend_evidence(
                &mut known.reference_evidence,
                &difference.reference_evidence,
            );
            extend_evidence(&mut known.failing_evidence, &difference.failing_evidence);
        }
    }
    found.into_values().collect()
}

fn extend_evidence(known: &mut Vec<Evidence>, more: &[Evidence]) {
    for evidence in more {
        if known.len() < MAX_EVIDENCE && !known.contains(evidence) {
            known.push(*evidence);
        }
    }
}

fn one_sided(reference: &str, failing: &str) -> Difference {
    plain(
        DifferenceKind::Unpaired,
        reference.to_owned(),
        failing.to_owned(),
    )
}

const fn plain(kind: DifferenceKind, reference: String, failing: String) -> Difference {
    Difference {
        kind,
        reference,
        failing,
        segment: None,
        pairs: Vec::new(),
        reference_evidence: Vec::new(),
        failing_evidence: Vec::new(),
    }
}

type Side<'a> = (&'a Timelines, &'a FlowTimeline);

/// A flow that fails is compared by delivery only: the rest of its way follows from that.
fn compare_pair(ours: Side<'_>, theirs: Side<'_>) -> Vec<Difference> {
    for reply in [false, true] {
        let (r, f) = (
            path::direction(ours.1, reply),
            path::direction(theirs.1, reply),
        );
        if let Some(difference) = compare_delivery(ours.0, theirs.0, r, f) {
            return vec![difference];
        }
    }
    let mut differences = Vec::new();
    for reply in [false, true] {
        let (r, f) = (
            path::direction(ours.1, reply),
            path::direction(theirs.1, reply),
        );
        if r.hops.is_empty() || f.hops.is_empty() {
            continue;
        }
        differences.extend(compare_paths(ours, theirs, reply));
        differences.extend(compare_encapsulation(r, f));
    }
    differences
        .dedup_by(|a, b| (a.kind, &a.reference, &a.failing) == (b.kind, &b.reference, &b.failing));
    differences
}

/// Lost and delivered packets of a direction.
fn outcome(direction: &Direction) -> (usize, usize) {
    let count = |wanted: fn(&Disposition) -> bool| {
        direction
            .journeys
            .iter()
            .filter(|journey| wanted(&journey.disposition))
            .count()
    };
    (
        count(|d| matches!(d, Disposition::Lost { .. })),
        count(|d| matches!(d, Disposition::Delivered(_))),
    )
}

fn compare_delivery(
    reference: &Timelines,
    failing: &Timelines,
    ours: &Direction,
    theirs: &Direction,
) -> Option<Difference> {
    let fails = |(lost, delivered): (usize, usize)| lost > 0 && delivered == 0;
    let (r, f) = (outcome(ours), outcome(theirs));
    if fails(r) == fails(f) || r.1 + r.0 == 0 || f.1 + f.0 == 0 {
        return None;
    }
    let stop = |timelines: &Timelines, direction: &Direction| {
        let lost = direction.journeys.iter().find_map(|j| match j.disposition {
            Disposition::Lost { from, to, .. } => Some((from, to)),
            _ => None,
        });
        lost.map_or_else(
            || "arrives".to_owned(),
            |(from, to)| {
                format!(
                    "stops between {} and {}",
                    timelines.name(from),
                    timelines.name(to)
                )
            },
        )
    };
    let segment = theirs.journeys.iter().find_map(|j| match j.disposition {
        Disposition::Lost { from, to, .. } => Some((from, to)),
        _ => None,
    });
    let last = |direction: &Direction| {
        direction
            .journeys
            .first()
            .map(|j| j.last)
            .into_iter()
            .collect()
    };
    let (reference_text, failing_text) = if fails(f) {
        ("arrives".to_owned(), stop(failing, theirs))
    } else {
        (stop(reference, ours), "arrives".to_owned())
    };
    Some(Difference {
        segment: segment.filter(|_| fails(f)),
        reference_evidence: last(ours),
        failing_evidence: last(theirs),
        ..plain(DifferenceKind::Delivery, reference_text, failing_text)
    })
}

fn compare_paths(ours: Side<'_>, theirs: Side<'_>, reply: bool) -> Option<Difference> {
    let (r, f) = (
        path::steps(ours.0, ours.1, reply),
        path::steps(theirs.0, theirs.1, reply),
    );
    let words = |steps: &[Step]| steps.iter().map(|s| (s.leg, s.role)).collect::<Vec<_>>();
    if words(&r) == words(&f) {
        return None;
    }
    // A role that only one set captured there cannot be missed by the other.
    let (seen_r, seen_f) = (captured(ours, reply), captured(theirs, reply));
    let both: BTreeSet<(Leg, Role)> = seen_r.intersection(&seen_f).copied().collect();
    let common = |steps: &[Step]| {
        steps
            .iter()
            .copied()
            .filter(|s| both.contains(&(s.leg, s.role)))
            .collect::<Vec<_>>()
    };
    let (common_r, common_f) = (common(&r), common(&f));
    let kind = if words(&common_r) == words(&common_f) {
        DifferenceKind::Coverage
    } else {
        DifferenceKind::Path
    };
    let first_differing = path::align(&common_r, &common_f)
        .into_iter()
        .find(|l| l.reference.is_none() || l.failing.is_none());
    let evidence = |direction: &Direction, hop: Option<usize>| {
        hop.and_then(|i| direction.hops.get(i))
            .map(|hop| hop.first)
            .into_iter()
            .collect()
    };
    Some(Difference {
        reference_evidence: evidence(
            path::direction(ours.1, reply),
            first_differing.and_then(|l| l.reference),
        ),
        failing_evidence: evidence(
            path::direction(theirs.1, reply),
            first_differing.and_then(|l| l.failing),
        ),
        ..plain(kind, path::describe(&r), path::describe(&f))
    })
}

/// The roles that a set captured on each part of a flow's way.
fn captured((timelines, flow): Side<'_>, reply: bool) -> BTreeSet<(Leg, Role)> {
    let (mut sender, mut receiver) = (flow.initiator.node, flow.responder.node);
    if reply {
        std::mem::swap(&mut sender, &mut receiver);
    }
    let points = timelines.points.iter().zip(&timelines.node_of);
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

fn compare_encapsulation(ours: &Direction, theirs: &Direction) -> Option<Difference> {
    let kinds = |direction: &Direction| -> BTreeSet<&'static str> {
        let tunnels = direction.hops.iter().filter_map(|hop| hop.tunnel);
        tunnels.map(|tunnel| tunnel.encapsulation.name()).collect()
    };
    let (r, f) = (kinds(ours), kinds(theirs));
    if r == f {
        return None;
    }
    let text = |kinds: &BTreeSet<&'static str>| match kinds.len() {
        0 => "none".to_owned(),
        _ => kinds.iter().copied().collect::<Vec<_>>().join(", "),
    };
    let evidence = |direction: &Direction| {
        let carrying = direction.hops.iter().find(|hop| hop.tunnel.is_some());
        carrying.map(|hop| hop.first).into_iter().collect()
    };
    Some(Difference {
        reference_evidence: evidence(ours),
        failing_evidence: evidence(theirs),
        ..plain(DifferenceKind::Encapsulation, text(&r), text(&f))
    })
}
