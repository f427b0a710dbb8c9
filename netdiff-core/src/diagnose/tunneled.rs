//! What rules about tunnels ask of a case: whose packets, in which tunnels, beside which others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::case::Case;
use super::facts::{Loss, Way};
use super::finding::{Explained, NodePair};
use super::tunnels::{TunnelHop, Tunnels};
use crate::correlate::MacPair;
use crate::identify::{Encapsulation, Evidence, Tunnel};
use crate::types::PointId;

/// How interfaces are called where a program, and not the kernel's tables, decides on each packet in tunnels.
const PROGRAMMED: &[&str] = &[
    "cilium",
    "lxc",
    "genev_sys",
    "vxlan_sys",
    "gre_sys",
    "ovs",
    "ovn",
    "br-int",
    "antrea",
];

impl<'a> Case<'a> {
    /// All tunnels of the set.
    pub(super) fn tunnels(&self) -> &'a Tunnels {
        self.facts.tunnels()
    }

    /// Whether the network plugin's tunnel devices are told by program what to do with each packet (Cilium, Open vSwitch and what is
    /// built on it): they have no forwarding table, take any VNI (it says who sends) and any MAC address. Interfaces' names tell.
    pub(super) fn has_programmed_tunnels(&self) -> bool {
        let mut points = self.timelines.points.iter();
        points.any(|point| {
            let name = &point.point.interface;
            PROGRAMMED.iter().any(|start| name.starts_with(start))
        })
    }

    /// The tunnels that the points which saw a packet saw its flow in, in packet order.
    pub(super) fn tunnels_of(&self, id: Explained) -> Vec<(PointId, Tunnel)> {
        let Some(journey) = self.journey(id) else {
            return Vec::new();
        };
        let tunnel = |point| Some((point, self.hop(id, point)?.tunnel?));
        journey.points().filter_map(tunnel).collect()
    }

    /// The node that sent a packet and another one that should get it, as far as addresses tell.
    pub(super) fn ends_of(&self, id: Explained) -> Option<NodePair> {
        let flow = self.flow(id)?;
        let parties = if id.reply {
            (flow.responder, flow.initiator)
        } else {
            (flow.initiator, flow.responder)
        };
        let tunnels = self.tunnels_of(id);
        let home = |end: fn(&Tunnel) -> IpAddr| {
            let mut ends = tunnels.iter().map(|(_, tunnel)| end(tunnel));
            ends.find_map(|address| self.timelines.plan.home(address))
        };
        let sender = parties.0.node.or_else(|| home(|tunnel| tunnel.source))?;
        let receiver = parties.1.node.or_else(|| home(|t| t.destination))?;
        (sender != receiver).then_some((sender, receiver))
    }

    /// The link addresses that packets like this one had inside the tunnel, each with a packet that shows it; of all flows in that
    /// tunnel.
    pub(super) fn inner_frames(&self, id: Explained) -> BTreeMap<MacPair, Evidence> {
        let mut frames = BTreeMap::new();
        for (point, tunnel) in self.tunnels_of(id) {
            for link in self.tunnels().links(point, tunnel) {
                if let Some(inner) = link.inner {
                    frames.entry(inner).or_insert(link.first);
                }
            }
        }
        frames
    }

    /// Tunneled packets of the opposite direction, by the same encapsulation and sent by another node: to the sender's inner address,
    /// or from the receiver's.
    pub(super) fn opposite(&self, loss: &Loss) -> Vec<&'a TunnelHop> {
        let Some((point, tunnel)) = self.tunnels_of(loss.journey).pop() else {
            return Vec::new();
        };
        let Some(hop) = self.hop(loss.journey, point) else {
            return Vec::new();
        };
        let sender = self.ends_of(loss.journey).map(|(sender, _)| sender);
        let back = |end: IpAddr| self.tunnels().with_end(end);
        let to_sender = back(hop.source).filter(|other| other.destination == hop.source);
        let from_receiver = back(hop.destination).filter(|other| other.source == hop.destination);
        let opposite = to_sender.chain(from_receiver).filter(|other| {
            let alike = other.tunnel.encapsulation == tunnel.encapsulation;
            alike && other.sender.is_some() && other.sender != sender
        });
        opposite.collect()
    }

    /// One of the losses of each kind: between the same nodes, on the same segment, in the same tunnel.
    pub(super) fn kinds<'l>(&self, losses: &[&'l Loss]) -> Vec<&'l Loss> {
        let mut kinds = BTreeMap::new();
        for loss in losses {
            let kind = (self.ends_of(loss.journey), loss.segment(), loss.tunnel);
            kinds.entry(kind).or_insert(*loss);
        }
        kinds.into_values().collect()
    }

    /// Losses by the node that sent them and the one that should have got them; those whose ends are not known are left out.
    pub(super) fn by_ends(
        &self,
        losses: impl IntoIterator<Item = &'a Loss>,
    ) -> BTreeMap<NodePair, Vec<&'a Loss>> {
        let mut pairs: BTreeMap<NodePair, Vec<&Loss>> = BTreeMap::new();
        for loss in losses {
            if let Some(ends) = self.ends_of(loss.journey) {
                pairs.entry(ends).or_default().push(loss);
            }
        }
        pairs
    }

    /// The same for both directions together: one cause mostly takes both.
    pub(super) fn by_pair(
        &self,
        losses: impl IntoIterator<Item = &'a Loss>,
    ) -> BTreeMap<NodePair, Vec<&'a Loss>> {
        let mut pairs: BTreeMap<NodePair, Vec<&Loss>> = BTreeMap::new();
        for ((from, to), losses) in self.by_ends(losses) {
            let pair = (from.min(to), from.max(to));
            pairs.entry(pair).or_default().extend(losses);
        }
        pairs
    }

    /// What got from one node to another outside of tunnels, by flow and segment.
    pub(super) fn plain_crossings(&self, (from, to): NodePair) -> Vec<PlainCrossing> {
        let timelines = self.timelines;
        let mut crossings = Vec::new();
        for (segment, ways) in &self.facts.passed {
            if (timelines.node(segment.0), timelines.node(segment.1)) != (from, to) {
                continue;
            }
            for ((flow, reply), passed) in ways {
                let id = Explained {
                    flow: *flow,
                    reply: *reply,
                    journey: 0,
                };
                let hop = self.hop(id, segment.0);
                if let Some(hop) = hop.filter(|hop| hop.tunnel.is_none()) {
                    crossings.push(PlainCrossing {
                        segment: *segment,
                        source: hop.source,
                        destination: hop.destination,
                        packets: passed.packets,
                    });
                }
            }
        }
        crossings
    }

    /// How many packets outside of tunnels took the way that a lost tunnel packet should have taken: between the same two points, or
    /// between the ends of its tunnel.
    pub(super) fn plain_beside(&self, loss: &Loss) -> u64 {
        let nodes = [loss.from, loss.to].map(|point| self.timelines.node(point));
        let crossings = self.plain_crossings((nodes[0], nodes[1])).into_iter();
        let beside = crossings.filter(|plain| {
            let ends = loss.tunnel.map(|t| (t.source, t.destination));
            plain.segment == loss.segment() || Some((plain.source, plain.destination)) == ends
        });
        beside.map(|plain| plain.packets).sum()
    }
}

