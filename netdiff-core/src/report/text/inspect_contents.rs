//! What the packets of an inspected set hold: tunnels, addresses, oddities.

use super::flow_line::named;
use super::layout::{Page, count};
use crate::report::inspect::{InspectReport, InspectedAddress, StopReport, TunnelReport};

/// Tunnels of a capture point, and addresses of a kind, that are listed before the rest is only counted.
const MAX_LISTED: usize = 16;

pub(super) fn render_tunnels(report: &InspectReport, page: &mut Page<'_>) {
    let points = report
        .capture_points
        .iter()
        .filter(|p| !p.tunnels.is_empty());
    for (index, point) in points.enumerate() {
        if index == 0 {
            page.heading("Tunnels");
        }
        page.line(&format!("  {}/{}", point.node, point.interface));
        for tunnel in point.tunnels.iter().take(MAX_LISTED) {
            page.paragraph("    ", &tunnel_line(tunnel));
        }
        let more = point.tunnels.len().saturating_sub(MAX_LISTED);
        if more > 0 || point.tunnels_left_out > 0 {
            page.line("    and more; --format json has them");
        }
    }
}

fn tunnel_line(tunnel: &TunnelReport) -> String {
    let guess = match tunnel.kind {
        "vxlan-guessed" => " (a guess: the port is not known for it)",
        _ => "",
    };
    let number = match (tunnel.kind, tunnel.vni) {
        ("gre", Some(key)) => format!(" key {key}"),
        (_, Some(vni)) => format!(" VNI {vni}"),
        (_, None) => String::new(),
    };
    let port = tunnel
        .port
        .map_or_else(String::new, |port| format!(", UDP {port}"));
    format!(
        "{}{number}{port}: {} → {}, {}{guess}",
        tunnel.kind,
        tunnel.source,
        tunnel.destination,
        count(tunnel.packets, "packet")
    )
}

pub(super) fn render_addresses(report: &InspectReport, page: &mut Page<'_>) {
    if report.addresses.is_empty() {
        return;
    }
    page.heading("Addresses");
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
        list("    node     ", own("node"), page);
        list("    pods     ", own("pod"), page);
        list("    others   ", own("unknown"), page);
        let subnets = report.subnets.iter().filter(|s| s.node == node.name);
        let subnets: Vec<String> = subnets
            .map(|subnet| format!("{} ({})", subnet.prefix, subnet.basis))
            .collect();
        if !subnets.is_empty() {
            page.paragraph("    networks ", &subnets.join(", "));
        }
    }
    let homeless = || report.addresses.iter().filter(|a| a.node.is_none());
    if homeless().next().is_some() {
        page.paragraph("  ", "on no captured node, or not known on which");
        list("    ", homeless(), page);
    }
}

fn list<'a>(
    first: &str,
    addresses: impl Iterator<Item = &'a InspectedAddress>,
    page: &mut Page<'_>,
) {
    let addresses: Vec<String> = addresses.map(named_address).collect();
    let Some(more) = addresses.len().checked_sub(MAX_LISTED) else {
        if !addresses.is_empty() {
            page.paragraph(first, &addresses.join(", "));
        }
        return;
    };
    let shown: Vec<String> = addresses.into_iter().take(MAX_LISTED).collect();
    let rest = match more {
        0 => String::new(),
        _ => format!(" and {more} more"),
    };
    page.paragraph(first, &format!("{}{rest}", shown.join(", ")));
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
            page.heading("Decoding");
        }
        page.line(&format!("  {}/{}", point.node, point.interface));
        let anomalies: Vec<String> = point
            .anomalies
            .iter()
            .map(|(name, times)| format!("{times} × {name}"))
            .collect();
        if !anomalies.is_empty() {
            page.paragraph("    odd      ", &anomalies.join(", "));
        }
        let mut stops: Vec<String> = point.stops.iter().map(stop_phrase).collect();
        if point.stops_left_out > 0 {
            stops.push(format!("{} × others", point.stops_left_out));
        }
        if !stops.is_empty() {
            page.paragraph("    stopped  ", &stops.join(", "));
        }
    }
}

/// `3 × cut by the capture in tcp`, `1 × not decoded: ethernet 0x88cc`.
fn stop_phrase(stop: &StopReport) -> String {
    let layer = stop.layer.unwrap_or("link type");
    let what = match stop.kind {
        "cut-by-capture" => format!("cut by the capture in {layer}"),
        "cut-by-header" => format!("cut by an enclosing header in {layer}"),
        "malformed" => format!("malformed {layer} ({})", stop.anomaly.unwrap_or("")),
        "unsupported" => {
            let number = stop.number.unwrap_or(0);
            format!("not decoded: {layer} {}", number_text(layer, number))
        }
        "too-deep" => "too many layers".to_owned(),
        kind => kind.to_owned(),
    };
    format!("{} × {what}", stop.packets)
}

/// Ethernet types are known in hexadecimal, all else in decimal.
fn number_text(layer: &str, number: u32) -> String {
    match layer {
        "ipv4" | "ipv6" | "link type" => number.to_string(),
        _ => format!("0x{number:04x}"),
    }
}
