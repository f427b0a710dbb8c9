//! Sums the timelines up: what crossed between nodes and what did not, what was lost where, and what got through there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::finding::{Explained, Finding, NodePair};
use super::tunnels::Tunnels;
use crate::correlate::{Direction, Disposition, Journey, NodeId, Timelines, Trust};
use crate::identify::{ArpOperation, Encapsulation, Evidence, MacAddr, Tunnel};
use crate::types::{PointId, Protocol, Role, Timestamp};

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

/// One lost packet: one that was not seen where it should have been next, or that somebody refused before it got there.
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
    /// Whether an ICMP error or a reset says that it was refused.
    pub refused: bool,
    /// The last packet of it.
    pub last: Evidence,
    /// When it was first seen, by that node's clock.
    pub time: Timestamp,
    /// Length of the inner-most IP packet in bytes.
    pub ip_len: u32,
    /// Its inner-most protocol.
    pub protocol: Protocol,
    /// The tunnel at `from`.
    pub tunnel: Option<Tunnel>,
    /// How many packets it stands for, itself among them: see [`Journey::stands_for`].
    pub packets: u64,
}

impl Loss {
    /// The last point that saw it, and the next one that should have.
    #[must_use]
    pub const fn segment(&self) -> (PointId, PointId) {
        (self.from, self.to)
    }
}

/// A packet that went round and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looped {
    /// Which journey.
    pub journey: Explained,
    /// A point on the loop.
    pub at: PointId,
    /// How often it came through there.
    pub rounds: u32,
    /// The last packet of it.
    pub last: Evidence,
}

/// What got from one capture point to the next that saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Packets.
    pub packets: u64,
    /// Length in bytes of the shortest inner-most IP packet.
    pub shortest: u32,
    /// Length in bytes of the longest inner-most IP packet.
    pub longest: u32,
    /// Packets that came in several fragments where they were last seen.
    pub fragmented: u64,
    /// The first of them, where it arrived.
    pub first: Evidence,
}

/// Who asked by ARP for an address at one capture point, and who answered there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests, with the addresses of those who asked.
    pub askers: BTreeMap<Ipv4Addr, u64>,
    /// The first request.
    pub first: Option<Evidence>,
    /// Answers, by link address. Announcements that nobody asked for count too.
    pub answers: BTreeMap<MacAddr, Evidence>,
}

impl Asked {
    /// How many requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.askers.values().sum()
    }
}

/// A flow's direction: the index of the flow, and whether it is the reply.
pub type Way = (usize, bool);

/// What rules look at, beside the timelines themselves.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Per ordered pair of nodes and way of carriage.
    pub crossings: BTreeMap<(NodeId, NodeId), BTreeMap<Carriage, Crossing>>,
    /// Every loss, by flow.
    pub losses: Vec<Loss>,
    /// Every packet that went in circles, by flow.
    pub looped: Vec<Looped>,
    /// What got from one point to the next, by segment and flow.
    pub passed: BTreeMap<(PointId, PointId), BTreeMap<Way, Passed>>,
    /// ARP at each point, by the address that is asked for.
    pub asked: BTreeMap<(PointId, Ipv4Addr), Asked>,
    tunnels: Tunnels,
    explained: BTreeSet<Explained>,
}

impl Facts {
    /// The facts of a set.
    #[must_use]
    pub fn new(timelines: &Timelines) -> Self {
        let mut facts = Self::default();
        facts.note_arp(timelines);
        for (index, flow) in timelines.flows.iter().enumerate() {
            for (reply, direction) in [(false, &flow.forward), (true, &flow.reply)] {
                for (nth, journey) in direction.journeys.iter().enumerate() {
                    let id = Explained {
                        flow: index,
                        reply,
                        journey: nth,
                    };
                    facts.note_passed(timelines, id, direction, journey);
                    facts.note_end(timelines, id, flow.protocol, journey);
                }
            }
        }
        facts.tunnels = Tunnels::new(timelines, &facts.passed);
        facts
    }

    fn note_arp(&mut self, timelines: &Timelines) {
        for (evidence, arp) in &timelines.arp {
            let gratuitous = arp.sender == arp.target;
            if arp.operation == ArpOperation::Request && !gratuitous {
                let asked = self.asked.entry((evidence.point, arp.target)).or_default();
                *asked.askers.entry(arp.sender).or_default() += 1;
                asked.first.get_or_insert(*evidence);
            } else {
                let asked = self.asked.entry((evidence.point, arp.sender)).or_default();
                asked.answers.entry(arp.sender_mac).or_insert(*evidence);
            }
        }
    }

