//! One set, not judged: what it holds.

use std::path::PathBuf;

use super::analyze::{analyzed, label};
use super::cluster::{address_names, stated_addresses};
use super::error::AnalysisError;
use super::observe::SetContents;
use super::options::AnalysisOptions;
use super::reading::{Detail, read_set};
use crate::profile::{BASELINE_VERSION, anonymize, baseline_tool, is_baseline, read_baseline};
use crate::read::{
    CaptureFile, CaptureSet, InterfaceInfo, InterfaceName, PointOverride, SetError, SetRequest,
    open_set, read_text_if,
};
use crate::report::{
    BaselineReport, InspectReport, Inspected, InspectedFile, InspectedInterface, StatedNetworks,
    Stored, build_baseline, build_inspection,
};
use crate::types::LinkType;

/// The interface of a capture of which neither its name nor its contents tell it.
const UNKNOWN_INTERFACE: &str = "unknown";

/// Says what a capture set holds: capture points and their roles, tunnels, addresses, oddities, and what is missing.
///
/// A capture that cannot be placed is shown as a node of its own, named after the file; the report lists it as unplaced.
///
/// # Errors
/// As [`trace`](crate::trace), but for captures that cannot be placed.
pub fn inspect(request: &SetRequest) -> Result<InspectReport, AnalysisError> {
    inspect_with(request, &AnalysisOptions::default())
}

/// [`inspect`] with options.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_with(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<InspectReport, AnalysisError> {
    let (mut set, unplaced) =
        open_any_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
    options.count(&mut set);
    let folding = options.folding();
    let read = read_set(&set, &options.decode(), Detail::Contents, folding)
        .map_err(|error| AnalysisError::of_file(request, error))?;
    let SetContents {
        mut points,
        contents,
        interfaces,
        names,
        warnings,
        ..
    } = read.contents;
    read.watch.settle_tunnel_devices(&mut points);
    let stated = stated_addresses(&set, &read.watch);
    let timelines = read.correlator.finish(points, &stated);
    Ok(build_inspection(Inspected {
        path: &set.label,
        files: inspected_files(&set, &interfaces),
        unplaced: &unplaced,
        contents: &contents,
        warnings: &warnings,
        names: &address_names(&set, &names),
        stated: &stated_networks(&set),
        timelines: &timelines,
        language: options.language,
    }))
}

/// Says what a baseline holds: its sets, their capture points and flows, and what was done to it. `None` where the request is no
/// baseline, so that [`inspect`] is to be asked.
///
/// # Errors
/// Where it is one that cannot be used.
pub fn inspect_baseline(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<Option<BaselineReport>, AnalysisError> {
    let text = read_text_if(request, is_baseline)
        .map_err(|error| AnalysisError::of_set(request, error))?;
    let Some(text) = text else {
        return Ok(None);
    };
    let file = label(request);
    let profiles = read_baseline(&text);
    let mut profiles = profiles.map_err(|reason| AnalysisError::Baseline {
        file: file.clone(),
        reason,
    })?;
    if options.anonymize {
        profiles.iter_mut().for_each(anonymize);
    }
    let stored: Vec<Stored<'_>> = profiles
        .iter()
        .map(|profile| Stored {
            set: analyzed(profile, options.language),
            anonymized: profile.anonymized,
            selected: profile.selected.as_deref(),
            left_out: profile.left_out,
        })
        .collect();
    Ok(Some(BaselineReport {
        path: file,
        baseline_version: BASELINE_VERSION,
        written_by: baseline_tool(&text),
        bytes: text.len() as u64,
        ..build_baseline(&stored, options.language)
    }))
}

/// Opens a set; captures that cannot be placed are named as well.
fn open_any_set(request: &SetRequest) -> Result<(CaptureSet, Vec<String>), SetError> {
    let unplaced = match open_set(request) {
        Err(SetError::Unplaced { files }) => files,
        result => return result.map(|set| (set, Vec::new())),
    };
    let mut request = request.clone();
    request
        .points
        .extend(unplaced.iter().map(|file| PointOverride {
            node: file.replace('/', "-").into(),
            interface: InterfaceName::FromFile,
            path: PathBuf::from(file),
        }));
    let mut set = open_set(&request)?;
    for file in &mut set.files {
        if unplaced.contains(&file.name) && !tells_interfaces(file)? {
            file.interface = InterfaceName::Named(UNKNOWN_INTERFACE.into());
        }
    }
    Ok((set, unplaced))
}

/// Whether the file names its interfaces, or mixes several.
fn tells_interfaces(file: &CaptureFile) -> Result<bool, SetError> {
    let reader = file.open()?;
    let mut interfaces = reader.interfaces().iter();
    Ok(interfaces.any(|interface| {
        let cooked = [LinkType::LINUX_SLL, LinkType::LINUX_SLL2];
        interface.name.is_some() || cooked.contains(&interface.link_type)
    }))
}

/// What the cluster says of its nodes' networks.
fn stated_networks(set: &CaptureSet) -> Vec<StatedNetworks> {
    let nodes = set.cluster.nodes.iter();
    nodes
        .map(|node| StatedNetworks {
            node: node.name.clone(),
            pod_networks: node.pod_networks.clone(),
            backend: node.backend.clone(),
        })
        .collect()
}

fn inspected_files(
    set: &CaptureSet,
    interfaces: &[(u64, Vec<InterfaceInfo>)],
) -> Vec<InspectedFile> {
    let files = set.files.iter().zip(interfaces);
    files
        .map(|(file, (packets, interfaces))| InspectedFile {
            name: file.name.clone(),
            node: file.node.to_string(),
            interface: file.interface.to_string(),
            packets: *packets,
            interfaces: interfaces.iter().map(inspected_interface).collect(),
        })
        .collect()
}

fn inspected_interface(interface: &InterfaceInfo) -> InspectedInterface {
    InspectedInterface {
        name: interface.name.clone(),
        description: interface.description.clone(),
        link_type: interface.link_type.to_string(),
        snap_length: interface.snaplen,
        dropped: interface.dropped,
        filter: interface.filter.clone(),
    }
}
