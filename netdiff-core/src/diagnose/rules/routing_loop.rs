//! `routing-loop`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{Direction, Disposition, IcmpError, Journey, NodeId, PartyKind, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Looped, Way};
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::forwarding::ends_of;
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::{Message, PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("routing-loop"),
    manual: Manual {
        summary: "two nodes, or a node and a router, send packets to and fro",
        meaning: "Each of two machines takes the other one for the way to an address. A packet goes to and fro between them until its TTL is used up; nothing arrives, and one packet loads the network like sixty.",
        looks_for: &[
            "The same packet comes through the same capture point again and again, each time with a lower TTL, and leaves the node meanwhile: it does so at a network card, or on at least two nodes.",
            "Or, where the nodes masquerade what passes through, so that each round has other addresses: packets for one address that ICMP time exceeded quotes, at two nodes, at each with TTLs that fall from one to the next over at least 16, and none for that address that arrives from another node.",
            "What goes round on one node's tunnel device alone is no loop of routes between machines (see vtep-self-public-ip).",
            "Flows to the pods of one node are one finding; requests to and answers from there are part of it.",
        ],
        refuted_by: &["a mirror port, or a bridge that floods: then the TTL does not fall"],
        causes: &[
            LikelyCause {
                cause: "a node lost the route to its own pods' network, or never had the bridge, and sends what comes for them back where other networks are",
                confirm: "on {to}: ip route get {destination}; ip route show; ip address show {bridge}",
            },
            LikelyCause {
                cause: "routes of a node that was removed or changed its network point at each other",
                confirm: "on every node: ip route get {destination}; kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
            },
        ],
        remedy: &[
            "put the routes right: restart the agent that keeps them (flannel, calico-node) on the nodes of the loop, delete stale ones by hand",
            "keep a route of the type blackhole or unreachable for each node's own network, so that what has no pod ends there: ip route add unreachable {subnet} metric 4096",
        ],
        limits: &[
            "Which of the two machines is wrong, packets tell only where one of them is the home of the pods.",
        ],
        references: &["RFC 1812, section 5.3.1; cilium/cilium#7155"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Either,
    possible: |_, _| false,
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut homes: BTreeMap<Option<NodeId>, Vec<&Looped>> = BTreeMap::new();
    for looped in case.facts.unexplained_loops() {
        if loop_points(case, looped.journey).is_some() {
            let home = destination(case, looped.journey).and_then(|d| case.timelines.plan.home(d));
            homes.entry(home).or_default().push(looped);
        }
    }
    let plain = homes
        .into_iter()
        .filter_map(|(home, looped)| finding(case, home, &looped));
    plain.chain(masqueraded(case)).collect()
}

/// Loops of which each round has other addresses, one finding for each destination.
fn masqueraded(case: &Case<'_>) -> Vec<Finding> {
    let mut exceeded: BTreeSet<IpAddr> = BTreeSet::new();
    for loss in ways(case) {
        let told = loss.2.journeys.iter().any(|journey| {
            matches!(
                journey.disposition,
                Disposition::Rejected {
                    refusal: Refusal::Icmp {
                        icmp_type: 11,
                        code: 0
                    },
                    ..
                }
            )
        });
        if told {
            exceeded.insert(loss.1);
        }
    }
    exceeded
        .into_iter()
        .filter_map(|address| masqueraded_finding(case, address))
        .collect()
}

/// Every way, with its destination and its packets.
fn ways<'a>(case: &Case<'a>) -> impl Iterator<Item = Led<'a>> + use<'a> {
    let flows = case.timelines.flows.iter().enumerate();
    flows.flat_map(|(index, flow)| {
        [
            ((index, false), flow.responder.address, &flow.forward),
            ((index, true), flow.initiator.address, &flow.reply),
        ]
    })
}

/// A way, where it leads, and its packets.
type Led<'a> = (Way, IpAddr, &'a Direction);

