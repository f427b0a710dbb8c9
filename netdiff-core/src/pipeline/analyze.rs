//! One set, or two: from paths to a report.

use super::cluster::{address_names, settle_tunnel_devices, stated_addresses};
use super::observe::{Detail, observe_set};
use super::options::AnalysisOptions;
use crate::correlate::{Timelines, correlate};
use crate::diagnose::{Finding, diagnose};
use crate::diff::compare_timelines;
use crate::read::{ReadError, SetError, SetRequest, open_set};
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

/// A set with everything that was learned of it.
struct Analysis {
    path: String,
    files: Vec<String>,
    warnings: Vec<String>,
    names: AddressNames,
    timelines: Timelines,
    findings: Vec<Finding>,
}

impl Analysis {
    fn of(request: &SetRequest, options: &AnalysisOptions) -> Result<Self, AnalysisError> {
        let set = open_set(request).map_err(|error| AnalysisError::of_set(request, error))?;
        let mut observed = observe_set(&set, &options.decode(), Detail::Observations)
            .map_err(|error| AnalysisError::of_file(request, error))?;
        settle_tunnel_devices(&set, &mut observed.points, &observed.observations);
        let stated = stated_addresses(&set, &observed.observations);
        let timelines = correlate(observed.points, &stated, observed.observations);
        let findings = diagnose(&timelines);
        Ok(Self {
            files: set.files.iter().map(|file| file.name.clone()).collect(),
            names: address_names(&set, &observed.names),
            path: set.label,
            warnings: observed.warnings,
            timelines,
            findings,
        })
    }

    fn as_analyzed(&self) -> Analyzed<'_> {
        Analyzed {
            path: &self.path,
            files: &self.files,
            warnings: &self.warnings,
            names: &self.names,
            timelines: &self.timelines,
            findings: &self.findings,
        }
    }
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
    Ok(build_trace(&analysis.as_analyzed()))
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
    let comparison = compare_timelines(&reference.timelines, &failing.timelines);
    Ok(build_comparison(
        &reference.as_analyzed(),
        &failing.as_analyzed(),
        &comparison,
    ))
}
