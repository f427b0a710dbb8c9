//! What the benchmarks share: where the recorded clusters lie.
//!
//! Run them with `cargo bench -p netdiff-benches`. The machine's noise is part of every figure: compare figures of one run only.

pub mod generate;
pub mod timing;
pub mod yardstick;

use std::path::{Path, PathBuf};

use netdiff_core::SetRequest;

/// A set of a recorded scenario.
#[must_use]
pub fn scenario(name: &str, set: &str) -> SetRequest {
    SetRequest::of_path(testdata().join("scenarios").join(name).join(set))
}

/// The project's recorded captures.
#[must_use]
pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}
