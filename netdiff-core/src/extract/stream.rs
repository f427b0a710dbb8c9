//! The wanted packets of one capture, in corrected time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::chosen::{Chosen, Wanted};
use super::clock::{Corrected, corrected};
use super::fragments::{Fragments, Kept};
use super::replay::ReplayError;
use crate::correlate::Timelines;
use crate::decode::DecodeOptions;
use crate::read::{CaptureFile, PacketReader};
use crate::types::{FileId, LinkType, PacketNumber, PointId, Timestamp};

/// Packets that are held back to put a capture's own disorder right. Interfaces with several queues are out of order by a few packets.
const HELD_PACKETS: usize = 256;

/// Bytes of packets from which on fewer are held.
const HELD_BYTES: usize = 1 << 20;

/// A packet's turn: corrected time, how far on its way it was (0 where that is unknown), file and number.
pub(super) type Turn = (Timestamp, u16, FileId, PacketNumber);

/// A wanted packet with its bytes.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) turn: Turn,
    pub(super) point: PointId,
    pub(super) link_type: LinkType,
    pub(super) time: Timestamp,
    pub(super) corrected: Corrected,
    pub(super) original_len: u32,
    pub(super) data: Vec<u8>,
    /// What it is wanted for: a range of all that is wanted.
    pub(super) wanted: (usize, usize),
    /// For a fragment of a wanted datagram, the packet that is named as its evidence.
    pub(super) fragment_of: Option<PacketNumber>,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn.cmp(&other.turn)
    }
}

/// One capture: the files of a rotated one behind each other, in time order.
pub(super) struct Stream<'a> {
    chosen: &'a Chosen<'a>,
    decode: &'a DecodeOptions,
    /// Files that are still to be opened.
    files: std::slice::Iter<'a, CaptureFile>,
    open: Option<Open<'a>>,
    held: BinaryHeap<Reverse<Held>>,
    held_bytes: usize,
    /// Stands in for the time of packets without one.
    last_time: Timestamp,
}

struct Open<'a> {
    file: &'a CaptureFile,
    reader: PacketReader,
    /// What is still wanted of it: a range of all that is wanted.
    next: usize,
    end: usize,
    fragments: Fragments<'a>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        chosen: &'a Chosen<'a>,
        decode: &'a DecodeOptions,
        files: &'a [CaptureFile],
    ) -> Self {
        Self {
            chosen,
            decode,
            files: files.iter(),
            open: None,
            held: BinaryHeap::new(),
            held_bytes: 0,
            last_time: Timestamp(0),
        }
    }

    /// When the next packet has its turn; `None` at the end.
    pub(super) fn turn(&mut self) -> Result<Option<Turn>, ReplayError> {
        while self.held.len() < HELD_PACKETS
            && (self.held_bytes < HELD_BYTES || self.held.is_empty())
        {
            let packets = self.read_on()?;
            if packets.is_empty() {
                break;
            }
            for packet in packets {
                self.held_bytes += packet.data.len();
                self.held.push(Reverse(packet));
            }
        }
        Ok(self.held.peek().map(|Reverse(packet)| packet.turn))
    }

    /// The next packet.
    pub(super) fn pop(&mut self) -> Option<Held> {
        let Reverse(packet) = self.held.pop()?;
        self.held_bytes -= packet.data.len();
        Some(packet)
    }

    /// The next wanted packet of the files, with the fragments that belong to it; nothing at the end.
    fn read_on(&mut self) -> Result<Vec<Held>, ReplayError> {
        loop {
            if let Some(open) = &mut self.open {
                let packets = open.next(self.chosen, &mut self.last_time)?;
                if !packets.is_empty() {
                    return Ok(packets);
                }
                self.open = None;
            }
            let Some(file) = self.files.next() else {
                return Ok(Vec::new());
            };
            self.open = Open::of(file, &self.chosen.wanted, self.decode)?;
        }
    }
}

impl<'a> Open<'a> {
    /// `None` where nothing is wanted of the file: it is not opened.
    fn of(
        file: &'a CaptureFile,
        wanted: &[Wanted],
        decode: &'a DecodeOptions,
    ) -> Result<Option<Self>, ReplayError> {
        let next = wanted.partition_point(|one| one.file < file.id);
        let end = wanted.partition_point(|one| one.file <= file.id);
        if next == end {
            return Ok(None);
        }
        Ok(Some(Self {
            file,
            reader: file.open()?,
            next,
            end,
            fragments: Fragments::new(decode),
        }))
    }

    fn next(
        &mut self,
        chosen: &Chosen<'_>,
        last_time: &mut Timestamp,
    ) -> Result<Vec<Held>, ReplayError> {
        let left = chosen.wanted.get(self.next..self.end).unwrap_or_default();
        let Some(first) = left.first() else {
            return Ok(Vec::new());
        };
        let same = left.partition_point(|one| one.packet_number <= first.packet_number);
        let range = (self.next, self.next + same);
        self.next += same;
        while let Some(raw) = self.reader.next_packet() {
            *last_time = raw.time.unwrap_or(*last_time);
            if raw.packet_number < first.packet_number {
                self.fragments.keep(&raw, *last_time);
                continue;
            }
            let mut packets: Vec<Held> = self
                .fragments
                .take(&raw)
                .into_iter()
                .map(|kept| held(chosen.facts.set, first, range, kept))
                .collect();
            let own = Kept::of(&raw, *last_time);
            packets.push(Held {
                fragment_of: None,
                ..held(chosen.facts.set, first, range, own)
            });
            return Ok(packets);
        }
        Err(ReplayError::Changed {
            file: self.file.name.clone(),
            packet_number: first.packet_number,
        })
    }
}

/// A fragment of a wanted packet.
fn held(set: &Timelines, wanted: &Wanted, range: (usize, usize), kept: Kept) -> Held {
    let corrected = corrected(set, wanted.point, kept.time);
    let step = wanted.place.map_or(0, |place| place.step);
    Held {
        turn: (corrected.time, step, wanted.file, kept.packet_number),
        point: wanted.point,
        link_type: kept.link_type,
        time: kept.time,
        corrected,
        original_len: kept.original_len,
        data: kept.data,
        wanted: range,
        fragment_of: Some(wanted.packet_number),
    }
}
