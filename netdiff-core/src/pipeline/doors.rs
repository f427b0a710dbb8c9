//! What fuzz targets reach beside the public names; built with `--cfg fuzzing`, and for the unit tests, so that a change of the library cannot break the targets unseen.

use std::collections::BTreeMap;

use super::analyze::{analyzed, follow_opened, judged};
use super::options::{AnalysisOptions, MAX_FLOWS};
use crate::correlate::Timelines;
use crate::diagnose::diagnose;
use crate::diff::{StatedPairs, compare_timelines};
use crate::profile::Profile;
use crate::read::{CaptureSet, ReadError};
use crate::report::{Report, build_comparison, build_trace};
use crate::types::Language;

/// A set, followed and judged alone.
///
/// # Errors
/// Where a file cannot be read.
pub fn profile_of(set: &mut CaptureSet, options: &AnalysisOptions) -> Result<Profile, ReadError> {
    let (names, followed) = follow_opened(set, options)?;
    Ok(judged(set, names, followed))
}

/// Timelines made of observations, judged alone.
pub fn profile_of_timelines(timelines: Timelines, files: Vec<String>) -> Profile {
    Profile {
        label: "set".to_owned(),
        files,
        warnings: Vec::new(),
        names: BTreeMap::new(),
        findings: diagnose(&timelines, &[]),
        timelines,
        selected: None,
        anonymized: false,
        left_out: 0,
        pairs: Vec::new(),
    }
}

/// The report of one set.
pub fn report_of(profile: &Profile) -> Report {
    build_trace(&analyzed(profile, Language::English), MAX_FLOWS)
}

/// The report of two.
pub fn report_of_both(reference: &Profile, failing: &Profile) -> Report {
    let pairs = StatedPairs::default();
    let comparison = compare_timelines(&reference.timelines, &failing.timelines, &pairs);
    let [reference, failing] = [reference, failing].map(|set| analyzed(set, Language::English));
    build_comparison(&reference, &failing, &comparison, MAX_FLOWS)
}
