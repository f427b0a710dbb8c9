//! Lets a few packets of a large set stand for the many that tell the same.
//!
//! A set of gigabytes holds millions of packets of which one is like the other: they came through the same points, each point saw them
//! once, whole, in the order in which they were sent. To judge each of them takes time and memory and tells nothing that the first ones did not. So
//! of each kind of them a few are kept, and the others are counted with them ([`Folded`](super::conversation::Folded)). A set with fewer sightings than
//! [`Folding::from`] is left as it is.
//!
//! # What is folded
//! Packets that are told from all others (a whole fingerprint with a number or a payload), of conversations all of whose packets came through
//! all the places that the conversation's others came through, but for the edges of the captures. Of TCP's data the unit is a stretch
//! of bytes that no segment at any place crosses, and that each place shows once: a super-packet with the segments that
//! it was cut into. Of echo requests it is the request with its reply.
//!
//! # What is kept
//! - everything of a conversation that lost a packet between others that came through: patterns of loss need them all;
//! - what begins, ends or resets a connection; ICMP errors and what they quote; fragments; copies, repetitions and retransmissions; what
//!   overtook or was overtaken;
//! - the packets by which the clocks are compared;
//! - of each kind (the same places with the same TTL, marks, tunnel and link addresses) the first, the last, and
//!   others evenly between them; the shortest and the longest, and those that took longest or shortest between two places;
//! - the last second of each conversation, since what proves that packets arrived may come after the captures' end.
//!
//! # What is exact and what is not
//! Counts are exact, but for packets that could not be told apart, and for the share of packets proven by an answer where more than 32 of a direction
//! were sent in the last second. The times of what is gone are those of the one before it of its kind: quantiles of delays are weighted by that, their
//! extremes may be off by an eighth, and packets over time by the distance of two that were kept.

mod activity;
mod bytes;
mod chosen;
mod clocks;
mod conversations;
mod gather;
mod gone;
mod keys;
mod parted;
mod prints;
mod sorted;
mod units;

use std::collections::{BTreeSet, HashSet};

pub(super) use activity::{Activity, Spans};
pub(super) use bytes::FoldedBytes;

use rayon::prelude::*;

use conversations::{Conversation, View};
use gone::{Counted, Gone};
use sorted::Sorted;

use super::rows::{Extra, Rows};
use super::timeline::{IcmpError, NodeId};
use crate::identify::{Glance, PacketKind};
use crate::types::{FlowKey, Nanos, Timestamp};

/// When to fold, and how much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folding {
    /// Sets with fewer sightings than this are not folded.
    pub from: usize,
    /// How many packets of a conversation and direction are kept evenly; of each kind at least two.
    pub each: usize,
    /// How many packets are kept to compare the clocks of two nodes, for each of the two.
    pub crossings: usize,
    /// How long before the end of a conversation, in nanoseconds, packets are kept, up to 32 of a direction: what proves that they arrived
    /// may come after the captures' end.
    pub late_ns: i64,
}

impl Default for Folding {
    fn default() -> Self {
        Self {
            from: 200_000,
            each: 8,
            // What the comparison keeps itself.
            crossings: 256,
            late_ns: 1_000_000_000,
        }
    }
}

impl Folding {
    /// Every packet is kept.
    pub const NEVER: Self = Self {
        from: usize::MAX,
        each: usize::MAX,
        crossings: usize::MAX,
        late_ns: i64::MAX,
    };
}

/// What folding needs to know beside the sightings.
pub(super) struct Surroundings<'a> {
    pub(super) errors: &'a [IcmpError],
    pub(super) node_of: &'a [NodeId],
    /// Up to when all that any point saw is there: what is younger stays.
    pub(super) read_until: Timestamp,
    /// While more is to come: how far the clocks of two nodes may differ. Packets between nodes whose clocks differ by more, or that
    /// nothing compares, may still come on the other one: they stay.
    pub(super) tolerance: Option<Nanos>,
}