/// What got from one node to another outside of tunnels, of one direction of a flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainCrossing {
    /// Between which points.
    pub segment: (PointId, PointId),
    /// Its source address on the network between the nodes.
    pub source: IpAddr,
    /// Its destination address there.
    pub destination: IpAddr,
    /// How many.
    pub packets: u64,
}

/// Losses by direction of a flow and segment: what is alike in all that matters to rules about tunnels.
pub(super) fn by_way<'a>(
    losses: impl IntoIterator<Item = &'a Loss>,
) -> BTreeMap<(Way, (PointId, PointId)), Vec<&'a Loss>> {
    let mut ways: BTreeMap<_, Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        let way = (loss.journey.flow, loss.journey.reply);
        ways.entry((way, loss.segment())).or_default().push(loss);
    }
    ways
}

/// One of the losses of each direction of a flow on each segment.
pub(super) fn examples<'a>(losses: &[&'a Loss]) -> Vec<&'a Loss> {
    let ways = by_way(losses.iter().copied()).into_values();
    ways.filter_map(|losses| losses.first().copied()).collect()
}

/// `VXLAN`, as people write it.
pub(super) const fn spelled(encapsulation: Encapsulation) -> &'static str {
    match encapsulation {
        Encapsulation::Vxlan => "VXLAN",
        Encapsulation::Geneve => "Geneve",
        Encapsulation::Gre => "GRE",
        Encapsulation::IpInIp => "IP-in-IP",
        Encapsulation::Udp => "IP-in-UDP",
        Encapsulation::Gue => "GUE",
        Encapsulation::Gtpu => "GTP-U",
        Encapsulation::L2tp => "L2TP",
        Encapsulation::Teredo => "Teredo",
    }
}
