//! What fuzz targets reach beside the public names; built with `--cfg fuzzing` alone.

use std::io::Cursor;

use super::assemble::assemble;
use super::gathered::{Gathered, Wanted};
use super::manifest::Manifest;
use super::placement::NamedPlace;
use super::source::Source;
use super::stem::series_of;
use super::{CaptureSet, InterfaceName};
use crate::read::{ClusterFacts, SetError};

/// The manifest of this text: how many captures it places, or what is wrong with it.
pub fn manifest(text: &str) -> Result<usize, String> {
    let manifest = Manifest::parse(text, "netdiff.toml", "set/");
    manifest
        .map(|manifest| manifest.captures.len())
        .map_err(|error| error.to_string())
}

/// Node and interface that a name gives, and the series it belongs to.
pub fn place(name: &str, names_interfaces: bool) -> (Option<Box<str>>, Option<String>, String) {
    let place = NamedPlace::of_name(name, names_interfaces);
    let interface = place.interface.as_ref().map(InterfaceName::to_string);
    (place.node, interface, series_of(name).series)
}

/// What a file beside the captures says about the cluster.
pub fn cluster(name: &str, bytes: &[u8]) -> ClusterFacts {
    let mut facts = ClusterFacts::default();
    facts.add_file(name, bytes);
    facts.sorted()
}

/// A set of files that are in memory; one alone as if it were the whole request.
///
/// # Errors
/// As [`open_set`](super::open_set).
pub fn set_of(files: &[(&str, &[u8])]) -> Result<CaptureSet, SetError> {
    let mut gathered = Gathered::default();
    let wanted = match files.len() {
        1 => Wanted::Alone,
        _ => Wanted::InFolder,
    };
    for (name, bytes) in files {
        let unreadable = |reason| SetError::Unreadable {
            path: (*name).to_owned(),
            reason,
        };
        let section = gathered.spool.add_raw(&mut Cursor::new(bytes));
        let source = Source::Section(section.map_err(unreadable)?);
        gathered.add_source(source, (*name).to_owned(), wanted)?;
    }
    assemble("set".to_owned(), gathered, &[])
}
