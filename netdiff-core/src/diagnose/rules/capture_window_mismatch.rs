//! `capture-window-mismatch`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{NodeId, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::Evidence;
use crate::types::{Message, Nanos, Timestamp};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("capture-window-mismatch"),
    manual: Manual {
        summary: "nodes were captured at different times",
        meaning: "The captures of some nodes hardly share any time with those of others. What one node sent cannot be found at the other, whatever became of it: between them nothing can be compared, and that nothing is found there says nothing.",
        looks_for: &[
            "Two nodes whose captures, after their clocks are compared, share less than a quarter of the time of the shorter one.",
            "At least three packets that one of the two sent and the other saw, and that no capture of the sender has: the sender was well and was not captured then. A node that was merely idle, or dead, is not meant.",
            "Nodes that do share time with each other stay together; the finding names those outside the largest such group (of equals, the one with the first node).",
        ],
        refuted_by: &[
            "packets of the time in question in another capture of {from}",
            "a clock that was wrong by just so much, with no packet in common",
        ],
        causes: &[
            LikelyCause {
                cause: "the captures were begun or ended at different times, or are of different attempts",
                confirm: "capinfos -a -e on each file; compare the first and last times",
            },
            LikelyCause {
                cause: "a ring buffer or a size limit kept only the newest or oldest packets of a busy node",
                confirm: "look for -C, -W, -G or -c in the tcpdump commands, and at the sizes of the files",
            },
            LikelyCause {
                cause: "a node's clock is wrong",
                confirm: "on each node: date -u; timedatectl; chronyc tracking",
            },
        ],
        remedy: &[
            "capture all nodes at the same time: begin everywhere, make the traffic, wait two seconds, end everywhere",
        ],
        limits: &["Captures of one node at different times are told by their hops, not here."],
        references: &[],
    },
    frequency: Frequency::Medium,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

/// Nodes that share at least one part in so many of the shorter capture's time were captured together.
const PARTS: i64 = 4;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let timelines = case.timelines;
    let windows = windows(timelines);
    let strangers = strangers(timelines);
    let mut apart: BTreeMap<(NodeId, NodeId), Vec<Evidence>> = BTreeMap::new();
    for (&a, window_a) in &windows {
        for (&b, window_b) in
            windows.range((std::ops::Bound::Excluded(a), std::ops::Bound::Unbounded))
        {
            let seen: Vec<Evidence> = [(a, b), (b, a)]
                .iter()
                .flat_map(|pair| strangers.get(pair).into_iter().flatten())
                .copied()
                .collect();
            let offset = offset(timelines, a, b, window_a.0);
            let moved = (window_a.0 + offset, window_a.1 + offset);
            if seen.len() >= FEW && !share_time(moved, *window_b) {
                apart.insert((a, b), seen);
            }
        }
    }
    if apart.is_empty() {
        return Vec::new();
    }
    let nodes: Vec<NodeId> = windows.keys().copied().collect();
    let together = largest_group(&nodes, &apart);
    vec![finding(case, &nodes, &together, &apart)]
}

/// The time from the first to the last packet of each node's captures, by its own clock.
fn windows(timelines: &Timelines) -> BTreeMap<NodeId, (Timestamp, Timestamp)> {
    let mut windows: BTreeMap<NodeId, (Timestamp, Timestamp)> = BTreeMap::new();
    for (point, node) in timelines.points.iter().zip(&timelines.node_of) {
        if let (Some(first), Some(last)) = (point.first_time, point.last_time) {
            let known = windows.entry(*node).or_insert((first, last));
            *known = (known.0.min(first), known.1.max(last));
        }
    }
    windows
}

/// Packets that came from a node, were seen at another, and are in no capture of the first: by the two.
fn strangers(timelines: &Timelines) -> BTreeMap<(NodeId, NodeId), Vec<Evidence>> {
    let mut strangers: BTreeMap<(NodeId, NodeId), Vec<Evidence>> = BTreeMap::new();
    for flow in &timelines.flows {
        for (sender, direction) in [
            (&flow.initiator, &flow.forward),
            (&flow.responder, &flow.reply),
        ] {
            let Some(home) = sender.node else { continue };
            for journey in &direction.journeys {
                let own = journey.points().any(|point| timelines.node(point) == home);
                if let (false, Some(first)) = (own, journey.first()) {
                    let pair = (home, timelines.node(first.point));
                    strangers.entry(pair).or_default().push(first);
                }
            }
        }
    }
    strangers
}

