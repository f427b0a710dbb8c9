//! The report: plain, sorted and serialisable. Renderers choose words, never facts.
//!
//! `build` makes a [`Report`] from what the rooms before found; `json` and `text` render it, one renderer a file.

mod build;
mod build_ends;
mod build_flow;
mod clock;
mod compare;
mod explain;
mod html;
mod inspect;
mod json;
mod markdown;
mod model;
mod model_flow;
mod over_time;
mod summary;
mod text;
mod time;
mod wireshark;

pub use build::{AddressNames, Analyzed, build_comparison, build_trace};
pub use clock::{ClockReport, ClockStepReport};
pub use explain::{RuleReport, explain, explain_all, render_rules_markdown};
pub use html::{HtmlError, render_html};
pub use inspect::{
    AdviceReport, CoverageCell, CoverageRow, InspectReport, Inspected, InspectedAddress,
    InspectedFile, InspectedInterface, InspectedNode, InspectedPoint, PointContents,
    StatedNetworks, StopReport, StopSeen, SubnetReport, TunnelReport, TunnelSeen, build_inspection,
    render_manifest,
};
pub use json::{render_inspect_json, render_json, render_rules_json};
pub use markdown::render_markdown;
pub use model::{
    AccountingReport, CapturePointReport, CauseReport, ComparisonReport, DifferenceReport,
    DivergenceReport, EvidenceReport, FindingReport, LadderLine, NodePairReport, NodeReport,
    PacketsReport, PointName, Report, SCHEMA_VERSION, SegmentReport, SetName, SetReport,
    ToolReport,
};
pub use model_flow::{
    AddressedParty, CalledReport, ChangeReport, DelayReport, DirectionReport, DispositionCounts,
    DuplicatesReport, EncapsulationReport, FlowKeyReport, FlowReport, HopReport, LoopReport,
    LossReport, RejectionReport, RoundTripReport, TtlReport,
};
pub use over_time::{BinReport, OverTimeReport};
pub use text::{
    Styles, TextOptions, render_inspect_text, render_rule_text, render_rules_text, render_text,
};
