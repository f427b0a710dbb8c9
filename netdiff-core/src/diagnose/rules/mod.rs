//! One rule, one file.

pub(super) mod capture_gap;
pub(super) mod capture_window_mismatch;
pub(super) mod duplicated_packets;
pub(super) mod first_packet_arp;
pub(super) mod loss_random;
pub(super) mod loss_rate_limited;
pub(super) mod observer_promisc_duplicates;
pub(super) mod packets_lost;
pub(super) mod reordering;
pub(super) mod ttl_probe;
pub(super) mod underlay_vxlan_blocked;
pub(super) mod underlay_vxlan_blocked_return;
