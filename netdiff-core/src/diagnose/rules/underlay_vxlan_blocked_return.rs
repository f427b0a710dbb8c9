//! `underlay-vxlan-blocked-return`: see the manual below.

use super::underlay_vxlan_blocked::{
    CAUSES, Kind, REFERENCES, REMEDY, find_blocked_pairs, may_be_vxlan,
};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::finding::RuleId;
use crate::diagnose::manual::Manual;
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("underlay-vxlan-blocked-return"),
    manual: Manual {
        summary: "the network between two nodes swallows VXLAN in one direction",
        meaning: "The network between two nodes passes their ordinary traffic and VXLAN in one direction, and swallows VXLAN in the other: requests arrive and answers do not, or the other way round.",
        looks_for: &[
            "The same as underlay-vxlan-blocked, in one direction; and VXLAN packets of the opposite direction do arrive.",
        ],
        refuted_by: &[
            "one VXLAN packet of that direction at {next}",
            "ordinary packets between the same nodes that do not arrive either",
        ],
        causes: &CAUSES,
        remedy: &REMEDY,
        limits: &[
            "What treats the two directions differently cannot be told from both ends: a stateful firewall, NAT, a security group of one node only.",
        ],
        references: &REFERENCES,
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: may_be_vxlan,
    check: |case| find_blocked_pairs(case, &RULE, Kind::OneWay),
};
