//! A flow of the timelines as a flow of the report.

use std::collections::BTreeMap;

use super::build::{Analyzed, flow_id};
use super::model::SetName;
use super::model_flow::{
    AddressedParty, DelayReport, DirectionReport, DispositionCounts, EncapsulationReport,
    FlowKeyReport, FlowReport, HopReport, LossReport, TtlReport,
};
use crate::correlate::{
    Basis, Direction, Disposition, FlowTimeline, Hop, Party, PartyKind, Service, Trust,
};
use crate::types::PointId;

pub(super) fn flow_report(
    set: &Analyzed<'_>,
    name: SetName,
    index: usize,
    flow: &FlowTimeline,
    counterpart: Option<String>,
) -> FlowReport {
    FlowReport {
        id: flow_id(name, index),
        set: name,
        key: FlowKeyReport {
            protocol: flow.protocol.to_string(),
            initiator: flow.initiator.address.to_string(),
            responder: flow.responder.address.to_string(),
            service: match flow.service {
                Service::Echo => Some("echo".to_owned()),
                Service::IcmpError => Some("icmp-error".to_owned()),
                Service::Port(port) => Some(port.to_string()),
                Service::None => None,
            },
        },
        relation: flow.relation.name(),
        initiator: party_report(set, &flow.initiator),
        responder: party_report(set, &flow.responder),
        conversations: flow.conversations,
        counterpart,
        forward: direction_report(set, name, &flow.forward),
        reply: direction_report(set, name, &flow.reply),
    }
}

fn party_report(set: &Analyzed<'_>, party: &Party) -> AddressedParty {
    AddressedParty {
        address: party.address.to_string(),
        name: set.names.get(&party.address).cloned(),
        port: party.port,
        node: party
            .node
            .map(|node| set.timelines.node_name(node).to_owned()),
        kind: kind_name(party.kind),
    }
}

/// The word for a kind of address.
pub(super) const fn kind_name(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::Pod => "pod",
        PartyKind::Node => "node",
        PartyKind::Unknown => "unknown",
    }
}

fn direction_report(set: &Analyzed<'_>, name: SetName, direction: &Direction) -> DirectionReport {
    let mut counts = DispositionCounts::default();
    let mut losses: BTreeMap<(PointId, PointId, Trust), (u64, Option<Basis>)> = BTreeMap::new();
    for journey in &direction.journeys {
        match journey.disposition {
            Disposition::Delivered(_) => counts.delivered += 1,
            Disposition::NotCovered { .. } => counts.not_covered += 1,
            Disposition::Unknown { .. } => counts.unknown += 1,
            Disposition::Lost { from, to, trust } => {
                counts.lost += 1;
                losses
                    .entry((from, to, trust))
                    .or_insert((0, journey.basis))
                    .0 += 1;
            }
        }
    }
    let losses = losses
        .into_iter()
        .map(|((from, to, trust), (packets, basis))| LossReport {
            from: set.point(from),
            to: set.point(to),
            packets,
            capture: match trust {
                Trust::Proven => "proven",
                Trust::Assumed => "assumed",
            },
            expected_because: basis.map_or("", Basis::phrase),
        });
    DirectionReport {
        hops: direction
            .hops
            .iter()
            .map(|hop| hop_report(set, name, hop))
            .collect(),
        dispositions: counts,
        losses: losses.collect(),
        contradictions: direction.contradictions.clone(),
    }
}

fn hop_report(set: &Analyzed<'_>, name: SetName, hop: &Hop) -> HopReport {
    let point = set.point(hop.point);
    HopReport {
        node: point.node,
        interface: point.interface,
        role: set.timelines.role(hop.point).name(),
        encapsulation: hop.tunnel.map(|tunnel| EncapsulationReport {
            kind: tunnel.encapsulation.name(),
            vni: tunnel.vni.map(|vni| vni.0),
            source: tunnel.source.to_string(),
            destination: tunnel.destination.to_string(),
            port: Some(tunnel.destination_port).filter(|port| *port != 0),
            guessed: tunnel.guessed,
        }),
        packets: hop.packets,
        duplicates: hop.duplicates,
        ttl: TtlReport {
            min: hop.ttl.0,
            max: hop.ttl.1,
        },
        delay: hop.delay.map(|delay| DelayReport {
            samples: delay.samples,
            min_ns: delay.min.0,
            median_ns: delay.median.0,
            max_ns: delay.max.0,
        }),
        first: set.evidence(name, hop.first),
        placed_by: hop.reason.clone(),
    }
}
