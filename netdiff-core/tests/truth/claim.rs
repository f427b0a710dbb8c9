//! What netdiff says of a packet, in the judge's words: the one place to change when journeys say more.

use netdiff_core::correlate::{Blind, Disposition, Journey, Refusal, Trust};
use netdiff_core::identify::Evidence;
use netdiff_core::types::PointId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Delivered,
    Lost {
        from: PointId,
        to: PointId,
        /// That `to` captured at the time is not proven.
        assumed: bool,
    },
    Rejected,
    Looped,
    /// Followed as far as anything was captured.
    Followed {
        after: PointId,
    },
    /// Nothing is claimed.
    Open,
}

impl Claim {
    /// Whether it says nothing for sure.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Lost { assumed: true, .. })
    }

    pub fn of(journey: &Journey) -> Self {
        match journey.disposition {
            Disposition::Delivered(_) => Self::Delivered,
            Disposition::Lost { from, to, trust } => Self::Lost {
                from,
                to,
                assumed: trust == Trust::Assumed,
            },
            Disposition::NotCovered {
                after,
                blind: Blind::NoPoint,
            } => Self::Followed { after },
            // An exceeded time to live is how a loop ends.
            Disposition::Rejected {
                refusal: Refusal::Icmp { icmp_type, .. },
                by,
                ..
            } if icmp_type == if by.is_ipv4() { 11 } else { 3 } => Self::Looped,
            Disposition::Rejected { .. } => Self::Rejected,
            Disposition::Looped { .. } => Self::Looped,
            Disposition::NotCovered { .. } | Disposition::Unknown { .. } => Self::Open,
        }
    }
}

/// The packets that are said to be one, in hop order.
pub fn sightings(journey: &Journey) -> Vec<Evidence> {
    journey.sightings.clone()
}

/// Which bytes of TCP data a journey is about, if not all of its smallest packet: first sequence number, and the one behind the last.
pub fn bytes(journey: &Journey) -> Option<(u32, u32)> {
    journey.sequence
}
