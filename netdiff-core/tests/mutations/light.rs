//! Reading, decoding and identifying at speed: what has the bytes of a packet that was decoded before is not decoded again.

use std::io::Cursor;

use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::identify::{Observer, PrefixLimit};
use netdiff_core::read::PacketReader;
use netdiff_core::types::{FileId, LinkType};

/// A file, and its packets.
pub struct Light {
    known: Vec<Known>,
    options: DecodeOptions,
    packet: Packet,
}

#[derive(PartialEq, Eq)]
struct Known {
    link_type: LinkType,
    original_len: u32,
    data: Vec<u8>,
}

impl Light {
    /// Of the file as it was recorded; of none where that is no capture.
    pub fn of(bytes: &[u8]) -> Self {
        let mut known = Vec::new();
        let bytes = Box::new(Cursor::new(bytes.to_vec()));
        if let Ok(mut reader) = PacketReader::new("recorded", bytes) {
            while let Some(raw) = reader.next_packet() {
                known.push(Known {
                    link_type: raw.link_type,
                    original_len: raw.original_len,
                    data: raw.data.to_vec(),
                });
            }
        }
        Self {
            known,
            options: DecodeOptions::default(),
            packet: Packet::new(),
        }
    }

    /// Leads bytes through; whether they are a capture.
    pub fn lead(&mut self, bytes: &[u8], what: &dyn Fn() -> String) -> bool {
        let bytes = Box::new(Cursor::new(bytes.to_vec()));
        let Ok(mut reader) = PacketReader::new("mutated", bytes) else {
            return false;
        };
        let mut observer = Observer::new(FileId(0), PrefixLimit(PrefixLimit::MAX));
        let (mut next, mut count) = (0_usize, 0_u64);
        while let Some(raw) = reader.next_packet() {
            count += 1;
            let same = |known: &Known| {
                known.data == raw.data
                    && (known.link_type, known.original_len) == (raw.link_type, raw.original_len)
            };
            // Where a record is gone or doubled, those behind it are one off.
            let near = [next, next + 1, next.wrapping_sub(1)];
            let found = near
                .into_iter()
                .find(|at| self.known.get(*at).is_some_and(same));
            if let Some(found) = found {
                next = found + 1;
                continue;
            }
            next += 1;
            decode_packet(
                raw.link_type,
                raw.data,
                raw.original_len,
                &self.options,
                &mut self.packet,
            );
            let seen = observer.observe(&raw, &self.packet);
            assert_eq!(seen.evidence.packet_number.0, count, "{}", what());
            for placed in self.packet.layers() {
                assert!(placed.offset as usize <= raw.data.len(), "{}", what());
            }
        }
        let report = reader.finish();
        assert!(report.damages.len() <= 100, "{}", what());
        assert_eq!(report.packets, count, "{}", what());
        let (points, leftovers) = observer.finish();
        assert!(
            points.len() <= 4096 && leftovers.len() <= 4096,
            "{}",
            what()
        );
        true
    }
}
