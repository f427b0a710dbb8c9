//! What makes a build fail.

use super::ignored::{IgnoreEffect, IgnoredReport};
use super::model::{DifferenceReport, FindingReport, Report};

/// What of a report makes a build fail: what counts for exit code 1, and what JUnit calls a failure.
///
/// What was ignored never counts. The default is [`FailOn::DIFFERENCE`].
///
/// ```
/// use netdiff_core::FailOn;
///
/// let strict = FailOn::named("warning").and_then(|level| Some(level.or(FailOn::named("unused-ignore")?)));
/// assert!(strict.is_some());
/// assert_eq!(FailOn::named("everything"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailOn {
    errors: bool,
    warnings: bool,
    differences: bool,
    notes: bool,
    unused_ignores: bool,
}

impl Default for FailOn {
    fn default() -> Self {
        Self::DIFFERENCE
    }
}

impl FailOn {
    const NOTHING: Self = Self {
        errors: false,
        warnings: false,
        differences: false,
        notes: false,
        unused_ignores: false,
    };

    /// Errors alone.
    pub const ERROR: Self = Self {
        errors: true,
        ..Self::NOTHING
    };

    /// Errors and warnings; differences are told and do not count.
    pub const WARNING: Self = Self {
        warnings: true,
        ..Self::ERROR
    };

    /// Errors, warnings, and differences in how the clusters behave. Those that alone do no harm, such as another MSS, do not count: two healthy
    /// recordings may have them.
    pub const DIFFERENCE: Self = Self {
        differences: true,
        ..Self::WARNING
    };

    /// Anything at all: also notes, every difference, and what is to be ignored and no longer occurs.
    pub const NOTE: Self = Self {
        notes: true,
        unused_ignores: true,
        ..Self::DIFFERENCE
    };

    /// What is to be ignored and no longer occurs, alone: to be joined with another.
    pub const UNUSED_IGNORE: Self = Self {
        unused_ignores: true,
        ..Self::NOTHING
    };

    /// The names that [`FailOn::named`] knows, from the mildest on.
    pub const NAMES: [&'static str; 5] =
        ["error", "warning", "difference", "note", "unused-ignore"];

    /// What a name stands for; `None` if it is none of [`FailOn::NAMES`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "error" => Some(Self::ERROR),
            "warning" => Some(Self::WARNING),
            "difference" => Some(Self::DIFFERENCE),
            "note" => Some(Self::NOTE),
            "unused-ignore" => Some(Self::UNUSED_IGNORE),
            _ => None,
        }
    }

    /// What counts for one of the two.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            errors: self.errors || other.errors,
            warnings: self.warnings || other.warnings,
            differences: self.differences || other.differences,
            notes: self.notes || other.notes,
            unused_ignores: self.unused_ignores || other.unused_ignores,
        }
    }

    /// Whether this finding counts.
    #[must_use]
    pub fn counts_finding(self, finding: &FindingReport) -> bool {
        match finding.severity {
            "error" => self.errors,
            "warning" => self.warnings,
            _ => self.notes,
        }
    }

    /// Whether this difference counts.
    #[must_use]
    pub const fn counts_difference(self, difference: &DifferenceReport) -> bool {
        self.notes || (difference.significant && self.differences)
    }

    /// Whether this counts as something that is to be ignored and no longer occurs.
    #[must_use]
    pub const fn counts_unused(self, ignored: &IgnoredReport) -> bool {
        self.unused_ignores && matches!(ignored.effect, IgnoreEffect::Unused)
    }

    /// Whether anything in the report counts.
    #[must_use]
    pub fn fails(self, report: &Report) -> bool {
        report.findings.iter().any(|f| self.counts_finding(f))
            || report.differences.iter().any(|d| self.counts_difference(d))
            || report.ignored.iter().any(|i| self.counts_unused(i))
    }
}
