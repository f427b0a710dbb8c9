//! What two recordings of the same incident have in common.

use std::collections::BTreeSet;

use serde::Serialize;

use super::model::{ComparisonReport, DifferenceReport, FindingReport, Report, SetName};
use super::model_flow::{DirectionReport, FlowReport};
use super::stable::{StableNames, stable_flow};
use super::text::flow_line::FlowIndex;
use super::told::told_of;

/// What a report says, without what another recording of the same incident would say otherwise: times, delays, counts, packet numbers, files, paths,
/// versions, addresses, and names of pods' interfaces. For assertions that shall outlive a recording.
///
/// Flows are named by what they are and the nodes of their ends; those that are called alike and went alike are one. Errors, warnings and
/// differences in behavior are there, notes and differences that alone do no harm are not: they come and go. What was ignored is not there either.
///
/// What stays is what the incident is: rules, the segments and nodes they name, and hops. Two recordings give different outlines where other
/// traffic ran, where other points were captured, where nodes have other names, and where one is too short for a rule that needs a number of
/// packets.
///
/// ```
/// use netdiff_core::{Outline, SetRequest, compare};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/scenarios/vxlan-8472-blocked");
/// let sets = ["reference", "failing"].map(|set| SetRequest::of_path(format!("{scenario}/{set}")));
/// let outline = Outline::of(&compare(&sets[0], &sets[1])?);
/// // insta::assert_snapshot!(outline.text()); insta::assert_json_snapshot!(outline);
/// assert!(outline.text().starts_with("error underlay-vxlan-blocked: master/eth0 to node/eth0\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// Errors, then warnings, the most important first.
    pub findings: Vec<OutlinedFinding>,
    /// Differences in how the clusters behave, the most important kind first.
    pub differences: Vec<OutlinedDifference>,
    /// Sorted by name.
    pub flows: Vec<OutlinedFlow>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutlinedFinding {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// Rule id.
    pub rule: &'static str,
    /// Where packets stop.
    pub segment: Option<[String; 2]>,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutlinedDifference {
    /// Its kind.
    pub kind: &'static str,
    /// How it is in the reference.
    pub reference: String,
    /// How it is in the failing set.
    pub failing: String,
    /// The flows that it is about.
    pub flows: BTreeSet<String>,
}

/// Flows that are called alike and went alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OutlinedFlow {
    /// What they are.
    pub name: String,
    /// The way there in the reference; empty for one set alone.
    pub reference: Vec<String>,
    /// The way there in the failing set, or in the only one.
    pub failing: Vec<String>,
    /// The way back in the reference; empty for one set alone.
    pub reference_reply: Vec<String>,
    /// The way back in the failing set, or in the only one.
    pub failing_reply: Vec<String>,
    /// The last point that they have in common before they part; `null` where they do not part.
    pub parts_behind: Option<String>,
    /// The rule that explains why they part.
    pub explained_by: Option<&'static str>,
}

