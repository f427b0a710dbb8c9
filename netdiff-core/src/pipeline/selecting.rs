//! What a selection leaves of sets and comparisons: everything is followed and judged whole, and then less is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::error::AnalysisError;
use super::options::AnalysisOptions;
use crate::diagnose::Finding;
use crate::diff::Comparison;
use crate::identify::Evidence;
use crate::profile::Profile;
use crate::report::{SelectedReport, SelectionReport, SetName};
use crate::select::{Choice, Selection, Selector};
use crate::types::{Language, Message};

/// What is selected of a profile. Made before names are replaced, and used after.
pub(super) struct Picks {
    choice: Choice,
    /// For each finding, whether it touches what is selected.
    findings: Vec<bool>,
    /// For each flow, its packets.
    packets: Vec<u64>,
    /// What the set cannot tell, since it holds no packets.
    untold: Option<String>,
    notes: Vec<Message>,
}

/// New places of flows by their old ones; of flows that are left out there is none.
type Places = BTreeMap<usize, usize>;

/// Leaves of a profile what the options select, if they select.
///
/// # Errors
/// Where the selection asks for packets of a baseline, named as `file`.
pub(super) fn narrow_to(
    profile: &mut Profile,
    file: &str,
    options: &AnalysisOptions,
) -> Result<Option<SelectionReport>, AnalysisError> {
    let Some(selection) = &options.selection else {
        return Ok(None);
    };
    let picks = Picks::leading(profile, file, selection)?;
    let report = narrow(profile, &picks, selection, options.language);
    Ok(Some(untold_if(report, options)))
}

/// Without the expression, where names are replaced.
pub(super) fn untold_if(mut report: SelectionReport, options: &AnalysisOptions) -> SelectionReport {
    if options.anonymize {
        report.expression = None;
        report.notes.clear();
    }
    report
}

/// Refuses a selection whose places and names none of the sets has.
pub(super) fn check_names<'a>(
    options: &AnalysisOptions,
    profiles: impl IntoIterator<Item = &'a Profile>,
) -> Result<(), AnalysisError> {
    let Some(selection) = &options.selection else {
        return Ok(());
    };
    let sets: Vec<_> = profiles
        .into_iter()
        .map(|profile| (&profile.timelines, &profile.names))
        .collect();
    match selection.unmatched(&sets) {
        Some(reason) => Err(AnalysisError::Selection(reason)),
        None => Ok(()),
    }
}

impl Picks {
    /// What is selected of a set that leads: it must be able to tell.
    pub(super) fn leading(
        profile: &Profile,
        file: &str,
        selection: &Selection,
    ) -> Result<Self, AnalysisError> {
        let picks = Self::of(profile, selection);
        match picks.untold {
            Some(term) => Err(AnalysisError::NoPackets {
                file: file.to_owned(),
                term,
            }),
            None => Ok(picks),
        }
    }

    /// What is selected of a set. Of one without packets, nothing, if only packets can tell.
    pub(super) fn of(profile: &Profile, selection: &Selection) -> Self {
        let set = &profile.timelines;
        let untold = selection.needs_packets().filter(|_| !set.has_packets());
        let choice = match untold {
            Some(_) => Choice::default(),
            None => Choice::of(&Selector::new(selection, set, &profile.names), set),
        };
        let evidence = profile.findings.iter().flat_map(|f| &f.evidence).copied();
        let seen = choice.seen(set, &evidence.collect());
        let findings = profile.findings.iter();
        Self {
            findings: findings
                .map(|finding| touches(finding, &choice, &seen))
                .collect(),
            packets: set
                .flows
                .iter()
                .map(|flow| flow.forward.tally.packets() + flow.reply.tally.packets())
                .collect(),
            notes: selection.notes(set),
            untold,
            choice,
        }
    }

    fn report(&self, set: SetName, shown: usize) -> SelectedReport {
        SelectedReport {
            set,
            flows: shown as u64,
            all_flows: self.packets.len() as u64,
            packets: self.untold.is_none().then(|| self.choice.packets().0),
            all_packets: self.packets.iter().sum(),
        }
    }
}

/// Whether a finding is about something that is selected, or about no flow at all.
fn touches(finding: &Finding, choice: &Choice, seen: &BTreeSet<Evidence>) -> bool {
    if finding.explained.is_empty() {
        let mut flows = finding.flows.iter();
        return finding.flows.is_empty() || flows.any(|flow| choice.has_flow(*flow));
    }
    let mut explained = finding.explained.iter();
    let explains = explained.any(|id| {
        let picked = choice.direction(id.flow, id.reply);
        picked.is_some_and(|picked| picked.has(id.journey))
    });
    explains
        || finding
            .evidence
            .iter()
            .any(|evidence| seen.contains(evidence))
}

