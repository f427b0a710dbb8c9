//! Tells node and interface from a file's name.

use super::InterfaceName;
use super::interface_names::is_interface_name;
use super::stem::{SEPARATORS, bundle_stem, capture_stem, is_digits, without_noise};
use super::timestamps::without_timestamps;

/// What a file's name says about where it was taken.
///
/// The rules, for the name relative to the set:
///
/// 1. The **node** is the nearest folder above the file whose name is more than noise words
///    (`captures`, `pcaps`, `tmp` …) and dates. A bundle inside a set counts as a folder. A folder
///    that is named like an interface gives the interface instead, if the file's name does not.
/// 2. Extensions, dates, times and serial numbers are taken off the file's name. What is left is
///    searched for a **known interface name** between separators (`-`, `_`, `.` …); of several the
///    last counts, and a longer one hides those inside it.
/// 3. With such a name, what stands before it, or else behind it, without noise words, is the node
///    if no folder is: `node2-flannel.1.pcap`, `cni0_master.pcap`.
/// 4. Without one, inside a node's folder the file itself says its interfaces if it can (pcapng
///    with names, Linux cooked version 2) or if nothing is left of its name but noise and the node's
///    name again; otherwise what is left is the interface: `master/pod-a.pcap`.
/// 5. If, in one folder, known interface names stand beside **two or more different** names, or files that
///    say their interfaces themselves have such names, these are the nodes, and the folder is not: `failing/master-eth0.pcap`, `failing/node-eth0.pcap`. One alone may be anything
///    (`master/run7-eth0.pcap`, `master/run7-cni0.pcap`), and the folder stays the node.
/// 6. Without one and without a node's folder, what is left of the name is the node, and the file
///    itself says its interfaces: `master.pcapng`, `k8s-master1-any.pcap`.
///
/// The interface `any` always means that the file itself says it. Names are compared as they are
/// written, upper and lower case apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedPlace {
    pub(super) node: Option<Box<str>>,
    pub(super) interface: Option<InterfaceName>,
    /// What stands beside a known interface name in the file's own name; rule 5 may make it the node.
    pub(super) beside: Option<Box<str>>,
}

impl NamedPlace {
    /// Applies the rules to `name`, relative to the set with `/` separators. `names_interfaces` says
    /// whether the file itself says its interfaces.
    pub(super) fn of_name(name: &str, names_interfaces: bool) -> Self {
        let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
        let folders = FolderPlace::of_folders(folders);
        let stem = without_timestamps(capture_stem(file));
        let (interface, beside) = match find_interface(&stem) {
            Some(found) => (Some(InterfaceName::parse(found.name)), found.beside),
            None => (None, without_noise(&stem)),
        };
        let beside = if is_digits(beside) { "" } else { beside };
        let known = (interface.is_some() || names_interfaces) && !beside.is_empty();
        let named = known.then(|| Box::from(beside));
        match folders.node {
            Some(node) => Self {
                interface: interface
                    .or_else(|| folders.interface.map(InterfaceName::parse))
                    .or_else(|| Some(interface_beside(node, beside, names_interfaces))),
                node: Some(node.into()),
                beside: named,
            },
            None => {
                let node = (!beside.is_empty()).then(|| beside.into());
                let interface = interface.or_else(|| folders.interface.map(InterfaceName::parse));
                let from_file = node.is_some().then_some(InterfaceName::FromFile);
                Self {
                    node,
                    interface: interface.or(from_file),
                    beside: named,
                }
            }
        }
    }
}

/// What the folders above a file say.
#[derive(Default)]
struct FolderPlace<'a> {
    node: Option<&'a str>,
    interface: Option<&'a str>,
}

impl<'a> FolderPlace<'a> {
    fn of_folders(folders: &'a str) -> Self {
        let mut place = Self::default();
        for folder in folders.rsplit('/').map(bundle_stem) {
            if is_interface_name(folder) {
                place.interface = place.interface.or(Some(folder));
            } else if !without_noise(&without_timestamps(folder)).is_empty() {
                place.node = Some(folder);
                break;
            }
        }
        place
    }
}

/// Rule 4: the interface of a file without a known one in its name, inside the folder of `node`.
fn interface_beside(node: &str, beside: &str, names_interfaces: bool) -> InterfaceName {
    let rest = beside
        .strip_prefix(node)
        .or_else(|| beside.strip_suffix(node))
        .map_or(beside, without_noise);
    if names_interfaces || rest.is_empty() {
        InterfaceName::FromFile
    } else {
        InterfaceName::parse(rest)
    }
}

struct FoundInterface<'a> {
    name: &'a str,
    /// What stands before it, or else behind it, without noise.
    beside: &'a str,
}

/// The longest interface name that is looked for, in bytes: Linux has 15, and a VLAN's number may follow.
const MAX_INTERFACE_NAME: usize = 64;

