//! `first-packet-arp`: see the manual below. A note, so that nobody looks for a fault.

use std::net::Ipv4Addr;

use crate::correlate::Journey;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, by_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::{ArpOperation, Evidence};
use crate::types::{Nanos, PointId, Timestamp};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("first-packet-arp"),
    manual: Manual {
        summary: "the first packets to an address are dropped while ARP asks for it",
        meaning: "A node asks for the link address of its next hop when it first needs it, and keeps only a few packets until the answer comes; of more, it drops the oldest. What follows passes. No fault: what counts on every first packet would fail on any network.",
        looks_for: &[
            "Packets that were lost inside one node, of a flow and direction that passes that place later.",
            "At the place where they should have been next, the node asks by ARP for an address, and is answered within 3 seconds; all of these packets were sent between the first question and the answer (100 ms more on either side), and none passed in that time.",
        ],
        refuted_by: &["packets of these flows that are lost there while no ARP question is open"],
        causes: &[LikelyCause {
            cause: "a cold ARP cache and a burst of packets, or a network that answers ARP slowly",
            confirm: "on {from}: ip -s neigh show {address}; sysctl net.ipv4.neigh.default.unres_qlen_bytes",
        }],
        remedy: &[
            "nothing, unless the answer to ARP takes long: then look at the network between {last_seen} and {address}",
        ],
        limits: &[
            "Neighbor discovery of IPv6 is not looked at.",
            "An outage that ends with an ARP exchange within 3 seconds looks the same.",
        ],
        references: &[
            "RFC 1122, section 2.3.2.2",
            "Linux: Documentation/networking/ip-sysctl (neigh unres_qlen_bytes)",
        ],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

/// How long a kernel asks: three times, a second apart.
const LONGEST: Nanos = Nanos::from_secs(3);

/// How much the times of a packet and of the question that it causes may differ.
const SLACK: Nanos = Nanos::from_millis(100);

/// A question that was answered.
struct Wait {
    address: Ipv4Addr,
    asked: (Evidence, Timestamp),
    answered: (Evidence, Timestamp),
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (segment, losses) in by_segment(case.unexplained()) {
        if case.timelines.node(segment.0) != case.timelines.node(segment.1) {
            continue;
        }
        for wait in waits(case, segment.1) {
            let waited: Vec<&Loss> = losses
                .iter()
                .copied()
                .filter(|loss| wait.covers(case, loss) && passes_later(case, loss))
                .collect();
            if !waited.is_empty() {
                findings.push(finding(case, &wait, &waited, segment));
                break;
            }
        }
    }
    findings
}

impl Wait {
    fn covers(&self, case: &Case<'_>, loss: &Loss) -> bool {
        let first = case.journey(loss.journey).and_then(Journey::first);
        // Only times of one clock compare that well.
        let here = first
            .is_some_and(|first| case.timelines.node(first.point) == case.timelines.node(loss.to));
        here && self.asked.1 - SLACK <= loss.time && loss.time <= self.answered.1 + SLACK
    }
}

/// The answered questions at a point, in time order: each from its first asking on.
fn waits(case: &Case<'_>, point: PointId) -> Vec<Wait> {
    let mut open: Vec<(Ipv4Addr, (Evidence, Timestamp))> = Vec::new();
    let mut waits = Vec::new();
    let timed = case.timelines.arp.iter().zip(&case.timelines.arp_times);
    for ((evidence, arp), time) in timed.filter(|((evidence, _), _)| evidence.point == point) {
        let now = (*evidence, *time);
        match arp.operation {
            ArpOperation::Request if arp.sender != arp.target => {
                let known = open.iter().any(|(address, _)| *address == arp.target);
                if !known {
                    open.push((arp.target, now));
                }
            }
            ArpOperation::Reply => {
                let index = open.iter().position(|(address, _)| *address == arp.sender);
                let Some(index) = index else { continue };
                let (address, asked) = open.swap_remove(index);
                if now.1 - asked.1 <= LONGEST {
                    waits.push(Wait {
                        address,
                        asked,
                        answered: now,
                    });
                }
            }
            _ => {}
        }
    }
    waits
}

/// Whether the same direction of the flow gets through there later, and did not before: an open question stops all of it.
fn passes_later(case: &Case<'_>, loss: &Loss) -> bool {
    let Some(direction) = case.direction(loss.journey) else {
        return false;
    };
    let passing = direction
        .journeys
        .iter()
        .filter(|journey| journey.points().any(|point| point == loss.to));
    let mut later = false;
    for journey in passing {
        later |= journey.time > loss.time;
        if journey.time + SLACK < loss.time {
            return false;
        }
    }
    later
}

fn finding(case: &Case<'_>, wait: &Wait, losses: &[&Loss], segment: (PointId, PointId)) -> Finding {
    let point = case.name(segment.1);
    let n = losses.len();
    Draft::new(case, &RULE, Severity::Note)
        .losses(losses.iter().copied())
        .segment(segment)
        .evidence([wait.asked.0, wait.answered.0])
        .marked()
        .fill("address", wait.address)
        .say(message!(
            "At {point} ARP asked for {address}, and the answer came after {asked}; these packets were sent in that time, and the flow passes there since.",
            point,
            address = wait.address,
            asked = wait.answered.1 - wait.asked.1
        ))
        .finish(message!(
            "{n} first {value} dropped at {point} while ARP asked for {address}",
            n,
            value = if n == 1 { message!("packet was") } else { message!("packets were") },
            point,
            address = wait.address
        ))
}
