//! The second pass: wanted packets of all captures, merged.

use std::collections::BTreeSet;
use std::io;

use super::chosen::{Chosen, Wanted};
use super::clock::Corrected;
use super::stream::{Held, Stream, Turn};
use crate::decode::DecodeOptions;
use crate::read::{CaptureFile, CaptureSet, ReadError};
use crate::types::{FileId, LinkType, PacketNumber, PointId, Timestamp};

/// Why the second pass failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read again.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file no longer holds what it held.
    #[error(
        "{file}: packet {packet_number} was there and is gone: the file changed while it was being read; wait until it is complete, or copy it first"
    )]
    Changed {
        /// The file.
        file: String,
        /// The packet.
        packet_number: PacketNumber,
    },
    /// The result cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// A wanted packet as a capture holds it, with what it is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The file.
    pub file: FileId,
    /// Its place there.
    pub packet_number: PacketNumber,
    /// Where it was captured.
    pub point: PointId,
    /// How `data` begins.
    pub link_type: LinkType,
    /// When, by the clock of the node that captured it.
    pub time: Timestamp,
    /// When, by the clock of the set's first node.
    pub corrected: Corrected,
    /// Length on the wire in bytes.
    pub original_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
    /// What it is wanted for; never empty.
    pub wanted: &'a [Wanted],
    /// For a fragment of a wanted datagram, the packet that completed that: the one that evidence names.
    pub fragment_of: Option<PacketNumber>,
}

/// Takes wanted packets in corrected time order.
pub trait Sink {
    /// Takes one.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn packet(&mut self, seen: &Seen<'_>) -> io::Result<()>;
}

/// What a second pass met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Packets.
    pub packets: u64,
    /// Sightings of journeys: of a super-packet, one for each piece.
    pub sightings: u64,
}

/// Reads a set again and hands its wanted packets over, in the order of their corrected times; of equal ones, the packet that was less far on its way
/// first, then by file and number.
///
/// The captures are merged as they are read, all at once: of each, at most some hundred packets are held, which puts its own disorder right as
/// far as that reaches. The fragments of a wanted datagram come with it. Within the error of the comparison of clocks (`Corrected::bound`), packets of two nodes may stand in the wrong order.
///
/// # Errors
/// Where a file cannot be read again or has changed, or the sink cannot take a packet.
pub fn replay(
    files: &CaptureSet,
    chosen: &Chosen<'_>,
    decode: &DecodeOptions,
    sink: &mut dyn Sink,
) -> Result<Replayed, ReplayError> {
    let captures = files.files.chunk_by(is_same_capture);
    let mut streams: Vec<Stream<'_>> = captures
        .map(|files| Stream::new(chosen, decode, files))
        .collect();
    let mut turns: BTreeSet<(Turn, usize)> = BTreeSet::new();
    for (index, stream) in streams.iter_mut().enumerate() {
        turns.extend(stream.turn()?.map(|turn| (turn, index)));
    }
    let mut replayed = Replayed::default();
    while let Some((_, index)) = turns.pop_first() {
        let Some(stream) = streams.get_mut(index) else {
            continue;
        };
        if let Some(held) = stream.pop() {
            let wanted = chosen.wanted.get(held.wanted.0..held.wanted.1);
            let wanted = wanted.unwrap_or_default();
            replayed.packets += 1;
            if held.fragment_of.is_none() {
                let places = wanted.iter().filter(|wanted| wanted.place.is_some());
                replayed.sightings += places.count() as u64;
            }
            sink.packet(&seen(&held, wanted))?;
        }
        turns.extend(stream.turn()?.map(|turn| (turn, index)));
    }
    Ok(replayed)
}

/// Files of one node and interface are one rotated capture, and stand together in time order.
fn is_same_capture(one: &CaptureFile, next: &CaptureFile) -> bool {
    (&one.node, &one.interface) == (&next.node, &next.interface)
}

fn seen<'a>(held: &'a Held, wanted: &'a [Wanted]) -> Seen<'a> {
    let (_, _, file, packet_number) = held.turn;
    Seen {
        file,
        packet_number,
        point: held.point,
        link_type: held.link_type,
        time: held.time,
        corrected: held.corrected,
        original_len: held.original_len,
        data: &held.data,
        wanted,
        fragment_of: held.fragment_of,
    }
}
