//! What the cluster says about itself: `kubectl get … -o json` and hosts files beside the captures.
//!
//! A file counts if it lies in the set and its name ends in `.json`, or is `hosts`; what a JSON file holds is told by the
//! kinds of its items. None of it is needed, so that a file that cannot be read is a warning.

mod hosts;
mod kubectl;

use std::io::Read;
use std::net::IpAddr;

use ipnet::IpNet;

use kubectl::MAX_ITEMS;

use super::ResolvedName;
use crate::types::{Message, visible};

/// Longest file that is read, in bytes: the pods of a large cluster.
const MAX_FILE_LEN: u64 = 64 << 20;

/// What is known about a cluster beside its captures. Every list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Its nodes.
    pub nodes: Vec<ClusterNode>,
    /// Its pods, without those that share their node's addresses and those that have ended.
    pub pods: Vec<ClusterPod>,
    /// Its services that have an address.
    pub services: Vec<ClusterService>,
    /// Names from a hosts file.
    pub hosts: Vec<ResolvedName>,
    /// Files that could not be read, as sentences.
    pub warnings: Vec<Message>,
}

/// A node as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterNode {
    /// Its name.
    pub name: Box<str>,
    /// Its own addresses: internal ones, and that of its tunnel endpoint.
    pub addresses: Vec<IpAddr>,
    /// The networks that its pods' addresses are taken from.
    pub pod_networks: Vec<IpNet>,
    /// flannel's backend (`vxlan`, `host-gw` …), where flannel runs.
    pub backend: Option<Box<str>>,
    /// MAC address of flannel's tunnel device.
    pub vtep_mac: Option<[u8; 6]>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterPod {
    /// `namespace/name`.
    pub name: Box<str>,
    /// The node it runs on, where that is said.
    pub node: Option<Box<str>>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterService {
    /// `namespace/name`.
    pub name: Box<str>,
    /// Its addresses: the cluster's, and external ones.
    pub addresses: Vec<IpAddr>,
}

/// Whether a file of this name may describe the cluster.
pub(super) fn is_named_like_cluster_facts(name: &str) -> bool {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    file == "hosts" || file.to_ascii_lowercase().contains(".json")
}

impl ClusterFacts {
    /// Adds what the file `name` says; `source` is its text.
    pub(super) fn add_file(&mut self, name: &str, source: impl Read) {
        let mut text = Vec::new();
        let read = source.take(MAX_FILE_LEN + 1).read_to_end(&mut text);
        let result = match read {
            Err(reason) => Err(message!("cannot be read: {reason}", reason)),
            Ok(len) if len as u64 > MAX_FILE_LEN => Err(message!(
                "is longer than {mib} MiB",
                mib = MAX_FILE_LEN >> 20
            )),
            Ok(_) if name.to_ascii_lowercase().contains(".json") => self.add_json(&text),
            Ok(_) => {
                self.add_hosts(&String::from_utf8_lossy(&text));
                Ok(0)
            }
        };
        match result {
            Ok(0) => {}
            Ok(left_out) => self.warnings.push(message!(
                "{name}: {left_out} items are left out, more than {limit} are not read; give those of the nodes in question",
                name = visible(name),
                left_out,
                limit = MAX_ITEMS
            )),
            Err(reason) => self.warnings.push(message!(
                "{name}: {reason}; names and addresses in it are not used",
                name = visible(name),
                reason
            )),
        }
    }

    /// Sorts everything, since files come in any order, and makes names safe to show.
    pub(super) fn sorted(mut self) -> Self {
        let nodes = self.nodes.iter_mut().map(|node| &mut node.name);
        let pods = self
            .pods
            .iter_mut()
            .flat_map(|pod| [Some(&mut pod.name), pod.node.as_mut()]);
        let services = self.services.iter_mut().map(|service| &mut service.name);
        for name in nodes.chain(pods.flatten()).chain(services) {
            *name = visible(name).into();
        }
        self.nodes.sort();
        self.nodes.dedup();
        self.pods.sort();
        self.pods.dedup();
        self.services.sort();
        self.services.dedup();
        self.hosts
            .sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        self.hosts.dedup();
        self.warnings.sort();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_names() {
        for name in ["nodes.json", "site/pods.JSON", "all.json.gz", "etc/hosts"] {
            assert!(is_named_like_cluster_facts(name), "{name}");
        }
        for name in ["hosts.pcap", "json", "README.md"] {
            assert!(!is_named_like_cluster_facts(name), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_named_and_what_is_foreign_is_not() {
        let mut facts = ClusterFacts::default();
        facts.add_file("pods.json", &b"{\"kind\": \"List\", \"items\": [{]"[..]);
        facts.add_file("report.json", &b"{\"schema_version\": 1}"[..]);
        facts.add_file("list.json", &b"[1, 2]"[..]);
        let [warning] = facts.warnings.as_slice() else {
            panic!("{:?}", facts.warnings)
        };
        let warning = warning.render(crate::types::Language::English);
        assert!(
            warning.starts_with("pods.json: is no valid JSON: "),
            "{warning}"
        );
        assert!(warning.contains("line 1"), "{warning}");
    }
}
