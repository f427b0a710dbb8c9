//! Stops whoever reads a stream from taking more of it than it should need: libraries that read an archive's directory or the names
//! of its entries into memory have no bound of their own.

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ratio::is_caused_by;

/// That more was read than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overdrawn;

impl fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more was read than allowed")
    }
}

impl Error for Overdrawn {}

/// Whether a bound that was met is behind an error, maybe wrapped by who read.
pub(super) fn is_overdrawn(error: &io::Error) -> bool {
    is_caused_by::<Overdrawn>(error)
}

/// How much was read, and how much may be. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    read: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

impl Meter {
    /// Bytes read until now, whatever was sought.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Lets no more be read than `more` from here on.
    pub(super) fn allow(&self, more: u64) {
        let most = self.read().saturating_add(more);
        self.most.store(most, Ordering::Relaxed);
    }
}

/// A stream that fails where its [`Meter`] says so.
pub(super) struct Metered<R> {
    stream: R,
    meter: Meter,
}

impl<R> Metered<R> {
    /// Allows `most` bytes at first.
    pub(super) fn new(stream: R, most: u64) -> (Self, Meter) {
        let meter = Meter {
            read: Arc::default(),
            most: Arc::new(AtomicU64::new(most)),
        };
        let metered = Self {
            stream,
            meter: meter.clone(),
        };
        (metered, meter)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        let before = self.meter.read.fetch_add(read as u64, Ordering::Relaxed);
        if before.saturating_add(read as u64) > self.meter.most.load(Ordering::Relaxed) {
            return Err(io::Error::other(Overdrawn));
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.stream.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_too_much_is_stopped() {
        let (mut metered, meter) = Metered::new(io::repeat(0), 100);
        let mut buffer = [0; 60];
        metered.read_exact(&mut buffer).unwrap();
        meter.allow(60);
        metered.read_exact(&mut buffer).unwrap();
        let error = metered.read_exact(&mut buffer).unwrap_err();
        assert!(is_overdrawn(&error) && !is_overdrawn(&io::Error::other("else")));
        assert_eq!(meter.read(), 180);
    }
}
