//! The corridor: leads a capture set through all rooms.

mod analyze;
mod cluster;
#[cfg(any(fuzzing, test))]
pub mod doors;
mod error;
mod extracting;
#[cfg(test)]
mod faults_tests;
mod inspect;
mod memory;
mod observations;
mod observe;
mod options;
mod pairs;
mod reading;
mod selecting;
mod stream;
mod tally;

pub use analyze::{SetTimelines, baseline, compare, compare_with, timelines, trace, trace_with};
pub use error::AnalysisError;
pub use extracting::{Extracted, Wanting, export, extract};
pub use inspect::{inspect, inspect_baseline, inspect_with};
pub use options::{AnalysisOptions, MAX_FLOWS};
