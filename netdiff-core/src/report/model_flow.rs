//! The report's flows: hops, dispositions and losses.

use serde::Serialize;

use super::model::{EvidenceReport, PointName, SetName};

/// One end of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct AddressedParty {
    /// IP address.
    pub address: String,
    /// What the cluster, the manifest or a hosts file calls it: a pod's `namespace/name`, `service namespace/name`, a
    /// node's or a host's name.
    pub name: Option<String>,
    /// Port: the responder's service, or the initiator's if there was one conversation only.
    pub port: Option<u16>,
    /// Node name, where it is known.
    pub node: Option<String>,
    /// `pod`, `node` or `unknown`.
    pub kind: &'static str,
}

/// What makes packets one flow.
#[derive(Clone, Debug, Serialize)]
pub struct FlowKeyReport {
    /// `tcp`, `udp`, `icmp` …
    pub protocol: String,
    /// Initiator's address.
    pub initiator: String,
    /// Responder's address.
    pub responder: String,
    /// `echo`, `icmp-error`, a port number, or `null`.
    pub service: Option<String>,
}

/// All conversations of an initiator with one service of a responder.
#[derive(Clone, Debug, Serialize)]
pub struct FlowReport {
    /// Unique in the report, such as `failing-3`.
    pub id: String,
    /// Which set.
    pub set: SetName,
    /// What makes it one flow.
    pub key: FlowKeyReport,
    /// `cross-node`, `same-node`, `pod-to-remote-node`, `pod-to-own-node`, `node-to-remote-pod`, `node-to-own-pod`,
    /// `node-to-node` or `other`.
    pub relation: &'static str,
    /// Who began.
    pub initiator: AddressedParty,
    /// Who was called.
    pub responder: AddressedParty,
    /// How many connections, ping runs or port pairs it has.
    pub conversations: u64,
    /// The other set's flow that plays the same part.
    pub counterpart: Option<String>,
    /// Initiator to responder.
    #[serde(flatten)]
    pub forward: DirectionReport,
    /// Responder to initiator.
    pub reply: DirectionReport,
}

/// One direction of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct DirectionReport {
    /// The capture points that saw it, in the order in which packets pass them.
    pub hops: Vec<HopReport>,
    /// What became of its packets.
    pub dispositions: DispositionCounts,
    /// Where packets were lost.
    pub losses: Vec<LossReport>,
    /// Evidence that speaks against the order of the hops.
    pub contradictions: Vec<String>,
}

/// How many packets met which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DispositionCounts {
    /// Arrived: seen at the end of the way, answered, or seen further on in other segments.
    pub delivered: u64,
    /// Seen at one point and not at the next, which could have seen them.
    pub lost: u64,
    /// Out of sight: no capture further on, or not at that time.
    pub not_covered: u64,
    /// Cannot be told.
    pub unknown: u64,
}

/// A capture point on the way.
#[derive(Clone, Debug, Serialize)]
pub struct HopReport {
    /// Node name.
    pub node: String,
    /// Interface name.
    pub interface: String,
    /// The interface's role.
    pub role: &'static str,
    /// How the packets are carried here; `null` where they are as they are.
    pub encapsulation: Option<EncapsulationReport>,
    /// Packets, copies not counted again.
    pub packets: u64,
    /// Further copies of packets.
    pub duplicates: u64,
    /// Time to live of the inner-most header.
    pub ttl: TtlReport,
    /// Time since the previous hop on the same node; `null` for the first hop of a node.
    pub delay: Option<DelayReport>,
    /// The first packet.
    pub first: EvidenceReport,
    /// Why the hop stands where it stands.
    pub placed_by: String,
}

/// Outer headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EncapsulationReport {
    /// `vxlan` …
    pub kind: &'static str,
    /// Virtual network identifier.
    pub vni: Option<u32>,
    /// Outer source address.
    pub source: String,
    /// Outer destination address.
    pub destination: String,
    /// Outer UDP destination port.
    pub port: Option<u16>,
    /// Whether the port says nothing and the encapsulation was recognized by its contents.
    pub guessed: bool,
}

/// Lowest and highest time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TtlReport {
    /// Lowest.
    pub min: u8,
    /// Highest.
    pub max: u8,
}

/// Delays between two points of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DelayReport {
    /// Packets measured.
    pub samples: u64,
    /// Shortest.
    pub min_ns: i64,
    /// Median.
    pub median_ns: i64,
    /// Longest.
    pub max_ns: i64,
}

/// Packets lost on one segment.
#[derive(Clone, Debug, Serialize)]
pub struct LossReport {
    /// Last point that saw them.
    pub from: PointName,
    /// Next captured point that should have.
    pub to: PointName,
    /// How many.
    pub packets: u64,
    /// `proven`: the point captured before and after; `assumed`: only its node's other captures show that.
    pub capture: &'static str,
    /// On what the expectation rests.
    pub expected_because: &'static str,
}
