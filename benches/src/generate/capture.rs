//! One capture file: its packets in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A pcap file (draft-ietf-opsawg-pcap) with nanoseconds, whose packets may come a little out of order.
pub(super) struct Capture {
    out: BufWriter<File>,
    waiting: BinaryHeap<Reverse<(i64, u64, Vec<u8>)>>,
    pub(super) packets: u64,
    bytes: u64,
}

impl Capture {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let header: [u32; 6] = [0xA1B2_3C4D, 0x0004_0002, 0, 0, 262_144, 1];
        for word in header {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self {
            out,
            waiting: BinaryHeap::new(),
            packets: 0,
            bytes: 24,
        })
    }

    pub(super) fn add(&mut self, time: i64, frame: Vec<u8>) {
        self.waiting.push(Reverse((time, self.packets, frame)));
        self.packets += 1;
    }

    /// Writes what is older than a time: nothing that old comes any more.
    pub(super) fn write_before(&mut self, time: i64) -> io::Result<()> {
        while let Some(Reverse((first, ..))) = self.waiting.peek()
            && *first < time
            && let Some(Reverse((at, _, frame))) = self.waiting.pop()
        {
            let len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            let seconds = u32::try_from(at / 1_000_000_000).unwrap_or(u32::MAX);
            let rest = u32::try_from(at % 1_000_000_000).unwrap_or(0);
            for word in [seconds, rest, len, len] {
                self.out.write_all(&word.to_le_bytes())?;
            }
            self.out.write_all(&frame)?;
            self.bytes += u64::from(len) + 16;
        }
        Ok(())
    }

    /// Writes the rest, and says how many bytes the file has.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.write_before(i64::MAX)?;
        self.out.flush()?;
        Ok(self.bytes)
    }
}
