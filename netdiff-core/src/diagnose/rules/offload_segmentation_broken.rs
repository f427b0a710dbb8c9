//! `offload-segmentation-broken`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{Journey, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, by_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::sizes::{self, ALWAYS_FITS};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::{PointId, Protocol};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("offload-segmentation-broken"),
    manual: Manual {
        summary: "segments that the network card cuts are lost, small packets are not",
        meaning: "The node hands large pieces of TCP to its network card, which cuts them into segments and loses some: connections work, small requests are quick, and bulk transfers crawl.",
        looks_for: &[
            "TCP data that was last seen on one node in pieces larger than a packet, of which some of the segments arrive at the other node and others do not; at least three lost and three arrived that are as long as one of the lost, so that it is no limit of size.",
            "No packet of 600 bytes or less is lost in that direction, and so many of them arrive that random loss at the same rate would have hit one with a probability of 99.9 percent.",
            "A warning; an error if bytes that were sent again never came through.",
        ],
        refuted_by: &[
            "small packets that are lost at the same rate",
            "the same losses with segmentation offload switched off: ethtool -K {uplink} tso off gso off tx-udp_tnl-segmentation off",
        ],
        causes: &[
            LikelyCause {
                cause: "the network card, or the hypervisor's virtual one, cuts segments wrongly inside tunnels",
                confirm: "on {from}: ethtool -k {uplink} | grep -E 'segmentation|checksum'; switch tso, gso and tx-udp_tnl-segmentation off one by one and measure again",
            },
            LikelyCause {
                cause: "a queue on the path overflows with bursts of full segments",
                confirm: "drops on the switch's ports and in `ip -s link show {uplink}`; measure with a limited rate",
            },
        ],
        remedy: &[
            "on {from}: ethtool -K {uplink} tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off, if that does not help tso off gso off; keep it by a udev rule",
            "update the network card's driver and firmware, or the hypervisor",
        ],
        limits: &[
            "Loss by overflowing queues also hits bursts of large segments: see the alternatives.",
        ],
        references: &[
            "Linux: Documentation/networking/segmentation-offloads.rst; deckhouse/deckhouse#10087, tailscale/tailscale#11026",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Underlay],
    carried: Carried::Either,
    possible: |_, losses| {
        let large = |loss: &&&Loss| loss.protocol == Protocol::TCP && loss.ip_len > SMALL;
        losses.iter().any(|loss| large(&loss)) && losses.iter().all(|loss| loss.ip_len > SMALL)
    },
    check,
};

/// Up to this many bytes nothing is cut.
const SMALL: u32 = 600;

/// The chance, in a thousand, that random loss spared all small packets.
const CHANCE: f64 = 0.001;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let wire = case
        .unexplained()
        .filter(|loss| case.crosses(loss.segment(), Stage::Underlay) && !loss.refused);
    by_segment(wire)
        .into_iter()
        .filter_map(|(segment, losses)| finding(case, segment, &losses))
        .collect()
}

/// How many packets of each kind there were on a segment.
struct Counts {
    large_lost: usize,
    large_passed: u64,
    /// Of those, packets as long as one that was lost: else a size limit would do the same.
    full_passed: u64,
    small_passed: u64,
    /// Large pieces of which some segments arrived and others did not.
    torn: usize,
}

fn count(case: &Case<'_>, segment: (PointId, PointId), losses: &[&Loss]) -> Counts {
    let passed = sizes::passed_over(case, segment);
    let piece = |journey: &Journey| {
        journey
            .sightings
            .iter()
            .copied()
            .find(|evidence| evidence.point == segment.0)
    };
    let arrived: std::collections::BTreeSet<_> = passed
        .iter()
        .filter_map(|(_, journey)| piece(journey))
        .collect();
    let lost: BTreeMap<_, u32> = losses
        .iter()
        .filter(|loss| loss.ip_len > ALWAYS_FITS && loss.protocol == Protocol::TCP)
        .map(|loss| (loss.last, loss.ip_len))
        .collect();
    let shortest_lost = losses.iter().map(|loss| loss.ip_len).min();
    let shortest_lost = shortest_lost.unwrap_or(u32::MAX);
    let packets = |holds: &dyn Fn(u32) -> bool| -> u64 {
        let those = passed.iter().filter(|(_, journey)| holds(journey.ip_len));
        those.map(|(_, journey)| journey.stands_for).sum()
    };
    Counts {
        large_lost: losses.len(),
        large_passed: packets(&|len| len > SMALL),
        full_passed: packets(&|len| len >= shortest_lost),
        small_passed: packets(&|len| len <= SMALL),
        torn: lost
            .keys()
            .filter(|evidence| arrived.contains(evidence))
            .count(),
    }
}

fn finding<'a>(
    case: &Case<'a>,
    segment: (PointId, PointId),
    losses: &[&'a Loss],
) -> Option<Finding> {
    let counts = count(case, segment, losses);
    let large = |loss: &&Loss| loss.ip_len > SMALL && loss.protocol == Protocol::TCP;
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let enough = counts.large_lost >= FEW && counts.full_passed >= FEW as u64 && counts.torn > 0;
    if !losses.iter().all(large) || !proven || !enough || !is_no_chance(&counts) {
        return None;
    }
    let (from, to) = (case.name(segment.0), case.name(segment.1));
    let severity = sizes::severity(case, losses);
    let draft = Draft::new(case, &RULE, severity)
        .losses(losses.iter().copied())
        .alternatives([RuleId("loss-random")])
        .say(message!(
            "{large_lost} large pieces of TCP did not arrive and {large_passed} did; of {torn} super-packets some segments arrived and others did not.",
            large_lost = counts.large_lost,
            large_passed = counts.large_passed,
            torn = counts.torn
        ))
        .say(message!(
            "All {small_passed} packets of up to {SMALL} bytes arrived: random loss would have hit some of them.",
            small_passed = counts.small_passed,
            SMALL
        ))
        .say(match severity {
            Severity::Error => message!(
                "Some bytes never came through although they were sent again."
            ),
            _ => message!("What was lost was sent again and came through."),
        });
    Some(draft.finish(message!(
        "{large_lost} segments that {from} sent as super-packets did not arrive at {to}, and no small packet was lost",
        large_lost = counts.large_lost,
        from,
        to
    )))
}

/// Whether random loss at the rate of the large packets would hardly have spared all small ones.
fn is_no_chance(counts: &Counts) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of packets are far below 2^52"
    )]
    let (lost, passed) = (counts.large_lost as f64, counts.large_passed as f64);
    let rate = lost / (lost + passed);
    let small = i32::try_from(counts.small_passed).unwrap_or(i32::MAX);
    (1.0 - rate).powi(small) < CHANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(large_lost: usize, large_passed: u64, small_passed: u64) -> Counts {
        Counts {
            large_lost,
            large_passed,
            full_passed: large_passed,
            small_passed,
            torn: 1,
        }
    }

    #[test]
    fn few_small_packets_prove_nothing() {
        assert!(!is_no_chance(&counts(5, 95, 20)));
        assert!(!is_no_chance(&counts(25, 75, 20)));
    }

    #[test]
    fn many_small_packets_that_arrive_are_no_chance() {
        assert!(is_no_chance(&counts(30, 60, 40)));
    }
}
