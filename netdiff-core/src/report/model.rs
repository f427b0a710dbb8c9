//! The report's types: what [`render_json`](super::render_json) writes, field by field.
//!
//! # Guarantees
//! - `schema_version` is 1. Within a version fields are added, never renamed, removed or given another meaning.
//! - Lists are sorted as their docs say; the same inputs give the same bytes, whatever the order of files or the number of
//!   threads.
//! - Lengths of time are integer nanoseconds and say so in their name (`_ns`); points in time are RFC 3339 in UTC
//!   with nine digits. Integers stay below 2^53, but for offsets of clocks that are more than 104 days apart.
//! - A value that is not known is `null`, never a made-up one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::clock::ClockReport;
use super::ignored::IgnoredReport;
use super::model_flow::FlowReport;
use super::model_sums::{FoldedFlowsReport, SegmentTrafficReport, SummaryReport};
use super::over_time::OverTimeReport;
use super::selection::SelectionReport;
use crate::types::Language;

/// The version of the report's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that an analysis found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The result in a few lines.
    pub summary: SummaryReport,
    /// The language of its sentences. Names, ids and the words of `kind`, `role` and their like are the same in every language.
    #[serde(skip)]
    pub language: Language,
    /// What wrote the report.
    pub tool: ToolReport,
    /// The one set of `netdiff trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<SetReport>,
    /// The healthy set of `netdiff diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<SetReport>,
    /// The set under suspicion of `netdiff diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<SetReport>,
    /// What was selected; everything if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionReport>,
    /// What is wrong, the most important first.
    pub findings: Vec<FindingReport>,
    /// What differs between the two sets, the most important first; empty for `trace`.
    pub differences: Vec<DifferenceReport>,
    /// Nodes of the two sets that play the same part; empty for `trace`.
    pub node_pairs: Vec<NodePairReport>,
    /// Flows of the two sets that play the same part, side by side, as far as they are among `flows`; empty for `trace`.
    pub comparisons: Vec<ComparisonReport>,
    /// The flows of every set, in its order; of more than [`max_flows`](crate::AnalysisOptions::max_flows) the worst. Ids that are
    /// named elsewhere and are not here are of flows that are only counted.
    pub flows: Vec<FlowReport>,
    /// The flows that are only counted, by set, relation and protocol.
    pub folded: Vec<FoldedFlowsReport>,
    /// What became of every packet, per capture point.
    pub accounting: Vec<AccountingReport>,
    /// What the user said to ignore, in the order in which it was stated. What it took away is not among `findings` and `differences`.
    pub ignored: Vec<IgnoredReport>,
}

/// The program and its version.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToolReport {
    /// `netdiff`.
    pub name: &'static str,
    /// Semantic version.
    pub version: &'static str,
}

impl ToolReport {
    /// This program.
    pub(super) const CURRENT: Self = Self {
        name: "netdiff",
        version: env!("CARGO_PKG_VERSION"),
    };
}

/// Which set something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SetName {
    /// The only set of a trace.
    Set,
    /// The healthy set.
    Reference,
    /// The set under suspicion.
    Failing,
}

impl SetName {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => text!("set"),
            Self::Reference => text!("reference"),
            Self::Failing => text!("failing"),
        }
    }
}

/// A capture set.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetReport {
    /// The path as it was given.
    pub path: String,
    /// Sorted by node and interface.
    pub capture_points: Vec<CapturePointReport>,
    /// Sorted by name.
    pub nodes: Vec<NodeReport>,
    /// Each two nodes between which packets were seen to go, sorted by names.
    pub clocks: Vec<ClockReport>,
    /// What became of the packets of all flows, over time; `null` for a baseline, which holds no times.
    pub over_time: Option<OverTimeReport>,
    /// Where packets went and where they ended, over all flows; sorted by the points.
    pub segments: Vec<SegmentTrafficReport>,
    /// Damage in the files, as sentences.
    pub warnings: Vec<String>,
}

/// Where packets were captured.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapturePointReport {
    /// Node name.
    pub node: String,
    /// Interface name.
    pub interface: String,
    /// `pod`, `bridge`, `vtep`, `uplink`, `loopback`, `merged` or `unknown`.
    pub role: &'static str,
    /// File names relative to the set.
    pub files: Vec<String>,
    /// Name of the link type; `null` where the capture does not say.
    pub link_type: Option<String>,
    /// Packets read; 0 for a capture that saw nothing.
    pub packets: u64,
    /// RFC 3339; `null` without packets.
    pub first_time: Option<String>,
    /// RFC 3339; `null` without packets.
    pub last_time: Option<String>,
    /// Datagrams of which some fragments were never seen here.
    pub incomplete_datagrams: u64,
    /// Datagrams whose fragments overlap with other bounds.
    pub overlapping_datagrams: u64,
}

/// A node and what the packets tell of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeReport {
    /// Node name.
    pub name: String,
    /// Its own addresses, sorted.
    pub addresses: Vec<String>,
    /// How far its clock is ahead of the first node's: where `clocks` has the two, what is said there, else in the middle of
    /// the first node's captures; `null` where the packets do not tell.
    pub clock_offset_ns: Option<i64>,
    /// The largest error of `clock_offset_ns`.
    pub clock_error_ns: Option<i64>,
}

