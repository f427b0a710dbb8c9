//! What the packets of an inspected set hold: tunnels, addresses, oddities.

use super::flow_line::named;
use super::layout::{Page, count};
use crate::report::inspect::{InspectReport, InspectedAddress, StopReport, TunnelReport};
use crate::types::Message;

/// Tunnels of a capture point, and addresses of a kind, that are listed before the rest is only counted.
const MAX_LISTED: usize = 16;

/// What stands in place of a layer where not even the first is known.
const LINK_TYPE: &str = text!("link type");

pub(super) fn render_tunnels(report: &InspectReport, page: &mut Page<'_>) {
    let points = report
        .capture_points
        .iter()
        .filter(|p| !p.tunnels.is_empty());
    for (index, point) in points.enumerate() {
        if index == 0 {
            page.heading(&message!("Tunnels"));
        }
        page.line(&format!("  {}/{}", point.node, point.interface));
        for tunnel in point.tunnels.iter().take(MAX_LISTED) {
            page.paragraph("    ", &tunnel_line(tunnel));
        }
        let more = point.tunnels.len().saturating_sub(MAX_LISTED);
        if more > 0 || point.tunnels_left_out > 0 {
            page.line(&message!("    and more; --format json has them"));
        }
    }
}

fn tunnel_line(tunnel: &TunnelReport) -> Message {
    let guess = match tunnel.kind {
        "vxlan-guessed" => message!(" (a guess: the port is not known for it)"),
        _ => Message::empty(),
    };
    let number = match (tunnel.kind, tunnel.vni) {
        ("gre", Some(key)) => message!(" key {key}", key),
        (_, Some(vni)) => message!(" VNI {vni}", vni),
        (_, None) => Message::empty(),
    };
    let port = tunnel
        .port
        .map_or_else(Message::empty, |port| message!(", UDP {port}", port));
    message!(
        "{kind}{number}{port}: {source} → {destination}, {packets}{guess}",
        kind = tunnel.kind,
        number,
        port,
        source = tunnel.source,
        destination = tunnel.destination,
        packets = count(tunnel.packets, noun!("packet")),
        guess
    )
}

pub(super) fn render_addresses(report: &InspectReport, page: &mut Page<'_>) {
    if report.addresses.is_empty() {
        return;
    }
    page.heading(&message!("Addresses"));
    for node in &report.nodes {
        let is_here = |a: &InspectedAddress| a.node.as_deref() == Some(&node.name);
        if !report.addresses.iter().any(is_here) {
            continue;
        }
        page.line(&format!("  {}", node.name));
        let own = |kind: &'static str| {
            let addresses = report.addresses.iter();
            addresses.filter(move |a| a.kind == kind && is_here(a))
        };
        list(&message!("    node     "), own("node"), page);
        list(&message!("    pods     "), own("pod"), page);
        list(&message!("    others   "), own("unknown"), page);
        let subnets = report.subnets.iter().filter(|s| s.node == node.name);
        let subnets: Vec<Message> = subnets
            .map(|subnet| {
                message!(
                    "{prefix} ({basis})",
                    prefix = subnet.prefix,
                    basis = Message::text(subnet.basis)
                )
            })
            .collect();
        if !subnets.is_empty() {
            page.paragraph(
                &message!("    networks "),
                &Message::list(&subnets, text!(", ")),
            );
        }
    }
    let homeless = || report.addresses.iter().filter(|a| a.node.is_none());
    if homeless().next().is_some() {
        page.paragraph(
            "  ",
            &message!("on no captured node, or not known on which"),
        );
        list(&Message::verbatim("    "), homeless(), page);
    }
}

fn list<'a>(
    first: &Message,
    addresses: impl Iterator<Item = &'a InspectedAddress>,
    page: &mut Page<'_>,
) {
    let addresses: Vec<String> = addresses.map(named_address).collect();
    let Some(more) = addresses.len().checked_sub(MAX_LISTED) else {
        if !addresses.is_empty() {
            page.paragraph(first, &Message::list(&addresses, text!(", ")));
        }
        return;
    };
    let shown: Vec<String> = addresses.into_iter().take(MAX_LISTED).collect();
    let rest = match more {
        0 => Message::empty(),
        _ => message!(" and {more} more", more),
    };
    page.paragraph(
        first,
        &Message::join([Message::list(&shown, text!(", ")), rest], ""),
    );
}

/// `10.244.1.5 (default/web-0)`.
fn named_address(address: &InspectedAddress) -> String {
    named(&address.address, address.name.as_deref())
}

pub(super) fn render_decoding(report: &InspectReport, page: &mut Page<'_>) {
    let points = report.capture_points.iter();
    let odd = points.filter(|p| !p.anomalies.is_empty() || !p.stops.is_empty());
    for (index, point) in odd.enumerate() {
        if index == 0 {
            page.heading(&message!("Decoding"));
        }
        page.line(&format!("  {}/{}", point.node, point.interface));
        let anomalies: Vec<String> = point
            .anomalies
            .iter()
            .map(|(name, times)| format!("{times} × {name}"))
            .collect();
        if !anomalies.is_empty() {
            page.paragraph(
                &message!("    odd      "),
                &Message::list(&anomalies, text!(", ")),
            );
        }
        let mut stops: Vec<Message> = point.stops.iter().map(stop_phrase).collect();
        if point.stops_left_out > 0 {
            stops.push(message!("{n} × others", n = point.stops_left_out));
        }
        if !stops.is_empty() {
            page.paragraph(
                &message!("    stopped  "),
                &Message::list(&stops, text!(", ")),
            );
        }
    }
}

/// `3 × cut by the capture in tcp`, `1 × not decoded: ethernet 0x88cc`.
fn stop_phrase(stop: &StopReport) -> Message {
    let layer = stop.layer.unwrap_or(LINK_TYPE);
    let named = Message::text(layer);
    let what = match stop.kind {
        "cut-by-capture" => message!("cut by the capture in {layer}", layer = named),
        "cut-by-header" => message!("cut by an enclosing header in {layer}", layer = named),
        "malformed" => message!(
            "malformed {layer} ({anomaly})",
            layer = named,
            anomaly = stop.anomaly.unwrap_or("")
        ),
        "unsupported" => {
            let number = stop.number.unwrap_or(0);
            message!(
                "not decoded: {layer} {number}",
                layer = named,
                number = number_text(layer, number)
            )
        }
        "too-deep" => message!("too many layers"),
        kind => Message::text(kind),
    };
    message!("{n} × {what}", n = stop.packets, what)
}

/// Ethernet types are known in hexadecimal, all else in decimal.
fn number_text(layer: &str, number: u32) -> String {
    match layer {
        "ipv4" | "ipv6" | LINK_TYPE => number.to_string(),
        _ => format!("0x{number:04x}"),
    }
}
