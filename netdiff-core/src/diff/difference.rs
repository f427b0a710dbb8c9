//! What differs between two sets, as data.

use std::collections::BTreeMap;

use crate::identify::Evidence;
use crate::types::{Message, PointId};

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// Packets that arrive in one set are lost in the other.
    Delivery,
    /// What is answered in one set is not in the other, though it arrives.
    Answers,
    /// More packets are lost in one set, where some arrive in both.
    Loss,
    /// Packets take other hops.
    Path,
    /// Packets are carried between nodes in another way.
    Encapsulation,
    /// Addresses or ports are rewritten in one set only.
    Translation,
    /// Connections are reset in one set.
    Resets,
    /// Answers take much longer.
    RoundTrip,
    /// The way between two hops takes much longer.
    Delay,
    /// Segments are sent again more often.
    Retransmissions,
    /// Packets come in fragments in one set only.
    Fragmentation,
    /// Packets come through more or fewer routers.
    Ttl,
    /// TCP's maximum segment size differs.
    Mss,
    /// DSCP, ECN, DF or VLAN are changed on the way in one set only.
    Marking,
    /// Copies of packets are seen in one set only.
    Duplicates,
    /// Tunnels have another virtual network identifier.
    Vni,
    /// Tunnels have another UDP port.
    TunnelPort,
    /// Tunnel endpoints share a subnet in one set and not in the other.
    OuterAddressing,
    /// Tunnels carry a UDP checksum in one set only.
    OuterChecksum,
    /// Checksums inside of tunnels are wrong in one set only.
    InnerChecksum,
    /// ICMP errors of a kind that one set does not have.
    IcmpErrors,
    /// ARP requests stay unanswered in one set.
    Arp,
    /// A part of the way was captured in one set only.
    Coverage,
    /// A flow has no counterpart in the other set.
    Unpaired,
}

impl DifferenceKind {
    /// All, in the order in which reports list them.
    pub const ALL: [Self; 24] = [
        Self::Delivery,
        Self::Answers,
        Self::Loss,
        Self::Path,
        Self::Encapsulation,
        Self::Translation,
        Self::Resets,
        Self::RoundTrip,
        Self::Delay,
        Self::Retransmissions,
        Self::Fragmentation,
        Self::Ttl,
        Self::Mss,
        Self::Marking,
        Self::Duplicates,
        Self::Vni,
        Self::TunnelPort,
        Self::OuterAddressing,
        Self::OuterChecksum,
        Self::InnerChecksum,
        Self::IcmpErrors,
        Self::Arp,
        Self::Coverage,
        Self::Unpaired,
    ];

    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivery => text!("delivery"),
            Self::Answers => text!("answers"),
            Self::Loss => text!("loss"),
            Self::Path => text!("path"),
            Self::Encapsulation => text!("encapsulation"),
            Self::Translation => text!("translation"),
            Self::Resets => text!("resets"),
            Self::RoundTrip => text!("round-trip"),
            Self::Delay => text!("delay"),
            Self::Retransmissions => text!("retransmissions"),
            Self::Fragmentation => text!("fragmentation"),
            Self::Ttl => text!("ttl"),
            Self::Mss => text!("mss"),
            Self::Marking => text!("marking"),
            Self::Duplicates => text!("duplicates"),
            Self::Vni => text!("vni"),
            Self::TunnelPort => text!("tunnel-port"),
            Self::OuterAddressing => text!("outer-addressing"),
            Self::OuterChecksum => text!("outer-checksum"),
            Self::InnerChecksum => text!("inner-checksum"),
            Self::IcmpErrors => text!("icmp-errors"),
            Self::Arp => text!("arp"),
            Self::Coverage => text!("coverage"),
            Self::Unpaired => text!("unpaired"),
        }
    }

    /// Whether it says that the clusters behave differently for those who use them; the others describe how the clusters are built, how they
    /// were looked at, or what may follow from a difference of these kinds.
    #[must_use]
    pub const fn is_significant(self) -> bool {
        matches!(
            self,
            Self::Delivery
                | Self::Answers
                | Self::Loss
                | Self::Path
                | Self::Encapsulation
                | Self::Translation
                | Self::Resets
                | Self::RoundTrip
        )
    }
}

/// Something that differs, in one or several pairs of flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind of thing.
    pub kind: DifferenceKind,
    /// How it is in the reference.
    pub reference: Message,
    /// How it is in the failing set.
    pub failing: Message,
    /// The failing set's segment on which packets are lost, or on which it differs.
    pub segment: Option<(PointId, PointId)>,
    /// How many packets of the reference and of the failing set it concerns.
    pub packets: (u64, u64),
    /// Indexes of the pairs; empty where it concerns the sets as such.
    pub pairs: Vec<usize>,
    /// Packets of the reference that show it.
    pub reference_evidence: Vec<Evidence>,
    /// Packets of the failing set that show it.
    pub failing_evidence: Vec<Evidence>,
}

impl Difference {
    /// One that is nowhere in particular, without evidence.
    pub(super) const fn plain(kind: DifferenceKind, reference: Message, failing: Message) -> Self {
        Self {
            kind,
            reference,
            failing,
            segment: None,
            packets: (0, 0),
            pairs: Vec::new(),
            reference_evidence: Vec::new(),
            failing_evidence: Vec::new(),
        }
    }
}

/// The most packets shown for a difference, per set.
const MAX_EVIDENCE: usize = 4;

/// What is equal for all pairs that share a difference.
type Shared = (DifferenceKind, Option<(PointId, PointId)>, Message, Message);

/// Joins what several pairs have in common, in the order of [`DifferenceKind::ALL`].
#[derive(Default)]
pub(super) struct Differences(BTreeMap<Shared, Difference>);

impl Differences {
    /// Adds what a pair shows; `None` for the sets as such.
    pub(super) fn add(&mut self, pair: Option<usize>, difference: &Difference) {
        let shared = (
            difference.kind,
            difference.segment,
            difference.reference.clone(),
            difference.failing.clone(),
        );
        let known = self.0.entry(shared).or_insert_with(|| Difference {
            pairs: Vec::new(),
            packets: (0, 0),
            ..difference.clone()
        });
        known.pairs.extend(pair);
        known.packets.0 += difference.packets.0;
        known.packets.1 += difference.packets.1;
        extend_evidence(
            &mut known.reference_evidence,
            &difference.reference_evidence,
        );
        extend_evidence(&mut known.failing_evidence, &difference.failing_evidence);
    }

    pub(super) fn finish(self) -> Vec<Difference> {
        self.0.into_values().collect()
    }
}

fn extend_evidence(known: &mut Vec<Evidence>, more: &[Evidence]) {
    for evidence in more {
        if known.len() < MAX_EVIDENCE && !known.contains(evidence) {
            known.push(*evidence);
        }
    }
}
