//! `duplicated-packets`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{Direction, Hop};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::Evidence;
use crate::types::PointId;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("duplicated-packets"),
    manual: Manual {
        summary: "packets arrive more often than they were sent",
        meaning: "Something between two capture points delivers packets twice, and the receiver gets both. Ping says DUP, datagrams are worked on twice, TCP takes duplicates for a sign of loss and slows down.",
        looks_for: &[
            "At one point each packet is there once, at the next one further copies, alike in identification and TTL: no retransmissions, which are new packets.",
            "Every point further on has the copies too, and there is at least one: copies at one point alone are a mirror, or the capture itself.",
            "At least three copies, and at least one for every ten packets of these directions.",
        ],
        refuted_by: &[
            "the same copies at {last_seen}",
            "points behind {next} that have each packet once",
        ],
        causes: &[
            LikelyCause {
                cause: "a switch, bond or virtual switch sends frames over two ways, or floods what it should not",
                confirm: "capture on both sides of each switch between {last_seen} and {next}; on {from} and {to}: cat /proc/net/bonding/*; bridge fdb show",
            },
            LikelyCause {
                cause: "a loop on layer 2 without spanning tree",
                confirm: "the switches' counters of broadcasts and of MAC address moves",
            },
            LikelyCause {
                cause: "a mirror or a tee whose copies get back into the network",
                confirm: "on {from} and {to}: iptables-save | grep TEE; nft list ruleset | grep dup; tc filter show dev {uplink} ingress",
            },
        ],
        remedy: &[
            "find the device between {last_seen} and {next} that makes the copies, and its second way",
        ],
        limits: &[
            "Copies that end before the last captured point are not told.",
            "Same-node traffic of a promiscuous bridge has a rule of its own.",
        ],
        references: &["kubernetes/kubernetes#25793, kubernetes/kubernetes#26255"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

/// One copy for so many packets, at least.
const PACKETS_A_COPY: u64 = 10;

/// What one segment adds.
#[derive(Default)]
struct Added {
    packets: u64,
    copies: u64,
    flows: Vec<usize>,
    evidence: Vec<Evidence>,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut segments: BTreeMap<(PointId, PointId), Added> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        if case.is_found(RuleId("observer-promisc-duplicates"), index) {
            continue;
        }
        for direction in [&flow.forward, &flow.reply] {
            let Some((from, to)) = begin(direction) else {
                continue;
            };
            let added = segments.entry((from.point, to.point)).or_default();
            added.packets += to.packets;
            added.copies += copies(to);
            added.flows.push(index);
            added.evidence.extend([from.first, to.first]);
        }
    }
    segments
        .into_iter()
        .filter(|(_, added)| {
            added.copies >= FEW as u64 && added.copies * PACKETS_A_COPY >= added.packets
        })
        .map(|(segment, added)| finding(case, segment, added))
        .collect()
}

const fn copies(hop: &Hop) -> u64 {
    hop.duplicates.same_frame + hop.duplicates.other_frame
}

/// The hops between which copies begin: none at any hop before, some at each one behind.
fn begin(direction: &Direction) -> Option<(&Hop, &Hop)> {
    let first = direction.hops.iter().position(|hop| copies(hop) > 0)?;
    let before = direction.hops.get(first.checked_sub(1)?)?;
    let behind = direction.hops.get(first + 1..)?;
    let goes_on = !behind.is_empty() && behind.iter().all(|hop| copies(hop) > 0);
    goes_on.then_some((before, direction.hops.get(first)?))
}

fn finding(case: &Case<'_>, segment: (PointId, PointId), added: Added) -> Finding {
    let (from, to) = (case.name(segment.0), case.name(segment.1));
    Draft::new(case, &RULE, Severity::Warning)
        .segment(segment)
        .flows(added.flows)
        .evidence(added.evidence)
        .marked()
        .say(message!(
            "{packets} packets were at {from} once each, and {copies} further copies of them at {to} and everywhere behind it, with the same identification and TTL.",
            packets = added.packets,
            from,
            copies = added.copies,
            to
        ))
        .finish(message!(
            "packets are delivered more than once: copies come up between {from} and {to}",
            from,
            to
        ))
}
