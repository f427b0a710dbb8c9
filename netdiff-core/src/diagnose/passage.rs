//! What went over one segment, packet by packet in the order in which it was sent: what was lost and what got through, and how it arrived.
//!
//! # What counts as lost
//! A packet whose disposition says so, for this segment. Of TCP also bytes that were sent several times at the one point and arrived fewer
//! times at the other: which transmission was lost, nothing tells but that TCP repeats what is missing, so the earlier ones count. If a
//! point further on saw as many as were sent, the other point missed them and nothing was lost.

use std::collections::{BTreeMap, BTreeSet};

use super::case::Case;
use super::facts::{Loss, Way};
use crate::correlate::{Direction, Disposition, Doubt, Journey};
use crate::identify::Evidence;
use crate::types::{PointId, Timestamp};

/// One packet that was sent over a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    /// Which direction of which flow.
    pub(super) way: Way,
    /// The initiator's port: with the way, the conversation.
    pub(super) port: u16,
    /// The packet at the first point; several journeys of one super-packet are one.
    pub(super) sent: Evidence,
    /// When it was first seen, by the clock of the first point's node; `None` where clocks do not compare.
    pub(super) time: Option<Timestamp>,
    /// Length of the inner-most IP packet in bytes.
    pub(super) ip_len: u32,
    /// The packet at the second point, if it arrived there.
    pub(super) arrived: Option<Evidence>,
    /// The loss that says so, where the disposition does.
    pub(super) loss: Option<&'a Loss>,
    /// How many packets it stands for, itself among them: see [`Journey::stands_for`].
    pub(super) packets: u64,
}

impl Sent<'_> {
    /// Whether it was lost.
    pub(super) const fn is_lost(&self) -> bool {
        self.arrived.is_none()
    }
}

/// Everything that is known to have been sent over a segment and to have arrived or not, in the order of the first point's captures.
pub(super) fn sent_over<'a>(case: &Case<'a>, segment: (PointId, PointId)) -> Vec<Sent<'a>> {
    let losses: BTreeMap<_, &Loss> = case
        .facts
        .losses
        .iter()
        .filter(|loss| loss.segment() == segment && !loss.refused)
        .map(|loss| (loss.journey, loss))
        .collect();
    let mut all: BTreeMap<Evidence, Sent<'a>> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        for (reply, direction) in [(false, &flow.forward), (true, &flow.reply)] {
            let passes = direction.hops.iter().any(|hop| hop.point == segment.0);
            if !passes {
                continue;
            }
            let missing = missing_transmissions(direction, segment);
            for (nth, journey) in direction.journeys.iter().enumerate() {
                let id = super::finding::Explained {
                    flow: index,
                    reply,
                    journey: nth,
                };
                let loss = losses.get(&id).copied();
                let Some(sent) = sent(case, (index, reply), journey, segment, loss, &missing)
                else {
                    continue;
                };
                let known = all.entry(sent.sent).or_insert(sent);
                if sent.is_lost() {
                    *known = sent;
                }
            }
        }
    }
    all.into_values().collect()
}

fn sent<'a>(
    case: &Case<'a>,
    way: Way,
    journey: &Journey,
    (from, to): (PointId, PointId),
    loss: Option<&'a Loss>,
    missing: &BTreeSet<Evidence>,
) -> Option<Sent<'a>> {
    let at = journey.sightings.iter().position(|e| e.point == from)?;
    let sent = *journey.sightings.get(at)?;
    let behind = journey.sightings.get(at + 1..)?;
    let arrived = behind.iter().find(|e| e.point == to).copied();
    if arrived.is_none() && loss.is_none() && !missing.contains(&sent) {
        return None;
    }
    Some(Sent {
        way,
        port: journey.port,
        sent,
        time: time_at(case, journey, from),
        ip_len: journey.ip_len,
        arrived,
        loss,
        packets: journey.stands_for,
    })
}

/// When a packet was first seen, by the clock of this point's node.
fn time_at(case: &Case<'_>, journey: &Journey, point: PointId) -> Option<Timestamp> {
    let timelines = case.timelines;
    let (first, here) = (
        timelines.node(journey.first()?.point),
        timelines.node(point),
    );
    let offset = timelines.clocks.offset_at(first, here, journey.time)?;
    Some(journey.time + offset.offset)
}

/// Whether a second point shows a packet at least as often as the first.
fn has_arrived(journey: &Journey, (from, to): (PointId, PointId)) -> bool {
    let at = |point: PointId| {
        journey
            .sightings
            .iter()
            .filter(|e| e.point == point)
            .count()
    };
    at(to) >= at(from)
}

/// Whether of what was sent over a segment so many may be lost: quicker to tell than [`sent_over`].
pub(super) fn may_lose(case: &Case<'_>, segment: (PointId, PointId), least: usize) -> bool {
    let losses = case.facts.losses.iter();
    let mut lost = losses
        .filter(|loss| loss.segment() == segment && !loss.refused)
        .count();
    let flows = case.timelines.flows.iter();
    for direction in flows.flat_map(|flow| [&flow.forward, &flow.reply]) {
        if lost >= least {
            return true;
        }
        if direction.hops.iter().any(|hop| hop.point == segment.0) {
            lost += missing_transmissions(direction, segment).len();
        }
    }
    lost >= least
}

/// Of TCP's bytes, the transmissions at the first point that are too many for the second.
fn missing_transmissions(
    direction: &Direction,
    (from, to): (PointId, PointId),
) -> BTreeSet<Evidence> {
    let mut pieces: BTreeMap<(u16, (u32, u32)), Vec<&Journey>> = BTreeMap::new();
    for journey in &direction.journeys {
        if let Some(sequence) = journey.sequence {
            let piece = pieces.entry((journey.port, sequence)).or_default();
            piece.push(journey);
        }
    }
    let rank = |point| direction.hops.iter().position(|hop| hop.point == point);
    let behind: Vec<PointId> = direction
        .hops
        .iter()
        .map(|hop| hop.point)
        .filter(|point| rank(*point) > rank(to))
        .collect();
    let mut missing = BTreeSet::new();
    for journeys in pieces.values() {
        // Most bytes were sent once.
        if let [journey] = journeys[..]
            && has_arrived(journey, (from, to))
        {
            continue;
        }
        let at = |point: PointId| -> BTreeSet<Evidence> {
            let seen = journeys.iter().flat_map(|journey| &journey.sightings);
            seen.filter(|e| e.point == point).copied().collect()
        };
        let (sent, arrived) = (at(from), at(to).len());
        let seen_behind = behind.iter().map(|point| at(*point).len()).max();
        let arrived = arrived.max(seen_behind.unwrap_or(0));
        if arrived == 0 || arrived >= sent.len() {
            continue;
        }
        let doubtful: BTreeSet<Evidence> = journeys
            .iter()
            .filter(|journey| is_doubtful(journey, from))
            .filter_map(|journey| journey.last())
            .collect();
        missing.extend(doubtful.into_iter().take(sent.len() - arrived));
    }
    missing
}

/// Last seen at this point, one of several transmissions of the same bytes.
fn is_doubtful(journey: &Journey, from: PointId) -> bool {
    let ambiguous = matches!(
        journey.disposition,
        Disposition::Unknown {
            after,
            doubt: Doubt::Ambiguous
        } if after == from
    );
    let repeated = matches!(
        journey.disposition,
        Disposition::Delivered(crate::correlate::Proof::Answered)
    );
    (ambiguous || repeated) && journey.last().is_some_and(|last| last.point == from)
}
