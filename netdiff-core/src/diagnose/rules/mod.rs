//! One rule, one file.

pub(super) mod capture_gap;
pub(super) mod packets_lost;
pub(super) mod underlay_vxlan_blocked;
pub(super) mod underlay_vxlan_blocked_return;
