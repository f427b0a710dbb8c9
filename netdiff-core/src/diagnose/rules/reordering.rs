//! `reordering`: see the manual below.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};

use crate::correlate::{Direction, Journey};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::Evidence;
use crate::types::{Nanos, PointId, Timestamp};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("reordering"),
    manual: Manual {
        summary: "packets of one connection overtake each other",
        meaning: "Packets of one connection arrive in another order than they were sent. Nothing is lost, but TCP takes it for loss: it asks again for what is merely late, and slows down; real-time datagrams come too late to be of use.",
        looks_for: &[
            "Packets of one conversation (addresses and ports) that two neighboring points saw in a different order, by the packet numbers of their files.",
            "A packet is late if one that was sent after it, within 150 ms, came before it. Bytes that TCP sent more than once do not count: which transmission arrived is not known.",
            "At least three late packets, and at least 2 percent of those that passed the segment in conversations of at least two packets.",
        ],
        refuted_by: &[
            "time stamps that show that the capture at {next} wrote packets in another order than they came",
        ],
        causes: &[
            LikelyCause {
                cause: "a bond in balance-rr mode, or a path of several links that parts packets instead of connections",
                confirm: "on {from} and {to}: cat /proc/net/bonding/*; ask for per-packet load balancing on the switches and routers",
            },
            LikelyCause {
                cause: "packets of one connection are worked on by several processors",
                confirm: "on {from} and {to}: ethtool -n {uplink} rx-flow-hash udp4; cat /sys/class/net/{uplink}/queues/rx-*/rps_cpus",
            },
            LikelyCause {
                cause: "a priority queue, or a link layer that repeats what it lost (radio)",
                confirm: "on {from}: tc -s qdisc show dev {uplink}; the way between the nodes",
            },
        ],
        remedy: &[
            "bond with a mode that keeps connections together: 802.3ad, balance-xor with xmit_hash_policy=layer3+4 or vlan+srcmac",
            "switch per-packet load balancing off",
        ],
        limits: &[
            "A capture that takes from several queues at once may write packets out of order by microseconds.",
            "Different connections may overtake each other; that harms nobody and is not told.",
        ],
        references: &["RFC 4737", "flannel-io/flannel#1234"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

/// From this share of late packets on, harm is likely.
const HARM_PERCENT: usize = 2;

/// TCP repeats after 200 ms and more: what was sent in less was not sent because something was missing.
const WITHIN: Nanos = Nanos::from_millis(150);

/// What passed one segment.
#[derive(Default)]
struct Order {
    passed: usize,
    late: Vec<Late>,
    flows: Vec<usize>,
}

/// A packet and one that overtook it, where they arrived.
struct Late {
    late: Evidence,
    by: Evidence,
}

/// A packet at both points.
struct Pair {
    sent: Evidence,
    arrived: Evidence,
    time: Timestamp,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut segments: BTreeMap<(PointId, PointId), Order> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        for direction in [&flow.forward, &flow.reply] {
            let sent_once = sent_once(direction);
            for hops in direction.hops.windows(2) {
                let [from, to] = hops else { continue };
                if from.point == to.point {
                    continue;
                }
                let order = segments.entry((from.point, to.point)).or_default();
                let late = order.late.len();
                let conversations = conversations(&sent_once, (from.point, to.point));
                for pairs in conversations.into_values() {
                    order.note(pairs);
                }
                if order.late.len() > late {
                    order.flows.push(index);
                }
            }
        }
    }
    segments
        .into_iter()
        .filter(|(_, order)| {
            order.late.len() >= FEW && order.late.len() * 100 >= HARM_PERCENT * order.passed
        })
        .map(|(segment, order)| finding(case, segment, &order))
        .collect()
}

/// The packets of a direction without bytes that were sent several times.
fn sent_once(direction: &Direction) -> Vec<&Journey> {
    let mut times: HashMap<(u16, (u32, u32)), usize> = HashMap::new();
    for journey in &direction.journeys {
        if let Some(sequence) = journey.sequence {
            *times.entry((journey.port, sequence)).or_default() += 1;
        }
    }
    let is_once = |journey: &&Journey| {
        journey
            .sequence
            .is_none_or(|sequence| times.get(&(journey.port, sequence)) == Some(&1))
    };
    direction.journeys.iter().filter(is_once).collect()
}

/// The packets at both points by conversation.
fn conversations(
    journeys: &[&Journey],
    (from, to): (PointId, PointId),
) -> BTreeMap<u16, Vec<Pair>> {
    let mut pairs: BTreeMap<u16, Vec<Pair>> = BTreeMap::new();
    for journey in journeys {
        let at = |point| journey.sightings.iter().find(|e| e.point == point).copied();
        if let (Some(sent), Some(arrived)) = (at(from), at(to)) {
            pairs.entry(journey.port).or_default().push(Pair {
                sent,
                arrived,
                time: journey.time,
            });
        }
    }
    pairs
}

impl Order {
    /// Counts the packets of one conversation that others overtook.
    fn note(&mut self, mut pairs: Vec<Pair>) {
        if pairs.len() < 2 {
            return;
        }
        pairs.sort_by_key(|pair| pair.sent);
        self.passed += pairs.len();
        let earliest = earliest_from(&pairs);
        for (index, pair) in pairs.iter().enumerate() {
            // Nearly always nothing that was sent later, at whatever time, came before it.
            if earliest
                .get(index + 1)
                .is_none_or(|first| *first >= pair.arrived)
            {
                continue;
            }
            let later = pairs.get(index + 1..).unwrap_or_default();
            let overtaker = later
                .iter()
                .take_while(|other| other.time - pair.time <= WITHIN)
                .find(|other| other.sent > pair.sent && other.arrived < pair.arrived);
            if let Some(other) = overtaker {
                self.late.push(Late {
                    late: pair.arrived,
                    by: other.arrived,
                });
            }
        }
    }
}

/// The first arrival of each packet and all those behind it.
fn earliest_from(pairs: &[Pair]) -> Vec<Evidence> {
    let mut earliest: Vec<Evidence> = pairs.iter().map(|pair| pair.arrived).collect();
    let mut first = None;
    for arrived in earliest.iter_mut().rev() {
        *arrived = first.map_or(*arrived, |first| (*arrived).min(first));
        first = Some(*arrived);
    }
    earliest
}

fn finding(case: &Case<'_>, segment: (PointId, PointId), order: &Order) -> Finding {
    let (from, to) = (case.name(segment.0), case.name(segment.1));
    let n = order.late.len();
    Draft::new(case, &RULE, Severity::Warning)
        .segment(segment)
        .flows(order.flows.iter().copied())
        .evidence(order.late.iter().flat_map(|late| [late.by, late.late]))
        .marked()
        .say(message!(
            "Of {passed} packets that passed, {n} were at {to} behind packets of the same conversation that were sent after them; at {from} they were in front.",
            passed = order.passed,
            n,
            to,
            from
        ))
        .finish(message!(
            "packets of one connection overtake each other between {from} and {to}",
            from,
            to
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FileId, PacketNumber};

    /// Packets in the order in which they were sent, a millisecond or more apart, with the places at which they arrived.
    fn late(arrived: &[u64], apart_ms: i64) -> usize {
        let evidence = |point: u32, number: u64| Evidence {
            point: PointId(point),
            file: FileId(point),
            packet_number: PacketNumber(number),
        };
        let pairs: Vec<Pair> = (1..)
            .zip(arrived)
            .map(|(n, place)| Pair {
                sent: evidence(0, n),
                arrived: evidence(1, *place),
                time: Timestamp(i64::try_from(n).unwrap_or(0) * apart_ms * 1_000_000),
            })
            .collect();
        let mut order = Order::default();
        order.note(pairs);
        order.late.len()
    }

    #[test]
    fn what_was_overtaken_is_late() {
        assert_eq!(late(&[1, 2, 3, 4], 1), 0);
        assert_eq!(late(&[3, 1, 2, 4], 1), 1);
        assert_eq!(late(&[4, 3, 2, 1], 1), 3);
    }

    #[test]
    fn what_is_sent_much_later_overtakes_nothing() {
        assert_eq!(late(&[2, 1], 200), 0);
    }
}
