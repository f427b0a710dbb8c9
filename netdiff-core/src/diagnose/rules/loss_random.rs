//! `loss-random`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::passage::{Sent, may_lose, sent_over};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::PointId;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("loss-random"),
    manual: Manual {
        summary: "some packets are lost, whatever they are",
        meaning: "Between two capture points a share of all packets is missing, without regard to size, connection or time; the others pass. Downloads are slow, pings and lookups sometimes fail, nothing fails always.",
        looks_for: &[
            "At least five packets lost on one segment, and at least as many that passed it; of TCP, bytes that were sent several times at the one point and came fewer times at the other count too.",
            "Not by size: at least half of the lost ones are no longer, and at least half no shorter, than packets of the same direction that passed.",
            "Not by connection: at least half of the lost ones belong to connections, ping runs or ports of which other packets passed.",
            "Not by time: they are scattered among those that passed, in at least half as many groups as chance would make.",
            "Asked after loss-rate-limited, which knows losses that follow the rate. Both directions of a segment are one finding, and of several segments of a way that lose alike the one with most losses stands for its pair of nodes.",
            "A warning from 2 percent on, below a note.",
        ],
        refuted_by: &[
            "the missing packets at {next}",
            "a count of packets dropped by tcpdump at {next} that explains them",
            "losses that only one size, port or connection has",
        ],
        causes: &[
            LikelyCause {
                cause: "a bad cable, optic or port, duplex mismatch, or a radio link",
                confirm: "on {from} and {to}: ethtool -S {uplink} | grep -iE 'err|drop|crc|fifo'; ip -s -s link show {uplink}; the same counters of the switch",
            },
            LikelyCause {
                cause: "an overloaded link, host or virtual switch that drops now and then",
                confirm: "on {from} and {to}: nstat -az | grep -iE 'drop|prune'; cat /proc/net/softnet_stat; steal time in top",
            },
            LikelyCause {
                cause: "somebody drops packets at random: a rule with a probability, a fault injection",
                confirm: "on {from} and {to}: iptables-save | grep -i statistic; nft list ruleset | grep numgen; tc -s qdisc show",
            },
        ],
        remedy: &[
            "repair or replace the link between {last_seen} and {next}",
            "take load off it, or raise its ring buffers: ethtool -g {uplink}",
        ],
        limits: &[
            "A capture that drops packets without saying so looks the same; where a later point saw them, they do not count.",
            "A path of several links of which one is bad loses whole connections instead.",
        ],
        references: &["flannel-io/flannel#1009, flannel-io/flannel#592"],
    },
    frequency: Frequency::Medium,
    stages: &[
        Stage::SendForward,
        Stage::Encapsulate,
        Stage::Underlay,
        Stage::Decapsulate,
        Stage::ReceiveForward,
    ],
    carried: Carried::Either,
    possible: |case, losses| {
        let passed = losses
            .first()
            .and_then(|loss| case.facts.passed_over(loss.segment()));
        losses.len() < LEAST_LOST || passed.is_some()
    },
    check,
};

/// Fewer lost packets than this show no pattern, nor that there is none.
pub(super) const LEAST_LOST: usize = 5;

/// From this share of lost packets on, harm is likely.
const HARM_PERCENT: u64 = 2;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut best: BTreeMap<Pair, Lossy<'_>> = BTreeMap::new();
    for segment in lossy_segments(case) {
        let Some(lossy) = Lossy::find(case, segment) else {
            continue;
        };
        if !lossy.is_random() {
            continue;
        }
        let known = best.entry(pair_of(case, segment));
        known
            .and_modify(|known| {
                if lossy.lost().count() > known.lost().count() {
                    *known = lossy.clone();
                }
            })
            .or_insert(lossy);
    }
    best.iter()
        .map(|(pair, lossy)| finding(case, *pair, lossy))
        .collect()
}

/// Two nodes, or two points of one.
type Pair = ((u32, u32), Option<(PointId, PointId)>);

