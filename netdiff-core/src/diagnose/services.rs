//! What captures tell of services: addresses that lead somewhere else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::case::Case;
use super::finding::Explained;
use crate::correlate::{
    Called, Direction, FlowTimeline, Hop, Journey, NodeId, PartyKind, Timelines,
};
use crate::identify::{Evidence, TcpFlags};
use crate::types::{PointId, Protocol, Role};

/// A service: protocol and what its clients call.
pub(super) type Service = (Protocol, Called);

/// The service that a flow calls, if that is an address of no node: a ClusterIP, not a NodePort.
pub(super) fn service_of(timelines: &Timelines, flow: &FlowTimeline) -> Option<Service> {
    let called = flow.called?;
    let virtual_address = timelines.plan.kind(called.address) != PartyKind::Node
        && called.address != flow.responder.address;
    virtual_address.then_some((flow.protocol, called))
}

/// Every service that some packet of the set, or of its reference, was translated for.
pub(super) fn known_services(case: &Case<'_>) -> BTreeSet<Service> {
    let of = |timelines: &Timelines| -> Vec<Service> {
        let flows = timelines.flows.iter();
        flows
            .filter_map(|flow| service_of(timelines, flow))
            .collect()
    };
    let mut services: BTreeSet<Service> = of(case.timelines).into_iter().collect();
    services.extend(case.reference.map(of).unwrap_or_default());
    services
}

/// What a flow's packets are addressed to, as a service would be.
pub(super) const fn addressed(flow: &FlowTimeline) -> Service {
    let called = Called {
        address: flow.responder.address,
        port: flow.responder.port,
    };
    (flow.protocol, called)
}

/// Each flow that asks for an answer, or might, and got none at all.
pub(super) fn silent_flows<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = (usize, &'a FlowTimeline)> + 'a {
    let flows = case.timelines.flows.iter().enumerate();
    flows.filter(|(_, flow)| flow.reply.journeys.is_empty() && !flow.forward.journeys.is_empty())
}

/// Whether somebody must answer: a ping, or TCP.
pub(super) fn must_be_answered(flow: &FlowTimeline) -> bool {
    flow.service == crate::correlate::Service::Echo || flow.protocol == Protocol::TCP
}

/// All journeys of a direction of a flow.
pub(super) fn all_of(
    flow: usize,
    reply: bool,
    direction: &Direction,
) -> impl Iterator<Item = Explained> + '_ {
    (0..direction.journeys.len()).map(move |journey| Explained {
        flow,
        reply,
        journey,
    })
}

/// The first hop for which this holds, and the one before it.
pub(super) fn first_hop(
    direction: &Direction,
    wanted: impl Fn(&Hop) -> bool,
) -> Option<(Option<&Hop>, &Hop)> {
    let at = direction.hops.iter().position(wanted)?;
    let before = at.checked_sub(1).and_then(|at| direction.hops.get(at));
    Some((before, direction.hops.get(at)?))
}

/// Where packets leave a node through its uplink in no tunnel, and the place before.
pub(super) fn plain_exit<'a>(
    timelines: &Timelines,
    direction: &'a Direction,
    node: NodeId,
) -> Option<(Option<&'a Hop>, &'a Hop)> {
    first_hop(direction, |hop| {
        hop.tunnel.is_none()
            && timelines.role(hop.point) == Role::Uplink
            && timelines.node(hop.point) == node
    })
}

/// The link of a party: the pod's interface that its own packets were first seen at.
pub(super) fn link_of(timelines: &Timelines, from_party: &Direction) -> Option<PointId> {
    let first = from_party.hops.first()?;
    (timelines.role(first.point) == Role::Pod).then_some(first.point)
}

/// Whether a TCP journey has one of these flags; `false` where the capture cut them.
pub(super) fn has_flag(journey: &Journey, flag: u8) -> bool {
    journey.flags.is_some_and(|flags| flags.any(flag))
}

/// Whether it opens a connection.
pub(super) fn is_syn(journey: &Journey) -> bool {
    has_flag(journey, TcpFlags::SYN) && !has_flag(journey, TcpFlags::ACK)
}

/// Whether it accepts a connection.
pub(super) fn is_syn_ack(journey: &Journey) -> bool {
    has_flag(journey, TcpFlags::SYN) && has_flag(journey, TcpFlags::ACK)
}

/// The first packet of a direction at a point under this source, and how many there are.
pub(super) fn seen_from(
    direction: &Direction,
    point: PointId,
    source: IpAddr,
) -> Option<(u64, Evidence)> {
    let mut hops = direction.hops.iter();
    let hop = hops.find(|hop| hop.point == point && hop.source == source)?;
    Some((hop.packets, hop.first))
}

/// `10.96.0.10:53 (UDP)`.
pub(super) fn describe((protocol, called): Service) -> String {
    match called.port {
        Some(port) if called.address.is_ipv6() => {
            format!("[{}]:{port} ({protocol})", called.address)
        }
        Some(port) => format!("{}:{port} ({protocol})", called.address),
        None => called.address.to_string(),
    }
}
