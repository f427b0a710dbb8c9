//! One entry of a bundle: told by its contents, copied to the spool if it is of use.

use std::io::{self, Cursor, Read};

use super::bundle::Bundle;
use super::gathered::{Gathered, Wanted};
use super::manifest::{MANIFEST_NAME, Manifest, read_manifest};
use super::source::Source;
use super::stem::is_named_like_a_capture;
use crate::read::cluster::is_named_like_cluster_facts;
use crate::read::format::{Format, SNIFF_LEN};
use crate::read::ratio::is_inflated;
use crate::read::{Damage, LooksLike, SetError};
use crate::types::visible;

/// The longest name of an entry, in bytes, as it is shown, with the names of the archives that it lies in.
const MAX_NAME_LEN: usize = 1_024;

impl Gathered {
    /// Adds an entry if it is a capture, a bundle or the bundle's manifest.
    pub(super) fn add_entry(
        &mut self,
        bundle: &Bundle,
        path: &str,
        entry: &mut dyn Read,
    ) -> Result<(), SetError> {
        let Some(inner) = clean_name(path) else {
            return Ok(());
        };
        let name = format!("{}{inner}", bundle.prefix);
        if name.len() > MAX_NAME_LEN || visible(&name).len() > MAX_NAME_LEN {
            return Err(bundle.has_long_names());
        }
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
            if is_inflated(&reason) {
                return Err(bundle.unreadable(reason));
            }
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
        let text = read_manifest(entry).map_err(|reason| bundle.unreadable(reason))?;
        let folder = name.strip_suffix(MANIFEST_NAME).unwrap_or("");
        let file = format!("{}: {name}", bundle.name);
        self.manifests.push(Manifest::parse(&text, &file, folder)?);
        Ok(())
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
        && !is_named_like_cluster_facts(name)
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
