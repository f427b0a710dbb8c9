//! The kinds of packets that a file has shown, found by what their headers repeat.

use std::hash::{Hash, Hasher};

use foldhash::HashMap;

use super::PacketKind;
use super::headers::Ip;
use super::sums::Sums;

/// The most words that headers repeat.
const WORDS: usize = 14;

/// What the headers of a kind's packets repeat: equal words are of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    /// Ports, TTL, traffic class, class and flags first.
    words: [u64; WORDS],
    more: usize,
    /// The file's interface.
    interface: u32,
}

/// What carries the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Tcp = 1,
    Udp = 2,
    Request = 3,
    Reply = 4,
}

/// Flags among the words.
pub(super) const TUNNELED: u8 = 1;
pub(super) const OUTER_V6: u8 = 2;
pub(super) const IS_V6: u8 = 4;
pub(super) const DONT_FRAGMENT: u8 = 8;
pub(super) const TELLING: u8 = 16;
pub(super) const REPEATABLE: u8 = 32;

impl Words {
    /// Nothing yet: what stands behind the last word that was pushed is of another packet, and means nothing.
    #[inline]
    pub(super) const fn begin(&mut self, interface: u32) {
        self.words[0] = 0;
        self.more = 0;
        self.interface = interface;
    }

    #[inline]
    pub(super) fn set(&mut self, flag: u8) {
        self.words[0] |= u64::from(flag) << 56;
    }

    #[inline]
    pub(super) const fn is(&self, flag: u8) -> bool {
        (self.words[0] >> 56) & flag as u64 != 0
    }

    #[inline]
    pub(super) fn push(&mut self, word: u64) {
        self.more += 1;
        if let Some(to) = self.words.get_mut(self.more) {
            *to = word;
        }
    }

    /// Source and destination of a header.
    #[inline]
    pub(super) fn push_addresses(&mut self, ip: &Ip<'_>) {
        for word in ip.address_bytes().chunks_exact(8) {
            if let Some(word) = word.first_chunk() {
                self.push(u64::from_le_bytes(*word));
            }
        }
    }

    /// What carries the payload, between which ports (or of which query), and what the header says that carries that.
    #[inline]
    pub(super) fn class(&mut self, class: Class, ports: u32, ip: &Ip<'_>) {
        self.words[0] |= u64::from(ports)
            | u64::from(ip.ttl) << 32
            | u64::from(ip.traffic_class) << 40
            | (class as u64) << 48;
    }

    /// Those that are of this packet.
    #[inline]
    fn used(&self) -> &[u64] {
        self.words.get(..=self.more).unwrap_or(&self.words)
    }
}

impl PartialEq for Words {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.interface == other.interface && self.used() == other.used()
    }
}

impl Eq for Words {}

impl Hash for Words {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.interface);
        self.used().iter().for_each(|word| state.write_u64(*word));
    }
}

/// How many packets of a kind there were since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// Packets.
    pub packets: u64,
    /// The first of them.
    pub first: u32,
    /// The last of them.
    pub last: u32,
    /// Packets of tunnels by what [`Checksums`](super::Checksums) says of them; the others are not counted here.
    pub sums: [u64; Sums::ALL],
}

/// The kinds of packets that a file has shown.
#[derive(Clone, Debug, Default)]
pub struct KnownKinds {
    kinds: Vec<PacketKind>,
    counts: Vec<KindCounts>,
    /// Captures choose the words: a hash that they know would let them make all alike.
    numbers: HashMap<Words, u32>,
}

impl KnownKinds {
    /// All of them, in the order in which they were learned.
    #[must_use]
    pub fn all(&self) -> &[PacketKind] {
        &self.kinds
    }

    /// What was counted of them since this was last asked.
    pub fn take_counts(&mut self) -> impl Iterator<Item = (&PacketKind, KindCounts)> {
        let counts = self.counts.iter_mut().map(std::mem::take);
        self.kinds.iter().zip(counts)
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline]
    pub(super) fn find(&self, words: &Words) -> Option<u32> {
        self.numbers.get(words).copied()
    }

    #[inline]
    pub(super) fn count(&mut self, kind: u32, packet_number: u32, sums: Sums) {
        let Some(counts) = self.counts.get_mut(kind as usize) else {
            return;
        };
        if counts.packets == 0 {
            counts.first = packet_number;
        }
        counts.packets += 1;
        counts.last = packet_number;
        if let Some(count) = sums.place().and_then(|place| counts.sums.get_mut(place)) {
            *count += 1;
        }
    }

    pub(super) fn add(&mut self, words: Words, kind: PacketKind) {
        let Ok(number) = u32::try_from(self.kinds.len()) else {
            return;
        };
        self.numbers.entry(words).or_insert_with(|| {
            self.kinds.push(kind);
            self.counts.push(KindCounts::default());
            number
        });
    }
}
