//! What the benchmarks share: where the recorded clusters lie.
//!
//! Run them with `cargo bench -p netdiff-benches`. The machine's noise is part of every figure: compare figures of one run only.
//!
//! Two look at no clock, and so hold on a busy machine, too. Both need `cargo build --release --workspace` first:
//!
//! ```text
//! target/release/instructions          counts instructions of each stage with valgrind, against instructions.tsv
//! target/release/instructions renew    writes that table
//! target/release/generate FOLDER && target/release/allocations FOLDER
//!                                      shows that no packet costs an allocation before it has its identity
//! ```

pub mod generate;
pub mod stages;
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
