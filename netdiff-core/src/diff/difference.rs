//! What differs between two sets, as data.

use std::collections::{BTreeMap, BTreeSet};

use super::pairing::FlowPair;
use super::path::{self, Leg, Step};
use crate::correlate::{Direction, Disposition, FlowTimeline, Journey, Relation, Timelines};
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
        if let Some(difference) = compare_delivery(ours, theirs, reply) {
            return vec![difference];
        }
    }
    let mut differences = Vec::new();
    for reply in [false, true] {
        let (r, f) = (
            path::direction(ours.1, reply),
            path::direction(theirs.1, reply),
        );
        // A way that was not gone to its end is shorter, not another.
        let whole = [(ours, r), (theirs, f)]
            .iter()
            .all(|(side, way)| Outcome::of(side.1, way) == Outcome::Arrives);
        if !whole {
            continue;
        }
        differences.extend(compare_paths(ours, theirs, reply));
        differences.extend(compare_encapsulation(r, f));
    }
    differences
        .dedup_by(|a, b| (a.kind, &a.reference, &a.failing) == (b.kind, &b.reference, &b.failing));
    differences
}

/// What a direction comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Some packets are known to arrive.
    Arrives,
    /// None arrives and some are lost.
    Stops(PointId, PointId),
    /// None is known to arrive, and what must be answered is not.
    Vanishes(PointId),
    /// Nothing can be said.
    Unknown,
}

impl Outcome {
    fn of(flow: &FlowTimeline, direction: &Direction) -> Self {
        let ends = || direction.journeys.iter().map(|journey| journey.disposition);
        if ends().any(|end| matches!(end, Disposition::Delivered(_))) {
            return Self::Arrives;
        }
        let lost = ends().find_map(|end| match end {
            Disposition::Lost { from, to, .. } => Some(Self::Stops(from, to)),
            Disposition::Rejected {
                after,
                next: Some(next),
                ..
            } => Some(Self::Stops(after, next)),
            _ => None,
        });
        let vanished = ends().find_map(|end| match end {
            Disposition::NotCovered { after, .. } | Disposition::Unknown { after, .. } => {
                Some(Self::Vanishes(after))
            }
            Disposition::Looped { at, .. } => Some(Self::Vanishes(at)),
            _ => None,
        });
        lost.or(vanished.filter(|_| flow.is_unanswered()))
            .unwrap_or(Self::Unknown)
    }

    fn describe(self, timelines: &Timelines) -> String {
        match self {
            Self::Arrives => "arrives".to_owned(),
            Self::Stops(from, to) => format!(
                "stops between {} and {}",
                timelines.name(from),
                timelines.name(to)
            ),
            Self::Vanishes(after) => format!(
                "goes out of sight behind {}, unanswered",
                timelines.name(after)
            ),
            Self::Unknown => "cannot be told".to_owned(),
        }
    }
}

/// Where one set's packets arrive and the other's do not.
fn compare_delivery(ours: Side<'_>, theirs: Side<'_>, reply: bool) -> Option<Difference> {
    let (r, f) = (
        path::direction(ours.1, reply),
        path::direction(theirs.1, reply),
    );
    let outcomes = (Outcome::of(ours.1, r), Outcome::of(theirs.1, f));
    let segment = match outcomes {
        (Outcome::Arrives, Outcome::Stops(from, to)) => Some((from, to)),
        (Outcome::Arrives, Outcome::Vanishes(_))
        | (Outcome::Stops(..) | Outcome::Vanishes(_), Outcome::Arrives) => None,
        _ => return None,
    };
    let last = |direction: &Direction| {
        direction
            .journeys
            .first()
            .and_then(Journey::last)
            .into_iter()
            .collect()
    };
    Some(Difference {
        segment,
        reference_evidence: last(r),
        failing_evidence: last(f),
        ..plain(
            DifferenceKind::Delivery,
            outcomes.0.describe(ours.0),
            outcomes.1.describe(theirs.0),
        )
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
    // What only one set captured there cannot be missed by the other. Of several pods' links only the pod's own counts, and a
    // bridge shows frames between its pods only while it is promiscuous.
    let (seen_r, seen_f) = (captured(ours, reply), captured(theirs, reply));
    let same_node = ours.1.relation == Relation::SameNode;
    let comparable = |step: &Step| {
        let observed = step.role == Role::Pod || (same_node && step.role == Role::Bridge);
        !observed
            && seen_r.contains(&(step.leg, step.role))
            && seen_f.contains(&(step.leg, step.role))
    };
    let common = |steps: &[Step]| steps.iter().copied().filter(comparable).collect::<Vec<_>>();
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
