//! How far reading has come: for whoever wants to show it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes of captures as they are read, so that another thread can show how far an analysis has come.
///
/// Clones share their counts. Give one to [`AnalysisOptions::progress`](crate::AnalysisOptions::progress), keep another and ask it now and
/// then. Nothing is counted by packet: a read of up to a megabyte costs two additions.
///
/// ```
/// use netdiff_core::{AnalysisOptions, Progress, SetRequest, trace_with};
///
/// # fn main() -> Result<(), netdiff_core::AnalysisError> {
/// let progress = Progress::default();
/// let options = AnalysisOptions { progress: Some(progress.clone()), ..AnalysisOptions::default() };
/// let set = SetRequest::of_path("../testdata/scenarios/vxlan-8472-blocked/failing");
/// trace_with(&set, &options)?;
/// assert!(progress.bytes_total() > 0);
/// assert_eq!(progress.bytes_read(), progress.bytes_total());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: AtomicU64,
    read: AtomicU64,
}

impl Progress {
    /// Bytes of the captures that are to be read, as they lie on disk: packed where they are packed.
    ///
    /// It grows when another set is opened. 0 before that: archives and standard input are unpacked before their size is known.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// How many of them were read; all, once reading is done and packets are followed.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.0.read.load(Ordering::Relaxed)
    }
}

/// Two are equal if they share their counts.
impl PartialEq for Progress {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Progress {}

/// One file's part of a [`Progress`]. A file may be read several times, by several readers: each byte counts once.
#[derive(Clone, Debug)]
pub(super) struct FileProgress {
    whole: Progress,
    len: u64,
    /// The furthest byte that any reader came to.
    furthest: Arc<AtomicU64>,
}

impl FileProgress {
    /// Adds a file of `len` bytes.
    pub(super) fn new(whole: &Progress, len: u64) -> Self {
        whole.0.total.fetch_add(len, Ordering::Relaxed);
        Self {
            whole: whole.clone(),
            len,
            furthest: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Counts all up to byte `end`; a file that grew while it was read counts no more than it was.
    fn reached(&self, end: u64) {
        let end = end.min(self.len);
        let before = self.furthest.fetch_max(end, Ordering::Relaxed);
        let new = end.saturating_sub(before);
        self.whole.0.read.fetch_add(new, Ordering::Relaxed);
    }

    /// Counts the whole file: what was not read of it will not be.
    pub(super) fn done(&self) {
        self.reached(self.len);
    }
}

/// Counts what passes through.
pub(super) struct Counted<R> {
    pub(super) source: R,
    pub(super) progress: FileProgress,
    pub(super) position: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.position += read as u64;
        self.progress.reached(self.position);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_twice_counts_once() {
        let progress = Progress::default();
        let file = FileProgress::new(&progress, 10);
        let read = |len: u64| {
            let source = io::repeat(1).take(len);
            let mut counted = Counted {
                source,
                progress: file.clone(),
                position: 0,
            };
            counted.read_to_end(&mut Vec::new()).unwrap();
            progress.bytes_read()
        };
        assert_eq!([read(4), read(7), read(2), read(12)], [4, 7, 7, 10]);
        let other = FileProgress::new(&progress, 5);
        assert_eq!((progress.bytes_total(), progress.bytes_read()), (15, 10));
        other.done();
        assert_eq!(progress.bytes_read(), progress.bytes_total());
    }
}
