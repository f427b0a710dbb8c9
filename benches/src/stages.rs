//! The way of a packet up to its identity, stage by stage: what the hot path costs without the rest.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::identify::{Observer, PrefixLimit};
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
}

impl Stage {
    /// All of them, each with its name.
    pub const ALL: [(&'static str, Self); 3] = [
        ("read", Self::Read),
        ("decode", Self::Decode),
        ("identify", Self::Identify),
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
        while let Some(raw) = reader.next_packet() {
            if last >= Stage::Decode {
                let (data, original_len) = (raw.data, raw.original_len);
                decode_packet(raw.link_type, data, original_len, &options, &mut packet);
            }
            if last >= Stage::Identify {
                black_box(observer.observe(&raw, &packet));
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