/// A capture point by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PointName {
    /// Node name.
    pub node: String,
    /// Interface name.
    pub interface: String,
}

/// Two capture points, one after the other on a packet's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentReport {
    /// The last point that saw the packets.
    pub from: PointName,
    /// The next captured point that should have.
    pub to: PointName,
}

/// A packet that anyone can look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EvidenceReport {
    /// Which set.
    pub set: SetName,
    /// File name relative to the set.
    pub file: String,
    /// 1-based, Wireshark's frame number.
    pub packet_number: u64,
    /// Where it was captured.
    pub point: PointName,
}

/// A fault.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FindingReport {
    /// The set it was found in.
    pub set: SetName,
    /// Rule id, kebab-case.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// How sure it is: `high`, `medium` or `low`. It follows from the evidence, see [`Confidence`](crate::diagnose::Confidence).
    pub confidence: &'static str,
    /// One sentence.
    pub title: String,
    /// Where packets stop; `null` where the fault has no such place.
    pub segment: Option<SegmentReport>,
    /// Rules whose cause the captures cannot exclude, likelier first.
    pub alternatives: Vec<&'static str>,
    /// Ids of the flows that it is about.
    pub flows: Vec<String>,
    /// Packets that show it.
    pub evidence: Vec<EvidenceReport>,
    /// What was seen and what follows from it, a sentence a line.
    pub explanation: String,
    /// What would show that it is wrong.
    pub refuted_by: Vec<String>,
    /// Possible causes, likelier first.
    pub causes: Vec<CauseReport>,
    /// How to confirm the causes, in their order.
    pub confirm: Vec<String>,
    /// What helps, in order of preference.
    pub remedy: Vec<String>,
    /// The one capture that would split what remains possible; `null` where no capture would.
    pub capture_next: Option<String>,
}

/// A possible cause.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CauseReport {
    /// What may be wrong.
    pub cause: String,
    /// What to run or look at to confirm it.
    pub confirm: String,
}

/// Something that differs between the sets.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DifferenceReport {
    /// `delivery`, `path`, `encapsulation`, `coverage` or `unpaired`.
    pub kind: &'static str,
    /// Whether the clusters behave differently, rather than that they were captured differently.
    pub significant: bool,
    /// How it is in the reference.
    pub reference: String,
    /// How it is in the failing set.
    pub failing: String,
    /// The two in English, for what must be the same in every language.
    #[serde(skip)]
    pub(super) english: [String; 2],
    /// The failing set's segment on which packets are lost.
    pub segment: Option<SegmentReport>,
    /// How many packets it concerns; 0 where it is not about packets.
    pub packets: PacketsReport,
    /// Ids of the flows of both sets; empty where it concerns the sets as such.
    pub flows: Vec<String>,
    /// Packets that show it.
    pub evidence: Vec<EvidenceReport>,
}

/// Packets of each set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PacketsReport {
    /// Of the reference.
    pub reference: u64,
    /// Of the failing set.
    pub failing: u64,
}

/// Two flows that play the same part.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparisonReport {
    /// The reference's flow.
    pub reference: String,
    /// The failing set's flow.
    pub failing: String,
    /// Whether anything significant differs.
    pub differs: bool,
    /// Whether all of that is ignored.
    pub ignored: bool,
    /// What the two have in common: why they are a pair.
    pub paired_by: Vec<&'static str>,
    /// The first hop, in packet order, at which they part; `null` where they do not.
    pub divergence: Option<DivergenceReport>,
    /// Initiator to responder.
    pub forward: Vec<LadderLine>,
    /// Responder to initiator.
    pub reply: Vec<LadderLine>,
}

/// Where two flows part for the first time, in packet order: the request before the answer. Points are the failing set's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DivergenceReport {
    /// `forward` or `reply`.
    pub direction: &'static str,
    /// Where packets were last seen on the common way; `null` where the ways part at their first hop.
    pub after: Option<PointName>,
    /// Where they should have been seen next, or where they were seen instead; `null` where that is not known.
    pub at: Option<PointName>,
    /// The rule of the finding that explains it: the first that is about the failing flow.
    pub finding: Option<&'static str>,
}

/// Two nodes that play the same part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodePairReport {
    /// The reference's node.
    pub reference: String,
    /// The failing set's node.
    pub failing: String,
    /// Why the two.
    pub paired_by: &'static str,
}

/// One line of two hop ladders side by side. At least one side is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LadderLine {
    /// Index into the reference flow's hops.
    pub reference: Option<usize>,
    /// Index into the failing flow's hops.
    pub failing: Option<usize>,
}

/// What became of the packets of one capture point: the parts add up to `packets`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountingReport {
    /// Which set.
    pub set: SetName,
    /// Node name.
    pub node: String,
    /// Interface name.
    pub interface: String,
    /// Packets read.
    pub packets: u64,
    /// Seen at another point too.
    pub matched: u64,
    /// Copies.
    pub duplicate: u64,
    /// Fragments; the last one of a complete datagram counts as that datagram instead.
    pub fragment_part: u64,
    /// Outside the common time.
    pub outside_window: u64,
    /// Matched with nothing, by reason.
    pub unmatched: BTreeMap<&'static str, u64>,
    /// Packets that no part accounts for; 0 unless netdiff is wrong.
    pub residual: i64,
}
