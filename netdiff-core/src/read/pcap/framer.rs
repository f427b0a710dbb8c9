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
    /// A record whose length cannot be true; the next one begins so many bytes later, if that is known.
    Lie(FrameHead, Option<usize>),
    Zeros,
    /// The end of the file inside a record, or already inside its header.
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
                Probe::Record(head) => return Some(self.take(head, window)),
                Probe::Lie(head, next) => self.skip_lie(head, next, window, log),
                Probe::Zeros => self.skip_zeros(window, log),
                Probe::Cut(head) => {
                    self.note_cut(head, window, log);
                    return None;
                }
                Probe::End => return None,
            }
        }
    }

    fn probe(&self, window: &mut Window) -> Probe {
        let Some((head, is_whole)) = self.fill_record(window) else {
            return if window.bytes().is_empty() {
                Probe::End
            } else {
                Probe::Cut(None)
            };
        };
        if head.is_zero() && self.is_zero_filled(window) {
            Probe::Zeros
        } else if self.is_too_long(head) {
            Probe::Lie(head, None)
        } else if let Some(next) = self.hidden_chain(head, window) {
            Probe::Lie(head, Some(next))
        } else if is_whole {
            Probe::Record(head)
        } else {
            Probe::Cut(Some(head))
        }
    }

    /// Reads the next record, unless its length is out of bounds, and says whether all of it is
    /// there; `None` where not even its header is.
    fn fill_record(&self, window: &mut Window) -> Option<(FrameHead, bool)> {
        let layout = &self.header.layout;
        loop {
            let bytes = window.bytes();
            match layout.decode(bytes) {
                Ok(head) => return Some((head, true)),
                Err(Missing(missing)) => {
                    let head = layout.peek(bytes);
                    let wanted = bytes.len() + missing;
                    if head.is_some_and(|head| self.is_too_long(head)) || !window.fill(wanted) {
                        return head.map(|head| (head, false));
                    }
                }
            }
        }
    }

    fn is_too_long(&self, head: FrameHead) -> bool {
        head.captured_len > self.header.captured_bound()
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

    fn skip_lie(
        &self,
        head: FrameHead,
        next: Option<usize>,
        window: &mut Window,
        log: &mut DamageLog,
    ) {
        let claimed = u64::from(head.captured_len);
        log.note(window.offset(), Damage::LengthLies { claimed });
        match next {
            Some(skip) => {
                log.note(window.offset(), Damage::Skipped { bytes: skip as u64 });
                window.consume(skip);
            }
            None => self.resynchronize(window, log),
        }
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
