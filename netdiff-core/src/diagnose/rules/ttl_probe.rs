//! `ttl-probe`: see the manual below. A note, so that nobody takes a traceroute for a loop.

use crate::correlate::{Disposition, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("ttl-probe"),
    manual: Manual {
        summary: "packets are sent with so low a TTL that they expire on the way",
        meaning: "Somebody sends packets that can only pass a few routers, and each router that discards one says so: that is how traceroute, mtr and tcptraceroute find the way. No fault.",
        looks_for: &[
            "Packets that ICMP time exceeded in transit (11/0) quotes, that came through no point twice, and whose flow's lowest TTL is at most 30 at the first point that saw it.",
        ],
        refuted_by: &["the same packets with a falling TTL, again and again: a loop"],
        causes: &[LikelyCause {
            cause: "somebody looks for the way: traceroute, mtr, a monitoring agent",
            confirm: "ask who runs traceroute from {source}; ps on {from}",
        }],
        remedy: &["nothing"],
        limits: &["An application that sets a low TTL for other reasons looks the same."],
        references: &["RFC 1812, section 5.3.1", "RFC 792 (time exceeded)"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

/// The highest TTL that probes are sent with: traceroute's own limit. Systems send from 64 on.
const HIGHEST: u8 = 30;

const TIME_EXCEEDED: (u8, u8) = (11, 0);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let probes: Vec<&Loss> = case
        .unexplained()
        .filter(|loss| is_probe(case, loss))
        .collect();
    let Some(first) = probes.first() else {
        return Vec::new();
    };
    let n = probes.len();
    let title = message!(
        "{n} {value} with a low TTL expired on the way, as those of traceroute do",
        n,
        value = if n == 1 { "packet" } else { "packets" }
    );
    let says = message!(
        "Each was quoted by an ICMP time exceeded, and none came through any point twice."
    );
    let draft = Draft::new(case, &RULE, Severity::Note)
        .losses(probes.iter().copied())
        .segment(first.segment())
        .marked()
        .say(says);
    vec![draft.finish(title)]
}

fn is_probe(case: &Case<'_>, loss: &Loss) -> bool {
    let (Some(journey), Some(direction)) =
        (case.journey(loss.journey), case.direction(loss.journey))
    else {
        return false;
    };
    let expired = matches!(
        journey.disposition,
        Disposition::Rejected { refusal: Refusal::Icmp { icmp_type, code }, .. }
            if (icmp_type, code) == TIME_EXCEEDED
    );
    let first = direction.hops.first();
    let rounds = direction.hops.iter().any(|hop| hop.duplicates.rounds > 0);
    expired && !rounds && journey.ttl <= HIGHEST && first.is_some_and(|hop| hop.ttl.0 <= HIGHEST)
}
