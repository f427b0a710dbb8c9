//! Where the bytes of a capture come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::read::ReadError;
use crate::read::compression::{Unpacked, unpack};
use crate::read::spool::FileSection;

/// Bytes that can be read as often as needed, maybe compressed.
#[derive(Clone, Debug)]
pub(in crate::read) enum Source {
    /// A file of its own.
    Path(PathBuf),
    /// Part of a file: what a bundle or standard input held.
    Section(FileSection),
}

impl Source {
    /// A stream of the bytes as they are.
    pub(in crate::read) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Path(path) => Box::new(File::open(path)?),
            Self::Section(section) => Box::new(section.stream()),
        })
    }

    /// A stream of the bytes without compression; `name` is used in messages.
    pub(in crate::read) fn open_unpacked(&self, name: &str) -> Result<Unpacked, ReadError> {
        let stream = self.open().map_err(|reason| ReadError::Open {
            file: name.to_owned(),
            reason,
        })?;
        unpack(name, stream)
    }

    /// How many bytes that is; 0 where it cannot be told.
    pub(in crate::read) fn len(&self) -> u64 {
        match self {
            Self::Path(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
            Self::Section(section) => section.len(),
        }
    }

    /// The bytes as part of a file, for what must be read back and forth.
    pub(in crate::read) fn section(&self) -> io::Result<FileSection> {
        match self {
            Self::Path(path) => FileSection::of_file(File::open(path)?),
            Self::Section(section) => Ok(section.clone()),
        }
    }
}
