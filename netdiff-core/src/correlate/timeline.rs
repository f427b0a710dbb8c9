//! The door of the room: what happened to every flow of a capture set.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::accounting::PointAccounting;
use super::address_plan::AddressPlan;
use super::basis::Basis;
use super::clock::Clocks;
use super::coverage::{Coverage, Ran};
use super::disposition::Disposition;
use super::habits::Habits;
use super::hop::{Hop, Spread};
use super::links::Links;
use super::matched_by::MatchedBy;
use super::tally::Tally;
use crate::identify::{ArpSighting, Evidence, FragmentTrouble, Quote, TcpFlags, Tunnel};
use crate::types::{CapturePoint, FileId, LinkType, PointId, Protocol, Role, Timestamp};

/// Index of a node in its set's sorted list of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into a list of nodes.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a role is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RoleBasis {
    /// A manifest states it.
    Stated,
    /// The interface's name is customary for it.
    Name,
    /// The packets seen there tell.
    Packets,
}

/// A capture point of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetPoint {
    /// Node and interface.
    pub point: CapturePoint,
    /// The part that the interface plays.
    pub role: Role,
    /// How that is known.
    pub role_basis: RoleBasis,
    /// The files it was captured in, in time order.
    pub files: Vec<FileId>,
    /// How its packets begin; `None` for a capture without any header that says so.
    pub link_type: Option<LinkType>,
    /// Packets seen.
    pub packets: u64,
    /// Earliest packet, by the node's own clock.
    pub first_time: Option<Timestamp>,
    /// Latest packet, by the node's own clock.
    pub last_time: Option<Timestamp>,
    /// Packets that the capture itself says it lost.
    pub dropped: u64,
    /// Whether the capture says that it was taken with a filter.
    pub filtered: bool,
    /// Datagrams whose fragments are not all there, or overlap.
    pub fragments: FragmentTrouble,
    /// When it was captured, as far as its packets do not show it.
    #[serde(skip)]
    pub ran: Ran,
}

/// Everything that was learned from one capture set.
#[derive(Clone, Debug)]
pub struct Timelines {
    /// The capture points, sorted by node and interface; [`PointId`] indexes them.
    pub points: Vec<SetPoint>,
    /// The nodes' names, sorted; [`NodeId`] indexes them.
    pub nodes: Vec<Box<str>>,
    /// The node of each point.
    pub node_of: Vec<NodeId>,
    /// The flows, sorted by initiator, responder, protocol and service.
    pub flows: Vec<FlowTimeline>,
    /// Which address lives on which node, and how that is known.
    pub plan: AddressPlan,
    /// How the nodes' clocks differ.
    pub clocks: Clocks,
    /// When each point was captured.
    pub coverage: Coverage,
    /// ARP packets, in file order.
    pub arp: Vec<(Evidence, ArpSighting)>,
    /// When each of them was captured, by its node's clock; in the same order.
    pub arp_times: Vec<Timestamp>,
    /// The link addresses and checksums that packets were seen with.
    pub links: Links,
    /// ICMP errors, in file order.
    pub icmp_errors: Vec<IcmpError>,
    /// What the set does that is no flow's matter.
    pub habits: Habits,
    /// What became of every packet, per point.
    pub accounting: Vec<PointAccounting>,
}

impl Timelines {
    /// Whether its packets are there; a baseline has only what was counted of them.
    #[must_use]
    pub fn has_packets(&self) -> bool {
        !self.accounting.is_empty()
    }

    /// The node that a capture point belongs to.
    #[must_use]
    pub fn node(&self, point: PointId) -> NodeId {
        self.node_of
            .get(point.index())
            .copied()
            .unwrap_or(NodeId(0))
    }

    /// The role of a capture point.
    #[must_use]
    pub fn role(&self, point: PointId) -> Role {
        self.points
            .get(point.index())
            .map_or(Role::Unknown, |p| p.role)
    }

    /// Node and interface of a capture point.
    #[must_use]
    pub fn name(&self, point: PointId) -> CapturePoint {
        self.points
            .get(point.index())
            .map_or_else(|| CapturePoint::new("?", "?"), |p| p.point.clone())
    }

    /// The name of a node.
    #[must_use]
    pub fn node_name(&self, node: NodeId) -> &str {
        self.nodes.get(node.index()).map_or("?", |name| name)
    }
}

/// An ICMP error that a capture point saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Where.
    pub evidence: Evidence,
    /// When, by the clock of the node that captured it.
    pub time: Timestamp,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Type.
    pub icmp_type: u8,
    /// Code.
    pub code: u8,
    /// The largest packet that fits, in bytes, where it says so.
    pub next_hop_mtu: Option<u32>,
    /// The packet that caused it.
    pub quote: Option<Quote>,
}

/// What kind of address a party has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PartyKind {
    /// A pod.
    Pod,
    /// A node itself.
    Node,
    /// Not known: outside the captured nodes, or never seen to send.
    Unknown,
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Party {
    /// Its address.
    pub address: IpAddr,
    /// Its port, where the flow has one conversation or this is the service.
    pub port: Option<u16>,
    /// The node it lives on, where that is known.
    pub node: Option<NodeId>,
    /// Pod or node.
    pub kind: PartyKind,
}

/// What a flow is for, as far as its protocol tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// ICMP echo: a ping.
    Echo,
    /// A TCP, UDP or SCTP port of the responder.
    Port(u16),
    /// ICMP errors, which answer something else.
    IcmpError,
    /// A protocol without ports.
    None,
}

