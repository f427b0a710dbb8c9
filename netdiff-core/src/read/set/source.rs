//! Where the bytes of a capture come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// Bytes that can be read as often as needed.
#[derive(Clone, Debug)]
pub(in crate::read) enum Source {
    /// A file of its own.
    Path(PathBuf),
}

impl Source {
    /// A stream from the first byte on.
    pub(in crate::read) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Path(path) => Ok(Box::new(File::open(path)?)),
        }
    }
}
