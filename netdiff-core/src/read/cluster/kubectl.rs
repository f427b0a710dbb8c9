//! What `kubectl get nodes|pods|services -o json` writes (Kubernetes API v1), as far as it is needed.
//!
//! An item of another kind, or one whose fields are not what this version of the API has, is passed over.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{ClusterFacts, ClusterNode, ClusterPod, ClusterService};
use crate::types::{Message, visible};

/// Annotations that flannel puts on nodes (flannel, pkg/subnet/kube/annotations.go).
const FLANNEL: &str = "flannel.alpha.coreos.com/";

/// Items of one file that are kept; more than the largest clusters have pods.
pub(super) const MAX_ITEMS: usize = 200_000;

/// `List`, `NodeList`, `PodList` or `ServiceList`.
#[derive(Deserialize)]
struct List {
    #[serde(default, deserialize_with = "lenient")]
    kind: String,
    #[serde(default, deserialize_with = "bounded")]
    items: Items,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "lenient")]
    kind: String,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "lenient")]
    spec: Spec,
    #[serde(default, deserialize_with = "lenient")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    annotations: BTreeMap<String, String>,
}

/// Fields of nodes, pods and services; each has its own.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    #[serde(rename = "podCIDR")]
    pod_cidr: Option<String>,
    #[serde(rename = "podCIDRs")]
    pod_cidrs: Vec<String>,
    node_name: Option<Box<str>>,
    host_network: bool,
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "clusterIPs")]
    cluster_ips: Vec<String>,
    #[serde(rename = "externalIPs")]
    external_ips: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    addresses: Vec<NodeAddress>,
    phase: String,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Vec<Ip>,
    load_balancer: LoadBalancer,
}

#[derive(Deserialize)]
struct NodeAddress {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ip {
    ip: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    ingress: Vec<Ip>,
}

/// flannel's `backend-data` of the vxlan backend.
#[derive(Deserialize)]
struct BackendData {
    #[serde(rename = "VtepMAC")]
    vtep_mac: String,
}

/// The first items of a list, and how many there are beyond.
#[derive(Default)]
struct Items {
    kept: Vec<Item>,
    left_out: u64,
}

/// A list of items, as many as are kept.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Items, D::Error> {
    struct Bounded;
    impl<'de> Visitor<'de> for Bounded {
        type Value = Items;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items, A::Error> {
            let mut items = Items::default();
            while items.kept.len() < MAX_ITEMS
                && let Some(item) = list.next_element()?
            {
                items.kept.push(item);
            }
            while list.next_element::<IgnoredAny>()?.is_some() {
                items.left_out += 1;
            }
            Ok(items)
        }
    }
    deserializer.deserialize_seq(Bounded)
}

/// A value, or its default where it has another shape.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    // The text, not the values: of those, hostile text may hold fifty times its own length.
    let text = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(text.get()).unwrap_or_default())
}

impl ClusterFacts {
    /// Adds the nodes, pods and services of a list, and says how many of its items were too many.
    ///
    /// # Errors
    /// Where it is no JSON. JSON that is something else is nothing to add.
    pub(super) fn add_json(&mut self, text: &[u8]) -> Result<u64, Message> {
        let list: List = match serde_json::from_slice(text) {
            Ok(list) => list,
            Err(error) if error.classify() == Category::Data => return Ok(0),
            Err(error) => {
                return Err(message!(
                    "is no valid JSON: {error}",
                    error = visible(&error.to_string())
                ));
            }
        };
        let Some(kind_of_all) = list.kind.strip_suffix("List") else {
            return Ok(0);
        };
        let Items { kept, left_out } = list.items;
        for item in kept {
            let kind = match kind_of_all {
                "" => item.kind.clone(),
                kind => kind.to_owned(),
            };
            match kind.as_str() {
                "Node" => self.nodes.push(node(item)),
                "Pod" => self.pods.extend(pod(item)),
                "Service" => self.services.extend(service(&item)),
                _ => {}
            }
        }
        Ok(left_out)
    }
}

fn node(item: Item) -> ClusterNode {
    let annotation = |key: &str| item.metadata.annotations.get(&format!("{FLANNEL}{key}"));
    let addresses = item.status.addresses.iter();
    let internal = addresses
        .filter(|a| a.kind == "InternalIP")
        .map(|a| &a.address);
    let endpoint = [annotation("public-ip"), annotation("public-ipv6")];
    let networks = item.spec.pod_cidrs.iter().chain(&item.spec.pod_cidr);
    let mut pod_networks: Vec<IpNet> = networks.filter_map(|text| text.parse().ok()).collect();
    pod_networks.sort();
    pod_networks.dedup();
    let data = annotation("backend-data");
    let data = data.and_then(|text| serde_json::from_str::<BackendData>(text).ok());
    ClusterNode {
        addresses: addresses_of(internal.chain(endpoint.into_iter().flatten())),
        backend: annotation("backend-type").map(|text| text.as_str().into()),
        vtep_mac: data.and_then(|data| parse_mac(&data.vtep_mac)),
        pod_networks,
        name: item.metadata.name.into(),
    }
}

