//! The report: plain, sorted and serialisable. Renderers choose words, never facts.
//!
//! `build` makes a [`Report`] from what the rooms before found; `json` and `text` render it, one renderer a file.

mod build;
mod build_flow;
mod compare;
mod json;
mod model;
mod text;
mod time;

pub use build::{Analyzed, build_comparison, build_trace};
pub use json::render_json;
pub use model::{
    AccountingReport, AddressedParty, CapturePointReport, CauseReport, ComparisonReport,
    DelayReport, DifferenceReport, DirectionReport, DispositionCounts, EncapsulationReport,
    EvidenceReport, FindingReport, FlowKeyReport, FlowReport, HopReport, LadderLine, LossReport,
    NodeReport, PointName, Report, SCHEMA_VERSION, SegmentReport, SetName, SetReport, ToolReport,
    TtlReport,
};
pub use text::{Styles, TextOptions, render_text};
