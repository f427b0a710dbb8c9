//! Keeps bytes that can be streamed only once where they can be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::ratio::{Inflated, most_of};

/// Bytes that one set may put into its spool; a bundle of more is refused.
pub(super) const MAX_SPOOL_LEN: u64 = 16 << 30;

/// A temporary file without a name: nobody else sees it and nothing is left behind.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<Arc<File>>,
    len: u64,
    /// Bytes of the files that its contents were unpacked from.
    packed: u64,
}

impl Spool {
    /// Allows for what a file of this length unpacks to.
    pub(super) const fn allow(&mut self, packed: u64) {
        self.packed = self.packed.saturating_add(packed);
    }

    /// Copies a stream that nobody packed to its end, and allows for what it may unpack to.
    ///
    /// # Errors
    ///
    /// As [`Spool::add`].
    pub(super) fn add_raw(&mut self, source: &mut dyn Read) -> io::Result<FileSection> {
        let section = self.add_up_to(source, MAX_SPOOL_LEN)?;
        // It takes room itself.
        self.allow(section.len());
        Ok(section)
    }

    /// Copies what was unpacked to its end.
    ///
    /// # Errors
    ///
    /// Where reading or writing fails, or the spool would exceed [`MAX_SPOOL_LEN`] or what so many packed bytes may give.
    pub(super) fn add(&mut self, source: &mut dyn Read) -> io::Result<FileSection> {
        let most = most_of(self.packed).min(MAX_SPOOL_LEN);
        self.add_up_to(source, most)
    }

    fn add_up_to(&mut self, source: &mut dyn Read, most: u64) -> io::Result<FileSection> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(Arc::new(tempfile::tempfile()?))),
        };
        let room = most.saturating_sub(self.len);
        let start = self.len;
        let mut end = &*file;
        end.seek(SeekFrom::Start(start))?;
        let copied = io::copy(&mut source.take(room + 1), &mut end);
        end.flush()?;
        let len = copied?;
        if len > room && most < MAX_SPOOL_LEN {
            return Err(io::Error::other(Inflated));
        }
        if len > room {
            let limit = MAX_SPOOL_LEN >> 30;
            return Err(io::Error::other(format!(
                "holds more than {limit} GiB of captures"
            )));
        }
        self.len += len;
        Ok(FileSection { file, start, len })
    }
}

/// Part of a file. Reading it does not disturb others that read the same file.
#[derive(Clone, Debug)]
pub(super) struct FileSection {
    file: Arc<File>,
    start: u64,
    len: u64,
}

impl FileSection {
    /// All of `file`.
    pub(super) fn of_file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            start: 0,
            len,
        })
    }

    /// Bytes in it.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A stream of its bytes.
    pub(super) fn stream(&self) -> SectionStream {
        SectionStream {
            section: self.clone(),
            position: 0,
        }
    }
}

/// Reads a [`FileSection`].
#[derive(Debug)]
pub(super) struct SectionStream {
    section: FileSection,
    position: u64,
}

impl Read for SectionStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.section.len.saturating_sub(self.position);
        let wanted = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let at = self.section.start + self.position;
        let piece = buffer.get_mut(..wanted).unwrap_or_default();
        let read = read_at(&self.section.file, piece, at)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for SectionStream {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.section.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_apart() {
        let mut spool = Spool::default();
        let first = spool.add(&mut &b"first"[..]).unwrap();
        let second = spool.add(&mut &b"the second"[..]).unwrap();
        let mut both = [first.stream(), second.stream()];
        let mut texts = [String::new(), String::new()];
        for (stream, text) in both.iter_mut().zip(&mut texts).rev() {
            stream.read_to_string(text).unwrap();
        }
        assert_eq!(texts, ["first", "the second"]);
        both[1].seek(SeekFrom::End(-6)).unwrap();
        texts[0].clear();
        both[1].read_to_string(&mut texts[0]).unwrap();
        assert_eq!(texts[0], "second");
    }
}
