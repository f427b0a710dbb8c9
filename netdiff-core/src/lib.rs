//! netdiff-core: finds the hop at which packets stop.

mod correlate;
mod decode;
mod diagnose;
mod diff;
mod identify;
mod pipeline;
mod read;
mod report;
mod types;

pub use pipeline::{AnalysisError, compare, trace};
pub use read::{PointOverride, ReadError, SetError, SetRequest};
pub use report::{
    AccountingReport, AddressedParty, CapturePointReport, CauseReport, ComparisonReport,
    DelayReport, DifferenceReport, DirectionReport, DispositionCounts, EncapsulationReport,
    EvidenceReport, FindingReport, FlowKeyReport, FlowReport, HopReport, LadderLine, LossReport,
    NodeReport, PointName, Report, SCHEMA_VERSION, SegmentReport, SetName, SetReport, Styles,
    TextOptions, ToolReport, TtlReport, render_json, render_text,
};
