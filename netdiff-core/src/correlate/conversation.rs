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

use std::collections::HashMap;

use super::timeline::Service;
use crate::identify::{Detail, Evidence, MacAddr, Sighting, TcpFlags};
use crate::types::{FlowKey, Protocol, Timestamp};

/// First port that Linux gives to clients (`net.ipv4.ip_local_port_range`).
const FIRST_CLIENT_PORT: u16 = 32_768;

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
    pub(super) sighting: Sighting,
}

/// Both directions of one 5-tuple.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// Initiator to responder.
    pub(super) key: FlowKey,
    pub(super) forward: Vec<Seen>,
    pub(super) reply: Vec<Seen>,
}

impl Conversation {
    /// What the responder offers.
    pub(super) fn service(&self) -> Service {
        match self.key.protocol {
            Protocol::TCP | Protocol::UDP | Protocol::SCTP | Protocol::UDP_LITE => {
                Service::Port(self.key.destination_port)
            }
            Protocol::ICMP | Protocol::ICMPV6 => {
                match self.forward.first().map(|s| s.sighting.detail) {
                    Some(Detail::Query { .. }) => Service::Echo,
                    Some(Detail::IcmpError { .. }) => Service::IcmpError,
                    _ => Service::None,
                }
            }
            _ => Service::None,
        }
    }
}

/// Sorts sightings into conversations, in the order of their keys.
pub(super) fn group_conversations(sightings: Vec<Seen>) -> Vec<Conversation> {
    let mut by_key: HashMap<FlowKey, (Vec<Seen>, Vec<Seen>)> = HashMap::new();
    for seen in sightings {
        let key = seen.sighting.key;
        // An ICMP error answers another conversation, never an error the other way.
        let lone = matches!(seen.sighting.detail, Detail::IcmpError { .. });
        if lone || key <= key.reversed() {
            by_key.entry(key).or_default().0.push(seen);
        } else {
            by_key.entry(key.reversed()).or_default().1.push(seen);
        }
    }
    let mut conversations: Vec<Conversation> = by_key
        .into_iter()
        .map(|(key, (there, back))| {
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
