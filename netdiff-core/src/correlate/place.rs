//! Where on its way a packet was seen.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::types::PointId;

/// A capture point, and which pass through it: address translation, routers with one interface and tunnels that end where they
/// began show a packet more than once at one point, and each pass is a step of its own.
///
/// Compared by point, stage, tunnel and pass in this order, all at once: places are compared more often than anything else here.
#[derive(Clone, Copy, Debug)]
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

    /// All of it as one number that sorts as the fields do.
    const fn number(self) -> u64 {
        (self.point.0 as u64) << 32
            | (self.stage as u64) << 16
            | (self.carried as u64) << 8
            | self.pass as u64
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number())
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.number());
    }
}
