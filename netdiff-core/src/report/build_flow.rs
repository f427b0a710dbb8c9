//! A flow of the timelines as a flow of the report.

use super::build::{Analyzed, flow_id};
use super::build_ends::Ends;
use super::model::SetName;
use super::model_flow::{
    AddressedParty, CalledReport, ChangeReport, DelayReport, DirectionReport, DuplicatesReport,
    EncapsulationReport, FlowKeyReport, FlowReport, HopReport, RoundTripReport, TtlReport,
};
use super::over_time::over_time_report;
use crate::correlate::{
    Called, Change, Direction, FlowTimeline, Hop, MatchedBy, Party, PartyKind, Service,
};

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
        called: flow
            .called
            .as_ref()
            .map(|called| called_report(set, called)),
        seen_as: flow.seen_as.map(|address| address.to_string()),
        round_trip: flow.round_trip.map(|times| RoundTripReport {
            samples: times.samples,
            min_ns: times.min.0,
            median_ns: times.median.0,
            high_ns: times.high.0,
            max_ns: times.max.0,
        }),
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

fn change_report(change: &Change) -> ChangeReport {
    ChangeReport {
        field: change.field.name(),
        before: change.before.clone(),
        after: change.after.clone(),
        packets: change.packets,
        expected: change.expected,
    }
}

fn called_report(set: &Analyzed<'_>, called: &Called) -> CalledReport {
    CalledReport {
        address: called.address.to_string(),
        name: set.names.get(&called.address).cloned(),
        port: called.port,
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
    let ends = Ends::of(direction);
    DirectionReport {
        matched_by: direction.matched_by.map(MatchedBy::name),
        hops: direction
            .hops
            .iter()
            .map(|hop| hop_report(set, name, hop))
            .collect(),
        dispositions: ends.counts,
        losses: ends.losses(set, name),
        rejections: ends.rejections(set, name),
        loops: ends.loops(set, name),
        over_time: over_time_report(&direction.tally.over_time).filter(|_| ends.is_trouble()),
        reasons: ends.reasons,
        unseen_bytes: direction.tally.unseen_bytes,
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
        source: hop.source.to_string(),
        destination: hop.destination.to_string(),
        duplicates: hop.duplicates.total(),
        duplicates_by_kind: DuplicatesReport {
            same_frame: hop.duplicates.same_frame,
            other_frame: hop.duplicates.other_frame,
            loop_rounds: hop.duplicates.rounds,
        },
        ttl: TtlReport {
            min: hop.ttl.0,
            max: hop.ttl.1,
        },
        delay: hop.delay.map(|delay| DelayReport {
            samples: delay.times.samples,
            min_ns: delay.times.min.0,
            median_ns: delay.times.median.0,
            high_ns: delay.times.high.0,
            max_ns: delay.times.max.0,
            bound_ns: delay.bound.0,
        }),
        changes: hop.changes.iter().map(change_report).collect(),
        first: set.evidence(name, hop.first),
        placed_by: hop.reason.to_string(),
    }
}
