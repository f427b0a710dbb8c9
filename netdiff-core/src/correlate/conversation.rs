//! Groups sightings into conversations and decides who began each.
//!
//! # Who began
//! The first rule that decides wins; who was *seen* first decides only when nothing else does, since a capture may
//! begin in the middle of a conversation:
//! 1. TCP: who sent a SYN without ACK, or received a SYN with ACK.
//! 2. ICMP queries: who sent a request.
//! 3. Ports: the responder's port is the one below 32768 when the other is not (Linux takes client ports from there).
//! 4. Ports: the responder's is the lower one.
//! 5. The earliest packet at the point that saw both directions, else the lower address.
//!
//! # One key, several connections
//! Ports are used again. Where a key has SYNs with different sequence numbers, each begins a connection of its own, and a packet
//! belongs to the one whose first number is nearest below its own (that it acknowledges, in the other direction); those nearer
//! to none than half the sequence space belong to a connection from before the capture.

use foldhash::{HashMap, HashMapExt as _};

use super::pieces::distance;
use super::place::Place;
use crate::identify::{Detail, Evidence, MacAddr, Sighting, TcpFlags};
use crate::types::{FlowKey, Timestamp};

/// First port that Linux gives to clients (`net.ipv4.ip_local_port_range`).
const FIRST_CLIENT_PORT: u16 = 32_768;

/// How many connections of one pair of ports are told apart; further ones count to the nearest.
const MAX_CONNECTIONS: usize = 256;

/// A sighting with its place and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) evidence: Evidence,
    pub(super) time: Timestamp,
    /// Source MAC of the outermost frame.
    pub(super) source_mac: Option<MacAddr>,
    /// Destination MAC of the outermost frame.
    pub(super) destination_mac: Option<MacAddr>,
    /// Whether the node sent it, where the capture says so.
    pub(super) sent: Option<bool>,
    /// The conversation that it belongs to.
    pub(super) conversation: u32,
    /// Which of the conversation's keys it has, counted from the initiator's side.
    pub(super) stage: u8,
    /// How many packets that are gone it stands for, beside itself: see `folding`.
    pub(super) folded: Folded,
    pub(super) sighting: Sighting,
}

/// What a sighting stands for beside itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// Further packets at its place.
    pub(super) packets: u32,
    /// Further trips, of which each has the sightings of one: see [`further_trips`]. They count at the first trip of this sighting.
    pub(super) trips: u32,
}

/// How many further trips the sightings of one trip stand for: under each key some of them hold all.
pub(super) fn further_trips<'a>(seen: impl Iterator<Item = &'a Seen>) -> u64 {
    let mut by_key: Vec<(FlowKey, u64)> = Vec::new();
    for s in seen.filter(|s| s.folded.trips > 0) {
        let trips = u64::from(s.folded.trips);
        match by_key.iter_mut().find(|(key, _)| *key == s.sighting.key) {
            Some((_, known)) => *known += trips,
            None => by_key.push((s.sighting.key, trips)),
        }
    }
    by_key
        .into_iter()
        .map(|(_, trips)| trips)
        .max()
        .unwrap_or(0)
}

impl Seen {
    /// The packets of its place that it stands for, itself among them.
    pub(super) const fn packets(&self) -> u64 {
        1 + self.folded.packets as u64
    }

    /// Whether it is of a kind that others send in the name of its source: a reset or an ICMP error.
    pub(super) fn is_sent_for_others(&self) -> bool {
        match self.sighting.detail {
            Detail::Tcp { flags, .. } => TcpFlags(flags).any(TcpFlags::RST),
            Detail::IcmpError { .. } => true,
            _ => false,
        }
    }

    /// The same, or it may be a reset because the capture cut its flags.
    pub(super) fn may_be_sent_for_others(&self) -> bool {
        let cut = matches!(
            self.sighting.detail,
            Detail::Tcp {
                header_len: None,
                ..
            }
        );
        cut || self.is_sent_for_others()
    }

    /// Where it was seen, the first time it came through.
    pub(super) const fn place(&self) -> Place {
        Place {
            point: self.evidence.point,
            stage: self.stage,
            carried: self.sighting.tunnel.is_some(),
            pass: 0,
        }
    }
}

/// Both directions of one 5-tuple.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// Initiator to responder.
    pub(super) key: FlowKey,
    pub(super) forward: Vec<Seen>,
    pub(super) reply: Vec<Seen>,
}

/// How many sightings are moved before their memory is given back.
const GIVEN_BACK: usize = 1 << 16;

/// Sorts sightings into conversations, in the order of their keys.
pub(super) fn group_conversations(sightings: Vec<Seen>) -> Vec<Conversation> {
    let mut conversations: Vec<Conversation> = by_key(sightings)
        .into_iter()
        .map(|(key, [there, back])| {
            if lower_began(key, &there, &back) {
                Conversation {
                    key,
                    forward: there,
                    reply: back,
                }
            } else {
                Conversation {
                    key: key.reversed(),
                    forward: back,
                    reply: there,
                }
            }
        })
        .collect();
    conversations.sort_by_key(|c| c.key);
    conversations
        .into_iter()
        .flat_map(part_connections)
        .collect()
}

