//! The link addresses and checksums that packets were seen with: what tells of the state of tunnel devices and network cards.
//!
//! A table of kinds, not of packets: its size is that of the network, not of the captures.

use foldhash::HashMap;

use crate::identify::{
    ChecksumState, Checksums, Evidence, KindCounts, MacAddr, Observation, PacketKind, Subject,
    Sums, Tunnel,
};
use crate::types::{PacketNumber, PointId};

/// Source and destination MAC address of a frame.
pub type MacPair = (MacAddr, MacAddr);

/// The most kinds of frames that are told apart; further ones are only counted.
pub const MAX_LINKS: usize = 65_536;

/// The most packets with a bad checksum that are listed; the counts of each link hold all.
pub const MAX_BAD_CHECKSUMS: usize = 65_536;

/// IP packets of one kind at one capture point: the same tunnel and the same link addresses. Broadcasts, multicasts and packets that stay
/// on their link are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where.
    pub point: PointId,
    /// The inner-most tunnel around them.
    pub tunnel: Option<Tunnel>,
    /// Link addresses of the outermost frame; `None` where the capture has none.
    pub outer: Option<MacPair>,
    /// Link addresses of the frame inside the inner-most tunnel; `None` where it carries bare IP, or there is none.
    pub inner: Option<MacPair>,
    /// How many packets.
    pub packets: u64,
    /// The first of them, in file order.
    pub first: Evidence,
    /// The last of them, in file order.
    pub last: Evidence,
    /// Of the UDP header that carries the tunnel.
    pub outer_checksums: ChecksumCounts,
    /// Of the inner-most transport header.
    pub inner_checksums: ChecksumCounts,
}

impl Link {
    /// Takes in packets from a first to a last one.
    fn reach(&mut self, first: Evidence, last: Evidence) {
        let place = |e: Evidence| (e.file, e.packet_number);
        self.first = std::cmp::min_by_key(self.first, first, |e| place(*e));
        self.last = std::cmp::max_by_key(self.last, last, |e| place(*e));
    }
}

/// How many checksums were of each state; only those that could be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChecksumCounts {
    /// Right.
    pub right: u64,
    /// None at all, which is legal for UDP over IPv4.
    pub none: u64,
    /// Left to the network card: normal where the packet was sent, odd where it came in from a wire.
    pub left_to_card: u64,
    /// Wrong in every way that is known.
    pub bad: u64,
}

impl ChecksumCounts {
    fn add(&mut self, state: Option<ChecksumState>, packets: u64) {
        match state {
            Some(ChecksumState::Ok) => self.right += packets,
            Some(ChecksumState::Zero) => self.none += packets,
            Some(ChecksumState::Partial | ChecksumState::LocalOffload) => {
                self.left_to_card += packets;
            }
            Some(ChecksumState::Bad) => self.bad += packets,
            Some(ChecksumState::Truncated) | None => {}
        }
    }
}

/// A packet whose checksum is wrong in every way that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadChecksum {
    /// Which packet.
    pub evidence: Evidence,
    /// Whether it is the inner-most transport header's, rather than the tunnel's.
    pub inner: bool,
}

/// All kinds of frames of a set.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// In the order in which they were first seen, by file and packet.
    pub links: Vec<Link>,
    /// Packets of tunnels with a bad checksum, sorted; at most `MAX_BAD_CHECKSUMS`.
    pub bad_checksums: Vec<BadChecksum>,
    /// Packets whose kind was one too many.
    pub overflow: u64,
}

type Key = (PointId, Option<Tunnel>, Option<MacPair>, Option<MacPair>);

/// Collects [`Links`].
#[derive(Default)]
pub(super) struct LinkTable {
    links: Links,
    index: HashMap<Key, usize>,
    /// Most packets are of the kind of the one before.
    recent: Option<(Key, usize)>,
}

impl LinkTable {
    /// Counts a packet that is no broadcast.
    pub(super) fn note(&mut self, observation: &Observation) {
        let Subject::Packet(sighting) = observation.subject else {
            return;
        };
        let evidence = observation.evidence;
        let key = (
            evidence.point,
            sighting.tunnel,
            observation.frame,
            observation.inner_frame,
        );
        self.note_bad(evidence, observation.checksums);
        let Some(index) = self.index_of(key, evidence) else {
            self.links.overflow += 1;
            return;
        };
        let Some(link) = self.links.links.get_mut(index) else {
            return;
        };
        link.packets += 1;
        link.reach(evidence, evidence);
        if let Some(checksums) = observation.checksums {
            link.outer_checksums.add(checksums.outer, 1);
            link.inner_checksums.add(checksums.inner, 1);
        }
    }

    /// Counts packets of a kind that are no broadcasts, and none of whose checksums is bad.
    pub(super) fn note_kind(&mut self, kind: &PacketKind, counts: KindCounts) {
        let evidence = |number: u32| Evidence {
            point: kind.point,
            file: kind.file,
            packet_number: PacketNumber(u64::from(number)),
        };
        let (first, last) = (evidence(counts.first), evidence(counts.last));
        let key = (kind.point, kind.tunnel, kind.frame, kind.inner_frame);
        let index = self.index_of(key, first);
        let Some(link) = index.and_then(|index| self.links.links.get_mut(index)) else {
            self.links.overflow += counts.packets;
            return;
        };
        link.packets += counts.packets;
        link.reach(first, last);
        for (place, packets) in counts.sums.into_iter().enumerate() {
            let Some(checksums) = Sums::at(place) else {
                continue;
            };
            link.outer_checksums.add(checksums.outer, packets);
            link.inner_checksums.add(checksums.inner, packets);
        }
    }

    fn note_bad(&mut self, evidence: Evidence, checksums: Option<Checksums>) {
        let Some(checksums) = checksums else { return };
        for (inner, state) in [(false, checksums.outer), (true, checksums.inner)] {
            let bad = &mut self.links.bad_checksums;
            if state == Some(ChecksumState::Bad) && bad.len() < MAX_BAD_CHECKSUMS {
                bad.push(BadChecksum { evidence, inner });
            }
        }
    }

    fn index_of(&mut self, key: Key, evidence: Evidence) -> Option<usize> {
        if let Some((recent, index)) = self.recent
            && recent == key
        {
            return Some(index);
        }
        let links = &mut self.links.links;
        let index = match self.index.get(&key) {
            Some(index) => *index,
            None if links.len() < MAX_LINKS => {
                links.push(Link {
                    point: key.0,
                    tunnel: key.1,
                    outer: key.2,
                    inner: key.3,
                    packets: 0,
                    first: evidence,
                    last: evidence,
                    outer_checksums: ChecksumCounts::default(),
                    inner_checksums: ChecksumCounts::default(),
                });
                self.index.insert(key, links.len() - 1);
                links.len() - 1
            }
            None => return None,
        };
        self.recent = Some((key, index));
        Some(index)
    }

    pub(super) fn finish(mut self) -> Links {
        self.links.bad_checksums.sort_unstable();
        let place = |e: Evidence| (e.file, e.packet_number);
        self.links.links.sort_by_key(|link| place(link.first));
        self.links
    }
}
