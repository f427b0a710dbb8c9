//! The types of `netdiff inspect`'s report: what [`render_inspect_json`](crate::report::render_inspect_json) writes.
//!
//! The guarantees are those of [`Report`](crate::report::Report), with a version shared by both.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::{ClockReport, ToolReport};
use crate::types::Language;

/// What a capture set holds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectReport {
    /// [`SCHEMA_VERSION`](crate::report::SCHEMA_VERSION).
    pub schema_version: u32,
    /// The language of its sentences.
    #[serde(skip)]
    pub language: Language,
    /// What wrote the report.
    pub tool: ToolReport,
    /// The set as it was given.
    pub path: String,
    /// Sorted by name.
    pub nodes: Vec<InspectedNode>,
    /// Each two nodes between which packets were seen to go, sorted by names.
    pub clocks: Vec<ClockReport>,
    /// Sorted by node and interface.
    pub capture_points: Vec<InspectedPoint>,
    /// Sorted by name; the files of one rotated capture in time order.
    pub files: Vec<InspectedFile>,
    /// Every address of a flow or node, sorted.
    pub addresses: Vec<InspectedAddress>,
    /// Which networks lie behind which node, sorted by node; stated ones first, then by prefix.
    pub subnets: Vec<SubnetReport>,
    /// What was captured where, a row for each node, sorted by name.
    pub coverage: Vec<CoverageRow>,
    /// What to capture next, the most useful first.
    pub advice: Vec<AdviceReport>,
    /// Files of which neither name nor manifest tells node and interface; each is shown as a node named after it.
    pub unplaced: Vec<String>,
    /// Damage in the files, as sentences.
    pub warnings: Vec<String>,
}

/// A node and when it was captured, by its own clock.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectedNode {
    /// Node name.
    pub name: String,
    /// flannel's backend (`vxlan`, `host-gw` …), where the cluster says it.
    pub backend: Option<String>,
    /// RFC 3339; `null` without packets.
    pub first_time: Option<String>,
    /// RFC 3339; `null` without packets.
    pub last_time: Option<String>,
    /// How far its clock is ahead of the first node's: where `clocks` has the two, what is said there, else in the middle of
    /// the first node's captures; `null` where the packets do not tell.
    pub clock_offset_ns: Option<i64>,
    /// The largest error of `clock_offset_ns`.
    pub clock_error_ns: Option<i64>,
}

/// A capture point and what its packets hold.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectedPoint {
    /// Node name.
    pub node: String,
    /// Interface name.
    pub interface: String,
    /// `pod`, `bridge`, `vtep`, `uplink`, `loopback`, `merged` or `unknown`.
    pub role: &'static str,
    /// How the role is known: `stated`, `name` or `packets`; `null` where it is not.
    pub role_basis: Option<&'static str>,
    /// Names of its files.
    pub files: Vec<String>,
    /// Name of the link type; `null` where no packet says it.
    pub link_type: Option<String>,
    /// Packets read; 0 for a capture that saw nothing.
    pub packets: u64,
    /// RFC 3339; `null` without packets.
    pub first_time: Option<String>,
    /// RFC 3339; `null` without packets.
    pub last_time: Option<String>,
    /// Most bytes kept of a packet, the least of its captures; `null` without a limit.
    pub snap_length: Option<u32>,
    /// Packets that its captures lost; `null` where no file says it.
    pub dropped: Option<u64>,
    /// Capture filters that its files name.
    pub filters: Vec<String>,
    /// Tunnels whose outer headers are seen here, sorted by kind; each of nested ones.
    pub tunnels: Vec<TunnelReport>,
    /// Packets of tunnels beyond the first thousand.
    pub tunnels_left_out: u64,
    /// How often each oddity was met, by its dotted id.
    pub anomalies: BTreeMap<&'static str, u64>,
    /// Packets that were not decoded up to their payload, and why.
    pub stops: Vec<StopReport>,
    /// Packets that stopped for reasons beyond the first thousand.
    pub stops_left_out: u64,
}

/// A tunnel, one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TunnelReport {
    /// `vxlan`, `vxlan-guessed` (on a port that is not known for it), `geneve`, `gre`, `ipip`, `udp`, `esp`, `wireguard` …
    pub kind: &'static str,
    /// Virtual network identifier, or GRE key.
    pub vni: Option<u32>,
    /// UDP destination port.
    pub port: Option<u16>,
    /// Outer source address.
    pub source: String,
    /// Outer destination address.
    pub destination: String,
    /// How many.
    pub packets: u64,
}

/// Why packets were not decoded up to their payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StopReport {
    /// `fragment`, `encrypted`, `cut-by-capture`, `cut-by-header`, `malformed`, `unsupported` or `too-deep`.
    pub kind: &'static str,
    /// The layer that was cut or malformed, or announced what is not decoded; `null` for the link type itself.
    pub layer: Option<&'static str>,
    /// The number by which the layer announced it.
    pub number: Option<u32>,
    /// What was malformed, a dotted id.
    pub anomaly: Option<&'static str>,
    /// How many.
    pub packets: u64,
}

/// A capture file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectedFile {
    /// Name relative to the set.
    pub name: String,
    /// The node it was taken on.
    pub node: String,
    /// The interface it was taken on; `any` where the file itself says it.
    pub interface: String,
    /// Packets read.
    pub packets: u64,
    /// The interfaces that it describes, in its order.
    pub interfaces: Vec<InspectedInterface>,
}

/// An interface as a capture file describes it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectedInterface {
    /// Its name; `null` in classic pcap files.
    pub name: Option<String>,
    /// What a person called it.
    pub description: Option<String>,
    /// Name of the link type.
    pub link_type: String,
    /// Most bytes kept of a packet; `null` without a limit.
    pub snap_length: Option<u32>,
    /// Packets that the capture lost; `null` where the file does not say.
    pub dropped: Option<u64>,
    /// The capture filter; `null` where the file does not say.
    pub filter: Option<String>,
}

/// An address and where it lives.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectedAddress {
    /// IP address.
    pub address: String,
    /// What it is called, as in [`AddressedParty`](crate::report::AddressedParty).
    pub name: Option<String>,
    /// Node name, where it is known.
    pub node: Option<String>,
    /// `pod`, `node` or `unknown`.
    pub kind: &'static str,
}

/// A network of pods behind a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubnetReport {
    /// Node name.
    pub node: String,
    /// Address and length, such as `10.244.1.0/24`.
    pub prefix: String,
    /// `stated` by the cluster, or `inferred`: a /24 (IPv6: /64), or as much longer as keeps the pods of other nodes out.
    pub basis: &'static str,
    /// How many addresses were seen in it.
    pub addresses: u64,
}

/// What was captured on a node, by role.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageRow {
    /// Node name.
    pub node: String,
    /// The pods' links.
    pub pod: CoverageCell,
    /// The pods' bridge.
    pub bridge: CoverageCell,
    /// The tunnel device.
    pub vtep: CoverageCell,
    /// The interface towards the other nodes.
    pub uplink: CoverageCell,
}

/// Whether interfaces of a role were captured on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageCell {
    /// `captured`, `empty` (captured, and no packet seen), `merged` (in a capture that cannot tell interfaces apart)
    /// or `missing`.
    pub state: &'static str,
    /// The interfaces, sorted; empty where none was captured.
    pub interfaces: Vec<String>,
}

/// Something to capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdviceReport {
    /// On which node; `null` where its name is not known, or for all.
    pub node: Option<String>,
    /// The role of the interface; `null` for every interface.
    pub role: Option<&'static str>,
    /// One sentence.
    pub text: String,
}