/// A pod with addresses of its own that may still run.
fn pod(item: Item) -> Option<ClusterPod> {
    let ended = matches!(item.status.phase.as_str(), "Succeeded" | "Failed");
    let listed = item.status.pod_ips.iter().map(|ip| &ip.ip);
    let addresses = addresses_of(listed.chain(&item.status.pod_ip));
    let own = !item.spec.host_network && !ended && !addresses.is_empty();
    own.then(|| ClusterPod {
        name: full_name(&item.metadata),
        node: item.spec.node_name,
        addresses,
    })
}

fn service(item: &Item) -> Option<ClusterService> {
    let ingress = item.status.load_balancer.ingress.iter().map(|ip| &ip.ip);
    let listed = item.spec.cluster_ips.iter().chain(&item.spec.cluster_ip);
    let addresses = addresses_of(listed.chain(&item.spec.external_ips).chain(ingress));
    (!addresses.is_empty()).then(|| ClusterService {
        name: full_name(&item.metadata),
        addresses,
    })
}

fn full_name(metadata: &Metadata) -> Box<str> {
    match metadata.namespace.as_str() {
        "" => metadata.name.as_str().into(),
        namespace => format!("{namespace}/{}", metadata.name).into(),
    }
}

/// The addresses among `texts` (a headless service has `None`), sorted.
fn addresses_of<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = texts.filter_map(|text| text.parse().ok()).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

/// `aa:bb:cc:dd:ee:ff`.
fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let bytes: Vec<u8> = text
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16))
        .collect::<Result<_, _>>()
        .ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> ClusterFacts {
        let mut facts = ClusterFacts::default();
        facts.add_json(text.as_bytes()).unwrap();
        facts.sorted()
    }

    #[test]
    fn nodes_have_addresses_networks_and_flannel_s_notes() {
        let found = facts(
            r#"{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Node", "metadata": {"name": "master",
            "annotations": {"flannel.alpha.coreos.com/public-ip": "10.33.188.138",
            "flannel.alpha.coreos.com/backend-type": "vxlan",
            "flannel.alpha.coreos.com/backend-data": "{\"VNI\":1,\"VtepMAC\":\"c6:1a:00:ff:23:9b\"}"}},
            "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.33.188.138"},
            {"type": "Hostname", "address": "master"}]}}]}"#,
        );
        let node = ClusterNode {
            name: "master".into(),
            addresses: vec!["10.33.188.138".parse().unwrap()],
            pod_networks: vec!["10.244.0.0/24".parse().unwrap()],
            backend: Some("vxlan".into()),
            vtep_mac: Some([0xc6, 0x1a, 0, 0xff, 0x23, 0x9b]),
        };
        assert_eq!(found.nodes, [node]);
    }

    #[test]
    fn pods_that_ended_or_use_the_node_s_network_have_no_name_to_give() {
        let found = facts(
            r#"{"kind": "PodList", "items": [
            {"metadata": {"name": "web-0", "namespace": "default"}, "spec": {"nodeName": "node"},
             "status": {"phase": "Running", "podIP": "10.244.1.5", "podIPs": [{"ip": "10.244.1.5"}, {"ip": "fd00::5"}]}},
            {"metadata": {"name": "proxy", "namespace": "kube-system"}, "spec": {"hostNetwork": true},
             "status": {"podIP": "10.33.188.142"}},
            {"metadata": {"name": "job", "namespace": "default"},
             "status": {"phase": "Succeeded", "podIP": "10.244.1.6"}},
            {"metadata": {"name": "waiting"}, "spec": {"nodeName": 7}}]}"#,
        );
        let [pod] = found.pods.as_slice() else {
            panic!("{:?}", found.pods)
        };
        assert_eq!(&*pod.name, "default/web-0");
        assert_eq!(pod.node.as_deref(), Some("node"));
        assert_eq!(pod.addresses.len(), 2);
    }

    #[test]
    fn services_may_be_headless_and_kinds_may_be_strange() {
        let found = facts(
            r#"{"kind": "List", "items": [
            {"kind": "Service", "metadata": {"name": "web", "namespace": "default"},
             "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"]},
             "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}},
            {"kind": "Service", "metadata": {"name": "headless"}, "spec": {"clusterIP": "None"}},
            {"kind": "Gateway", "spec": {"clusterIP": 7}, "status": "?"}]}"#,
        );
        let [service] = found.services.as_slice() else {
            panic!("{:?}", found.services)
        };
        assert_eq!(
            (&*service.name, service.addresses.len()),
            ("default/web", 2)
        );
    }
}
