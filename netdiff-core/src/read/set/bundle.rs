//! Archives as capture sets: tar and zip, compressed or not, one inside the other.
//!
//! Entries are told by their contents like files in a folder. Captures are copied to the set's
//! spool, a nameless temporary file; no path from an archive is ever used on the file system.

use std::io::{self, Read, Seek};

use super::gathered::{Found, Gathered, MAX_FILES, Wanted};
use super::source::Source;
use crate::read::compression::Unpacked;
use crate::read::format::Format;
use crate::read::ratio::{Inflated, is_inflated, most_of};
use crate::read::{Damage, LooksLike, ReadError, SetError};

/// Bundles inside bundles that are opened.
const MAX_BUNDLE_DEPTH: usize = 3;

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
        let mut archive = tar::Archive::new(unpacked.stream);
        let entries = archive
            .entries()
            .map_err(|reason| bundle.unreadable(reason))?;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(reason) if is_inflated(&reason) => return Err(bundle.unreadable(reason)),
                Err(reason) => {
                    self.note_cut(bundle, &reason);
                    break;
                }
            };
            self.count_entry(bundle)?;
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
        let mut archive = match zip::ZipArchive::new(section.stream()) {
            Ok(archive) => archive,
            Err(error) => {
                self.note_cut(bundle, &error.into());
                return Ok(());
            }
        };
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

    /// That it cannot be read, or should not be.
    pub(super) fn unreadable(&self, reason: io::Error) -> SetError {
        let path = self.name.clone();
        if is_inflated(&reason) {
            SetError::Inflated { path }
        } else {
            SetError::Unreadable { path, reason }
        }
    }
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
