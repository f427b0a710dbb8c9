//! What nodes put into tunnels and what they take out of them, for the rules about tunnel devices.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::case::Case;
use super::facts::{Loss, Passed, Way};
use super::finding::{Explained, NodePair};
use crate::correlate::{Link, MacPair, NodeId, Timelines};
use crate::identify::{Encapsulation, Evidence, MacAddr, Tunnel};
use crate::types::{PointId, Role};

/// One direction of a flow at a point that saw it in a tunnel.
#[derive(Clone, Copy, Debug)]
pub(super) struct TunnelHop {
    /// Which direction of which flow.
    pub way: Way,
    /// Where.
    pub point: PointId,
    /// The tunnel around its packets there.
    pub tunnel: Tunnel,
    /// The node that put them into it, if that is known.
    pub sender: Option<NodeId>,
    /// Inner source address.
    pub source: IpAddr,
    /// Inner destination address.
    pub destination: IpAddr,
    /// The first of its packets there.
    pub first: Evidence,
}

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

/// MAC addresses, each with a packet that shows it.
pub(super) type Macs = BTreeMap<MacAddr, Evidence>;

/// All tunnels of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct Tunnels {
    /// Every direction of a flow at every point that saw it in a tunnel, by flow.
    pub hops: Vec<TunnelHop>,
    /// By inner address at either end; one for each sender, tunnel and pair of addresses.
    by_end: BTreeMap<IpAddr, Vec<TunnelHop>>,
    links: BTreeMap<(PointId, Tunnel), Vec<Link>>,
    /// The addresses that each node's tunnel device sends with.
    macs: BTreeMap<NodeId, Macs>,
    /// The directions of flows of which a node took packets out of the tunnel.
    taken: BTreeSet<(Way, NodeId)>,
    /// The directions of flows of which a node passed packets on, behind the tunnel.
    passed_on: BTreeSet<(Way, NodeId)>,
    /// The addresses to which tunneled packets were sent that a node passed on.
    accepted: BTreeSet<(NodeId, MacAddr)>,
}

impl Tunnels {
    /// The tunnels of a set; `passed` is what got from one point to the next.
    pub(super) fn new(
        timelines: &Timelines,
        passed: &BTreeMap<(PointId, PointId), BTreeMap<Way, Passed>>,
    ) -> Self {
        let mut tunnels = Self {
            hops: tunnel_hops(timelines),
            ..Self::default()
        };
        for link in &timelines.links.links {
            if let Some(tunnel) = link.tunnel {
                let key = (link.point, tunnel);
                tunnels.links.entry(key).or_default().push(*link);
            }
        }
        for ((from, to), ways) in passed {
            tunnels.note_passed(timelines, (*from, *to), ways.keys());
        }
        tunnels.note_ends();
        tunnels.note_macs();
        tunnels
    }

    fn note_ends(&mut self) {
        let mut known = BTreeSet::new();
        for hop in &self.hops {
            if known.insert((hop.sender, hop.tunnel, hop.source, hop.destination)) {
                for end in [hop.source, hop.destination] {
                    self.by_end.entry(end).or_default().push(*hop);
                }
            }
        }
    }