fn pair_of(case: &Case<'_>, (from, to): (PointId, PointId)) -> Pair {
    let nodes = (case.timelines.node(from).0, case.timelines.node(to).0);
    let points = (nodes.0 == nodes.1).then_some((from.min(to), from.max(to)));
    ((nodes.0.min(nodes.1), nodes.0.max(nodes.1)), points)
}

/// Segments on which something may be lost: those of losses, and neighboring points of any way that does not carry all on.
pub(super) fn lossy_segments(case: &Case<'_>) -> BTreeSet<(PointId, PointId)> {
    let mut segments: BTreeSet<(PointId, PointId)> =
        case.unexplained().map(Loss::segment).collect();
    let flows = case.timelines.flows.iter();
    for direction in flows.flat_map(|flow| [&flow.forward, &flow.reply]) {
        for hops in direction.hops.windows(2) {
            if let [from, to] = hops
                && from.point != to.point
                && from.packets > to.packets
            {
                segments.insert((from.point, to.point));
            }
        }
    }
    segments
}

/// A segment that loses some and passes others.
#[derive(Clone)]
pub(super) struct Lossy<'a> {
    /// From where to where.
    pub(super) segment: (PointId, PointId),
    /// What was sent of directions of which something passed, in order.
    pub(super) sent: Vec<Sent<'a>>,
    /// How many packets that is, those among them of directions that lost nothing and are told by a few packets for all: these show no pattern.
    pub(super) all: u64,
}

impl<'a> Lossy<'a> {
    /// Only directions of which something passes count: what is blocked is another story.
    pub(super) fn find(case: &Case<'a>, segment: (PointId, PointId)) -> Option<Self> {
        if !may_lose(case, segment, LEAST_LOST) {
            return None;
        }
        let mut sent = sent_over(case, segment);
        sent.retain(|s| {
            s.loss
                .is_none_or(|loss| !case.facts.is_explained(loss.journey))
        });
        let passing: BTreeSet<_> = sent
            .iter()
            .filter(|s| !s.is_lost())
            .map(|s| s.way)
            .collect();
        sent.retain(|s| passing.contains(&s.way));
        let all: u64 = sent.iter().map(|s| s.packets).sum();
        let folded = sent.iter().filter(|s| s.packets > 1).map(|s| s.way);
        let folded: BTreeSet<_> = folded.collect();
        sent.retain(|s| !folded.contains(&s.way));
        let lost = sent.iter().filter(|s| s.is_lost()).count();
        (lost >= LEAST_LOST && all >= 2 * lost as u64).then_some(Self { segment, sent, all })
    }

    /// What was lost.
    pub(super) fn lost(&self) -> impl Iterator<Item = &Sent<'a>> {
        self.sent.iter().filter(|s| s.is_lost())
    }

    /// What passed.
    pub(super) fn passed(&self) -> impl Iterator<Item = &Sent<'a>> {
        self.sent.iter().filter(|s| !s.is_lost())
    }

    fn is_random(&self) -> bool {
        self.is_no_matter_of_size() && self.is_no_matter_of_connection() && self.is_scattered()
    }

    /// At least half of the lost ones are no longer, and at least half no shorter, than something of their direction that passed.
    pub(super) fn is_no_matter_of_size(&self) -> bool {
        let mut range: BTreeMap<_, (u32, u32)> = BTreeMap::new();
        for s in self.passed() {
            let known = range.entry(s.way).or_insert((s.ip_len, s.ip_len));
            *known = (known.0.min(s.ip_len), known.1.max(s.ip_len));
        }
        let count = |holds: fn(u32, (u32, u32)) -> bool| {
            self.lost()
                .filter(|s| {
                    range
                        .get(&s.way)
                        .is_some_and(|range| holds(s.ip_len, *range))
                })
                .count()
        };
        let lost = self.lost().count();
        count(|len, (_, longest)| len <= longest) * 2 >= lost
            && count(|len, (shortest, _)| len >= shortest) * 2 >= lost
    }

    /// At least half of the lost ones are of conversations of which something passed.
    pub(super) fn is_no_matter_of_connection(&self) -> bool {
        let passing: BTreeSet<_> = self.passed().map(|s| (s.way, s.port)).collect();
        let mixed = self
            .lost()
            .filter(|s| passing.contains(&(s.way, s.port)))
            .count();
        mixed * 2 >= self.lost().count()
    }

    /// Chance makes of n lost and m passed packets about n·m / (n + m) groups of lost ones; at least half as many.
    fn is_scattered(&self) -> bool {
        let (lost, passed) = (self.lost().count(), self.passed().count());
        let mut groups = 0;
        let mut before = false;
        for s in &self.sent {
            groups += usize::from(s.is_lost() && !before);
            before = s.is_lost();
        }
        groups >= 3 && groups * 2 * (lost + passed) >= lost * passed
    }
}

