//! The comment that a packet gets.

use super::chosen::{Chosen, Place};
use super::clock::BY;
use super::replay::Seen;
use super::text::{
    blind_text, doubt_text, fate, flow_name, parties_text, refusal_text, rules_text, time_text,
};
use crate::correlate::{Disposition, Journey, Proof};
use crate::diagnose::RuleId;
use crate::types::Message;

/// Journeys of one packet that its comment tells; further ones are counted. A super-packet of 64 KiB is about 45.
const MAX_TOLD: usize = 3;

/// What is known of a packet, a line a fact.
pub(super) fn comment(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Message {
    let mut lines: Vec<Message> = Vec::new();
    let places = || seen.wanted.iter().filter_map(|wanted| wanted.place);
    for place in places().take(MAX_TOLD) {
        lines.extend(journey_lines(chosen, place).into_iter().flatten());
    }
    match places().count() {
        0 => lines.push(message!("no packet of a flow that was followed")),
        1..=MAX_TOLD => {}
        all => lines.push(message!(
            "and {all} more of its pieces",
            all = all - MAX_TOLD
        )),
    }
    lines.extend(seen.fragment_of.map(|completed| {
        message!(
            "a fragment of the packet that frame {completed} of its file completes",
            completed
        )
    }));
    lines.extend(findings_line(chosen, seen));
    lines.extend(clock_line(chosen, seen));
    let files = &chosen.facts.files;
    let file = files.get(seen.file.0 as usize).map_or("?", String::as_str);
    lines.push(message!(
        "from {file}, frame {packet_number}",
        file,
        packet_number = seen.packet_number
    ));
    Message::join(lines, "\n")
}

fn journey_lines(chosen: &Chosen<'_>, place: Place) -> Option<[Message; 2]> {
    let (flow, direction, journey) = chosen.journey(place)?;
    let (hop, _) = chosen.hop(place)?;
    let is_last = usize::from(place.step) + 1 == journey.sightings.len();
    let end = if is_last {
        message!("last seen here{end}", end = end_of(chosen, journey))
    } else {
        later(chosen, place, journey)
    };
    let way = if place.reply {
        message!("reply")
    } else {
        message!("forward")
    };
    Some([
        message!(
            "hop {hop} of {hops}; {end}",
            hop = hop + 1,
            hops = direction.hops.len(),
            end
        ),
        message!(
            "flow {flow}, {parties}; {way}, packet {journey} of {journeys}",
            flow = flow_name(place.flow),
            parties = parties_text(flow, journey.port),
            way,
            journey = place.journey + 1,
            journeys = direction.journeys.len()
        ),
    ])
}

/// What became of a packet that is seen further on.
fn later(chosen: &Chosen<'_>, place: Place, journey: &Journey) -> Message {
    let last = Place {
        step: u16::try_from(journey.sightings.len().saturating_sub(1)).unwrap_or(u16::MAX),
        ..place
    };
    let at = chosen
        .hop(last)
        .map_or(String::new(), |(hop, _)| (hop + 1).to_string());
    let fate = Message::text(fate(journey.disposition));
    message!("goes on, last seen at hop {at}: {fate}", at, fate)
}

fn end_of(chosen: &Chosen<'_>, journey: &Journey) -> Message {
    let name = |point| chosen.facts.set.name(point);
    match journey.disposition {
        Disposition::Delivered(Proof::Seen) => message!(": delivered"),
        Disposition::Delivered(Proof::Answered) => message!(": delivered, as an answer shows"),
        lost @ Disposition::Lost { from, to, .. } => {
            message!(
                "; {lost} between {from} and {to}",
                lost = Message::text(fate(lost)),
                from = name(from),
                to = name(to)
            )
        }
        Disposition::Rejected { by, refusal, .. } => {
            message!(
                "; rejected by {by} with {refusal}",
                by,
                refusal = refusal_text(refusal)
            )
        }
        Disposition::Looped { at, rounds } => {
            message!(
                "; looped, {rounds} rounds through {at}",
                rounds,
                at = name(at)
            )
        }
        Disposition::NotCovered { blind, .. } => message!(
            "; not covered: {blind}",
            blind = Message::text(blind_text(blind))
        ),
        Disposition::Unknown { doubt, .. } => message!(
            "; fate unknown: {doubt}",
            doubt = Message::text(doubt_text(doubt))
        ),
    }
}

/// The rules that explain what became of it, and those that have it as evidence.
fn findings_line(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Option<Message> {
    let shown = chosen.showing(seen.file, seen.packet_number);
    let explained = explaining(chosen, seen);
    let mut parts = Vec::new();
    if !explained.is_empty() {
        parts.push(message!("finding {rules}", rules = rules_text(&explained)));
    }
    if !shown.is_empty() {
        parts.push(message!("evidence of {rules}", rules = rules_text(shown)));
    }
    (!parts.is_empty()).then(|| Message::list(&parts, text!("; ")))
}

fn explaining(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Vec<RuleId> {
    let places = seen.wanted.iter().filter_map(|wanted| wanted.place);
    let mut rules: Vec<RuleId> = places
        .flat_map(|place| chosen.explaining(place))
        .copied()
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// Both times of a packet whose clock is not the one that packets are ordered by.
fn clock_line(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Option<Message> {
    let set = chosen.facts.set;
    let node = set.node(seen.point);
    if node == BY {
        return None;
    }
    let (own, first) = (set.node_name(node), set.node_name(BY));
    let captured = time_text(seen.time);
    Some(match seen.corrected.bound {
        Some(bound) => message!(
            "captured {captured} by the clock of {own}; by that of {first} {time}, {difference} apart, at most {bound} wrong",
            captured,
            own,
            first,
            time = time_text(seen.corrected.time),
            difference = seen.time - seen.corrected.time,
            bound
        ),
        None => message!(
            "captured {captured} by the clock of {own}, which the packets do not compare with that of {first}",
            captured,
            own,
            first
        ),
    })
}
