//! One set, not judged: what it holds.

use super::analyze::{AnalysisError, stated_addresses};
use super::observe::{SetObservations, observe_set};
use crate::correlate::correlate;
use crate::decode::DecodeOptions;
use crate::read::{CaptureSet, InterfaceInfo, SetRequest, open_set};
use crate::report::{
    InspectReport, Inspected, InspectedFile, InspectedInterface, build_inspection,
};

/// Says what a capture set holds: capture points and their roles, tunnels, addresses, oddities, and what is missing.
///
/// # Errors
/// As [`trace`](crate::trace). Findings and losses are not looked for.
pub fn inspect(request: &SetRequest) -> Result<InspectReport, AnalysisError> {
    let set = open_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
    let SetObservations {
        points,
        contents,
        interfaces,
        observations,
        warnings,
    } = observe_set(&set, &DecodeOptions::default())
        .map_err(|error| AnalysisError::of_file(request, error))?;
    let timelines = correlate(points, &stated_addresses(&set), observations);
    Ok(build_inspection(Inspected {
        path: &set.label,
        files: inspected_files(&set, &interfaces),
        contents: &contents,
        warnings: &warnings,
        timelines: &timelines,
    }))
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
