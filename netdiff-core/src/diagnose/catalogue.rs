//! The rules, in the order in which they are asked: specific causes first, so that the general ones see only what is left.

use super::facts::Facts;
use super::finding::{Finding, RuleId};
use super::rules;
use crate::correlate::Timelines;

/// A rule and its documentation.
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// Finds it.
    pub check: fn(&Timelines, &Facts) -> Vec<Finding>,
}

/// Every rule.
pub static CATALOGUE: &[Rule] = &[
    rules::underlay_vxlan_blocked::RULE,
    rules::underlay_vxlan_blocked::RETURN_RULE,
    rules::packets_lost::RULE,
    rules::capture_gap::RULE,
];
