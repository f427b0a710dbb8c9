//! The corridor: leads a capture set through all rooms.

mod analyze;
mod cluster;
mod inspect;
mod observe;
mod tally;

pub use analyze::{AnalysisError, compare, trace};
pub use inspect::inspect;
