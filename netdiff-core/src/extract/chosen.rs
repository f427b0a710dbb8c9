//! Which packets are wanted, and what is known of each.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::{BY, corrected};
use crate::correlate::{Direction, FlowTimeline, Hop, Journey, Timelines};
use crate::diagnose::{Explained, Finding, RuleId};
use crate::identify::Evidence;
use crate::select::Choice;
use crate::types::{FileId, Message, PacketNumber, PointId};

/// A sighting of a journey, by indexes into the timelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the flow.
    pub flow: u32,
    /// Whether it is the reply direction.
    pub reply: bool,
    /// Index of the journey in that direction.
    pub journey: u32,
    /// Index of the sighting in that journey.
    pub step: u16,
}

/// A packet of a file that is wanted. One packet may be wanted for several journeys: of a super-packet each piece is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The file.
    pub file: FileId,
    /// Its place there.
    pub packet_number: PacketNumber,
    /// Where it was captured.
    pub point: PointId,
    /// Of which journey it is a sighting; `None` where it shows a finding and belongs to none.
    pub place: Option<Place>,
}

/// What the rooms before learned of a set.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What happened to its packets.
    pub set: &'a Timelines,
    /// The files' names; [`FileId`] indexes them.
    pub files: &'a [String],
    /// What is wrong with it.
    pub findings: &'a [Finding],
}

/// The packets that are wanted of a set.
#[derive(Clone, Debug)]
pub struct Chosen<'a> {
    /// The set.
    pub facts: Facts<'a>,
    /// By file and packet.
    pub wanted: Vec<Wanted>,
    /// The rules whose findings explain a journey.
    explained: BTreeMap<Explained, Vec<RuleId>>,
    /// The rules whose findings show a packet as evidence.
    shown: BTreeMap<(FileId, PacketNumber), Vec<RuleId>>,
}

/// What findings are about.
#[derive(Default)]
struct About {
    journeys: BTreeSet<Explained>,
    /// Flows as such.
    flows: BTreeSet<usize>,
    evidence: BTreeSet<Evidence>,
}

impl<'a> Chosen<'a> {
    /// The packets that a selection selects (all without one), of those that findings of these rules are about (all without rules).
    ///
    /// A finding is about the packets that it explains; where it explains none, about those of its flows. The packets that it has as
    /// evidence belong to it, with all sightings of what they are, and without a selection even those that are no packets of a flow (ARP).
    #[must_use]
    pub fn new(facts: Facts<'a>, choice: Option<&Choice>, rules: &[RuleId]) -> Self {
        let about = (!rules.is_empty()).then(|| About::of(facts, rules));
        let mut chosen = Self {
            facts,
            wanted: Vec::new(),
            explained: BTreeMap::new(),
            shown: BTreeMap::new(),
        };
        for (index, flow) in facts.set.flows.iter().enumerate() {
            for reply in [false, true] {
                let picked = choice.map(|choice| choice.direction(index, reply));
                let direction = direction_of(flow, reply);
                for (number, journey) in direction.journeys.iter().enumerate() {
                    let id = Explained {
                        flow: index,
                        reply,
                        journey: number,
                    };
                    let selected =
                        picked.is_none_or(|picked| picked.is_some_and(|p| p.has(number)));
                    if selected && about.as_ref().is_none_or(|about| about.holds(id, journey)) {
                        chosen.add(id, journey);
                    }
                }
            }
        }
        if let (Some(about), None) = (&about, choice) {
            chosen.add_strangers(&about.evidence);
        }
        chosen.wanted.sort_unstable();
        chosen.label();
        chosen
    }

    fn add(&mut self, id: Explained, journey: &Journey) {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for (step, seen) in (0..).zip(&journey.sightings) {
            self.wanted.push(Wanted {
                file: seen.file,
                packet_number: seen.packet_number,
                point: seen.point,
                place: Some(Place {
                    flow: small(id.flow),
                    reply: id.reply,
                    journey: small(id.journey),
                    step,
                }),
            });
        }
    }

