//! Makes flows that are alike one, so that a baseline's size is that of the network.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{
    AddressPlan, Change, Direction, Field, FlowTimeline, Hop, NodeId, Relation, Service, Spread,
    Tally, Timelines,
};
use crate::diagnose::Finding;
use crate::identify::Encapsulation;
use crate::types::{Nanos, PointId, Protocol, Role};

/// The most flows of a set that a baseline holds; flows of further kinds are counted.
pub const MAX_FLOWS: usize = 48;

/// The most changes of one field at one hop that are kept: one tells that there are such.
const MAX_CHANGES: usize = 2;

/// What is left of a set.
pub(super) struct Folded {
    pub(super) flows: Vec<FlowTimeline>,
    pub(super) findings: Vec<Finding>,
    pub(super) addresses: AddressPlan,
    pub(super) left_out: u64,
}

/// What flows that are alike have in common. The way is that of the points, so that ladders stay true; where too many remain, that of the roles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    relation: Relation,
    protocol: Protocol,
    service: Service,
    nodes: Option<(Option<NodeId>, Option<NodeId>)>,
    called: bool,
    hidden: bool,
    answered: bool,
    forward: Vec<Step>,
    reply: Vec<Step>,
}

type Step = (Role, Option<PointId>, Option<Encapsulation>);

/// Tries finer kinds first: by nodes and services, by services, by neither.
pub(super) fn fold(set: &Timelines, findings: &[Finding], most: usize) -> Folded {
    let mut groups = BTreeMap::new();
    for coarseness in 0..3 {
        groups = group(set, coarseness, most);
        if groups.len() <= most {
            break;
        }
    }
    // The most frequent kinds stay; of equals, the first in order.
    let mut ranked: Vec<(usize, Vec<usize>)> = groups.into_values().enumerate().collect();
    ranked.sort_by_key(|(order, members)| (std::cmp::Reverse(members.len()), *order));
    let dropped = ranked.split_off(ranked.len().min(most));
    let left_out = dropped
        .iter()
        .map(|(_, members)| members.len() as u64)
        .sum();
    ranked.sort_by_key(|(_, members)| members.first().copied());
    let mut place: BTreeMap<usize, usize> = BTreeMap::new();
    let mut flows = Vec::new();
    for (_, members) in &ranked {
        let own = members.iter().filter_map(|index| set.flows.get(*index));
        if let Some(flow) = own.cloned().reduce(join) {
            place.extend(members.iter().map(|index| (*index, flows.len())));
            flows.push(trim(flow));
        }
    }
    let findings = findings.iter().map(|finding| {
        let flows: BTreeSet<usize> = finding
            .flows
            .iter()
            .filter_map(|flow| place.get(flow).copied())
            .collect();
        Finding {
            flows: flows.into_iter().collect(),
            explained: Vec::new(),
            ..finding.clone()
        }
    });
    let findings = findings.collect();
    let kept: BTreeSet<IpAddr> = flows
        .iter()
        .flat_map(|flow: &FlowTimeline| [flow.initiator.address, flow.responder.address])
        .collect();
    Folded {
        addresses: set.plan.only(&kept),
        flows,
        findings,
        left_out,
    }
}

impl Folded {
    /// The names of the addresses that are left.
    pub(super) fn names_of(&self, names: &BTreeMap<IpAddr, String>) -> BTreeMap<IpAddr, String> {
        let called = self.flows.iter().filter_map(|flow| flow.called);
        let kept: BTreeSet<IpAddr> = self
            .flows
            .iter()
            .flat_map(|flow| [flow.initiator.address, flow.responder.address])
            .chain(called.map(|called| called.address))
            .collect();
        let names = names.iter().filter(|(address, _)| kept.contains(address));
        names
            .map(|(address, name)| (*address, name.clone()))
            .collect()
    }
}

fn group(set: &Timelines, coarseness: u8, most: usize) -> BTreeMap<Kind, Vec<usize>> {
    let mut groups: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    // Small sets are kept as they are.
    let distinct = set.flows.len() <= most;
    for (index, flow) in set.flows.iter().enumerate() {
        let mut kind = kind_of(set, flow, coarseness);
        if distinct {
            kind.nodes = Some((None, Some(NodeId(u32::try_from(index).unwrap_or(u32::MAX)))));
        }
        groups.entry(kind).or_default().push(index);
    }
    groups
}