impl Folding {
    /// Folds what can be folded; what folding left may be folded again, together with what came since. Rows stay in the order of each
    /// point.
    ///
    /// Returns how far clocks and delays between nodes differ at most, if that is little enough to fold anything, and all were compared.
    pub(super) fn fold(
        self,
        rows: &mut Rows,
        bytes: &mut FoldedBytes,
        around: &Surroundings<'_>,
    ) -> Option<Nanos> {
        let quoted = quoted(around.errors);
        let keys: HashSet<FlowKey> = quoted.iter().map(|(key, _)| *key).collect();
        let (chunks, mut extras, first) = rows.take();
        let lists: Vec<&[PacketKind]> = [first.as_slice()]
            .into_iter()
            .chain(rows.kinds.iter().skip(1).map(Vec::as_slice))
            .collect();
        let mut sorted = Sorted::new(chunks, &lists, &extras, |key| keys.contains(key));
        let Chosen { apart, gone } = self
            .choose(&sorted, &extras, (&quoted, around, bytes))
            .unwrap_or_default();
        for (group, gone) in gone {
            let own = sorted.groups.get(group).map(|group| group.rows.clone());
            let own = own.and_then(|own| sorted.rows.get_mut(own));
            let own = own.unwrap_or_default();
            for row in gone.rows {
                if let Some(row) = own.get_mut(row as usize) {
                    // Of no kind: not kept.
                    row.kind = u32::MAX;
                }
            }
            for counted in gone.counted {
                if let Some(row) = own.get_mut(counted.row as usize) {
                    count(&mut extras, row, counted);
                }
            }
            for (key, range) in gone.bytes {
                bytes.note(key, range);
            }
        }
        bytes.settle();
        let mut kept = Rows::default();
        let mut numbers: Vec<Option<u32>> = vec![None; sorted.kinds.len()];
        for row in &sorted.rows {
            let kind = sorted.kinds.get(row.kind as usize).copied().flatten();
            let known = numbers.get_mut(row.kind as usize);
            if let Some((kind, known)) = kind.zip(known) {
                let kind = *known.get_or_insert_with(|| kept.number(*kind));
                kept.keep(Glance { kind, ..*row }, &mut extras);
            }
        }
        rows.put_back(kept);
        apart
    }

    /// What is folded; `None` where clocks forbid it.
    fn choose(
        self,
        sorted: &Sorted<'_>,
        extras: &[Extra],
        (quoted, around, bytes): (&HashSet<(FlowKey, u64)>, &Surroundings<'_>, &FoldedBytes),
    ) -> Option<Chosen> {
        let view = |group: usize| Some(View::new(sorted, extras, sorted.groups.get(group)?));
        let numbers = (0..sorted.groups.len()).into_par_iter();
        let mut conversations: Vec<Conversation> = numbers
            .filter_map(|group| Conversation::of(group, view(group)?, quoted, around, bytes))
            .collect();
        let clocks = clocks::telling_of_clocks(&conversations, self.crossings);
        let trusted = trusted_nodes(&clocks, around)?;
        let choose = |conversation: &mut Conversation| {
            let view = view(conversation.group)?;
            if !Conversation::is_between(view, &trusted, around.node_of) {
                return None;
            }
            conversation.choose(view, &clocks, self);
            Some((conversation.group, conversation.fold(view)))
        };
        let differences = clocks.iter();
        let differences = differences.map(|(.., difference)| difference.0.saturating_abs());
        let all: BTreeSet<NodeId> = around.node_of.iter().copied().collect();
        let apart = (trusted == all).then_some(Nanos(differences.max().unwrap_or(0)));
        let gone = conversations.par_iter_mut().filter_map(choose).collect();
        Some(Chosen { apart, gone })
    }
}

/// What folding found.
#[derive(Default)]
struct Chosen {
    /// How far clocks differ, if all nodes were compared.
    apart: Option<Nanos>,
    /// What is folded of each conversation, by the number of its rows' group.
    gone: Vec<(usize, Gone)>,
}

/// Counts with a row what it stands for from now on.
fn count(extras: &mut Vec<Extra>, row: &mut Glance, counted: Counted) {
    let known = (row.mark as usize).checked_sub(1);
    let at = known.unwrap_or_else(|| {
        extras.push(Extra::default());
        row.mark = u32::try_from(extras.len()).unwrap_or(0);
        extras.len() - 1
    });
    if let Some(extra) = extras.get_mut(at) {
        let folded = &mut extra.folded;
        folded.packets = folded.packets.saturating_add(counted.packets);
        folded.trips = folded.trips.saturating_add(counted.trips);
    }
}

/// The nodes whose clocks are known to be near enough those of others; `None` where some are not.
fn trusted_nodes(clocks: &clocks::Telling, around: &Surroundings<'_>) -> Option<BTreeSet<NodeId>> {
    let all: BTreeSet<NodeId> = around.node_of.iter().copied().collect();
    let Some(tolerance) = around.tolerance.filter(|_| all.len() > 1) else {
        return Some(all);
    };
    let mut trusted = BTreeSet::new();
    for (from, to, _, difference) in clocks {
        if difference.0.saturating_abs() > tolerance.0 {
            return None;
        }
        trusted.extend([*from, *to]);
    }
    Some(trusted)
}

/// The packets that ICMP errors quote.
fn quoted(errors: &[IcmpError]) -> HashSet<(FlowKey, u64)> {
    let quotes = errors.iter().filter_map(|error| error.quote);
    quotes
        .filter_map(|quote| Some((quote.key, quote.short?)))
        .collect()
}
