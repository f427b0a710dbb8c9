//! Builds the timeline of one flow from its conversations.

use std::collections::{BTreeMap, BTreeSet};

use super::Coverage;
use super::accounting::{PointAccounting, Unmatched};
use super::address_plan::AddressPlan;
use super::blindness::Blindness;
use super::conversation::{Conversation, Seen};
use super::disposition::{Blind, Disposition, Proof};
use super::hop_order::{HopOrder, OrderContext};
use super::outcome::{AnsweredQueries, Judge};
use super::path::Paths;
use super::tcp_ranges::TcpRanges;
use super::timeline::{Delay, Direction, Hop, Journey, Party, PartyKind, Relation, Service};
use super::translation::Translations;
use super::trip::{Trip, Trips, match_sightings};
use crate::types::{Nanos, PointId, Protocol};
use std::net::IpAddr;

/// What makes conversations one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowId {
    pub(super) initiator: IpAddr,
    pub(super) responder: IpAddr,
    pub(super) protocol: Protocol,
    pub(super) service: Service,
}

/// One direction of a flow while it is being worked on.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) seen: Vec<Seen>,
    pub(super) matched: Trips,
    pub(super) order: HopOrder,
}

/// A flow while it is being worked on.
#[derive(Debug)]
pub(super) struct FlowTracks {
    pub(super) id: FlowId,
    pub(super) client_ports: Vec<u16>,
    pub(super) forward: Track,
    pub(super) reply: Track,
}

/// Joins conversations to flows, in the order of their ids.
pub(super) fn group_flows(conversations: Vec<Conversation>) -> Vec<FlowTracks> {
    let mut flows: BTreeMap<FlowId, FlowTracks> = BTreeMap::new();
    for conversation in conversations {
        let id = FlowId {
            initiator: conversation.key.source,
            responder: conversation.key.destination,
            protocol: conversation.key.protocol,
            service: conversation.service(),
        };
        let flow = flows.entry(id).or_insert_with(|| FlowTracks {
            id,
            client_ports: Vec::new(),
            forward: Track::default(),
            reply: Track::default(),
        });
        flow.client_ports.push(conversation.key.source_port);
        flow.forward.seen.extend(conversation.forward);
        flow.reply.seen.extend(conversation.reply);
    }
    flows.into_values().collect()
}

impl FlowTracks {
    /// Recognises packets and orders hops, both directions.
    pub(super) fn track(&mut self, context: &OrderContext<'_>) {
        for track in [&mut self.forward, &mut self.reply] {
            track.matched = match_sightings(&track.seen, context.layout.node_of, context.clocks);
        }
        // Each direction's order helps the other: a first one without help, then both with.
        let first = context.order(&self.forward.seen, &self.forward.matched.trips, None);
        self.reply.order = context.order(&self.reply.seen, &self.reply.matched.trips, Some(&first));
        let mirror = Some(&self.reply.order).filter(|order| !order.points.is_empty());
        self.forward.order = context.order(&self.forward.seen, &self.forward.matched.trips, mirror);
    }

    /// The parties, as the address plan knows them.
    pub(super) fn parties(&self, plan: &AddressPlan) -> (Party, Party, Relation) {
        let port = match self.client_ports.as_slice() {
            [port] if matches!(self.id.service, Service::Port(_)) => Some(*port),
            _ => None,
        };
        let service = match self.id.service {
            Service::Port(port) => Some(port),
            _ => None,
        };
        let party = |address: IpAddr, port| Party {
            address,
            port,
            node: plan.home(address),
            kind: plan.kind(address),
        };
        let (initiator, responder) = (
            party(self.id.initiator, port),
            party(self.id.responder, service),
        );
        (initiator, responder, relation(&initiator, &responder))
    }
}

fn relation(initiator: &Party, responder: &Party) -> Relation {
    use PartyKind::{Node, Pod};
    let same = initiator.node.is_some() && initiator.node == responder.node;
    let apart = initiator
        .node
        .zip(responder.node)
        .is_some_and(|(a, b)| a != b);
    match (initiator.kind, responder.kind) {
        (Pod, Pod) if same => Relation::SameNode,
        (Pod, Pod | PartyKind::Unknown) if apart => Relation::CrossNode,
        (Pod, Node) if same => Relation::PodToOwnNode,
        (Pod, Node) if apart => Relation::PodToRemoteNode,
        (Node, Pod) if same => Relation::NodeToOwnPod,
        (Node, Pod) if apart => Relation::NodeToRemotePod,
        (Node, Node) if apart => Relation::NodeToNode,
        _ => Relation::Other,
    }
}

/// What a direction is judged by.
pub(super) struct Scales<'a> {
    pub(super) paths: &'a Paths<'a>,
    pub(super) coverage: &'a Coverage,
    pub(super) context: &'a OrderContext<'a>,
    pub(super) translations: &'a Translations,
    pub(super) blindness: &'a Blindness,
    pub(super) cut: &'a BTreeSet<PointId>,
}

