//! The report: plain, sorted and serialisable. Renderers choose words, never facts.
//!
//! `build` makes a [`Report`] from what the rooms before found; `json` and `text` render it, one renderer a file.

mod build;
mod build_ends;
mod build_flow;
mod clock;
mod compare;
mod explain;
mod fail_on;
mod folded;
mod github;
mod glob;
mod html;
mod ignored;
mod inspect;
mod items;
mod json;
mod junit;
mod kinds;
mod markdown;
mod model;
mod model_flow;
mod model_sums;
mod outline;
mod over_time;
mod redact;
mod sarif;
mod segments;
mod selection;
mod stable;
mod summary;
mod text;
mod time;
mod told;
mod wireshark;

pub use build::{AddressNames, Analyzed, build_comparison, build_trace};
pub use clock::{ClockReport, ClockStepReport};
use explain::rule_markdown;
pub use explain::{RuleReport, explain, explain_all, render_rules_markdown};
pub use fail_on::FailOn;
pub use github::render_github;
pub use html::{HtmlError, render_html};
pub use ignored::{Ignore, IgnoreEffect, IgnoreError, IgnoredReport, StatedIn};
pub use inspect::{
    AdviceReport, BaselineReport, BaselineSetReport, CoverageCell, CoverageRow, InspectReport,
    Inspected, InspectedAddress, InspectedFile, InspectedInterface, InspectedNode, InspectedPoint,
    PointContents, StatedNetworks, StopReport, StopSeen, Stored, StoredFlow, SubnetReport,
    TunnelReport, TunnelSeen, build_baseline, build_inspection, render_manifest,
};
pub use json::{render_baseline_json, render_inspect_json, render_json, render_rules_json};
pub use junit::render_junit;
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
pub use model_sums::{FoldedFlowsReport, SegmentTrafficReport, SummaryReport};
pub use outline::{Outline, OutlinedDifference, OutlinedFinding, OutlinedFlow};
pub use over_time::{BinReport, OverTimeReport};
pub use redact::Redaction;
pub use sarif::render_sarif;
pub use selection::{SelectedReport, SelectionReport};
pub use text::{
    Styles, TextOptions, render_baseline_text, render_inspect_text, render_rule_text,
    render_rules_text, render_text,
};
