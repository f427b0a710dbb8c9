//! The interface names that are known by their shape.

/// Names without a number or with a fixed one.
const FIXED: &[&str] = &[
    "any",
    "antrea-gw0",
    "br-ex",
    "br-int",
    "cbr0",
    "cilium_geneve",
    "cilium_host",
    "cilium_net",
    "cilium_vxlan",
    "cilium_wg0",
    "cni-podman0",
    "docker0",
    "docker_gwbridge",
    "flannel-wg",
    "flannel-wg-v6",
    "genev_sys_6081",
    "kube-bridge",
    "kube-ipvs0",
    "lo",
    "lxc_health",
    "nodelocaldns",
    "ovn-k8s-mp0",
    "sit0",
    "tunl0",
    "vxlan-v6.calico",
    "vxlan.calico",
    "vxlan_sys_4789",
    "weave",
    "wireguard.cali",
    "wg-v6.cali",
];

/// What follows a prefix.
#[derive(Clone, Copy)]
enum Tail {
    /// Decimal digits, at least one.
    Number,
    /// A digit, then letters and digits: the kernel's and systemd's places (`enp3s0f1`, `eno1np0`).
    Place,
    /// Lower-case hexadecimal digits, at least so many.
    Hex(usize),
    /// Letters and digits, at least one.
    Word,
}

/// Prefixes and what follows each.
const PATTERNS: &[(&str, Tail)] = &[
    ("azv", Tail::Hex(8)),
    ("bond", Tail::Number),
    ("br", Tail::Number),
    ("br-", Tail::Word),
    ("cali", Tail::Hex(1)),
    ("cni", Tail::Number),
    ("dummy", Tail::Number),
    ("eni", Tail::Hex(8)),
    ("eno", Tail::Place),
    ("enp", Tail::Place),
    ("enP", Tail::Place),
    ("ens", Tail::Place),
    ("enx", Tail::Hex(12)),
    ("enX", Tail::Number),
    ("erspan", Tail::Number),
    ("eth", Tail::Number),
    ("flannel", Tail::Number),
    ("flannel.", Tail::Number),
    ("flannel-v6.", Tail::Number),
    ("geneve", Tail::Number),
    ("gke", Tail::Hex(8)),
    ("gre", Tail::Number),
    ("gretap", Tail::Number),
    ("ip6gre", Tail::Number),
    ("ip6tnl", Tail::Number),
    ("lxc", Tail::Hex(6)),
    ("ovn", Tail::Number),
    ("tap", Tail::Hex(1)),
    ("team", Tail::Number),
    ("tun", Tail::Number),
    ("veth", Tail::Word),
    ("virbr", Tail::Number),
    ("vlan", Tail::Number),
    ("vxlan", Tail::Number),
    ("vxlan.", Tail::Number),
    ("vxlan-v6.", Tail::Number),
    ("wg", Tail::Number),
    ("wlan", Tail::Number),
    ("wlp", Tail::Place),
];

/// Largest VLAN number after the dot of `eth0.100` (IEEE 802.1Q).
const MAX_VLAN: u16 = 4094;

/// Whether `name` is an interface name that is known by its shape, with or without `.VLAN`.
pub(super) fn is_interface_name(name: &str) -> bool {
    is_plain_name(name)
        || name
            .rsplit_once('.')
            .is_some_and(|(plain, vlan)| is_vlan(vlan) && is_plain_name(plain))
}

fn is_vlan(text: &str) -> bool {
    !text.starts_with('0') && text.parse().is_ok_and(|vlan: u16| vlan <= MAX_VLAN)
}

fn is_plain_name(name: &str) -> bool {
    FIXED.contains(&name)
        || PATTERNS.iter().any(|(prefix, tail)| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| tail.fits(rest))
        })
}

impl Tail {
    fn fits(self, rest: &str) -> bool {
        let bytes = rest.as_bytes();
        match self {
            Self::Number => !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit),
            Self::Place => {
                bytes.first().is_some_and(u8::is_ascii_digit)
                    && bytes.iter().all(u8::is_ascii_alphanumeric)
            }
            Self::Hex(least) => {
                bytes.len() >= least
                    && bytes
                        .iter()
                        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
            Self::Word => !bytes.is_empty() && bytes.iter().all(u8::is_ascii_alphanumeric),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "
        eth0 eth12 eno1 enP4p65s0 enp3s0f1 ens192 enx001122334455 bond0 bond0.4094 team1 wlan0 wlp2s0
        lo any cni0 cbr0 docker0 br0 br-a1b2c3d4e5f6 br-int br-ex virbr0 flannel.1 flannel-v6.1
        flannel0 vxlan0 vxlan.calico vxlan-v6.calico vxlan_sys_4789 genev_sys_6081 cilium_vxlan
        cilium_host lxc0a1b2c3d4e5f lxc_health cali0123456789a veth1a2b3c4d vethmpod tunl0 sit0 gre0
        ip6tnl0 wg0 wireguard.cali antrea-gw0 ovn-k8s-mp0 weave kube-bridge kube-ipvs0 nodelocaldns
        dummy0 vlan100 tap0 tun0 eni0123456789a azv0123456789a gke52f2ab1c2d3 eth0.100";

    const UNKNOWN: &str = "
        master node2 ens eth california team gke lxc1 worker-1 ip-10-0-0-1 vxlan flannel eth0.0
        eth0.5000 eth0.1714560000 ETH0 tapas";

    #[test]
    fn names_are_told_by_their_shape() {
        for name in KNOWN.split_whitespace() {
            assert!(is_interface_name(name), "{name}");
        }
        for name in UNKNOWN.split_whitespace() {
            assert!(!is_interface_name(name), "{name}");
        }
    }
}
