//! Wireshark display filters that find again what the report speaks of.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model_flow::FlowReport;

/// Packets of one file, by Wireshark's frame numbers.
pub(super) fn frames_filter(numbers: &[u64]) -> String {
    match numbers {
        [one] => format!("frame.number == {one}"),
        many => {
            let many: Vec<String> = many.iter().map(u64::to_string).collect();
            format!("frame.number in {{{}}}", many.join(", "))
        }
    }
}

/// The packets of a flow, both ways, under each pair of addresses that they have on their way.
///
/// Display filters look into tunnels that Wireshark decodes. It takes UDP 8472, flannel's port, for another protocol than VXLAN; so packets with the two
/// addresses one after the other somewhere inside, as they stand in an IP header, are found as well.
pub(super) fn flow_filter(flow: &FlowReport) -> String {
    let mut ways: BTreeSet<(IpAddr, IpAddr)> = BTreeSet::new();
    let mut tunnels: BTreeSet<u16> = BTreeSet::new();
    for hop in flow.forward.hops.iter().chain(&flow.reply.hops) {
        if let (Ok(source), Ok(destination)) = (hop.source.parse(), hop.destination.parse()) {
            let (a, b): (IpAddr, IpAddr) = (source, destination);
            ways.insert((a.min(b), a.max(b)));
        }
        tunnels.extend(hop.encapsulation.as_ref().and_then(|tunnel| tunnel.port));
    }
    let plain: Vec<String> = ways.iter().map(|(a, b)| addresses(*a, *b)).collect();
    let plain = format!("{}{}", any(&plain), port(flow));
    if tunnels.is_empty() {
        return plain;
    }
    let ports: Vec<String> = tunnels.iter().map(|p| format!("udp.port == {p}")).collect();
    let inside: Vec<String> = ways
        .iter()
        .flat_map(|(a, b)| [(a, b), (b, a)])
        .map(|(a, b)| format!("frame contains {}:{}", hex(*a), hex(*b)))
        .collect();
    format!("({plain}) || ({} && {})", any(&ports), any(&inside))
}

/// One of these.
fn any(filters: &[String]) -> String {
    match filters {
        [one] => one.clone(),
        several => {
            let several: Vec<String> = several
                .iter()
                .map(|filter| match filter.contains("&&") {
                    true => format!("({filter})"),
                    false => filter.clone(),
                })
                .collect();
            format!("({})", several.join(" || "))
        }
    }
}

fn addresses(a: IpAddr, b: IpAddr) -> String {
    let field = match a {
        IpAddr::V4(_) => "ip.addr",
        IpAddr::V6(_) => "ipv6.addr",
    };
    format!("{field} == {a} && {field} == {b}")
}

/// The service, as far as its port is the same all the way: a port that is translated is left out.
fn port(flow: &FlowReport) -> String {
    let translated = flow.called.is_some();
    match (flow.key.protocol.as_str(), flow.responder.port) {
        _ if flow.key.service.as_deref() == Some("icmp-error") => String::new(),
        (protocol @ ("tcp" | "udp" | "sctp"), Some(port)) if !translated => {
            format!(" && {protocol}.port == {port}")
        }
        (protocol @ ("tcp" | "udp" | "sctp"), _) => format!(" && {protocol}"),
        ("icmp", _) => " && icmp".to_owned(),
        ("icmpv6", _) => " && icmpv6".to_owned(),
        _ => String::new(),
    }
}

fn hex(address: IpAddr) -> String {
    let bytes = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_what_wireshark_takes() {
        assert_eq!(frames_filter(&[7]), "frame.number == 7");
        assert_eq!(frames_filter(&[7, 9]), "frame.number in {7, 9}");
        let (a, b) = ([10, 244, 0, 4].into(), [10, 244, 1, 5].into());
        assert_eq!(
            addresses(a, b),
            "ip.addr == 10.244.0.4 && ip.addr == 10.244.1.5"
        );
        assert_eq!(hex(a), "0a:f4:00:04");
    }
}
