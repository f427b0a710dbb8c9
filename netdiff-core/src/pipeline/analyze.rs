//! One set, or two: from paths to a report.

use super::cluster::{address_names, stated_addresses};
use super::error::AnalysisError;
use super::memory;
use super::options::AnalysisOptions;
use super::pairs::stated_pairs;
use super::reading::{Detail, read_set};
use super::selecting::{Picks, check_names, narrow_comparison, narrow_to, untold_if};
use crate::correlate::Timelines;
use crate::diagnose::{Reference, diagnose};
use crate::diff::{Comparison, StatedPairs, compare_timelines};
use crate::profile::{
    Profile, anonymize, anonymous_address, anonymous_node, is_baseline, read_baseline,
    write_baseline,
};
use crate::read::{CaptureSet, ReadError, SetRequest, open_set, read_text_if};
use crate::report::{AddressNames, Analyzed, Report, build_comparison, build_trace};
use crate::types::{Language, Message};

/// A capture set with every packet followed, before anything is judged: what [`trace`] works on.
///
/// For programs that ask more than a [`Report`] holds, such as what became of each single packet. Its shape follows the
/// needs of the whole and may change with any minor version.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SetTimelines {
    /// The files' names as the set gives them; [`FileId`](crate::types::FileId) indexes them.
    pub files: Vec<String>,
    /// Damage to the files and doubts about the set, as sentences.
    pub warnings: Vec<Message>,
    /// What became of every packet.
    pub timelines: Timelines,
}

/// The profiles of a request: of its captures, or those of the baseline that it names.
pub(super) fn profiles(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<Vec<Profile>, AnalysisError> {
    let text = read_text_if(request, is_baseline)
        .map_err(|error| AnalysisError::of_set(request, error))?;
    match text {
        Some(text) => read_baseline(&text).map_err(|reason| AnalysisError::Baseline {
            file: label(request),
            reason,
        }),
        None => profile(request, options).map(|profile| vec![profile]),
    }
}

/// A set of captures, followed and judged alone.
fn profile(request: &SetRequest, options: &AnalysisOptions) -> Result<Profile, AnalysisError> {
    let (set, names, followed) = follow(request, options)?;
    Ok(judged(&set, names, followed))
}

/// A set that was followed, judged alone.
pub(super) fn judged(set: &CaptureSet, names: AddressNames, followed: SetTimelines) -> Profile {
    let findings = diagnose(&followed.timelines, &[]);
    Profile {
        label: set.label.clone(),
        files: followed.files,
        warnings: followed.warnings,
        names,
        timelines: followed.timelines,
        findings,
        selected: None,
        anonymized: false,
        left_out: 0,
        pairs: set.hints.pairs.clone(),
    }
}

/// The one profile of a request; a merged baseline has several.
fn one_profile(request: &SetRequest, options: &AnalysisOptions) -> Result<Profile, AnalysisError> {
    let mut profiles = profiles(request, options)?;
    match profiles.pop() {
        Some(profile) if profiles.is_empty() => Ok(profile),
        _ => Err(AnalysisError::Merged {
            file: label(request),
        }),
    }
}

pub(super) fn label(request: &SetRequest) -> String {
    let paths = request.paths.iter().map(|path| path.display().to_string());
    paths.collect::<Vec<_>>().join(" ")
}

pub(super) fn analyzed(profile: &Profile, language: Language) -> Analyzed<'_> {
    Analyzed {
        path: &profile.label,
        files: &profile.files,
        warnings: &profile.warnings,
        names: &profile.names,
        timelines: &profile.timelines,
        findings: &profile.findings,
        language,
    }
}

