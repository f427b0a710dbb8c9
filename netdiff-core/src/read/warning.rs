//! What was wrong inside a capture that could still be read.

use std::collections::HashMap;
use std::fmt;
use std::mem::{Discriminant, discriminant};

use super::pcapng::{MAX_INTERFACES, MAX_NAMES};
use crate::types::{Language, Message, PacketNumber, visible};

/// Warnings kept for one file; further ones are counted only.
pub const MAX_WARNINGS_PER_FILE: usize = 100;

/// Warnings of one kind that are kept for one file, each with its place; of limits, one. Further ones are counted at the last.
const MAX_WARNINGS_PER_KIND: usize = 5;

/// Damage found in one capture file. What could be read around it was kept.
///
/// Displays as one sentence that names the file and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadWarning {
    /// The file's name relative to its set, with `/` separators.
    pub file: String,
    /// The last packet that was read before the damage; `None` where there was none.
    pub packet_number: Option<PacketNumber>,
    /// Where the damage begins, in bytes from the start of the (unpacked) file.
    pub offset: u64,
    /// What was found.
    pub kind: Damage,
    /// How often the same kind of damage was found again, behind the last one that is kept.
    pub again: u64,
}

/// A kind of damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The file has no bytes at all, not even a header.
    Empty,
    /// The file ends inside its header; nothing can be read from it.
    HeaderCut,
    /// The file ends inside a record or block.
    RecordCut {
        /// Bytes of the record that are there.
        present: u64,
        /// Bytes that it says to have.
        needed: u64,
    },
    /// A record claims a length that cannot be true.
    LengthLies {
        /// The claimed length in bytes.
        claimed: u64,
    },
    /// Bytes were skipped, to the next place where records follow each other again.
    Skipped {
        /// How many bytes.
        bytes: u64,
    },
    /// No record could be found in the rest of the file.
    RestUnreadable {
        /// How many bytes.
        bytes: u64,
    },
    /// Zeros where records should be, as a preallocated file or a crash leaves them.
    ZeroFilled {
        /// How many bytes.
        bytes: u64,
    },
    /// The header of another capture where a record should be; reading went on behind it.
    Appended,
    /// A pcapng block whose contents contradict its own length; it was skipped.
    BlockDamaged {
        /// The block type of the pcapng specification.
        block_type: u32,
    },
    /// A pcapng block whose leading and trailing lengths differ; the leading one led to the next block.
    LengthsDiffer {
        /// The leading length in bytes, which was believed.
        leading: u32,
        /// The trailing length in bytes.
        trailing: u32,
    },
    /// A packet names an interface that the pcapng section did not describe; it was skipped.
    InterfaceUnknown {
        /// The interface number inside the section.
        interface: u32,
    },
    /// More interfaces than the reader keeps; packets of further ones are skipped.
    TooManyInterfaces,
    /// More names of addresses than the reader keeps.
    TooManyNames,
    /// Two entries of an archive have one name; the later one was read.
    NamedTwice,
    /// A pcapng section of a version that is not 1.x; it was read as if it were.
    VersionUnknown {
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// A time before the year 1678 or after 2261; it was replaced by the nearest that fits.
    TimeOutOfRange,
    /// A snapshot length that no capture has; it was ignored.
    SnaplenAbsurd {
        /// The claimed snapshot length in bytes.
        snaplen: u32,
    },
    /// Reading or unpacking failed here; what came before was kept.
    ReadFailed {
        /// What the operating system or the decompressor said.
        reason: String,
    },
}

impl ReadWarning {
    /// One sentence that names the file and the place.
    #[must_use]
    pub fn message(&self) -> Message {
        let (file, offset) = (visible(&self.file), self.offset);
        let kind = self.kind.message();
        let again = match self.again {
            0 => Message::empty(),
            1 => message!(", and once again"),
            times => message!(", and {times} times again", times),
        };
        match (&self.kind, self.packet_number) {
            (Damage::Empty | Damage::HeaderCut | Damage::NamedTwice, _) => {
                message!("{file}: {kind}{again}", file, kind, again)
            }
            (_, Some(number)) => message!(
                "{file}: {kind} (at byte {offset}, after packet {number}{again})",
                file,
                kind,
                offset,
                number,
                again
            ),
            (_, None) => message!(
                "{file}: {kind} (at byte {offset}, before any packet{again})",
                file,
                kind,
                offset,
                again
            ),
        }
    }
}

impl fmt::Display for ReadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().render(Language::English))
    }
}

