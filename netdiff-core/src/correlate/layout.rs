//! Which point lies on which node and plays which part: what nearly every step of this room asks.

use super::timeline::{NodeId, RoleBasis, SetPoint};
use crate::types::{PointId, Role};

/// The points of a set and their nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    pub(super) points: &'a [SetPoint],
    pub(super) node_of: &'a [NodeId],
}

impl Layout<'_> {
    /// Every point, in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = PointId> + use<> {
        (0..u32::try_from(self.points.len()).unwrap_or(u32::MAX)).map(PointId)
    }

    /// The node of a point.
    pub(super) fn node(&self, point: PointId) -> NodeId {
        // Every point has a node by construction.
        self.node_of
            .get(point.index())
            .copied()
            .unwrap_or(NodeId(0))
    }

    /// The role of a point.
    pub(super) fn role(&self, point: PointId) -> Role {
        self.points
            .get(point.index())
            .map_or(Role::Unknown, |p| p.role)
    }

    /// The interface's name.
    pub(super) fn interface(&self, point: PointId) -> &str {
        self.points
            .get(point.index())
            .map_or("?", |p| &p.point.interface)
    }

    /// Whether one point comes after another of its node only as far as packets suggest which parts they play, if any.
    pub(super) fn is_guessed_on_one_node(&self, from: PointId, to: PointId) -> bool {
        let guessed = |point: PointId| {
            self.points
                .get(point.index())
                .is_some_and(|p| p.role_basis == RoleBasis::Packets)
        };
        // What plays no part that is known may be the link of another pod.
        let unknown = self.role(to) == Role::Unknown;
        self.node(from) == self.node(to) && (unknown || guessed(from) || guessed(to))
    }

    /// Whether a point's capture lost packets by its own account: what it lacks, it may have lost.
    pub(super) fn has_dropped(&self, point: PointId) -> bool {
        self.points
            .get(point.index())
            .is_some_and(|p| p.dropped > 0)
    }
}
