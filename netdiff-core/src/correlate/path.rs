//! Which capture point should see a packet next.
//!
//! "Lost" needs an expectation. In order of trust, the first that answers wins:
//! 1. [`Basis::OwnFlow`]: other packets of the same flow and direction went on from here (the most did to that place; the first on
//!    the way of equals), or are seen at the next place on its way;
//! 2. [`Basis::SameClass`]: packets between the same kinds of parties on the same two nodes went on from this point (the
//!    most did to that one; the first in point order of equals);
//! 3. [`Basis::Mirror`]: the opposite direction of the flow came through that point just before this one, or else packets between the same
//!    kinds of parties the other way round did (the most from that one; the first in point order of equals);
//! 4. [`Basis::Roles`]: the interfaces' roles and the address plan say so.
//!
//! What rests on another flow or on roles is refuted where the opposite direction passes that point by.
//!
//! A pod's own link is expected only for packets to that pod. Where several interfaces could play a role, the one
//! that saw tunnel endpoints or the party's address is taken; if that leaves more than one, there is no expectation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::address_plan::AddressPlan;
use super::basis::Basis;
use super::conversation::Seen;
use super::hop_order::{HopOrder, Side, Way};
use super::layout::Layout;
use super::own_way::{OwnWay, steps_of};
use super::place::Place;
use super::pod_links::Ends;
use super::timeline::{NodeId, PartyKind};
use super::trip::Trip;
use crate::identify::Tunnel;
use crate::types::{PointId, Role};

/// What comes after a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This point.
    Point(PointId, Basis),
    /// Nothing: the packet is where it was sent to.
    Arrived,
    /// No captured point that is known.
    NoPoint,
}

/// The parties of flows that take the same way: nodes and kinds of sender and receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    source: Option<NodeId>,
    destination: Option<NodeId>,
    source_kind: PartyKind,
    destination_kind: PartyKind,
    /// Whether the addresses of source and destination are such as pods have: nodes have others, but for their tunnel devices.
    among_pods: (bool, bool),
    ipv4: bool,
}