    fn note_passed<'a>(
        &mut self,
        timelines: &Timelines,
        (from, to): (PointId, PointId),
        ways: impl Iterator<Item = &'a Way>,
    ) {
        let node = timelines.node(to);
        let comes_in = timelines.node(from) != node
            || matches!(timelines.role(from), Role::Uplink | Role::Vtep);
        let inside = timelines.role(to);
        if !comes_in || inside == Role::Uplink {
            return;
        }
        for way in ways {
            self.taken.insert((*way, node));
            if inside != Role::Vtep {
                self.passed_on.insert((*way, node));
            }
        }
    }

    fn note_macs(&mut self) {
        for hop in &self.hops {
            let links = self.links.get(&(hop.point, hop.tunnel));
            let frames = || {
                links
                    .into_iter()
                    .flatten()
                    .filter_map(|l| Some((l.inner?, l)))
            };
            if let Some(sender) = hop.sender {
                let macs = self.macs.entry(sender).or_default();
                for ((source, _), link) in frames() {
                    macs.entry(source).or_insert(link.first);
                }
            }
            // Where frames for several addresses go in one tunnel, which of them a flow's are cannot be told.
            let mut targets = frames().map(|((_, target), _)| target);
            let Some(target) = targets.next().filter(|t| targets.all(|other| other == *t)) else {
                continue;
            };
            let on = self.passed_on.range((hop.way, NodeId(0))..);
            for (_, node) in on.take_while(|(way, _)| *way == hop.way) {
                self.accepted.insert((*node, target));
            }
        }
    }

    /// Packets of one kind that a point saw in a tunnel.
    pub(super) fn links(&self, point: PointId, tunnel: Tunnel) -> impl Iterator<Item = &Link> {
        self.links.get(&(point, tunnel)).into_iter().flatten()
    }

    /// The addresses that a node's tunnel device sends with; none if it was never seen to send.
    pub(super) fn macs(&self, node: NodeId) -> impl Iterator<Item = (MacAddr, Evidence)> + '_ {
        let macs = self.macs.get(&node).into_iter().flatten();
        macs.map(|(mac, evidence)| (*mac, *evidence))
    }

    /// The node whose tunnel device sends with an address.
    pub(super) fn node_with(&self, mac: MacAddr) -> Option<NodeId> {
        let mut nodes = self.macs.iter();
        nodes
            .find(|(_, macs)| macs.contains_key(&mac))
            .map(|(node, _)| *node)
    }

    /// Whether a node passes on tunneled packets that were sent to this address.
    pub(super) fn accepts(&self, node: NodeId, mac: MacAddr) -> bool {
        self.accepted.contains(&(node, mac))
    }

    /// Whether a node took packets of a direction of a flow out of the tunnel.
    pub(super) fn is_taken(&self, way: Way, node: NodeId) -> bool {
        self.taken.contains(&(way, node))
    }

    /// Whether a node passed packets of a direction of a flow on, behind the tunnel.
    pub(super) fn is_passed_on(&self, way: Way, node: NodeId) -> bool {
        self.passed_on.contains(&(way, node))
    }

    /// Whether a point saw anything in a tunnel: then its capture leaves no tunnels out.
    pub(super) fn shows_tunnels(&self, point: PointId) -> bool {
        self.hops.iter().any(|hop| hop.point == point)
    }

    /// Whether a node sends in a tunnel like this one, or took anything out of one, whoever sent it: same encapsulation, port and
    /// network. Then it has the device for it, and the device is up.
    pub(super) fn knows(&self, node: NodeId, tunnel: Tunnel) -> bool {
        let kind = |t: Tunnel| (t.encapsulation, t.destination_port, t.vni);
        self.hops.iter().any(|hop| {
            kind(hop.tunnel) == kind(tunnel)
                && (hop.sender == Some(node) || self.is_taken(hop.way, node))
        })
    }
}

fn tunnel_hops(timelines: &Timelines) -> Vec<TunnelHop> {
    let ways = timelines
        .flows
        .iter()
        .enumerate()
        .flat_map(|(index, flow)| {
            [
                ((index, false), flow.initiator, &flow.forward),
                ((index, true), flow.responder, &flow.reply),
            ]
        });
    let hops = ways.flat_map(|(way, party, direction)| {
        direction.hops.iter().filter_map(move |hop| {
            let tunnel = hop.tunnel?;
            let home = || timelines.plan.home(tunnel.source);
            Some(TunnelHop {
                way,
                point: hop.point,
                tunnel,
                sender: party.node.or_else(home),
                source: hop.source,
                destination: hop.destination,
                first: hop.first,
            })
        })
    });
    hops.collect()
}

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
        let known = &self.tunnels().by_end;
        let back = |end: IpAddr| known.get(&end).into_iter().flatten();
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