fn kind_of(set: &Timelines, flow: &FlowTimeline, coarseness: u8) -> Kind {
    let way = |direction: &Direction| -> Vec<Step> {
        let hops = direction.hops.iter();
        let step = |hop: &Hop| {
            let point = (coarseness == 0).then_some(hop.point);
            let tunnel = hop.tunnel.map(|tunnel| tunnel.encapsulation);
            (set.role(hop.point), point, tunnel)
        };
        hops.map(step).collect()
    };
    Kind {
        relation: flow.relation,
        protocol: flow.protocol,
        service: if coarseness < 2 {
            flow.service
        } else {
            Service::None
        },
        nodes: (coarseness == 0).then_some((flow.initiator.node, flow.responder.node)),
        called: flow.called.is_some(),
        hidden: flow.seen_as.is_some(),
        answered: flow.reply.tally.packets() > 0,
        forward: way(&flow.forward),
        reply: way(&flow.reply),
    }
}

/// Two flows as one: the first's names, both's counts.
fn join(mut first: FlowTimeline, other: FlowTimeline) -> FlowTimeline {
    first.conversations += other.conversations;
    first.stands_for += other.stands_for;
    first.round_trip = join_spreads(first.round_trip, other.round_trip);
    first.forward = join_directions(first.forward, other.forward);
    first.reply = join_directions(first.reply, other.reply);
    first
}

fn join_directions(mut first: Direction, other: Direction) -> Direction {
    first.matched_by = first.matched_by.max(other.matched_by);
    first.tally = join_tallies(first.tally, other.tally);
    for (hop, more) in first.hops.iter_mut().zip(other.hops) {
        hop.packets += more.packets;
        hop.duplicates.same_frame += more.duplicates.same_frame;
        hop.duplicates.other_frame += more.duplicates.other_frame;
        hop.duplicates.rounds += more.duplicates.rounds;
        hop.ttl = (hop.ttl.0.min(more.ttl.0), hop.ttl.1.max(more.ttl.1));
        hop.maximum_segment_size = match (hop.maximum_segment_size, more.maximum_segment_size) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        hop.changes.extend(more.changes);
        if let (Some(delay), Some(other)) = (&mut hop.delay, more.delay) {
            delay.bound = delay.bound.max(other.bound);
            if let Some(times) = join_spreads(Some(delay.times), Some(other.times)) {
                delay.times = times;
            }
        }
    }
    first
}

/// The wider of both; a median between the two, by their weights.
fn join_spreads(a: Option<Spread>, b: Option<Spread>) -> Option<Spread> {
    let (Some(a), Some(b)) = (a, b) else {
        return a.or(b);
    };
    let samples = a.samples + b.samples;
    let weighed = i128::from(a.median.0) * i128::from(a.samples)
        + i128::from(b.median.0) * i128::from(b.samples);
    let median = weighed / i128::from(samples.max(1));
    Some(Spread {
        samples,
        min: a.min.min(b.min),
        median: Nanos(i64::try_from(median).unwrap_or(a.median.0)),
        high: a.high.max(b.high),
        max: a.max.max(b.max),
    })
}

fn join_tallies(mut first: Tally, other: Tally) -> Tally {
    first.opened += other.opened;
    first.resets += other.resets;
    first.sent += other.sent;
    first.sent_again += other.sent_again;
    first.fragmented += other.fragmented;
    first.unseen_bytes += other.unseen_bytes;
    first.over_time.merge(&other.over_time);
    for (end, count) in other.ends {
        first
            .ends
            .entry(end)
            .and_modify(|known| {
                known.packets += count.packets;
                known.shortest = known.shortest.min(count.shortest);
                known.longest = known.longest.max(count.longest);
            })
            .or_insert(count);
    }
    first
}

/// Without packets, and with no more changes than tell what is changed.
fn trim(mut flow: FlowTimeline) -> FlowTimeline {
    for direction in [&mut flow.forward, &mut flow.reply] {
        direction.journeys.clear();
        for hop in &mut direction.hops {
            hop.reason = Cow::Borrowed("");
            // What every router does.
            hop.changes
                .retain(|change| !(change.field == Field::Ttl && change.expected));
            let mut kept: BTreeMap<(Field, bool), usize> = BTreeMap::new();
            hop.changes.retain(|change: &Change| {
                let seen = kept.entry((change.field, change.expected)).or_default();
                *seen += 1;
                *seen <= MAX_CHANGES
            });
        }
    }
    flow
}
