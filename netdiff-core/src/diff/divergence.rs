//! The first hop, in packet order, at which two flows part.

use super::delivery::Outcome;
use super::route::comparable_steps;
use super::side::Side;
use super::way::align;
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

/// The first that holds:
/// 1. a direction whose packets arrive in the reference stops in the failing set: where it stops;
/// 2. a hop that both sets could have seen was taken in one only;
/// 3. a hop at which the packets are in another kind of tunnel.
pub(super) fn first_divergence(pairs: [(Side<'_>, Side<'_>); 2]) -> Option<Divergence> {
    pairs
        .into_iter()
        .find_map(|(ours, theirs)| part(ours, theirs))
}

fn part(ours: Side<'_>, theirs: Side<'_>) -> Option<Divergence> {
    let reply = theirs.reply;
    let outcomes = (
        Outcome::of(ours.flow, ours.direction()),
        Outcome::of(theirs.flow, theirs.direction()),
    );
    match outcomes {
        (Outcome::Arrives, Outcome::Stops(from, to)) => {
            return Some(Divergence {
                reply,
                after: Some(from),
                at: Some(to),
            });
        }
        (Outcome::Arrives, Outcome::Vanishes(after)) => {
            return Some(Divergence {
                reply,
                after: Some(after),
                at: None,
            });
        }
        (Outcome::Arrives, Outcome::Arrives) => {}
        _ => return None,
    }
    let (common_r, common_f) = comparable_steps(ours, theirs);
    let mut after = None;
    for line in align(&common_r, &common_f) {
        let (r, f) = (ours.hop(line.reference), theirs.hop(line.failing));
        let tunnels = |hop: Option<&crate::correlate::Hop>| {
            hop.and_then(|hop| hop.tunnel)
                .map(|tunnel| tunnel.encapsulation)
        };
        if r.is_none() || f.is_none() || tunnels(r) != tunnels(f) {
            return Some(Divergence {
                reply,
                after,
                at: f.map(|hop| hop.point),
            });
        }
        after = f.map(|hop| hop.point);
    }
    None
}