/// Leaves of a profile what is selected, counted anew. Returns what to say about it.
fn narrow(
    profile: &mut Profile,
    picks: &Picks,
    selection: &Selection,
    language: Language,
) -> SelectionReport {
    let mut places = Places::new();
    let mut flows = Vec::new();
    for (index, flow) in profile.timelines.flows.iter().enumerate() {
        if let Some(narrowed) = picks.choice.narrowed(index, flow) {
            places.insert(index, flows.len());
            flows.push(narrowed);
        }
    }
    profile.timelines.flows = flows;
    let findings_not_shown = keep_findings(profile, &places, |index, _| {
        picks.findings.get(index).copied().unwrap_or(true)
    });
    profile.selected = Some(match &profile.selected {
        Some(before) => format!("{before}; of that, {selection}"),
        None => selection.to_string(),
    });
    SelectionReport {
        expression: Some(selection.to_string()),
        sets: vec![picks.report(SetName::Set, places.len())],
        findings_not_shown,
        differences_not_shown: 0,
        notes: rendered(&picks.notes, language),
    }
}

/// Leaves of a comparison the selected flows of the failing set, whole and with their counterparts, and the selected flows that only the
/// reference has. Returns what to say about it.
pub(super) fn narrow_comparison(
    comparison: &mut Comparison,
    (reference, ours_picked): (&mut Profile, &Picks),
    (failing, theirs_picked): (&mut Profile, &Picks),
    (selection, language): (&Selection, Language),
) -> SelectionReport {
    let shown: Vec<bool> = comparison
        .pairs
        .iter()
        .map(|pair| match (pair.failing, pair.reference) {
            (Some(flow), _) => theirs_picked.choice.has_flow(flow),
            (None, Some(flow)) => ours_picked.choice.has_flow(flow),
            (None, None) => false,
        })
        .collect();
    let kept = || comparison.pairs.iter().zip(&shown).filter(|(_, s)| **s);
    let ours = places(kept().filter_map(|(pair, _)| pair.reference));
    let theirs = places(kept().filter_map(|(pair, _)| pair.failing));
    let differences = comparison.differences.len();
    keep_pairs(comparison, &shown, &ours, &theirs);
    let mut findings_not_shown = 0;
    let touched = |index: usize, _: &Finding| theirs_picked.findings.get(index) != Some(&false);
    findings_not_shown += keep_whole(failing, &theirs, touched);
    let about = |_: usize, finding: &Finding| {
        finding.flows.is_empty() || finding.flows.iter().any(|flow| ours.contains_key(flow))
    };
    findings_not_shown += keep_whole(reference, &ours, about);
    let mut notes = theirs_picked.notes.clone();
    notes.extend(ours_picked.untold.as_ref().map(|term| {
        message!(
            "the reference is a baseline, which holds no packets: flows that only it has are left out, since `{term}` cannot be told \
             of them",
            term
        )
    }));
    SelectionReport {
        expression: Some(selection.to_string()),
        sets: vec![
            ours_picked.report(SetName::Reference, ours.len()),
            theirs_picked.report(SetName::Failing, theirs.len()),
        ],
        findings_not_shown,
        differences_not_shown: (differences - comparison.differences.len()) as u64,
        notes: rendered(&notes, language),
    }
}

fn rendered(notes: &[Message], language: Language) -> Vec<String> {
    notes.iter().map(|note| note.render(language)).collect()
}

fn places(kept: impl Iterator<Item = usize>) -> Places {
    let kept: BTreeSet<usize> = kept.collect();
    kept.into_iter().zip(0..).collect()
}

/// Drops pairs and what is about them alone, and renumbers what is left.
fn keep_pairs(comparison: &mut Comparison, shown: &[bool], ours: &Places, theirs: &Places) {
    let kept = shown.iter().enumerate().filter(|(_, shown)| **shown);
    let pairs: Places = kept.map(|(index, _)| index).zip(0..).collect();
    let mut nth = shown.iter();
    comparison.pairs.retain(|_| nth.next() == Some(&true));
    let mut nth = shown.iter();
    comparison.divergences.retain(|_| nth.next() == Some(&true));
    for pair in &mut comparison.pairs {
        pair.reference = pair.reference.and_then(|flow| ours.get(&flow).copied());
        pair.failing = pair.failing.and_then(|flow| theirs.get(&flow).copied());
    }
    comparison.differences.retain_mut(|difference| {
        let of_the_sets = difference.pairs.is_empty();
        difference.pairs = renumbered(&difference.pairs, &pairs);
        of_the_sets || !difference.pairs.is_empty()
    });
}

/// Leaves the flows that have a place, as they are, and the findings that are to be shown. Returns how many findings are not.
fn keep_whole(
    profile: &mut Profile,
    places: &Places,
    is_shown: impl Fn(usize, &Finding) -> bool,
) -> u64 {
    let mut index = 0..;
    profile.timelines.flows.retain(|_| {
        index
            .next()
            .is_some_and(|index| places.contains_key(&index))
    });
    keep_findings(profile, places, is_shown)
}

fn keep_findings(
    profile: &mut Profile,
    places: &Places,
    is_shown: impl Fn(usize, &Finding) -> bool,
) -> u64 {
    let before = profile.findings.len();
    let mut index = 0..;
    profile
        .findings
        .retain(|finding| index.next().is_some_and(|index| is_shown(index, finding)));
    for finding in &mut profile.findings {
        finding.flows = renumbered(&finding.flows, places);
        // These name journeys that may be gone.
        finding.explained.clear();
    }
    (before - profile.findings.len()) as u64
}

fn renumbered(flows: &[usize], places: &Places) -> Vec<usize> {
    let places = flows.iter().filter_map(|flow| places.get(flow).copied());
    places.collect()
}