/// How far the second node's clock is ahead, as far as packets tell.
fn offset(timelines: &Timelines, a: NodeId, b: NodeId, time: Timestamp) -> Nanos {
    let clocks = &timelines.clocks;
    let compared = clocks.offset_at(a, b, time).map(|known| known.offset);
    compared
        .or_else(|| clocks.usual_difference(a, b, time))
        .unwrap_or(Nanos(0))
}

fn share_time(a: (Timestamp, Timestamp), b: (Timestamp, Timestamp)) -> bool {
    let shared = (a.1.min(b.1) - a.0.max(b.0)).0;
    let shorter = (a.1 - a.0).0.min((b.1 - b.0).0);
    shared > 0 && shared.saturating_mul(PARTS) >= shorter
}

/// The largest set of nodes that are connected by pairs that are not apart; of equals, the one with the first node.
fn largest_group(
    nodes: &[NodeId],
    apart: &BTreeMap<(NodeId, NodeId), Vec<Evidence>>,
) -> BTreeSet<NodeId> {
    let mut best: BTreeSet<NodeId> = BTreeSet::new();
    let mut left: BTreeSet<NodeId> = nodes.iter().copied().collect();
    while let Some(start) = left.pop_first() {
        let mut group = BTreeSet::from([start]);
        loop {
            let near = |node: &&NodeId| {
                let linked = |member: &NodeId| {
                    !apart.contains_key(&((*member).min(**node), (*member).max(**node)))
                };
                group.iter().any(linked)
            };
            let next = left.iter().find(near).copied();
            let Some(next) = next else { break };
            left.remove(&next);
            group.insert(next);
        }
        if group.len() > best.len() {
            best = group;
        }
    }
    best
}

fn finding(
    case: &Case<'_>,
    nodes: &[NodeId],
    together: &BTreeSet<NodeId>,
    apart: &BTreeMap<(NodeId, NodeId), Vec<Evidence>>,
) -> Finding {
    let names = |of: &[NodeId]| -> Vec<&str> {
        let names = of.iter().map(|node| case.timelines.node_name(*node));
        names.collect()
    };
    // If each pair apart is linked through others, the pairs themselves are what there is to name.
    let mut outside: Vec<NodeId> = nodes
        .iter()
        .filter(|n| !together.contains(n))
        .copied()
        .collect();
    let mut inside: Vec<NodeId> = together.iter().copied().collect();
    if outside.is_empty() {
        outside = apart.keys().map(|pair| pair.1).collect();
        outside.sort_unstable();
        outside.dedup();
        inside.retain(|node| !outside.contains(node));
    }
    let seen: usize = apart.values().map(Vec::len).sum();
    Draft::new(case, &RULE, Severity::Warning)
        .evidence(apart.values().flatten().copied())
        .marked()
        .fill("from", names(&outside).join(", "))
        .say(message!(
            "{seen} packets that one of these nodes sent were seen at another one and are in no capture of the sender, though that was captured at other times.",
            seen
        ))
        .say(message!(
            "Their captures share less than a quarter of the shorter one's time, or none at all."
        ))
        .capture_next(message!(
            "every interface of {inside} and {outside} at the same time",
            inside = Message::list(&names(&inside), text!(", ")),
            outside = Message::list(&names(&outside), text!(", "))
        ))
        .finish(message!(
            "{outside} and {inside} were not captured at the same time: what passes between them cannot be compared",
            outside = Message::list(&names(&outside), text!(", ")),
            inside = Message::list(&names(&inside), text!(", "))
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> (Timestamp, Timestamp) {
        (Timestamp(from), Timestamp(to))
    }

    #[test]
    fn a_quarter_of_the_shorter_one_is_enough() {
        assert!(share_time(span(0, 100), span(75, 175)));
        assert!(!share_time(span(0, 100), span(80, 180)));
        assert!(!share_time(span(0, 100), span(200, 300)));
        assert!(share_time(span(0, 1_000), span(500, 510)));
    }

    #[test]
    fn the_largest_group_stays_together() {
        let nodes = [NodeId(0), NodeId(1), NodeId(2)];
        let pairs = |pairs: &[(u32, u32)]| {
            let pairs = pairs
                .iter()
                .map(|(a, b)| ((NodeId(*a), NodeId(*b)), Vec::new()));
            pairs.collect::<BTreeMap<_, _>>()
        };
        let group = |apart: &[(u32, u32)]| largest_group(&nodes, &pairs(apart));
        assert_eq!(
            group(&[(0, 1), (0, 2)]),
            BTreeSet::from([NodeId(1), NodeId(2)])
        );
        assert_eq!(
            group(&[(0, 1), (0, 2), (1, 2)]),
            BTreeSet::from([NodeId(0)])
        );
    }
}