impl Damage {
    /// How many of this kind are kept for one file.
    const fn kept(&self) -> usize {
        match self {
            Self::TooManyInterfaces
            | Self::TooManyNames
            | Self::InterfaceUnknown { .. }
            | Self::VersionUnknown { .. } => 1,
            _ => MAX_WARNINGS_PER_KIND,
        }
    }

    /// What was found.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Empty => message!(
                "the file is empty, without even a header; the capture was stopped before it wrote anything"
            ),
            Self::HeaderCut => message!("the file ends inside its header, it holds no packet"),
            Self::RecordCut { present, needed } => message!(
                "the file ends inside a record: {present} of its {needed} bytes are there",
                present,
                needed
            ),
            Self::LengthLies { claimed } => {
                message!(
                    "a record claims {claimed} bytes, which cannot be true",
                    claimed
                )
            }
            Self::Skipped { bytes } => {
                message!(
                    "skipped {bytes} bytes, up to the next readable record",
                    bytes
                )
            }
            Self::RestUnreadable { bytes } => {
                message!("the last {bytes} bytes hold no readable record", bytes)
            }
            Self::ZeroFilled { bytes } => message!(
                "{bytes} zero bytes where records should be; the capture was probably not closed",
                bytes
            ),
            Self::Appended => {
                message!("another capture was appended here, and was read as well")
            }
            other => other.odd(),
        }
    }

    /// The rarer kinds.
    fn odd(&self) -> Message {
        match self {
            Self::BlockDamaged { block_type } => message!(
                "skipped a block of type {block_type} that contradicts its own length",
                block_type = format!("0x{block_type:08x}")
            ),
            Self::LengthsDiffer { leading, trailing } => message!(
                "a block begins with length {leading} and ends with length {trailing}; used the first",
                leading,
                trailing
            ),
            Self::InterfaceUnknown { interface } => message!(
                "skipped a packet of interface {interface}, which the file does not describe",
                interface
            ),
            Self::TooManyInterfaces => message!(
                "describes more than {limit} interfaces; packets of further ones are skipped",
                limit = MAX_INTERFACES
            ),
            Self::TooManyNames => message!(
                "gives more than {limit} names to addresses; further ones are left out",
                limit = MAX_NAMES
            ),
            Self::NamedTwice => {
                message!("is there twice under one name; the later one was read")
            }
            Self::VersionUnknown { major, minor } => message!(
                "a section of pcapng version {major}.{minor}, read as version 1.0",
                major,
                minor
            ),
            Self::TimeOutOfRange => {
                message!("a time outside the years 1678 to 2261, replaced by the nearest that fits")
            }
            Self::SnaplenAbsurd { snaplen } => {
                message!(
                    "ignored an absurd snapshot length of {snaplen} bytes",
                    snaplen
                )
            }
            Self::ReadFailed { reason } => {
                message!("reading stopped: {reason}", reason = visible(reason))
            }
            _ => Message::empty(),
        }
    }
}

/// Collects the warnings of one file while it is read.
#[derive(Debug)]
pub(super) struct DamageLog {
    file: String,
    /// Packets read so far.
    pub(super) packets: u64,
    warnings: Vec<ReadWarning>,
    /// How many warnings of each kind are kept, and the place of the last one.
    kinds: HashMap<Discriminant<Damage>, (usize, usize)>,
    left_out: u64,
}

impl DamageLog {
    pub(super) fn new(file: String) -> Self {
        Self {
            file,
            packets: 0,
            warnings: Vec::new(),
            kinds: HashMap::new(),
            left_out: 0,
        }
    }

    /// Keeps a warning, or counts it when there are too many, of its kind or at all.
    pub(super) fn note(&mut self, offset: u64, kind: Damage) {
        let (kept, last) = self.kinds.entry(discriminant(&kind)).or_default();
        if *kept >= kind.kept()
            && let Some(last) = self.warnings.get_mut(*last)
        {
            last.again += 1;
            return;
        }
        if self.warnings.len() == MAX_WARNINGS_PER_FILE {
            self.left_out += 1;
            return;
        }
        (*kept, *last) = (*kept + 1, self.warnings.len());
        self.warnings.push(ReadWarning {
            file: self.file.clone(),
            packet_number: (self.packets > 0).then_some(PacketNumber(self.packets)),
            offset,
            kind,
            again: 0,
        });
    }

    /// The warnings kept and the number of those left out.
    pub(super) fn into_parts(self) -> (Vec<ReadWarning>, u64) {
        (self.warnings, self.left_out)
    }
}
