//! What a set does that is no flow's matter: ICMP errors by kind, ARP that stays unanswered, checksums of tunnels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::timeline::Timelines;
use crate::identify::{ArpOperation, Evidence};
use crate::types::Role;

/// Fewer unanswered requests for an address may be the last of a capture.
const FEW_REQUESTS: u64 = 3;

/// What a set does that is no flow's matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Habits {
    /// ICMP errors, sorted by kind.
    pub icmp_errors: Vec<IcmpHabit>,
    /// ARP requests, at least three for one address, that nothing on the node answers; sorted by the role of the point.
    pub unanswered_arp: Vec<ArpHabit>,
    /// Tunnel packets with a UDP checksum, of those that were looked at.
    pub checked_tunnels: Counted,
    /// Tunnel packets without one.
    pub unchecked_tunnels: Counted,
    /// Tunneled packets whose own checksum is wrong in every way that is known.
    #[serde(default)]
    pub wrong_inside: Counted,
}

/// ICMP errors of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IcmpHabit {
    /// ICMPv6 rather than ICMP.
    pub ipv6: bool,
    /// Type.
    pub icmp_type: u8,
    /// Code.
    pub code: u8,
    /// How many sightings.
    pub seen: Counted,
}

/// Unanswered ARP requests at points of one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArpHabit {
    /// The role.
    pub role: Role,
    /// How many requests.
    pub seen: Counted,
}

/// Packets, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counted {
    /// How many.
    pub packets: u64,
    /// The first, in file order.
    pub first: Option<Evidence>,
}

impl Counted {
    fn add(&mut self, packets: u64, evidence: Evidence) {
        if packets > 0 {
            self.packets += packets;
            self.first.get_or_insert(evidence);
        }
    }
}

impl Habits {
    /// The habits of a set.
    pub(super) fn of(set: &Timelines) -> Self {
        let mut habits = Self {
            icmp_errors: icmp_habits(set),
            unanswered_arp: arp_habits(set),
            ..Self::default()
        };
        for link in &set.links.links {
            let counts = link.outer_checksums;
            habits
                .checked_tunnels
                .add(counts.right + counts.left_to_card, link.first);
            habits.unchecked_tunnels.add(counts.none, link.first);
            habits
                .wrong_inside
                .add(link.inner_checksums.bad, link.first);
        }
        habits
    }
}

fn icmp_habits(set: &Timelines) -> Vec<IcmpHabit> {
    let mut kinds: BTreeMap<(bool, u8, u8), Counted> = BTreeMap::new();
    for error in &set.icmp_errors {
        let kind = (error.source.is_ipv6(), error.icmp_type, error.code);
        kinds.entry(kind).or_default().add(1, error.evidence);
    }
    kinds
        .into_iter()
        .map(|((ipv6, icmp_type, code), seen)| IcmpHabit {
            ipv6,
            icmp_type,
            code,
            seen,
        })
        .collect()
}

fn arp_habits(set: &Timelines) -> Vec<ArpHabit> {
    let replies: BTreeSet<_> = set
        .arp
        .iter()
        .filter(|(_, arp)| arp.operation != ArpOperation::Request)
        .map(|(evidence, arp)| (set.node(evidence.point), arp.sender))
        .collect();
    let mut asked: BTreeMap<_, Counted> = BTreeMap::new();
    for (evidence, arp) in &set.arp {
        let silent = !replies.contains(&(set.node(evidence.point), arp.target));
        if arp.operation == ArpOperation::Request && arp.sender != arp.target && silent {
            let key = (evidence.point, arp.target);
            asked.entry(key).or_default().add(1, *evidence);
        }
    }
    let mut roles: BTreeMap<Role, Counted> = BTreeMap::new();
    for ((point, _), seen) in asked {
        if let Some(first) = seen.first.filter(|_| seen.packets >= FEW_REQUESTS) {
            roles
                .entry(set.role(point))
                .or_default()
                .add(seen.packets, first);
        }
    }
    roles
        .into_iter()
        .map(|(role, seen)| ArpHabit { role, seen })
        .collect()
}