/// The sightings of each key and of its reverse, in their order. Never holds them twice: what was moved is given back on the way.
fn by_key(mut sightings: Vec<Seen>) -> Vec<(FlowKey, [Vec<Seen>; 2])> {
    let mut numbers: HashMap<FlowKey, usize> = HashMap::new();
    let mut sizes: Vec<(FlowKey, [usize; 2])> = Vec::new();
    for seen in &sightings {
        let (key, way) = key_and_way(seen);
        let number = *numbers.entry(key).or_insert_with(|| {
            sizes.push((key, [0; 2]));
            sizes.len() - 1
        });
        if let Some(size) = sizes
            .get_mut(number)
            .and_then(|(_, sizes)| sizes.get_mut(way))
        {
            *size += 1;
        }
    }
    let sized = sizes.into_iter();
    let mut groups: Vec<(FlowKey, [Vec<Seen>; 2])> = sized
        .map(|(key, sizes)| (key, sizes.map(Vec::with_capacity)))
        .collect();
    while let Some(seen) = sightings.pop() {
        let (key, way) = key_and_way(&seen);
        let group = numbers.get(&key).and_then(|number| groups.get_mut(*number));
        if let Some(group) = group.and_then(|(_, ways)| ways.get_mut(way)) {
            group.push(seen);
        }
        if sightings.len().is_multiple_of(GIVEN_BACK) {
            sightings.shrink_to_fit();
        }
    }
    for way in groups.iter_mut().flat_map(|(_, ways)| ways) {
        way.reverse();
    }
    groups
}

/// The lower one of a sighting's key and its reverse, and whether it is the other one: 0 or 1.
fn key_and_way(seen: &Seen) -> (FlowKey, usize) {
    let key = seen.sighting.key;
    // An ICMP error answers another conversation, never an error the other way.
    let lone = matches!(seen.sighting.detail, Detail::IcmpError { .. });
    if lone || key <= key.reversed() {
        (key, 0)
    } else {
        (key.reversed(), 1)
    }
}

/// Parts the TCP connections that used one pair of ports one after the other.
fn part_connections(conversation: Conversation) -> Vec<Conversation> {
    let mut starts: Vec<u32> = Vec::new();
    for seen in &conversation.forward {
        if let Detail::Tcp {
            flags, sequence, ..
        } = seen.sighting.detail
            && TcpFlags(flags).any(TcpFlags::SYN)
            && !starts.contains(&sequence)
            && starts.len() < MAX_CONNECTIONS
        {
            starts.push(sequence);
        }
    }
    if starts.len() < 2 {
        return vec![conversation];
    }
    let empty = || Conversation {
        key: conversation.key,
        forward: Vec::new(),
        reply: Vec::new(),
    };
    let mut parts: Vec<Conversation> = (0..=starts.len()).map(|_| empty()).collect();
    for seen in conversation.forward {
        let part = connection_of(&starts, sequence_of(&seen));
        if let Some(part) = parts.get_mut(part) {
            part.forward.push(seen);
        }
    }
    for seen in conversation.reply {
        let part = connection_of(&starts, acknowledgment_of(&seen));
        if let Some(part) = parts.get_mut(part) {
            part.reply.push(seen);
        }
    }
    parts.retain(|part| !part.forward.is_empty() || !part.reply.is_empty());
    parts
}

/// Place 0 is for what began before the capture.
fn connection_of(starts: &[u32], number: Option<u32>) -> usize {
    let ahead = |start: u32| number.map(|number| distance(start, number));
    let nearest = starts
        .iter()
        .enumerate()
        .filter_map(|(nth, start)| Some((ahead(*start)?, nth)))
        .filter(|(ahead, _)| *ahead >= 0)
        .min();
    nearest.map_or(0, |(_, nth)| nth + 1)
}

const fn sequence_of(seen: &Seen) -> Option<u32> {
    match seen.sighting.detail {
        Detail::Tcp { sequence, .. } => Some(sequence),
        _ => None,
    }
}

const fn acknowledgment_of(seen: &Seen) -> Option<u32> {
    match seen.sighting.detail {
        Detail::Tcp { acknowledgment, .. } => Some(acknowledgment),
        _ => None,
    }
}

/// Whether the sender of `there`, whose key is `key`, began.
fn lower_began(key: FlowKey, there: &[Seen], back: &[Seen]) -> bool {
    opener(there)
        .or_else(|| opener(back).map(|began| !began))
        .unwrap_or_else(|| {
            let (source, destination) = (key.source_port, key.destination_port);
            match (
                source >= FIRST_CLIENT_PORT,
                destination >= FIRST_CLIENT_PORT,
            ) {
                (true, false) => true,
                (false, true) => false,
                _ if source != destination => destination < source,
                _ => earliest(there, back),
            }
        })
}

/// Whether these packets say that their sender began (or did not).
fn opener(seen: &[Seen]) -> Option<bool> {
    seen.iter().find_map(|seen| match seen.sighting.detail {
        Detail::Tcp { flags, .. } if TcpFlags(flags).any(TcpFlags::SYN) => {
            Some(!TcpFlags(flags).any(TcpFlags::ACK))
        }
        Detail::Query { request, .. } => Some(request),
        Detail::IcmpError { .. } => Some(true),
        _ => None,
    })
}

fn earliest(there: &[Seen], back: &[Seen]) -> bool {
    let common = there
        .iter()
        .map(|s| s.evidence.point)
        .filter(|point| back.iter().any(|b| b.evidence.point == *point))
        .min();
    let first = |seen: &[Seen]| {
        seen.iter()
            .filter(|s| common.is_none_or(|point| s.evidence.point == point))
            .map(|s| s.time)
            .min()
    };
    match (first(there), first(back)) {
        (Some(there), Some(back)) => there <= back,
        (there, _) => there.is_some(),
    }
}