/// Which ways packets of a set take.
pub(super) struct Paths<'a> {
    pub(super) layout: Layout<'a>,
    plan: &'a AddressPlan,
    /// How often a point followed another, per class.
    followers: BTreeMap<(Class, Place), BTreeMap<PointId, u64>>,
    /// How often a point came before another, per class.
    leaders: BTreeMap<(Class, PointId), BTreeMap<PointId, u64>>,
    /// The link of each pod.
    pod_links: BTreeMap<IpAddr, PointId>,
    ends: &'a Ends,
    /// Which addresses each point saw at either end.
    pub(super) addresses: BTreeMap<PointId, BTreeSet<IpAddr>>,
    /// The points that saw outer headers.
    pub(super) tunnel_points: BTreeSet<PointId>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(
        layout: Layout<'a>,
        plan: &'a AddressPlan,
        pod_links: BTreeMap<IpAddr, PointId>,
        ends: &'a Ends,
    ) -> Self {
        Self {
            layout,
            plan,
            followers: BTreeMap::new(),
            leaders: BTreeMap::new(),
            pod_links,
            ends,
            addresses: BTreeMap::new(),
            tunnel_points: BTreeSet::new(),
        }
    }

    /// Learns from one direction of a flow.
    pub(super) fn learn(&mut self, seen: &[Seen], trips: &[&Trip], order: &HopOrder, way: Way) {
        let mut recent = None;
        for s in seen {
            let (point, key) = (s.evidence.point, s.sighting.key);
            // Most are between the addresses of the one before.
            let ends = (point, key.source, key.destination, s.sighting.tunnel);
            if recent.replace(ends) == Some(ends) {
                continue;
            }
            let addresses = self.addresses.entry(point).or_default();
            addresses.extend([key.source, key.destination]);
            if let Some(tunnel) = s.sighting.tunnel {
                addresses.extend([tunnel.source, tunnel.destination]);
                self.tunnel_points.insert(point);
            }
        }
        let class = self.class(way.source, way.destination);
        for ((from, to), packets) in steps_of(trips, order) {
            let next = self
                .followers
                .entry((class, from.without_stage()))
                .or_default();
            *next.entry(to.point).or_default() += packets;
            let before = self.leaders.entry((class, to.point)).or_default();
            *before.entry(from.point).or_default() += packets;
        }
    }

    /// The class of packets from one address to another.
    pub(super) fn class(&self, source: IpAddr, destination: IpAddr) -> Class {
        let among_pods = |address| self.plan.shares_pod_network(address);
        Class {
            source: self.plan.home(source),
            destination: self.plan.home(destination),
            source_kind: self.plan.kind(source),
            destination_kind: self.plan.kind(destination),
            among_pods: (among_pods(source), among_pods(destination)),
            ipv4: source.is_ipv4(),
        }
    }

    /// What should come after `place` on this way, for packets that `tunnel` carries there.
    pub(super) fn next(
        &self,
        place: Place,
        way: Way,
        tunnel: Option<Tunnel>,
        own: &OwnWay<'_>,
    ) -> Next {
        let (point, destination) = (place.point, way.destination);
        if let Some(next) = own.after(place) {
            return Next::Point(next, Basis::OwnFlow);
        }
        if self.arrived(place, way, tunnel) {
            return Next::Arrived;
        }
        let fits = |next: PointId| {
            !own.order.has_point(next)
                && self.fits(next, destination)
                && self.may_enter(point, next, tunnel)
                && self.towards(point, next, destination, tunnel)
                && !self.is_passed_by(point, next, own)
        };
        let class = self.class(way.source, destination);
        // Of packets whose receiver's node is not known, others tell nothing: theirs may be another.
        let known = class
            .destination
            .or_else(|| self.plan.home(tunnel?.destination));
        let followers = self
            .followers
            .get(&(class, place.without_stage()))
            .filter(|_| known.is_some());
        let most = followers
            .into_iter()
            .flatten()
            .filter(|(next, _)| fits(**next))
            .min_by_key(|(next, n)| (std::cmp::Reverse(**n), **next));
        if let Some((next, _)) = most {
            return Next::Point(*next, Basis::SameClass);
        }
        // Answers to the outside leave by no tunnel, and their node to no other, whatever way the questions came.
        let outside = tunnel.is_none() && self.plan.is_outside(destination);
        let mirrored = |next: &PointId| {
            let inside = self.layout.node(point) == self.layout.node(*next)
                && self.layout.role(*next) != Role::Vtep;
            fits(*next) && (inside || !outside)
        };
        if let Some(next) = own.mirror.point_before(point).filter(mirrored) {
            return Next::Point(next, Basis::Mirror);
        }
        let opposite = (self.class(destination, way.source), point);
        let leaders = self.leaders.get(&opposite).filter(|_| known.is_some());
        let most = leaders
            .into_iter()
            .flatten()
            .filter(|(next, _)| mirrored(next))
            .min_by_key(|(next, n)| (std::cmp::Reverse(**n), **next));
        if let Some((next, _)) = most {
            return Next::Point(*next, Basis::Mirror);
        }
        match self.by_roles(point, way.source, destination, tunnel) {
            Some(next) if !own.order.has_point(next) && !self.is_passed_by(point, next, own) => {
                Next::Point(next, Basis::Roles)
            }
            _ => Next::NoPoint,
        }
    }

    /// Whether the opposite direction is seen at this point of a node and not at that one: it begins in between, so that this one ends there.
    fn is_passed_by(&self, point: PointId, next: PointId, own: &OwnWay<'_>) -> bool {
        self.layout.node(point) == self.layout.node(next)
            && own.is_answered_at(point)
            && !own.mirror.has_point(next)
    }

    /// The node that an address lives on.
    pub(super) fn home(&self, address: IpAddr) -> Option<NodeId> {
        self.plan.home(address)
    }

    /// Whether an address is a node's own.
    pub(super) fn is_node(&self, address: IpAddr) -> bool {
        self.plan.kind(address) == PartyKind::Node
    }

    /// A pod's link is only for that pod.
    fn fits(&self, next: PointId, destination: IpAddr) -> bool {
        self.layout.role(next) != Role::Pod || self.pod_links.get(&destination) == Some(&next)
    }

    /// What comes in without a tunnel meets no tunnel device, whatever the opposite direction does.
    fn may_enter(&self, point: PointId, next: PointId, tunnel: Option<Tunnel>) -> bool {
        let at_the_edge = self.layout.role(point) == Role::Uplink;
        !(at_the_edge && tunnel.is_none() && self.layout.role(next) == Role::Vtep)
    }

    /// From one node, a packet in a tunnel goes to the node of the tunnel's other end only.
    fn towards(
        &self,
        point: PointId,
        next: PointId,
        destination: IpAddr,
        tunnel: Option<Tunnel>,
    ) -> bool {
        let endpoint = tunnel.and_then(|t| self.plan.home(t.destination));
        let there = endpoint.or_else(|| self.plan.home(destination));
        self.layout.node(point) == self.layout.node(next)
            || there.is_none_or(|home| home == self.layout.node(next))
    }

    /// A packet that is still in its tunnel has not arrived, though its node may have.
    fn arrived(&self, place: Place, way: Way, tunnel: Option<Tunnel>) -> bool {
        let (source, destination, point) = (way.source, way.destination, place.point);
        let to_itself = source == destination;
        match self.plan.kind(destination) {
            PartyKind::Node if to_itself => tunnel.is_none(),
            PartyKind::Node => {
                self.plan.home(destination) == Some(self.layout.node(point))
                    && self.layout.role(point) != Role::Pod
                    && tunnel.is_none()
            }
            // Through a service back to its sender: it leaves and comes by one link, under other addresses.
            _ if to_itself => {
                let end = if way.reply { 0 } else { way.last_stage };
                way.last_stage > 0
                    && place.stage == end
                    && self.pod_links.get(&destination) == Some(&point)
            }
            // A pod that never sends is told by its link's packets, all of which are for it.
            _ => self.pod_links.get(&destination).map_or_else(
                || {
                    // It is not the link that the packet came from.
                    self.layout.role(point) == Role::Pod
                        && self.ends.is_end_of_all(point, destination)
                        && !self.ends.may_be_link(point, source)
                },
                |link| *link == point,
            ),
        }
    }

    fn by_roles(
        &self,
        point: PointId,
        source: IpAddr,
        destination: IpAddr,
        tunnel: Option<Tunnel>,
    ) -> Option<PointId> {
        let here = self.layout.node(point);
        if matches!(
            self.layout.role(point),
            Role::Unknown | Role::Merged | Role::Loopback
        ) {
            // Nothing says on which side of the node it lies.
            return None;
        }
        let target = tunnel.and_then(|t| self.plan.home(t.destination));
        let there = target.or_else(|| self.plan.home(destination));
        if there == Some(here) {
            if self.plan.home(source) == Some(here) {
                return self
                    .pod_links
                    .get(&destination)
                    .copied()
                    .filter(|next| *next != point);
            }
            let after = Side::Receiving
                .place(self.layout.role(point))
                .checked_add(1)?;
            return self.inward(here, after, destination, tunnel.is_some());
        }
        let outward = match self.layout.role(point) {
            Role::Uplink => None,
            _ if there.is_none() && !self.plan.lives_elsewhere(here, destination) => None,
            _ => self.outward(point, source, destination),
        };
        // Without a capture where packets leave the node, the next one is where they enter the other.
        let tunneled = tunnel.is_some() || self.layout.role(point) == Role::Vtep;
        outward.or_else(|| self.inward(there?, 0, destination, tunneled))
    }

    /// The next point on the sender's node.
    fn outward(&self, point: PointId, source: IpAddr, destination: IpAddr) -> Option<PointId> {
        let here = self.layout.node(point);
        match self.layout.role(point) {
            Role::Pod => self
                .only(here, Role::Bridge, Some(source))
                .or_else(|| self.leaving(here, destination)),
            Role::Bridge => self.leaving(here, destination),
            Role::Vtep => self.only(here, Role::Uplink, None),
            _ => None,
        }
    }

    /// Where packets leave a node's inside: its tunnel device for pods elsewhere, its uplink for the rest.
    fn leaving(&self, here: NodeId, destination: IpAddr) -> Option<PointId> {
        let kind = self.plan.kind(destination);
        if self.tunnel_points.is_empty() || kind == PartyKind::Node {
            return self.only(here, Role::Uplink, None);
        }
        if kind == PartyKind::Unknown && !self.plan.shares_pod_network(destination) {
            // A pod's, or the address of a node or somebody outside: they leave by other ways.
            return None;
        }
        let vtep = self.vtep(here, destination);
        vtep.or_else(|| self.only(here, Role::Uplink, None))
    }

    /// The first captured point from the `after`-th place on, on the way into a node.
    fn inward(
        &self,
        there: NodeId,
        after: u8,
        destination: IpAddr,
        tunnel: bool,
    ) -> Option<PointId> {
        (after..=3).find_map(|place| match place {
            0 => self.only(there, Role::Uplink, None),
            1 if tunnel => self.vtep(there, destination),
            2 if self.plan.may_be_pod(destination) => {
                self.only(there, Role::Bridge, Some(destination))
            }
            3 => self
                .pod_links
                .get(&destination)
                .copied()
                .filter(|p| self.layout.node(*p) == there),
            _ => None,
        })
    }

    /// Whether a packet that was last seen as `last` would be inside a tunnel at an uplink.
    pub(super) fn is_in_tunnel_at(&self, uplink: PointId, last: &Seen) -> bool {
        let between = self.layout.node(uplink) != self.layout.node(last.evidence.point);
        match self.layout.role(last.evidence.point) {
            Role::Uplink => last.sighting.tunnel.is_some() && between,
            Role::Vtep => true,
            _ => last.sighting.tunnel.is_some(),
        }
    }
}
