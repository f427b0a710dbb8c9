//! Finds one block after the other and keeps going after damage.

use super::super::record::Record;
use super::super::warning::{Damage, DamageLog};
use super::super::window::Window;
use super::block::{BlockHead, FRAME_LEN};
use super::packet_block::{PacketBlock, is_head_consistent};
use super::section::Sections;
use crate::read::{FileComment, InterfaceInfo, ResolvedName};
use crate::types::PacketNumber;

/// Bytes searched at once for the next block; it may begin in the first half of them. A quarter of
/// the window, so that a file damaged everywhere does not move the window's bytes for every search.
const SEARCH_SPAN: usize = if cfg!(fuzzing) { 1 << 10 } else { 1 << 18 };

/// The packets of one pcapng file.
pub(in crate::read) struct PcapngFramer {
    sections: Sections,
}

/// What stands at the window's start.
enum Probe {
    Block(BlockHead),
    /// A block whose end gives another length, though the next block follows.
    EndDiffers(BlockHead, u32),
    Zeros,
    /// No block, or one that cannot be as long as it claims.
    Damaged(u64),
    Cut(u64),
    End,
}

impl PcapngFramer {
    /// A framer for a file whose first section header stands at the window's start.
    pub(in crate::read) const fn new() -> Self {
        Self {
            sections: Sections::new(),
        }
    }

    /// Takes in the blocks before the first packet or damage.
    pub(in crate::read) fn read_descriptions(&mut self, window: &mut Window, log: &mut DamageLog) {
        while let Probe::Block(head) = self.probe(window)
            && !head.holds_packet()
        {
            self.take(head, window, log);
        }
    }

    /// The interfaces described so far, over all sections.
    pub(in crate::read) fn interfaces(&self) -> &[InterfaceInfo] {
        &self.sections.interfaces
    }

    /// The interfaces, names and comments of the file.
    pub(in crate::read) fn into_parts(
        self,
    ) -> (Vec<InterfaceInfo>, Vec<ResolvedName>, Vec<FileComment>) {
        (
            self.sections.interfaces,
            self.sections.names,
            self.sections.comments,
        )
    }

    /// The next packet, past other blocks and any damage; `None` at the end.
    pub(in crate::read) fn next_record(
        &mut self,
        window: &mut Window,
        log: &mut DamageLog,
    ) -> Option<Record> {
        loop {
            match self.probe(window) {
                Probe::Block(head) => {
                    if let Some(record) = self.take(head, window, log) {
                        return Some(record);
                    }
                }
                Probe::EndDiffers(head, trailing) => {
                    let leading = head.total_len;
                    log.note(window.offset(), Damage::LengthsDiffer { leading, trailing });
                    repair_end(head, window);
                }
                Probe::Zeros => self.skip_zeros(window, log),
                Probe::Damaged(claimed) => {
                    log.note(window.offset(), Damage::LengthLies { claimed });
                    self.resynchronize(window, log);
                }
                Probe::Cut(needed) => {
                    let offset = window.offset();
                    let present = window.drain();
                    log.note(offset, Damage::RecordCut { present, needed });
                    return None;
                }
                Probe::End => return None,
            }
        }
    }

    fn probe(&self, window: &mut Window) -> Probe {
        if !window.fill(FRAME_LEN) {
            return match window.bytes() {
                [] => Probe::End,
                rest if rest.iter().all(|byte| *byte == 0) => Probe::Zeros,
                _ => Probe::Cut(FRAME_LEN as u64),
            };
        }
        let start = window.bytes();
        if start.iter().take(FRAME_LEN).all(|byte| *byte == 0) {
            return Probe::Zeros;
        }
        match BlockHead::parse(start, self.sections.order) {
            Some(head) if head.is_length_sane() => self.probe_block(head, window),
            Some(head) => Probe::Damaged(head.total_len.into()),
            None => Probe::Damaged(0),
        }
    }

