//! Finds one record after the other and keeps going after damage.

use super::super::record::Record;
use super::super::warning::{Damage, DamageLog};
use super::super::window::Window;
use super::frame::{FrameHead, FrameLayout, Missing};
use super::header::{HEADER_LEN, PcapHeader};
use super::resync::{Judge, SEARCH_SPAN};
use crate::read::{FileInterface, InterfaceInfo};
use crate::types::Timestamp;

/// Kinds of captures that are told apart when many were appended to one.
const MAX_INTERFACES: usize = 1024;

/// The records of one pcap file, behind its header.
pub(in crate::read) struct PcapFramer {
    header: PcapHeader,
    /// One, unless captures of other kinds were appended.
    interfaces: Vec<InterfaceInfo>,
    /// Seconds of the last record that gave no reason to doubt.
    anchor: Option<u32>,
    /// Captured lengths up to this give no reason to doubt.
    usual_len: u32,
}

/// What stands at the window's start.
enum Probe {
    Record(FrameHead),
    /// A record whose length cannot be true; the next one begins so many bytes later, if that is known.
    Lie(FrameHead, Option<usize>),
    Zeros,
    /// The header of another capture.
    Header(PcapHeader),
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
            interfaces: vec![header.interface()],
            anchor: None,
            usual_len: usual_len(&header),
        }
    }

    /// The file's interface; those of captures appended to it follow.
    pub(in crate::read) fn interfaces(&self) -> &[InterfaceInfo] {
        &self.interfaces
    }

    /// The next record, past any damage; `None` at the end.
    pub(in crate::read) fn next_record(
        &mut self,
        window: &mut Window,
        log: &mut DamageLog,
    ) -> Option<Record> {
        if let Some(record) = self.usual_record(window) {
            return Some(record);
        }
        loop {
            match self.probe(window) {
                Probe::Record(head) => return Some(self.take(head, window)),
                Probe::Lie(head, next) => self.skip_lie(head, next, window, log),
                Probe::Zeros => self.skip_zeros(window, log),
                Probe::Header(header) => self.begin_appended(header, window, log),
                Probe::Cut(head) => {
                    self.note_cut(head, window, log);
                    return None;
                }
                Probe::End => return None,
            }
        }
    }

    /// A record that is here as a whole, has data and gives no reason to doubt: what nearly all records are, told by as few questions as
    /// that takes. `None` asks [`probe`](Self::probe), which says the same of such a record.
    #[inline]
    fn usual_record(&mut self, window: &mut Window) -> Option<Record> {
        let bytes = window.bytes();
        let head = self.header.layout.plain_head(bytes)?;
        let captured = head.captured_len;
        let is_usual = captured > 0
            && captured <= self.usual_len
            && captured <= head.original_len
            && head.fraction < self.header.units_per_second
            && bytes.len() - FrameLayout::PLAIN_HEAD_LEN >= captured as usize;
        if !is_usual {
            return None;
        }
        self.anchor = Some(head.seconds);
        let place = window.consume(FrameLayout::PLAIN_HEAD_LEN + captured as usize);
        Some(Record {
            interface: FileInterface(self.last_interface()),
            link_type: self.header.link_type,
            time: Some(self.time_of(head)),
            original_len: head.original_len,
            data: place.start + FrameLayout::PLAIN_HEAD_LEN..place.end,
        })
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
        } else if let Some(header) = appended_header(head, window) {
            Probe::Header(header)
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
            interface: FileInterface(self.last_interface()),
            link_type: self.header.link_type,
            time: Some(self.time_of(head)),
            original_len: head.original_len,
            data: window.consume(head.captured_len as usize),
        }
    }

    /// Goes on with a capture that was appended to this one.
    fn begin_appended(&mut self, header: PcapHeader, window: &mut Window, log: &mut DamageLog) {
        log.note(window.offset(), Damage::Appended);
        window.consume(HEADER_LEN);
        let info = header.interface();
        if self.interfaces.last() != Some(&info) && self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push(info);
        }
        self.header = header;
        self.usual_len = usual_len(&header);
        self.anchor = None;
    }

    fn last_interface(&self) -> u32 {
        u32::try_from(self.interfaces.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn time_of(&self, head: FrameHead) -> Timestamp {
        // One or the other, without a division for every packet.
        let unit = match self.header.units_per_second {
            1_000_000_000 => 1,
            _ => 1_000,
        };
        // Largest: 2^32 s and 2^32 µs, about half of what an i64 holds.
        Timestamp(i64::from(head.seconds) * 1_000_000_000 + i64::from(head.fraction) * unit)
    }

    fn judge(&self) -> Judge<'_> {
        Judge::new(&self.header, self.anchor)
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
        let judge = self.judge();
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
            None => self.judge().resynchronize(window, log),
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
        // Where reading stopped, nobody knows what would have followed the zeros.
        if !window.has_failed() {
            log.note(from, Damage::ZeroFilled { bytes });
        }
        if !ended {
            self.judge().resynchronize(window, log);
        }
    }
}

/// The longest captured length that the file's header lets expect.
fn usual_len(header: &PcapHeader) -> u32 {
    let bound = header.captured_bound();
    header.snaplen().map_or(bound, |snaplen| snaplen.min(bound))
}

/// The file header that stands where the record `head` was expected, as `cat a.pcap b.pcap` makes it.
/// Read as a record it has the magic number for seconds and no length at all.
fn appended_header(head: FrameHead, window: &mut Window) -> Option<PcapHeader> {
    if head.captured_len != 0 || head.original_len != 0 {
        return None;
    }
    PcapHeader::parse(window.view(HEADER_LEN).first_chunk()?)
}
