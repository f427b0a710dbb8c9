//! Finds the hop at which packets stop.
//!
//! netdiff reads the captures taken on every interface of every node of a cluster, undoes VXLAN,
//! recognizes the same packet at every capture point, says what became of it, and compares a failing
//! cluster's captures with a healthy reference: at which hop they part, why, and what to do.
//!
//! ```
//! use netdiff_core::{SetRequest, compare};
//!
//! # fn main() -> Result<(), netdiff_core::AnalysisError> {
//! let scenario = "../testdata/scenarios/vxlan-8472-blocked";
//! let healthy = SetRequest::of_path(format!("{scenario}/reference"));
//! let failing = SetRequest::of_path(format!("{scenario}/failing"));
//!
//! let report = compare(&healthy, &failing)?;
//! let finding = &report.findings[0];
//! assert_eq!(finding.rule, "underlay-vxlan-blocked");
//!
//! let segment = finding.segment.as_ref().expect("this rule names a segment");
//! assert_eq!((&*segment.from.node, &*segment.from.interface), ("master", "eth0"));
//! assert_eq!((&*segment.to.node, &*segment.to.interface), ("node", "eth0"));
//! # Ok(())
//! # }
//! ```
//!
//! [`trace`] analyzes one set alone; [`inspect`] says what a set holds and what is missing, and judges nothing. [`render_text`] and [`render_json`] write a [`Report`]; its shape
//! is described there, field by field. [`explain`] says what a rule means and looks for. [`extract`](extract()) writes packets as pcapng, [`export`] sightings as a table. [`timelines`] gives what a report is made of: the way of each single packet.
//!
//! The names at the root are the interface for programs. The rooms that do the work are open as modules, in the
//! order in which data passes them, for tools that need a part of the way: [`read`], [`decode`], [`identify`],
//! [`correlate`], [`select`], [`diagnose`], [`diff`]; their interfaces follow the needs of the whole and may change
//! with any minor version.
//!
//! Nothing in this crate prints or reads the clock. Nothing is written, but for one unnamed temporary
//! file, in the system's folder for such files, where an archive or a pipe must be read more than once.
//! The same captures give the same report, in whatever order the files are named and on any number of
//! threads.

#[macro_use]
pub mod types;

pub mod correlate;
pub mod decode;
pub mod diagnose;
pub mod diff;
pub mod extract;
pub mod identify;
mod pipeline;
pub mod profile;
pub mod read;
mod report;
#[cfg(feature = "schema")]
mod schema;
pub mod select;

/// What fuzz targets reach beside the public names.
#[cfg(any(fuzzing, test))]
pub mod doors {
    pub use crate::pipeline::doors::*;
    pub use crate::read::doors::*;
}

pub use diff::StatedPairs;
pub use extract::{PacketFileOptions, Separator};
pub use pipeline::{
    AnalysisError, AnalysisOptions, Extracted, MAX_FLOWS, SetTimelines, Wanting, baseline, compare,
    compare_with, export, extract, inspect, inspect_baseline, inspect_with, timelines, trace,
    trace_with,
};
pub use read::{InterfaceName, PointOverride, Progress, ReadError, SetError, SetRequest};
pub use report::{
    AccountingReport, AddressedParty, AdviceReport, BaselineReport, BaselineSetReport, BinReport,
    CalledReport, CapturePointReport, CauseReport, ChangeReport, ClockReport, ClockStepReport,
    ComparisonReport, CoverageCell, CoverageRow, DelayReport, DifferenceReport, DirectionReport,
    DispositionCounts, DivergenceReport, DuplicatesReport, EncapsulationReport, EvidenceReport,
    FailOn, FindingReport, FlowKeyReport, FlowReport, FoldedFlowsReport, HopReport, HtmlError,
    Ignore, IgnoreEffect, IgnoreError, IgnoredReport, InspectReport, InspectedAddress,
    InspectedFile, InspectedInterface, InspectedNode, InspectedPoint, LadderLine, LoopReport,
    LossReport, NodePairReport, NodeReport, Outline, OutlinedDifference, OutlinedFinding,
    OutlinedFlow, OverTimeReport, PacketsReport, PointName, Redaction, RejectionReport, Report,
    RoundTripReport, RuleReport, SCHEMA_VERSION, SegmentReport, SegmentTrafficReport,
    SelectedReport, SelectionReport, SetName, SetReport, StatedIn, StopReport, StoredFlow, Styles,
    SubnetReport, SummaryReport, TextOptions, ToolReport, TtlReport, TunnelReport, explain,
    explain_all, render_baseline_json, render_baseline_text, render_github, render_html,
    render_inspect_json, render_inspect_text, render_json, render_junit, render_manifest,
    render_markdown, render_rule_text, render_rules_json, render_rules_markdown, render_rules_text,
    render_sarif, render_text,
};
#[cfg(feature = "schema")]
pub use schema::{Described, json_schema};
pub use select::{SELECTION_MANUAL, Selection, SelectionError, Unmatched};
pub use types::{
    CHINESE_CATALOGUE, Entry, Language, Message, PairError, PoError, StatedPair, UnknownLanguage,
    read_po, visible_lines,
};
