//! Archives as capture sets: tar and zip, compressed or not, one inside the other.
//!
//! Entries are told by their contents like files in a folder. Captures are copied to the set's
//! spool, a nameless temporary file; no path from an archive is ever used on the file system.

use std::io::{self, Cursor, Read};

use super::gather::{Found, Gathered, MAX_FILES, Wanted};
use super::manifest::{MANIFEST_NAME, Manifest};
use super::source::Source;
use super::stem::is_named_like_a_capture;
use crate::read::compression::Unpacked;
use crate::read::format::{Format, SNIFF_LEN};
use crate::read::{Damage, LooksLike, ReadError, SetError};

/// Bundles inside bundles that are opened.
const MAX_BUNDLE_DEPTH: usize = 3;

/// Longest manifest inside a bundle, in bytes.
const MAX_MANIFEST_LEN: u64 = 1 << 20;

/// A bundle that is being read.
struct Bundle {
    /// Its name in messages.
    name: String,
    /// What the names of its entries begin with.
    prefix: String,
    /// How many bundles it lies in, counting itself.
    depth: usize,
    entries: usize,
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
        let mut bundle = Bundle {
            name,
            prefix,
            depth,
            entries: 0,
        };
        let first = self.found.len();
        match unpacked.format {
            Format::Zip => self.add_zip(source, unpacked, &mut bundle)?,
            _ => self.add_tar(unpacked, &mut bundle)?,
        }
        if wanted == Wanted::Alone {
            mark_common_top(self.found.get_mut(first..).unwrap_or_default());
        }
        Ok(())
    }

    fn add_tar(&mut self, unpacked: Unpacked, bundle: &mut Bundle) -> Result<(), SetError> {
        let mut archive = tar::Archive::new(unpacked.stream);
        let entries = archive
            .entries()
            .map_err(|reason| bundle.unreadable(reason))?;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(reason) => {
                    self.note_cut(bundle, &reason);
                    break;
                }
            };
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
        bundle: &mut Bundle,
    ) -> Result<(), SetError> {
        let section = if unpacked.was_packed {
            self.spool.add(&mut unpacked.stream)
        } else {
            source.section()
        };
        let section = section.map_err(|reason| bundle.unreadable(reason))?;
        let mut archive = zip::ZipArchive::new(section.stream())
            .map_err(|error| bundle.unreadable(error.into()))?;
        for index in 0..archive.len() {
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

    /// Adds an entry if it is a capture, a bundle or the bundle's manifest.
    fn add_entry(
        &mut self,
        bundle: &mut Bundle,
        path: &str,
        entry: &mut dyn Read,
    ) -> Result<(), SetError> {
        bundle.count_entry()?;
        let Some(inner) = clean_name(path) else {
            return Ok(());
        };
        let name = format!("{}{inner}", bundle.prefix);
        if is_manifest(&inner) {
            return self.add_bundled_manifest(bundle, &name, entry);
        }
        let mut entry = UntilFailure {
            stream: entry,
            failure: None,
        };
        let mut start = Vec::with_capacity(SNIFF_LEN);
        let sniffed = entry
            .by_ref()
            .take(SNIFF_LEN as u64)
            .read_to_end(&mut start);
        sniffed.map_err(|reason| bundle.unreadable(reason))?;
        if is_of_no_use(&name, &start) {
            return Ok(());
        }
        let spooled = self
            .spool
            .add(&mut Cursor::new(start).chain(entry.by_ref()));
        let section = spooled.map_err(|reason| bundle.unreadable(reason))?;
        if let Some(reason) = entry.failure {
            self.warn(
                name.clone(),
                Damage::ReadFailed {
                    reason: reason.to_string(),
                },
            );
        }
        self.add_source(
            Source::Section(section),
            name,
            Wanted::InBundle(bundle.depth),
        )
    }

    fn add_bundled_manifest(
        &mut self,
        bundle: &Bundle,
        name: &str,
        entry: &mut dyn Read,
    ) -> Result<(), SetError> {
        let mut text = String::new();
        let read = entry.take(MAX_MANIFEST_LEN).read_to_string(&mut text);
        read.map_err(|reason| bundle.unreadable(reason))?;
        let folder = name.strip_suffix(MANIFEST_NAME).unwrap_or("");
        let file = format!("{}: {name}", bundle.name);
        self.manifests.push(Manifest::parse(&text, &file, folder)?);
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
    fn count_entry(&mut self) -> Result<(), SetError> {
        self.entries += 1;
        if self.entries > MAX_FILES {
            let what = format!("more than {MAX_FILES} entries");
            return Err(SetError::TooLarge {
                path: self.name.clone(),
                what,
            });
        }
        Ok(())
    }

    fn unreadable(&self, reason: io::Error) -> SetError {
        SetError::Unreadable {
            path: self.name.clone(),
            reason,
        }
    }
}

/// The names in an entry's path; `None` where one is hidden, as macOS packs beside every file.
fn clean_name(path: &str) -> Option<String> {
    let names: Vec<&str> = path
        .split(['/', '\\'])
        .filter(|name| !matches!(*name, "" | "." | ".."))
        .collect();
    let is_hidden = names.iter().any(|name| name.starts_with('.'));
    (!names.is_empty() && !is_hidden).then(|| names.join("/"))
}

/// A manifest counts at the top of a bundle or in a folder there.
fn is_manifest(inner: &str) -> bool {
    match inner.split_once('/') {
        None => inner == MANIFEST_NAME,
        Some((_, rest)) => rest == MANIFEST_NAME,
    }
}

/// Whether an entry with these first bytes need not be copied: it is nothing that is read.
fn is_of_no_use(name: &str, start: &[u8]) -> bool {
    let format = Format::recognize(start);
    let is_convertible = matches!(format, Format::Other(LooksLike::Convertible { .. }));
    matches!(format, Format::Other(_) | Format::Empty)
        && !is_convertible
        && !is_named_like_a_capture(name)
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

/// Ends a stream where reading fails, so that what came before is kept.
struct UntilFailure<'a> {
    stream: &'a mut dyn Read,
    failure: Option<io::Error>,
}

impl Read for UntilFailure<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(0);
        }
        match self.stream.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.failure = Some(error);
                Ok(0)
            }
            other => other,
        }
    }
}