fn finding(case: &Case<'_>, pair: Pair, lossy: &Lossy<'_>) -> Finding {
    let (lost, all) = (lossy.lost().count() as u64, lossy.all);
    let severity = if lost * 100 >= HARM_PERCENT * all {
        Severity::Warning
    } else {
        Severity::Note
    };
    let names = (case.name(lossy.segment.0), case.name(lossy.segment.1));
    let both = case
        .unexplained()
        .filter(|loss| pair_of(case, loss.segment()) == pair && !loss.refused);
    Draft::new(case, &RULE, severity)
        .losses(both)
        .segment(lossy.segment)
        .flows(lossy.lost().map(|s| s.way.0))
        .evidence(lossy.lost().map(|s| s.sent))
        .say(message!(
            "Of {all} packets that left {names}, {lost} ({all_2} percent) never came to {names_2}; they are scattered among the others.",
            all,
            names = names.0,
            lost,
            all_2 = lost * 100 / all.max(1),
            names_2 = names.1
        ))
        .say(message!(
            "Packets as long, of the same connections and of the same time, did pass: size, port and time make no difference."
        ))
        .finish(message!(
            "{all} percent of all packets are lost between {names} and {names_2}, whatever they are",
            all = lost * 100 / all.max(1),
            names = names.0,
            names_2 = names.1
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Evidence;
    use crate::types::{FileId, PacketNumber};

    /// 200 packets of four connections, long and short in turns, of which some are lost.
    fn lossy(is_lost: impl Fn(u32) -> bool) -> Lossy<'static> {
        let evidence = |n: u32, point: u32| Evidence {
            point: PointId(point),
            file: FileId(point),
            packet_number: PacketNumber(u64::from(n) + 1),
        };
        let sent = (0..200).map(|n| Sent {
            way: (0, false),
            port: u16::try_from(40_000 + n % 4).unwrap_or(0),
            sent: evidence(n, 0),
            time: None,
            ip_len: if n / 4 % 2 == 0 { 1_400 } else { 80 },
            arrived: (!is_lost(n)).then(|| evidence(n, 1)),
            loss: None,
            packets: 1,
        });
        Lossy {
            segment: (PointId(0), PointId(1)),
            sent: sent.collect(),
            all: 200,
        }
    }

    /// As good as dice: one in six.
    const fn by_chance(n: u32) -> bool {
        n * n % 31 < 5
    }

    #[test]
    fn chance_is_random() {
        assert!(lossy(by_chance).is_random());
    }

    #[test]
    fn an_outage_is_not() {
        assert!(!lossy(|n| (80..120).contains(&n)).is_random());
    }

    #[test]
    fn a_size_is_not() {
        let lossy = Lossy {
            sent: lossy(|n| n / 4 % 2 == 0).sent,
            ..lossy(by_chance)
        };
        let mut longer = lossy.clone();
        for s in &mut longer.sent {
            s.ip_len += u32::from(s.is_lost());
        }
        assert!(!longer.is_random());
    }

    #[test]
    fn one_connection_of_several_is_not() {
        assert!(!lossy(|n| n % 4 == 1).is_random());
    }
}
