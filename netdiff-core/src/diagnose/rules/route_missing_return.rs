//! `route-missing-return`: see the manual below, and its sibling [`route_missing_src`](super::route_missing_src).

use super::route_missing_src::{CAUSES, LIMITS, REFERENCES, REMEDY, RULE as SOURCE, find_missing};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::finding::RuleId;
use crate::diagnose::manual::Manual;
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("route-missing-return"),
    manual: Manual {
        summary: "a node has no route back to the pods that call its own",
        meaning: "Requests arrive, and the answers die on the server's own node, which has no route to the network of the callers' pods: clients see a timeout, servers see connections that never open.",
        looks_for: &[
            "Answers of pods that end where their own node forwards, and ICMP net unreachable from that node that quotes them (IPv4 3/0, IPv6 1/0): it goes to the server, the client hears nothing.",
            "Or answers that leave the node's network card as they are, outside any tunnel, to another link address than the one that the node reaches the other node by, and never arrive.",
            "No request is lost so on that node: if one is, it is route-missing-src.",
        ],
        refuted_by: &[
            "`ip route get {destination}` on {from} that names the tunnel device, or the other node",
        ],
        causes: &CAUSES,
        remedy: &REMEDY,
        limits: &LIMITS,
        references: &REFERENCES,
    },
    frequency: Frequency::Medium,
    stages: &[Stage::SendForward, Stage::Underlay],
    carried: Carried::Either,
    possible: |case, losses| {
        losses.iter().all(|loss| loss.journey.reply) && (SOURCE.possible)(case, losses)
    },
    check: |case| find_missing(case, &RULE, true),
};
