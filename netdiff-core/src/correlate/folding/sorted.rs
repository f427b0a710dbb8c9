//! Sorts rows by conversation, whatever translates their addresses.
//!
//! Here, keys belong together if a packet that is told from all others was seen under both: that may be more than what
//! [`translation`](super::super::translation) links, and never less. What is joined wrongly looks incomplete, and stays.

use std::ops::Range;

use foldhash::{HashMap, HashMapExt as _};

use super::super::rows::{Chunk, Extra, extra_of};
use super::keys::Keys;
use super::prints::join_translated;
use crate::identify::{Glance, MacAddr, PacketClass, PacketKind, Tunnel};
use crate::types::{FlowKey, PointId};

/// Places of a conversation, both directions; one with more is not folded.
pub(super) const MAX_PLACES: usize = 64;

/// Where a conversation's packets were seen: point, key, and whether in a tunnel.
pub(super) type Spot = (PointId, u32, bool);

/// What folding asks of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) group: u32,
    /// Among the group's spots.
    pub(super) place: u8,
    /// Whether it is of the direction back, as seen from the group's first key.
    pub(super) back: bool,
    pub(super) class: PacketClass,
    pub(super) telling: bool,
    /// Whether an ICMP error quotes a packet with its key.
    pub(super) quoted: bool,
    pub(super) header_len: u16,
    /// Among all looks of the set.
    pub(super) look: u32,
}

/// The rows of a conversation.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) rows: Range<usize>,
    /// In order; at most one more than [`MAX_PLACES`].
    pub(super) spots: Vec<Spot>,
}

/// Rows, conversation by conversation; their kinds are counted through all lists.
#[derive(Debug)]
pub(super) struct Sorted<'a> {
    /// Those that no row has are `None`.
    pub(super) kinds: Vec<Option<&'a PacketKind>>,
    pub(super) facts: Vec<Fact>,
    pub(super) rows: Vec<Glance>,
    pub(super) groups: Vec<Group>,
}

/// What a kind looks like but for its place: which of them differ, people may have to see.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Look {
    ttl: u8,
    traffic_class: u8,
    dont_fragment: bool,
    vlan: Option<u16>,
    sent: Option<bool>,
    repeatable: bool,
    frame: Option<(MacAddr, MacAddr)>,
    tunnel: Option<Tunnel>,
}

impl Look {
    const fn of(kind: &PacketKind) -> Self {
        Self {
            ttl: kind.ttl,
            traffic_class: kind.marks.traffic_class,
            dont_fragment: kind.marks.dont_fragment,
            vlan: kind.marks.vlan,
            sent: kind.sent,
            repeatable: kind.repeatable,
            frame: kind.frame,
            tunnel: kind.tunnel,
        }
    }
}

/// Where each list's kinds begin when all are counted through.
fn offsets(lists: &[&[PacketKind]]) -> Vec<usize> {
    let mut next = 0;
    let begin = |list: &&[PacketKind]| {
        let begin = next;
        next += list.len();
        begin
    };
    lists.iter().map(begin).collect()
}

