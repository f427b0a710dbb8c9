//! Roles of interfaces, told by their packets where names say nothing or the wrong thing.
//!
//! `-i any` captures know interfaces by number only, some clusters name them as they like, and captures from inside a pod
//! call the pod's end of its link `eth0`. In this order, and never against a manifest:
//!
//! 1. The only point of a "node", named like an uplink but without tunnels, at which one address sends with an untouched TTL and is
//!    an end of every packet, while the same address also sends untouched at a pod's link or bridge of another node: the **pod**'s own
//!    interface. It belongs to that other node (and shares its clock).
//! 2. Of unknown role, and shows packets with the TTL that they have inside a tunnel of the node's uplink: a **vtep**.
//! 3. Of unknown role, and the link of an address by the rule of `pod_links`, for which the node does not send there itself, and
//!    at which no ARP of others comes in: a **pod**'s link.
//! 4. Of unknown role, and shows packets of a pod's link of its node, with the TTL that they have there: a **bridge**.
//! 5. Of unknown role, and shows packets that local links or bridges show with another TTL: an **uplink**.
//!
//! What nothing tells stays unknown, and nothing is concluded from it: hosts that talk to each other look like pods that do.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt as _};

use super::conversation::Seen;
use super::pod_links::Ends;
use super::timeline::{NodeId, RoleBasis, SetPoint};
use crate::types::{FlowKey, PointId, Role};

/// Fills in the roles that names did not tell; moves pods' own interfaces to their node.
pub(super) fn infer_roles(
    points: &mut [SetPoint],
    node_of: &mut [NodeId],
    seen: &[Seen],
    ends: &Ends,
) {
    adopt_pod_ends(points, node_of, seen, ends);
    let unknown: BTreeSet<PointId> = ids(points)
        .filter(|p| role(points, *p) == Role::Unknown)
        .collect();
    if unknown.is_empty() {
        return;
    }
    let vteps = find_vteps(node_of, seen, &unknown);
    vteps
        .iter()
        .for_each(|point| assign(points, *point, Role::Vtep));
    let left: BTreeSet<PointId> = unknown.difference(&vteps).copied().collect();
    let bridges = ids(points)
        .filter(|p| role(points, *p) == Role::Bridge)
        .collect();
    let links: BTreeSet<PointId> = ends
        .pod_links(&left, &bridges, node_of)
        .into_iter()
        .filter(|(address, point)| {
            !ends.is_on_this_side(*point, *address) && !ends.hears_others(*point, *address)
        })
        .map(|(_, point)| point)
        .collect();
    links
        .iter()
        .for_each(|point| assign(points, *point, Role::Pod));
    let left: Vec<PointId> = left.difference(&links).copied().collect();
    let mut known = Shown::new(points, node_of, seen);
    for point in &left {
        if !known.is_edge(*point) && known.passes_on(*point) {
            assign(points, *point, Role::Bridge);
            known.add_bridge(*point);
        }
    }
    for point in left {
        if known.is_edge(point) {
            assign(points, point, Role::Uplink);
        }
    }
}

fn ids(points: &[SetPoint]) -> impl Iterator<Item = PointId> + use<> {
    (0..u32::try_from(points.len()).unwrap_or(u32::MAX)).map(PointId)
}

fn role(points: &[SetPoint], point: PointId) -> Role {
    points.get(point.index()).map_or(Role::Unknown, |p| p.role)
}

fn assign(points: &mut [SetPoint], point: PointId, role: Role) {
    if let Some(point) = points.get_mut(point.index()) {
        point.role = role;
        point.role_basis = RoleBasis::Packets;
    }
}

fn node(node_of: &[NodeId], point: PointId) -> Option<NodeId> {
    node_of.get(point.index()).copied()
}

