//! What the captures allow to know: which packets nobody could tell apart, whose clocks can be compared, and which fates are in sight.
//!
//! # Twins
//! Packets of one direction with equal [`Identity`]; of TCP data, those that also have a byte in common. Payload counts only where every
//! captured station of the way keeps enough of a packet. Twins are *close* when they were sent within [`CLOSE`], or when the clocks
//! of the nodes that saw them cannot be compared: then time does not part them either.
//!
//! # Knowable
//! Never of a packet that has a twin, nor where a capture on the way cuts headers. Of the others:
//! - *delivered*: the last captured station of the way shows it. If that is a pod's link, the pod must be seen to send there, since
//!   nothing else tells whose link it is. If it is not the end of the way, to have followed it so far is as right as to call it delivered.
//! - *lost* or *rejected*: the last captured station before that place shows it; the next one behind shows packets of its own
//!   before and after, by more than the clocks may be off; and another packet of the direction, or one of the opposite
//!   direction, was seen at both.
//! - *looped*: some station shows it three times.
//!
//! Nothing is expected where a capture does not say by which interface a packet came. A clock that is set parts twins no longer, and shows no loss
//! on another node.

use std::collections::{HashMap, HashSet};

use super::ledger::{AtomId, Fate, Identity, Ledger, Stopped};
use super::recording::Recording;
use super::spec::{Container, WorldSpec};
use super::topology::{Hop, OUTSIDE, Place, Station};

/// How near each other twins must be sent that time does not tell them apart.
pub const CLOSE: i64 = 100_000_000;
/// How far a capture must reach beyond a packet, on one clock.
const MARGIN: i64 = 20_000_000;
/// And on another node's.
const CLOCK_MARGIN: i64 = 70_000_000;
/// Headers in a tunnel, and without: the longest that the simulator writes.
const HEADERS: (u32, u32) = (140, 94);
/// Enough payload that different payloads differ.
const DATA: u32 = 24;

/// What can be known of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Delivered,
    /// Seen by all that was captured, but the end of its way was not.
    Followed(Station),
    Lost(Station, Station),
    Rejected(Station, Station),
    Looped,
}

pub struct Knowledge<'a> {
    spec: &'a WorldSpec,
    ledger: &'a Ledger,
    recording: &'a Recording,
    classes: HashMap<(usize, bool, Identity), Vec<AtomId>>,
    /// Nodes that saw packets from each other.
    one_way: HashSet<(u8, u8)>,
    /// Pairs of stations, in hop order, that saw the same packet, by conversation and direction.
    followed: HashSet<(usize, bool, Station, Station)>,
    /// Pods' links at which the pod was seen to send.
    speaking: HashSet<Station>,
    /// Nodes on whose pods' side a packet was seen that the node passed on: they show which MAC address is the node's own.
    routing: HashSet<u8>,
}

/// Whether a way leads between a pod and its own node.
fn is_own(way: &[Hop]) -> bool {
    let local = way
        .iter()
        .all(|hop| matches!(hop.station.place(), Place::Pod(_) | Place::Bridge));
    let pods: HashSet<Station> = way
        .iter()
        .map(|hop| hop.station)
        .filter(|station| matches!(station.place(), Place::Pod(_)))
        .collect();
    local && pods.len() < 2 && !way.iter().any(|hop| hop.routed)
}

impl<'a> Knowledge<'a> {
    pub fn new(spec: &'a WorldSpec, ledger: &'a Ledger, recording: &'a Recording) -> Self {
        let mut knowledge = Self {
            spec,
            ledger,
            recording,
            classes: HashMap::new(),
            one_way: HashSet::new(),
            followed: HashSet::new(),
            speaking: HashSet::new(),
            routing: HashSet::new(),
        };
        for atom in 0..ledger.atoms.len() as AtomId {
            knowledge.learn(atom);
        }
        knowledge
    }

    fn learn(&mut self, atom: AtomId) {
        let class = self.class(atom);
        self.classes.entry(class).or_default().push(atom);
        let sent = self.ledger.sent(atom);
        let seen = self.seen(atom);
        for (nth, &first) in seen.iter().enumerate() {
            let from = sent.way[first].station;
            let inside = matches!(from.place(), Place::Pod(_) | Place::Bridge);
            if inside && sent.way[..=first].iter().any(|hop| hop.routed) {
                self.routing.insert(from.node());
            }
            if first == 0 && matches!(from.place(), Place::Pod(_)) {
                self.speaking.insert(from);
            }
            for &second in &seen[nth + 1..] {
                let to = sent.way[second].station;
                self.followed
                    .insert((sent.conversation, sent.forward, from, to));
                self.one_way.insert((from.node(), to.node()));
            }
        }
    }

    fn class(&self, atom: AtomId) -> (usize, bool, Identity) {
        let sent = self.ledger.sent(atom);
        let identity = if self.shows(atom, DATA) {
            sent.identity
        } else {
            sent.identity.without_data()
        };
        (sent.conversation, sent.forward, identity)
    }

    /// Whether every capture on the way keeps the headers and so much more.
    fn shows(&self, atom: AtomId, more: u32) -> bool {
        let rare = self.ledger.sent(atom).rare_options;
        self.ledger.sent(atom).way.iter().all(|hop| {
            let needed = if hop.wrap.is_some() {
                HEADERS.0
            } else {
                HEADERS.1
            };
            self.snap_length(hop.station)
                .is_none_or(|length| length >= needed + rare + more)
        })
    }

    fn snap_length(&self, station: Station) -> Option<u32> {
        self.recording.packets.get(&station)?;
        let node = &self.spec.nodes[usize::from(station.node())];
        Some(node.file(station.place()).snap_length)
    }

