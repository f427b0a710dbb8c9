//! Where one set's packets arrive and the other's do not, or fewer of them.

use super::difference::{Difference, DifferenceKind};
use super::side::Side;
use crate::correlate::{Direction, Disposition, EndCount, FlowTimeline, Timelines};
use crate::identify::Evidence;
use crate::types::{Message, PointId};

/// What a direction comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Some packets are known to arrive.
    Arrives,
    /// None arrives and some are lost.
    Stops(PointId, PointId),
    /// None is known to arrive, and what must be answered is not.
    Vanishes(PointId),
    /// None is known to arrive, and some are refused behind this point.
    Refused(PointId),
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
        let refused = tally.ends.keys().find_map(|end| match end {
            Disposition::Rejected { after, .. } => Some(*after),
            _ => None,
        });
        if let Some(after) = refused {
            return Self::Refused(after);
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

    fn describe(self, timelines: &Timelines) -> Message {
        match self {
            Self::Arrives => message!("arrives"),
            Self::Stops(from, to) => message!(
                "stops between {from} and {to}",
                from = timelines.name(from),
                to = timelines.name(to)
            ),
            Self::Vanishes(after) => message!(
                "goes out of sight behind {after}, unanswered",
                after = timelines.name(after)
            ),
            Self::Refused(after) => {
                message!("is refused behind {after}", after = timelines.name(after))
            }
            Self::Unknown => message!("cannot be told"),
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

/// Whether anything came back.
pub(super) fn is_answered(flow: &FlowTimeline) -> bool {
    flow.reply.tally.packets() > 0
}

/// Where one set's packets arrive and the other's do not. What is refused counts where the other set's was answered: ports where nobody listens refuse
/// in both, and not always aloud.
pub(super) fn compare_delivery(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (ours.direction(), theirs.direction());
    let outcomes = (Outcome::of(ours.flow, r), Outcome::of(theirs.flow, f));
    let segment = match outcomes {
        (Outcome::Arrives, Outcome::Stops(from, to)) => Some((from, to)),
        (Outcome::Arrives, Outcome::Refused(_)) if !is_answered(ours.flow) => return None,
        (Outcome::Refused(_), Outcome::Arrives) if !is_answered(theirs.flow) => return None,
        (Outcome::Arrives, Outcome::Vanishes(_) | Outcome::Refused(_))
        | (Outcome::Stops(..) | Outcome::Vanishes(_) | Outcome::Refused(_), Outcome::Arrives) => {
            None
        }
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
        (Outcome::Refused(at), Disposition::Rejected { after, .. }) => at == *after,
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

/// What is answered in one set, and not once in the other, though [`FEW`] packets or more arrive there. That a question of UDP needs an answer follows
/// from the answers to the same service in the other set.
pub(super) fn compare_answers(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let answered = |side: Side<'_>| is_answered(side.flow);
    let silent = match (answered(ours), answered(theirs)) {
        (true, false) => theirs,
        (false, true) => ours,
        _ => return None,
    };
    let expects = ours.flow.service == theirs.flow.service || silent.flow.is_unanswered();
    if !expects || silent.flow.forward.tally.delivered() < FEW {
        return None;
    }
    let words = |side| match answered(side) {
        true => message!("it is answered"),
        false => message!("it arrives, and no answer is seen"),
    };
    Some(Difference {
        packets: (ours.packets(), theirs.packets()),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Answers, words(ours), words(theirs))
    })
}

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
        ..Difference::plain(
            DifferenceKind::Loss,
            lossy(in_r, takes_large_ones(r)),
            lossy(in_f, takes_large_ones(f)),
        )
    })
}

/// Whether every packet that is lost is longer than every one that arrives.
fn takes_large_ones(direction: &Direction) -> bool {
    let mut shortest_lost = None;
    let mut longest_delivered = None;
    for (end, count) in &direction.tally.ends {
        match end {
            Disposition::Lost { .. } | Disposition::Rejected { .. } => {
                let shortest =
                    shortest_lost.map_or(count.shortest, |len: u32| len.min(count.shortest));
                shortest_lost = Some(shortest);
            }
            Disposition::Delivered(_) => {
                longest_delivered = longest_delivered.max(Some(count.longest));
            }
            _ => {}
        }
    }
    shortest_lost
        .zip(longest_delivered)
        .is_some_and(|(lost, delivered)| lost > delivered)
}

/// In classes, so that pairs that suffer alike share a difference.
fn lossy(thousandths: u64, large_ones: bool) -> Message {
    let share = match thousandths {
        0 => return message!("no packet is lost"),
        1..=9 => message!("under 1 percent"),
        10..=49 => message!("1 to 5 percent"),
        50..=199 => message!("5 to 20 percent"),
        200..=499 => message!("20 to 50 percent"),
        _ => message!("over half"),
    };
    let which = if large_ones {
        message!(", all longer than those that arrive")
    } else {
        Message::empty()
    };
    message!("{share} of the packets are lost{which}", share, which)
}
