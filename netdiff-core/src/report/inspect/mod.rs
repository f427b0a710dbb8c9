//! What a capture set holds, before anything is judged: the report of `netdiff inspect`.
//!
//! `contents` is what the pipeline counts, `model` the report, `build` joins the two, `subnets`, `coverage` and `advice`
//! infer, and `manifest` writes the set's places down for a person to correct.

mod advice;
mod baseline;
mod build;
mod contents;
mod coverage;
mod manifest;
mod model;
mod subnets;

pub use baseline::{BaselineReport, BaselineSetReport, Stored, StoredFlow, build_baseline};
pub use build::{Inspected, build_inspection};
pub use contents::{PointContents, StatedNetworks, StopSeen, TunnelSeen};
pub use manifest::render_manifest;
pub use model::{
    AdviceReport, CoverageCell, CoverageRow, InspectReport, InspectedAddress, InspectedFile,
    InspectedInterface, InspectedNode, InspectedPoint, StopReport, SubnetReport, TunnelReport,
};
