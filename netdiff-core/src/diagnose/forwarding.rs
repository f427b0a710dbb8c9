//! What a node does with packets between its pods and the rest: shared by the rules about forwarding.
//!
//! # Sides
//! A node forwards twice: what its own pods send (sending), and what arrives for them (receiving). A loss is one of forwarding if nothing
//! else lies between its two points: a tunnel device or an uplink that was not captured leaves more.
//!
//! # Failing and passing ways
//! A *way* is one direction of a flow. It fails on a side if none of its packets passed that side; ways of which some did are no matter of
//! forwarding. What passes is compared with like: requests with requests, since answers to what a pod itself asked pass most firewalls.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::case::Case;
use super::facts::{Loss, Way};
use super::finding::{RuleId, Severity};
use super::stages::{Stage, candidates};
use crate::correlate::{
    Disposition, FlowTimeline, Hop, Journey, NodeId, PartyKind, Refusal, Trust,
};
use crate::types::{PointId, Role};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// What the node's own pods send.
    Sending,
    /// What arrives for the node's pods.
    Receiving,
}

/// One side of one node.
pub(super) type Forwarder = (NodeId, Side);

/// The way that a journey belongs to.
pub(super) const fn way(loss: &Loss) -> Way {
    (loss.journey.flow, loss.journey.reply)
}

/// The side of the node on which a loss happened, if forwarding is all that lies between its points.
pub(super) fn forwarder_of(case: &Case<'_>, loss: &Loss) -> Option<Forwarder> {
    let (from, to) = loss.segment();
    let node = case.timelines.node(from);
    if node != case.timelines.node(to) {
        return None;
    }
    let plain_arrival = case.timelines.role(from) == Role::Uplink && loss.tunnel.is_none();
    let plain_departure = leaves_plain(case, node, to);
    let met = |stage: &Stage| match stage {
        Stage::Decapsulate => !plain_arrival,
        Stage::Encapsulate => !plain_departure,
        _ => true,
    };
    let stages: Vec<Stage> = case
        .stages((from, to))
        .iter()
        .copied()
        .filter(met)
        .collect();
    let is = |forward: Stage, inside: Stage| {
        let known = |stage: &Stage| *stage == forward || *stage == inside;
        stages.contains(&forward) && stages.iter().all(known)
    };
    if is(Stage::SendForward, Stage::LeavePod) {
        Some((node, Side::Sending))
    } else if is(Stage::ReceiveForward, Stage::EnterPod) {
        Some((node, Side::Receiving))
    } else {
        None
    }
}

/// Whether what a node's pods send would leave by this network card as it is: no tunnel was seen there, and either the node's tunnel device
/// was captured, which would have shown them, or other packets of its pods leave so.
fn leaves_plain(case: &Case<'_>, node: NodeId, card: PointId) -> bool {
    let timelines = case.timelines;
    if timelines.role(card) != Role::Uplink || shows_tunnels(case, card) {
        return false;
    }
    let plan = &timelines.plan;
    let directions = timelines.flows.iter().flat_map(|f| [&f.forward, &f.reply]);
    let mut hops = directions.flat_map(|direction| &direction.hops);
    let of_own_pod =
        |hop: &Hop| plan.kind(hop.source) == PartyKind::Pod && plan.home(hop.source) == Some(node);
    case.points(node, Role::Vtep).next().is_some()
        || hops.any(|hop| hop.point == card && hop.tunnel.is_none() && of_own_pod(hop))
}

/// Whether tunnels were seen at a point.
pub(super) fn shows_tunnels(case: &Case<'_>, point: PointId) -> bool {
    let links = &case.timelines.links.links;
    links
        .iter()
        .any(|link| link.point == point && link.tunnel.is_some())
}

/// Losses by the side on which they happened; those that may have other causes than forwarding are left out.
pub(super) fn by_forwarder<'a>(
    case: &Case<'a>,
    losses: impl IntoIterator<Item = &'a Loss>,
) -> BTreeMap<Forwarder, Vec<&'a Loss>> {
    let mut groups: BTreeMap<Forwarder, Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        if let Some(forwarder) = forwarder_of(case, loss) {
            groups.entry(forwarder).or_default().push(loss);
        }
    }
    groups
}

/// The ways of which packets passed this side of the node.
pub(super) fn passing_ways(case: &Case<'_>, (node, side): Forwarder) -> BTreeSet<Way> {
    let timelines = case.timelines;
    let inside = |point| matches!(timelines.role(point), Role::Pod | Role::Bridge);
    let passes = |(from, to): (PointId, PointId)| {
        let (inner, outer) = match side {
            Side::Sending => (from, to),
            Side::Receiving => (to, from),
        };
        timelines.node(inner) == node
            && inside(inner)
            && (timelines.node(outer) != node
                || matches!(timelines.role(outer), Role::Vtep | Role::Uplink))
    };
    let passed = case.facts.passed.iter();
    passed
        .filter(|(segment, _)| passes(**segment))
        .flat_map(|(_, ways)| ways.keys().copied())
        .collect()
}

/// The losses whose way fails on this side.
pub(super) fn failing<'a>(
    case: &Case<'_>,
    forwarder: Forwarder,
    losses: &[&'a Loss],
) -> Vec<&'a Loss> {
    let passing = passing_ways(case, forwarder);
    let fails = |loss: &&&Loss| !passing.contains(&way(loss));
    losses.iter().filter(fails).copied().collect()
}