    pub fn seen(&self, atom: AtomId) -> &'a [usize] {
        self.recording.seen.get(&atom).map_or(&[], Vec::as_slice)
    }

    /// The stations that show an atom.
    pub fn stations(&self, atom: AtomId) -> impl Iterator<Item = Station> + 'a {
        let sent = self.ledger.sent(atom);
        self.seen(atom).iter().map(|&place| sent.way[place].station)
    }

    /// Whether an atom, or part of it, is in a station's file.
    pub fn passed(&self, atom: AtomId, station: Station) -> bool {
        let places = self.recording.passed.get(&atom).into_iter().flatten();
        let way = &self.ledger.sent(atom).way;
        places
            .into_iter()
            .any(|&place| way[place].station.is_at(station))
    }

    /// Packets that look the same.
    pub fn twins(&self, atom: AtomId) -> Vec<AtomId> {
        let range = |atom: AtomId| self.ledger.atoms[atom as usize].range;
        let common = |other: AtomId| match (range(atom), range(other)) {
            (Some((a, a_len)), Some((b, b_len))) => {
                b.wrapping_sub(a) < a_len || a.wrapping_sub(b) < b_len
            }
            _ => true,
        };
        let class = self.classes.get(&self.class(atom)).into_iter().flatten();
        class
            .copied()
            .filter(|&other| other != atom && common(other))
            .collect()
    }

    /// Twins that time does not part.
    pub fn close_twins(&self, atom: AtomId) -> Vec<AtomId> {
        let mut twins = self.twins(atom);
        let time = |atom: AtomId| self.ledger.sent(atom).time;
        twins.retain(|&twin| {
            (time(twin) - time(atom)).abs() < CLOSE || !self.comparable(atom, twin)
        });
        twins
    }

    fn comparable(&self, a: AtomId, b: AtomId) -> bool {
        let nodes: HashSet<u8> = self
            .stations(a)
            .chain(self.stations(b))
            .map(Station::node)
            .collect();
        let is_set = |node: &u8| self.spec.nodes[usize::from(*node)].step_ms.is_some();
        let compare = |&x: &u8| nodes.iter().all(|&y| self.clocks_compare(x, y));
        nodes.iter().all(compare) && !nodes.iter().any(is_set)
    }

    fn clocks_compare(&self, a: u8, b: u8) -> bool {
        a == b || self.one_way.contains(&(a, b)) && self.one_way.contains(&(b, a))
    }

    /// What can be known of an atom, if anything.
    pub fn expected(&self, atom: AtomId) -> Option<Expected> {
        let (sent, seen) = (self.ledger.sent(atom), self.seen(atom));
        let merged = |hop: &Hop| self.spec.node(hop.station).container == Container::Merged;
        if seen.is_empty()
            || !self.shows(atom, 0)
            || !self.twins(atom).is_empty()
            || sent.way.iter().any(merged)
        {
            return None;
        }
        let captured = |place: &usize| self.snap_length(sent.way[*place].station).is_some();
        match self.ledger.atoms[atom as usize].fate() {
            Fate::Delivered => {
                let last = (0..sent.way.len()).rev().find(captured)?;
                let station = sent.way[last].station;
                let leaves = sent.way[last].link.is_some_and(|(_, to)| to == OUTSIDE);
                let ends = last + 1 == sent.way.len() && !leaves;
                let known =
                    !matches!(station.place(), Place::Pod(_)) || self.speaking.contains(&station);
                // Of two addresses that only talk to each other, and that nothing else tells apart, one is the node's.
                let known = known && (!is_own(&sent.way) || self.routing.contains(&station.node()));
                let seen_there = seen.contains(&last) && known;
                seen_there.then_some(if ends {
                    Expected::Delivered
                } else {
                    Expected::Followed(station)
                })
            }
            Fate::Ended {
                how: Stopped::Looped,
                ..
            } => {
                let mut stations: Vec<Station> = self.stations(atom).collect();
                stations.sort_unstable();
                let thrice = stations.windows(3).any(|three| three[0] == three[2]);
                thrice.then_some(Expected::Looped)
            }
            Fate::Ended { after, how } => {
                let from = (0..=after).rev().find(captured)?;
                let to = (after + 1..sent.way.len()).find(captured)?;
                let (before, behind) = (sent.way[from].station, sent.way[to].station);
                let in_sight = seen.contains(&from)
                    && self.watched(behind, before, sent.time)
                    && self.leads(sent.conversation, sent.forward, before, behind);
                in_sight.then_some(match how {
                    Stopped::Rejected => Expected::Rejected(before, behind),
                    _ => Expected::Lost(before, behind),
                })
            }
        }
    }

    /// Whether a station's capture certainly ran when a packet from `from` should have come.
    fn watched(&self, station: Station, from: Station, time: i64) -> bool {
        let margin = if station.node() == from.node() {
            MARGIN
        } else {
            CLOCK_MARGIN
        };
        let span = self.recording.spans.get(&station);
        let is_set = |station| self.spec.node(station).step_ms.is_some();
        let one_clock = station.node() == from.node() || !is_set(station) && !is_set(from);
        span.is_some_and(|(first, last)| first + margin < time && time + margin < *last)
            && self.clocks_compare(station.node(), from.node())
            && one_clock
    }

    /// Whether other packets show that one station comes after the other.
    fn leads(&self, conversation: usize, forward: bool, from: Station, to: Station) -> bool {
        self.followed.contains(&(conversation, forward, from, to))
            || self.followed.contains(&(conversation, !forward, to, from))
    }
}
