//! Flows in a few words.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::super::model::Report;
use super::super::model_flow::{AddressedParty, FlowReport};
use super::layout::Page;

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

/// `ping 10.244.0.4 → 10.244.1.5 (pod on master → pod on node)`, on further lines what does not fit.
pub(super) fn render_title(flow: &FlowReport, page: &mut Page<'_>) {
    let places = format!("({} → {})", place(&flow.initiator), place(&flow.responder));
    let short = short(flow);
    if short.width() + 1 + places.width() <= page.width() {
        page.line(&format!("{short} {places}"));
        return;
    }
    match short.split_once(" → ") {
        Some((from, to)) if short.width() > page.width() => {
            page.line(from);
            page.paragraph("  → ", to);
        }
        _ => page.line(&short),
    }
    page.paragraph("  ", &places);
}

/// `ping 10.244.0.4 → 10.244.1.5`, `tcp 10.244.0.4 → 10.244.1.5:8080 (default/web-0)`.
pub(super) fn short(flow: &FlowReport) -> String {
    let responder = match flow.responder.port {
        Some(port) if flow.responder.address.contains(':') => {
            format!("[{}]:{port}", flow.responder.address)
        }
        Some(port) => format!("{}:{port}", flow.responder.address),
        None => flow.responder.address.clone(),
    };
    format!(
        "{} {} → {}",
        what(flow),
        named(&flow.initiator.address, flow.initiator.name.as_deref()),
        named(&responder, flow.responder.name.as_deref())
    )
}

/// An address with what it is called: `10.244.1.5 (default/web-0)`.
pub(super) fn named(address: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{address} ({name})"),
        None => address.to_owned(),
    }
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
