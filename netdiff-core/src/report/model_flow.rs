//! The report's flows: hops, dispositions and losses.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::{EvidenceReport, PointName, SetName};
use super::over_time::OverTimeReport;

/// One end of a flow.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What the initiator called, where a service's address or a node's port leads it to the responder.
    pub called: Option<CalledReport>,
    /// The address under which the responder sees the initiator, where masquerade hides it.
    pub seen_as: Option<String>,
    /// From pings and SYNs to their answers, at the capture point nearest to the initiator that saw both.
    pub round_trip: Option<RoundTripReport>,
    /// Initiator to responder.
    #[serde(flatten)]
    pub forward: DirectionReport,
    /// Responder to initiator.
    pub reply: DirectionReport,
}

/// One direction of a flow.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DirectionReport {
    /// By what packets were recognized: `payload`, `headers` or `first-bytes`, the weakest that was needed; `null` where TCP's sequence
    /// numbers alone were.
    pub matched_by: Option<&'static str>,
    /// The capture points that saw it, in the order in which packets pass them.
    pub hops: Vec<HopReport>,
    /// What became of its packets.
    pub dispositions: DispositionCounts,
    /// How each disposition is known, or why it cannot be: packets by reason, such as `delivered-seen`, `not-covered-window`.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Where packets were lost, or may have been.
    pub losses: Vec<LossReport>,
    /// Where packets were refused.
    pub rejections: Vec<RejectionReport>,
    /// Where packets went round and round.
    pub loops: Vec<LoopReport>,
    /// What became of its packets, over time; `null` where none was lost or refused, and for a baseline.
    pub over_time: Option<OverTimeReport>,
    /// Bytes of TCP that were acknowledged, between bytes that were seen, and that no capture shows: a gap of the captures, not a loss.
    pub unseen_bytes: u64,
    /// Evidence that speaks against the order of the hops.
    pub contradictions: Vec<String>,
}

/// How many packets met which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DispositionCounts {
    /// Arrived: seen at the end of the way, or answered.
    pub delivered: u64,
    /// Seen at one point and not at the next, which certainly captured at that time.
    pub lost: u64,
    /// Seen at one point and not at the next: lost, if that one captured at that time. Nothing proves it; an empty capture may never have run.
    pub assumed_lost: u64,
    /// Out of sight: no capture further on, or not at that time.
    pub not_covered: u64,
    /// Cannot be told.
    pub unknown: u64,
    /// Refused, by an ICMP error that quotes them or a reset.
    pub rejected: u64,
    /// Came through one point again and again, and never arrived.
    pub looped: u64,
}

impl DispositionCounts {
    /// Counts these, too.
    pub(super) const fn add(&mut self, others: Self) {
        self.delivered += others.delivered;
        self.lost += others.lost;
        self.assumed_lost += others.assumed_lost;
        self.not_covered += others.not_covered;
        self.unknown += others.unknown;
        self.rejected += others.rejected;
        self.looped += others.looped;
    }
}

/// A capture point on the way.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Source address of its packets here.
    pub source: String,
    /// Destination address of its packets here.
    pub destination: String,
    /// Further copies of packets.
    pub duplicates: u64,
    /// The same, by kind.
    pub duplicates_by_kind: DuplicatesReport,
    /// Time to live of the inner-most header.
    pub ttl: TtlReport,
    /// Time since the previous hop; `null` where the two nodes' clocks cannot be compared.
    pub delay: Option<DelayReport>,
    /// What the way from the previous hop changed.
    pub changes: Vec<ChangeReport>,
    /// The first packet.
    pub first: EvidenceReport,
    /// Why the hop stands where it stands.
    pub placed_by: String,
}

/// Outer headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TtlReport {
    /// Lowest.
    pub min: u8,
    /// Highest.
    pub max: u8,
}

/// An address that leads somewhere else.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CalledReport {
    /// IP address.
    pub address: String,
    /// What the cluster, the manifest or a hosts file calls it.
    pub name: Option<String>,
    /// Port.
    pub port: Option<u16>,
}

/// Further copies of packets, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DuplicatesReport {
    /// The same frame again: a mirror, or a network or capture that duplicates.
    pub same_frame: u64,
    /// The same packet in another frame: flooded, or re-injected by a bridge.
    pub other_frame: u64,
    /// Further rounds of a loop.
    pub loop_rounds: u64,
}

/// A field that differs from the previous hop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeReport {
    /// `source`, `destination`, `ttl`, `dscp`, `ecn`, `dont-fragment`, `vlan` or `mss`.
    pub field: &'static str,
    /// At the previous hop.
    pub before: String,
    /// Here.
    pub after: String,
    /// In how many packets.
    pub packets: u64,
    /// Whether hops of these roles do that.
    pub expected: bool,
}

/// Delays between two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DelayReport {
    /// Packets measured.
    pub samples: u64,
    /// Shortest.
    pub min_ns: i64,
    /// Median.
    pub median_ns: i64,
    /// What 95 percent of them do not exceed.
    pub high_ns: i64,
    /// Longest.
    pub max_ns: i64,
    /// How wrong all of them may be: 0 on one node, else the error of the clock comparison.
    pub bound_ns: i64,
}

/// How long answers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoundTripReport {
    /// Answers measured.
    pub samples: u64,
    /// Shortest.
    pub min_ns: i64,
    /// Median.
    pub median_ns: i64,
    /// What 95 percent of them do not exceed.
    pub high_ns: i64,
    /// Longest.
    pub max_ns: i64,
}

/// Packets refused behind one point.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RejectionReport {
    /// Last point that saw them.
    pub after: PointName,
    /// The next captured point on their way, if that is known.
    pub next: Option<PointName>,
    /// Whose address the refusal bears.
    pub by: String,
    /// `icmp 3/1` (type and code), or `reset`.
    pub how: String,
    /// How many.
    pub packets: u64,
    /// The first of them, where it was last seen; `null` where the packets are gone (a baseline).
    pub first: Option<EvidenceReport>,
}

/// Packets that never got out of a loop.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoopReport {
    /// A point on the loop.
    pub at: PointName,
    /// How many.
    pub packets: u64,
    /// The first of them, where it was last seen; `null` where the packets are gone (a baseline).
    pub first: Option<EvidenceReport>,
    /// How often one of them came through there, at most.
    pub most_rounds: u32,
}

/// Packets lost on one segment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LossReport {
    /// Last point that saw them.
    pub from: PointName,
    /// Next captured point that should have.
    pub to: PointName,
    /// How many.
    pub packets: u64,
    /// The first of them, where it was last seen; `null` where the packets are gone (a baseline).
    pub first: Option<EvidenceReport>,
    /// `proven`: the point captured before and after; `assumed`: that is not known, and they are lost only if it did.
    pub capture: &'static str,
    /// On what the expectation rests.
    pub expected_because: &'static str,
}
