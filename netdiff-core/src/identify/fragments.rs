//! Joins the fragments of a datagram at one capture point.
//!
//! Fragment boundaries differ between capture points (conntrack reassembles and fragments again), so a datagram
//! is one observation, made when its last missing byte arrives. The same goes for a tunnel's outer packet that was cut:
//! what it carries was only seen once all of it was. No payload is kept: the first fragment
//! gives the identity, the last one the length.
//!
//! A datagram may begin in one file of a point and end in another. What is left over at the end of each file is joined once all
//! files of the set were read; what is incomplete even then is counted, and so are datagrams whose fragments overlap with other
//! bounds (an attack, or a broken sender: RFC 5722). The same fragment again is a copy.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::ops::Bound;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use super::fingerprint::Parts;
use super::{Bare, Detail, Marks, Observation, Sighting, Subject, Tunnel};
use crate::decode::{Fragment, Ip};
use crate::types::{FlowKey, Nanos, PointId, Protocol, Timestamp};

/// What says that fragments belong together (RFC 791, RFC 8200), at one point and inside one tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct DatagramId {
    point: PointId,
    tunnel: Option<Tunnel>,
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
    identification: u32,
    /// A packet that a loop brings back is another one, with the same numbers.
    ttl: u8,
}

/// What the first bytes of a datagram tell: all of its sighting but its length and number of fragments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) key: FlowKey,
    pub(super) parts: Parts,
    pub(super) detail: Detail,
    pub(super) ttl: u8,
    pub(super) identification: u16,
    pub(super) marks: Marks,
    pub(super) tunnel: Option<Tunnel>,
    pub(super) header_len: u16,
}

/// The inner-most IP packet of a frame, which may itself be a fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) ip: Ip,
    pub(super) tunnel: Option<Tunnel>,
    /// `None` for a later fragment, or where the capture cut the transport header.
    pub(super) opening: Option<Opening>,
    /// Whether a header around it is the one that is fragmented.
    pub(super) carried: bool,
}

/// A datagram whose fragments were all seen; `first` is what its first one held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined {
    pub(super) first: Content,
    pub(super) payload_len: u32,
    pub(super) fragments: u16,
}

#[derive(Debug)]
struct Pending {
    first: Option<Content>,
    /// Byte ranges seen, by start.
    ranges: BTreeMap<u32, u32>,
    /// Up to where there is no gap, and the start of the last range that says so.
    covered: u32,
    scanned: Option<u32>,
    end: Option<u32>,
    fragments: u16,
    overlaps: bool,
    /// The last fragment of it, and the latest time.
    last: Bare,
    time: Timestamp,
}

/// A datagram that a file holds some fragments of.
#[derive(Debug)]
pub struct Leftover {
    id: DatagramId,
    pending: Pending,
}

/// What is wrong with the fragments of one capture point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FragmentTrouble {
    /// Datagrams of which some fragments were never seen.
    pub incomplete: u64,
    /// Datagrams whose fragments overlap.
    pub overlapping: u64,
}

/// What the fragments of a set come to, once all files were read.
#[derive(Debug, Default)]
pub struct JoinedLeftovers {
    /// Datagrams that several files complete, each in place of its last fragment.
    pub datagrams: Vec<Observation>,
    /// Points with trouble.
    pub trouble: BTreeMap<PointId, FragmentTrouble>,
}

impl Leftover {
    /// Gives the point its number in the set.
    pub const fn place(&mut self, point: PointId) {
        self.id.point = point;
        self.pending.last.evidence.point = point;
    }

    /// The point that saw it.
    #[must_use]
    pub const fn point(&self) -> PointId {
        self.id.point
    }
}

/// Joins what the files of a set left over, in file order.
#[must_use]
pub fn join_leftovers(leftovers: Vec<Leftover>) -> JoinedLeftovers {
    let mut all: BTreeMap<DatagramId, Vec<Pending>> = BTreeMap::new();
    for Leftover { id, pending } in leftovers {
        let known = all.entry(id).or_default();
        match known.iter_mut().find(|other| other.is_near(&pending)) {
            Some(other) => other.merge(pending),
            None => known.push(pending),
        }
    }
    let mut result = JoinedLeftovers::default();
    let mut incomplete: BTreeMap<DatagramId, Vec<Pending>> = BTreeMap::new();
    for (id, pending) in all {
        for pending in pending {
            if !result.take(id.point, &pending) {
                let any_ttl = DatagramId { ttl: 0, ..id };
                incomplete.entry(any_ttl).or_default().push(pending);
            }
        }
    }
    for (id, parts) in incomplete {
        let number = parts.len() as u64;
        let overlapping = parts.iter().filter(|part| part.overlaps).count() as u64;
        let joined = across_ways(parts).is_some_and(|whole| result.take(id.point, &whole));
        if !joined {
            let trouble = result.trouble.entry(id.point).or_default();
            trouble.incomplete += number;
            trouble.overlapping += overlapping;
        }
    }
    result.datagrams.sort_by_key(|joined| joined.evidence);
    result
}

