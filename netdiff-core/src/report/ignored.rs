//! What the user said to ignore: how it is stated, what it is about, and what of the report it takes away.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::glob::glob;
use super::model::{
    DifferenceReport, EvidenceReport, FindingReport, PointName, Report, SegmentReport, SetName,
};
use super::model_flow::FlowReport;
use crate::diagnose::CATALOGUE;
use crate::diff::DifferenceKind;

/// Something to be ignored: `WHAT` or `WHAT=WHERE`.
///
/// `WHAT` is a rule, for findings, or a kind of difference. `WHERE` narrows it, with `*` for any characters:
///
/// - `NODE`, `NODE/INTERFACE` or `NODE/ROLE`: packets are lost from or to there, or, for what has no such place, all evidence is from there. Roles
///   (`pod`, `bridge`, `vtep`, `uplink`) outlive recordings, names of pods' interfaces do not: `*/pod`.
/// - `A..B`: packets are lost between these two places; or the values of a difference, as text shows them: `1410 bytes..1460 bytes`.
/// - a flow's protocol (`tcp`), service (`tcp/8080`, `icmp/echo`), relation (`cross-node`), or an address or name of one of its ends: all flows
///   concerned are such. Several that together take in all flows do as well.
///
/// ```
/// use netdiff_core::Ignore;
///
/// let known = Ignore::parse("delivery=master/eth0..*/eth0")?.because("the link is being replaced");
/// assert_eq!(known.what(), "delivery=master/eth0..*/eth0");
/// assert!(Ignore::parse("delivry").is_err());
/// # Ok::<(), netdiff_core::IgnoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    name: &'static str,
    only: Option<String>,
    reason: Option<String>,
    stated_in: Option<StatedIn>,
}

/// Why something cannot be ignored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreError {
    /// Neither a rule nor a kind of difference.
    #[error("'{name}' is neither a rule nor a kind of difference")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// Nothing behind `=`.
    #[error("'{what}' says nothing behind '='; leave '=' away to ignore every {what}")]
    Empty {
        /// What stands before it.
        what: String,
    },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatedIn {
    /// The file as it was named.
    pub file: String,
    /// 1-based.
    pub line: u64,
}

/// What was to be ignored, and what was. All of it counts for nothing.
#[derive(Clone, Debug, Serialize)]
pub struct IgnoredReport {
    /// As it was stated: a rule or a kind of difference, and what narrows it.
    pub what: String,
    /// Why, in the user's words; `null` where none was given.
    pub reason: Option<String>,
    /// Where it was stated; `null` for the command line.
    pub stated_in: Option<StatedIn>,
    /// Whether there is such a thing. What no longer occurs need not be stated any more. True without findings and differences where it takes in only
    /// some of the flows of one: that counts.
    pub occurs: bool,
    /// What it took out of the report's findings.
    pub findings: Vec<FindingReport>,
    /// What it took out of the report's differences.
    pub differences: Vec<DifferenceReport>,
}

