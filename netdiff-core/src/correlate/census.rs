//! Takes the votes on which address lives where.
//!
//! Each observation below is a vote for one node; an address belongs to the node that has more than twice the votes of
//! any other, else its node is unknown (the same pod address on two nodes, say).
//!
//! | evidence | weight |
//! |---|---|
//! | the manifest or the cluster states it | 1,000,000 |
//! | it sends with an untouched TTL (64, 128, 255) at a pod's link or the pods' bridge | 100 a packet |
//! | it is the outer address of a tunnel on the side of the node that wraps (source) or unwraps (destination) | 100 a packet |
//! | it sends with an untouched TTL from a MAC address that packets from inside the node left with | 20 a packet |
//! | the MAC address of a node announces it by ARP | 20 a packet |
//! | of two nodes that saw request and reply, the one that waited longer is the initiator's, the other the responder's | 3 |
//! | a tunnel from (to) a node's endpoint carries packets from (to) it | 1 a packet |
//!
//! Addresses that translation gave a packet vote for nothing by an untouched TTL: a bridge that hands a service's answer on leaves it as
//! the pod sent it. The last two kinds of votes are not for a node that packets from the address entered from outside.
//!
//! Whether a node wraps or unwraps: a cooked capture says whether the node sent or received it. Else: the same packet was also seen
//! outside the tunnel on that node, with a higher
//! TTL or strictly earlier (wraps), or with a lower TTL or at the same time or later (unwraps: the kernel stamps a
//! packet once and carries the stamp up through decapsulation).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::address_plan::{AddressPlan, StatedAddresses};
use super::conversation::Seen;
use super::edges::{Edge, Sightings, edges_of};
use super::layout::Layout;
use super::linked::Linked;
use super::pod_links::has_untouched_ttl;
use super::timeline::NodeId;
use crate::identify::{ArpSighting, Evidence, MacAddr};
use crate::types::{PointId, Role, Timestamp};

/// Collects the votes of a set.
pub(super) struct Census<'a> {
    layout: Layout<'a>,
    votes: BTreeMap<IpAddr, BTreeMap<NodeId, u64>>,
    macs: BTreeMap<MacAddr, BTreeMap<NodeId, u64>>,
    routers: BTreeSet<(NodeId, MacAddr)>,
    /// Addresses that send from a router's MAC address.
    own: BTreeSet<IpAddr>,
    /// Addresses, and nodes that their packets entered from outside, in no tunnel.
    strangers: BTreeSet<(IpAddr, NodeId)>,
    plan: AddressPlan,
    stated_pods: Vec<IpAddr>,
}

impl<'a> Census<'a> {
    pub(super) fn new(layout: Layout<'a>, nodes: &[Box<str>], stated: &StatedAddresses) -> Self {
        let mut census = Self {
            layout,
            votes: BTreeMap::new(),
            macs: BTreeMap::new(),
            routers: BTreeSet::new(),
            own: BTreeSet::new(),
            strangers: BTreeSet::new(),
            plan: AddressPlan::default(),
            stated_pods: stated.pods.iter().map(|(_, address)| *address).collect(),
        };
        for (name, address) in stated.nodes.iter().chain(&stated.pods) {
            if let Some(node) = nodes.iter().position(|n| n == name) {
                let node = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
                census.vote(*address, node, 1_000_000);
            }
        }
        let own = stated.nodes.iter().filter(|(name, _)| nodes.contains(name));
        census.plan.node_addresses = own.map(|(_, address)| (*address, ())).collect();
        census
    }

