//! Reads one capture file, packet after packet.

use std::io::Read;

use super::compression::{Unpacked, unpack};
use super::error::ReadError;
use super::format::Format;
use super::pcap::{HEADER_LEN, PcapFramer, PcapHeader};
use super::pcapng::PcapngFramer;
use super::warning::{Damage, DamageLog};
use super::window::Window;
use super::{FileComment, InterfaceInfo, RawPacket, ReadWarning, ResolvedName};
use crate::types::PacketNumber;

/// The packets of one capture file, in the order of the file.
///
/// Memory is bounded: a window of 256 KiB, or one record or block if that is larger, each up to 16 MiB.
pub struct PacketReader {
    window: Window,
    framer: Framer,
    log: DamageLog,
}

enum Framer {
    Pcap(PcapFramer),
    Pcapng(PcapngFramer),
}

/// What was in a capture file, once it has been read.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "no report shows comments")]
pub struct FileReport {
    /// Packets that were read.
    pub packets: u64,
    /// The interfaces that the file describes, with their final statistics.
    pub interfaces: Vec<InterfaceInfo>,
    /// Names that the file gives to addresses.
    pub names: Vec<ResolvedName>,
    /// Comments that someone wrote into the file, the first hundred.
    pub comments: Vec<FileComment>,
    /// Damage found, in the order of the file.
    pub damages: Vec<ReadWarning>,
    /// Further damage, beyond the first hundred, that was only counted.
    pub damages_left_out: u64,
}

impl PacketReader {
    /// Reads the capture that `source` streams, compressed or not; `name` is used in messages.
    ///
    /// # Errors
    ///
    /// Where the first bytes are no capture, or are fewer than a capture's header.
    pub fn new(name: &str, source: Box<dyn Read + Send>) -> Result<Self, ReadError> {
        Self::of_unpacked(name, unpack(name, source)?)
    }

    /// Reads a capture whose compression is off already.
    pub(super) fn of_unpacked(name: &str, unpacked: Unpacked) -> Result<Self, ReadError> {
        let mut window = Window::new(unpacked.stream);
        let mut log = DamageLog::new(name.to_owned());
        let framer = open_framer(name, unpacked.format, &mut window, &mut log)?;
        Ok(Self {
            window,
            framer,
            log,
        })
    }

    /// The next packet; `None` at the end. Damage is collected for [`PacketReader::finish`].
    pub fn next_packet(&mut self) -> Option<RawPacket<'_>> {
        let record = match &mut self.framer {
            Framer::Pcap(framer) => framer.next_record(&mut self.window, &mut self.log),
            Framer::Pcapng(framer) => framer.next_record(&mut self.window, &mut self.log),
        };
        let Some(record) = record else {
            self.note_failure();
            return None;
        };
        self.log.packets += 1;
        Some(RawPacket {
            packet_number: PacketNumber(self.log.packets),
            interface: record.interface,
            link_type: record.link_type,
            time: record.time,
            original_len: record.original_len,
            data: self.window.held(record.data),
        })
    }

    fn note_failure(&mut self) {
        if let Some(error) = self.window.take_failure() {
            let reason = error.to_string();
            self.log
                .note(self.window.offset(), Damage::ReadFailed { reason });
        }
    }

    /// The interfaces met so far, in the order of [`super::FileInterface`]: from the start those
    /// described before the first packet, which in all but a few pcapng files is all.
    #[must_use]
    pub fn interfaces(&self) -> &[InterfaceInfo] {
        match &self.framer {
            Framer::Pcap(framer) => framer.interfaces(),
            Framer::Pcapng(framer) => framer.interfaces(),
        }
    }

    /// What was in the file; reads whatever packets are left.
    #[must_use]
    pub fn finish(mut self) -> FileReport {
        while self.next_packet().is_some() {}
        let (interfaces, names, comments) = match self.framer {
            Framer::Pcap(framer) => (framer.interfaces().to_vec(), Vec::new(), Vec::new()),
            Framer::Pcapng(framer) => framer.into_parts(),
        };
        let packets = self.log.packets;
        let (damages, damages_left_out) = self.log.into_parts();
        FileReport {
            packets,
            interfaces,
            names,
            comments,
            damages,
            damages_left_out,
        }
    }
}

fn open_framer(
    name: &str,
    format: Format,
    window: &mut Window,
    log: &mut DamageLog,
) -> Result<Framer, ReadError> {
    match format {
        Format::Pcap => {
            let start = window.view(HEADER_LEN).first_chunk::<HEADER_LEN>();
            let header = start.and_then(PcapHeader::parse);
            let header = header.ok_or_else(|| ReadError::HeaderCut {
                file: name.to_owned(),
            })?;
            window.consume(HEADER_LEN);
            Ok(Framer::Pcap(PcapFramer::new(header, log)))
        }
        Format::Pcapng => {
            let mut framer = PcapngFramer::new();
            framer.read_descriptions(window, log);
            Ok(Framer::Pcapng(framer))
        }
        other => Err(ReadError::NotACapture {
            file: name.to_owned(),
            looks_like: other.looks_like(),
        }),
    }
}
