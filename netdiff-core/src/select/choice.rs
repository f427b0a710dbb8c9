//! What is selected of a set, and the set narrowed to it.

use std::collections::{BTreeMap, BTreeSet};

use super::selector::Selector;
use crate::correlate::{Direction, FlowTimeline, Journey, Tally, Timelines};
use crate::identify::Evidence;

/// What a selection selects of a set.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// For each flow, what is selected of its forward direction and of its reply.
    flows: Vec<[Picked; 2]>,
}

/// What is selected of a direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// For each journey, whether it is selected; empty where there are none, as in a baseline.
    journeys: Vec<bool>,
    /// Packets that are selected.
    pub packets: u64,
    /// All packets.
    pub of: u64,
}

impl Picked {
    fn of_direction(
        selector: &Selector<'_>,
        flow: &FlowTimeline,
        reply: bool,
        without_packets: bool,
    ) -> Self {
        let direction = if reply { &flow.reply } else { &flow.forward };
        if without_packets {
            let of = direction.tally.packets();
            let packets = if selector.selects_direction(flow, reply) {
                of
            } else {
                0
            };
            return Self {
                journeys: Vec::new(),
                packets,
                of,
            };
        }
        let journeys: Vec<bool> = direction
            .journeys
            .iter()
            .map(|journey| selector.selects(flow, reply, journey))
            .collect();
        Self {
            packets: journeys.iter().filter(|selected| **selected).count() as u64,
            of: journeys.len() as u64,
            journeys,
        }
    }

    /// Whether a journey is selected, by its index.
    #[must_use]
    pub fn has(&self, journey: usize) -> bool {
        self.journeys.get(journey).copied().unwrap_or(false)
    }
}

impl Choice {
    /// Asks of every packet of a set; of every direction where the set has no packets.
    #[must_use]
    pub fn of(selector: &Selector<'_>, set: &Timelines) -> Self {
        let without_packets = !set.has_packets();
        let flows = set.flows.iter();
        Self {
            flows: flows
                .map(|flow| {
                    [false, true]
                        .map(|reply| Picked::of_direction(selector, flow, reply, without_packets))
                })
                .collect(),
        }
    }

    /// Whether something of a flow is selected.
    #[must_use]
    pub fn has_flow(&self, flow: usize) -> bool {
        let picked = self.flows.get(flow);
        picked.is_some_and(|both| both.iter().any(|picked| picked.packets > 0))
    }

    /// What is selected of a direction.
    #[must_use]
    pub fn direction(&self, flow: usize, reply: bool) -> Option<&Picked> {
        let [forward, back] = self.flows.get(flow)?;
        Some(if reply { back } else { forward })
    }

    /// Selected packets, and all.
    #[must_use]
    pub fn packets(&self) -> (u64, u64) {
        let all = self.flows.iter().flatten();
        all.fold((0, 0), |(packets, of), picked| {
            (packets + picked.packets, of + picked.of)
        })
    }

    /// Those of these packets that a selected journey was seen as.
    #[must_use]
    pub fn seen(&self, set: &Timelines, wanted: &BTreeSet<Evidence>) -> BTreeSet<Evidence> {
        let mut seen = BTreeSet::new();
        if wanted.is_empty() {
            return seen;
        }
        for (flow, both) in set.flows.iter().zip(&self.flows) {
            for (direction, picked) in [&flow.forward, &flow.reply].into_iter().zip(both) {
                let selected = direction.journeys.iter().zip(&picked.journeys);
                let sightings = selected
                    .filter(|(_, selected)| **selected)
                    .flat_map(|(journey, _)| &journey.sightings);
                seen.extend(sightings.filter(|evidence| wanted.contains(evidence)));
            }
        }
        seen
    }

    /// A flow with what is selected of it, counted anew; `None` if that is nothing.
    ///
    /// What is not counted by packet (times between hops, round trips, TTL, copies, changes) stays that of the whole flow.
    #[must_use]
    pub fn narrowed(&self, index: usize, flow: &FlowTimeline) -> Option<FlowTimeline> {
        if !self.has_flow(index) {
            return None;
        }
        let both = self.flows.get(index)?;
        if both.iter().all(|picked| picked.packets == picked.of) {
            return Some(flow.clone());
        }
        let [forward, reply] = both;
        let mut narrowed = FlowTimeline {
            forward: narrow(&flow.forward, forward),
            reply: narrow(&flow.reply, reply),
            ..flow.clone()
        };
        let journeys = [&narrowed.forward, &narrowed.reply];
        let ports: BTreeSet<u16> = journeys
            .iter()
            .flat_map(|direction| &direction.journeys)
            .map(|journey| journey.port)
            .collect();
        if !ports.is_empty() {
            narrowed.conversations = flow.conversations.min(ports.len() as u64);
        }
        Some(narrowed)
    }
}

fn narrow(direction: &Direction, picked: &Picked) -> Direction {
    if picked.packets == picked.of {
        return direction.clone();
    }
    if picked.packets == 0 {
        return Direction::default();
    }
    let selected = direction.journeys.iter().zip(&picked.journeys);
    let journeys: Vec<Journey> = selected
        .filter(|(_, selected)| **selected)
        .map(|(journey, _)| journey.clone())
        .collect();
    let mut narrowed = Direction {
        tally: Tally::of(&journeys),
        journeys,
        ..direction.clone()
    };
    recount(&mut narrowed);
    narrowed
}

/// Counts packets at the hops anew, and drops those that are left with none.
pub(super) fn recount(direction: &mut Direction) {
    // A super-packet is the sighting of several journeys, and one packet.
    let mut seen: BTreeMap<u16, BTreeSet<Evidence>> = BTreeMap::new();
    for journey in &direction.journeys {
        for (hop, evidence) in journey.hops.iter().zip(&journey.sightings) {
            seen.entry(*hop).or_default().insert(*evidence);
        }
    }
    let mut places: BTreeMap<u16, u16> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut follows = true;
    for (number, mut hop) in (0..).zip(std::mem::take(&mut direction.hops)) {
        let here = seen.get(&number);
        let Some(first) = here.and_then(BTreeSet::first) else {
            follows = kept.is_empty();
            continue;
        };
        hop.packets = here.map_or(0, |here| here.len() as u64);
        hop.first = *first;
        if !follows || kept.is_empty() {
            // What is told of the way from the hop before would be told of another one.
            hop.delay = None;
            hop.changes.clear();
        }
        follows = true;
        places.insert(number, u16::try_from(kept.len()).unwrap_or(u16::MAX));
        kept.push(hop);
    }
    direction.hops = kept;
    for journey in &mut direction.journeys {
        for hop in &mut journey.hops {
            *hop = places.get(hop).copied().unwrap_or(u16::MAX);
        }
    }
}
