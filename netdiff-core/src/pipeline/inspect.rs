//! One set, not judged: what it holds.

use std::path::PathBuf;

use super::analyze::AnalysisError;
use super::cluster::{address_names, settle_tunnel_devices, stated_addresses};
use super::observe::{Detail, SetObservations, observe_set};
use super::options::AnalysisOptions;
use crate::correlate::correlate;
use crate::read::{
    CaptureFile, CaptureSet, InterfaceInfo, InterfaceName, PointOverride, SetError, SetRequest,
    open_set,
};
use crate::report::{
    InspectReport, Inspected, InspectedFile, InspectedInterface, StatedNetworks, build_inspection,
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
    let (set, unplaced) =
        open_any_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
    let SetObservations {
        mut points,
        contents,
        interfaces,
        observations,
        names,
        warnings,
    } = observe_set(&set, &options.decode(), Detail::Contents)
        .map_err(|error| AnalysisError::of_file(request, error))?;
    settle_tunnel_devices(&set, &mut points, &observations);
    let stated = stated_addresses(&set, &observations);
    let timelines = correlate(points, &stated, observations);
    Ok(build_inspection(Inspected {
        path: &set.label,
        files: inspected_files(&set, &interfaces),
        unplaced: &unplaced,
        contents: &contents,
        warnings: &warnings,
        names: &address_names(&set, &names),
        stated: &stated_networks(&set),
        timelines: &timelines,
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
