//! Which part of each node was captured.

use super::model::{CoverageCell, CoverageRow};
use crate::correlate::{NodeId, Timelines};
use crate::types::Role;

/// A row for each node of the set.
pub(super) fn coverage_rows(timelines: &Timelines) -> Vec<CoverageRow> {
    let nodes = (0..).map(NodeId).zip(&timelines.nodes);
    nodes
        .map(|(node, name)| CoverageRow {
            node: name.to_string(),
            pod: cell(timelines, node, Role::Pod),
            bridge: cell(timelines, node, Role::Bridge),
            vtep: cell(timelines, node, Role::Vtep),
            uplink: cell(timelines, node, Role::Uplink),
        })
        .collect()
}

impl CoverageRow {
    /// The cells with their roles, in the order in which a packet leaves a node.
    pub(crate) fn cells(&self) -> [(Role, &CoverageCell); 4] {
        [
            (Role::Pod, &self.pod),
            (Role::Bridge, &self.bridge),
            (Role::Vtep, &self.vtep),
            (Role::Uplink, &self.uplink),
        ]
    }
}

fn cell(timelines: &Timelines, node: NodeId, role: Role) -> CoverageCell {
    let on_node = || {
        let points = timelines.points.iter().zip(&timelines.node_of);
        points
            .filter(move |(_, home)| **home == node)
            .map(|(p, _)| p)
    };
    let of_role = || on_node().filter(|point| point.role == role);
    let interfaces: Vec<String> = of_role()
        .map(|point| point.point.interface.to_string())
        .collect();
    let state = if of_role().any(|point| point.packets > 0) {
        text!("captured")
    } else if !interfaces.is_empty() {
        text!("empty")
    } else if on_node().any(|point| point.role == Role::Merged && point.packets > 0) {
        text!("merged")
    } else {
        text!("missing")
    };
    CoverageCell { state, interfaces }
}
