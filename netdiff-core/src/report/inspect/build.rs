//! Makes the report of `netdiff inspect`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::advice::Gaps;
use super::contents::{PointContents, StatedNetworks};
use super::coverage::coverage_rows;
use super::model::{
    InspectReport, InspectedAddress, InspectedFile, InspectedInterface, InspectedNode,
    InspectedPoint, StopReport, TunnelReport,
};
use super::subnets::subnet_reports;
use crate::correlate::{NodeId, PartyKind, RoleBasis, SetPoint, Timelines};
use crate::report::build_flow::kind_name;
use crate::report::clock::{against_first, clock_reports};
use crate::report::time::render_time;
use crate::report::{AddressNames, SCHEMA_VERSION, ToolReport};
use crate::types::{Language, Message, Role, Timestamp};

/// A set and what was counted in it.
#[derive(Clone, Debug)]
pub struct Inspected<'a> {
    /// The set as it was given.
    pub path: &'a str,
    /// Its files, indexed by `FileId`.
    pub files: Vec<InspectedFile>,
    /// Those of them that could not be placed.
    pub unplaced: &'a [String],
    /// What each capture point holds, indexed by `PointId`.
    pub contents: &'a [PointContents],
    /// Damage, as sentences.
    pub warnings: &'a [Message],
    /// What addresses are called.
    pub names: &'a AddressNames,
    /// What the cluster says of its nodes' networks.
    pub stated: &'a [StatedNetworks],
    /// What was learned.
    pub timelines: &'a Timelines,
    /// The language of the report.
    pub language: Language,
}

/// Where an address lives, and whose it is.
type Residents = BTreeMap<IpAddr, (Option<NodeId>, PartyKind)>;

/// The report of `netdiff inspect`.
#[must_use]
pub fn build_inspection(inspected: Inspected<'_>) -> InspectReport {
    let timelines = inspected.timelines;
    let residents = residents(timelines);
    let coverage = coverage_rows(timelines);
    let gaps = Gaps {
        timelines,
        rows: &coverage,
        contents: inspected.contents,
        files: &inspected.files,
        unplaced: inspected.unplaced,
        stated: inspected.stated,
        language: inspected.language,
    };
    let advice = gaps.advice();
    let points = timelines.points.iter().zip(inspected.contents);
    InspectReport {
        schema_version: SCHEMA_VERSION,
        language: inspected.language,
        tool: ToolReport::CURRENT,
        path: inspected.path.to_owned(),
        nodes: node_reports(timelines, inspected.stated),
        clocks: clock_reports(timelines),
        capture_points: points
            .map(|(point, contents)| point_report(point, contents, &inspected.files))
            .collect(),
        addresses: residents
            .iter()
            .map(|(address, (node, kind))| InspectedAddress {
                address: address.to_string(),
                name: inspected.names.get(address).cloned(),
                node: node.map(|node| timelines.node_name(node).to_owned()),
                kind: kind_name(*kind),
            })
            .collect(),
        subnets: subnet_reports(timelines, &pods_of(&residents), inspected.stated),
        coverage,
        advice,
        unplaced: inspected.unplaced.to_vec(),
        warnings: inspected
            .warnings
            .iter()
            .map(|warning| warning.render(inspected.language))
            .collect(),
        files: inspected.files,
    }
}

fn residents(timelines: &Timelines) -> Residents {
    let mut residents = Residents::new();
    for (address, node) in timelines.plan.node_addresses() {
        residents.insert(address, (node, PartyKind::Node));
    }
    let parties = timelines
        .flows
        .iter()
        .flat_map(|flow| [flow.initiator, flow.responder]);
    for party in parties {
        residents
            .entry(party.address)
            .or_insert((party.node, party.kind));
    }
    residents
}

/// The pods whose node is known, sorted by address.
fn pods_of(residents: &Residents) -> Vec<(IpAddr, NodeId)> {
    let pods = residents
        .iter()
        .filter(|(_, (_, kind))| *kind == PartyKind::Pod);
    pods.filter_map(|(address, (node, _))| Some((*address, (*node)?)))
        .collect()
}

/// Every node of a set.
pub(super) fn node_reports(timelines: &Timelines, stated: &[StatedNetworks]) -> Vec<InspectedNode> {
    let nodes = 0..timelines.nodes.len();
    nodes
        .map(|node| node_report(timelines, node, stated))
        .collect()
}

