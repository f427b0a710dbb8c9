//! What has been found so far, and what gets in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::gather::STANDARD_INPUT;
use super::manifest::Manifest;
use super::source::Source;
use super::stem::is_named_like_a_capture;
use crate::read::cluster::{ClusterFacts, is_named_like_cluster_facts};
use crate::read::format::Format;
use crate::read::pcap::HEADER_LEN;
use crate::read::spool::Spool;
use crate::read::warning::DamageLog;
use crate::read::{
    Damage, InterfaceInfo, LooksLike, PacketReader, ReadError, ReadWarning, SetError,
};
use crate::types::{LinkType, visible};

/// Captures that one set may hold, and entries that are looked at in all its bundles together.
pub(super) const MAX_FILES: usize = 20_000;

/// A capture that was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Name relative to the set, with `/` separators.
    pub(super) name: String,
    /// Length of the folder, with its `/`, that holds all of a bundle: it was made by packing a
    /// set's folder and says where a capture was taken only if nothing else does.
    pub(super) top_len: usize,
    /// Whether the file itself says on which interface a packet was seen.
    pub(super) names_interfaces: bool,
    pub(super) source: Source,
}

/// All that was found in a set.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) found: Vec<Found>,
    /// Places of the names in `found`.
    by_name: BTreeMap<String, usize>,
    /// Entries of all bundles together.
    pub(super) entries: usize,
    pub(super) manifests: Vec<Manifest>,
    pub(super) cluster: ClusterFacts,
    pub(super) warnings: Vec<ReadWarning>,
    pub(super) spool: Spool,
    /// Real paths of the files and folders seen, so that none counts twice.
    pub(super) seen: BTreeSet<PathBuf>,
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
            Format::Pcap | Format::Pcapng => {
                let reader = PacketReader::of_unpacked(&name, unpacked)?;
                let names_interfaces = reader.interfaces().iter().any(says_where);
                self.add_found(Found {
                    name,
                    top_len: 0,
                    names_interfaces,
                    source,
                });
            }
            Format::Tar | Format::Zip => return self.add_bundle(&source, unpacked, name, wanted),
            Format::Other(LooksLike::Text)
                if wanted != Wanted::Alone && is_named_like_cluster_facts(&name) =>
            {
                self.cluster.add_file(&name, unpacked.stream);
            }
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
    fn add_found(&mut self, mut found: Found) {
        found.name = visible(&found.name);
        match self
            .position(&found.name)
            .and_then(|at| self.found.get_mut(at))
        {
            Some(earlier) => {
                *earlier = found;
                let name = earlier.name.clone();
                self.warn(name, Damage::NamedTwice);
            }
            None => {
                self.by_name.insert(found.name.clone(), self.found.len());
                self.found.push(found);
            }
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
        self.by_name.get(&visible(name)).copied()
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

/// Whether packets of the interface can be told by a name in the file or an index in their headers.
fn says_where(info: &InterfaceInfo) -> bool {
    info.name.is_some() || info.link_type == LinkType::LINUX_SLL2
}
