//! Sums the timelines up: what crossed between nodes and what did not, and what was lost where.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Explained, Finding, NodePair};
use crate::correlate::{Direction, Disposition, Journey, NodeId, Timelines, Trust};
use crate::identify::{Encapsulation, Evidence, Tunnel};
use crate::types::{PointId, Protocol, Role};

/// How packets are carried between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carriage {
    /// As they are.
    Plain,
    /// In a tunnel.
    Tunnel(Encapsulation),
}

impl Carriage {
    /// How a packet with this tunnel is carried.
    #[must_use]
    pub fn of(tunnel: Option<Tunnel>) -> Self {
        tunnel.map_or(Self::Plain, |t| Self::Tunnel(t.encapsulation))
    }
}

/// What went from one node towards another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crossing {
    /// Packets seen on both nodes.
    pub arrived: u64,
    /// Packets seen to leave through the uplink and never on the other node's captured uplink, which could have seen them.
    pub lost: Vec<Loss>,
    /// Packets seen on both nodes, the first few.
    pub arrived_evidence: Vec<Evidence>,
    /// The tunnels that the lost packets were in.
    pub tunnels: BTreeSet<Tunnel>,
}

/// One lost packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which journey.
    pub journey: Explained,
    /// Where it was last seen.
    pub from: PointId,
    /// Where it should have been seen next.
    pub to: PointId,
    /// How sure it is that `to` captured.
    pub trust: Trust,
    /// The last packet of it.
    pub last: Evidence,
    /// Length of the inner-most IP packet in bytes.
    pub ip_len: u32,
    /// Its inner-most protocol.
    pub protocol: Protocol,
    /// The tunnel at `from`.
    pub tunnel: Option<Tunnel>,
}

/// What rules look at, beside the timelines themselves.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Per ordered pair of nodes and way of carriage.
    pub crossings: BTreeMap<(NodeId, NodeId), BTreeMap<Carriage, Crossing>>,
    /// Every loss, by flow.
    pub losses: Vec<Loss>,
    explained: BTreeSet<Explained>,
}

impl Facts {
    /// The facts of a set.
    #[must_use]
    pub fn new(timelines: &Timelines) -> Self {
        let mut facts = Self::default();
        for (index, flow) in timelines.flows.iter().enumerate() {
            for (reply, direction) in [(false, &flow.forward), (true, &flow.reply)] {
                for (nth, journey) in direction.journeys.iter().enumerate() {
                    let id = Explained {
                        flow: index,
                        reply,
                        journey: nth,
                    };
                    facts.note(timelines, id, flow.protocol, direction, journey);
                }
            }
        }
        facts
    }

    fn note(
        &mut self,
        timelines: &Timelines,
        id: Explained,
        protocol: Protocol,
        direction: &Direction,
        journey: &Journey,
    ) {
        for pair in journey.sightings.windows(2) {
            let [from, to] = pair else { continue };
            let nodes = (timelines.node(from.point), timelines.node(to.point));
            if nodes.0 != nodes.1 {
                // The uplink of one side may not have been captured: either end tells.
                let ends = direction
                    .hops
                    .iter()
                    .filter(|hop| hop.point == from.point || hop.point == to.point);
                let tunnel = ends.filter_map(|hop| hop.tunnel).next();
                let crossing = self.crossing(nodes, Carriage::of(tunnel));
                crossing.arrived += 1;
                if crossing.arrived_evidence.len() < 2 {
                    crossing.arrived_evidence.push(*to);
                }
            }
        }
        // What was refused did not arrive either; that it was refused, the ICMP errors tell.
        let (from, to, trust) = match journey.disposition {
            Disposition::Lost { from, to, trust } => (from, to, trust),
            Disposition::Rejected {
                after,
                next: Some(next),
                ..
            } => (after, next, Trust::Proven),
            _ => return,
        };
        let Some(last) = journey.last() else { return };
        let loss = Loss {
            journey: id,
            from,
            to,
            trust,
            last,
            ip_len: journey.ip_len,
            protocol,
            tunnel: journey.tunnel,
        };
        self.losses.push(loss);
        let nodes = (timelines.node(from), timelines.node(to));
        let uplinks = [from, to]
            .into_iter()
            .all(|point| timelines.role(point) == Role::Uplink);
        if nodes.0 != nodes.1 && uplinks {
            let crossing = self.crossing(nodes, Carriage::of(journey.tunnel));
            crossing.lost.push(loss);
            crossing.tunnels.extend(journey.tunnel);
        }
    }

    fn crossing(&mut self, nodes: NodePair, carriage: Carriage) -> &mut Crossing {
        self.crossings
            .entry(nodes)
            .or_default()
            .entry(carriage)
            .or_default()
    }

    /// What went from one node to another in this way of carriage.
    #[must_use]
    pub fn between(&self, from: NodeId, to: NodeId, carriage: Carriage) -> Option<&Crossing> {
        self.crossings.get(&(from, to))?.get(&carriage)
    }

    /// Losses that no finding has explained so far.
    pub fn unexplained(&self) -> impl Iterator<Item = &Loss> + '_ {
        self.losses
            .iter()
            .filter(|loss| !self.explained.contains(&loss.journey))
    }

    /// Notes what a finding explains.
    pub(super) fn explain(&mut self, finding: &Finding) {
        self.explained.extend(finding.explained.iter().copied());
    }
}

/// The segment that most packets were lost on; of equals, the first in point order.
pub(super) fn main_segment<'a>(
    losses: impl IntoIterator<Item = &'a Loss>,
) -> Option<(PointId, PointId)> {
    let mut counts = BTreeMap::<(PointId, PointId), usize>::new();
    for loss in losses {
        *counts.entry((loss.from, loss.to)).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .min_by_key(|(segment, n)| (std::cmp::Reverse(*n), *segment));
    most.map(|(segment, _)| segment)
}
