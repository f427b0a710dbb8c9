//! A set without its packets: everything that comparisons and reports need of it, small enough to live in a repository.
//!
//! Its door is [`Profile`]. A baseline is a file of one or several profiles ([`write_baseline`], [`read_baseline`]); flows that are alike are one
//! there, so that its size is that of the network and not of the captures. [`anonymize`] replaces every name and address.

mod anonymize;
mod baseline;
mod findings;
mod fold;
mod layout;

pub use anonymize::{anonymize, anonymous_address, anonymous_node};
#[cfg(feature = "schema")]
pub use baseline::BaselineFile;
pub use baseline::{
    BASELINE_VERSION, BaselineError, baseline_tool, is_baseline, read_baseline, write_baseline,
};
pub use fold::MAX_FLOWS;

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::Timelines;
use crate::diagnose::Finding;
use crate::types::{Message, StatedPair};

/// A set and what was learned of it. The timelines of one that comes from a baseline have no journeys, only what was counted of them.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The set's path as it was given.
    pub label: String,
    /// The files' names as the set gives them; [`FileId`](crate::types::FileId) indexes them.
    pub files: Vec<String>,
    /// Damage to the files and doubts about the set, as sentences.
    pub warnings: Vec<Message>,
    /// What addresses are called: pods, services, nodes, hosts.
    pub names: BTreeMap<IpAddr, String>,
    /// What happened to its packets.
    pub timelines: Timelines,
    /// What is wrong with it, judged alone.
    pub findings: Vec<Finding>,
    /// The expression by which it was narrowed, if it was.
    pub selected: Option<String>,
    /// Whether names and addresses are replaced.
    pub anonymized: bool,
    /// Flows that it does not hold, since there are too many kinds of them.
    pub left_out: u64,
    /// What its manifest says belongs together in a reference and in it; a baseline has none.
    pub pairs: Vec<StatedPair>,
}
