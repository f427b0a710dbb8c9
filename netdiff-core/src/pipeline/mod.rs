//! The corridor: leads a capture set through all rooms.

mod analyze;
mod observe;

pub use analyze::{AnalysisError, compare, trace};
