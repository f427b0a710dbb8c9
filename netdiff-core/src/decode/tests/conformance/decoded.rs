//! What netdiff says of each packet, in the columns of the tables.

use std::fmt::Display;

use super::expected::{COLUMNS, Row};
use crate::decode::{Ip, Layer, Packet, PlacedLayer};
use crate::types::EtherType;

/// The row of a decoded packet, captured as `bytes`.
pub(super) fn row(packet: &Packet, bytes: &[u8]) -> Row {
    let ips: Vec<(usize, &Ip)> = packet.ip_layers().collect();
    COLUMNS.map(|column| {
        let Some((side, field)) = column.split_once('_') else {
            return match column {
                "depth" => ips.len().to_string(),
                _ => stacked(packet.layers(), column),
            };
        };
        let ip = match side {
            "outer" => ips.first(),
            "inner" => ips.last(),
            _ => return stacked(packet.layers(), column),
        };
        ip.map_or_else(String::new, |&(index, ip)| {
            let layers = &packet.layers()[index..];
            of_ip(layers, ip, field, bytes)
        })
    })
}

/// A value of the IP header that `layers` begins with, or of the transport header right behind it.
fn of_ip(layers: &[PlacedLayer], ip: &Ip, field: &str, bytes: &[u8]) -> String {
    let transport = layers.iter().skip(1).map(|placed| &placed.layer);
    let transport = transport
        .into_iter()
        .find(|layer| !matches!(layer, Layer::Ah(_)));
    match (field, transport) {
        ("src", _) => ip.source.to_string(),
        ("dst", _) => ip.destination.to_string(),
        ("proto", _) => first_next_header(ip, layers[0].offset, bytes).to_string(),
        ("ipid", _) if ip.source.is_ipv4() => optional(ip.identification),
        ("ttl", _) => ip.ttl.to_string(),
        ("sport", Some(Layer::Tcp(tcp))) => tcp.source_port.to_string(),
        ("dport", Some(Layer::Tcp(tcp))) => tcp.destination_port.to_string(),
        ("sport", Some(Layer::Udp(udp))) => udp.source_port.to_string(),
        ("dport", Some(Layer::Udp(udp))) => udp.destination_port.to_string(),
        ("tcp_seq", Some(Layer::Tcp(tcp))) => tcp.sequence.to_string(),
        ("icmp_id", Some(Layer::Icmp(icmp))) if icmp.is_query() => icmp.identifier().to_string(),
        ("icmp_seq", Some(Layer::Icmp(icmp))) if icmp.is_query() => icmp.sequence().to_string(),
        _ => String::new(),
    }
}

/// The tables give the next header of IPv6's fixed header; a layer has the last of all.
fn first_next_header(ip: &Ip, offset: u32, bytes: &[u8]) -> u8 {
    if ip.source.is_ipv4() {
        ip.protocol.0
    } else {
        bytes[offset as usize + 6]
    }
}

/// The values of all layers of a kind, outermost first.
fn stacked(layers: &[PlacedLayer], column: &str) -> String {
    let mut announced = EtherType(0);
    let values = layers
        .iter()
        .filter_map(|placed| match (column, &placed.layer) {
            ("vlan", Layer::Vlan(tag)) => {
                // The tables leave out tags that were announced as service tags.
                let before = std::mem::replace(&mut announced, tag.ether_type);
                (before != EtherType::SERVICE_VLAN).then_some(u32::from(tag.id))
            }
            ("vlan", Layer::Ethernet(ethernet)) => {
                announced = ethernet.ether_type;
                None
            }
            ("mpls", Layer::Mpls(entry)) => Some(entry.label),
            ("vxlan_vni", Layer::Vxlan(vxlan)) => Some(vxlan.vni.0),
            ("geneve_vni", Layer::Geneve(geneve)) => Some(geneve.vni.0),
            ("gre_key", Layer::Gre(gre)) if gre.protocol != EtherType::PPP => gre.key,
            ("gtp_teid", Layer::Gtpu(gtpu)) => Some(gtpu.tunnel),
            ("erspan_id", Layer::Erspan(erspan)) => Some(u32::from(erspan.session)),
            ("esp_spi", Layer::Esp(esp)) => Some(esp.spi),
            ("pppoe_sid", Layer::Pppoe(pppoe)) => Some(u32::from(pppoe.session)),
            _ => None,
        });
    values
        .map(|value| value.to_string())
        .collect::<Vec<_>>()
        .join(",")
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