fn node_report(timelines: &Timelines, node: usize, stated: &[StatedNetworks]) -> InspectedNode {
    let id = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
    let points = timelines.points.iter().zip(&timelines.node_of);
    let own: Vec<&SetPoint> = points
        .filter(|(_, home)| **home == id)
        .map(|(p, _)| p)
        .collect();
    let first: Option<Timestamp> = own.iter().filter_map(|p| p.first_time).min();
    let last = own.iter().filter_map(|p| p.last_time).max();
    let clock = against_first(timelines, id);
    let name = timelines.node_name(id);
    let stated = stated.iter().find(|stated| *stated.node == *name);
    InspectedNode {
        name: name.to_owned(),
        backend: stated.and_then(|s| s.backend.as_deref().map(str::to_owned)),
        first_time: first.map(render_time),
        last_time: last.map(render_time),
        clock_offset_ns: clock.map(|c| c.offset.0),
        clock_error_ns: clock.map(|c| c.bound.0),
    }
}

pub(super) fn point_report(
    point: &SetPoint,
    contents: &PointContents,
    files: &[InspectedFile],
) -> InspectedPoint {
    let files: Vec<&InspectedFile> = point
        .files
        .iter()
        .filter_map(|file| files.get(file.index()))
        .collect();
    let interfaces: Vec<&InspectedInterface> = files
        .iter()
        .flat_map(|file| interfaces_of(&point.point.interface, file))
        .collect();
    let drops: Vec<u64> = interfaces.iter().filter_map(|i| i.dropped).collect();
    let mut filters: Vec<String> = interfaces.iter().filter_map(|i| i.filter.clone()).collect();
    filters.sort_unstable();
    filters.dedup();
    InspectedPoint {
        node: point.point.node.to_string(),
        interface: point.point.interface.to_string(),
        role: point.role.name(),
        role_basis: role_basis(point),
        files: files.iter().map(|file| file.name.clone()).collect(),
        link_type: point
            .link_type
            .map(|l| l.to_string())
            .or_else(|| interfaces.first().map(|i| i.link_type.clone())),
        packets: point.packets,
        first_time: point.first_time.map(render_time),
        last_time: point.last_time.map(render_time),
        snap_length: interfaces.iter().filter_map(|i| i.snap_length).min(),
        dropped: (!drops.is_empty()).then(|| drops.iter().sum()),
        filters,
        tunnels: tunnel_reports(contents),
        tunnels_left_out: contents.tunnels_left_out,
        anomalies: contents.anomalies.clone(),
        stops: stop_reports(contents),
        stops_left_out: contents.stops_left_out,
    }
}

/// The interfaces of a file that stand for a capture point.
fn interfaces_of<'a>(
    name: &'a str,
    file: &'a InspectedFile,
) -> impl Iterator<Item = &'a InspectedInterface> {
    let all = file.interface != "any" || file.interfaces.len() == 1;
    let named = move |place: usize, interface: &InspectedInterface| match &interface.name {
        Some(own) => own == name,
        None => name == format!("interface-{place}"),
    };
    let interfaces = file.interfaces.iter().enumerate();
    interfaces
        .filter(move |(place, interface)| all || named(*place, interface))
        .map(|(_, interface)| interface)
}

fn role_basis(point: &SetPoint) -> Option<&'static str> {
    let basis = match point.role_basis {
        RoleBasis::Stated => "stated",
        RoleBasis::Name => "name",
        RoleBasis::Packets => "packets",
    };
    (point.role != Role::Unknown).then_some(basis)
}

fn tunnel_reports(contents: &PointContents) -> Vec<TunnelReport> {
    let tunnels = contents.tunnels.iter();
    tunnels
        .map(|(tunnel, packets)| TunnelReport {
            kind: tunnel.kind,
            vni: tunnel.vni,
            port: tunnel.port,
            source: tunnel.source.to_string(),
            destination: tunnel.destination.to_string(),
            packets: *packets,
        })
        .collect()
}

fn stop_reports(contents: &PointContents) -> Vec<StopReport> {
    let stops = contents.stops.iter();
    stops
        .map(|(stop, packets)| StopReport {
            kind: stop.kind,
            layer: stop.layer,
            number: stop.number,
            anomaly: stop.anomaly,
            packets: *packets,
        })
        .collect()
}
