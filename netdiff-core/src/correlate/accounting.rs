//! Every packet is accounted for.

use std::collections::BTreeMap;

/// Why a packet was matched with no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unmatched {
    /// ARP and neighbor discovery, broadcast and multicast: they stay on their link.
    LinkLocal,
    /// No other capture point lies on its way.
    NoOtherPoint,
    /// It was lost before it reached another capture point.
    Lost,
    /// The next capture point shows nothing of it, and nothing that proves that it captured at that time.
    AssumedLost,
    /// The next capture point does not capture such packets.
    NotCovered,
    /// It was refused.
    Rejected,
    /// What became of it cannot be told.
    Unknown,
    /// No IP packet in it that could be decoded.
    NotIp,
    /// The capture cut the headers that identify it.
    Cut,
    /// The file gives no time for it.
    NoTime,
    /// It was seen on more interfaces than are told apart in one file.
    Beyond,
}

impl Unmatched {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinkLocal => "link-local",
            Self::NoOtherPoint => "no-other-point",
            Self::Lost => "lost",
            Self::AssumedLost => "assumed-lost",
            Self::NotCovered => "not-covered",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::NotIp => "not-ip",
            Self::Cut => "cut",
            Self::NoTime => "no-time",
            Self::Beyond => "beyond-limit",
        }
    }
}

/// What became of the packets of one capture point. The parts add up to `packets`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointAccounting {
    /// Packets read.
    pub packets: u64,
    /// Seen at another point too.
    pub matched: u64,
    /// Further copies of a packet at the same point.
    pub duplicate: u64,
    /// Fragments: the last one of a complete datagram counts as that datagram, all others here.
    pub fragment_part: u64,
    /// Outside the time that the points have in common.
    pub outside_window: u64,
    /// Matched with nothing, by reason.
    pub unmatched: BTreeMap<Unmatched, u64>,
}

impl PointAccounting {
    /// Packets that no part accounts for; 0 unless netdiff itself is wrong.
    #[must_use]
    pub fn residual(&self) -> i128 {
        let parts = self.matched
            + self.duplicate
            + self.fragment_part
            + self.outside_window
            + self.unmatched.values().sum::<u64>();
        i128::from(self.packets) - i128::from(parts)
    }

    /// Takes in what was counted apart.
    pub(super) fn merge(&mut self, other: Self) {
        self.packets += other.packets;
        self.matched += other.matched;
        self.duplicate += other.duplicate;
        self.fragment_part += other.fragment_part;
        self.outside_window += other.outside_window;
        for (reason, packets) in other.unmatched {
            *self.unmatched.entry(reason).or_default() += packets;
        }
    }

    /// Counts one packet as unmatched.
    pub(super) fn add_unmatched(&mut self, reason: Unmatched) {
        *self.unmatched.entry(reason).or_default() += 1;
    }
}