/// The ways to an address from other nodes than its own: what a neighbor on the same node sends takes no part in routing between nodes.
fn ways_to<'a>(case: &Case<'a>, address: IpAddr) -> Vec<Led<'a>> {
    let home = case.timelines.plan.home(address);
    let from_elsewhere = |way: Way| {
        let source = source_of(case, way);
        home.is_none() || source.and_then(|source| case.timelines.plan.home(source)) != home
    };
    ways(case)
        .filter(|(way, destination, _)| *destination == address && from_elsewhere(*way))
        .collect()
}

fn source_of(case: &Case<'_>, (flow, reply): Way) -> Option<IpAddr> {
    Some(ends_of(case.timelines.flows.get(flow)?, reply).0)
}

/// The points of the way on which it began: of a pod, if there is one, since nodes only pass it on under their own addresses.
fn first_points(case: &Case<'_>, to: &[Led<'_>]) -> Option<Vec<PointId>> {
    let is_pod = |way: Way| {
        source_of(case, way)
            .is_some_and(|source| case.timelines.plan.kind(source) == PartyKind::Pod)
    };
    let began = to
        .iter()
        .find(|(way, ..)| is_pod(*way))
        .or_else(|| to.first());
    began.map(|(.., direction)| direction.hops.iter().map(|hop| hop.point).collect())
}

fn masqueraded_finding(case: &Case<'_>, address: IpAddr) -> Option<Finding> {
    let to = ways_to(case, address);
    let falling: BTreeSet<NodeId> = to
        .iter()
        .filter(|(.., direction)| falls(direction))
        .filter_map(|(.., direction)| direction.hops.first())
        .map(|hop| case.timelines.node(hop.point))
        .collect();
    let arrives = to
        .iter()
        .flat_map(|(.., direction)| &direction.journeys)
        .any(|journey| matches!(journey.disposition, Disposition::Delivered(_)));
    if falling.len() < 2 || arrives {
        return None;
    }
    let journeys = to.iter().flat_map(|((flow, reply), _, direction)| {
        (0..direction.journeys.len()).map(|journey| Explained {
            flow: *flow,
            reply: *reply,
            journey,
        })
    });
    let names: Vec<&str> = falling
        .iter()
        .map(|node| case.timelines.node_name(*node))
        .collect();
    let names = Message::list(&names, text!(" and "));
    let home = case.timelines.plan.home(address);
    let quotes = |error: &&IcmpError| {
        let quoted = error.quote.map(|quote| quote.key.destination);
        quoted == Some(address) && error.icmp_type == 11
    };
    let errors = case.timelines.icmp_errors.iter().filter(quotes);
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(journeys)
        .evidence(errors.map(|error| error.evidence).take(2))
        .marked()
        .fill("destination", address)
        .say(message!(
            "Packets for {address} leave {names} again and again, under the nodes' own addresses and with TTLs that fall, until ICMP time exceeded; none arrives.",
            address,
            names
        ))
        .say(message!(
            "The nodes masquerade what passes through them, so each round has other addresses."
        ));
    if let Some(segment) = first_points(case, &to).and_then(|points| segment(case, home, &points)) {
        draft = draft.segment(segment);
    }
    Some(draft.finish(message!(
        "packets for {address} go round and round on {names}",
        address = whose(case, home, address),
        names
    )))
}

/// Whether a direction's packets have TTLs that fall from one to the next over a wide range.
fn falls(direction: &Direction) -> bool {
    /// So many rounds are no accident, and no path of routers in a cluster is so long.
    const RANGE: u8 = 16;
    let wide = direction
        .hops
        .iter()
        .any(|hop| hop.ttl.1.saturating_sub(hop.ttl.0) >= RANGE);
    let mut journeys: Vec<&Journey> = direction.journeys.iter().collect();
    journeys.sort_by_key(|journey| (journey.time, journey.first()));
    let steps = journeys
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if b.ttl < a.ttl));
    // Each new packet begins high again.
    wide && steps.count() * 4 >= journeys.len().saturating_sub(1) * 3
}

