//! One rule, one file.

pub(super) mod asymmetric_return;
pub(super) mod brnf_off;
pub(super) mod capture_gap;
pub(super) mod conntrack_invalid_rst;
pub(super) mod conntrack_stale_udp;
pub(super) mod dns_conntrack_race;
pub(super) mod hairpin_off;
pub(super) mod masquerade_missing;
pub(super) mod packets_lost;
pub(super) mod snat_pod_to_pod;
pub(super) mod svc_dead_endpoint;
pub(super) mod svc_no_endpoints;
pub(super) mod svc_no_rules;
pub(super) mod svc_port_closed;
pub(super) mod underlay_vxlan_blocked;
pub(super) mod underlay_vxlan_blocked_return;