/// Rule 2: the last known interface name in `stem` that is not part of a longer one.
fn find_interface(stem: &str) -> Option<FoundInterface<'_>> {
    let words: Vec<(usize, usize)> = word_edges(stem).collect();
    let mut best: Option<(usize, usize)> = None;
    for (at, &(start, _)) in words.iter().enumerate() {
        let ends = words.iter().skip(at).map(|(_, end)| *end);
        let ends = ends.take_while(|end| end - start <= MAX_INTERFACE_NAME);
        let longest = ends
            .filter(|end| stem.get(start..*end).is_some_and(is_interface_name))
            .last();
        if let Some(end) = longest
            && best.is_none_or(|(_, best_end)| end > best_end)
        {
            best = Some((start, end));
        }
    }
    let (start, end) = best?;
    let before = without_noise(stem.get(..start)?);
    let behind = without_noise(stem.get(end..)?);
    Some(FoundInterface {
        name: stem.get(start..end)?,
        beside: if before.is_empty() { behind } else { before },
    })
}

/// Start and end of each word of `stem`.
fn word_edges(stem: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    stem.split(SEPARATORS).map(move |word| {
        let edges = (at, at + word.len());
        at = edges.1 + 1;
        edges
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, node, interface; `-` for what the name does not say, `any` for what the file says.
    const CASES: &[(&str, &str, &str)] = &[
        ("master/eth0.pcap", "master", "eth0"),
        ("k8s-node2/flannel.1.pcap", "k8s-node2", "flannel.1"),
        ("k8s-node2/vethnpod2.pcap", "k8s-node2", "vethnpod2"),
        ("master/captures/eth0.pcap", "master", "eth0"),
        ("master/pcaps-2026-05-01/eth0.pcap", "master", "eth0"),
        ("site/master/eth0.pcap", "master", "eth0"),
        ("master/eth0/capture.pcap", "master", "eth0"),
        ("master/master-eth0.pcap", "master", "eth0"),
        ("master/tcpdump-pod-a.pcap", "master", "pod-a"),
        ("master/master_pod-a.pcap", "master", "pod-a"),
        ("master/master.pcapng", "master", "any"),
        ("master/capture.pcapng", "master", "any"),
        ("master/any.pcap", "master", "any"),
        ("node1.tar.gz/eth0.pcap", "node1", "eth0"),
        ("node1.tgz/captures/eth0.pcap.gz", "node1", "eth0"),
        (
            "ip-10-0-0-1.ec2.internal/eth0.100.pcap",
            "ip-10-0-0-1.ec2.internal",
            "eth0.100",
        ),
        ("node2-flannel.1.pcap", "node2", "flannel.1"),
        ("cni0_master.pcap", "master", "cni0"),
        ("master.eth0", "master", "eth0"),
        ("master.eth0.pcap", "master", "eth0"),
        ("tcpdump-worker-1-cni0.pcap", "worker-1", "cni0"),
        (
            "ip-10-0-0-1.ec2.internal_eth0.pcap",
            "ip-10-0-0-1.ec2.internal",
            "eth0",
        ),
        (
            "ip-10-0-0-1.ec2.internal-flannel.1.pcap",
            "ip-10-0-0-1.ec2.internal",
            "flannel.1",
        ),
        ("node1-vxlan.calico.pcap", "node1", "vxlan.calico"),
        ("node1_cilium_vxlan.pcap", "node1", "cilium_vxlan"),
        ("node1-vxlan_sys_4789.pcap", "node1", "vxlan_sys_4789"),
        ("node1-br-int.pcap", "node1", "br-int"),
        ("node1-ovn-k8s-mp0.pcap", "node1", "ovn-k8s-mp0"),
        (
            "gke-prod-default-pool-1a2b3c4d-x7zq-eth0.pcap",
            "gke-prod-default-pool-1a2b3c4d-x7zq",
            "eth0",
        ),
        (
            "aks-pool-12345678-vmss000000-azv0123456789a.pcap",
            "aks-pool-12345678-vmss000000",
            "azv0123456789a",
        ),
        ("eth0-20260501-120000-master.pcap3", "master", "eth0"),
        ("captures/master-eth0.pcap.1.gz", "master", "eth0"),
        ("master.pcap", "master", "any"),
        ("k8s-master1-any.pcap", "k8s-master1", "any"),
        ("node2.pcapng", "node2", "any"),
        ("Node2.pcapng", "Node2", "any"),
        ("eth0.pcap", "-", "eth0"),
        ("captures/eth0.pcap", "-", "eth0"),
        ("capture.pcap", "-", "-"),
        ("dump_00001_20260501120000.pcapng", "-", "-"),
        ("any.pcap", "-", "any"),
        ("1.pcap", "-", "-"),
    ];

    #[test]
    fn names_place_files() {
        for (name, node, interface) in CASES {
            let place = NamedPlace::of_name(name, false);
            let text = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
            let found = (
                text(place.node.map(String::from)),
                text(place.interface.map(|interface| interface.to_string())),
            );
            assert_eq!(
                found,
                ((*node).to_owned(), (*interface).to_owned()),
                "{name}"
            );
        }
    }

    #[test]
    fn files_that_name_their_interfaces_do_so_unless_their_name_does() {
        let interface = |name| NamedPlace::of_name(name, true).interface.unwrap();
        assert_eq!(
            interface("master/ring_00001_20260501120000.pcapng"),
            InterfaceName::FromFile
        );
        assert_eq!(
            interface("master/eth0.pcapng"),
            InterfaceName::Named("eth0".into())
        );
    }
}
