//! Finds the captures and manifests of a set, in folders and files.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::gathered::{Gathered, MAX_FILES, Wanted};
use super::manifest::{MANIFEST_NAME, Manifest, read_manifest};
use super::source::Source;
use crate::read::SetError;

/// Folders inside folders that are searched.
const MAX_DEPTH: usize = 16;

/// The path that means standard input, and the name its capture gets.
pub(super) const STANDARD_INPUT: (&str, &str) = ("-", "stdin");

impl Gathered {
    /// Looks at one path of the request. `alone` says that it is the only one, so that names inside
    /// a folder or bundle need not begin with its own.
    pub(super) fn add_path(&mut self, path: &Path, alone: bool) -> Result<(), SetError> {
        let wanted = if alone { Wanted::Alone } else { Wanted::ByName };
        if path.as_os_str() == STANDARD_INPUT.0 {
            let name = STANDARD_INPUT.1.to_owned();
            return self.add_stream(io::stdin().lock(), path, name, wanted);
        }
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SetError::Missing {
                path: path.display().to_string(),
            },
            _ => unreadable(path, error),
        })?;
        let name = name_of_path(path);
        if metadata.is_file() {
            return self.add_file(path, name, wanted);
        }
        if !metadata.is_dir() {
            let pipe = fs::File::open(path).map_err(|error| unreadable(path, error))?;
            return self.add_stream(pipe, path, name, wanted);
        }
        let prefix = if alone || name.is_empty() {
            String::new()
        } else {
            format!("{name}/")
        };
        self.add_manifest(path, &prefix)?;
        self.add_folder(path, &prefix, MAX_DEPTH)
    }

    /// Adds what can be read only once: standard input or a pipe.
    fn add_stream(
        &mut self,
        mut stream: impl io::Read,
        path: &Path,
        name: String,
        wanted: Wanted,
    ) -> Result<(), SetError> {
        let section = self
            .spool
            .add_raw(&mut stream)
            .map_err(|error| unreadable(path, error))?;
        self.add_source(Source::Section(section), name, wanted)
    }

    fn add_manifest(&mut self, folder: &Path, prefix: &str) -> Result<(), SetError> {
        let path = folder.join(MANIFEST_NAME);
        match fs::File::open(&path) {
            Ok(file) => {
                let name = path.display().to_string();
                let text = read_manifest(file).map_err(|error| unreadable(&path, error))?;
                self.manifests.push(Manifest::parse(&text, &name, prefix)?);
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
        let real = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
        if !self.seen.insert(real) {
            return Ok(());
        }
        for (name, path) in sorted_entries(folder)? {
            // A dangling link is nobody's capture, and a pipe might never end.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                self.add_folder(&path, &format!("{prefix}{name}/"), depth - 1)?;
            } else if metadata.is_file() {
                self.add_file(&path, format!("{prefix}{name}"), Wanted::InFolder)?;
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