fn adopt_pod_ends(points: &mut [SetPoint], node_of: &mut [NodeId], seen: &[Seen], ends: &Ends) {
    let tunneled: BTreeSet<PointId> = seen
        .iter()
        .filter(|s| s.sighting.tunnel.is_some())
        .map(|s| s.evidence.point)
        .collect();
    let mut on_node: HashMap<NodeId, usize> = HashMap::new();
    for node in node_of.iter() {
        *on_node.entry(*node).or_default() += 1;
    }
    let mut homes: HashMap<IpAddr, PointId> = HashMap::new();
    let inside = |point: &PointId| matches!(role(points, *point), Role::Pod | Role::Bridge);
    for other in ids(points).filter(inside) {
        for sender in ends.senders(other) {
            homes.entry(sender).or_insert(other);
        }
    }
    let mut moves = Vec::new();
    for point in ids(points) {
        let Some(own) = points.get(point.index()) else {
            continue;
        };
        let alone = node(node_of, point).is_some_and(|node| on_node.get(&node) == Some(&1));
        let guessed = own.role == Role::Uplink && own.role_basis == RoleBasis::Name;
        if !alone || !guessed || tunneled.contains(&point) {
            continue;
        }
        let home = ends
            .senders(point)
            .filter(|a| ends.is_link(point, *a))
            .find_map(|address| homes.get(&address).copied());
        moves.extend(
            home.and_then(|home| node(node_of, home))
                .map(|home| (point, home)),
        );
    }
    for (point, home) in moves {
        assign(points, point, Role::Pod);
        if let Some(node) = node_of.get_mut(point.index()) {
            *node = home;
        }
    }
}

type PacketId = (NodeId, FlowKey, u64);

fn packet_id(node_of: &[NodeId], s: &Seen) -> Option<PacketId> {
    Some((
        node(node_of, s.evidence.point)?,
        s.sighting.key,
        s.sighting.fingerprint.short,
    ))
}

fn find_vteps(node_of: &[NodeId], seen: &[Seen], unknown: &BTreeSet<PointId>) -> BTreeSet<PointId> {
    let tunneled = seen.iter().filter(|s| s.sighting.tunnel.is_some());
    let in_tunnel: HashMap<PacketId, u8> = tunneled
        .filter_map(|s| Some((packet_id(node_of, s)?, s.sighting.ttl)))
        .collect();
    let (mut same, mut other) = (BTreeSet::new(), BTreeSet::new());
    for s in seen
        .iter()
        .filter(|s| s.sighting.tunnel.is_none() && unknown.contains(&s.evidence.point))
    {
        match packet_id(node_of, s).and_then(|id| in_tunnel.get(&id)) {
            Some(ttl) if *ttl == s.sighting.ttl => same.insert(s.evidence.point),
            Some(_) => other.insert(s.evidence.point),
            None => false,
        };
    }
    same.difference(&other).copied().collect()
}

/// The TTL that a point showed a packet with, and where that stands among all sightings.
#[derive(Clone, Copy)]
struct Shot {
    at: usize,
    point: PointId,
    ttl: u8,
}

/// The latest shot of a packet, and the latest of another point.
#[derive(Clone, Copy)]
struct Latest(Shot, Option<Shot>);

impl Latest {
    fn add(&mut self, new: Shot) {
        let Self(first, other) = self;
        if new.point == first.point {
            *first = if new.at > first.at { new } else { *first };
        } else if new.at > first.at {
            (*first, *other) = (new, Some(*first));
        } else if other.is_none_or(|other| new.at > other.at) {
            *other = Some(new);
        }
    }

    /// The latest that is not of this point.
    fn elsewhere(&self, point: PointId) -> Option<u8> {
        let Self(first, other) = self;
        let shot = Some(*first).filter(|first| first.point != point);
        shot.or(*other).map(|shot| shot.ttl)
    }
}

/// The TTL of packets at pods' links and bridges, and all packets of each point.
struct Shown<'a> {
    node_of: &'a [NodeId],
    seen: &'a [Seen],
    /// Sightings in order of points, each point's in their own.
    by_point: Vec<usize>,
    links: HashMap<PacketId, Latest>,
    inside: HashMap<PacketId, Latest>,
}

