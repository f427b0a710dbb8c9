//! Makes the report from what the rooms before found: turns indexes into names and sorts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::build_flow::flow_report;
use super::clock::{against_first, clock_reports};
use super::compare::{comparison_reports, node_pair_reports};
use super::model::{
    AccountingReport, CapturePointReport, CauseReport, DifferenceReport, EvidenceReport,
    FindingReport, NodeReport, PacketsReport, PointName, Report, SCHEMA_VERSION, SegmentReport,
    SetName, SetReport, ToolReport,
};
use super::model_sums::SummaryReport;
use super::over_time::{OverTimeReport, over_time_report};
use super::segments::segment_traffic;
use super::time::render_time;
use super::told::Told;
use crate::correlate::{NodeId, OverTime, Timelines};
use crate::diagnose::{Finding, Severity};
use crate::diff::{Comparison, Difference};
use crate::identify::Evidence;
use crate::types::{Language, Message, PointId};

/// What addresses are called: pods, services, nodes, hosts.
pub type AddressNames = BTreeMap<IpAddr, String>;

/// One analyzed set with the names that the rooms after reading do not know.
#[derive(Clone, Copy, Debug)]
pub struct Analyzed<'a> {
    /// The path as it was given.
    pub path: &'a str,
    /// File names, indexed by `FileId`.
    pub files: &'a [String],
    /// Damage, as sentences.
    pub warnings: &'a [Message],
    /// What addresses are called.
    pub names: &'a AddressNames,
    /// What was learned.
    pub timelines: &'a Timelines,
    /// What is wrong with it.
    pub findings: &'a [Finding],
    /// The language of the report.
    pub language: Language,
}

impl Analyzed<'_> {
    /// In the report's language.
    pub(super) fn said(&self, message: &Message) -> String {
        message.render(self.language)
    }

    /// The same of each.
    fn all_said(&self, messages: &[Message]) -> Vec<String> {
        messages.iter().map(|message| self.said(message)).collect()
    }

    /// A capture point by name.
    pub(super) fn point(&self, point: PointId) -> PointName {
        let name = self.timelines.name(point);
        PointName {
            node: name.node.into(),
            interface: name.interface.into(),
        }
    }

    /// A segment by names.
    pub(super) fn segment(&self, (from, to): (PointId, PointId)) -> SegmentReport {
        SegmentReport {
            from: self.point(from),
            to: self.point(to),
        }
    }

    /// A packet by file name and number.
    pub(super) fn evidence(&self, set: SetName, evidence: Evidence) -> EvidenceReport {
        EvidenceReport {
            set,
            file: self
                .files
                .get(evidence.file.index())
                .cloned()
                .unwrap_or_default(),
            packet_number: evidence.packet_number.0,
            point: self.point(evidence.point),
        }
    }

    fn set_report(&self) -> SetReport {
        let points = self.timelines.points.iter().map(|p| CapturePointReport {
            node: p.point.node.to_string(),
            interface: p.point.interface.to_string(),
            role: p.role.name(),
            files: p
                .files
                .iter()
                .filter_map(|f| self.files.get(f.index()).cloned())
                .collect(),
            link_type: p.link_type.map(|l| l.to_string()),
            packets: p.packets,
            first_time: p.first_time.map(render_time),
            last_time: p.last_time.map(render_time),
            incomplete_datagrams: p.fragments.incomplete,
            overlapping_datagrams: p.fragments.overlapping,
        });
        SetReport {
            path: self.path.to_owned(),
            capture_points: points.collect(),
            nodes: (0..self.timelines.nodes.len())
                .map(|node| self.node_report(node))
                .collect(),
            clocks: clock_reports(self.timelines),
            over_time: self.over_time(),
            segments: segment_traffic(self),
            warnings: self.all_said(self.warnings),
        }
    }

    fn over_time(&self) -> Option<OverTimeReport> {
        let mut all = OverTime::default();
        for flow in &self.timelines.flows {
            all.merge(&flow.forward.tally.over_time);
            all.merge(&flow.reply.tally.over_time);
        }
        over_time_report(&all)
    }

    fn node_report(&self, node: usize) -> NodeReport {
        let id = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
        let own = self
            .timelines
            .plan
            .node_addresses()
            .filter(|(_, home)| *home == Some(id));
        let clock = against_first(self.timelines, id);
        NodeReport {
            name: self.timelines.node_name(id).to_owned(),
            addresses: own.map(|(address, _)| address.to_string()).collect(),
            clock_offset_ns: clock.map(|c| c.offset.0),
            clock_error_ns: clock.map(|c| c.bound.0),
        }
    }

    fn accounting(&self, set: SetName) -> impl Iterator<Item = AccountingReport> + '_ {
        self.timelines
            .points
            .iter()
            .zip(&self.timelines.accounting)
            .map(move |(point, counts)| AccountingReport {
                set,
                node: point.point.node.to_string(),
                interface: point.point.interface.to_string(),
                packets: counts.packets,
                matched: counts.matched,
                duplicate: counts.duplicate,
                fragment_part: counts.fragment_part,
                outside_window: counts.outside_window,
                unmatched: counts
                    .unmatched
                    .iter()
                    .map(|(reason, n)| (reason.name(), *n))
                    .collect(),
                residual: i64::try_from(counts.residual()).unwrap_or(i64::MAX),
            })
    }

    fn finding_report(&self, set: SetName, finding: &Finding) -> FindingReport {
        FindingReport {
            set,
            rule: finding.rule.0,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            title: self.said(&finding.title),
            segment: finding.segment.map(|segment| self.segment(segment)),
            alternatives: finding.alternatives.iter().map(|rule| rule.0).collect(),
            flows: finding
                .flows
                .iter()
                .map(|flow| flow_id(set, *flow))
                .collect(),
            evidence: finding
                .evidence
                .iter()
                .map(|e| self.evidence(set, *e))
                .collect(),
            explanation: self.all_said(&finding.explanation).join("\n"),
            refuted_by: self.all_said(&finding.refuted_by),
            causes: finding
                .causes
                .iter()
                .map(|c| CauseReport {
                    cause: self.said(&c.cause),
                    confirm: self.said(&c.confirm),
                })
                .collect(),
            confirm: finding
                .causes
                .iter()
                .map(|c| self.said(&c.confirm))
                .collect(),
            remedy: self.all_said(&finding.remedy),
            capture_next: finding.capture_next.as_ref().map(|next| self.said(next)),
        }
    }
}

