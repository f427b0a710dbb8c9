//! What a baseline holds: the report of `netdiff inspect` for such a file.

use serde::Serialize;

use super::build::{node_reports, point_report};
use super::contents::PointContents;
use super::coverage::coverage_rows;
use super::model::{CoverageRow, InspectedFile, InspectedNode, InspectedPoint};
use crate::report::model_flow::FlowReport;
use crate::report::{Analyzed, FindingReport, SCHEMA_VERSION, ToolReport, build_trace};
use crate::types::Language;

/// What a baseline holds. The guarantees are those of [`Report`](crate::report::Report), with a version shared by both.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The language of its sentences.
    #[serde(skip)]
    pub language: Language,
    /// What wrote this report.
    pub tool: ToolReport,
    /// The file as it was given.
    pub path: String,
    /// The version of its shape.
    pub baseline_version: u32,
    /// The program that wrote it and its version; `null` where it does not say.
    pub written_by: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its sets, in their order.
    pub sets: Vec<BaselineSetReport>,
}

/// A set in a baseline.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineSetReport {
    /// The path of the captures that it was made of.
    pub path: String,
    /// Whether names and addresses are replaced.
    pub anonymized: bool,
    /// The expression by which it was narrowed to a part of its set; `null` if it was not.
    pub selected: Option<String>,
    /// Sorted by name.
    pub nodes: Vec<InspectedNode>,
    /// Sorted by node and interface.
    pub capture_points: Vec<InspectedPoint>,
    /// What was captured where, a row for each node, sorted by name.
    pub coverage: Vec<CoverageRow>,
    /// Its flows; those that are alike are one.
    pub flows: Vec<StoredFlow>,
    /// Flows of kinds that are too many to be held.
    pub flows_left_out: u64,
    /// What is wrong with it, judged alone.
    pub findings: Vec<FindingReport>,
    /// Damage in the captures, as sentences.
    pub warnings: Vec<String>,
}

/// A flow of a baseline.
#[derive(Clone, Debug, Serialize)]
pub struct StoredFlow {
    /// How many flows of the set it stands for.
    pub stands_for: u64,
    /// The first of them, with the counts of all.
    pub flow: FlowReport,
}

/// A set of a baseline as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// What was learned of it.
    pub set: Analyzed<'a>,
    /// Whether names and addresses are replaced.
    pub anonymized: bool,
    /// The expression by which it was narrowed.
    pub selected: Option<&'a str>,
    /// Flows that are not in it.
    pub left_out: u64,
}

/// The report of a baseline of these sets, without what its file says of itself.
#[must_use]
pub fn build_baseline(sets: &[Stored<'_>], language: Language) -> BaselineReport {
    BaselineReport {
        schema_version: SCHEMA_VERSION,
        language,
        tool: ToolReport::CURRENT,
        path: String::new(),
        baseline_version: 0,
        written_by: None,
        bytes: 0,
        sets: sets.iter().map(set_report).collect(),
    }
}

fn set_report(stored: &Stored<'_>) -> BaselineSetReport {
    let timelines = stored.set.timelines;
    let traced = build_trace(&stored.set, usize::MAX);
    let files: Vec<InspectedFile> = stored.set.files.iter().map(|name| file(name)).collect();
    let nothing = PointContents::default();
    let points = timelines.points.iter();
    let flows = timelines.flows.iter().zip(traced.flows);
    BaselineSetReport {
        path: stored.set.path.to_owned(),
        anonymized: stored.anonymized,
        selected: stored.selected.map(str::to_owned),
        nodes: node_reports(timelines, &[]),
        capture_points: points
            .map(|point| point_report(point, &nothing, &files))
            .collect(),
        coverage: coverage_rows(timelines),
        flows: flows
            .map(|(flow, report)| StoredFlow {
                stands_for: flow.stands_for,
                flow: report,
            })
            .collect(),
        flows_left_out: stored.left_out,
        findings: traced.findings,
        warnings: traced.set.map(|set| set.warnings).unwrap_or_default(),
    }
}

/// A file of which only the name is left.
fn file(name: &str) -> InspectedFile {
    InspectedFile {
        name: name.to_owned(),
        node: String::new(),
        interface: String::new(),
        packets: 0,
        interfaces: Vec::new(),
    }
}

impl BaselineSetReport {
    /// How many flows of the set its flows stand for.
    pub(crate) fn flows_held(&self) -> u64 {
        self.flows.iter().map(|flow| flow.stands_for).sum()
    }
}
