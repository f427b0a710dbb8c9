//! Flows in a few words.

use std::collections::BTreeMap;

use super::super::model::Report;
use super::super::model_flow::{AddressedParty, FlowReport};

/// The flows of a report by id.
pub(super) struct FlowIndex<'a>(BTreeMap<&'a str, &'a FlowReport>);

impl<'a> FlowIndex<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self(
            report
                .flows
                .iter()
                .map(|flow| (flow.id.as_str(), flow))
                .collect(),
        )
    }

    pub(super) fn get(&self, id: &str) -> Option<&'a FlowReport> {
        self.0.get(id).copied()
    }
}

/// Relations in the order in which a reader cares about them.
pub(super) fn importance(relation: &str) -> usize {
    [
        "cross-node",
        "node-to-remote-pod",
        "pod-to-remote-node",
        "node-to-node",
        "same-node",
    ]
    .iter()
    .position(|known| *known == relation)
    .unwrap_or(9)
}

/// `ping 10.244.0.4 → 10.244.1.5 (pod on master → pod on node)`.
pub(super) fn title(flow: &FlowReport) -> String {
    format!(
        "{} ({} → {})",
        short(flow),
        place(&flow.initiator),
        place(&flow.responder)
    )
}

/// `ping 10.244.0.4 → 10.244.1.5`, `tcp 10.244.0.4 → 10.244.1.5:8080`.
pub(super) fn short(flow: &FlowReport) -> String {
    let responder = match flow.responder.port {
        Some(port) if flow.responder.address.contains(':') => {
            format!("[{}]:{port}", flow.responder.address)
        }
        Some(port) => format!("{}:{port}", flow.responder.address),
        None => flow.responder.address.clone(),
    };
    format!("{} {} → {responder}", what(flow), flow.initiator.address)
}

fn what(flow: &FlowReport) -> &str {
    match flow.key.service.as_deref() {
        Some("echo") => "ping",
        Some("icmp-error") => "icmp error",
        _ => &flow.key.protocol,
    }
}

fn place(party: &AddressedParty) -> String {
    match (party.kind, &party.node) {
        ("node", Some(node)) => format!("node {node}"),
        (kind @ "pod", Some(node)) => format!("{kind} on {node}"),
        (_, Some(node)) => format!("on {node}"),
        (_, None) => "node not known".to_owned(),
    }
}

/// `5 there, 5 back`, `3 there, 2 lost`.
pub(super) fn outcome(flow: &FlowReport) -> String {
    let there = flow.forward.dispositions;
    let back = flow.reply.dispositions;
    let parts: Vec<String> = [
        (there.delivered, "there"),
        (there.lost, "lost"),
        (there.not_covered, "out of sight"),
        (there.unknown, "unknown"),
        (back.delivered, "back"),
        (back.lost, "lost on the way back"),
        (back.not_covered, "back out of sight"),
        (back.unknown, "back unknown"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    parts.join(", ")
}
