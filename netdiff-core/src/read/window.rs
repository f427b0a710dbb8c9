//! A window of bytes that slides over an input stream.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Bytes held at once. Larger records grow the window, up to what the framer asks for.
///
/// Small for the fuzz targets, whose files would never reach the window's end otherwise.
pub(super) const WINDOW_SIZE: usize = if cfg!(fuzzing) { 1 << 12 } else { 1 << 18 };

/// What a window begins with. It doubles as the file goes on: thousands of small files are read together.
const FIRST_SIZE: usize = 1 << 12;

/// Reads a stream in large pieces and shows the unread bytes as one slice.
///
/// Consuming bytes does not move them: a range that [`Window::consume`] returned stays valid until
/// the next [`Window::fill`], so a record can be handed out without a copy.
pub(super) struct Window {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl Window {
    /// A window over `source`; reads nothing yet.
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            failure: None,
        }
    }

    /// Place of the first unread byte in the stream, counted from 0.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The unread bytes that are here; how many is chance unless [`Window::fill`] said so.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// The unread bytes, for a repair in place.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.buffer
            .get_mut(self.start..self.end)
            .unwrap_or_default()
    }

    /// At most `limit` unread bytes, as many as the stream has: the same for every chunking.
    pub(super) fn view(&mut self, limit: usize) -> &[u8] {
        self.fill(limit);
        let view = self.bytes();
        view.get(..limit).unwrap_or(view)
    }

    /// Reads until `wanted` bytes are unread; false where the stream ends or fails before.
    ///
    /// `wanted` bounds the memory used: the caller checks it against a limit first.
    pub(super) fn fill(&mut self, wanted: usize) -> bool {
        while self.end - self.start < wanted {
            if self.ended {
                return false;
            }
            self.make_room(wanted);
            self.read_once();
        }
        true
    }

    fn make_room(&mut self, wanted: usize) {
        if self.start > 0 && self.start + wanted > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.start + wanted > self.buffer.len() {
            self.buffer.resize(wanted.max(self.next_size()), 0);
        } else if self.start == 0 && self.buffer.len() < WINDOW_SIZE {
            self.buffer.resize(self.next_size(), 0);
        }
    }

    fn next_size(&self) -> usize {
        self.buffer
            .len()
            .saturating_mul(2)
            .clamp(FIRST_SIZE, WINDOW_SIZE)
    }

    fn read_once(&mut self) {
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.source.read(space) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
    }

    /// Marks `len` bytes as read, or all that are here if they are fewer.
    ///
    /// Returns their place for [`Window::held`].
    pub(super) fn consume(&mut self, len: usize) -> Range<usize> {
        let from = self.start;
        self.start = self.end.min(from.saturating_add(len));
        self.offset += (self.start - from) as u64;
        from..self.start
    }

    /// Bytes that were consumed since the last [`Window::fill`].
    pub(super) fn held(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or(&[])
    }

    /// Reads the stream to its end and returns how many bytes that were.
    pub(super) fn drain(&mut self) -> u64 {
        let from = self.offset;
        while self.fill(1) {
            self.consume(usize::MAX);
        }
        self.offset - from
    }

    /// Consumes zeros; true where the stream ends with them.
    ///
    /// Up to three zeros before another byte stay: they may be the start of an integer.
    pub(super) fn skip_zeros(&mut self) -> bool {
        const KEPT: usize = 3;
        while self.fill(KEPT + 1) {
            let bytes = self.bytes();
            let zeros = bytes.iter().position(|byte| *byte != 0);
            let all = bytes.len();
            self.consume(zeros.unwrap_or(all).saturating_sub(KEPT));
            if zeros.is_some() {
                return false;
            }
        }
        let all_zero = self.bytes().iter().all(|byte| *byte == 0);
        if all_zero {
            self.consume(KEPT);
        }
        all_zero
    }

    /// Whether the stream ended early.
    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The error that ended the stream early, once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_sliding_and_growing() {
        let stream: Vec<u8> = (0..=250).cycle().take(3 * WINDOW_SIZE).collect();
        let mut window = Window::new(Box::new(io::Cursor::new(stream.clone())));
        let mut seen = Vec::new();
        for step in [10, WINDOW_SIZE - 5, WINDOW_SIZE + 7, 100] {
            assert!(window.fill(step));
            let place = window.consume(step);
            seen.extend_from_slice(window.held(place));
        }
        assert_eq!(seen, stream[..seen.len()]);
        assert_eq!(window.offset(), seen.len() as u64);
        assert_eq!(window.drain(), (stream.len() - seen.len()) as u64);
        assert!(!window.fill(1));
    }
}
