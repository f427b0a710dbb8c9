//! Stops streams that unpack to far more than they were packed from: bombs.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What may come out of one byte. Captures of nothing but zeros, by segmentation offload in packets of 64 KiB, reach some hundreds.
const MAX_RATIO: u64 = 1_000;

/// What may come out whatever went in, in bytes.
const MAX_FREE: u64 = 64 << 20;

/// The most that so many packed bytes may unpack to.
pub(super) const fn most_of(packed: u64) -> u64 {
    let most = packed.saturating_mul(MAX_RATIO);
    if most < MAX_FREE { MAX_FREE } else { most }
}

/// That more came out than packed captures give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inflated;

impl fmt::Display for Inflated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it unpacks to more than {MAX_RATIO} times its size, as files do that are made to fill disks; if you trust it, \
             unpack it yourself and give what comes out"
        )
    }
}

impl Error for Inflated {}

/// Whether a bomb is behind an error, maybe wrapped by who read it.
pub(super) fn is_inflated(error: &io::Error) -> bool {
    is_caused_by::<Inflated>(error)
}

/// Whether an error of this type is behind another, maybe wrapped.
pub(super) fn is_caused_by<E: Error + 'static>(error: &io::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = match error.downcast_ref::<io::Error>() {
            Some(wrapped) => wrapped.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    false
}

/// Counts the packed bytes that are read.
pub(super) struct Packed {
    source: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Packed {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            count: Arc::default(),
        }
    }

    /// The number of bytes read so far.
    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.count)
    }
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Gives what is unpacked, until it is too much.
pub(super) struct Bounded<R> {
    unpacked: R,
    packed: Arc<AtomicU64>,
    given: u64,
}

impl<R: Read> Bounded<R> {
    /// `packed` counts what `unpacked` is made of.
    pub(super) const fn new(unpacked: R, packed: Arc<AtomicU64>) -> Self {
        Self {
            unpacked,
            packed,
            given: 0,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given > most_of(self.packed.load(Ordering::Relaxed)) {
            return Err(io::Error::other(Inflated));
        }
        let read = self.unpacked.read(buffer)?;
        self.given += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_inflates_is_stopped_and_told_through_wrappers() {
        let packed = Arc::new(AtomicU64::new(10));
        let mut bomb = Bounded::new(io::repeat(0), Arc::clone(&packed));
        let error = io::copy(&mut bomb, &mut io::sink()).unwrap_err();
        assert!(is_inflated(&error), "{error}");
        assert!(bomb.given < MAX_FREE + (1 << 20));
        assert!(is_inflated(&io::Error::other(error)));
        assert!(!is_inflated(&io::Error::other("else")));

        packed.store(1 << 20, Ordering::Relaxed);
        let mut trusted = Bounded::new(io::repeat(0).take(MAX_FREE + 1), packed);
        assert_eq!(
            io::copy(&mut trusted, &mut io::sink()).unwrap(),
            MAX_FREE + 1
        );
    }
}
