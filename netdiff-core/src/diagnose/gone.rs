//! Signs that a pod is gone: its node asks for it, and nobody answers.

use std::net::IpAddr;

use super::case::Case;
use super::finding::Explained;
use crate::identify::{ArpOperation, Evidence};
use crate::types::{Message, PointId, Role};

/// Requests without an answer after the last sign of life, from which on they tell: one may be followed by an answer that was
/// not captured any more.
const ENOUGH_REQUESTS: u64 = 2;

/// What shows that a pod is gone.
pub(super) struct Gone {
    /// As a sentence.
    pub(super) story: Message,
    pub(super) evidence: Vec<Evidence>,
}

/// What shows that the pod with this address, to which these packets did not come, is gone.
pub(super) fn gone(case: &Case<'_>, address: IpAddr, packets: &[Explained]) -> Option<Gone> {
    unanswered(case, address).or_else(|| unreachable(case, address, packets))
}

/// ARP requests on the pods' side of a node after the last packet by which the address was told there.
fn unanswered(case: &Case<'_>, address: IpAddr) -> Option<Gone> {
    let IpAddr::V4(address) = address else {
        return None;
    };
    let ids = (0..).map(PointId).take(case.timelines.points.len());
    let inside = ids.filter(|p| matches!(case.timelines.role(*p), Role::Bridge | Role::Pod));
    let mut asked: Vec<(u64, PointId, Evidence)> = Vec::new();
    for point in inside {
        let (mut requests, mut first) = (0, None);
        for (evidence, arp) in case.timelines.arp.iter().filter(|(e, _)| e.point == point) {
            if arp.sender == address {
                (requests, first) = (0, None);
            } else if arp.operation == ArpOperation::Request && arp.target == address {
                requests += 1;
                first.get_or_insert(*evidence);
            }
        }
        asked.extend(first.map(|first| (requests, point, first)));
    }
    // The bridge that asked most stands for all; a broadcast is on every link.
    let is_bridge = |point| case.timelines.role(point) == Role::Bridge;
    let (requests, point, first) = asked
        .into_iter()
        .filter(|(requests, ..)| *requests >= ENOUGH_REQUESTS)
        .max_by_key(|(requests, point, _)| {
            (is_bridge(*point), *requests, std::cmp::Reverse(*point))
        })?;
    Some(Gone {
        story: message!(
            "{point} asks for {address} by ARP {requests} times, and nobody answers.",
            point = case.name(point),
            address,
            requests
        ),
        evidence: vec![first],
    })
}

/// ICMP host unreachable about packets that have been routed twice, or once on the pod's own node: that node does not find the pod.
fn unreachable(case: &Case<'_>, address: IpAddr, packets: &[Explained]) -> Option<Gone> {
    let error = case.timelines.icmp_errors.iter().find(|error| {
        (error.icmp_type, error.code) == (3, 1)
            && error.quote.is_some_and(|quote| {
                quote.tunnel.is_none()
                    && quote.key.destination == address
                    && packets
                        .iter()
                        .any(|id| refused_at_end(case, *id, quote.ttl))
            })
    })?;
    Some(Gone {
        story: message!(
            "ICMP host unreachable from {source} quotes them: {address} does not answer its node.",
            source = error.source,
            address
        ),
        evidence: vec![error.evidence],
    })
}

/// Whether a packet quoted with this TTL was refused where the pod's node would hand it over.
fn refused_at_end(case: &Case<'_>, id: Explained, ttl: u8) -> bool {
    let Some(flow) = case.flow(id) else {
        return false;
    };
    let same_node = flow.initiator.node.is_some() && flow.initiator.node == flow.responder.node;
    let routed = if same_node { 1 } else { 2 };
    let sent = case.journey(id).and_then(|journey| {
        let (hop, _) = journey.steps(case.direction(id)?).next()?;
        Some(hop.ttl.0)
    });
    sent.is_some_and(|sent| ttl.saturating_add(routed) == sent)
}
