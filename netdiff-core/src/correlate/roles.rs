//! Roles of interfaces whose names say nothing, told by their packets.
//!
//! `-i any` captures know interfaces by number only, and some clusters name them as they like. For each point of unknown
//! role, on a node of which another point shows tunnels' outer headers:
//!
//! 1. a **vtep** shows packets that are also seen inside those tunnels, with the TTL they have there;
//! 2. a point that shows them with another TTL lies behind the node's routing. It is a **bridge** if pods of two or more
//!    addresses send there with an untouched TTL, and a **pod**'s link if one does;
//! 3. where two such points show the same single pod, the one that sees its packets first is the pod's link and the other the
//!    bridge; if neither is first, both stay unknown.
//!
//! On a node without tunnels only the second rule applies, with an untouched TTL alone as its sign.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::conversation::Seen;
use super::timeline::{NodeId, RoleBasis, SetPoint};
use crate::types::{FlowKey, PointId, Role};

/// What the packets of one point of unknown role say.
#[derive(Default)]
struct Signs {
    /// Packets with the TTL that they have inside a tunnel of the node.
    as_in_tunnel: u64,
    /// Packets with another TTL than inside the tunnel.
    not_as_in_tunnel: u64,
    /// Who sends with an untouched TTL.
    local_senders: BTreeSet<IpAddr>,
}

/// Fills in the roles that names did not tell.
pub(super) fn infer_roles(points: &mut [SetPoint], node_of: &[NodeId], seen: &[Seen]) {
    if points.iter().all(|p| p.role != Role::Unknown) {
        return;
    }
    let signs = gather_signs(points, node_of, seen);
    for (point, signs) in &signs {
        let vtep = signs.as_in_tunnel > 0 && signs.not_as_in_tunnel == 0;
        let role = match signs.local_senders.len() {
            _ if vtep => Role::Vtep,
            0 => continue,
            1 => Role::Pod,
            _ => Role::Bridge,
        };
        assign(points, *point, role);
    }
    settle_twins(points, node_of, &signs, seen);
}

fn assign(points: &mut [SetPoint], point: PointId, role: Role) {
    if let Some(point) = points.get_mut(point.index()) {
        point.role = role;
        point.role_basis = RoleBasis::Packets;
    }
}

fn gather_signs(
    points: &[SetPoint],
    node_of: &[NodeId],
    seen: &[Seen],
) -> BTreeMap<PointId, Signs> {
    let node = |s: &Seen| {
        node_of
            .get(s.evidence.point.index())
            .copied()
            .unwrap_or(NodeId(0))
    };
    let mut in_tunnel: HashMap<(NodeId, FlowKey, u64), u8> = HashMap::new();
    for s in seen.iter().filter(|s| s.sighting.tunnel.is_some()) {
        let id = (node(s), s.sighting.key, s.sighting.fingerprint.headers);
        in_tunnel.insert(id, s.sighting.ttl);
    }
    let mut signs: BTreeMap<PointId, Signs> = BTreeMap::new();
    for s in seen.iter().filter(|s| s.sighting.tunnel.is_none()) {
        let point = s.evidence.point;
        if points
            .get(point.index())
            .is_none_or(|p| p.role != Role::Unknown)
        {
            continue;
        }
        let signs = signs.entry(point).or_default();
        let id = (node(s), s.sighting.key, s.sighting.fingerprint.headers);
        match in_tunnel.get(&id) {
            Some(ttl) if *ttl == s.sighting.ttl => signs.as_in_tunnel += 1,
            Some(_) => signs.not_as_in_tunnel += 1,
            None => {}
        }
        if matches!(s.sighting.ttl, 64 | 128 | 255) {
            signs.local_senders.insert(s.sighting.key.source);
        }
    }
    signs
}

/// Tells a pod's link from the bridge behind it where both show one pod only.
fn settle_twins(
    points: &mut [SetPoint],
    node_of: &[NodeId],
    signs: &BTreeMap<PointId, Signs>,
    seen: &[Seen],
) {
    let mut twins: BTreeMap<(NodeId, IpAddr), Vec<PointId>> = BTreeMap::new();
    for (point, signs) in signs {
        let pod = points
            .get(point.index())
            .is_some_and(|p| p.role == Role::Pod);
        if let (true, Some(address), Some(node)) =
            (pod, signs.local_senders.first(), node_of.get(point.index()))
        {
            twins.entry((*node, *address)).or_default().push(*point);
        }
    }
    for ((_, address), pair) in twins {
        let [a, b] = pair.as_slice() else { continue };
        match first_of(*a, *b, address, seen) {
            Some(first) => assign(points, if first == *a { *b } else { *a }, Role::Bridge),
            None => pair
                .iter()
                .for_each(|point| assign(points, *point, Role::Unknown)),
        }
    }
}

/// Which of two points sees packets from an address earlier, and packets to it later.
fn first_of(a: PointId, b: PointId, address: IpAddr, seen: &[Seen]) -> Option<PointId> {
    let mut times: HashMap<(FlowKey, u64), (Option<i64>, Option<i64>)> = HashMap::new();
    for s in seen {
        let times = times
            .entry((s.sighting.key, s.sighting.fingerprint.headers))
            .or_default();
        if s.evidence.point == a {
            times.0 = times.0.or(Some(s.time.0));
        } else if s.evidence.point == b {
            times.1 = times.1.or(Some(s.time.0));
        }
    }
    let mut balance = 0i64;
    for ((key, _), (at_a, at_b)) in &times {
        let (Some(at_a), Some(at_b)) = (at_a, at_b) else {
            continue;
        };
        let later = at_b.cmp(at_a) as i64;
        if key.source == address {
            balance += later;
        } else if key.destination == address {
            balance -= later;
        }
    }
    match balance {
        1.. => Some(a),
        0 => None,
        _ => Some(b),
    }
}
