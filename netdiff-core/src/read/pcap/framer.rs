//! Finds one record after the other and keeps going after damage.

use super::super::record::Record;
use super::super::warning::{Damage, DamageLog};
use super::super::window::Window;
use super::frame::{FrameHead, Missing};
use super::header::PcapHeader;
use super::resync::{Judge, SEARCH_SPAN};
use crate::read::{FileInterface, InterfaceInfo};
use crate::types::Timestamp;

/// The records of one pcap file, behind its header.
pub(in crate::read) struct PcapFramer {
    header: PcapHeader,
    interface: InterfaceInfo,
    /// Seconds of the last record that gave no reason to doubt.
    anchor: Option<u32>,
}

/// What stands at the window's start.
enum Probe {
    Record(FrameHead),
    Zeros,
    /// More bytes than any record has.
    TooLong(FrameHead),
    Cut(Option<FrameHead>),
    End,
}

impl PcapFramer {
    /// A framer for the records behind `header`, which ends at the window's start.
    pub(in crate::read) fn new(header: PcapHeader, log: &mut DamageLog) -> Self {
        if header.is_snaplen_absurd() {
            log.note(
                0,
                Damage::SnaplenAbsurd {
                    snaplen: header.claimed_snaplen,
                },
            );
        }
        Self {
            header,
            interface: InterfaceInfo {
                snaplen: header.snaplen(),
                fcs_len: header.fcs_len,
                ..InterfaceInfo::new(header.link_type)
            },
            anchor: None,
        }
    }

    /// The file's only interface.
    pub(in crate::read) const fn interfaces(&self) -> &[InterfaceInfo] {
        std::slice::from_ref(&self.interface)
    }

    /// The next record, past any damage; `None` at the end.
    pub(in crate::read) fn next_record(
        &mut self,
        window: &mut Window,
        log: &mut DamageLog,
    ) -> Option<Record> {
        loop {
            match self.probe(window) {
                Probe::Record(head) => match self.hidden_chain(head, window) {
                    None => return Some(self.take(head, window)),
                    Some(skip) => Self::skip_lie(head, skip, window, log),
                },
                Probe::Zeros => self.skip_zeros(window, log),
                Probe::TooLong(head) => {
                    let claimed = u64::from(head.captured_len);
                    log.note(window.offset(), Damage::LengthLies { claimed });
                    self.resynchronize(window, log);
                }
                Probe::Cut(head) => match head
                    .and_then(|head| self.hidden_chain(head, window).map(|skip| (head, skip)))
                {
                    Some((head, skip)) => Self::skip_lie(head, skip, window, log),
                    None => {
                        self.note_cut(head, window, log);
                        return None;
                    }
                },
                Probe::End => return None,
            }
        }
    }

    fn probe(&self, window: &mut Window) -> Probe {
        let layout = &self.header.layout;
        loop {
            match layout.decode(window.bytes()) {
                Ok(head) if head.is_zero() && self.is_zero_filled(window) => return Probe::Zeros,
                Ok(head) if head.captured_len > self.header.captured_bound() => {
                    return Probe::TooLong(head);
                }
                Ok(head) => return Probe::Record(head),
                Err(Missing(missing)) => {
                    let head = layout.peek(window.bytes());
                    if let Some(head) = head
                        && head.captured_len > self.header.captured_bound()
                    {
                        return Probe::TooLong(head);
                    }
                    if !window.fill(window.bytes().len() + missing) {
                        return if window.bytes().is_empty() {
                            Probe::End
                        } else {
                            Probe::Cut(head)
                        };
                    }
                }
            }
        }
    }

    /// Whether zeros stand where several records should, or up to the end.
    fn is_zero_filled(&self, window: &mut Window) -> bool {
        const RECORDS: usize = 4;
        let view = window.view(RECORDS * self.header.layout.head_len());
        view.iter().all(|byte| *byte == 0)
    }

    fn take(&mut self, head: FrameHead, window: &mut Window) -> Record {
        if !self.is_doubtful(head) {
            self.anchor = Some(head.seconds);
        }
        window.consume(self.header.layout.head_len());
        Record {
            interface: FileInterface(0),
            link_type: self.header.link_type,
            time: Some(self.time_of(head)),
            original_len: head.original_len,
            data: window.consume(head.captured_len as usize),
        }
    }

    fn time_of(&self, head: FrameHead) -> Timestamp {
        let unit = 1_000_000_000 / i64::from(self.header.units_per_second);
        // Largest: 2^32 s and 2^32 µs, about half of what an i64 holds.
        Timestamp(i64::from(head.seconds) * 1_000_000_000 + i64::from(head.fraction) * unit)
    }

    /// A header that real files do have, but damaged ones more often.
    fn is_doubtful(&self, head: FrameHead) -> bool {
        head.captured_len > head.original_len
            || self
                .header
                .snaplen()
                .is_some_and(|snaplen| head.captured_len > snaplen)
            || head.fraction >= self.header.units_per_second
    }

    /// Where a chain of sound records begins inside a doubtful record that no other follows:
    /// then its length is a lie.
    fn hidden_chain(&self, head: FrameHead, window: &mut Window) -> Option<usize> {
        if !self.is_doubtful(head) {
            return None;
        }
        let judge = Judge::new(&self.header, self.anchor);
        let record_len = self.header.layout.head_len() + head.captured_len as usize;
        let following = record_len + self.header.layout.head_len();
        let view = window.view(following);
        if view
            .get(record_len..)
            .is_some_and(|rest| judge.may_follow(rest))
        {
            return None;
        }
        let view = window.view(SEARCH_SPAN);
        judge.find(
            view,
            view.len() < SEARCH_SPAN,
            1..record_len.min(view.len()),
        )
    }

    fn skip_lie(head: FrameHead, skip: usize, window: &mut Window, log: &mut DamageLog) {
        let claimed = u64::from(head.captured_len);
        log.note(window.offset(), Damage::LengthLies { claimed });
        log.note(window.offset(), Damage::Skipped { bytes: skip as u64 });
        window.consume(skip);
    }

    fn note_cut(&self, head: Option<FrameHead>, window: &mut Window, log: &mut DamageLog) {
        let head_len = self.header.layout.head_len() as u64;
        let needed = head_len + head.map_or(0, |head| u64::from(head.captured_len));
        let offset = window.offset();
        let present = window.drain();
        log.note(offset, Damage::RecordCut { present, needed });
    }

    fn skip_zeros(&self, window: &mut Window, log: &mut DamageLog) {
        let from = window.offset();
        let ended = window.skip_zeros();
        let bytes = window.offset() - from;
        log.note(from, Damage::ZeroFilled { bytes });
        if !ended {
            self.resynchronize(window, log);
        }
    }

    /// Moves to the next chain of sound records, or to the end.
    fn resynchronize(&self, window: &mut Window, log: &mut DamageLog) {
        let judge = Judge::new(&self.header, self.anchor);
        let from = window.offset();
        loop {
            let view = window.view(SEARCH_SPAN);
            let ended = view.len() < SEARCH_SPAN;
            let candidates = if ended { view.len() } else { SEARCH_SPAN / 2 };
            let found = judge.find(view, ended, 0..candidates);
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
