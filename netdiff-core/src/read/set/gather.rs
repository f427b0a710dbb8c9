//! Finds the captures and manifests of a set.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::manifest::{MANIFEST_NAME, Manifest};
use super::source::Source;
use super::stem::is_named_like_a_capture;
use crate::read::format::{Format, LooksLike, SNIFF_LEN};
use crate::read::pcap::HEADER_LEN;
use crate::read::warning::DamageLog;
use crate::read::window::Window;
use crate::read::{Damage, ReadError, ReadWarning, SetError};

/// Folders inside folders that are searched.
const MAX_DEPTH: usize = 16;

/// Files that one set may hold.
const MAX_FILES: usize = 20_000;

/// A capture that was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Name relative to the set, with `/` separators.
    pub(super) name: String,
    pub(super) source: Source,
}

/// All that was found in a set.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) found: Vec<Found>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) warnings: Vec<ReadWarning>,
    /// Real paths of the files seen, so that none counts twice.
    seen: BTreeSet<PathBuf>,
}

/// How a file came into the set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The user named it: it must be a capture.
    ByName,
    /// It lies in a folder, maybe among other things.
    InFolder,
}

impl Gathered {
    /// Looks at one path of the request. `alone` says that it is the only one, so that names inside
    /// a folder need not begin with the folder.
    pub(super) fn add_path(&mut self, path: &Path, alone: bool) -> Result<(), SetError> {
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SetError::Missing {
                path: path.display().to_string(),
            },
            _ => unreadable(path, error),
        })?;
        let name = name_of_path(path);
        if !metadata.is_dir() {
            return self.add_file(path, name, Wanted::ByName);
        }
        let prefix = if alone || name.is_empty() {
            String::new()
        } else {
            format!("{name}/")
        };
        self.add_manifest(path, &prefix)?;
        self.add_folder(path, &prefix, MAX_DEPTH)
    }

    fn add_manifest(&mut self, folder: &Path, prefix: &str) -> Result<(), SetError> {
        let path = folder.join(MANIFEST_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let file = path.display().to_string();
                self.manifests.push(Manifest::parse(&text, &file, prefix)?);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unreadable(&path, error)),
        }
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), SetError> {
        let too_large = |what| SetError::TooLarge {
            path: folder.display().to_string(),
            what,
        };
        if depth == 0 {
            return Err(too_large(format!(
                "more than {MAX_DEPTH} folders one inside the other"
            )));
        }
        for (name, path) in sorted_entries(folder)? {
            let is_folder = fs::metadata(&path).map(|metadata| metadata.is_dir());
            match is_folder {
                Ok(true) => self.add_folder(&path, &format!("{prefix}{name}/"), depth - 1)?,
                Ok(false) => self.add_file(&path, format!("{prefix}{name}"), Wanted::InFolder)?,
                // A dangling link is nobody's capture.
                Err(_) => {}
            }
            if self.found.len() > MAX_FILES {
                return Err(too_large(format!("more than {MAX_FILES} captures")));
            }
        }
        Ok(())
    }

    /// Adds the file at `path` if it is a capture.
    pub(super) fn add_file(
        &mut self,
        path: &Path,
        name: String,
        wanted: Wanted,
    ) -> Result<(), SetError> {
        let real = fs::canonicalize(path).map_err(|error| unreadable(path, error))?;
        if self.seen.insert(real) {
            self.add_source(Source::Path(path.to_owned()), name, wanted)?;
        }
        Ok(())
    }

    fn add_source(&mut self, source: Source, name: String, wanted: Wanted) -> Result<(), SetError> {
        let start = match first_bytes(&source) {
            Ok(start) => start,
            Err(_) if wanted == Wanted::InFolder && !is_named_like_a_capture(&name) => {
                return Ok(());
            }
            Err(reason) => return Err(ReadError::Open { file: name, reason }.into()),
        };
        let wanted = wanted == Wanted::ByName || is_named_like_a_capture(&name);
        match Format::recognize(&start) {
            Format::Pcap if start.len() < HEADER_LEN => self.warn(name, Damage::HeaderCut),
            Format::Pcap | Format::Pcapng => self.found.push(Found { name, source }),
            Format::Empty if wanted => self.warn(name, Damage::Empty),
            other => {
                let looks_like = other.looks_like();
                if wanted || matches!(looks_like, LooksLike::Convertible { .. }) {
                    return Err(ReadError::NotACapture {
                        file: name,
                        looks_like,
                    }
                    .into());
                }
            }
        }
        Ok(())
    }

    fn warn(&mut self, name: String, damage: Damage) {
        let mut log = DamageLog::new(name);
        log.note(0, damage);
        self.warnings.extend(log.into_parts().0);
    }

    /// The capture that a manifest or `--point` means by `name`.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.found.iter().position(|found| found.name == name)
    }

    /// The capture at `path`, if that is in the set.
    pub(super) fn position_of_path(&self, path: &Path) -> Option<usize> {
        let wanted = fs::canonicalize(path).ok()?;
        self.found.iter().position(|found| match &found.source {
            Source::Path(path) => fs::canonicalize(path).is_ok_and(|path| path == wanted),
        })
    }
}

/// The entries of a folder by name, without hidden ones.
fn sorted_entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, SetError> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut sorted = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            sorted.push((name, entry.path()));
        }
    }
    sorted.sort();
    Ok(sorted)
}

fn first_bytes(source: &Source) -> io::Result<Vec<u8>> {
    let mut window = Window::new(source.open()?);
    let start = window.view(SNIFF_LEN).to_vec();
    match window.take_failure() {
        Some(error) if start.is_empty() => Err(error),
        _ => Ok(start),
    }
}

/// The path's own names with `/` between them, without `.`, `..` and the root.
pub(super) fn name_of_path(path: &Path) -> String {
    let names: Vec<_> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    names.join("/")
}

fn unreadable(path: &Path, reason: io::Error) -> SetError {
    SetError::Unreadable {
        path: path.display().to_string(),
        reason,
    }
}
