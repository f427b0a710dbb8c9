//! Times by one clock.

use crate::correlate::{NodeId, Timelines};
use crate::types::{Nanos, PointId, Timestamp};

/// The node by whose clock packets are ordered: the first by name, as in selections.
pub(super) const BY: NodeId = NodeId(0);

/// A time by the clock of the set's first node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// The time; the packet's own where the clocks cannot be compared.
    pub time: Timestamp,
    /// The largest error of the comparison, 0 on the first node itself; `None` where the clocks cannot be compared.
    pub bound: Option<Nanos>,
}

/// Converts a time at which a point saw a packet.
pub(super) fn corrected(set: &Timelines, point: PointId, time: Timestamp) -> Corrected {
    match set.clocks.offset_at(set.node(point), BY, time) {
        Some(ahead) => Corrected {
            time: time + ahead.offset,
            bound: Some(ahead.bound),
        },
        None => Corrected { time, bound: None },
    }
}