    /// The plan that the votes of these conversations and ARP packets give.
    pub(super) fn take(
        mut self,
        conversations: &[Linked],
        arp: &[(Evidence, ArpSighting)],
    ) -> AddressPlan {
        for conversation in conversations {
            for direction in [&conversation.forward, &conversation.reply] {
                self.note_edges(direction);
                self.note_passing(direction);
            }
        }
        for conversation in conversations {
            let near = conversation.under_own_source().filter(|s| is_near(s));
            for (seen, packets) in runs(near, |s| (s.sighting.key.source, s.source_mac)) {
                self.note_untouched(seen, packets);
            }
        }
        // A bridge that re-injects a pod's packet does so from the router's MAC address, too.
        let own = self.own.iter().filter(|a| !self.plan.pods.contains_key(a));
        self.plan
            .node_addresses
            .extend(own.map(|address| (*address, ())));
        for conversation in conversations {
            let near = conversation.all().filter(|s| is_near(s));
            for (seen, packets) in runs(near, |s| (s.sighting.key.source, s.source_mac)) {
                self.note_own_mac(seen, packets);
            }
        }
        for (evidence, arp) in arp {
            if self.layout.role(evidence.point) == Role::Uplink
                && let Some(node) = winner(self.macs.get(&arp.sender_mac))
            {
                self.vote(IpAddr::V4(arp.sender), node, 20);
            }
        }
        for conversation in conversations {
            self.note_waiting(conversation);
        }
        self.settle();
        self.note_carried(conversations);
        self.settle();
        for address in &self.stated_pods {
            self.plan.node_addresses.remove(address);
            self.plan.pods.insert(*address, ());
        }
        self.plan
    }

    fn settle(&mut self) {
        for (address, votes) in &self.votes {
            match winner(Some(votes)) {
                Some(node) => self.plan.homes.insert(*address, node),
                None => self.plan.homes.remove(address),
            };
        }
    }

    fn vote(&mut self, address: IpAddr, node: NodeId, weight: u64) {
        *self
            .votes
            .entry(address)
            .or_default()
            .entry(node)
            .or_default() += weight;
    }

    /// A weak vote, which is not for a node that the address's packets come to from outside.
    fn vote_if_known(&mut self, address: IpAddr, node: NodeId, weight: u64) {
        if !self.strangers.contains(&(address, node)) {
            self.vote(address, node, weight);
        }
    }

    fn node(&self, seen: &Seen) -> NodeId {
        self.layout.node(seen.evidence.point)
    }

    /// MAC addresses that pass on, on the pods' side of a node, what came in by its uplink or tunnel device: the node's own.
    fn note_routers(&mut self, sightings: &Sightings<'_>) {
        let role = |point: &PointId| self.layout.role(*point);
        for (point, _, inside) in sightings {
            let node = self.layout.node(*point);
            let came_in = sightings.iter().any(|(other, _, outside)| {
                matches!(role(other), Role::Uplink | Role::Vtep)
                    && self.layout.node(*other) == node
                    && outside.sighting.ttl > inside.sighting.ttl
            });
            if came_in
                && matches!(role(point), Role::Pod | Role::Bridge)
                && inside.sighting.tunnel.is_none()
                && let Some(mac) = inside.source_mac
            {
                self.routers.insert((node, mac));
            }
        }
    }

    /// Whether the frame comes from a MAC address that also passes on what comes in: then its sender is the node.
    fn is_router(&self, seen: &Seen) -> bool {
        seen.source_mac
            .is_some_and(|mac| self.routers.contains(&(self.node(seen), mac)))
    }

    /// Where somebody sends from nearby.
    fn note_untouched(&mut self, seen: &Seen, packets: u64) {
        let source = seen.sighting.key.source;
        match self.layout.role(seen.evidence.point) {
            Role::Pod | Role::Bridge if seen.sighting.tunnel.is_none() => {
                self.vote(source, self.node(seen), 100 * packets);
                if self.is_router(seen) {
                    self.own.insert(source);
                } else {
                    self.plan.pods.insert(source, ());
                }
            }
            // A pod's packet reaches these after its node has routed it.
            Role::Vtep | Role::Uplink => {
                self.plan.node_addresses.insert(source, ());
            }
            _ => {}
        }
    }

