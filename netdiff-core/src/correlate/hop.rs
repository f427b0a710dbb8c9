//! A capture point on the way of a direction, and what the way to it did to the packets.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::identify::{Evidence, MacAddr, Tunnel};
use crate::types::{Nanos, PointId};
use serde::{Deserialize, Serialize};

/// The most link addresses that a hop tells.
pub const MAX_NEXT_HOPS: usize = 8;

/// A capture point on the way of a direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hop {
    /// Where.
    pub point: PointId,
    /// Packets seen here, duplicates and fragments not counted again.
    pub packets: u64,
    /// Further copies seen here.
    #[serde(default, skip_serializing_if = "Duplicates::is_none")]
    pub duplicates: Duplicates,
    /// The source address that its packets have here.
    pub source: IpAddr,
    /// The destination address that its packets have here.
    pub destination: IpAddr,
    /// The tunnel around them, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<Tunnel>,
    /// The link addresses that its packets are sent to here, by the outermost frame, sorted; at most [`MAX_NEXT_HOPS`].
    #[serde(skip)]
    pub next_hops: Vec<MacAddr>,
    /// Time to live: lowest and highest seen.
    pub ttl: (u8, u8),
    /// TCP's maximum segment size option in bytes, lowest and highest seen; `None` where no packet has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_segment_size: Option<(u16, u16)>,
    /// Time since the previous hop; `None` where the two nodes' clocks cannot be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// What the way from the previous hop changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The first packet seen here.
    pub first: Evidence,
    /// Why the hop stands where it stands.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub reason: Cow<'static, str>,
}

/// Further copies of packets at a hop, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Duplicates {
    /// The same frame again: a mirror, a network that duplicates, or a capture that shows it twice.
    pub same_frame: u64,
    /// The same packet in another frame: flooded, or re-injected by a bridge.
    pub other_frame: u64,
    /// Further rounds of a loop: the TTL falls.
    pub rounds: u64,
}

impl Duplicates {
    /// Whether there are none: such are left out of baselines.
    const fn is_none(&self) -> bool {
        self.total() == 0
    }

    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.same_frame + self.other_frame + self.rounds
    }
}

/// A field that hops may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Source address and port (ICMP identifier).
    Source,
    /// Destination address and port (ICMP identifier).
    Destination,
    /// Time to live.
    Ttl,
    /// Differentiated services code point (RFC 2474).
    Dscp,
    /// Explicit congestion notification (RFC 3168).
    Ecn,
    /// Don't fragment.
    DontFragment,
    /// VLAN identifier.
    Vlan,
    /// TCP's maximum segment size option.
    MaximumSegmentSize,
}

impl Field {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => text!("source"),
            Self::Destination => text!("destination"),
            Self::Ttl => text!("ttl"),
            Self::Dscp => text!("dscp"),
            Self::Ecn => text!("ecn"),
            Self::DontFragment => text!("dont-fragment"),
            Self::Vlan => text!("vlan"),
            Self::MaximumSegmentSize => text!("mss"),
        }
    }
}

/// What the way between two hops changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Which field.
    pub field: Field,
    /// Its value at the previous hop.
    pub before: String,
    /// Its value at this hop.
    pub after: String,
    /// In how many packets.
    pub packets: u64,
    /// Whether hops of these roles do that.
    pub expected: bool,
}

/// How a number of times spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// How many were measured.
    pub samples: u64,
    /// Shortest.
    pub min: Nanos,
    /// Median (the lower one of an even count).
    pub median: Nanos,
    /// The time that 95 percent of them do not exceed (the longest of fewer than 20).
    pub high: Nanos,
    /// Longest.
    pub max: Nanos,
}

impl Spread {
    /// Of these times, each with how often it counts; `None` where there are none.
    pub(super) fn of(mut times: Vec<(Nanos, u64)>) -> Option<Self> {
        times.sort_unstable();
        let samples: u64 = times.iter().map(|(_, count)| *count).sum();
        let last = samples.checked_sub(1)?;
        // The time that so many do not exceed, counted from 0.
        let at = |place: u64| {
            let mut before = 0;
            let mut places = times.iter();
            let found = places.find(|(_, count)| {
                before += count;
                before > place
            });
            found.map(|(time, _)| *time)
        };
        Some(Self {
            samples,
            min: at(0)?,
            median: at(last / 2)?,
            high: at((samples.saturating_mul(95)).div_ceil(100).saturating_sub(1))?,
            max: at(last)?,
        })
    }
}

/// How long packets took between two hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delay {
    /// The times.
    pub times: Spread,
    /// By how much all of them may be wrong: the error of the clock comparison between two nodes, 0 on one node.
    pub bound: Nanos,
}
