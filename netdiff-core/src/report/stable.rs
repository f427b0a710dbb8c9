//! Names that two recordings of one cluster share.

use std::collections::BTreeMap;

use super::model::{PointName, Report, SetName};
use super::model_flow::{AddressedParty, FlowReport};

/// Names of capture points that outlive a recording: a pod's interface has another name each time.
pub(super) struct StableNames<'a> {
    pods: BTreeMap<(SetName, &'a str, &'a str), String>,
}

impl<'a> StableNames<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let sets = [
            (SetName::Set, &report.set),
            (SetName::Reference, &report.reference),
            (SetName::Failing, &report.failing),
        ];
        let mut pods = BTreeMap::new();
        for (name, set) in sets {
            let points = set.iter().flat_map(|set| &set.capture_points);
            for point in points.filter(|point| point.role == "pod") {
                let key = (name, point.node.as_str(), point.interface.as_str());
                pods.insert(key, format!("{}/pod", point.node));
            }
        }
        Self { pods }
    }

    /// `master/eth0`, `master/pod`.
    pub(super) fn point(&self, set: SetName, point: &PointName) -> String {
        self.place(set, &point.node, &point.interface)
    }

    pub(super) fn place(&self, set: SetName, node: &str, interface: &str) -> String {
        match self.pods.get(&(set, node, interface)) {
            Some(pod) => pod.clone(),
            None => format!("{node}/{interface}"),
        }
    }

    /// The same for points named in a sentence.
    pub(super) fn words(&self, set: SetName, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let name = word.trim_end_matches([',', ';', ':', '.']);
            let rest = word.get(name.len()..).unwrap_or_default();
            let (node, interface) = name.split_once('/').unwrap_or((name, ""));
            match self.pods.get(&(set, node, interface)) {
                Some(pod) => format!("{pod}{rest}"),
                None => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// `ping, pod on master to pod on node`, `tcp 8080, pod on master to pod on node`: without addresses, which pods do not keep.
pub(super) fn stable_flow(flow: &FlowReport) -> String {
    let what = match flow.key.service.as_deref() {
        Some("echo") => "ping".to_owned(),
        Some("icmp-error") => "icmp error".to_owned(),
        Some(service) => format!("{} {service}", flow.key.protocol),
        None => flow.key.protocol.clone(),
    };
    format!(
        "{what}, {} to {}",
        party(&flow.initiator),
        party(&flow.responder)
    )
}

fn party(party: &AddressedParty) -> String {
    match (party.kind, &party.node) {
        ("pod", Some(node)) => format!("pod on {node}"),
        ("node", Some(node)) => format!("node {node}"),
        (_, Some(node)) => format!("something on {node}"),
        (_, None) => "something elsewhere".to_owned(),
    }
}