/// The ways that pass this side and that can be compared with these losses: between the same kinds of parties, and requests if requests were
/// lost.
pub(super) fn comparable_ways<'a>(
    case: &Case<'a>,
    forwarder: Forwarder,
    losses: &[&Loss],
) -> Vec<(Way, &'a FlowTimeline)> {
    let relations: BTreeSet<_> = losses
        .iter()
        .filter_map(|loss| case.flow(loss.journey))
        .map(|flow| flow.relation)
        .collect();
    let asked = losses.iter().any(|loss| !loss.journey.reply);
    passing_ways(case, forwarder)
        .into_iter()
        .filter_map(|way| Some((way, case.timelines.flows.get(way.0)?)))
        .filter(|(way, flow)| relations.contains(&flow.relation) && !(asked && way.1))
        .collect()
}

/// Source and destination of a way.
pub(super) const fn ends_of(flow: &FlowTimeline, reply: bool) -> (IpAddr, IpAddr) {
    let (there, back) = (flow.initiator.address, flow.responder.address);
    if reply { (back, there) } else { (there, back) }
}

/// Source and destination that a lost packet had where it was last seen.
pub(super) fn ends(case: &Case<'_>, loss: &Loss) -> Option<(IpAddr, IpAddr)> {
    if let Some(hop) = case.hop(loss.journey, loss.from) {
        return Some((hop.source, hop.destination));
    }
    Some(ends_of(case.flow(loss.journey)?, loss.journey.reply))
}

/// Who refused a packet, and how.
pub(super) fn refusal_of(case: &Case<'_>, loss: &Loss) -> Option<(IpAddr, Refusal)> {
    match case.journey(loss.journey)?.disposition {
        Disposition::Rejected { by, refusal, .. } => Some((by, refusal)),
        _ => None,
    }
}

/// The journeys of a way that reached a point.
pub(super) fn reaching<'a>(
    case: &Case<'a>,
    loss: &Loss,
) -> impl Iterator<Item = &'a Journey> + use<'a> {
    let to = loss.to;
    let journeys = case.direction(loss.journey).map(|d| d.journeys.as_slice());
    let all = journeys.unwrap_or_default().iter();
    all.filter(move |journey| {
        matches!(journey.disposition, Disposition::Delivered(_))
            || journey.points().any(|point| point == to)
    })
}

/// An error if traffic fails: of some way nothing came through, and that is proven; else a warning.
pub(super) fn severity(case: &Case<'_>, losses: &[&Loss]) -> Severity {
    let fails =
        |loss: &&&Loss| loss.trust == Trust::Proven && reaching(case, loss).next().is_none();
    if losses.iter().any(|loss| fails(&loss)) {
        Severity::Error
    } else {
        Severity::Warning
    }
}

/// Whether an uplink of this node captured when one of these packets might have left through it: then they did not.
pub(super) fn uplink_would_show(case: &Case<'_>, node: NodeId, losses: &[&Loss]) -> bool {
    let coverage = &case.timelines.coverage;
    case.points(node, Role::Uplink).any(|uplink| {
        losses.iter().any(|loss| {
            let seen = coverage.could_see(uplink, loss.time, crate::types::Nanos(0), true);
            seen == Some(Trust::Proven)
        })
    })
}

/// Whether the node takes what its tunnel device shows: these packets are for a link address that it sends from itself there. `false` as
/// well where it sends nothing, so that nobody knows.
pub(super) fn are_for_device(case: &Case<'_>, losses: &[&Loss]) -> bool {
    let links = &case.timelines.links.links;
    losses.iter().all(|loss| {
        let targets = case
            .hop(loss.journey, loss.from)
            .map_or(&[][..], |hop| hop.next_hops.as_slice());
        let vtep = case.timelines.role(loss.from) == Role::Vtep;
        let is_own = |mac| {
            let mut here = links.iter().filter(|link| link.point == loss.from);
            here.any(|link| link.outer.is_some_and(|(source, _)| source == mac))
        };
        !vtep || targets.iter().all(|mac| is_own(*mac))
    })
}

/// Whether a tunnel is around these packets, or will be.
pub(super) fn tunneled(case: &Case<'_>, losses: &[&Loss]) -> bool {
    let vtep = |point| case.timelines.role(point) == Role::Vtep;
    losses
        .iter()
        .any(|loss| loss.tunnel.is_some() || vtep(loss.from) || vtep(loss.to))
}

/// The rules whose cause these captures do not exclude for losses of one segment.
pub(super) fn not_excluded(case: &Case<'_>, losses: &[&Loss]) -> Vec<RuleId> {
    let Some(segment) = super::facts::main_segment(losses.iter().copied()) else {
        return Vec::new();
    };
    let stages = case.stages(segment);
    candidates(case, stages, tunneled(case, losses), losses)
}

/// Whether an ICMP error from `by` to `receiver` was seen inside a node and not where that node meets others, which was captured: the node
/// itself sent it.
pub(super) fn is_made_inside(
    case: &Case<'_>,
    node: NodeId,
    (by, receiver): (IpAddr, IpAddr),
) -> bool {
    let timelines = case.timelines;
    let errors = timelines.icmp_errors.iter();
    let roles: Vec<Role> = errors
        .filter(|error| (error.source, error.destination) == (by, receiver))
        .filter(|error| timelines.node(error.evidence.point) == node)
        .map(|error| timelines.role(error.evidence.point))
        .collect();
    let inside = |role: &Role| matches!(role, Role::Pod | Role::Bridge);
    let edge = [Role::Vtep, Role::Uplink];
    let shows_edge = edge
        .into_iter()
        .any(|role| case.points(node, role).next().is_some());
    shows_edge && !roles.is_empty() && roles.iter().all(inside)
}
