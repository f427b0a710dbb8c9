//! Capture sets: which captures belong to one run, and where each was taken.

mod assemble;
mod bundle;
mod bundle_entry;
#[cfg(any(fuzzing, test))]
pub mod doors;
mod gather;
mod gathered;
mod interface_names;
mod manifest;
mod placement;
mod request;
mod series;
mod source;
mod stem;
mod timestamps;

use std::fmt;
use std::net::IpAddr;

pub use assemble::open_set;
pub use request::{PointOverride, SetRequest};

use self::source::Source;
use super::progress::{Counted, FileProgress};
use super::{ClusterFacts, PacketReader, Progress, ReadError, ReadWarning};
use crate::types::{FileId, Role, StatedPair};

/// The captures of one run of a cluster.
#[derive(Clone, Debug)]
pub struct CaptureSet {
    /// The paths as the user gave them, sorted, with `, ` between them.
    pub label: String,
    /// The captures, sorted by name; the files of one rotated capture stand together, in time order.
    pub files: Vec<CaptureFile>,
    /// What the manifest knows about the cluster.
    pub hints: SetHints,
    /// What the cluster says about itself, in files beside the captures or in the manifest.
    pub cluster: ClusterFacts,
    /// Files that were left out because there is nothing in them to read.
    pub warnings: Vec<ReadWarning>,
}

/// One capture file and the place it was taken at.
#[derive(Clone, Debug)]
pub struct CaptureFile {
    /// Its index in [`CaptureSet::files`].
    pub id: FileId,
    /// Its name relative to the set, with `/` separators.
    pub name: String,
    /// The node it was taken on.
    pub node: Box<str>,
    /// The interface it was taken on.
    pub interface: InterfaceName,
    /// The interface's role, where the manifest says it.
    pub role: Option<Role>,
    source: Source,
    progress: Option<FileProgress>,
}

/// The interface of a capture file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterfaceName {
    /// All packets of the file were seen on this interface.
    Named(Box<str>),
    /// The file itself says the interface of each packet (pcapng `if_name`, the index in a Linux
    /// cooked header), as well as it can.
    FromFile,
}

/// What the user says about the cluster beside its captures.
#[derive(Clone, Debug, Default)]
pub struct SetHints {
    /// Nodes, sorted by name.
    pub nodes: Vec<NodeHint>,
    /// Pairs of addresses, sorted: packets to or from the first go on under the second.
    pub translations: Vec<(IpAddr, IpAddr)>,
    /// What plays the same part in a reference and in this set, sorted.
    pub pairs: Vec<StatedPair>,
}

/// A node by its addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeHint {
    /// The node's name.
    pub name: Box<str>,
    /// Its addresses, as the manifest lists them.
    pub addresses: Vec<IpAddr>,
}

impl CaptureSet {
    /// Counts in `progress` what is read of the captures from now on.
    pub fn count_in(&mut self, progress: &Progress) {
        for file in &mut self.files {
            file.progress = Some(FileProgress::new(progress, file.source.len()));
        }
    }

    /// Counts as read what damage kept from being read.
    pub fn count_rest(&self) {
        let counted = self.files.iter().filter_map(|file| file.progress.as_ref());
        counted.for_each(FileProgress::done);
    }
}

impl CaptureFile {
    /// Starts to read the file from its first packet; may be called as often as needed.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, or is no longer the capture that [`open_set`] saw.
    pub fn open(&self) -> Result<PacketReader, ReadError> {
        let source = self.source.open().map_err(|reason| ReadError::Open {
            file: self.name.clone(),
            reason,
        })?;
        match &self.progress {
            Some(progress) => PacketReader::new(
                &self.name,
                Box::new(Counted {
                    source,
                    progress: progress.clone(),
                    position: 0,
                }),
            ),
            None => PacketReader::new(&self.name, source),
        }
    }
}

impl InterfaceName {
    /// The interface of that name; `any` means that the file says it.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "any" => Self::FromFile,
            _ => Self::Named(name.into()),
        }
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::FromFile => f.write_str("any"),
        }
    }
}

#[cfg(test)]
mod tests;