impl JoinedLeftovers {
    /// Takes a datagram, if it is complete.
    fn take(&mut self, point: PointId, pending: &Pending) -> bool {
        let joined = pending.complete().and_then(|joined| joined.sighting());
        if let Some(sighting) = joined {
            self.datagrams.push(Observation {
                subject: Subject::Packet(sighting),
                ..pending.last.observation()
            });
            let trouble = self.trouble.entry(point).or_default();
            trouble.overlapping += u64::from(pending.overlaps);
        }
        joined.is_some()
    }
}

/// Fragments that took ways of different length, and so differ in TTL: one datagram, if they complete each other and nothing is there twice. The
/// rounds of a loop hold the same bytes again.
fn across_ways(parts: Vec<Pending>) -> Option<Pending> {
    let mut parts = parts.into_iter();
    let mut whole = parts.next()?;
    for part in parts {
        let again =
            |(start, end): (&u32, &u32)| whole.ranges.range(..end).any(|(_, stop)| stop > start);
        if !whole.is_near(&part) || part.ranges.iter().any(again) {
            return None;
        }
        whole.merge(part);
    }
    Some(whole)
}

/// The datagrams that wait for fragments.
#[derive(Default)]
pub(super) struct FragmentJoiner {
    pending: HashMap<DatagramId, Pending>,
    trouble: BTreeMap<PointId, FragmentTrouble>,
    /// Oldest first; an id that is no longer pending is skipped.
    order: VecDeque<DatagramId>,
}

impl FragmentJoiner {
    /// How many datagrams may wait at once; the oldest is given up for a new one.
    const MAX_PENDING: usize = 4_096;

    /// Takes one fragment; returns the datagram when this one completes it.
    pub(super) fn join(
        &mut self,
        seen: Bare,
        tunnel: Option<Tunnel>,
        ip: &Ip,
        fragment: Fragment,
        first: Option<Content>,
    ) -> Option<Joined> {
        let id = DatagramId {
            point: seen.evidence.point,
            tunnel,
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            identification: ip.identification.unwrap_or(0),
            ttl: ip.ttl,
        };
        let old = |pending: &Pending| (seen.time() - pending.time).0.abs() > LONGEST_WAIT.0;
        if self.pending.get(&id).is_some_and(old) {
            self.pending.remove(&id);
            self.trouble.entry(id.point).or_default().incomplete += 1;
        }
        if !self.pending.contains_key(&id) {
            self.make_room();
            self.order.push_back(id);
        }
        let pending = self.pending.entry(id).or_insert_with(|| Pending::new(seen));
        pending.add(seen, fragment, ip.payload_len, first);
        let joined = pending.complete()?;
        let overlaps = u64::from(pending.overlaps);
        self.pending.remove(&id);
        if overlaps > 0 {
            self.trouble.entry(id.point).or_default().overlapping += overlaps;
        }
        Some(joined)
    }

    /// What is incomplete at the end of a file, and the trouble that was seen before.
    pub(super) fn finish(self) -> (Vec<Leftover>, BTreeMap<PointId, FragmentTrouble>) {
        let left = self.pending.into_iter();
        let left = left.map(|(id, pending)| Leftover { id, pending });
        let mut left: Vec<Leftover> = left.collect();
        left.sort_unstable_by_key(|leftover| leftover.id);
        (left, self.trouble)
    }

    fn make_room(&mut self) {
        while self.pending.len() >= Self::MAX_PENDING {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            if self.pending.remove(&oldest).is_some() {
                self.trouble.entry(oldest.point).or_default().incomplete += 1;
            }
        }
        if self.order.len() > 4 * Self::MAX_PENDING {
            self.order.retain(|id| self.pending.contains_key(id));
        }
    }
}