    /// Where a packet was seen inside and outside a node, its outer addresses and MACs tell whose they are.
    ///
    /// Of equal packets the first at each point is looked at, and its time only if all points saw the same number of them: else
    /// the first here may be another than the first there.
    fn note_edges(&mut self, direction: &[Seen]) {
        let id = |s: &Seen| (s.sighting.fingerprint.short, s.evidence.point);
        let mut all: Vec<((u64, PointId), &Seen)> = direction.iter().map(|s| (id(s), s)).collect();
        all.sort_by_key(|(id, _)| *id);
        let mut sightings: Vec<(PointId, usize, &Seen)> = Vec::new();
        for packet in all.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
            sightings.clear();
            for here in packet.chunk_by(|((_, a), _), ((_, b), _)| a == b) {
                let first = here.first();
                sightings.extend(first.map(|((_, point), s)| (*point, here.len(), *s)));
            }
            self.note_routers(&sightings);
            for (edge, outside) in edges_of(self.layout, &sightings) {
                self.note_edge(edge, outside);
            }
        }
    }

    /// What comes to an uplink as it is and leaves through it in a tunnel, routed, is from somewhere else.
    fn note_passing(&mut self, direction: &[Seen]) {
        let at_uplink = |s: &&Seen| self.layout.role(s.evidence.point) == Role::Uplink;
        let id = |s: &Seen| (s.evidence.point, s.sighting.fingerprint.short);
        let carried = |s: &&Seen| s.sighting.tunnel.is_some();
        if !direction.iter().filter(carried).any(|s| at_uplink(&s)) {
            return;
        }
        let plain = direction.iter().filter(|s| s.sighting.tunnel.is_none());
        let came: BTreeMap<_, &Seen> = plain.filter(at_uplink).map(|s| (id(s), s)).collect();
        let left = direction.iter().filter(carried);
        let passed = left.filter(at_uplink).filter_map(|s| {
            let came = came.get(&id(s))?;
            (came.sighting.ttl > s.sighting.ttl).then_some((came.sighting.key.source, self.node(s)))
        });
        let passed: Vec<_> = passed.collect();
        self.strangers.extend(passed);
    }

    fn note_edge(&mut self, edge: Edge, outside: &Seen) {
        let node = self.node(outside);
        if edge == Edge::Enters && outside.sighting.tunnel.is_none() {
            self.strangers.insert((outside.sighting.key.source, node));
        }
        let (mac, endpoint) = match edge {
            Edge::Leaves => (
                outside.source_mac,
                outside.sighting.tunnel.map(|t| t.source),
            ),
            Edge::Enters => (
                outside.destination_mac,
                outside.sighting.tunnel.map(|t| t.destination),
            ),
        };
        if let Some(mac) = mac.filter(|mac| !mac.is_group()) {
            *self.macs.entry(mac).or_default().entry(node).or_default() += 1;
        }
        if let Some(endpoint) = endpoint {
            self.vote(endpoint, node, 100);
            self.plan.node_addresses.insert(endpoint, ());
        }
    }

    fn note_own_mac(&mut self, seen: &Seen, packets: u64) {
        if self.layout.role(seen.evidence.point) == Role::Uplink
            && seen.sighting.tunnel.is_none()
            && let Some(node) = seen.source_mac.and_then(|mac| winner(self.macs.get(&mac)))
        {
            self.vote(seen.sighting.key.source, node, 20 * packets);
        }
    }

    /// What tunnels carry lives at their ends. In a loop, every node sends a packet to another.
    fn note_carried(&mut self, conversations: &[Linked]) {
        let mut ends: BTreeMap<IpAddr, BTreeMap<IpAddr, u64>> = BTreeMap::new();
        let all = conversations.iter().flat_map(Linked::all);
        let carried = all.filter(|s| s.sighting.tunnel.is_some());
        for (seen, packets) in runs(carried, |s| (s.sighting.key.source, s.sighting.tunnel)) {
            let Some(tunnel) = seen.sighting.tunnel else {
                continue;
            };
            let key = seen.sighting.key;
            for (endpoint, inside) in [
                (tunnel.source, key.source),
                (tunnel.destination, key.destination),
            ] {
                *ends.entry(inside).or_default().entry(endpoint).or_default() += packets;
            }
        }
        for (inside, endpoints) in ends {
            let homes = || endpoints.iter().map(|(end, n)| (self.plan.home(*end), *n));
            // An end that nobody knows may be where it lives.
            let unknown = homes().filter(|(home, _)| home.is_none());
            let unknown = unknown.map(|(_, n)| n).max().unwrap_or(0);
            let votes: Vec<(NodeId, u64)> = homes()
                .filter_map(|(home, n)| Some((home?, n)))
                .filter(|(_, n)| *n > 2 * unknown)
                .collect();
            for (node, n) in votes {
                self.vote_if_known(inside, node, n);
            }
        }
    }

    /// The nearer to the initiator, the longer between request and reply: no clock is compared.
    fn note_waiting(&mut self, conversation: &Linked) {
        for (stage, key) in (0u8..).zip(&conversation.keys) {
            let Some((near, far)) = self.by_waiting(conversation, stage) else {
                continue;
            };
            self.vote_if_known(key.source, near, 3);
            self.vote_if_known(key.destination, far, 3);
            let mut forward = conversation.forward.iter().filter(|s| s.stage == stage);
            if let Some(tunnel) = forward.find_map(|s| s.sighting.tunnel) {
                self.vote(tunnel.source, near, 3);
                self.vote(tunnel.destination, far, 3);
                self.plan.node_addresses.insert(tunnel.source, ());
                self.plan.node_addresses.insert(tunnel.destination, ());
            }
        }
    }

    /// The nodes that waited longest and shortest for replies, under one of a conversation's keys.
    fn by_waiting(&self, conversation: &Linked, stage: u8) -> Option<(NodeId, NodeId)> {
        let firsts = |seen: &[Seen]| {
            let mut firsts: BTreeMap<PointId, Timestamp> = BTreeMap::new();
            let mut recent: Option<(PointId, Timestamp)> = None;
            for s in seen.iter().filter(|s| s.stage == stage) {
                let point = s.evidence.point;
                if recent.is_none_or(|(at, time)| at != point || s.time < time) {
                    let first = firsts.entry(point).or_insert(s.time);
                    *first = s.time.min(*first);
                    recent = Some((point, *first));
                }
            }
            firsts
        };
        let requests = firsts(&conversation.forward);
        let replies = firsts(&conversation.reply);
        let mut waits: BTreeMap<NodeId, (i64, i64)> = BTreeMap::new();
        for (&point, &request) in &requests {
            let Some(&reply) = replies.get(&point) else {
                continue;
            };
            let wait = (reply - request).0;
            let node = self.layout.node(point);
            let (low, high) = waits.entry(node).or_insert((wait, wait));
            (*low, *high) = ((*low).min(wait), (*high).max(wait));
        }
        let (&near, &(longest, _)) = waits.iter().max_by_key(|(_, (low, _))| *low)?;
        let (&far, &(_, shortest)) = waits.iter().min_by_key(|(_, (_, high))| *high)?;
        let tells = near != far && longest > shortest && shortest >= 0;
        tells.then_some((near, far))
    }
}