    fn probe_block(&self, head: BlockHead, window: &mut Window) -> Probe {
        let order = head.order;
        if !window.fill(head.len()) {
            let cut = window.bytes();
            let hides_blocks = !is_head_consistent(head, cut)
                && (1..cut.len())
                    .any(|at| BlockHead::is_block(cut.get(at..).unwrap_or(&[]), order));
            return if hides_blocks {
                Probe::Damaged(head.total_len.into())
            } else {
                Probe::Cut(head.total_len.into())
            };
        }
        match head.trailing_len(window.bytes()) {
            Some(trailing) if trailing != head.total_len => {
                let view = window.view(head.len() + FRAME_LEN);
                let next = view.get(head.len()..).unwrap_or(&[]);
                if next.is_empty() || BlockHead::may_begin(next, order) {
                    Probe::EndDiffers(head, trailing)
                } else {
                    Probe::Damaged(head.total_len.into())
                }
            }
            _ => Probe::Block(head),
        }
    }

    /// Consumes the block; the packet in it, if it holds one.
    fn take(
        &mut self,
        head: BlockHead,
        window: &mut Window,
        log: &mut DamageLog,
    ) -> Option<Record> {
        let offset = window.offset();
        let block = window.bytes().get(..head.len()).unwrap_or(&[]);
        if !head.holds_packet() {
            self.sections.add_block(head, block, offset, log);
            window.consume(head.len());
            return None;
        }
        let packet = PacketBlock::decode(head, block);
        let place = window.consume(head.len());
        let Some(packet) = packet else {
            log.note(
                offset,
                Damage::BlockDamaged {
                    block_type: head.block_type,
                },
            );
            return None;
        };
        let mut record = self.record_of(packet, offset, log)?;
        record.data = place.start + record.data.start..place.start + record.data.end;
        Some(record)
    }

    /// The record of a packet block, its bytes still counted from the block's start.
    fn record_of(
        &mut self,
        packet: PacketBlock,
        offset: u64,
        log: &mut DamageLog,
    ) -> Option<Record> {
        let Some((interface, info)) = self.sections.interface_of(&packet) else {
            let interface = packet.interface;
            log.note(offset, Damage::InterfaceUnknown { interface });
            return None;
        };
        let link_type = info.link_type;
        let mut data = packet.data;
        if packet.ticks.is_none()
            && let Some(snaplen) = info.snaplen
        {
            data.end = data.end.min(data.start + snaplen as usize);
        }
        self.sections.add_dropped(interface, packet.dropped);
        self.sections
            .add_comments(Some(PacketNumber(log.packets + 1)), packet.comments);
        let time = packet
            .ticks
            .and_then(|ticks| self.sections.time_of(interface, ticks, offset, log));
        Some(Record {
            interface,
            link_type,
            time,
            original_len: packet.original_len,
            data,
        })
    }

    fn skip_zeros(&self, window: &mut Window, log: &mut DamageLog) {
        let from = window.offset();
        let ended = window.skip_zeros();
        let bytes = window.offset() - from;
        // Where reading stopped, nobody knows what would have followed the zeros.
        if !window.has_failed() {
            log.note(from, Damage::ZeroFilled { bytes });
        }
        if !ended {
            self.resynchronize(window, log);
        }
    }

    /// Moves to the next whole block of a known type, or to the end.
    fn resynchronize(&self, window: &mut Window, log: &mut DamageLog) {
        let from = window.offset();
        let order = self.sections.order;
        loop {
            let view = window.view(SEARCH_SPAN);
            let ended = view.len() < SEARCH_SPAN;
            let candidates = if ended { view.len() } else { SEARCH_SPAN / 2 };
            let found = (0..candidates)
                .find(|at| BlockHead::is_block(view.get(*at..).unwrap_or(&[]), order));
            window.consume(found.unwrap_or(candidates));
            let bytes = window.offset() - from;
            match found {
                Some(_) => return log.note(from, Damage::Skipped { bytes }),
                None if ended => return log.note(from, Damage::RestUnreadable { bytes }),
                None => {}
            }
        }
    }
}

/// Writes the leading length over the trailing one: pcap-parser refuses blocks whose ends differ.
fn repair_end(head: BlockHead, window: &mut Window) {
    let leading = window
        .bytes()
        .get(4..8)
        .and_then(|bytes| bytes.first_chunk::<4>().copied());
    let end = window.bytes_mut().get_mut(head.len() - 4..head.len());
    if let (Some(leading), Some(end)) = (leading, end) {
        end.copy_from_slice(&leading);
    }
}
