//! Which part an interface plays, by its name.

use crate::types::Role;

/// Beginnings of interface names and the role that such names have by custom. The first that fits decides.
const BY_NAME: &[(&str, Role)] = &[
    ("lo", Role::Loopback),
    // Host ends of pod links: most CNIs, Calico, Cilium, Azure, AWS, GKE, kata's taps.
    ("veth", Role::Pod),
    ("cali", Role::Pod),
    ("lxc", Role::Pod),
    ("azv", Role::Pod),
    ("gke", Role::Pod),
    ("tap", Role::Pod),
    // Tunnel devices.
    ("flannel", Role::Vtep),
    ("vxlan", Role::Vtep),
    ("cilium_vxlan", Role::Vtep),
    ("cilium_geneve", Role::Vtep),
    ("cilium_wg", Role::Vtep),
    ("genev", Role::Vtep),
    ("tunl", Role::Vtep),
    ("wireguard", Role::Vtep),
    ("wg", Role::Vtep),
    ("sit", Role::Vtep),
    ("gre", Role::Vtep),
    ("ip6tnl", Role::Vtep),
    ("ip6gre", Role::Vtep),
    // Bridges and gateways of the pods' network.
    ("cni", Role::Bridge),
    ("cbr", Role::Bridge),
    ("docker", Role::Bridge),
    ("kube-bridge", Role::Bridge),
    ("virbr", Role::Bridge),
    ("weave", Role::Bridge),
    ("antrea-gw", Role::Bridge),
    ("ovn-k8s-mp", Role::Bridge),
    ("br", Role::Bridge),
    // Network cards, bonds and VLANs on them.
    ("eth", Role::Uplink),
    ("en", Role::Uplink),
    ("bond", Role::Uplink),
    ("team", Role::Uplink),
    ("wl", Role::Uplink),
    ("vlan", Role::Uplink),
    ("any", Role::Merged),
];

/// The role that interfaces of this name usually have; unknown for a name that says nothing.
#[must_use]
pub fn infer_role(interface: &str) -> Role {
    let fits = |name: &str| {
        interface.strip_prefix(name).is_some_and(|rest| match name {
            // `lo` is not the beginning of `local0`.
            "lo" | "any" => rest.is_empty(),
            _ => !rest.is_empty(),
        })
    };
    let by_name = BY_NAME
        .iter()
        .find(|(name, _)| fits(name) || *name == interface)
        .map(|(_, role)| *role);
    by_name.unwrap_or(Role::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customary_names_have_their_role() {
        let expected = [
            (
                Role::Pod,
                "veth1a2b3c4d vethmpod cali0a1b2c3d4e5 lxc9f8e7d6c5b4a azv1234567890a",
            ),
            (
                Role::Bridge,
                "cni0 cbr0 docker0 br-1f2e3d4c5b6a br0 kube-bridge antrea-gw0 virbr0",
            ),
            (
                Role::Vtep,
                "flannel.1 flannel-v6.1 flannel.4096 vxlan.calico tunl0 cilium_vxlan genev_sys_6081 wg0",
            ),
            (
                Role::Uplink,
                "eth0 ens192 enp3s0f1 bond0 eth0.100 vlan20 wlp2s0",
            ),
            (Role::Loopback, "lo"),
            (Role::Unknown, "local0 dummy0 if7"),
        ];
        for (role, names) in expected {
            for name in names.split_whitespace() {
                assert_eq!(infer_role(name), role, "{name}");
            }
        }
    }
}
