//! Finds the captures and manifests of a set.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::manifest::{MANIFEST_NAME, Manifest};
use super::source::Source;
use super::stem::is_named_like_a_capture;
use crate::read::format::Format;
use crate::read::pcap::HEADER_LEN;
use crate::read::spool::Spool;
use crate::read::warning::DamageLog;
use crate::read::{Damage, LooksLike, ReadError, ReadWarning, SetError};

/// Folders inside folders that are searched.
const MAX_DEPTH: usize = 16;

/// Captures that one set may hold, and entries that are looked at in one bundle.
pub(super) const MAX_FILES: usize = 20_000;

/// The path that means standard input, and the name its capture gets.
const STANDARD_INPUT: (&str, &str) = ("-", "stdin");

/// A capture that was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Name relative to the set, with `/` separators.
    pub(super) name: String,
    /// Length of the folder, with its `/`, that holds all of a bundle: it was made by packing a
    /// set's folder and says where a capture was taken only if nothing else does.
    pub(super) top_len: usize,
    pub(super) source: Source,
}

/// All that was found in a set.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) found: Vec<Found>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) warnings: Vec<ReadWarning>,
    pub(super) spool: Spool,
    /// Real paths of the files seen, so that none counts twice.
    seen: BTreeSet<PathBuf>,
}

/// How a file came into the set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It is the whole request.
    Alone,
    /// The user named it: it must be a capture.
    ByName,
    /// It lies in a folder, maybe among other things.
    InFolder,
    /// It lies in so many bundles, one inside the other.
    InBundle(usize),
}

impl Gathered {
    /// Looks at one path of the request. `alone` says that it is the only one, so that names inside
    /// a folder or bundle need not begin with its own.
    pub(super) fn add_path(&mut self, path: &Path, alone: bool) -> Result<(), SetError> {
        let wanted = if alone { Wanted::Alone } else { Wanted::ByName };
        if path.as_os_str() == STANDARD_INPUT.0 {
            return self.add_standard_input(wanted);
        }
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SetError::Missing {
                path: path.display().to_string(),
            },
            _ => unreadable(path, error),
        })?;
        let name = name_of_path(path);
        if !metadata.is_dir() {
            return self.add_file(path, name, wanted);
        }
        let prefix = if alone || name.is_empty() {
            String::new()
        } else {
            format!("{name}/")
        };
        self.add_manifest(path, &prefix)?;
        self.add_folder(path, &prefix, MAX_DEPTH)
    }

    fn add_standard_input(&mut self, wanted: Wanted) -> Result<(), SetError> {
        let (path, name) = STANDARD_INPUT;
        let section = self
            .spool
            .add(&mut io::stdin().lock())
            .map_err(|error| unreadable(Path::new(path), error))?;
        self.add_source(Source::Section(section), name.to_owned(), wanted)
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

    /// Adds the file at `path` if it is a capture or a bundle of captures.
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

    /// Adds what `source` holds, told by its contents.
    pub(super) fn add_source(
        &mut self,
        source: Source,
        name: String,
        wanted: Wanted,
    ) -> Result<(), SetError> {
        let must =
            matches!(wanted, Wanted::Alone | Wanted::ByName) || is_named_like_a_capture(&name);
        let unpacked = match source.open_unpacked(&name) {
            Ok(unpacked) => unpacked,
            Err(_) if !must => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match unpacked.format {
            Format::Pcap if unpacked.start.len() < HEADER_LEN => self.warn(name, Damage::HeaderCut),
            Format::Pcap | Format::Pcapng => self.add_found(Found {
                name,
                top_len: 0,
                source,
            }),
            Format::Tar | Format::Zip => return self.add_bundle(&source, unpacked, name, wanted),
            Format::Empty if must => self.warn(name, Damage::Empty),
            other => {
                let looks_like = other.looks_like();
                if must || matches!(looks_like, LooksLike::Convertible { .. }) {
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

    /// Adds a capture; of two entries of one name in a tar file the later counts.
    fn add_found(&mut self, found: Found) {
        match self
            .position(&found.name)
            .and_then(|at| self.found.get_mut(at))
        {
            Some(earlier) => *earlier = found,
            None => self.found.push(found),
        }
    }

    /// Notes why a file was left out.
    pub(super) fn warn(&mut self, name: String, damage: Damage) {
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
        if path.as_os_str() == STANDARD_INPUT.0 {
            return self.position(STANDARD_INPUT.1);
        }
        let wanted = fs::canonicalize(path).ok()?;
        self.found.iter().position(|found| match &found.source {
            Source::Path(path) => fs::canonicalize(path).is_ok_and(|path| path == wanted),
            Source::Section(_) => false,
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

/// The path's names with `/` between them, without `.` and `..`.
pub(super) fn name_of_path(path: &Path) -> String {
    let names: Vec<_> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            Component::RootDir => Some("".into()),
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
