//! Joins the fragments of a datagram at one capture point.
//!
//! Fragment boundaries differ between capture points (conntrack reassembles and fragments again), so a datagram
//! is one observation, made when its last missing byte arrives. The same goes for a tunnel's outer packet that was cut:
//! what it carries was only seen once all of it was. No payload is kept: the first fragment
//! gives the identity, the last one the length.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::fingerprint::Parts;
use super::{Detail, Marks, Tunnel};
use crate::decode::{Fragment, Ip};
use crate::types::{FlowKey, PointId, Protocol};

/// What says that fragments belong together (RFC 791, RFC 8200), at one point and inside one tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DatagramId {
    point: PointId,
    tunnel: Option<Tunnel>,
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
    identification: u32,
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

#[derive(Default)]
struct Pending {
    first: Option<Content>,
    /// Byte ranges seen, disjoint, by start.
    ranges: BTreeMap<u32, u32>,
    end: Option<u32>,
    fragments: u16,
}

/// The datagrams that wait for fragments.
#[derive(Default)]
pub(super) struct FragmentJoiner {
    pending: BTreeMap<DatagramId, Pending>,
    /// Oldest first; an id that is no longer pending is skipped.
    order: VecDeque<DatagramId>,
}

impl FragmentJoiner {
    /// How many datagrams may wait at once; the oldest is given up for a new one.
    const MAX_PENDING: usize = 4_096;

    /// Takes one fragment; returns the datagram when this one completes it.
    pub(super) fn join(
        &mut self,
        point: PointId,
        tunnel: Option<Tunnel>,
        ip: &Ip,
        fragment: Fragment,
        first: Option<Content>,
    ) -> Option<Joined> {
        let id = DatagramId {
            point,
            tunnel,
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            identification: ip.identification.unwrap_or(0),
        };
        if !self.pending.contains_key(&id) {
            self.make_room();
            self.order.push_back(id);
        }
        let pending = self.pending.entry(id).or_default();
        pending.add(fragment, ip.payload_len, first);
        let joined = pending.complete()?;
        self.pending.remove(&id);
        Some(joined)
    }

    fn make_room(&mut self) {
        while self.pending.len() >= Self::MAX_PENDING {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.pending.remove(&oldest);
        }
        if self.order.len() > 4 * Self::MAX_PENDING {
            self.order.retain(|id| self.pending.contains_key(id));
        }
    }
}

/// How many disjoint ranges one datagram may have; more is taken for nonsense and never completes.
const MAX_RANGES: usize = 256;

impl Pending {
    fn add(&mut self, fragment: Fragment, len: u32, first: Option<Content>) {
        let end = fragment.offset.saturating_add(len);
        self.fragments = self.fragments.saturating_add(1);
        if fragment.offset == 0 && self.first.is_none() {
            self.first = first;
        }
        if !fragment.more {
            self.end = Some(end);
        }
        if self.ranges.len() < MAX_RANGES {
            let widest = self.ranges.entry(fragment.offset).or_insert(end);
            *widest = (*widest).max(end);
        }
    }

    fn complete(&self) -> Option<Joined> {
        let (first, end) = (self.first?, self.end?);
        let mut covered = 0;
        for (&start, &stop) in &self.ranges {
            if start > covered {
                return None;
            }
            covered = covered.max(stop);
        }
        (covered >= end).then_some(Joined {
            first,
            payload_len: end,
            fragments: self.fragments,
        })
    }
}