impl<'a> Shown<'a> {
    fn new(points: &[SetPoint], node_of: &'a [NodeId], seen: &'a [Seen]) -> Self {
        let mut by_point: Vec<usize> = (0..seen.len()).collect();
        by_point.sort_by_key(|at| seen.get(*at).map(|s| s.evidence.point));
        let mut shown = Self {
            node_of,
            seen,
            by_point,
            links: HashMap::new(),
            inside: HashMap::new(),
        };
        for (at, s) in seen.iter().enumerate() {
            match role(points, s.evidence.point) {
                Role::Pod => {
                    add(&mut shown.links, node_of, at, s);
                    add(&mut shown.inside, node_of, at, s);
                }
                Role::Bridge => add(&mut shown.inside, node_of, at, s),
                _ => {}
            }
        }
        shown
    }

    fn of_point(&self, point: PointId) -> impl Iterator<Item = (usize, &'a Seen)> {
        let before = |at: &usize| self.seen.get(*at).is_some_and(|s| s.evidence.point < point);
        let first = self.by_point.partition_point(before);
        let behind = self.by_point.iter().skip(first);
        let all = behind.filter_map(|at| Some((*at, self.seen.get(*at)?)));
        all.take_while(move |(_, s)| s.evidence.point == point)
    }

    fn add_bridge(&mut self, point: PointId) {
        let shots: Vec<(usize, &Seen)> = self.of_point(point).collect();
        for (at, s) in shots {
            add(&mut self.inside, self.node_of, at, s);
        }
    }

    /// Whether a point shows packets that a pod's link or bridge of its node shows with another TTL.
    fn is_edge(&self, point: PointId) -> bool {
        self.compares(point, &self.inside, |here, there| here != there)
    }

    /// Whether a point shows packets that a pod's link of its node shows with the same TTL.
    fn passes_on(&self, point: PointId) -> bool {
        self.compares(point, &self.links, |here, there| here == there)
    }

    fn compares(
        &self,
        point: PointId,
        others: &HashMap<PacketId, Latest>,
        holds: impl Fn(u8, u8) -> bool,
    ) -> bool {
        self.of_point(point).any(|(_, s)| {
            let there = packet_id(self.node_of, s).and_then(|id| others.get(&id));
            let ttl = there.and_then(|latest| latest.elsewhere(point));
            ttl.is_some_and(|ttl| holds(s.sighting.ttl, ttl))
        })
    }
}

fn add(shots: &mut HashMap<PacketId, Latest>, node_of: &[NodeId], at: usize, s: &Seen) {
    let Some(id) = packet_id(node_of, s) else {
        return;
    };
    let new = Shot {
        at,
        point: s.evidence.point,
        ttl: s.sighting.ttl,
    };
    let latest = shots.entry(id).or_insert(Latest(new, None));
    latest.add(new);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{one_node, point, seen, tunneled};
    use super::*;

    #[test]
    fn nameless_interfaces_are_told_by_their_packets() {
        // Pod's link 0, bridge 1, tunnel device 2, uplink 3; a second pod on the bridge only.
        let mut points = ["if5", "if3", "if4"]
            .map(|name| point(name, Role::Unknown))
            .to_vec();
        points.push(point("eth0", Role::Uplink));
        let sightings = [
            seen(0, 10, 1, 2, 64, 7),
            seen(1, 11, 1, 2, 64, 7),
            seen(2, 20, 1, 2, 63, 7),
            tunneled(seen(3, 30, 1, 2, 63, 7), 100, 101),
            seen(1, 40, 5, 2, 64, 8),
        ];
        let mut node_of = one_node(4);
        infer_roles(
            &mut points,
            &mut node_of,
            &sightings,
            &Ends::new(&sightings),
        );
        let roles: Vec<Role> = points.iter().map(|p| p.role).collect();
        assert_eq!(roles, [Role::Pod, Role::Bridge, Role::Vtep, Role::Uplink]);
    }

    #[test]
    fn a_pods_own_interface_moves_to_its_node() {
        let mut points = vec![point("eth0", Role::Uplink), point("veth1", Role::Pod)];
        let sightings = [seen(0, 10, 1, 2, 64, 7), seen(1, 11, 1, 2, 64, 7)];
        let mut node_of = vec![NodeId(0), NodeId(1)];
        infer_roles(
            &mut points,
            &mut node_of,
            &sightings,
            &Ends::new(&sightings),
        );
        assert_eq!(points.first().map(|p| p.role), Some(Role::Pod));
        assert_eq!(node_of, [NodeId(1), NodeId(1)]);
    }
}