    /// Adds evidence that is no sighting of a wanted journey.
    fn add_strangers(&mut self, evidence: &BTreeSet<Evidence>) {
        let places = evidence.iter().map(|e| (e.file, e.packet_number));
        let places: BTreeSet<_> = places.collect();
        let packets = self.wanted.iter().map(|w| (w.file, w.packet_number));
        let known: BTreeSet<_> = packets.filter(|packet| places.contains(packet)).collect();
        let strangers = evidence
            .iter()
            .filter(|e| !known.contains(&(e.file, e.packet_number)));
        self.wanted.extend(strangers.map(|e| Wanted {
            file: e.file,
            packet_number: e.packet_number,
            point: e.point,
            place: None,
        }));
    }

    /// Notes what all findings say, also those that were not asked for.
    fn label(&mut self) {
        for finding in self.facts.findings {
            for id in &finding.explained {
                push_new(self.explained.entry(*id).or_default(), finding.rule);
            }
            for e in &finding.evidence {
                let packet = (e.file, e.packet_number);
                push_new(self.shown.entry(packet).or_default(), finding.rule);
            }
        }
    }

    /// Says which nodes' packets are ordered by their own times.
    #[must_use]
    pub fn strange_clocks(&self) -> Option<Message> {
        let set = self.facts.set;
        let points: BTreeSet<PointId> = self.wanted.iter().map(|wanted| wanted.point).collect();
        let mut nodes: Vec<&str> = points
            .into_iter()
            .filter(|point| {
                let time = set.points.get(point.index()).and_then(|p| p.first_time);
                time.is_some_and(|time| corrected(set, *point, time).bound.is_none())
            })
            .map(|point| set.node_name(set.node(point)))
            .collect();
        nodes.dedup();
        (!nodes.is_empty()).then(|| {
            message!(
                "the packets do not tell how the clock of {nodes} differs from that of {first}: packets captured there are in the order of their own times",
                nodes = Message::list(&nodes, text!(", ")),
                first = set.node_name(BY)
            )
        })
    }

    /// The flow, direction and journey of a place.
    #[must_use]
    pub fn journey(&self, place: Place) -> Option<(&'a FlowTimeline, &'a Direction, &'a Journey)> {
        let flow = self.facts.set.flows.get(place.flow as usize)?;
        let direction = direction_of(flow, place.reply);
        let journey = direction.journeys.get(place.journey as usize)?;
        Some((flow, direction, journey))
    }

    /// The hop of a place: its index in the direction, and itself.
    #[must_use]
    pub fn hop(&self, place: Place) -> Option<(usize, &'a Hop)> {
        let (_, direction, journey) = self.journey(place)?;
        let index = usize::from(*journey.hops.get(usize::from(place.step))?);
        Some((index, direction.hops.get(index)?))
    }

    /// The rules whose findings explain a journey.
    #[must_use]
    pub fn explaining(&self, place: Place) -> &[RuleId] {
        let id = Explained {
            flow: place.flow as usize,
            reply: place.reply,
            journey: place.journey as usize,
        };
        self.explained.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The rules whose findings have a packet as evidence.
    #[must_use]
    pub fn showing(&self, file: FileId, packet_number: PacketNumber) -> &[RuleId] {
        let rules = self.shown.get(&(file, packet_number));
        rules.map_or(&[], Vec::as_slice)
    }
}

pub(super) fn direction_of(flow: &FlowTimeline, reply: bool) -> &Direction {
    if reply { &flow.reply } else { &flow.forward }
}

fn push_new(rules: &mut Vec<RuleId>, rule: RuleId) {
    if !rules.contains(&rule) {
        rules.push(rule);
    }
}

impl About {
    fn of(facts: Facts<'_>, rules: &[RuleId]) -> Self {
        let mut about = Self::default();
        for finding in facts.findings.iter().filter(|f| rules.contains(&f.rule)) {
            about.journeys.extend(&finding.explained);
            about.evidence.extend(&finding.evidence);
            if finding.explained.is_empty() {
                about.flows.extend(&finding.flows);
            }
        }
        about
    }

    fn holds(&self, id: Explained, journey: &Journey) -> bool {
        self.flows.contains(&id.flow)
            || self.journeys.contains(&id)
            || journey.sightings.iter().any(|e| self.evidence.contains(e))
    }
}
