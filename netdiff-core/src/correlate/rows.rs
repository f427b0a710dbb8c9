//! All sightings of a set until it is known which of them are looked at one by one: 64 bytes each.

use std::collections::TryReserveError;

use foldhash::HashMap;

use super::conversation::{Folded, Seen};
use crate::identify::{Glance, Observation, PacketKind, Sighting};
use crate::types::PacketNumber;

/// What a row cannot hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// What it stands for.
    pub(super) folded: Folded,
    /// The packet, where a [`Glance`] does not hold all of it, and its number.
    pub(super) odd: Option<Box<(PacketNumber, Sighting)>>,
}

/// Rows of one list of kinds.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The list.
    pub(super) list: usize,
    pub(super) rows: Vec<Glance>,
}

/// Sightings as rows. A row's `mark` is the number of its [`Extra`], counted from 1; 0 where it needs none.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Lists of kinds: the first is for what came one by one and what was kept.
    pub(super) kinds: Vec<Vec<PacketKind>>,
    pub(super) chunks: Vec<Chunk>,
    pub(super) extras: Vec<Extra>,
    /// The numbers of the kinds of the first list.
    numbers: HashMap<PacketKind, u32>,
    len: usize,
}

impl Rows {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes room for so many further packets that come one by one.
    pub(super) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        match self.chunks.first_mut() {
            Some(chunk) if chunk.list == 0 => chunk.rows.try_reserve(more),
            _ if more == 0 => Ok(()),
            _ => {
                let mut rows = Vec::new();
                rows.try_reserve(more)?;
                self.chunks.insert(0, Chunk { list: 0, rows });
                Ok(())
            }
        }
    }

    /// Takes a packet that was identified.
    pub(super) fn push(&mut self, observation: &Observation, sighting: &Sighting) {
        let kind = PacketKind::of(observation, sighting);
        let number = self.number(kind);
        let row = Glance::of(observation, sighting, (number, &kind)).unwrap_or_else(|| {
            let mark = self.add_extra(Extra {
                odd: Some(Box::new((observation.evidence.packet_number, *sighting))),
                ..Extra::default()
            });
            Glance {
                mark,
                ..Glance::nearly(observation, sighting, number)
            }
        });
        self.push_row(row);
    }

    /// Takes what came at a glance, and the kinds of its list.
    pub(super) fn append(&mut self, list: usize, kinds: &[PacketKind], rows: Vec<Glance>) {
        if let Some(known) = self.kinds.get_mut(list) {
            known.extend_from_slice(kinds.get(known.len()..).unwrap_or_default());
        }
        if !rows.is_empty() {
            self.len += rows.len();
            self.chunks.push(Chunk { list, rows });
        }
    }

    /// Forgets the kinds of a list that no row has.
    pub(super) fn forget(&mut self, list: usize) {
        if let Some(known) = self.kinds.get_mut(list) {
            known.clear();
        }
    }

    /// A new list of kinds.
    pub(super) fn add_list(&mut self) -> usize {
        self.first_list();
        self.kinds.push(Vec::new());
        self.kinds.len() - 1
    }

    /// The number of a kind in the first list.
    pub(super) fn number(&mut self, kind: PacketKind) -> u32 {
        self.first_list();
        let Some(list) = self.kinds.first_mut() else {
            return 0;
        };
        *self.numbers.entry(kind).or_insert_with(|| {
            list.push(kind);
            u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Keeps a row, whose kind is of the first list.
    pub(super) fn push_row(&mut self, row: Glance) {
        self.len += 1;
        match self.chunks.first_mut() {
            Some(chunk) if chunk.list == 0 => chunk.rows.push(row),
            _ => self.chunks.insert(
                0,
                Chunk {
                    list: 0,
                    rows: vec![row],
                },
            ),
        }
    }

    /// Keeps what does not fit into a row; returns its mark.
    pub(super) fn add_extra(&mut self, extra: Extra) -> u32 {
        self.extras.push(extra);
        u32::try_from(self.extras.len()).unwrap_or(0)
    }

    /// Keeps a row whose kind is of the first list, and of `extras` what it cannot hold.
    pub(super) fn keep(&mut self, mut row: Glance, extras: &mut [Extra]) {
        let at = (row.mark as usize).checked_sub(1);
        if let Some(extra) = at.and_then(|at| extras.get_mut(at)) {
            row.mark = self.add_extra(std::mem::take(extra));
        }
        self.push_row(row);
    }

    /// Takes over what was kept: all there is, but for the lists of those who came at a glance.
    pub(super) fn put_back(&mut self, mut kept: Self) {
        if let (Some(first), Some(own)) = (self.kinds.first_mut(), kept.kinds.first_mut()) {
            std::mem::swap(first, own);
        }
        std::mem::swap(&mut self.kinds, &mut kept.kinds);
        *self = kept;
    }

    /// All that there is: what is left are the lists of those who came at a glance.
    pub(super) fn take(&mut self) -> (Vec<Chunk>, Vec<Extra>, Vec<PacketKind>) {
        self.len = 0;
        self.numbers.clear();
        let first = self.kinds.first_mut().map(std::mem::take);
        (
            std::mem::take(&mut self.chunks),
            std::mem::take(&mut self.extras),
            first.unwrap_or_default(),
        )
    }

    fn first_list(&mut self) {
        if self.kinds.is_empty() {
            self.kinds.push(Vec::new());
        }
    }

    /// All of them, in the order of files and packets.
    pub(super) fn into_seen(self) -> Vec<Seen> {
        let kinds_of = |chunk: &Chunk| self.kinds.get(chunk.list).map_or(&[][..], Vec::as_slice);
        debug_assert_eq!(
            self.len,
            self.chunks.iter().map(|c| c.rows.len()).sum::<usize>(),
            "all rows are counted once"
        );
        // Rows are sorted by their places: what they become is large.
        let mut order = Vec::with_capacity(self.len);
        for (list, chunk) in (0u32..).zip(&self.chunks) {
            let kinds = kinds_of(chunk);
            for (nth, row) in (0u32..).zip(&chunk.rows) {
                let Some(kind) = kinds.get(row.kind as usize) else {
                    continue;
                };
                let odd = extra_of(&self.extras, row).and_then(|extra| extra.odd.as_deref());
                let number = odd.map_or(u64::from(row.packet_number), |odd| odd.0.0);
                order.push((kind.file, number, list, nth));
            }
        }
        order.sort_unstable();
        let seen = order.into_iter().filter_map(|(_, _, list, nth)| {
            let chunk = self.chunks.get(list as usize)?;
            let row = chunk.rows.get(nth as usize)?;
            let kind = kinds_of(chunk).get(row.kind as usize)?;
            Some(seen_of(row, kind, extra_of(&self.extras, row)))
        });
        let mut all = Vec::with_capacity(self.len);
        all.extend(seen);
        all
    }
}

/// What a row cannot hold of it.
pub(super) fn extra_of<'a>(extras: &'a [Extra], row: &Glance) -> Option<&'a Extra> {
    extras.get((row.mark as usize).checked_sub(1)?)
}

fn seen_of(row: &Glance, kind: &PacketKind, extra: Option<&Extra>) -> Seen {
    let odd = extra.and_then(|extra| extra.odd.as_deref());
    let mut evidence = row.evidence(kind);
    if let Some((number, _)) = odd {
        evidence.packet_number = *number;
    }
    Seen {
        evidence,
        time: row.time(),
        source_mac: kind.frame.map(|(source, _)| source),
        destination_mac: kind.frame.map(|(_, destination)| destination),
        sent: kind.sent,
        conversation: 0,
        stage: 0,
        folded: extra.map_or_else(Folded::default, |extra| extra.folded),
        sighting: odd.map_or_else(|| row.sighting(kind), |(_, sighting)| *sighting),
    }
}
