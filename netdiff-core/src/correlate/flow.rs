//! Groups conversations into flows, and recognizes their packets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address_plan::AddressPlan;
use super::conversation::Seen;
use super::hop::Spread;
use super::hop_order::{HopOrder, OrderContext, Way};
use super::linked::Linked;
use super::round_trip::round_trips;
use super::timeline::{Called, Party, PartyKind, Relation, Service};
use super::trip::{Timing, Trips};
use crate::identify::Detail;
use crate::types::{FlowKey, Protocol};

/// One of the address pairs under which a flow's packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stage {
    pub(super) initiator: IpAddr,
    pub(super) responder: IpAddr,
    pub(super) service: Service,
}

/// What makes conversations one flow: who talks to whom, and the same translations on the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowId {
    /// The initiator itself, as the first stage has it.
    pub(super) initiator: IpAddr,
    /// The responder itself, as the last stage has it.
    pub(super) responder: IpAddr,
    pub(super) protocol: Protocol,
    /// What the responder itself offers.
    pub(super) service: Service,
    /// From the initiator's side on; one where nothing is translated.
    pub(super) stages: Vec<Stage>,
}

impl FlowId {
    fn of(linked: &Linked) -> Option<Self> {
        let service = service_of(linked);
        let stages: Vec<Stage> = linked
            .keys
            .iter()
            .map(|key| Stage {
                initiator: key.source,
                responder: key.destination,
                service: service(key),
            })
            .collect();
        let (first, last) = (*stages.first()?, *stages.last()?);
        Some(Self {
            initiator: first.initiator,
            responder: last.responder,
            protocol: linked.keys.first()?.protocol,
            service: last.service,
            stages,
        })
    }

    /// The address that the initiator called, where something leads it elsewhere.
    fn called(&self) -> Option<Called> {
        let first = self.stages.first()?;
        let elsewhere = (first.responder, first.service) != (self.responder, self.service);
        elsewhere.then_some(Called {
            address: first.responder,
            port: match first.service {
                Service::Port(port) => Some(port),
                _ => None,
            },
        })
    }

    /// The address that the responder sees the initiator under, where that is another.
    fn seen_as(&self) -> Option<IpAddr> {
        let last = self.stages.last()?;
        (last.initiator != self.initiator).then_some(last.initiator)
    }
}

/// What the responder of a conversation offers under one of its keys.
fn service_of(linked: &Linked) -> impl Fn(&FlowKey) -> Service + use<> {
    let detail = linked.forward.first().map(|s| s.sighting.detail);
    move |key| match key.protocol {
        Protocol::TCP | Protocol::UDP | Protocol::SCTP | Protocol::UDP_LITE => {
            Service::Port(key.destination_port)
        }
        Protocol::ICMP | Protocol::ICMPV6 => match detail {
            Some(Detail::Query { .. }) => Service::Echo,
            Some(Detail::IcmpError { .. }) => Service::IcmpError,
            _ => Service::None,
        },
        _ => Service::None,
    }
}

/// One direction of a flow while it is being worked on.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) seen: Vec<Seen>,
    pub(super) matched: Trips,
    pub(super) order: HopOrder,
}

impl Track {
    /// Whether a sighting lacks part of its transport header.
    pub(super) fn has_cut_headers(&self) -> bool {
        let mut prints = self.seen.iter().map(|s| s.sighting.fingerprint);
        prints.any(|print| print.headers.is_none())
    }
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
pub(super) fn group_flows(conversations: Vec<Linked>) -> Vec<FlowTracks> {
    let mut flows: BTreeMap<FlowId, FlowTracks> = BTreeMap::new();
    for linked in conversations {
        let (Some(id), Some(key)) = (FlowId::of(&linked), linked.keys.first()) else {
            continue;
        };
        let port = key.source_port;
        let flow = flows.entry(id).or_insert_with_key(|id| FlowTracks {
            id: id.clone(),
            client_ports: Vec::new(),
            forward: Track::default(),
            reply: Track::default(),
        });
        flow.client_ports.push(port);
        append(&mut flow.forward.seen, linked.forward);
        append(&mut flow.reply.seen, linked.reply);
    }
    flows.into_values().collect()
}

/// Most flows have one conversation, which is not copied.
fn append(all: &mut Vec<Seen>, more: Vec<Seen>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
    }
}
/// Places of a direction that are asked for round trips: nobody's packets pass so many.
const MAX_ASKED: usize = 64;

impl FlowTracks {
    /// At the first place of the initiator's packets that saw answers.
    pub(super) fn round_trip(&self) -> Option<Spread> {
        let mut places = self.forward.order.places.iter().take(MAX_ASKED);
        places.find_map(|(place, _)| round_trips(*place, &self.forward.seen, &self.reply.seen))
    }

    /// From where to where: the parties themselves, whatever their packets say on the way.
    pub(super) fn ways(&self) -> (Way, Way) {
        let last_stage = u8::try_from(self.id.stages.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let (initiator, responder) = (self.id.initiator, self.id.responder);
        let there = Way {
            source: initiator,
            destination: responder,
            reply: false,
            last_stage,
        };
        let back = Way {
            source: responder,
            destination: initiator,
            reply: true,
            last_stage,
        };
        (there, back)
    }

    /// Recognizes packets and orders hops, both directions.
    pub(super) fn track(&mut self, context: &OrderContext<'_>) {
        for track in [&mut self.forward, &mut self.reply] {
            let timing = Timing {
                node_of: context.layout.node_of,
                clocks: context.clocks,
            };
            track.matched = std::mem::take(&mut track.matched).again(&track.seen, timing);
        }
        let (there, back) = self.ways();
        let order = |track: &Track, way, mirror| {
            context.order(&track.seen, &track.matched.straight(), way, mirror)
        };
        // Each direction's order helps the other: a first one without help, then both with.
        let first = order(&self.forward, there, None);
        self.reply.order = order(&self.reply, back, Some(&first));
        let mirror = Some(&self.reply.order).filter(|order| !order.places.is_empty());
        self.forward.order = order(&self.forward, there, mirror);
    }

    /// What the initiator called, and what the responder sees it as, where translation makes them differ.
    pub(super) fn translated_ends(&self) -> (Option<Called>, Option<IpAddr>) {
        (self.id.called(), self.id.seen_as())
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
