//! What became of a packet.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::types::PointId;

/// How a packet is known to have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// It was seen at the last point of its way.
    Seen,
    /// The other side acknowledged or answered it.
    Answered,
}

/// How sure it is that a point that did not see a packet would have seen it.
///
/// An empty capture is what an engineer has in hand when packets die before it, and just as well when it never ran. Neither is hidden: *assumed* is a
/// statement under a condition, "lost, if that point captured". Reports count and word it apart from losses (`assumed_lost`), no rule makes an error
/// of it unless nothing answers what must be answered, and each such finding names `capture-gap` among its alternatives. What the packets cannot
/// tell the file may: pcapng interface statistics say from when to when an interface was captured, and one capture of all
/// interfaces shows by the packets of the others that it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// It captured: its packets before and after show it, or its file says so, or its capture shows packets of other interfaces before and after.
    Proven,
    /// It may have captured: it was silent from some time before, but other captures of its node ran on; or the clocks of the nodes
    /// cannot be compared.
    Assumed,
}

/// Why the fate of a packet is out of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Blind {
    /// No capture point lies further on.
    NoPoint,
    /// The next point's capture had not begun or had ended.
    Window,
    /// The next point captures, but not packets of this kind.
    Filter,
}

/// Why the fate of a packet cannot be told although the next point captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// Equal packets, and a different number of them at different points.
    Ambiguous,
    /// It was seen in another conversation further on, and too little tells whether that is a translation of this one.
    Translated,
    /// The next point's capture lost packets, by its own account.
    Dropped,
    /// The next point cut its packets so short that they cannot be recognized.
    Cut,
    /// Nothing says which point should have seen it next.
    NoExpectation,
}

/// How a packet was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// By an ICMP error that quotes it.
    Icmp {
        /// Type.
        icmp_type: u8,
        /// Code.
        code: u8,
    },
    /// By a TCP reset that somebody on the way sent in the receiver's name.
    Reset,
}

/// What became of one packet. There is no default: absence has a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// It arrived.
    Delivered(Proof),
    /// Seen at `from`, expected at `to`, and `to` could have seen it: certainly, or if it captured at that time ([`Trust`]).
    Lost {
        /// Where it was last seen.
        from: PointId,
        /// Where it should have been seen next.
        to: PointId,
        /// How sure it is that `to` captured.
        trust: Trust,
    },
    /// Somebody refused it and said so.
    Rejected {
        /// Where it was last seen.
        after: PointId,
        /// Where it would have been seen next, if that is known.
        next: Option<PointId>,
        /// Who says so, by the address that the refusal bears.
        by: IpAddr,
        /// How.
        refusal: Refusal,
    },
    /// It came through the same point again and again, each time with a lower TTL, and never arrived.
    Looped {
        /// A point on the loop.
        at: PointId,
        /// How often it came through there.
        rounds: u32,
    },
    /// It went out of sight at `after`.
    NotCovered {
        /// Where it was last seen.
        after: PointId,
        /// Why it cannot be followed.
        blind: Blind,
    },
    /// It cannot be told.
    Unknown {
        /// Where it was last seen.
        after: PointId,
        /// Why.
        doubt: Doubt,
    },
}

impl Disposition {
    /// The same with another address of whoever refused it.
    #[must_use]
    pub fn with_address(self, name: impl Fn(IpAddr) -> IpAddr) -> Self {
        match self {
            Self::Rejected {
                after,
                next,
                by,
                refusal,
            } => Self::Rejected {
                after,
                next,
                by: name(by),
                refusal,
            },
            other => other,
        }
    }
}