/// `the pods of node`, or the address.
fn whose(case: &Case<'_>, home: Option<NodeId>, address: IpAddr) -> Message {
    home.map_or_else(
        || Message::verbatim(address.to_string()),
        |home| message!("the pods of {home}", home = case.timelines.node_name(home)),
    )
}

fn destination(case: &Case<'_>, id: Explained) -> Option<IpAddr> {
    Some(ends_of(case.flow(id)?, id.reply).1)
}

/// The points of a loop that leaves a node, in the order of the way.
fn loop_points(case: &Case<'_>, id: Explained) -> Option<Vec<PointId>> {
    let rounds = |point: &PointId| {
        let direction = case.direction(id);
        let hops = direction.map(|d| d.hops.as_slice()).unwrap_or_default();
        hops.iter()
            .any(|hop| hop.point == *point && hop.duplicates.rounds > 0)
    };
    let points: Vec<PointId> = case.journey(id)?.points().filter(rounds).collect();
    let nodes: BTreeSet<NodeId> = points.iter().map(|p| case.timelines.node(*p)).collect();
    let leaves = points
        .iter()
        .any(|p| case.timelines.role(*p) == Role::Uplink);
    (leaves || nodes.len() > 1).then_some(points)
}

fn finding(case: &Case<'_>, home: Option<NodeId>, looped: &[&Looped]) -> Option<Finding> {
    let first = looped.first()?;
    let points = loop_points(case, first.journey)?;
    let destination = destination(case, first.journey)?;
    let rounds = looped.iter().map(|l| l.rounds).max().unwrap_or(0);
    let mut names: Vec<&str> = points
        .iter()
        .map(|point| case.timelines.node_name(case.timelines.node(*point)))
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(looped.iter().map(|l| l.journey))
        .evidence(looped.iter().map(|l| l.last).take(4))
        .marked()
        .fill("destination", destination)
        .say(message!(
            "{looped} packets came through {at} up to {rounds} times, each time with a lower TTL, and none arrived.",
            looped = looped.len(),
            at = case.name(first.at),
            rounds
        ));
    if let Some(home) = home {
        draft = draft.say(message!(
            "Their destination lives on {home}.",
            home = case.timelines.node_name(home)
        ));
    }
    if let Some(segment) = segment(case, home, &points) {
        draft = draft.segment(segment);
    }
    Some(draft.finish(message!(
        "packets for {destination} go round and round on {names}",
        destination = whose(case, home, destination),
        names = Message::list(&names, text!(" and "))
    )))
}

/// Where they should have left the loop: on the pods' own node from the deepest point to the next one inside, else from the uplink of the
/// node that they come from to that of the pods' node.
fn segment(
    case: &Case<'_>,
    home: Option<NodeId>,
    points: &[PointId],
) -> Option<(PointId, PointId)> {
    let home = home?;
    let at_home = |role| {
        let mut there = points
            .iter()
            .copied()
            .filter(|p| case.timelines.node(*p) == home);
        there.find(|p| case.timelines.role(*p) == role)
    };
    let of_node = |node, role| case.points(node, role).next();
    if let Some(from) = at_home(Role::Vtep).or_else(|| at_home(Role::Uplink)) {
        let to = of_node(home, Role::Bridge).or_else(|| of_node(home, Role::Pod))?;
        return Some((from, to));
    }
    let first = case.timelines.node(*points.first()?);
    let from = points
        .iter()
        .copied()
        .find(|p| case.timelines.node(*p) == first && case.timelines.role(*p) == Role::Uplink);
    let from = from.or_else(|| points.first().copied())?;
    let to = [Role::Uplink, Role::Vtep, Role::Bridge]
        .into_iter()
        .find_map(|role| of_node(home, role))?;
    Some((from, to))
}