/// How the two ends of a flow lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Pod to pod, on different nodes.
    CrossNode,
    /// Pod to pod, on one node.
    SameNode,
    /// Pod to another node's own address.
    PodToRemoteNode,
    /// Pod to the address of its own node.
    PodToOwnNode,
    /// Node to a pod on another node.
    NodeToRemotePod,
    /// Node to one of its own pods.
    NodeToOwnPod,
    /// Node to node.
    NodeToNode,
    /// One end is on no captured node, or unknown.
    Other,
}

impl Relation {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrossNode => text!("cross-node"),
            Self::SameNode => text!("same-node"),
            Self::PodToRemoteNode => text!("pod-to-remote-node"),
            Self::PodToOwnNode => text!("pod-to-own-node"),
            Self::NodeToRemotePod => text!("node-to-remote-pod"),
            Self::NodeToOwnPod => text!("node-to-own-pod"),
            Self::NodeToNode => text!("node-to-node"),
            Self::Other => text!("other"),
        }
    }
}

/// All conversations of one initiator with one service of a responder.
///
/// Client ports and ping identifiers do not part flows: they are as random as a ticket number, and a
/// thousand connections to one service are one story.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlowTimeline {
    /// Who began.
    pub initiator: Party,
    /// Who was called.
    pub responder: Party,
    /// IP protocol.
    pub protocol: Protocol,
    /// What for.
    pub service: Service,
    /// How the two lie to each other.
    pub relation: Relation,
    /// How many conversations (5-tuples, ping runs) it has.
    pub conversations: u64,
    /// How many flows it stands for: 1, but in a baseline, where flows that are alike are one.
    pub stands_for: u64,
    /// What the initiator called, where something (a service's address, a node's port) leads it to the responder.
    pub called: Option<Called>,
    /// The address under which the responder sees the initiator, where something (masquerade) hides it.
    pub seen_as: Option<IpAddr>,
    /// From pings and SYNs to their answers, at the capture point nearest to the initiator that saw both.
    pub round_trip: Option<Spread>,
    /// Initiator to responder.
    pub forward: Direction,
    /// Responder to initiator.
    pub reply: Direction,
}

impl FlowTimeline {
    /// Whether it must be answered (a ping, a TCP connection) and no answer was seen anywhere.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        let expects = self.service == Service::Echo || self.protocol == Protocol::TCP;
        expects && self.reply.tally.packets() == 0
    }
}

/// An address that leads somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Called {
    /// The address.
    pub address: IpAddr,
    /// The port, where the protocol has ports.
    pub port: Option<u16>,
}

/// One direction of a flow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Direction {
    /// By what its packets were recognized: the weakest of its conversations; `None` where TCP's bytes alone did.
    pub matched_by: Option<MatchedBy>,
    /// The capture points that saw it, in the order in which packets pass them.
    pub hops: Vec<Hop>,
    /// What became of each packet, by the time of its first sighting; empty where the packets are gone (a baseline).
    #[serde(skip)]
    pub journeys: Vec<Journey>,
    /// The same, counted.
    pub tally: Tally,
    /// Evidence that speaks against the order of the hops, as sentences.
    pub contradictions: Vec<String>,
}

/// One packet's way through the capture points.
///
/// Of TCP, a piece of one where segmentation offload cuts differently at different points: the bytes that the same segments hold at
/// each point. A super-packet is then the evidence of several journeys.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its sightings in hop order, one a hop; never empty.
    pub sightings: Vec<Evidence>,
    /// For each sighting, at which of the direction's [`hops`](Direction::hops) it was: an index.
    pub hops: Vec<u16>,
    /// When it was first seen, by that node's clock.
    pub time: Timestamp,
    /// Length of the inner-most IP packet in bytes, where it was last seen.
    pub ip_len: u32,
    /// The initiator's port or ICMP identifier where it was first seen, which tells the conversations of a flow apart; 0 where there is none.
    pub port: u16,
    /// TCP's flags, where the capture holds them.
    pub flags: Option<TcpFlags>,
    /// Time to live where it was last seen.
    pub ttl: u8,
    /// Whether it must not be fragmented; never over IPv6, where no router does that.
    pub dont_fragment: bool,
    /// How many fragments it came in where it was last seen; 1 for a whole packet.
    pub fragments: u16,
    /// Of TCP, the sequence numbers that it takes, the first one and the one behind the last (modulo 2^32); `None` for everything
    /// that takes none.
    pub sequence: Option<(u32, u32)>,
    /// The tunnel at the last sighting.
    pub tunnel: Option<Tunnel>,
    /// What became of it.
    pub disposition: Disposition,
    /// On what the expectation rests, where it was expected further on.
    pub basis: Option<Basis>,
    /// How many packets it stands for, itself among them. Of large sets, packets of one conversation that came through the same points,
    /// each once and in order, are told by a few of them.
    pub stands_for: u64,
}

impl Journey {
    /// Its first sighting in hop order.
    #[must_use]
    pub fn first(&self) -> Option<Evidence> {
        self.sightings.first().copied()
    }

    /// Its last sighting in hop order.
    #[must_use]
    pub fn last(&self) -> Option<Evidence> {
        self.sightings.last().copied()
    }

    /// Its sightings, each with the hop at which it was.
    pub fn steps<'a>(
        &'a self,
        direction: &'a Direction,
    ) -> impl Iterator<Item = (&'a Hop, Evidence)> + 'a {
        let sightings = self.hops.iter().zip(&self.sightings);
        sightings
            .filter_map(|(hop, evidence)| Some((direction.hops.get(usize::from(*hop))?, *evidence)))
    }

    /// The points that saw it, in hop order.
    pub fn points(&self) -> impl Iterator<Item = PointId> + '_ {
        self.sightings.iter().map(|evidence| evidence.point)
    }
}