/// Judges one direction, and counts its packets.
pub(super) fn judge_direction(
    track: &Track,
    opposite: &Track,
    parties: (IpAddr, IpAddr),
    scales: &Scales<'_>,
    accounting: &mut [PointAccounting],
) -> Direction {
    let trips = &track.matched.trips;
    let mut judge = Judge {
        paths: scales.paths,
        coverage: scales.coverage,
        clocks: scales.context.clocks,
        layout: scales.context.layout,
        seen: &track.seen,
        order: &track.order,
        mirror: &opposite.order,
        parties,
        ranges: TcpRanges::new(&track.seen, trips, &opposite.seen),
        queries: AnsweredQueries::new(&track.seen, trips, &opposite.seen),
        translations: scales.translations,
        blindness: scales.blindness,
        headers_cut: track
            .seen
            .iter()
            .any(|s| s.sighting.fingerprint.headers.is_none()),
        cut: scales.cut,
    };
    let mut journeys = Vec::with_capacity(trips.len());
    for trip in trips {
        let (disposition, basis) = judge.judge(trip);
        account(trip, disposition, accounting);
        journeys.extend(journey(trip, track, disposition, basis));
    }
    for &copy in &track.matched.copies {
        if let Some(point) = track
            .seen
            .get(copy)
            .and_then(|s| accounting.get_mut(s.evidence.point.index()))
        {
            point.duplicate += 1;
        }
    }
    Direction {
        hops: hops(track, scales.context),
        journeys,
        translated: is_translated(track, scales),
        contradictions: track.order.contradictions.clone(),
    }
}

fn is_translated(track: &Track, scales: &Scales<'_>) -> bool {
    track.matched.trips.iter().any(|trip| {
        let first = trip
            .sightings
            .values()
            .next()
            .and_then(|&i| track.seen.get(i));
        first.is_some_and(|s| {
            scales
                .translations
                .goes_on(s, |point| trip.sightings.contains_key(&point))
        })
    })
}

fn journey(
    trip: &Trip,
    track: &Track,
    disposition: Disposition,
    basis: Option<super::Basis>,
) -> Option<Journey> {
    let mut points: Vec<PointId> = trip.sightings.keys().copied().collect();
    points.sort_by_key(|p| track.order.rank(*p));
    let at = |point: &PointId| trip.sightings.get(point).and_then(|&i| track.seen.get(i));
    let (first, last) = (at(points.first()?)?, at(points.last()?)?);
    Some(Journey {
        first: first.evidence,
        last: last.evidence,
        time: first.time,
        ip_len: first.sighting.ip_len,
        tunnel: last.sighting.tunnel,
        points,
        disposition,
        basis,
    })
}

fn account(trip: &Trip, disposition: Disposition, accounting: &mut [PointAccounting]) {
    let lone = trip.sightings.len() == 1;
    for point in trip.sightings.keys() {
        let Some(counts) = accounting.get_mut(point.index()) else {
            continue;
        };
        match disposition {
            _ if !lone => counts.matched += 1,
            Disposition::NotCovered {
                blind: Blind::Window,
                ..
            } => counts.outside_window += 1,
            Disposition::NotCovered {
                blind: Blind::Filter,
                ..
            } => {
                counts.add_unmatched(Unmatched::NotCovered);
            }
            Disposition::Lost { .. } => counts.add_unmatched(Unmatched::Lost),
            Disposition::Delivered(Proof::Resegmented) => {
                counts.add_unmatched(Unmatched::Resegmented);
            }
            Disposition::Unknown { .. } => counts.add_unmatched(Unmatched::Unknown),
            Disposition::NotCovered {
                blind: Blind::NoPoint,
                ..
            }
            | Disposition::Delivered(_) => {
                counts.add_unmatched(Unmatched::NoOtherPoint);
            }
        }
    }
}

fn hops(track: &Track, context: &OrderContext<'_>) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    for (point, reason) in &track.order.points {
        let here: Vec<&Seen> = track
            .matched
            .trips
            .iter()
            .filter_map(|trip| trip.sightings.get(point).and_then(|&i| track.seen.get(i)))
            .collect();
        let Some(first) = here.first() else { continue };
        let ttls = || here.iter().map(|s| s.sighting.ttl);
        let copies = track
            .matched
            .copies
            .iter()
            .filter_map(|&i| track.seen.get(i));
        let previous = hops.last().map(|hop| hop.point);
        hops.push(Hop {
            point: *point,
            packets: here.len() as u64,
            duplicates: copies.filter(|s| s.evidence.point == *point).count() as u64,
            tunnel: first.sighting.tunnel,
            ttl: (ttls().min().unwrap_or(0), ttls().max().unwrap_or(0)),
            delay: previous.and_then(|previous| delay(previous, *point, track, context)),
            first: first.evidence,
            reason: reason.clone(),
        });
    }
    hops
}

/// The time between two points of one node; between nodes it would compare clocks.
fn delay(from: PointId, to: PointId, track: &Track, context: &OrderContext<'_>) -> Option<Delay> {
    if context.layout.node(from) != context.layout.node(to) {
        return None;
    }
    let time = |trip: &Trip, point| {
        trip.sightings
            .get(&point)
            .and_then(|&i| track.seen.get(i))
            .map(|s| s.time)
    };
    let mut delays: Vec<Nanos> = track
        .matched
        .trips
        .iter()
        .filter_map(|trip| Some(time(trip, to)? - time(trip, from)?))
        .collect();
    delays.sort_unstable();
    let median = delays.get(delays.len().checked_sub(1)? / 2)?;
    Some(Delay {
        samples: delays.len() as u64,
        min: *delays.first()?,
        median: *median,
        max: *delays.last()?,
    })
}