impl<'a> Sorted<'a> {
    /// Sorts rows by conversation. `is_quoted` says for which keys an ICMP error quotes a packet.
    pub(super) fn new(
        mut chunks: Vec<Chunk>,
        lists: &[&'a [PacketKind]],
        extras: &[Extra],
        is_quoted: impl Fn(&FlowKey) -> bool,
    ) -> Self {
        let offsets = offsets(lists);
        let kinds: Vec<&PacketKind> = lists.iter().copied().flatten().collect();
        let mut counts = vec![0_u32; kinds.len()];
        for chunk in &mut chunks {
            let offset = offsets.get(chunk.list).copied().unwrap_or(0);
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            for row in &mut chunk.rows {
                row.kind = row.kind.saturating_add(offset);
                if let Some(count) = counts.get_mut(row.kind as usize) {
                    *count += 1;
                }
            }
        }
        let kinds: Vec<Option<&PacketKind>> = kinds
            .into_iter()
            .zip(&counts)
            .map(|(kind, count)| (*count > 0).then_some(kind))
            .collect();
        let mut keys = Keys::default();
        let of: Vec<u32> = kinds
            .iter()
            .map(|kind| kind.map_or(u32::MAX, |kind| keys.number(kind.key)))
            .collect();
        let telling = |row: &Glance| {
            let kind = kinds.get(row.kind as usize).copied().flatten()?;
            let odd = extra_of(extras, row).and_then(|extra| extra.odd.as_ref());
            let full = odd.map_or(Some(row.full), |odd| odd.1.fingerprint.full);
            full.filter(|_| kind.telling)
                .zip(of.get(row.kind as usize).copied())
        };
        join_translated(&chunks, telling, &mut keys);
        let (facts, groups) = arrange(&kinds, &of, &mut keys, is_quoted);
        let mut sorted = Self {
            kinds,
            facts,
            rows: Vec::new(),
            groups,
        };
        sorted.place(chunks, &counts);
        sorted
    }

    /// Brings the rows to their conversations, each point's in its order.
    fn place(&mut self, chunks: Vec<Chunk>, counts: &[u32]) {
        let mut lengths = vec![0_usize; self.groups.len()];
        for (fact, count) in self.facts.iter().zip(counts) {
            if let Some(length) = lengths.get_mut(fact.group as usize) {
                *length += *count as usize;
            }
        }
        let mut begin = 0;
        let mut next = Vec::with_capacity(lengths.len());
        for (group, length) in self.groups.iter_mut().zip(lengths) {
            group.rows = begin..begin + length;
            next.push(begin);
            begin += length;
        }
        self.rows = vec![Glance::default(); begin];
        for chunk in chunks {
            for row in chunk.rows {
                let fact = self.facts.get(row.kind as usize);
                let next = fact.and_then(|fact| next.get_mut(fact.group as usize));
                let Some(next) = next else { continue };
                if let Some(slot) = self.rows.get_mut(*next) {
                    *slot = row;
                }
                *next += 1;
            }
        }
    }

    /// What folding asks of the kind of a row.
    pub(super) fn fact(&self, row: &Glance) -> Option<&Fact> {
        self.facts.get(row.kind as usize)
    }

    /// The rows of a group.
    pub(super) fn rows_of(&self, group: &Group) -> &[Glance] {
        self.rows.get(group.rows.clone()).unwrap_or_default()
    }
}

/// The conversations of all kinds, and what is asked of each kind.
fn arrange(
    kinds: &[Option<&PacketKind>],
    of: &[u32],
    keys: &mut Keys,
    is_quoted: impl Fn(&FlowKey) -> bool,
) -> (Vec<Fact>, Vec<Group>) {
    let mut ways = keys.joined();
    keys.join_reversed();
    let mut numbers: HashMap<u32, u32> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut looks: HashMap<Look, u32> = HashMap::new();
    let mut facts = Vec::with_capacity(kinds.len());
    for (kind, key) in kinds.iter().zip(of) {
        let Some(kind) = kind else {
            facts.push(Fact::NONE);
            continue;
        };
        let root = keys.root(*key);
        let group = *numbers.entry(root).or_insert_with(|| {
            groups.push(Group::default());
            u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(group) = groups.get_mut(group as usize) {
            let spot = (kind.point, *key, kind.tunnel.is_some());
            // With one more than may be it is not folded: which further ones there are does not matter.
            if group.spots.len() <= MAX_PLACES && !group.spots.contains(&spot) {
                group.spots.push(spot);
            }
        }
        let further = u32::try_from(looks.len()).unwrap_or(u32::MAX);
        facts.push(Fact {
            group,
            place: 0,
            back: ways.root(*key) != ways.root(root),
            class: kind.class,
            telling: kind.telling,
            quoted: is_quoted(&kind.key),
            header_len: kind.header_len,
            look: *looks.entry(Look::of(kind)).or_insert(further),
        });
    }
    groups
        .iter_mut()
        .for_each(|group| group.spots.sort_unstable());
    for ((kind, key), fact) in kinds.iter().zip(of).zip(&mut facts) {
        let spots = groups.get(fact.group as usize).map(|group| &group.spots);
        if let Some((kind, spots)) = kind.zip(spots) {
            let spot = (kind.point, *key, kind.tunnel.is_some());
            let place = spots.binary_search(&spot).unwrap_or(usize::MAX);
            fact.place = u8::try_from(place).unwrap_or(u8::MAX);
        }
    }
    (facts, groups)
}

impl Fact {
    /// Of a kind that no row has.
    const NONE: Self = Self {
        group: u32::MAX,
        place: 0,
        back: false,
        class: PacketClass::Datagram,
        telling: false,
        quoted: false,
        header_len: 0,
        look: 0,
    };
}