impl Ignore {
    /// Reads `WHAT` or `WHAT=WHERE`.
    ///
    /// # Errors
    /// Where `WHAT` is neither a rule nor a kind of difference, or `WHERE` is empty.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let (name, only) = match text.split_once('=') {
            Some((name, only)) => (name.trim(), Some(only.trim().to_owned())),
            None => (text.trim(), None),
        };
        let known = Self::names().into_iter().find(|known| *known == name);
        let known = known.ok_or_else(|| IgnoreError::Unknown {
            name: name.to_owned(),
        })?;
        if only.as_ref().is_some_and(String::is_empty) {
            return Err(IgnoreError::Empty {
                what: known.to_owned(),
            });
        }
        Ok(Self {
            name: known,
            only,
            reason: None,
            stated_in: None,
        })
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The same with the line of the file that states it.
    #[must_use]
    pub fn stated_in(self, file: impl Into<String>, line: u64) -> Self {
        Self {
            stated_in: Some(StatedIn {
                file: file.into(),
                line,
            }),
            ..self
        }
    }

    /// The same without reason and place, which may hold names.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self {
            reason: None,
            stated_in: None,
            ..self
        }
    }

    /// As it was stated.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.only {
            Some(only) => format!("{}={only}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Whether it says where.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.only.is_some()
    }

    /// All that can be ignored: rules, then kinds of difference.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        let rules = CATALOGUE.iter().map(|rule| rule.id.0);
        let kinds = DifferenceKind::ALL.iter().map(|kind| kind.name());
        rules.chain(kinds).collect()
    }

    fn is_kind(&self) -> bool {
        DifferenceKind::ALL.iter().any(|k| k.name() == self.name)
    }

    /// How much of an item it takes in.
    fn share(&self, item: &Item<'_>, roles: &Roles) -> Share {
        if self.name != item.name {
            return Share::Nothing;
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
enum Share {
    Nothing,
    All,
    /// These of its flows.
    Flows(BTreeSet<usize>),
}

/// The roles of all capture points.
type Roles = BTreeMap<(SetName, PointName), &'static str>;

/// What findings and differences have in common.
struct Item<'a> {
    name: &'static str,
    set: SetName,
    segment: Option<&'a SegmentReport>,
    values: Option<(&'a str, &'a str)>,
    flows: Vec<&'a FlowReport>,
    evidence: &'a [EvidenceReport],
}

impl<'a> Item<'a> {
    fn of_finding(finding: &'a FindingReport, flows: &'a [FlowReport]) -> Self {
        Self {
            name: finding.rule,
            set: finding.set,
            segment: finding.segment.as_ref(),
            values: None,
            flows: concerned(&finding.flows, flows),
            evidence: &finding.evidence,
        }
    }

    fn of_difference(difference: &'a DifferenceReport, flows: &'a [FlowReport]) -> Self {
        Self {
            name: difference.kind,
            set: SetName::Failing,
            segment: difference.segment.as_ref(),
            values: Some((&difference.reference, &difference.failing)),
            flows: concerned(&difference.flows, flows),
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
            let values = |(reference, failing)| glob(a, reference) && glob(b, failing);
            lost || self.values.is_some_and(values)
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
    let all = flows.iter().filter(|flow| ids.contains(&flow.id));
    let (reference, own): (Vec<_>, Vec<_>) = all.partition(|f| f.set == SetName::Reference);
    if own.is_empty() { reference } else { own }
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

impl Report {
    /// Takes what is to be ignored out of findings and differences, and adds to `ignored` what became of each, in the order given.
    ///
    /// An item that several take in goes to the first. For one set alone, kinds of difference are passed over: it has none.
    pub fn ignore(&mut self, ignores: &[Ignore]) {
        let alone = self.set.is_some();
        let ignores = ignores.iter().filter(|i| !(alone && i.is_kind()));
        let mut all: Vec<(&Ignore, IgnoredReport)> = ignores
            .map(|ignore| (ignore, nothing_yet(ignore)))
            .collect();
        let roles = roles(self);
        for finding in std::mem::take(&mut self.findings) {
            match taker(&Item::of_finding(&finding, &self.flows), &roles, &mut all) {
                Some(ignored) => ignored.findings.push(finding),
                None => self.findings.push(finding),
            }
        }
        for difference in std::mem::take(&mut self.differences) {
            let item = Item::of_difference(&difference, &self.flows);
            match taker(&item, &roles, &mut all) {
                Some(ignored) => ignored.differences.push(difference),
                None => self.differences.push(difference),
            }
        }
        self.ignored
            .extend(all.into_iter().map(|(_, report)| report));
        let left: BTreeSet<&String> = self
            .differences
            .iter()
            .filter(|difference| difference.significant)
            .flat_map(|difference| &difference.flows)
            .collect();
        for comparison in &mut self.comparisons {
            let counts = left.contains(&comparison.failing) || left.contains(&comparison.reference);
            comparison.ignored = comparison.differs && !counts;
        }
    }
}

fn nothing_yet(ignore: &Ignore) -> IgnoredReport {
    IgnoredReport {
        what: ignore.what(),
        reason: ignore.reason.clone(),
        stated_in: ignore.stated_in.clone(),
        occurs: false,
        findings: Vec::new(),
        differences: Vec::new(),
    }
}

/// What takes an item away, if anything does.
fn taker<'a>(
    item: &Item<'_>,
    roles: &Roles,
    all: &'a mut [(&Ignore, IgnoredReport)],
) -> Option<&'a mut IgnoredReport> {
    let mut first = None;
    let mut whole = false;
    let mut flows = BTreeSet::new();
    for (index, (ignore, report)) in all.iter_mut().enumerate() {
        match ignore.share(item, roles) {
            Share::All => {
                // One that takes in all of it comes before those that take in parts.
                first = if whole { first } else { Some(index) };
                whole = true;
            }
            Share::Flows(some) if !some.is_empty() => {
                first = first.or(Some(index));
                flows.extend(some);
            }
            Share::Flows(_) | Share::Nothing => continue,
        }
        report.occurs = true;
    }
    let taken = whole || (!flows.is_empty() && flows.len() == item.flows.len());
    let index = first.filter(|_| taken)?;
    all.get_mut(index).map(|(_, report)| report)
}

fn roles(report: &Report) -> Roles {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_is_called_as_a_kind_of_difference() {
        let names = Ignore::names();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), distinct.len());
        assert!(names.iter().all(|name| !name.contains('=')));
    }

    #[test]
    fn what_is_stated_is_kept_as_it_is() {
        for what in [
            "delivery",
            "packets-lost=*/vtep",
            "mss=1410 bytes..1460 bytes",
        ] {
            assert_eq!(Ignore::parse(what).unwrap().what(), what);
        }
        assert!(matches!(
            Ignore::parse("delivery="),
            Err(IgnoreError::Empty { .. })
        ));
        let unknown = Ignore::parse("delivry=x").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "'delivry' is neither a rule nor a kind of difference"
        );
    }
}
