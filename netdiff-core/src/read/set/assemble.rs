//! Opens a set: find the captures, place each, refuse what is ambiguous.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::name_of_path;
use super::gathered::{Found, Gathered, Wanted};
use super::manifest::Manifest;
use super::placement::NamedPlace;
use super::series::{Placed, order_captures};
use super::{CaptureFile, CaptureSet, InterfaceName, PointOverride, SetHints, SetRequest};
use crate::read::{ClusterFacts, SetError};
use crate::types::{FileId, Role, visible};

/// Where a file was taken.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) node: Box<str>,
    pub(super) interface: InterfaceName,
    role: Option<Role>,
}

/// Finds the captures that `request` asks for and where each was taken.
///
/// A `--point` wins over the manifest `netdiff.toml` in the set's folder, which wins over the file
/// names. The result does not depend on the order of the request or of the file system. Of each file
/// only what precedes its packets is read, to recognize captures by their contents; bundles and
/// standard input are read to their end.
///
/// # Errors
///
/// Where a path does not exist or cannot be read, nothing is a capture, a file named as a capture is
/// none, a capture cannot be placed, two captures claim one point, or manifest or `--point` are wrong.
pub fn open_set(request: &SetRequest) -> Result<CaptureSet, SetError> {
    let label = label_of(request);
    let gathered = gather(request)?;
    assemble(label, gathered, &request.points)
}

/// The set of what was found.
pub(super) fn assemble(
    label: String,
    mut gathered: Gathered,
    points: &[PointOverride],
) -> Result<CaptureSet, SetError> {
    let places = place_all(&mut gathered, points)?;
    if places.is_empty() {
        let left_out = gathered.warnings;
        return Err(SetError::NoCaptures {
            path: label,
            left_out,
        });
    }
    let captures = gathered.found.into_iter().zip(places).collect();
    let files = order_captures(captures)?;
    Ok(CaptureSet {
        label,
        files: number_files(files),
        cluster: merge_facts(gathered.cluster, &mut gathered.manifests),
        hints: merge_hints(gathered.manifests),
        warnings: gathered.warnings,
    })
}

fn label_of(request: &SetRequest) -> String {
    let mut paths: Vec<String> = request
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if paths.is_empty() {
        paths = request.points.iter().map(ToString::to_string).collect();
    }
    paths.sort();
    visible(&paths.join(", "))
}

fn gather(request: &SetRequest) -> Result<Gathered, SetError> {
    let mut gathered = Gathered::default();
    let mut paths: Vec<_> = request.paths.iter().collect();
    paths.sort();
    paths.dedup();
    let alone = paths.len() == 1;
    for path in paths {
        gathered.add_path(path, alone)?;
    }
    Ok(gathered)
}

/// The place of every capture found, in the same order.
fn place_all(gathered: &mut Gathered, points: &[PointOverride]) -> Result<Vec<Place>, SetError> {
    let mut known: BTreeMap<usize, Place> = BTreeMap::new();
    for manifest in &gathered.manifests {
        for capture in &manifest.captures {
            let at = gathered.position(&capture.name);
            let at = at.ok_or_else(|| manifest.no_such_file(capture))?;
            known.insert(
                at,
                Place {
                    node: capture.node.clone(),
                    interface: capture.interface.clone(),
                    role: capture.role,
                },
            );
        }
    }
    for point in points {
        let at = position_of_point(gathered, point)?;
        let role = known.get(&at).and_then(|place| place.role);
        known.insert(
            at,
            Place {
                node: point.node.clone(),
                interface: point.interface.clone(),
                role,
            },
        );
    }
    place_by_name(&gathered.found, &known)
}

/// The capture that a `--point` means; a file outside the set becomes part of it.
fn position_of_point(gathered: &mut Gathered, point: &PointOverride) -> Result<usize, SetError> {
    let in_set = |gathered: &Gathered| {
        gathered
            .position(&name_of_path(&point.path))
            .or_else(|| gathered.position_of_path(&point.path))
    };
    if let Some(at) = in_set(gathered) {
        return Ok(at);
    }
    let no_file = |reason: &str| SetError::Point {
        text: point.to_string(),
        reason: reason.to_owned(),
    };
    if !point.path.is_file() {
        return Err(no_file(
            "there is no such file, neither as a path nor by its name in the set",
        ));
    }
    gathered.add_file(&point.path, name_of_path(&point.path), Wanted::ByName)?;
    in_set(gathered).ok_or_else(|| no_file("the file holds nothing that could be read"))
}

fn place_by_name(found: &[Found], known: &BTreeMap<usize, Place>) -> Result<Vec<Place>, SetError> {
    let named: Vec<NamedPlace> = found.iter().map(named_place).collect();
    let mixed = mixed_folders(found, &named);
    let mut places = Vec::with_capacity(found.len());
    let mut unplaced = Vec::new();
    for (at, (found, named)) in found.iter().zip(named).enumerate() {
        if let Some(place) = known.get(&at) {
            places.push(place.clone());
            continue;
        }
        let by_file = named.beside.filter(|_| mixed.contains(folder_of(found)));
        match (by_file.or(named.node), named.interface) {
            (Some(node), Some(interface)) => places.push(Place {
                node,
                interface,
                role: None,
            }),
            _ => unplaced.push(found.name.clone()),
        }
    }
    if unplaced.is_empty() {
        Ok(places)
    } else {
        unplaced.sort();
        Err(SetError::Unplaced { files: unplaced })
    }
}

fn folder_of(found: &Found) -> &str {
    found.name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Folders that hold the captures of several nodes, as the files' own names say (rule 5 of the names).
fn mixed_folders<'a>(found: &'a [Found], named: &[NamedPlace]) -> BTreeSet<&'a str> {
    let mut beside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (found, named) in found.iter().zip(named) {
        beside
            .entry(folder_of(found))
            .or_default()
            .extend(named.beside.as_deref());
    }
    beside
        .into_iter()
        .filter(|(_, names)| names.len() > 1)
        .map(|(folder, _)| folder)
        .collect()
}

/// What the name says; the folder that holds all of a bundle only if nothing else does.
fn named_place(found: &Found) -> NamedPlace {
    let inner = found.name.get(found.top_len..).unwrap_or("");
    let place = NamedPlace::of_name(inner, found.names_interfaces);
    if place.node.is_some() {
        place
    } else {
        NamedPlace::of_name(&found.name, found.names_interfaces)
    }
}

fn number_files(files: Vec<Placed>) -> Vec<CaptureFile> {
    (0..)
        .map(FileId)
        .zip(files)
        .map(|(id, (found, place))| CaptureFile {
            id,
            name: found.name,
            node: place.node,
            interface: place.interface,
            role: place.role,
            source: found.source,
            progress: None,
        })
        .collect()
}

/// Adds the pods and services of the manifests.
fn merge_facts(mut facts: ClusterFacts, manifests: &mut [Manifest]) -> ClusterFacts {
    for manifest in manifests {
        facts.pods.append(&mut manifest.pods);
        facts.services.append(&mut manifest.services);
    }
    facts.sorted()
}

fn merge_hints(manifests: Vec<Manifest>) -> SetHints {
    let mut hints = SetHints::default();
    for manifest in manifests {
        hints.nodes.extend(manifest.nodes);
        hints.translations.extend(manifest.translations);
        hints.pairs.extend(manifest.pairs);
    }
    hints.nodes.sort();
    hints.translations.sort_unstable();
    hints.pairs.sort_unstable();
    hints
}
