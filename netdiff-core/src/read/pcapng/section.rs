//! What the blocks of a file say beside its packets.

use pcap_parser::parse_sectionheaderblock;

use super::super::byte_order::ByteOrder;
use super::super::warning::{Damage, DamageLog};
use super::block::{
    BlockHead, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, NAME_RESOLUTION, SECTION_HEADER,
};
use super::clock::{Clamped, Clock};
use super::interface::{Statistics, decode_description};
use super::names::decode_names;
use super::options::{COMMENT, Options, text_of};
use super::packet_block::PacketBlock;
use crate::read::{FileComment, FileInterface, InterfaceInfo, ResolvedName};
use crate::types::{LinkType, PacketNumber, Timestamp, visible_lines};

/// Interfaces that are kept of one file, over all sections.
pub(in crate::read) const MAX_INTERFACES: usize = 4_096;

/// Names of addresses that are kept of one file.
pub(in crate::read) const MAX_NAMES: usize = 65_536;

/// Comments that are kept of one file.
const MAX_COMMENTS: usize = 100;

/// Everything known of a file's sections so far.
#[derive(Debug)]
pub(super) struct Sections {
    /// Byte order of the section that is being read.
    pub(super) order: ByteOrder,
    /// Index of that section's interface 0.
    first_interface: usize,
    pub(super) interfaces: Vec<InterfaceInfo>,
    clocks: Vec<Clock>,
    pub(super) names: Vec<ResolvedName>,
    pub(super) comments: Vec<FileComment>,
    was_time_clamped: bool,
}

impl Sections {
    pub(super) const fn new() -> Self {
        Self {
            order: ByteOrder::Little,
            first_interface: 0,
            interfaces: Vec::new(),
            clocks: Vec::new(),
            names: Vec::new(),
            comments: Vec::new(),
            was_time_clamped: false,
        }
    }

    /// Takes in a whole block that holds no packet.
    pub(super) fn add_block(
        &mut self,
        head: BlockHead,
        block: &[u8],
        offset: u64,
        log: &mut DamageLog,
    ) {
        let done = match head.block_type {
            SECTION_HEADER => self.begin_section(head.order, block, offset, log),
            INTERFACE_DESCRIPTION => self.add_interface(block, offset, log),
            INTERFACE_STATISTICS => self.add_statistics(block),
            NAME_RESOLUTION => {
                let room = MAX_NAMES - self.names.len();
                let names = decode_names(block, self.order);
                for _ in names.iter().skip(room) {
                    log.note(offset, Damage::TooManyNames);
                }
                self.names.extend(names.into_iter().take(room));
                Some(())
            }
            _ => Some(()),
        };
        if done.is_none() {
            log.note(
                offset,
                Damage::BlockDamaged {
                    block_type: head.block_type,
                },
            );
        }
    }

    fn begin_section(
        &mut self,
        order: ByteOrder,
        block: &[u8],
        offset: u64,
        log: &mut DamageLog,
    ) -> Option<()> {
        const MAJOR: u16 = 1;
        self.order = order;
        self.first_interface = self.interfaces.len();
        let (_, section) = parse_sectionheaderblock(block).ok()?;
        let (major, minor) = (section.major_version, section.minor_version);
        if major != MAJOR {
            log.note(offset, Damage::VersionUnknown { major, minor });
        }
        let options = Options {
            order,
            list: &section.options,
        };
        self.add_comments(None, options.all(COMMENT).map(text_of));
        Some(())
    }

    fn add_interface(&mut self, block: &[u8], offset: u64, log: &mut DamageLog) -> Option<()> {
        if self.interfaces.len() == MAX_INTERFACES {
            log.note(offset, Damage::TooManyInterfaces);
            return Some(());
        }
        let decoded = decode_description(block, self.order);
        let done = decoded.as_ref().map(|_| ());
        // A damaged description keeps its number, or all that follow would be mistaken.
        let (info, clock) = decoded.unwrap_or_else(|| {
            let link_type = self.order.u16_at(block, 8).unwrap_or(u16::MAX);
            (InterfaceInfo::new(LinkType(link_type)), Clock::default())
        });
        self.interfaces.push(info);
        self.clocks.push(clock);
        done
    }

    fn add_statistics(&mut self, block: &[u8]) -> Option<()> {
        let statistics = Statistics::decode(block, self.order)?;
        let index = self.index_of(statistics.interface)?;
        statistics.apply(self.interfaces.get_mut(index)?, self.clocks.get(index)?);
        Some(())
    }

    /// Keeps comments while there is room. No report shows them, and files that netdiff writes have one at each packet: that
    /// there are more is nothing to warn of.
    pub(super) fn add_comments(
        &mut self,
        packet_number: Option<PacketNumber>,
        texts: impl IntoIterator<Item = String>,
    ) {
        let room = MAX_COMMENTS - self.comments.len();
        let comments = texts.into_iter().map(|text| FileComment {
            packet_number,
            text: visible_lines(&text),
        });
        self.comments.extend(comments.take(room));
    }

    /// Index over all sections of this section's interface.
    fn index_of(&self, interface: u32) -> Option<usize> {
        let index = self.first_interface.checked_add(interface as usize)?;
        (index < self.interfaces.len()).then_some(index)
    }

    /// The interface of a packet and its place in the list; `None` where it was not described.
    pub(super) fn interface_of(
        &self,
        packet: &PacketBlock,
    ) -> Option<(FileInterface, &InterfaceInfo)> {
        let index = self.index_of(packet.interface)?;
        let number = u32::try_from(index).ok()?;
        Some((FileInterface(number), self.interfaces.get(index)?))
    }

    /// Counts packets that a block says were lost before its own.
    pub(super) fn add_dropped(&mut self, FileInterface(index): FileInterface, dropped: u64) {
        if dropped > 0
            && let Some(info) = self.interfaces.get_mut(index as usize)
        {
            info.dropped = Some(info.dropped.unwrap_or(0).saturating_add(dropped));
        }
    }

    /// The time of a packet's ticks; a time that does not fit is noted once for the file.
    pub(super) fn time_of(
        &mut self,
        FileInterface(index): FileInterface,
        ticks: u64,
        offset: u64,
        log: &mut DamageLog,
    ) -> Option<Timestamp> {
        match self.clocks.get(index as usize)?.time(ticks) {
            Ok(time) => Some(time),
            Err(Clamped(nearest)) => {
                if !std::mem::replace(&mut self.was_time_clamped, true) {
                    log.note(offset, Damage::TimeOutOfRange);
                }
                Some(nearest)
            }
        }
    }
}
