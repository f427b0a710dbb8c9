//! `routing-loop`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Looped;
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::forwarding::ends_of;
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("routing-loop"),
    manual: Manual {
        summary: "two nodes, or a node and a router, send packets to and fro",
        meaning: "Each of two machines takes the other one for the way to an address. A packet goes to and fro between them until its TTL is used up; nothing arrives, and one packet loads the network like sixty.",
        looks_for: &[
            "The same packet comes through the same capture point again and again, each time with a lower TTL, and leaves the node meanwhile: it does so at a network card, or on at least two nodes.",
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
    homes
        .into_iter()
        .filter_map(|(home, looped)| finding(case, home, &looped))
        .collect()
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
        .say(format!(
            "{} packets came through {} up to {rounds} times, each time with a lower TTL, and none arrived.",
            looped.len(),
            case.name(first.at)
        ));
    if let Some(home) = home {
        draft = draft.say(format!(
            "Their destination lives on {}.",
            case.timelines.node_name(home)
        ));
    }
    if let Some(segment) = segment(case, home, &points) {
        draft = draft.segment(segment);
    }
    Some(draft.finish(format!(
        "packets for {} go round and round on {}",
        home.map_or_else(
            || destination.to_string(),
            |home| format!("the pods of {}", case.timelines.node_name(home))
        ),
        names.join(" and ")
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
