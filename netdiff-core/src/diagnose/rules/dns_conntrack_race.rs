//! `dns-conntrack-race`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{Disposition, Journey};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, by_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Evidence;
use crate::types::{Nanos, PointId, Protocol};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("dns-conntrack-race"),
    manual: Manual {
        summary: "of two datagrams that a client sends at once from a new socket, its node drops one",
        meaning: "A client asks for the IPv4 and the IPv6 address of a name at once, from one socket. Both packets race for one new entry of connection tracking on their node, and the loser is dropped. The client waits, 5 s with glibc, and asks again: name lookups that take 5 s now and then.",
        looks_for: &[
            "UDP packets lost on their sender's own node, between the pods' side and where it leaves, each one of two that the same socket sent within 5 ms as its first ones; the other of the two went on.",
            "At least two of them, and every packet lost on that segment is such a one: single packets, other protocols and later packets of a conversation get through. Loss by chance would take those as well.",
            "One finding for each segment. No port is looked for: DNS is merely who does that.",
        ],
        refuted_by: &[
            "a lost packet there that is not one of such a pair",
            "conntrack -S on {from} shows no insert_failed while lookups hang",
        ],
        causes: &[LikelyCause {
            cause: "the two queries race for a new entry of connection tracking, in DNAT of the service or in masquerade",
            confirm: "on {from}: conntrack -S | grep -o insert_failed=[0-9]*, before and after a slow lookup; uname -r",
        }],
        remedy: &[
            "run NodeLocal DNSCache: pods then ask their own node, without DNAT and conntrack",
            "in pods with glibc: options single-request-reopen in resolv.conf (dnsConfig), or use-vc for TCP",
            "a kernel from 5.1 on, and --random-fully for masquerade rules",
        ],
        limits: &[
            "The race itself is not in packets: a firewall that drops one of two such packets would look the same.",
        ],
        references: &[
            "kubernetes/kubernetes#56903, weaveworks/weave#3287",
            "Linux: ed07d9a021df and 4e35c1cb9460 (netfilter: resolve clashing entries)",
            "resolv.conf(5), single-request-reopen",
        ],
    },
    frequency: Frequency::VeryHigh,
    stages: &[Stage::SendForward],
    carried: Carried::Either,
    possible: |case, losses| losses.iter().all(|loss| lost_pair(case, loss).is_some()),
    check,
};

/// Two packets that are sent at once are no further apart.
const AT_ONCE: Nanos = Nanos::from_millis(5);

/// How long connection tracking remembers UDP that was not answered (`nf_conntrack_udp_timeout`).
const REMEMBERED: Nanos = Nanos::from_secs(30);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let segments = by_segment(case.unexplained());
    segments
        .iter()
        .filter_map(|(segment, losses)| finding(case, *segment, losses))
        .collect()
}

/// The packet that was sent with a lost one, as the first two of their socket, and went on.
fn lost_pair<'a>(case: &Case<'a>, loss: &Loss) -> Option<&'a Journey> {
    let (flow, direction) = (case.flow(loss.journey)?, case.direction(loss.journey)?);
    let lost = case.journey(loss.journey)?;
    let node = case.timelines.node(loss.from);
    let at_home = flow.initiator.node == Some(node) && case.timelines.node(loss.to) == node;
    if loss.journey.reply || loss.protocol != Protocol::UDP || loss.refused || !at_home {
        return None;
    }
    let first = lost.points().next()?;
    let same =
        |journey: &&Journey| journey.port == lost.port && journey.points().next() == Some(first);
    let near = |journey: &Journey| (journey.time - lost.time).0.abs() <= AT_ONCE.0;
    let mut others = direction.journeys.iter().filter(same);
    let partner = others.find(|j| near(j) && went_on(j, loss.from))?;
    let before = direction.journeys.iter().filter(same).any(|journey| {
        let ago = (lost.time - journey.time).0;
        ago > AT_ONCE.0 && ago < REMEMBERED.0
    });
    (!before).then_some(partner)
}

/// Whether a packet was seen behind the point where others end.
fn went_on(journey: &Journey, from: PointId) -> bool {
    let ended = matches!(
        journey.disposition,
        Disposition::Lost { .. } | Disposition::Rejected { .. }
    );
    !ended && journey.last().is_some_and(|last| last.point != from)
}

fn finding(case: &Case<'_>, segment: (PointId, PointId), losses: &[&Loss]) -> Option<Finding> {
    let partners: Vec<(&Loss, &Journey)> = losses
        .iter()
        .filter_map(|loss| Some((*loss, lost_pair(case, loss)?)))
        .collect();
    if partners.len() < 2 || partners.len() != losses.len() {
        return None;
    }
    // Where nothing else passes, that only such packets are lost tells nothing.
    let passed = case.facts.passed_over(segment)?.packets;
    let evidence: Vec<Evidence> = partners
        .iter()
        .take(2)
        .flat_map(|(loss, partner)| [Some(loss.last), partner.last()])
        .flatten()
        .collect();
    let (again, wait) = repetitions(case, losses);
    let flows: BTreeSet<usize> = losses.iter().map(|loss| loss.journey.flow).collect();
    let sent: usize = flows
        .iter()
        .filter_map(|flow| Some(case.timelines.flows.get(*flow)?.forward.journeys.len()))
        .sum();
    let node = case.timelines.node_name(case.timelines.node(segment.0));
    let mut draft = Draft::new(case, &RULE, Severity::Warning)
        .losses(losses.iter().copied())
        .evidence(evidence)
        .fill("from", node)
        .say(message!(
            "{losses} of {sent} datagrams are lost between {segment} and {segment_2}: each of them one of two that a new socket sent within 5 ms, and the other went on.",
            losses = losses.len(),
            sent,
            segment = case.name(segment.0),
            segment_2 = case.name(segment.1)
        ))
        .say(message!(
            "{passed} other packets get through there, single datagrams among them.",
            passed
        ));
    if let Some(wait) = wait {
        draft = draft.say(message!(
            "{again} of them are sent again from the same port {wait}.{wait_2} s later or more.",
            again,
            wait = wait.0 / 1_000_000_000,
            wait_2 = wait.0 / 100_000_000 % 10
        ));
    }
    if case.is_stage(segment, Stage::SendForward) {
        draft = draft.marked();
    }
    Some(draft.finish(message!(
        "{node} drops one of two datagrams that a client sends at once",
        node
    )))
}

/// How many of the lost are sent again, and the shortest wait.
fn repetitions(case: &Case<'_>, losses: &[&Loss]) -> (usize, Option<Nanos>) {
    let mut waits: BTreeMap<usize, Nanos> = BTreeMap::new();
    for (nth, loss) in losses.iter().enumerate() {
        let (Some(direction), Some(lost)) =
            (case.direction(loss.journey), case.journey(loss.journey))
        else {
            continue;
        };
        let later = direction.journeys.iter().filter(|journey| {
            journey.port == lost.port
                && journey.ip_len == lost.ip_len
                && (journey.time - lost.time).0 > AT_ONCE.0
        });
        if let Some(wait) = later.map(|journey| journey.time - lost.time).min() {
            waits.insert(nth, wait);
        }
    }
    (waits.len(), waits.values().min().copied())
}
