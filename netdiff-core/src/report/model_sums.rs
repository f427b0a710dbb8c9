//! The report's sums: what it says first, and what it says of all flows together.

use serde::Serialize;

use super::model::{PointName, SetName};
use super::model_flow::DispositionCounts;

/// The result in a few lines: of the most important finding, or else of the most important difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SummaryReport {
    /// How much is wrong: `1 error, 2 significant differences`.
    pub verdict: String,
    /// Id of the finding's rule, or kind of the difference; `null` where nothing counts. Notes do not.
    pub rule: Option<&'static str>,
    /// What failed.
    pub what: Option<String>,
    /// Where: `master/eth0 → node/eth0`; `null` where it is no matter of one place.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// The likeliest cause.
    pub why: Option<String>,
    /// What helps first.
    pub remedy: Option<String>,
    /// What to capture to learn more.
    pub capture_next: Option<String>,
}

/// Flows that are only counted: a report tells the worst of many one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoldedFlowsReport {
    /// Which set.
    pub set: SetName,
    /// As in flows.
    pub relation: &'static str,
    /// `tcp`, `udp`, `icmp` …
    pub protocol: String,
    /// How many flows.
    pub flows: u64,
    /// What became of their packets, initiator to responder.
    pub dispositions: DispositionCounts,
    /// The same, responder to initiator.
    pub reply: DispositionCounts,
}

/// What passed from one capture point to another, or ended between them: over all flows, one by one told or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentTrafficReport {
    /// Where packets were seen first.
    pub from: PointName,
    /// Where they were seen next, or should have been; `null` where that is not known.
    pub to: Option<PointName>,
    /// Packets of flows that are seen at `from` and next at `to`, counted at `to`.
    pub packets: u64,
    /// Lost between them, which is proven.
    pub lost: u64,
    /// Lost between them, if `to` captured then.
    pub assumed_lost: u64,
    /// Refused there.
    pub rejected: u64,
    /// Caught in a loop through `from`.
    pub looped: u64,
}
