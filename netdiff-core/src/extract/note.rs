//! The comment that a packet gets.

use super::chosen::{Chosen, Place};
use super::clock::BY;
use super::replay::Seen;
use super::text::{
    blind_text, doubt_text, fate, flow_name, parties_text, refusal_text, rules_text, time_text,
};
use crate::correlate::{Disposition, Journey, Proof};
use crate::diagnose::RuleId;

/// Journeys of one packet that its comment tells; further ones are counted. A super-packet of 64 KiB is about 45.
const MAX_TOLD: usize = 3;

/// What is known of a packet, a line a fact.
pub(super) fn comment(chosen: &Chosen<'_>, seen: &Seen<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let places = || seen.wanted.iter().filter_map(|wanted| wanted.place);
    for place in places().take(MAX_TOLD) {
        lines.extend(journey_lines(chosen, place).into_iter().flatten());
    }
    match places().count() {
        0 => lines.push("no packet of a flow that was followed".to_owned()),
        1..=MAX_TOLD => {}
        all => lines.push(format!("and {} more of its pieces", all - MAX_TOLD)),
    }
    lines.extend(seen.fragment_of.map(|completed| {
        format!("a fragment of the packet that frame {completed} of its file completes")
    }));
    lines.extend(findings_line(chosen, seen));
    lines.extend(clock_line(chosen, seen));
    let files = &chosen.facts.files;
    let file = files.get(seen.file.0 as usize).map_or("?", String::as_str);
    lines.push(format!("from {file}, frame {}", seen.packet_number));
    lines.join("\n")
}

fn journey_lines(chosen: &Chosen<'_>, place: Place) -> Option<[String; 2]> {
    let (flow, direction, journey) = chosen.journey(place)?;
    let (hop, _) = chosen.hop(place)?;
    let is_last = usize::from(place.step) + 1 == journey.sightings.len();
    let end = if is_last {
        format!("last seen here{}", end_of(chosen, journey))
    } else {
        later(chosen, place, journey)
    };
    let way = if place.reply { "reply" } else { "forward" };
    Some([
        format!("hop {} of {}; {end}", hop + 1, direction.hops.len()),
        format!(
            "flow {}, {}; {way}, packet {} of {}",
            flow_name(place.flow),
            parties_text(flow, journey.port),
            place.journey + 1,
            direction.journeys.len()
        ),
    ])
}

/// What became of a packet that is seen further on.
fn later(chosen: &Chosen<'_>, place: Place, journey: &Journey) -> String {
    let last = Place {
        step: u16::try_from(journey.sightings.len().saturating_sub(1)).unwrap_or(u16::MAX),
        ..place
    };
    let at = chosen
        .hop(last)
        .map_or(String::new(), |(hop, _)| (hop + 1).to_string());
    let fate = match journey.disposition {
        Disposition::Delivered(_) => "delivered",
        other => fate(other),
    };
    format!("goes on, last seen at hop {at}: {fate}")
}

fn end_of(chosen: &Chosen<'_>, journey: &Journey) -> String {
    let name = |point| chosen.facts.set.name(point);
    match journey.disposition {
        Disposition::Delivered(Proof::Seen) => ": delivered".to_owned(),
        Disposition::Delivered(Proof::Answered) => ": delivered, as an answer shows".to_owned(),
        lost @ Disposition::Lost { from, to, .. } => {
            format!("; {} between {} and {}", fate(lost), name(from), name(to))
        }
        Disposition::Rejected { by, refusal, .. } => {
            format!("; rejected by {by} with {}", refusal_text(refusal))
        }
        Disposition::Looped { at, rounds } => {
            format!("; looped, {rounds} rounds through {}", name(at))
        }
        Disposition::NotCovered { blind, .. } => format!("; not covered: {}", blind_text(blind)),
        Disposition::Unknown { doubt, .. } => format!("; fate unknown: {}", doubt_text(doubt)),
    }
}

/// The rules that explain what became of it, and those that have it as evidence.
fn findings_line(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Option<String> {
    let shown = chosen.showing(seen.file, seen.packet_number);
    let explained = explaining(chosen, seen);
    let mut parts = Vec::new();
    if !explained.is_empty() {
        parts.push(format!("finding {}", rules_text(&explained)));
    }
    if !shown.is_empty() {
        parts.push(format!("evidence of {}", rules_text(shown)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
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
fn clock_line(chosen: &Chosen<'_>, seen: &Seen<'_>) -> Option<String> {
    let set = chosen.facts.set;
    let node = set.node(seen.point);
    if node == BY {
        return None;
    }
    let (own, first) = (set.node_name(node), set.node_name(BY));
    let captured = time_text(seen.time);
    Some(match seen.corrected.bound {
        Some(bound) => format!(
            "captured {captured} by the clock of {own}; by that of {first} {}, {} apart, at most {bound} wrong",
            time_text(seen.corrected.time),
            seen.time - seen.corrected.time
        ),
        None => format!(
            "captured {captured} by the clock of {own}, which the packets do not compare with that of {first}"
        ),
    })
}