    fn note_passed(
        &mut self,
        timelines: &Timelines,
        id: Explained,
        direction: &Direction,
        journey: &Journey,
    ) {
        for pair in journey.sightings.windows(2) {
            let [from, to] = pair else { continue };
            let way = (id.flow, id.reply);
            let here = self.passed.entry((from.point, to.point)).or_default();
            here.entry(way)
                .or_insert_with(|| Passed::new(*to))
                .add(journey);
            let nodes = (timelines.node(from.point), timelines.node(to.point));
            if nodes.0 != nodes.1 {
                // The uplink of one side may not have been captured: either end tells.
                let ends = direction
                    .hops
                    .iter()
                    .filter(|hop| hop.point == from.point || hop.point == to.point);
                let tunnel = ends.filter_map(|hop| hop.tunnel).next();
                let crossing = self.crossing(nodes, Carriage::of(tunnel));
                crossing.arrived += journey.stands_for;
                if crossing.arrived_evidence.len() < 2 {
                    crossing.arrived_evidence.push(*to);
                }
            }
        }
    }

    fn note_end(
        &mut self,
        timelines: &Timelines,
        id: Explained,
        protocol: Protocol,
        journey: &Journey,
    ) {
        let Some(last) = journey.last() else { return };
        // What was refused did not arrive either; that it was refused, the ICMP errors tell.
        let (from, to, trust, refused) = match journey.disposition {
            Disposition::Lost { from, to, trust } => (from, to, trust, false),
            Disposition::Rejected {
                after,
                next: Some(next),
                ..
            } => (after, next, Trust::Proven, true),
            Disposition::Looped { at, rounds } => {
                self.looped.push(Looped {
                    journey: id,
                    at,
                    rounds,
                    last,
                });
                return;
            }
            _ => return,
        };
        let loss = Loss {
            journey: id,
            from,
            to,
            trust,
            refused,
            last,
            time: journey.time,
            ip_len: journey.ip_len,
            protocol,
            tunnel: journey.tunnel,
            packets: journey.stands_for,
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

    /// What got from one point to the next, of all flows together.
    #[must_use]
    pub fn passed_over(&self, segment: (PointId, PointId)) -> Option<Passed> {
        let flows = self.passed.get(&segment)?.values().copied();
        flows.reduce(Passed::join)
    }

    /// What got from one point to the next of one direction of a flow.
    #[must_use]
    pub fn passed_of(&self, segment: (PointId, PointId), way: Way) -> Option<&Passed> {
        self.passed.get(&segment)?.get(&way)
    }

    /// What nodes put into tunnels and take out of them.
    pub(super) const fn tunnels(&self) -> &Tunnels {
        &self.tunnels
    }

    /// Losses that no finding has explained so far.
    pub fn unexplained(&self) -> impl Iterator<Item = &Loss> + '_ {
        self.losses
            .iter()
            .filter(|loss| !self.explained.contains(&loss.journey))
    }

    /// Packets that went in circles and that no finding has explained so far.
    pub fn unexplained_loops(&self) -> impl Iterator<Item = &Looped> + '_ {
        self.looped
            .iter()
            .filter(|looped| !self.explained.contains(&looped.journey))
    }

    /// Whether a finding explains this journey.
    #[must_use]
    pub fn is_explained(&self, journey: Explained) -> bool {
        self.explained.contains(&journey)
    }

    /// Notes what a finding explains.
    pub(super) fn explain(&mut self, finding: &Finding) {
        self.explained.extend(finding.explained.iter().copied());
    }
}

impl Passed {
    const fn new(first: Evidence) -> Self {
        Self {
            packets: 0,
            shortest: u32::MAX,
            longest: 0,
            fragmented: 0,
            first,
        }
    }

    fn add(&mut self, journey: &Journey) {
        self.packets += journey.stands_for;
        self.shortest = self.shortest.min(journey.ip_len);
        self.longest = self.longest.max(journey.ip_len);
        self.fragmented += journey.stands_for * u64::from(journey.fragments > 1);
    }

    fn join(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.max(other.longest),
            fragmented: self.fragmented + other.fragmented,
            first: self.first.min(other.first),
        }
    }
}

/// How many packets were lost.
pub(super) fn count<'a>(losses: impl IntoIterator<Item = &'a Loss>) -> u64 {
    losses.into_iter().map(|loss| loss.packets).sum()
}

/// The segment that most packets were lost on; of equals, the first in point order.
pub(super) fn main_segment<'a>(
    losses: impl IntoIterator<Item = &'a Loss>,
) -> Option<(PointId, PointId)> {
    let mut counts = BTreeMap::<(PointId, PointId), u64>::new();
    for loss in losses {
        *counts.entry(loss.segment()).or_default() += loss.packets;
    }
    let most = counts
        .into_iter()
        .min_by_key(|(segment, n)| (std::cmp::Reverse(*n), *segment));
    most.map(|(segment, _)| segment)
}

/// Losses by segment, in point order.
pub(super) fn by_segment<'a>(
    losses: impl IntoIterator<Item = &'a Loss>,
) -> BTreeMap<(PointId, PointId), Vec<&'a Loss>> {
    let mut segments: BTreeMap<_, Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        segments.entry(loss.segment()).or_default().push(loss);
    }
    segments
}
