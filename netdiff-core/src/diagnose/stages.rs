//! What can swallow packets between two capture points, stage by stage.
//!
//! The way of a packet between pods has eight places: pod, bridge, vtep and uplink of the sender's node, then uplink, vtep, bridge and pod of
//! the receiver's. Where places in between were not captured, every stage between the two points may be to blame.

use super::finding::RuleId;
use crate::types::Role;

/// A place on the way, counted from the sender.
fn place(role: Role, sending: bool) -> Option<usize> {
    let outward = match role {
        Role::Pod => 0,
        Role::Bridge => 1,
        Role::Vtep => 2,
        Role::Uplink => 3,
        Role::Loopback | Role::Merged | Role::Unknown => return None,
    };
    Some(if sending { outward } else { 7 - outward })
}

/// What can happen between a place and the next, likelier first. A packet outside a tunnel never meets the stages of the vteps.
const fn stage(from: usize, tunneled: bool) -> &'static [&'static str] {
    match (from, tunneled) {
        (0, _) => &["network-policy-drop"],
        (1, _) => &[
            "forward-drop",
            "ip-forward-off",
            "network-policy-drop",
            "route-missing-src",
            "neigh-missing",
            "mtu-pod-too-big",
        ],
        (2, true) => &[
            "neigh-missing",
            "fdb-missing",
            "node-output-drop",
            "vtep-self-public-ip",
        ],
        (3, true) => &[
            "underlay-vxlan-blocked",
            "underlay-vxlan-blocked-return",
            "underlay-mtu-small",
            "hypervisor-vxlan-intercept",
            "loss-random",
        ],
        (3, false) => &["hostgw-antispoof", "underlay-mtu-small", "loss-random"],
        (4, true) => &[
            "node-input-drop",
            "vni-mismatch",
            "port-mismatch",
            "vtep-down",
            "vxlan-bad-checksum",
            "vtep-mac-duplicate",
        ],
        (4, false) => &["node-input-drop"],
        (5, true) => &[
            "forward-drop",
            "ip-forward-off",
            "network-policy-drop",
            "vtep-mac-stale",
            "rpfilter-asymmetric",
        ],
        (5, false) => &[
            "forward-drop",
            "ip-forward-off",
            "network-policy-drop",
            "rpfilter-asymmetric",
        ],
        (6, _) => &["dead-pod-ip", "network-policy-drop"],
        _ => &[],
    }
}

/// Whether the way between two places of one node leads out of it.
pub(super) fn is_outward(from: Role, to: Role) -> bool {
    place(from, true) < place(to, true)
}

/// The rules whose cause may lie between two points of these roles.
pub(super) fn candidates(from: Role, to: Role, same_node: bool, tunneled: bool) -> Vec<RuleId> {
    let inward = same_node && !is_outward(from, to);
    let ends = if same_node {
        (place(from, !inward), place(to, !inward))
    } else {
        (place(from, true), place(to, false))
    };
    let (Some(first), Some(last)) = ends else {
        return Vec::new();
    };
    let mut found: Vec<RuleId> = Vec::new();
    for id in (first..last).flat_map(|place| stage(place, tunneled)) {
        if !found.contains(&RuleId(id)) {
            found.push(RuleId(id));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: Role, to: Role, same_node: bool) -> Vec<&'static str> {
        candidates(from, to, same_node, true)
            .iter()
            .map(|rule| rule.0)
            .collect()
    }

    #[test]
    fn a_short_segment_has_its_own_causes() {
        assert_eq!(
            ids(Role::Uplink, Role::Uplink, false).first(),
            Some(&"underlay-vxlan-blocked")
        );
        assert_eq!(
            ids(Role::Vtep, Role::Bridge, true).first(),
            Some(&"forward-drop")
        );
        assert_eq!(
            ids(Role::Bridge, Role::Vtep, true).first(),
            Some(&"forward-drop")
        );
        assert_eq!(
            ids(Role::Uplink, Role::Vtep, true).first(),
            Some(&"node-input-drop")
        );
    }

    #[test]
    fn a_wide_segment_has_the_causes_of_all_its_stages() {
        let wide = ids(Role::Vtep, Role::Vtep, false);
        for id in ["fdb-missing", "underlay-vxlan-blocked", "vni-mismatch"] {
            assert!(wide.contains(&id), "{id}");
        }
        assert!(!wide.contains(&"forward-drop"));
        assert!(ids(Role::Uplink, Role::Bridge, true).contains(&"vni-mismatch"));
    }

    #[test]
    fn an_unknown_role_gives_no_candidates() {
        assert!(ids(Role::Unknown, Role::Uplink, false).is_empty());
    }
}
