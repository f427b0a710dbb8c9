//! One rule, one file.

pub(super) mod capture_gap;
pub(super) mod encap_proto_blocked;
pub(super) mod fdb_missing;
pub(super) mod fdb_stale_dead_ip;
pub(super) mod fdb_wrong_live_node;
pub(super) mod hypervisor_vxlan_intercept;
pub(super) mod inner_bad_checksum;
pub(super) mod neigh_missing;
pub(super) mod node_input_drop;
pub(super) mod node_input_reject;
pub(super) mod node_ip_duplicate;
pub(super) mod node_output_drop;
pub(super) mod packets_lost;
pub(super) mod port_mismatch;
pub(super) mod underlay_nat_oneway;
pub(super) mod underlay_vxlan_blocked;
pub(super) mod underlay_vxlan_blocked_return;
pub(super) mod vni_mismatch;
pub(super) mod vtep_down;
pub(super) mod vtep_mac_duplicate;
pub(super) mod vtep_mac_stale;
pub(super) mod vtep_self_public_ip;
pub(super) mod vxlan_bad_checksum;
pub(super) mod vxlan_snoop_outer_src;
pub(super) mod wrong_iface;
