//! The wanted packets of one capture, in corrected time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::chosen::{Chosen, Wanted};
use super::clock::{Corrected, corrected};
use super::replay::ReplayError;
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
}

impl<'a> Stream<'a> {
    pub(super) fn new(chosen: &'a Chosen<'a>, files: &'a [CaptureFile]) -> Self {
        Self {
            chosen,
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
            let Some(packet) = self.read_on()? else { break };
            self.held_bytes += packet.data.len();
            self.held.push(Reverse(packet));
        }
        Ok(self.held.peek().map(|Reverse(packet)| packet.turn))
    }

    /// The next packet.
    pub(super) fn pop(&mut self) -> Option<Held> {
        let Reverse(packet) = self.held.pop()?;
        self.held_bytes -= packet.data.len();
        Some(packet)
    }

    fn read_on(&mut self) -> Result<Option<Held>, ReplayError> {
        loop {
            if let Some(open) = &mut self.open {
                let wanted = &self.chosen.wanted;
                if let Some(packet) = open.next(wanted, self.chosen, &mut self.last_time)? {
                    return Ok(Some(packet));
                }
                self.open = None;
            }
            let Some(file) = self.files.next() else {
                return Ok(None);
            };
            self.open = Open::of(file, &self.chosen.wanted)?;
        }
    }
}

impl<'a> Open<'a> {
    /// `None` where nothing is wanted of the file: it is not opened.
    fn of(file: &'a CaptureFile, wanted: &[Wanted]) -> Result<Option<Self>, ReplayError> {
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
        }))
    }

    fn next(
        &mut self,
        wanted: &[Wanted],
        chosen: &Chosen<'_>,
        last_time: &mut Timestamp,
    ) -> Result<Option<Held>, ReplayError> {
        let left = wanted.get(self.next..self.end).unwrap_or_default();
        let Some(first) = left.first() else {
            return Ok(None);
        };
        let same = left.partition_point(|one| one.packet_number <= first.packet_number);
        let range = (self.next, self.next + same);
        self.next += same;
        while let Some(raw) = self.reader.next_packet() {
            *last_time = raw.time.unwrap_or(*last_time);
            if raw.packet_number < first.packet_number {
                continue;
            }
            let corrected = corrected(chosen.facts.set, first.point, *last_time);
            let step = first.place.map_or(0, |place| place.step);
            return Ok(Some(Held {
                turn: (corrected.time, step, self.file.id, raw.packet_number),
                point: first.point,
                link_type: raw.link_type,
                time: *last_time,
                corrected,
                original_len: raw.original_len,
                data: raw.data.to_vec(),
                wanted: range,
            }));
        }
        Err(ReplayError::Changed {
            file: self.file.name.clone(),
            packet_number: first.packet_number,
        })
    }
}