/// Reads a set and follows its packets.
pub(super) fn follow(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<(CaptureSet, AddressNames, SetTimelines), AnalysisError> {
    let mut set = open_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
    let (names, followed) =
        follow_opened(&mut set, options).map_err(|error| AnalysisError::of_file(request, error))?;
    Ok((set, names, followed))
}

/// Follows the packets of a set that is open.
pub(super) fn follow_opened(
    set: &mut CaptureSet,
    options: &AnalysisOptions,
) -> Result<(AddressNames, SetTimelines), ReadError> {
    options.count(set);
    let folding = options.folding();
    let read = read_set(set, &options.decode(), Detail::Observations, folding)?;
    memory::probe(&read.correlator, &set.label)?;
    let mut points = read.contents.points;
    read.watch.settle_tunnel_devices(&mut points);
    let stated = stated_addresses(set, &read.watch);
    let names = address_names(set, &read.contents.names);
    let followed = SetTimelines {
        files: set.files.iter().map(|file| file.name.clone()).collect(),
        warnings: read.contents.warnings,
        timelines: read.correlator.finish(points, &stated),
    };
    Ok((names, followed))
}

/// Follows every packet of a capture set, and judges nothing.
///
/// # Errors
/// As [`trace`].
pub fn timelines(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<SetTimelines, AnalysisError> {
    follow(request, options).map(|(_, _, followed)| followed)
}

/// Analyzes one capture set: the ladders of its flows, and what is wrong with it.
///
/// # Errors
/// Where the set cannot be opened or one of its files is no capture. Damage inside a capture is no error: it is told in
/// the report's warnings, and what could be read is analyzed.
pub fn trace(request: &SetRequest) -> Result<Report, AnalysisError> {
    trace_with(request, &AnalysisOptions::default())
}

/// [`trace`] with options.
///
/// # Errors
/// As [`trace`].
pub fn trace_with(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<Report, AnalysisError> {
    let mut profile = one_profile(request, options)?;
    warn_of_part(&mut profile);
    check_names(options, [&profile])?;
    let selection = narrow_to(&mut profile, &label(request), options)?;
    if options.anonymize {
        anonymize(&mut profile);
    }
    let mut report = build_trace(&analyzed(&profile, options.language), options.max_flows);
    report.select(selection);
    Ok(report)
}

/// Compares a failing capture set with a healthy reference.
///
/// # Errors
/// As [`trace`], for either set.
pub fn compare(reference: &SetRequest, failing: &SetRequest) -> Result<Report, AnalysisError> {
    compare_with(reference, failing, &AnalysisOptions::default())
}

/// [`compare`] with options, which hold for both sets.
///
/// # Errors
/// As [`trace`], for either set.
pub fn compare_with(
    reference: &SetRequest,
    failing: &SetRequest,
    options: &AnalysisOptions,
) -> Result<Report, AnalysisError> {
    let file = label(failing);
    let (references, failing) = rayon::join(
        || profiles(reference, options),
        || one_profile(failing, options),
    );
    let (mut references, mut failing) = (references?, failing?);
    if failing.timelines.has_packets() {
        let healthy: Vec<Reference<'_>> = references
            .iter()
            .map(|usual| Reference {
                timelines: &usual.timelines,
                findings: &usual.findings,
            })
            .collect();
        failing.findings = diagnose(&failing.timelines, &healthy);
    }
    let mut pairs = stated_pairs(&options.pairs, &references, &mut failing)?;
    references.iter_mut().for_each(warn_of_part);
    warn_of_part(&mut failing);
    // By the names that the user knows.
    let picks = picks_of(&references, (&failing, &file), options)?;
    if options.anonymize {
        if let Some(usual) = references.first() {
            pairs.nodes = anonymous_pairs(&pairs.nodes, &usual.timelines, &failing.timelines);
        }
        for (ours, theirs) in &mut pairs.addresses {
            (*ours, *theirs) = (anonymous_address(*ours), anonymous_address(*theirs));
        }
        references.iter_mut().for_each(anonymize);
        anonymize(&mut failing);
    }
    let (nearest, mut comparison) = nearest(&references, &failing, &pairs);
    let mut usual = references.swap_remove(nearest);
    let selection = picks.zip(options.selection.as_ref());
    let selection = selection.map(|(mut picks, selection)| {
        let ours = (&mut usual, &picks.0.swap_remove(nearest));
        let theirs = (&mut failing, &picks.1);
        untold_if(
            narrow_comparison(&mut comparison, ours, theirs, (selection, options.language)),
            options,
        )
    });
    let mut report = build_comparison(
        &analyzed(&usual, options.language),
        &analyzed(&failing, options.language),
        &comparison,
        options.max_flows,
    );
    report.select(selection);
    Ok(report)
}

/// What is selected of each reference, and of the failing set; `None` if nothing was asked for.
fn picks_of(
    references: &[Profile],
    (failing, file): (&Profile, &str),
    options: &AnalysisOptions,
) -> Result<Option<(Vec<Picks>, Picks)>, AnalysisError> {
    let Some(selection) = &options.selection else {
        return Ok(None);
    };
    check_names(options, references.iter().chain([failing]))?;
    let ours = references.iter();
    let ours = ours.map(|usual| Picks::of(usual, selection)).collect();
    Ok(Some((ours, Picks::leading(failing, file, selection)?)))
}

/// A baseline may hold a part of its set: whoever compares with it must know.
fn warn_of_part(profile: &mut Profile) {
    let warning = profile.selected.as_ref().map(|selected| {
        message!(
            "a baseline of a part of its set only, selected by: {selected}",
            selected
        )
    });
    profile.warnings.extend(warning);
}

/// Stated pairs of nodes by the names that they get.
fn anonymous_pairs(
    pairs: &[(String, String)],
    reference: &Timelines,
    failing: &Timelines,
) -> Vec<(String, String)> {
    let pair = |(ours, theirs): &(String, String)| {
        Some((
            anonymous_node(reference, ours)?,
            anonymous_node(failing, theirs)?,
        ))
    };
    pairs.iter().filter_map(pair).collect()
}

/// The reference that differs least from the failing set, the first of equals, and the comparison with it: what is normal in any of the others is no difference.
fn nearest(references: &[Profile], failing: &Profile, pairs: &StatedPairs) -> (usize, Comparison) {
    let compared = references.iter().map(|usual| {
        let mut comparison = compare_timelines(&usual.timelines, &failing.timelines, pairs);
        comparison.drop_harmless_losses(&usual.findings, &failing.findings);
        comparison
    });
    let mut comparisons: Vec<Comparison> = compared.collect();
    let significant = |comparison: &Comparison| {
        let differences = comparison.differences.iter();
        differences.filter(|d| d.kind.is_significant()).count()
    };
    let best = (0..comparisons.len())
        .min_by_key(|index| (comparisons.get(*index).map(significant), *index))
        .unwrap_or(0);
    if comparisons.is_empty() {
        return (0, Comparison::default());
    }
    let mut comparison = comparisons.swap_remove(best);
    comparison.widen(&comparisons);
    (best, comparison)
}

/// Writes what comparisons need of healthy sets as a baseline, which every function here takes in place of captures. Several sets widen what counts
/// as normal; a set may be a baseline itself.
///
/// # Errors
/// As [`trace`], for any of the sets.
pub fn baseline(
    requests: &[SetRequest],
    options: &AnalysisOptions,
) -> Result<String, AnalysisError> {
    let mut all: Vec<(String, Profile)> = Vec::new();
    for request in requests {
        let own = profiles(request, options)?;
        all.extend(own.into_iter().map(|profile| (label(request), profile)));
    }
    check_names(options, all.iter().map(|(_, profile)| profile))?;
    for (file, profile) in &mut all {
        narrow_to(profile, file, options)?;
    }
    let mut all: Vec<Profile> = all.into_iter().map(|(_, profile)| profile).collect();
    if options.anonymize {
        all.iter_mut().for_each(anonymize);
    }
    write_baseline(&all).map_err(|reason| AnalysisError::Baseline {
        file: "the new baseline".to_owned(),
        reason,
    })
}