/// The id of a set's flow.
pub(super) fn flow_id(set: SetName, flow: usize) -> String {
    format!("{}-{}", set.name(), flow + 1)
}

/// The report of `netdiff trace`, which tells at most so many flows one by one.
#[must_use]
pub fn build_trace(set: &Analyzed<'_>, max_flows: usize) -> Report {
    let told = Told::of_set(set, max_flows);
    let flows = set.timelines.flows.iter().enumerate();
    let flows = flows.filter(|(index, _)| told.has(*index));
    let mut report = Report {
        set: Some(set.set_report()),
        findings: set
            .findings
            .iter()
            .map(|f| set.finding_report(SetName::Set, f))
            .collect(),
        flows: flows
            .map(|(i, flow)| flow_report(set, SetName::Set, i, flow, None))
            .collect(),
        folded: told.folded(set, SetName::Set),
        accounting: set.accounting(SetName::Set).collect(),
        ..empty_report(set.language)
    };
    report.sum_up();
    report
}

/// The report of `netdiff diff`.
///
/// Findings of the failing set come first. What is wrong with the reference as well is told as a note: it cannot explain a
/// difference, but a reference that is ill is a poor one. Of each set at most `max_flows` flows are told one by one.
#[must_use]
pub fn build_comparison(
    reference: &Analyzed<'_>,
    failing: &Analyzed<'_>,
    comparison: &Comparison,
    max_flows: usize,
) -> Report {
    let mut findings: Vec<FindingReport> = failing
        .findings
        .iter()
        .map(|f| failing.finding_report(SetName::Failing, f))
        .collect();
    findings.extend(reference.findings.iter().map(|finding| FindingReport {
        severity: Severity::Note.name(),
        title: reference.said(&message!(
            "the reference itself is not healthy: {what}",
            what = finding.title
        )),
        ..reference.finding_report(SetName::Reference, finding)
    }));
    let told = Told::of_both(reference, failing, comparison, max_flows);
    let counterparts = Counterparts::of(comparison);
    let mut flows = Vec::new();
    let mut folded = Vec::new();
    for (set, name, told) in [
        (reference, SetName::Reference, &told.0),
        (failing, SetName::Failing, &told.1),
    ] {
        let all = set.timelines.flows.iter().enumerate();
        for (index, flow) in all.filter(|(index, _)| told.has(*index)) {
            let counterpart = counterparts.get(name, index);
            flows.push(flow_report(set, name, index, flow, counterpart));
        }
        folded.extend(told.folded(set, name));
    }
    let differences = comparison.differences.iter();
    let mut report = Report {
        reference: Some(reference.set_report()),
        failing: Some(failing.set_report()),
        findings,
        differences: differences
            .map(|d| difference_report(reference, failing, comparison, d))
            .collect(),
        node_pairs: node_pair_reports(reference, failing, comparison),
        comparisons: comparison_reports(reference, failing, comparison, &told),
        flows,
        folded,
        accounting: reference
            .accounting(SetName::Reference)
            .chain(failing.accounting(SetName::Failing))
            .collect(),
        ..empty_report(failing.language)
    };
    report.sum_up();
    report
}

