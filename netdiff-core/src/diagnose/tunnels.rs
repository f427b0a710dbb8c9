//! What nodes put into tunnels and what they take out of them, for the rules about tunnel devices.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{Passed, Way};
use crate::correlate::{Link, NodeId, Timelines};
use crate::identify::{Evidence, MacAddr, Tunnel};
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

    /// What is in tunnels with this inner address at either end; one for each sender, tunnel and pair of addresses.
    pub(super) fn with_end(&self, end: IpAddr) -> impl Iterator<Item = &TunnelHop> {
        self.by_end.get(&end).into_iter().flatten()
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
