//! The report: plain, sorted and serialisable. Renderers choose words, never facts.
//!
//! `build` makes a [`Report`] from what the rooms before found; `json` and `text` render it, one renderer a file.

mod build;
mod build_ends;
mod build_flow;
mod clock;
mod compare;
mod explain;
mod inspect;
mod json;
mod model;
mod model_flow;
mod selection;
mod text;
mod time;

pub use build::{AddressNames, Analyzed, build_comparison, build_trace};
pub use clock::{ClockReport, ClockStepReport};
pub use explain::{RuleReport, explain, explain_all, render_rules_markdown};
pub use inspect::{
    AdviceReport, BaselineReport, BaselineSetReport, CoverageCell, CoverageRow, InspectReport,
    Inspected, InspectedAddress, InspectedFile, InspectedInterface, InspectedNode, InspectedPoint,
    PointContents, StatedNetworks, StopReport, StopSeen, Stored, StoredFlow, SubnetReport,
    TunnelReport, TunnelSeen, build_baseline, build_inspection, render_manifest,
};
pub use json::{render_baseline_json, render_inspect_json, render_json, render_rules_json};
pub use model::{
    AccountingReport, CapturePointReport, CauseReport, ComparisonReport, DifferenceReport,
    DivergenceReport, EvidenceReport, FindingReport, LadderLine, NodePairReport, NodeReport,
    PacketsReport, PointName, Report, SCHEMA_VERSION, SegmentReport, SetName, SetReport,
    ToolReport,
};
pub use model_flow::{
    AddressedParty, DelayReport, DirectionReport, DispositionCounts, EncapsulationReport,
    FlowKeyReport, FlowReport, HopReport, LossReport, RoundTripReport, TtlReport,
};
pub use selection::{SelectedReport, SelectionReport};
pub use text::{
    Styles, TextOptions, render_baseline_text, render_inspect_text, render_rule_text,
    render_rules_text, render_text,
};