impl Outline {
    /// The outline of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let names = StableNames::new(report);
        let mut findings: Vec<OutlinedFinding> = Vec::new();
        for finding in report.findings.iter().filter(|f| f.severity != "note") {
            let outlined = outlined_finding(finding, &names);
            if !findings.contains(&outlined) {
                findings.push(outlined);
            }
        }
        let differences = report.differences.iter().filter(|d| d.significant);
        let differences = differences.map(|d| outlined_difference(d, report, &names));
        let flows: BTreeSet<OutlinedFlow> = match &report.set {
            Some(_) => report.flows.iter().map(|f| alone(f, &names)).collect(),
            None => {
                let pairs = report.comparisons.iter();
                let flows = FlowIndex::new(report);
                pairs.filter_map(|c| paired(c, &flows, &names)).collect()
            }
        };
        Self {
            findings,
            differences: differences.collect(),
            flows: flows.into_iter().collect(),
        }
    }

    /// The outline as text, one fact a line, with a final newline.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let place = finding.segment.as_ref();
            let place = place.map_or_else(String::new, |[from, to]| format!(": {from} to {to}"));
            lines.push(format!("{} {}{place}", finding.severity, finding.rule));
        }
        for difference in &self.differences {
            lines.push(format!("difference {}", difference.kind));
            lines.push(format!("  reference: {}", difference.reference));
            lines.push(format!("  failing: {}", difference.failing));
            lines.extend(
                difference
                    .flows
                    .iter()
                    .map(|flow| format!("  flow: {flow}")),
            );
        }
        for flow in &self.flows {
            lines.extend(flow_lines(flow));
        }
        if lines.is_empty() {
            lines.push("nothing found".to_owned());
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

fn flow_lines(flow: &OutlinedFlow) -> Vec<String> {
    let mut lines = vec![format!("flow {}", flow.name)];
    for (label, hops) in [
        ("reference", &flow.reference),
        ("failing", &flow.failing),
        ("reference, replies", &flow.reference_reply),
        ("failing, replies", &flow.failing_reply),
    ] {
        if !hops.is_empty() {
            lines.push(format!("  {label}: {}", hops.join(", ")));
        }
    }
    if let Some(place) = &flow.parts_behind {
        let rule = flow
            .explained_by
            .map_or_else(String::new, |rule| format!(": {rule}"));
        lines.push(format!("  they part behind {place}{rule}"));
    }
    lines
}

fn outlined_finding(finding: &FindingReport, names: &StableNames<'_>) -> OutlinedFinding {
    let segment = finding.segment.as_ref();
    OutlinedFinding {
        severity: finding.severity,
        rule: finding.rule,
        segment: segment.map(|s| [&s.from, &s.to].map(|point| names.point(finding.set, point))),
    }
}

fn outlined_difference(
    difference: &DifferenceReport,
    report: &Report,
    names: &StableNames<'_>,
) -> OutlinedDifference {
    let flows = told_of(&difference.flows, &report.flows);
    let flows = flows.filter(|f| f.set == SetName::Failing);
    OutlinedDifference {
        kind: difference.kind,
        reference: names.words(SetName::Reference, &difference.reference),
        failing: names.words(SetName::Failing, &difference.failing),
        flows: flows.map(stable_flow).collect(),
    }
}

fn way(set: SetName, direction: &DirectionReport, names: &StableNames<'_>) -> Vec<String> {
    let hops = direction.hops.iter();
    hops.map(|hop| names.place(set, &hop.node, &hop.interface))
        .collect()
}

fn alone(flow: &FlowReport, names: &StableNames<'_>) -> OutlinedFlow {
    OutlinedFlow {
        name: stable_flow(flow),
        reference: Vec::new(),
        failing: way(flow.set, &flow.forward, names),
        reference_reply: Vec::new(),
        failing_reply: way(flow.set, &flow.reply, names),
        parts_behind: None,
        explained_by: None,
    }
}

fn paired(
    comparison: &ComparisonReport,
    flows: &FlowIndex<'_>,
    names: &StableNames<'_>,
) -> Option<OutlinedFlow> {
    let reference = flows.get(&comparison.reference)?;
    let failing = flows.get(&comparison.failing)?;
    // A parting without an effect comes and goes: an idle capture point, a last packet that was cut off.
    let parting = comparison.divergence.as_ref();
    let parting = parting.filter(|_| comparison.differs && !comparison.ignored);
    let behind = parting.map(|divergence| match (&divergence.after, &divergence.at) {
        (Some(point), _) => names.point(SetName::Failing, point),
        (None, Some(point)) => format!("the start, at {}", names.point(SetName::Failing, point)),
        (None, None) => "the start".to_owned(),
    });
    Some(OutlinedFlow {
        reference: way(SetName::Reference, &reference.forward, names),
        reference_reply: way(SetName::Reference, &reference.reply, names),
        parts_behind: behind,
        explained_by: parting.and_then(|divergence| divergence.finding),
        ..alone(failing, names)
    })
}
