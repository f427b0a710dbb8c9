//! Where one set's packets arrive and the other's do not, or fewer of them.

use super::difference::{Difference, DifferenceKind};
use super::side::Side;
use crate::correlate::{Direction, Disposition, EndCount, FlowTimeline, Timelines};
use crate::identify::Evidence;
use crate::types::PointId;

/// What a direction comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
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
    /// Of several segments the one on which most packets are lost counts; of equals, the first in point order.
    pub(super) fn of(flow: &FlowTimeline, direction: &Direction) -> Self {
        let tally = &direction.tally;
        if tally.delivered() > 0 {
            return Self::Arrives;
        }
        if let Some(((from, to), _)) = main_loss(direction) {
            return Self::Stops(from, to);
        }
        let vanished = tally.ends.iter().filter_map(|(end, count)| match end {
            Disposition::NotCovered { after, .. } | Disposition::Unknown { after, .. } => {
                Some((count.packets, *after))
            }
            Disposition::Looped { at, .. } => Some((count.packets, *at)),
            _ => None,
        });
        let most = vanished.min_by_key(|(packets, at)| (std::cmp::Reverse(*packets), *at));
        most.filter(|_| flow.is_unanswered())
            .map_or(Self::Unknown, |(_, at)| Self::Vanishes(at))
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

/// The segment on which most packets of a direction are lost or refused, and how many of them.
fn main_loss(direction: &Direction) -> Option<((PointId, PointId), &EndCount)> {
    let losses = direction.tally.ends.iter();
    let segments = losses.filter_map(|(end, count)| match end {
        Disposition::Lost { from, to, .. } => Some(((*from, *to), count)),
        Disposition::Rejected {
            after,
            next: Some(next),
            ..
        } => Some(((*after, *next), count)),
        _ => None,
    });
    segments.min_by_key(|(segment, count)| (std::cmp::Reverse(count.packets), *segment))
}

/// Where one set's packets arrive and the other's do not.
pub(super) fn compare_delivery(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (ours.direction(), theirs.direction());
    let outcomes = (Outcome::of(ours.flow, r), Outcome::of(theirs.flow, f));
    let segment = match outcomes {
        (Outcome::Arrives, Outcome::Stops(from, to)) => Some((from, to)),
        (Outcome::Arrives, Outcome::Vanishes(_))
        | (Outcome::Stops(..) | Outcome::Vanishes(_), Outcome::Arrives) => None,
        _ => return None,
    };
    Some(Difference {
        segment,
        packets: (ours.packets(), theirs.packets()),
        reference_evidence: first(r, outcomes.0),
        failing_evidence: first(f, outcomes.1),
        ..Difference::plain(
            DifferenceKind::Delivery,
            outcomes.0.describe(ours.set),
            outcomes.1.describe(theirs.set),
        )
    })
}

/// The first packet that shows an outcome.
fn first(direction: &Direction, outcome: Outcome) -> Vec<Evidence> {
    let shows = |end: &Disposition| match (outcome, end) {
        (Outcome::Arrives, Disposition::Delivered(_)) => true,
        (Outcome::Stops(from, to), Disposition::Lost { from: a, to: b, .. }) => {
            (from, to) == (*a, *b)
        }
        (
            Outcome::Stops(from, to),
            Disposition::Rejected {
                after,
                next: Some(next),
                ..
            },
        ) => (from, to) == (*after, *next),
        (
            Outcome::Vanishes(at),
            Disposition::NotCovered { after, .. } | Disposition::Unknown { after, .. },
        ) => at == *after,
        (Outcome::Vanishes(at), Disposition::Looped { at: point, .. }) => at == *point,
        _ => false,
    };
    let ends = direction.tally.ends.iter();
    let mut shown = ends
        .filter(|(end, _)| shows(end))
        .filter_map(|(_, count)| count.first);
    shown.next().into_iter().collect()
}

/// Fewer lost packets than this may be chance.
const FEW: u64 = 3;

/// From this share on, in percent, loss hurts TCP.
const HARM_PERCENT: u64 = 2;

/// Where some packets arrive in both sets, and clearly more are lost in one: at least [`FEW`] and [`HARM_PERCENT`] percent there, and at
/// least four times the other's share.
pub(super) fn compare_loss(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (ours.direction(), theirs.direction());
    let arrives = |side: Side<'_>| Outcome::of(side.flow, side.direction()) == Outcome::Arrives;
    if !arrives(ours) || !arrives(theirs) {
        return None;
    }
    let share = |lost: u64, delivered: u64| lost * 1_000 / (lost + delivered).max(1);
    let (in_r, in_f) = (
        share(r.tally.lost(), r.tally.delivered()),
        share(f.tally.lost(), f.tally.delivered()),
    );
    let (most, least, lost) = if in_f >= in_r {
        (in_f, in_r, f.tally.lost())
    } else {
        (in_r, in_f, r.tally.lost())
    };
    if lost < FEW || most < HARM_PERCENT * 10 || most < least * 4 {
        return None;
    }
    let main = main_loss(f).filter(|_| in_f >= in_r);
    let shown = |direction| -> Vec<Evidence> {
        main_loss(direction)
            .and_then(|(_, count)| count.first)
            .into_iter()
            .collect()
    };
    Some(Difference {
        segment: main.map(|(segment, _)| segment),
        packets: (r.tally.lost(), f.tally.lost()),
        reference_evidence: shown(r),
        failing_evidence: shown(f),
        ..Difference::plain(DifferenceKind::Loss, lossy(in_r), lossy(in_f))
    })
}

/// In classes, so that pairs that suffer alike share a difference.
fn lossy(thousandths: u64) -> String {
    match thousandths {
        0 => "no packet is lost".to_owned(),
        1..=9 => "under 1 percent of the packets are lost".to_owned(),
        10..=49 => "1 to 5 percent of the packets are lost".to_owned(),
        50..=199 => "5 to 20 percent of the packets are lost".to_owned(),
        200..=499 => "20 to 50 percent of the packets are lost".to_owned(),
        _ => "over half of the packets are lost".to_owned(),
    }
}
