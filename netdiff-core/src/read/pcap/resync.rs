//! Finds back to the records after damage, by a chain of plausible record headers.

use std::ops::Range;

use super::super::warning::{Damage, DamageLog};
use super::super::window::Window;
use super::frame::FrameHead;
use super::header::{MAX_CAPTURED_LEN, PcapHeader};

/// Bytes searched at once; a chain may begin in the first half of them. A quarter of the window, so
/// that a file damaged everywhere does not move the window's bytes for every search.
pub(super) const SEARCH_SPAN: usize = if cfg!(fuzzing) { 1 << 10 } else { 1 << 18 };

/// Sound headers in a row that prove a place.
const CHAIN: usize = 4;

/// Sound headers in a row that suffice where the bytes end inside the next record.
const SHORT_CHAIN: usize = 2;

/// A record this far from the last sound one is not believed, in seconds.
const ONE_YEAR: u32 = 366 * 86_400;

/// Years 1990 to 2100, for want of a sound record; seconds since 1970.
const SENSIBLE: Range<u32> = 631_152_000..4_102_444_800;

/// Judges record headers by what is known of their file.
pub(super) struct Judge<'a> {
    header: &'a PcapHeader,
    anchor: Option<u32>,
}

impl<'a> Judge<'a> {
    /// `anchor`: seconds of a record that is sound, if there was one.
    pub(super) const fn new(header: &'a PcapHeader, anchor: Option<u32>) -> Self {
        Self { header, anchor }
    }

    /// Whether `rest`, the bytes behind a doubtful record, is the end or may begin the next record.
    /// A cut header proves nothing.
    pub(super) fn may_follow(&self, rest: &[u8]) -> bool {
        rest.is_empty()
            || self.header.layout.peek(rest).is_some_and(|head| {
                head.captured_len <= self.header.captured_bound()
                    && head.original_len <= MAX_CAPTURED_LEN
                    && head.fraction < self.header.units_per_second
                    && !head.is_zero()
            })
    }

    /// The first of `candidates` at which a chain of records begins. `ended` says whether the input
    /// ends with `bytes`.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        ended: bool,
        candidates: Range<usize>,
    ) -> Option<usize> {
        candidates
            .into_iter()
            .find(|at| self.is_chain(bytes, *at, ended))
    }

    /// Moves to the next chain of sound records, or to the end.
    pub(super) fn resynchronize(&self, window: &mut Window, log: &mut DamageLog) {
        let from = window.offset();
        loop {
            let view = window.view(SEARCH_SPAN);
            let ended = view.len() < SEARCH_SPAN;
            let candidates = if ended { view.len() } else { SEARCH_SPAN / 2 };
            let found = self.find(view, ended, 0..candidates);
            window.consume(found.unwrap_or(candidates));
            let bytes = window.offset() - from;
            match found {
                Some(_) => return log.note(from, Damage::Skipped { bytes }),
                None if ended => return log.note(from, Damage::RestUnreadable { bytes }),
                None => {}
            }
        }
    }

    fn is_chain(&self, bytes: &[u8], start: usize, ended: bool) -> bool {
        let mut at = start;
        let mut anchor = self.anchor;
        for sound in 0..CHAIN {
            let rest = bytes.get(at..).unwrap_or(&[]);
            let Some(head) = self.header.layout.peek(rest) else {
                let exact = ended && at == bytes.len() && sound > 0;
                return exact || sound >= SHORT_CHAIN;
            };
            if !self.is_sound(head, anchor) {
                return false;
            }
            anchor = Some(head.seconds);
            at += self.header.layout.head_len() + head.captured_len as usize;
        }
        true
    }

    fn is_sound(&self, head: FrameHead, anchor: Option<u32>) -> bool {
        let limit = self
            .header
            .snaplen()
            .unwrap_or_else(|| self.header.captured_bound());
        let near = match anchor {
            Some(seconds) => seconds.abs_diff(head.seconds) < ONE_YEAR,
            None => SENSIBLE.contains(&head.seconds),
        };
        near && (1..=limit).contains(&head.captured_len)
            && (head.captured_len..=MAX_CAPTURED_LEN).contains(&head.original_len)
            && head.fraction < self.header.units_per_second
    }
}
