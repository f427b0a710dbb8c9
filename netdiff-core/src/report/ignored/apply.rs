//! Takes what is to be ignored out of a report.

use std::collections::BTreeSet;

use super::matching::{Item, Roles, Share, roles};
use super::{Ignore, IgnoreEffect, IgnoredReport};
use crate::report::model::Report;

impl Report {
    /// Takes what is to be ignored out of findings and differences, and adds to `ignored` what became of each, in the order given.
    ///
    /// An item that several take in goes to the first. For one set alone, kinds of difference are passed over: it has none.
    /// Of a selection of packets, nothing is said of what matches nothing: it may be among the others.
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
        let reports = all.into_iter().map(|(_, report)| report);
        // What was not selected is not gone.
        let whole = self.selection.is_none();
        self.ignored
            .extend(reports.filter(|i| whole || i.effect != IgnoreEffect::Unused));
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
        self.sum_up();
    }
}

impl Report {
    /// What is to be ignored and matches nothing.
    pub(in crate::report) fn unused_ignores(&self) -> impl Iterator<Item = &IgnoredReport> {
        let all = self.ignored.iter();
        all.filter(|ignored| ignored.effect == IgnoreEffect::Unused)
    }
}

fn nothing_yet(ignore: &Ignore) -> IgnoredReport {
    IgnoredReport {
        what: ignore.what(),
        reason: ignore.reason.clone(),
        stated_in: ignore.stated_in.clone(),
        effect: IgnoreEffect::Unused,
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
    let shares: Vec<Share> = all.iter().map(|(i, _)| i.share(item, roles)).collect();
    let whole = shares.iter().position(|share| matches!(share, Share::All));
    let flows: BTreeSet<usize> = shares.iter().flat_map(Share::flows).collect();
    // Of flows that are not told one by one it is not known what takes them in.
    let together = !flows.is_empty() && flows.len() == item.flows.len() && item.untold == 0;
    // One that takes in all of it comes before those that take in parts.
    let first = whole.or_else(|| {
        shares
            .iter()
            .position(|s| !s.is_nothing())
            .filter(|_| together)
    });
    let effect = if first.is_some() {
        IgnoreEffect::Shared
    } else {
        IgnoreEffect::Partial
    };
    for ((_, report), _) in all
        .iter_mut()
        .zip(&shares)
        .filter(|(_, share)| !share.is_nothing())
    {
        report.effect = report.effect.max(effect);
    }
    let (_, taker) = all.get_mut(first?)?;
    taker.effect = IgnoreEffect::Ignores;
    Some(taker)
}
