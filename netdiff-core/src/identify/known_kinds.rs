//! The kinds of packets that a file has shown, found by what their headers repeat.

use super::PacketKind;
use super::headers::Ip;
use super::sums::Sums;

/// The most words that headers repeat.
const WORDS: usize = 14;

/// What the headers of a kind's packets repeat: equal words are of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    #[inline]
    fn hash(&self) -> u64 {
        const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
        const SECOND: u64 = 0xd1b5_4a32_d192_ed03;
        let used = self.words.get(..=self.more).unwrap_or(&self.words);
        let mut state = FIRST ^ u64::from(self.interface);
        let (pairs, rest) = used.as_chunks::<2>();
        for [a, b] in pairs {
            state = state.rotate_left(23) ^ mix(a ^ state, b ^ SECOND);
        }
        for a in rest {
            state = state.rotate_left(23) ^ mix(a ^ state, SECOND);
        }
        state
    }

    #[inline]
    fn equal(&self, other: &Self) -> bool {
        self.more == other.more
            && self.interface == other.interface
            && self.words.get(..=self.more) == other.words.get(..=self.more)
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
    words: Vec<Words>,
    counts: Vec<KindCounts>,
    /// The number of a kind, from 1, where its words' hash says, or behind that; a power of two, at most half full.
    slots: Vec<(u32, u32)>,
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
        let mask = self.slots.len().checked_sub(1)?;
        let hash = words.hash();
        let (place, tag) = place_and_tag(hash);
        let mut place = place & mask;
        loop {
            let &(own, number) = self.slots.get(place)?;
            let number = number.checked_sub(1)?;
            if own == tag && self.words.get(number as usize)?.equal(words) {
                return Some(number);
            }
            place = (place + 1) & mask;
        }
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
        if self.find(&words).is_some() {
            return;
        }
        self.kinds.push(kind);
        self.words.push(words);
        self.counts.push(KindCounts::default());
        if self.slots.len() < self.kinds.len() * 2 {
            self.slots = vec![(0, 0); (self.kinds.len() * 4).next_power_of_two()];
            for number in 0..self.kinds.len() {
                self.enter(number);
            }
        } else {
            self.enter(self.kinds.len() - 1);
        }
    }

    fn enter(&mut self, number: usize) {
        let Some(words) = self.words.get(number) else {
            return;
        };
        let (mut place, tag) = place_and_tag(words.hash());
        let mask = self.slots.len().saturating_sub(1);
        place &= mask;
        while let Some(slot) = self.slots.get_mut(place) {
            if slot.1 == 0 {
                *slot = (tag, u32::try_from(number + 1).unwrap_or(u32::MAX));
                return;
            }
            place = (place + 1) & mask;
        }
    }
}

/// Both halves of the product.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "two parts of a hash")]
const fn place_and_tag(hash: u64) -> (usize, u32) {
    (hash as usize, (hash >> 32) as u32)
}
