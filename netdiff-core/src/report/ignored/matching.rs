//! Whether what is to be ignored takes in a finding or a difference.

use std::collections::{BTreeMap, BTreeSet};

use super::Ignore;
use crate::report::glob::glob;
use crate::report::model::{
    DifferenceReport, EvidenceReport, FindingReport, PointName, Report, SegmentReport, SetName,
};
use crate::report::model_flow::FlowReport;
use crate::report::told::told_of;

impl Ignore {
    /// How much of an item it takes in.
    pub(super) fn share(&self, item: &Item<'_>, roles: &Roles) -> Share {
        if self.name != item.name {
            return Share::Flows(BTreeSet::new());
        }
        let Some(only) = &self.only else {
            return Share::All;
        };
        if item.is_between(only, roles) || item.is_at(only, roles) {
            return Share::All;
        }
        let flows = item.flows.iter().enumerate();
        let flows = flows.filter(|(_, flow)| labels(flow).iter().any(|l| glob(only, l)));
        Share::Flows(flows.map(|(index, _)| index).collect())
    }
}

/// How much of an item is to be ignored.
pub(super) enum Share {
    All,
    /// These of its flows; none at all where it is not meant.
    Flows(BTreeSet<usize>),
}

impl Share {
    pub(super) fn flows(&self) -> impl Iterator<Item = usize> + '_ {
        let flows = match self {
            Self::All => None,
            Self::Flows(flows) => Some(flows),
        };
        flows.into_iter().flatten().copied()
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Flows(flows) if flows.is_empty())
    }
}

/// The roles of all capture points.
pub(super) type Roles = BTreeMap<(SetName, PointName), &'static str>;

/// What findings and differences have in common.
pub(super) struct Item<'a> {
    name: &'static str,
    set: SetName,
    segment: Option<&'a SegmentReport>,
    /// As the report shows them, and in English: settings outlive a language.
    values: Vec<(&'a str, &'a str)>,
    pub(super) flows: Vec<&'a FlowReport>,
    /// How many more flows of either set it is about: those that are only counted.
    pub(super) untold: usize,
    evidence: &'a [EvidenceReport],
}

impl<'a> Item<'a> {
    pub(super) fn of_finding(finding: &'a FindingReport, flows: &'a [FlowReport]) -> Self {
        Self {
            name: finding.rule,
            set: finding.set,
            segment: finding.segment.as_ref(),
            values: Vec::new(),
            flows: concerned(&finding.flows, flows),
            untold: untold(&finding.flows, flows),
            evidence: &finding.evidence,
        }
    }

    pub(super) fn of_difference(difference: &'a DifferenceReport, flows: &'a [FlowReport]) -> Self {
        Self {
            name: difference.kind,
            set: SetName::Failing,
            segment: difference.segment.as_ref(),
            values: vec![
                (&difference.reference, &difference.failing),
                (&difference.english[0], &difference.english[1]),
            ],
            flows: concerned(&difference.flows, flows),
            untold: untold(&difference.flows, flows),
            evidence: &difference.evidence,
        }
    }

    /// `A..B`: any `..` may be the one in the middle.
    fn is_between(&self, pattern: &str, roles: &Roles) -> bool {
        pattern.match_indices("..").any(|(at, dots)| {
            let (a, b) = (pattern.get(..at), pattern.get(at + dots.len()..));
            let (Some(a), Some(b)) = (a, b) else {
                return false;
            };
            let lost = self.segment.is_some_and(|segment| {
                is_place(a, self.set, &segment.from, roles)
                    && is_place(b, self.set, &segment.to, roles)
            });
            let mut values = self.values.iter();
            lost || values.any(|(reference, failing)| glob(a, reference) && glob(b, failing))
        })
    }

    fn is_at(&self, pattern: &str, roles: &Roles) -> bool {
        if let Some(segment) = self.segment {
            return [&segment.from, &segment.to]
                .iter()
                .any(|point| is_place(pattern, self.set, point, roles));
        }
        let own = || self.evidence.iter().filter(|e| e.set == self.set);
        let shown: Vec<&EvidenceReport> = match own().count() {
            0 => self.evidence.iter().collect(),
            _ => own().collect(),
        };
        !shown.is_empty()
            && shown
                .iter()
                .all(|e| is_place(pattern, e.set, &e.point, roles))
    }
}

/// The flows of the failing set, or of the only one; those of the reference where there are no others.
fn concerned<'a>(ids: &[String], flows: &'a [FlowReport]) -> Vec<&'a FlowReport> {
    let all = told_of(ids, flows);
    let (reference, own): (Vec<_>, Vec<_>) = all.partition(|f| f.set == SetName::Reference);
    if own.is_empty() { reference } else { own }
}

fn untold(ids: &[String], flows: &[FlowReport]) -> usize {
    ids.len().saturating_sub(told_of(ids, flows).count())
}

fn is_place(pattern: &str, set: SetName, point: &PointName, roles: &Roles) -> bool {
    let PointName { node, interface } = point;
    glob(pattern, node)
        || glob(pattern, &format!("{node}/{interface}"))
        || roles
            .get(&(set, point.clone()))
            .is_some_and(|role| glob(pattern, &format!("{node}/{role}")))
}

/// What a flow may be called.
fn labels(flow: &FlowReport) -> Vec<String> {
    let mut labels = vec![flow.key.protocol.clone(), flow.relation.to_owned()];
    if let Some(service) = &flow.key.service {
        labels.push(format!("{}/{service}", flow.key.protocol));
    }
    let called = flow.called.as_ref().map(|c| (&c.address, &c.name));
    let ends = [&flow.initiator, &flow.responder].map(|end| (&end.address, &end.name));
    for (address, name) in ends.into_iter().chain(called) {
        labels.push(address.clone());
        if let Some(name) = name {
            labels.push(name.strip_prefix("service ").unwrap_or(name).to_owned());
        }
    }
    labels
}

pub(super) fn roles(report: &Report) -> Roles {
    let sets = [
        (SetName::Set, &report.set),
        (SetName::Reference, &report.reference),
        (SetName::Failing, &report.failing),
    ];
    let mut roles = Roles::new();
    for (name, set) in sets {
        for point in set.iter().flat_map(|set| &set.capture_points) {
            let named = PointName {
                node: point.node.clone(),
                interface: point.interface.clone(),
            };
            roles.insert((name, named), point.role);
        }
    }
    roles
}
