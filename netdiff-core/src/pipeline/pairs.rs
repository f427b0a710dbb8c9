//! What the user says belongs together: in the options, and in the manifest of the failing set.

use std::net::IpAddr;

use super::error::AnalysisError;
use crate::correlate::Timelines;
use crate::diff::StatedPairs;
use crate::profile::Profile;
use crate::types::{Message, StatedPair};

impl Extend<StatedPair> for StatedPairs {
    fn extend<T: IntoIterator<Item = StatedPair>>(&mut self, pairs: T) {
        for pair in pairs {
            match pair {
                StatedPair::Nodes(ours, theirs) => self.nodes.push((ours, theirs)),
                StatedPair::Addresses(ours, theirs) => self.addresses.push((ours, theirs)),
            }
        }
    }
}

impl StatedPairs {
    /// Whether it says anything about a side of a pair.
    fn speaks_of(&self, pair: &StatedPair) -> bool {
        match pair {
            StatedPair::Nodes(ours, theirs) => {
                self.nodes.iter().any(|(r, f)| r == ours || f == theirs)
            }
            StatedPair::Addresses(ours, theirs) => {
                self.addresses.iter().any(|(r, f)| r == ours || f == theirs)
            }
        }
    }
}

/// The pairs of the options, and those of the failing set's manifest that do not contradict them. A pair that the sets cannot have is a
/// warning of the failing set, where it does not show a mistake.
///
/// # Errors
/// Where a pair names a node that is not there. The manifest belongs to the failing set, which may be compared with several references: of
/// its pairs only the failing set's nodes must be there.
pub(super) fn stated_pairs(
    options: &StatedPairs,
    references: &[Profile],
    failing: &mut Profile,
) -> Result<StatedPairs, AnalysisError> {
    let ours = |name: &str| references.iter().any(|usual| has_node(usual, name));
    for (reference, other) in &options.nodes {
        if !ours(reference) {
            return Err(no_node(reference, other, "reference", references));
        }
        if !has_node(failing, other) {
            return Err(no_node(reference, other, "failing set", [&*failing]));
        }
    }
    let mut pairs = options.clone();
    let own = std::mem::take(&mut failing.pairs);
    for pair in own.into_iter().filter(|pair| !options.speaks_of(pair)) {
        if let StatedPair::Nodes(reference, other) = &pair {
            if !has_node(failing, other) {
                return Err(no_node(reference, other, "failing set", [&*failing]));
            }
            if !ours(reference) {
                // A name that is in neither set would not be replaced in anonymized output.
                failing.warnings.push(message!(
                    "the manifest pairs {other} with a node that the reference does not have: that is left out",
                    other
                ));
                continue;
            }
        }
        pairs.extend([pair]);
    }
    let strange: Vec<Message> = pairs
        .addresses
        .iter()
        .filter(|(reference, other)| {
            let seen = references.iter().any(|usual| may_have(&usual.timelines, *reference));
            !seen || !may_have(&failing.timelines, *other)
        })
        .map(|(reference, other)| {
            message!(
                "the pair {reference}={other} pairs nothing: one of the addresses is in no flow of its set",
                reference,
                other
            )
        })
        .collect();
    failing.warnings.extend(strange);
    Ok(pairs)
}

fn has_node(profile: &Profile, name: &str) -> bool {
    let mut nodes = profile.timelines.nodes.iter();
    nodes.any(|node| **node == *name)
}

/// Whether a set has a flow of an address; a baseline does not hold all.
fn may_have(set: &Timelines, address: IpAddr) -> bool {
    let mut flows = set.flows.iter();
    !set.has_packets()
        || flows.any(|flow| [flow.initiator.address, flow.responder.address].contains(&address))
}

fn no_node<'a>(
    reference: &str,
    other: &str,
    set: &'static str,
    profiles: impl IntoIterator<Item = &'a Profile>,
) -> AnalysisError {
    let nodes = profiles
        .into_iter()
        .flat_map(|profile| &profile.timelines.nodes);
    let mut known: Vec<String> = nodes.map(ToString::to_string).collect();
    known.sort_unstable();
    known.dedup();
    let name = if set == "reference" { reference } else { other };
    AnalysisError::Pair {
        pair: format!("{reference}={other}"),
        reason: format!(
            "the {set} has no node {name}; its nodes are {}",
            known.join(", ")
        ),
    }
}
