//! Flows in a few words.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::super::model::Report;
use super::super::model_flow::{AddressedParty, DispositionCounts, FlowReport};
use super::layout::Page;
use crate::types::{Language, Message};

/// The flows of a report by id.
pub(in crate::report) struct FlowIndex<'a>(BTreeMap<&'a str, &'a FlowReport>);

impl<'a> FlowIndex<'a> {
    pub(in crate::report) fn new(report: &'a Report) -> Self {
        Self(
            report
                .flows
                .iter()
                .map(|flow| (flow.id.as_str(), flow))
                .collect(),
        )
    }

    pub(in crate::report) fn get(&self, id: &str) -> Option<&'a FlowReport> {
        self.0.get(id).copied()
    }
}

/// Relations in the order in which a reader cares about them.
pub(in crate::report) fn importance(relation: &str) -> usize {
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

/// `cross node`.
pub(in crate::report) fn relation_words(relation: &'static str) -> Message {
    Message::text(match relation {
        "cross-node" => text!("cross node"),
        "node-to-remote-pod" => text!("node to remote pod"),
        "pod-to-remote-node" => text!("pod to remote node"),
        "node-to-node" => text!("node to node"),
        "same-node" => text!("same node"),
        "pod-to-own-node" => text!("pod to own node"),
        "node-to-own-pod" => text!("node to own pod"),
        other => other,
    })
}

/// `ping 10.244.0.4 → 10.244.1.5 (pod on master → pod on node)`, on further lines what does not fit.
pub(super) fn render_title(flow: &FlowReport, page: &mut Page<'_>) {
    render_names(flow, page);
    if page.options.verbose
        && let Some(matched_by) = flow.forward.matched_by
    {
        page.paragraph(
            &message!("  packets recognized by: "),
            &Message::text(matched_by),
        );
    }
}

fn render_names(flow: &FlowReport, page: &mut Page<'_>) {
    let places = message!(
        "({from} → {to})",
        from = place(&flow.initiator),
        to = place(&flow.responder)
    );
    let places = page.signs(&places);
    let short = short(flow, page.language);
    let signs = page.signs(&short);
    if signs.width() + 1 + places.width() <= page.width() {
        page.line(&format!("{signs} {places}"));
        return;
    }
    match short.split_once(" → ") {
        Some((from, to)) if signs.width() > page.width() => {
            page.paragraph("", from);
            page.paragraph("  → ", to);
        }
        _ => page.line(&short),
    }
    page.paragraph("  ", &places);
}

/// `ping 10.244.0.4 → 10.244.1.5`, `tcp 10.244.0.4 → 10.244.1.5:8080 (default/web-0) via 10.96.0.20:80`.
pub(in crate::report) fn short(flow: &FlowReport, language: Language) -> String {
    let responder = with_port(&flow.responder.address, flow.responder.port);
    let via = flow.called.as_ref().map_or_else(String::new, |called| {
        let address = with_port(&called.address, called.port);
        let address = named(&address, called.name.as_deref());
        message!(" via {address}", address).render(language)
    });
    format!(
        "{} {} → {}{via}",
        language.text(what(flow)),
        named(&flow.initiator.address, flow.initiator.name.as_deref()),
        named(&responder, flow.responder.name.as_deref())
    )
}

fn with_port(address: &str, port: Option<u16>) -> String {
    match port {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    }
}

/// An address with what it is called: `10.244.1.5 (default/web-0)`.
pub(in crate::report) fn named(address: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{address} ({name})"),
        None => address.to_owned(),
    }
}

fn what(flow: &FlowReport) -> &str {
    match flow.key.service.as_deref() {
        Some("echo") => "ping",
        Some("icmp-error") => text!("icmp error"),
        _ => &flow.key.protocol,
    }
}

/// `pod on master`.
pub(in crate::report) fn place(party: &AddressedParty) -> Message {
    match (party.kind, &party.node) {
        ("node", Some(node)) => message!("node {node}", node),
        ("pod", Some(node)) => message!("pod on {node}", node),
        (_, Some(node)) => message!("on {node}", node),
        (_, None) => message!("node not known"),
    }
}

/// `5 there, 5 back`, `3 there, 2 lost`.
pub(in crate::report) fn outcome(flow: &FlowReport) -> Message {
    ends_of(flow.forward.dispositions, flow.reply.dispositions)
}

/// The same of what became of packets there and back.
pub(in crate::report) fn ends_of(there: DispositionCounts, back: DispositionCounts) -> Message {
    let parts = [
        (there.delivered, message!("there")),
        (there.lost, message!("lost")),
        (there.assumed_lost, message!("missing")),
        (there.not_covered, message!("out of sight")),
        (there.rejected, message!("rejected")),
        (there.looped, message!("in a loop")),
        (there.unknown, message!("unknown")),
        (back.delivered, message!("back")),
        (back.lost, message!("lost on the way back")),
        (back.assumed_lost, message!("missing on the way back")),
        (back.not_covered, message!("back out of sight")),
        (back.rejected, message!("rejected on the way back")),
        (back.looped, message!("in a loop on the way back")),
        (back.unknown, message!("back unknown")),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| message!("{n} {word}", n, word));
    Message::join(parts, text!(", "))
}
