//! One set, or two: from paths to a report.

use super::cluster::{address_names, settle_tunnel_devices, stated_addresses};
use super::observe::{Detail, observe_set};
use super::options::AnalysisOptions;
use crate::correlate::{Timelines, correlate};
use crate::diagnose::{Finding, Reference, diagnose};
use crate::diff::{StatedPairs, compare_timelines};
use crate::read::{CaptureSet, ReadError, SetError, SetRequest, open_set};
use crate::report::{AddressNames, Analyzed, Report, build_comparison, build_trace};

/// Why an analysis could not be done. Displays as a message that names the set and the file, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The capture set cannot be used.
    #[error(transparent)]
    Set(SetError),
    /// A file of it cannot be read.
    #[error("{}{reason}", prefix(.set, .reason))]
    Read {
        /// The set, as it was asked for.
        set: String,
        /// Which file, and why.
        reason: ReadError,
    },
}

impl AnalysisError {
    /// A file's name is relative to its set, so the message needs the set.
    pub(super) fn of_set(request: &SetRequest, error: SetError) -> Self {
        match error {
            SetError::File(reason) => Self::of_file(request, reason),
            other => Self::Set(other),
        }
    }

    pub(super) fn of_file(request: &SetRequest, reason: ReadError) -> Self {
        let paths = request.paths.iter().map(|path| path.display().to_string());
        Self::Read {
            set: paths.collect::<Vec<_>>().join(" "),
            reason,
        }
    }
}

/// The set, unless the file's own name says it.
fn prefix(set: &str, reason: &ReadError) -> String {
    if reason.to_string().starts_with(set) {
        String::new()
    } else {
        format!("{set}: ")
    }
}

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
    pub warnings: Vec<String>,
    /// What became of every packet.
    pub timelines: Timelines,
}

/// A set with everything that was learned of it.
struct Analysis {
    path: String,
    names: AddressNames,
    followed: SetTimelines,
}

impl Analysis {
    fn of(request: &SetRequest, options: &AnalysisOptions) -> Result<Self, AnalysisError> {
        let (set, names, followed) = follow(request, options)?;
        Ok(Self {
            path: set.label,
            names,
            followed,
        })
    }

    fn with<'a>(&'a self, findings: &'a [Finding]) -> Analyzed<'a> {
        Analyzed {
            path: &self.path,
            files: &self.followed.files,
            warnings: &self.followed.warnings,
            names: &self.names,
            timelines: &self.followed.timelines,
            findings,
        }
    }
}

/// Reads a set and follows its packets.
fn follow(
    request: &SetRequest,
    options: &AnalysisOptions,
) -> Result<(CaptureSet, AddressNames, SetTimelines), AnalysisError> {
    let set = open_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
    let mut observed = observe_set(&set, &options.decode(), Detail::Observations)
        .map_err(|error| AnalysisError::of_file(request, error))?;
    settle_tunnel_devices(&set, &mut observed.points, &observed.observations);
    let stated = stated_addresses(&set, &observed.observations);
    let names = address_names(&set, &observed.names);
    let followed = SetTimelines {
        files: set.files.iter().map(|file| file.name.clone()).collect(),
        warnings: observed.warnings,
        timelines: correlate(observed.points, &stated, observed.observations),
    };
    Ok((set, names, followed))
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
    let analysis = Analysis::of(request, options)?;
    let findings = diagnose(&analysis.followed.timelines, None);
    Ok(build_trace(&analysis.with(&findings)))
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
    let (reference, failing) = rayon::join(
        || Analysis::of(reference, options),
        || Analysis::of(failing, options),
    );
    let (reference, failing) = (reference?, failing?);
    let (ours, theirs) = (&reference.followed.timelines, &failing.followed.timelines);
    let usual = diagnose(ours, None);
    let healthy = Reference {
        timelines: ours,
        findings: &usual,
    };
    let findings = diagnose(theirs, Some(healthy));
    let comparison = compare_timelines(ours, theirs, &StatedPairs::default());
    Ok(build_comparison(
        &reference.with(&usual),
        &failing.with(&findings),
        &comparison,
    ))
}
