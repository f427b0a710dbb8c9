//! The conversations that may be folded.

use std::collections::{BTreeSet, HashSet};

use super::super::rows::{Extra, extra_of};
use super::super::timeline::NodeId;
use super::sorted::{Fact, Group, MAX_PLACES, Sorted};
use super::units::{self, At, Unit, Way};
use super::{FoldedBytes, Surroundings};
use crate::identify::{Glance, PacketKind, Sighting};
use crate::types::FlowKey;

/// A place that fewer than one in so many of the units of its direction come through is none of its way.
const RARE: u32 = 16;

/// Both directions of a conversation, under all keys.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Its number among the groups.
    pub(super) group: usize,
    /// In order of time, direction by direction.
    pub(super) units: Vec<Unit>,
    /// The sightings of the units, each with its place, in order of place and then of bytes.
    pub(super) members: Vec<(u8, u32)>,
    /// What places saw of units.
    pub(super) first: Vec<At>,
    /// What its units tell of clocks.
    pub(super) crossings: Vec<super::clocks::Crossed>,
}

/// The rows of one conversation.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    sorted: &'a Sorted<'a>,
    extras: &'a [Extra],
    pub(super) group: &'a Group,
    pub(super) rows: &'a [Glance],
}

impl<'a> View<'a> {
    pub(super) fn new(sorted: &'a Sorted<'a>, extras: &'a [Extra], group: &'a Group) -> Self {
        Self {
            sorted,
            extras,
            group,
            rows: sorted.rows_of(group),
        }
    }

    #[inline]
    pub(super) fn fact(&self, row: &Glance) -> Option<&'a Fact> {
        self.sorted.fact(row)
    }

    pub(super) fn kind(&self, row: &Glance) -> Option<&'a PacketKind> {
        self.sorted.kinds.get(row.kind as usize).copied().flatten()
    }

    pub(super) fn extra(&self, row: &Glance) -> Option<&'a Extra> {
        extra_of(self.extras, row)
    }

    /// The packet, where its row does not hold all of it.
    pub(super) fn odd(&self, row: &Glance) -> Option<&'a Sighting> {
        let odd = self.extra(row)?.odd.as_deref();
        odd.map(|(_, sighting)| sighting)
    }

    /// Whether an ICMP error quotes it.
    pub(super) fn is_quoted(&self, row: &Glance, quoted: &HashSet<(FlowKey, u64)>) -> bool {
        let Some(kind) = self.kind(row) else {
            return false;
        };
        let odd = self.odd(row).map(|odd| odd.fingerprint.short);
        let short = odd.unwrap_or_else(|| row.short(kind));
        quoted.contains(&(kind.key, short))
    }
}

impl Conversation {
    /// The units of a group of rows, if it may be folded.
    pub(super) fn of(
        number: usize,
        view: View<'_>,
        quoted: &HashSet<(FlowKey, u64)>,
        around: &Surroundings<'_>,
        bytes: &FoldedBytes,
    ) -> Option<Self> {
        let mut found = Self {
            group: number,
            ..Self::default()
        };
        units::make(&mut found, view, quoted)?;
        // More may come of units that are younger.
        let all_there = |unit: &Unit| unit.latest < around.read_until;
        found.units.retain(all_there);
        found.tear_what_was_sent_before(view, bytes);
        found.crossings = super::clocks::crossings(&found, view, around.node_of);
        Some(found)
    }

    /// The sightings of a unit.
    pub(super) fn members(&self, unit: &Unit) -> &[(u8, u32)] {
        self.members.get(unit.members.clone()).unwrap_or_default()
    }

    /// What each of its places saw of a unit, in order of places.
    pub(super) fn first_times(&self, unit: &Unit) -> &[At] {
        self.first.get(unit.first.clone()).unwrap_or_default()
    }

    /// Whether all its packets were seen on these nodes.
    pub(super) fn is_between(view: View<'_>, nodes: &BTreeSet<NodeId>, node_of: &[NodeId]) -> bool {
        let mut points = view.group.spots.iter().map(|(point, ..)| point.index());
        points.all(|point| node_of.get(point).is_some_and(|node| nodes.contains(node)))
    }

    /// Bytes of which a transmission is gone were sent again.
    fn tear_what_was_sent_before(&mut self, view: View<'_>, bytes: &FoldedBytes) {
        if bytes.is_empty() {
            return;
        }
        let members = &self.members;
        for unit in &mut self.units {
            let Some(range) = unit.bytes else { continue };
            let own = members.get(unit.members.clone()).unwrap_or_default();
            let mut last = None;
            for (_, index) in own {
                let kind = view
                    .rows
                    .get(*index as usize)
                    .and_then(|row| view.kind(row));
                let Some(kind) = kind else { continue };
                if last.replace(kind.key) != Some(kind.key) {
                    unit.torn |= bytes.hold_some(&kind.key, range);
                }
            }
            unit.plain &= !unit.torn;
        }
    }

    /// The places that the packets of a direction usually come through, as a bit each.
    pub(super) fn usual(&self, way: Way) -> u64 {
        let mut counts = [0u32; MAX_PLACES];
        for unit in self.units.iter().filter(|unit| unit.way == way) {
            let mut left = unit.places;
            while left != 0 {
                if let Some(count) = counts.get_mut(left.trailing_zeros() as usize) {
                    *count += 1;
                }
                left &= left - 1;
            }
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let places = counts.iter().enumerate();
        places
            .filter(|(_, count)| **count > 0 && **count >= most / RARE)
            .fold(0, |mask, (place, _)| mask | 1 << place)
    }
}
