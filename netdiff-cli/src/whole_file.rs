//! Files that are written whole or not at all.
//!
//! What is written goes to a file beside the target, under a name that nobody can guess, and takes the target's place when it is
//! complete. Where writing fails, or netdiff is interrupted, the target is what it was, and nothing is left beside it. A target that is no
//! plain file, such as a pipe, a device or `/dev/stdout`, is written to as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::interrupt::{Pending, create_pending};

/// A file that is being written.
pub(crate) struct WholeFile {
    out: Out,
    failure: Option<io::Error>,
}

enum Out {
    /// Bytes that are gone as soon as they are written.
    Stream(BufWriter<File>),
    Beside(Box<Beside>),
}

struct Beside {
    // Before the file: it must know to the end what to remove.
    file: BufWriter<NamedTempFile>,
    target: PathBuf,
    _pending: Pending,
}

impl WholeFile {
    /// Begins to write `target`.
    ///
    /// # Errors
    /// Where its folder or itself cannot be written.
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        let known = fs::metadata(target);
        if known.as_ref().is_ok_and(|known| !known.is_file()) {
            let stream = OpenOptions::new().write(true).open(target)?;
            return Ok(Self::of(Out::Stream(BufWriter::new(stream))));
        }
        // Behind a link stands the file that is meant.
        let target = match &known {
            Ok(_) => fs::canonicalize(target)?,
            Err(_) => target.to_owned(),
        };
        let folder = target.parent().filter(|folder| *folder != Path::new(""));
        let mut builder = Builder::new();
        builder.prefix(".netdiff-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let folder = folder.unwrap_or(Path::new("."));
        let (file, pending) = create_pending(|| builder.tempfile_in(folder))?;
        if let Ok(known) = known {
            // Who may read what stands there may read what takes its place; a system that has no such rights says so.
            let _ = fs::set_permissions(file.path(), known.permissions());
        }
        Ok(Self::of(Out::Beside(Box::new(Beside {
            file: BufWriter::new(file),
            target,
            _pending: pending,
        }))))
    }

    const fn of(out: Out) -> Self {
        Self { out, failure: None }
    }

    /// Why it could not be written, if that is why its writer gave up.
    pub(crate) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// Keeps the reason of a failure beside what is told of it: whoever writes may put it into words of its own.
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.failure = Some(error);
            copy
        })
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Where the last bytes cannot be written, or the place cannot be taken.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.out {
            Out::Stream(mut stream) => stream.flush(),
            Out::Beside(beside) => {
                let Beside { file, target, .. } = *beside;
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(target).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }

    /// The same for a file that must not be there yet.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and where it is there.
    pub(crate) fn finish_new(self) -> io::Result<()> {
        match self.out {
            Out::Stream(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Out::Beside(beside) => {
                let Beside { file, target, .. } = *beside;
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist_noclobber(target)
                    .map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.out {
            Out::Stream(stream) => stream.write(bytes),
            Out::Beside(beside) => beside.file.write(bytes),
        };
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.out {
            Out::Stream(stream) => stream.flush(),
            Out::Beside(beside) => beside.file.flush(),
        };
        self.noted(flushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        entries.map(|entry| name(entry).unwrap()).collect()
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut file = WholeFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(folder.path()).is_empty());

        let mut file = WholeFile::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        let again = WholeFile::create(&target).unwrap();
        assert!(again.finish_new().is_err());
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    #[cfg(unix)]
    fn rights_and_links_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&target, "before").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&target, &link).unwrap();
        let mut file = WholeFile::create(&link).unwrap();
        file.write_all(b"after").unwrap();
        file.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"after");
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
