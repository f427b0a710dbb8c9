//! The first hop, in packet order, at which two flows part.

use std::collections::BTreeSet;

use super::delivery::{Outcome, compare_loss, is_answered};
use super::route::comparable_steps;
use super::side::Side;
use super::way::{self, Leg, Step, align};
use crate::correlate::{Field, FlowTimeline, Hop};
use crate::diagnose::{Finding, Severity};
use crate::types::PointId;

/// Where two flows part for the first time, in packet order: the request before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Whether it is the reply that parts.
    pub reply: bool,
    /// Where the failing set's packets were last seen on the common way; `None` where the ways part at their first hop.
    pub after: Option<PointId>,
    /// Where they should have been seen next, or where they were seen instead; `None` where that is not known.
    pub at: Option<PointId>,
}

/// The first that holds, of the request before the answer:
/// 1. packets that arrive in the reference stop in the failing set, or go out of sight: where they stop; where that was not seen, the first hop
///    at which their way is another (as in 3), else where they were last seen;
/// 2. clearly more of them are lost in the failing set: where most are;
/// 3. a hop that both sets could have seen was taken in one only, has the packets in another kind of tunnel, or with other addresses rewritten.
pub(super) fn first_divergence(pairs: [(Side<'_>, Side<'_>); 2]) -> Option<Divergence> {
    let first = |part: fn(Side<'_>, Side<'_>) -> Option<Divergence>| {
        pairs
            .into_iter()
            .find_map(|(ours, theirs)| part(ours, theirs))
    };
    first(stop)
        .or_else(|| first(loss))
        .or_else(|| first(other_way))
}

/// Where a flow parts by what is found in it, for those of whose hops too little tells: the segment of the first finding above a note that is about it, in
/// the direction that passes there.
#[must_use]
pub fn found_divergence(
    flow: &FlowTimeline,
    index: usize,
    findings: &[Finding],
) -> Option<Divergence> {
    let mut findings = findings.iter();
    let finding = findings.find(|f| f.severity != Severity::Note && f.flows.contains(&index))?;
    let (from, to) = finding.segment?;
    let passes = |reply: bool| {
        let hops = &way::direction(flow, reply).hops;
        let place = |point| hops.iter().position(|hop| hop.point == point);
        match (place(from), place(to)) {
            (Some(from), Some(to)) => from < to,
            (Some(_), None) => true,
            _ => false,
        }
    };
    Some(Divergence {
        reply: !passes(false) && passes(true),
        after: Some(from),
        at: Some(to),
    })
}

fn stop(ours: Side<'_>, theirs: Side<'_>) -> Option<Divergence> {
    let outcomes = (
        Outcome::of(ours.flow, ours.direction()),
        Outcome::of(theirs.flow, theirs.direction()),
    );
    match outcomes {
        (Outcome::Arrives, Outcome::Stops(from, to)) => Some(Divergence {
            reply: theirs.reply,
            after: Some(from),
            at: Some(to),
        }),
        (Outcome::Arrives, Outcome::Refused(_)) if !is_answered(ours.flow) => None,
        (Outcome::Arrives, Outcome::Vanishes(after) | Outcome::Refused(after)) => {
            let seen = first_other_hop(ours, theirs);
            Some(seen.unwrap_or(Divergence {
                reply: theirs.reply,
                after: Some(after),
                at: None,
            }))
        }
        // Resets in the receiver's name answer them: where these come from cannot be told, but the first hop that is not taken can.
        (Outcome::Arrives, Outcome::Unknown) if is_only_reset(theirs.flow) => {
            first_other_hop(ours, theirs)
        }
        _ => None,
    }
}

fn is_only_reset(flow: &FlowTimeline) -> bool {
    let tally = &flow.reply.tally;
    tally.resets > 0 && tally.resets == tally.packets()
}

fn loss(ours: Side<'_>, theirs: Side<'_>) -> Option<Divergence> {
    let (from, to) = compare_loss(ours, theirs)?.segment?;
    Some(Divergence {
        reply: theirs.reply,
        after: Some(from),
        at: Some(to),
    })
}

fn other_way(ours: Side<'_>, theirs: Side<'_>) -> Option<Divergence> {
    let arrives = |side: Side<'_>| Outcome::of(side.flow, side.direction()) == Outcome::Arrives;
    let whole = arrives(ours) && arrives(theirs);
    whole.then(|| first_other_hop(ours, theirs)).flatten()
}

/// The first hop that was taken in one set only, or not in the same way.
fn first_other_hop(ours: Side<'_>, theirs: Side<'_>) -> Option<Divergence> {
    let (common_r, common_f) = comparable_steps(ours, theirs);
    let rewritten = [Field::Source, Field::Destination]
        .into_iter()
        .filter(|field| rewrites_any(ours, *field) != rewrites_any(theirs, *field));
    let rewritten: Vec<Field> = rewritten.collect();
    let mut seen: BTreeSet<PointId> = BTreeSet::new();
    let mut after = None;
    for line in align(&common_r, &common_f) {
        let (r, f) = (ours.hop(line.reference), theirs.hop(line.failing));
        let at = match (r, f) {
            (Some(r), Some(f)) if is_alike(r, f, &rewritten) => {
                seen.insert(f.point);
                after = Some(f.point);
                continue;
            }
            // A further pass of a loop: they parted where it turned.
            (None, Some(f)) if seen.contains(&f.point) => continue,
            (_, Some(f)) => Some(f.point),
            (_, None) => missed(&common_r, line.reference, theirs),
        };
        let before = line.failing.and_then(|hop| hop.checked_sub(1));
        return Some(Divergence {
            reply: theirs.reply,
            after: after.or_else(|| theirs.hop(before).map(|hop| hop.point)),
            at,
        });
    }
    None
}

fn rewrites(hop: &Hop, field: Field) -> bool {
    hop.changes.iter().any(|change| change.field == field)
}

fn rewrites_any(side: Side<'_>, field: Field) -> bool {
    side.direction().hops.iter().any(|hop| rewrites(hop, field))
}

/// Whether two hops are in the same kind of tunnel, and neither alone rewrites a field that one of the two ways leaves as it is.
fn is_alike(r: &Hop, f: &Hop, fields: &[Field]) -> bool {
    let tunnel = |hop: &Hop| hop.tunnel.map(|tunnel| tunnel.encapsulation);
    let same = |field: &Field| rewrites(r, *field) == rewrites(f, *field);
    tunnel(r) == tunnel(f) && fields.iter().all(same)
}

/// The failing set's only point that plays the part of a hop of the reference.
fn missed(steps: &[Step], hop: Option<usize>, theirs: Side<'_>) -> Option<PointId> {
    let step = steps.iter().find(|step| Some(step.hop) == hop)?;
    let ends = if theirs.reply {
        (theirs.flow.responder.node, theirs.flow.initiator.node)
    } else {
        (theirs.flow.initiator.node, theirs.flow.responder.node)
    };
    let node = match step.leg {
        Leg::Sender => ends.0?,
        Leg::Receiver => ends.1?,
        Leg::Between => return None,
    };
    let points = (0u32..).map(PointId).take(theirs.set.points.len());
    let mut same = points
        .filter(|point| theirs.set.node(*point) == node && theirs.set.role(*point) == step.role);
    let only = same.next()?;
    same.next().is_none().then_some(only)
}
