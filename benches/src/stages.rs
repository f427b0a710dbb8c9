//! The way of a packet up to its identity, stage by stage: what the hot path costs without the rest.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::identify::{Glancer, Observer, PrefixLimit};
use netdiff_core::read::PacketReader;
use netdiff_core::types::FileId;

/// How far packets are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Out of their files.
    Read,
    /// And taken apart into layers.
    Decode,
    /// And given an identity.
    Identify,
    /// Given an identity at a glance where that is possible, as large sets are.
    Glance,
}

impl Stage {
    /// All of them, each with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("read", Self::Read),
        ("decode", Self::Decode),
        ("identify", Self::Identify),
        ("glance", Self::Glance),
    ];

    /// The stage of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, stage)| *stage)
    }
}

/// Takes all packets of a set through the stages up to `last`, and returns how many there were; `each` is called after each of them.
///
/// # Errors
/// If a file cannot be read.
pub fn take(files: &[PathBuf], last: Stage, mut each: impl FnMut(u64)) -> io::Result<u64> {
    let options = DecodeOptions::default();
    let mut packet = Packet::new();
    let mut packets = 0;
    for (id, path) in (0u32..).zip(files) {
        let mut reader = open(path)?;
        let mut observer = Observer::new(FileId(id), PrefixLimit(PrefixLimit::MAX));
        let mut glancer = Glancer::new(PrefixLimit(PrefixLimit::MAX), &options);
        while let Some(raw) = reader.next_packet() {
            if last == Stage::Glance
                && observer.goes_on(raw.interface)
                && let Some(glanced) = glancer.glance(&raw)
            {
                observer.count(glanced.glance.time(), glanced.tunneled);
                black_box(&glanced);
                packets += 1;
                each(packets);
                continue;
            }
            if last >= Stage::Decode {
                let (data, original_len) = (raw.data, raw.original_len);
                decode_packet(raw.link_type, data, original_len, &options, &mut packet);
            }
            if last >= Stage::Identify {
                let observation = observer.observe(&raw, &packet);
                glancer.learn(&observation);
                black_box(observation);
            }
            black_box((&raw, &packet));
            packets += 1;
            each(packets);
        }
    }
    Ok(packets)
}

fn open(path: &Path) -> io::Result<PacketReader> {
    let file = File::open(path)?;
    let name = path.display().to_string();
    PacketReader::new(&name, Box::new(file)).map_err(io::Error::other)
}