/// A sender whose TTL nobody has touched is near.
///
/// Resets and ICMP errors are left out: firewalls and routers on the way send them.
fn is_near(seen: &Seen) -> bool {
    has_untouched_ttl(seen) && !seen.may_be_sent_for_others()
}

/// Neighbors at one point, inside a tunnel or outside, that are equal in some respect: the first and their number.
fn runs<'a, K: PartialEq>(
    seen: impl Iterator<Item = &'a Seen>,
    respect: impl Fn(&Seen) -> K,
) -> impl Iterator<Item = (&'a Seen, u64)> {
    let respect = move |s: &Seen| {
        let carried = s.sighting.tunnel.is_some();
        (
            s.evidence.point,
            s.sighting.key.destination,
            carried,
            respect(s),
        )
    };
    let mut seen = seen.peekable();
    std::iter::from_fn(move || {
        let first = seen.next()?;
        let like = respect(first);
        let mut packets = 1;
        while seen.next_if(|s| respect(s) == like).is_some() {
            packets += 1;
        }
        Some((first, packets))
    })
}

/// The node with more than twice the votes of any other.
fn winner(votes: Option<&BTreeMap<NodeId, u64>>) -> Option<NodeId> {
    let (node, most) = votes?.iter().max_by_key(|(_, votes)| **votes)?;
    let others = votes?.iter().filter(|(other, _)| *other != node);
    others
        .map(|(_, votes)| *votes)
        .all(|votes| votes * 2 < *most)
        .then_some(*node)
}
