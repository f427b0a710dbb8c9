//! Archives as capture sets: tar and zip, compressed or not, one inside the other.
//!
//! Entries are told by their contents like files in a folder. Captures are copied to the set's
//! spool, a nameless temporary file; no path from an archive is ever used on the file system.

use std::io::{self, Read, Seek};

use super::gathered::{Found, Gathered, MAX_FILES, Wanted};
use super::source::Source;
use crate::read::compression::Unpacked;
use crate::read::format::Format;
use crate::read::metered::{Meter, Metered, is_overdrawn};
use crate::read::ratio::{Inflated, is_inflated, most_of};
use crate::read::{Damage, LooksLike, ReadError, SetError};

/// Bundles inside bundles that are opened.
const MAX_BUNDLE_DEPTH: usize = 3;

/// What may stand in front of an entry's contents in a tar file beside its header: long names and attributes. They are read into memory.
const MAX_TAR_PREFACE: u64 = 1 << 20;

/// What may be read of a zip file to find its entries, in bytes. Its directory is read into memory, and what looks for it may look
/// everywhere.
const MAX_ZIP_DIRECTORY: u64 = 8 << 20;

/// A bundle that is being read.
pub(super) struct Bundle {
    /// Its name in messages.
    pub(super) name: String,
    /// What the names of its entries begin with.
    pub(super) prefix: String,
    /// How many bundles it lies in, counting itself.
    pub(super) depth: usize,
}

impl Gathered {
    /// Adds the captures in the bundle `source`, which `unpacked` streams.
    pub(super) fn add_bundle(
        &mut self,
        source: &Source,
        unpacked: Unpacked,
        name: String,
        wanted: Wanted,
    ) -> Result<(), SetError> {
        let depth = match wanted {
            Wanted::InBundle(depth) => depth + 1,
            _ => 1,
        };
        if depth > MAX_BUNDLE_DEPTH {
            let looks_like = LooksLike::Bundle;
            return Err(ReadError::NotACapture {
                file: name,
                looks_like,
            }
            .into());
        }
        let prefix = if wanted == Wanted::Alone {
            String::new()
        } else {
            format!("{name}/")
        };
        if depth == 1 {
            self.spool.allow(source.len());
        }
        let bundle = Bundle {
            name,
            prefix,
            depth,
        };
        let first = self.found.len();
        match unpacked.format {
            Format::Zip => self.add_zip(source, unpacked, &bundle)?,
            _ => self.add_tar(unpacked, &bundle)?,
        }
        if wanted == Wanted::Alone {
            mark_common_top(self.found.get_mut(first..).unwrap_or_default());
        }
        Ok(())
    }

    fn add_tar(&mut self, unpacked: Unpacked, bundle: &Bundle) -> Result<(), SetError> {
        let (stream, meter) = Metered::new(unpacked.stream, MAX_TAR_PREFACE);
        let mut archive = tar::Archive::new(stream);
        let entries = archive
            .entries()
            .map_err(|reason| bundle.unreadable(reason))?;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(reason) if is_refused(&reason) => return Err(bundle.unreadable(reason)),
                Err(reason) => {
                    self.note_cut(bundle, &reason);
                    break;
                }
            };
            self.count_entry(bundle)?;
            allow_contents(&meter, &mut entry);
            if entry.header().entry_type().is_file() {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                self.add_entry(bundle, &name, &mut entry)?;
            }
        }
        Ok(())
    }

    fn add_zip(
        &mut self,
        source: &Source,
        mut unpacked: Unpacked,
        bundle: &Bundle,
    ) -> Result<(), SetError> {
        let section = if unpacked.was_packed {
            self.spool.add(&mut unpacked.stream)
        } else {
            source.section()
        };
        let section = section.map_err(|reason| bundle.unreadable(reason))?;
        let len = section.len();
        let (stream, meter) = Metered::new(section.stream(), MAX_ZIP_DIRECTORY);
        let mut archive = match zip::ZipArchive::new(stream) {
            Ok(archive) => archive,
            Err(error) => {
                let reason = error.into();
                if is_refused(&reason) {
                    return Err(bundle.unreadable(reason));
                }
                self.note_cut(bundle, &reason);
                return Ok(());
            }
        };
        meter.allow(u64::MAX);
        refuse_inflated(&mut archive, len).map_err(|reason| bundle.unreadable(reason))?;
        for index in 0..archive.len() {
            self.count_entry(bundle)?;
            match archive.by_index(index) {
                Ok(mut entry) if entry.is_file() => {
                    let name = entry.name().to_owned();
                    self.add_entry(bundle, &name, &mut entry)?;
                }
                Ok(_) => {}
                Err(error) => self.note_cut(bundle, &error.into()),
            }
        }
        Ok(())
    }

    /// Counts one more entry, of whatever kind, up to [`MAX_FILES`].
    fn count_entry(&mut self, bundle: &Bundle) -> Result<(), SetError> {
        self.entries += 1;
        if self.entries > MAX_FILES {
            return Err(bundle.has_too_many());
        }
        Ok(())
    }

    fn note_cut(&mut self, bundle: &Bundle, reason: &io::Error) {
        self.warn(
            bundle.name.clone(),
            Damage::ReadFailed {
                reason: reason.to_string(),
            },
        );
    }
}

