//! Where on its way a packet was seen.

use crate::types::PointId;

/// A capture point, and which pass through it: address translation, routers with one interface and tunnels that end where they
/// began show a packet more than once at one point, and each pass is a step of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) point: PointId,
    /// Which of the conversation's keys it has here, counted from the initiator's side.
    pub(super) stage: u8,
    /// Whether it is in a tunnel.
    pub(super) carried: bool,
    /// 0, or 1 where it comes through again with a lower TTL.
    pub(super) pass: u8,
}

impl Place {
    /// The same place whatever its key: flows between the same nodes share it.
    pub(super) const fn without_stage(self) -> Self {
        Self { stage: 0, ..self }
    }
}
