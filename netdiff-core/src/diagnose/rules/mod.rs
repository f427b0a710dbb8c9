//! One rule, one file.

pub(super) mod capture_gap;
pub(super) mod dead_pod_ip;
pub(super) mod duplicate_pod_cidr;
pub(super) mod forward_drop;
pub(super) mod forward_reject;
pub(super) mod hostgw_antispoof;
pub(super) mod ip_forward_off;
pub(super) mod ipv6_only_broken;
pub(super) mod mtu_blackhole;
pub(super) mod mtu_pod_too_big;
pub(super) mod network_policy_drop;
pub(super) mod offload_segmentation_broken;
pub(super) mod outer_fragments_dropped;
pub(super) mod packets_lost;
pub(super) mod route_missing_return;
pub(super) mod route_missing_src;
pub(super) mod routing_loop;
pub(super) mod rpfilter_asymmetric;
pub(super) mod underlay_mtu_small;
pub(super) mod underlay_vxlan_blocked;
pub(super) mod underlay_vxlan_blocked_return;