impl Bundle {
    /// That it holds too many entries, with those before it.
    pub(super) fn has_too_many(&self) -> SetError {
        SetError::TooLarge {
            path: self.name.clone(),
            what: format!("more than {MAX_FILES} entries in archives"),
        }
    }

    /// That what says how its entries are called is no list of captures.
    pub(super) fn has_long_names(&self) -> SetError {
        SetError::TooLarge {
            path: self.name.clone(),
            what: "names or attributes of entries that are too long to be true".to_owned(),
        }
    }

    /// That it cannot be read, or should not be.
    pub(super) fn unreadable(&self, reason: io::Error) -> SetError {
        let path = self.name.clone();
        if is_inflated(&reason) {
            SetError::Inflated { path }
        } else if is_overdrawn(&reason) {
            self.has_long_names()
        } else {
            SetError::Unreadable { path, reason }
        }
    }
}

/// Whether reading ran into a bound that archives of captures do not meet.
fn is_refused(reason: &io::Error) -> bool {
    is_inflated(reason) || is_overdrawn(reason)
}

/// Lets an entry's contents be read or passed over, and what stands in front of the next one.
fn allow_contents<R: Read>(meter: &Meter, entry: &mut tar::Entry<'_, R>) {
    let contents = if entry.header().entry_type().is_gnu_sparse() {
        // Its size counts the holes. A size in attributes would count instead of the header's: then too little is allowed, not too much.
        let elsewhere = entry
            .pax_extensions()
            .is_ok_and(|attributes| attributes.is_some());
        entry.header().entry_size().ok().filter(|_| !elsewhere)
    } else {
        Some(entry.size())
    };
    let whole_blocks = contents.unwrap_or(0).saturating_add(511);
    meter.allow(whole_blocks.saturating_add(MAX_TAR_PREFACE));
}

/// Refuses a zip file whose entries overlap, or say that they unpack to more than packed captures do.
fn refuse_inflated(archive: &mut zip::ZipArchive<impl Read + Seek>, len: u64) -> io::Result<()> {
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for index in 0..archive.len().min(MAX_FILES + 1) {
        // What cannot be opened is told when it is its turn.
        if let Ok(entry) = archive.by_index_raw(index) {
            packed = packed.saturating_add(entry.compressed_size());
            unpacked = unpacked.saturating_add(entry.size());
        }
    }
    if packed > len || unpacked > most_of(len) {
        return Err(io::Error::other(Inflated));
    }
    Ok(())
}

/// Marks the one folder that all of `found` lie in, if there is one.
fn mark_common_top(found: &mut [Found]) {
    let top_of = |found: &Found| found.name.split_once('/').map(|(top, _)| top.to_owned());
    let Some(top) = found.first().and_then(top_of) else {
        return;
    };
    if found
        .iter()
        .all(|found| top_of(found).as_ref() == Some(&top))
    {
        found
            .iter_mut()
            .for_each(|found| found.top_len = top.len() + 1);
    }
}
