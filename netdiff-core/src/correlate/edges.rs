//! Which way packets cross the edge of a node.

use smallvec::{SmallVec, smallvec};

use super::conversation::Seen;
use super::layout::Layout;
use super::timeline::NodeId;
use crate::types::{PointId, Role};

/// At each point, how many packets were equal, and the first of them; in order of points.
pub(super) type Sightings<'a> = [(PointId, usize, &'a Seen)];

/// Which way a packet crosses the edge of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Leaves,
    Enters,
}

/// The sightings of one packet outside nodes, each with the way it crosses there, where that is clear.
pub(super) fn edges_of<'a>(layout: Layout<'_>, sightings: &Sightings<'a>) -> Vec<(Edge, &'a Seen)> {
    let is_outside = |point: &PointId| layout.role(*point) == Role::Uplink;
    let mut inside: SmallVec<[(NodeId, usize); 8]> = SmallVec::new();
    for (at, (point, ..)) in sightings.iter().enumerate() {
        if !is_outside(point) {
            inside.push((layout.node(*point), at));
        }
    }
    inside.sort_unstable();
    let mut found = Vec::new();
    for (uplink, repeats, outside) in sightings.iter().filter(|(point, ..)| is_outside(point)) {
        let node = layout.node(*uplink);
        let first = inside.partition_point(|(other, _)| *other < node);
        let here = inside
            .iter()
            .skip(first)
            .take_while(|(other, _)| *other == node);
        let here = here.filter_map(|(_, at)| sightings.get(*at));
        let comparable =
            here.filter(|(_, n, s)| n == repeats || s.sighting.ttl != outside.sighting.ttl);
        let edges = comparable.filter_map(|(.., s)| edge(s, outside));
        let mut edges: SmallVec<[Edge; 4]> = edges.collect();
        edges.dedup();
        // What the capture itself says of the direction outweighs what times and TTLs suggest.
        if let Some(sent) = outside.sent {
            edges = smallvec![if sent { Edge::Leaves } else { Edge::Enters }];
        }
        if let [edge] = edges.as_slice() {
            found.push((*edge, *outside));
        }
    }
    found
}

/// Which way a packet crosses, told by its sightings inside and outside one node.
fn edge(inside: &Seen, outside: &Seen) -> Option<Edge> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let wrapped = outside.sighting.tunnel.is_some() && inside.sighting.tunnel.is_none();
    match (
        inside.sighting.ttl.cmp(&outside.sighting.ttl),
        inside.time.cmp(&outside.time),
    ) {
        (Greater, _) => Some(Edge::Leaves),
        (Less, _) => Some(Edge::Enters),
        (Equal, Less) if wrapped => Some(Edge::Leaves),
        (Equal, Equal | Greater) if wrapped => Some(Edge::Enters),
        (Equal, _) => None,
    }
}