/// The other set's flow of each flow's pair.
struct Counterparts {
    of_reference: BTreeMap<usize, usize>,
    of_failing: BTreeMap<usize, usize>,
}

impl Counterparts {
    fn of(comparison: &Comparison) -> Self {
        let pairs = comparison.pairs.iter();
        let pairs = pairs.filter_map(|pair| Some((pair.reference?, pair.failing?)));
        Self {
            of_reference: pairs.clone().collect(),
            of_failing: pairs.map(|(ours, theirs)| (theirs, ours)).collect(),
        }
    }

    fn get(&self, set: SetName, flow: usize) -> Option<String> {
        let (others, name) = match set {
            SetName::Reference => (&self.of_reference, SetName::Failing),
            _ => (&self.of_failing, SetName::Reference),
        };
        others.get(&flow).map(|other| flow_id(name, *other))
    }
}

fn difference_report(
    reference: &Analyzed<'_>,
    failing: &Analyzed<'_>,
    comparison: &Comparison,
    difference: &Difference,
) -> DifferenceReport {
    let pairs = || {
        difference
            .pairs
            .iter()
            .filter_map(|i| comparison.pairs.get(*i))
    };
    let ours = pairs()
        .filter_map(|p| p.reference)
        .map(|r| flow_id(SetName::Reference, r));
    let theirs = pairs()
        .filter_map(|p| p.failing)
        .map(|f| flow_id(SetName::Failing, f));
    let evidence = difference
        .reference_evidence
        .iter()
        .map(|e| reference.evidence(SetName::Reference, *e))
        .chain(
            difference
                .failing_evidence
                .iter()
                .map(|e| failing.evidence(SetName::Failing, *e)),
        );
    DifferenceReport {
        kind: difference.kind.name(),
        significant: difference.kind.is_significant(),
        reference: failing.said(&difference.reference),
        failing: failing.said(&difference.failing),
        english: [&difference.reference, &difference.failing]
            .map(|words| words.render(Language::English)),
        segment: difference.segment.map(|segment| failing.segment(segment)),
        packets: PacketsReport {
            reference: difference.packets.0,
            failing: difference.packets.1,
        },
        flows: ours.chain(theirs).collect(),
        evidence: evidence.collect(),
    }
}

fn empty_report(language: Language) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        summary: SummaryReport::default(),
        language,
        tool: ToolReport::CURRENT,
        set: None,
        reference: None,
        failing: None,
        selection: None,
        findings: Vec::new(),
        differences: Vec::new(),
        node_pairs: Vec::new(),
        comparisons: Vec::new(),
        flows: Vec::new(),
        folded: Vec::new(),
        accounting: Vec::new(),
        ignored: Vec::new(),
    }
}