/// How long a fragment is waited for. Identifications are used again; a sender sends all fragments of a datagram at once.
const LONGEST_WAIT: Nanos = Nanos::from_secs(2);

/// How many disjoint ranges one datagram may have; more is taken for nonsense and never completes.
const MAX_RANGES: usize = 256;

impl Joined {
    /// The datagram, if its beginning tells enough; `None` if it holds a fragment itself.
    fn sighting(&self) -> Option<Sighting> {
        let payload_len = match (self.first.carried, self.first.ip.fragment) {
            (true, Some(_)) => return None,
            (true, None) => self.first.ip.payload_len,
            (false, _) => self.payload_len,
        };
        let opening = self.first.opening?;
        Some(opening.sighting(payload_len, self.fragments))
    }
}

impl Opening {
    /// The packet, once its length and its number of pieces are known.
    pub(super) fn sighting(&self, payload_len: u32, fragments: u16) -> Sighting {
        Sighting {
            key: self.key,
            fingerprint: self.parts.finish(payload_len),
            ttl: self.ttl,
            identification: self.identification,
            marks: self.marks,
            ip_len: payload_len.saturating_add(u32::from(self.header_len)),
            detail: self.detail,
            tunnel: self.tunnel,
            fragments,
        }
    }
}

impl Pending {
    const fn new(last: Bare) -> Self {
        Self {
            first: None,
            ranges: BTreeMap::new(),
            covered: 0,
            scanned: None,
            end: None,
            fragments: 0,
            overlaps: false,
            last,
            time: last.time(),
        }
    }

    /// Whether another's fragments may have been sent with these.
    const fn is_near(&self, other: &Self) -> bool {
        (self.time.0.saturating_sub(other.time.0)).unsigned_abs() <= LONGEST_WAIT.0.unsigned_abs()
    }

    /// Takes what another file of the same point saw.
    fn merge(&mut self, other: Self) {
        self.first = self.first.or(other.first);
        self.end = self.end.max(other.end);
        self.fragments = self.fragments.saturating_add(other.fragments);
        self.overlaps |= other.overlaps;
        if other.last.evidence > self.last.evidence {
            self.last = other.last;
        }
        self.time = self.time.max(other.time);
        for (start, end) in other.ranges {
            self.add_range(start, end);
        }
    }

    fn add_range(&mut self, start: u32, end: u32) {
        let same = self.ranges.get(&start) == Some(&end);
        let before = self.ranges.range(..end).next_back();
        self.overlaps |= !same && before.is_some_and(|(_, stop)| *stop > start);
        if self.ranges.len() < MAX_RANGES {
            let widest = self.ranges.entry(start).or_insert(end);
            *widest = (*widest).max(end);
            self.cover(start, end);
        }
    }

    /// Moves on what is covered, now that there is this range too: each is looked at once.
    fn cover(&mut self, start: u32, end: u32) {
        if start <= self.covered {
            self.covered = self.covered.max(end);
        }
        while let Some((start, end)) = self.next_covered() {
            self.scanned = Some(start);
            self.covered = self.covered.max(end);
        }
    }

    fn next_covered(&self) -> Option<(u32, u32)> {
        let from = match self.scanned {
            // Where all was looked at, this is no range.
            Some(scanned) if scanned >= self.covered => return None,
            Some(scanned) => Bound::Excluded(scanned),
            None => Bound::Unbounded,
        };
        let mut next = self.ranges.range((from, Bound::Included(self.covered)));
        next.next().map(|(start, end)| (*start, *end))
    }

    fn add(&mut self, seen: Bare, fragment: Fragment, len: u32, first: Option<Content>) {
        let end = fragment.offset.saturating_add(len);
        // What stands for the datagram adds to it; a copy does not.
        if self.ranges.get(&fragment.offset) != Some(&end) {
            (self.last, self.time) = (seen, seen.time());
        }
        self.fragments = self.fragments.saturating_add(1);
        if fragment.offset == 0 && self.first.is_none() {
            self.first = first;
        }
        if !fragment.more {
            self.end = Some(end);
        }
        self.add_range(fragment.offset, end);
    }

    fn complete(&self) -> Option<Joined> {
        let (first, end) = (self.first?, self.end?);
        (self.covered >= end).then_some(Joined {
            first,
            payload_len: end,
            fragments: self.fragments,
        })
    }
}
