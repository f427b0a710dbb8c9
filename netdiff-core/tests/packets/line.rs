//! How a packet looks in the snapshots: one line.

use std::fmt::Write as _;

use netdiff_core::decode::{Fragment, Icmp, Ip, Layer, Packet, PlacedLayer, Stop};

/// Number, layers, why the decoder stopped with the bytes that are left, the quote, oddities.
pub fn line(number: usize, packet: &Packet) -> String {
    let mut text = format!("{number}: {}", chain(packet.layers()));
    let payload = packet.payload();
    write!(text, " | {}", stop(packet.stop())).unwrap();
    if payload.wire_len > 0 {
        write!(text, " {}", payload.wire_len).unwrap();
        if payload.captured_len != payload.wire_len {
            write!(text, " ({} captured)", payload.captured_len).unwrap();
        }
    }
    if !packet.quoted().is_empty() {
        write!(text, " | quotes: {}", chain(packet.quoted())).unwrap();
    }
    for anomaly in packet.anomalies() {
        write!(text, " | odd: {anomaly}").unwrap();
    }
    text
}

fn chain(layers: &[PlacedLayer]) -> String {
    let layers: Vec<_> = layers.iter().map(|placed| layer(&placed.layer)).collect();
    layers.join(" | ")
}

fn stop(stop: Stop) -> String {
    match stop {
        Stop::Payload => "payload".to_owned(),
        Stop::Fragment => "later fragment".to_owned(),
        Stop::Encrypted => "encrypted".to_owned(),
        Stop::Truncated {
            layer,
            needed,
            available,
            ..
        } => {
            format!("truncated {layer}: needs {needed}, has {available};")
        }
        Stop::Malformed { layer, anomaly, .. } => format!("malformed {layer}: {anomaly}"),
        Stop::Unsupported {
            after: Some(after),
            number,
        } => {
            format!("unsupported 0x{number:04x} after {after}")
        }
        Stop::Unsupported {
            after: None,
            number,
        } => {
            format!("unsupported link type {number}")
        }
        Stop::TooDeep => "too deep".to_owned(),
    }
}

fn ip(ip: &Ip) -> String {
    let mut text = format!("{} > {} ttl {}", ip.source, ip.destination, ip.ttl);
    if let Some(Fragment { offset, more }) = ip.fragment {
        let id = ip.identification.unwrap();
        let more = if more { "+" } else { "" };
        write!(text, " fragment {id:x}@{offset}{more}").unwrap();
    }
    text
}

fn icmp(icmp: &Icmp) -> String {
    if icmp.is_query() {
        let (id, sequence) = (icmp.identifier(), icmp.sequence());
        return format!("{}/{} id {id:x} seq {sequence}", icmp.icmp_type, icmp.code);
    }
    format!("{}/{} field {:x}", icmp.icmp_type, icmp.code, icmp.rest)
}

/// A field that is not always there.
fn maybe<T: std::fmt::Display>(name: &str, value: Option<T>) -> String {
    value.map_or(String::new(), |value| format!(" {name} {value}"))
}

fn layer(layer: &Layer) -> String {
    let kind = layer.kind();
    let fields = match layer {
        Layer::Ethernet(_)
        | Layer::LinuxCooked(_)
        | Layer::Loopback(_)
        | Layer::Nflog(_)
        | Layer::Ppp(_)
        | Layer::CiscoHdlc(_)
        | Layer::Llc(_) => link_fields(layer),
        Layer::Vlan(_)
        | Layer::BackboneTag(_)
        | Layer::Macsec(_)
        | Layer::Pppoe(_)
        | Layer::Mpls(_)
        | Layer::Nsh(_) => tag_fields(layer),
        Layer::Arp(arp) => format!("{:?} {} > {}", arp.operation, arp.sender, arp.target),
        Layer::Ip(header) => ip(header),
        Layer::Tcp(tcp) => {
            let (flags, ports) = (tcp.flags.0, (tcp.source_port, tcp.destination_port));
            format!(
                "{} > {} flags {flags:02x} seq {:08x}",
                ports.0, ports.1, tcp.sequence
            )
        }
        Layer::Udp(udp) => format!("{} > {}", udp.source_port, udp.destination_port),
        Layer::Sctp(sctp) => {
            let (tag, chunk) = (sctp.verification_tag, maybe("chunk", sctp.chunk_type));
            format!(
                "{} > {} tag {tag:08x}{chunk}",
                sctp.source_port, sctp.destination_port
            )
        }
        Layer::Icmp(header) => icmp(header),
        Layer::Igmp(igmp) => format!("0x{:02x}{}", igmp.igmp_type, maybe("group", igmp.group)),
        _ => tunnel_fields(layer),
    };
    format!("{kind} {fields}").trim_end().to_owned()
}

fn link_fields(layer: &Layer) -> String {
    match layer {
        Layer::Ethernet(frame) => format!("{} > {}", frame.source, frame.destination),
        Layer::LinuxCooked(cooked) => format!(
            "{:?} hardware {}{}{}",
            cooked.packet_type,
            cooked.hardware_type,
            maybe("interface", cooked.interface_index),
            maybe("from", cooked.source)
        ),
        Layer::Loopback(loopback) => format!("family {}", loopback.family),
        Layer::Nflog(nflog) => format!(
            "family {} group {}{}{}",
            nflog.family,
            nflog.group,
            maybe("in", nflog.in_interface),
            maybe("out", nflog.out_interface)
        ),
        Layer::Ppp(ppp) => format!("0x{:04x}{}", ppp.protocol, maybe("sent", ppp.sent)),
        Layer::CiscoHdlc(hdlc) => format!("{:02x} 0x{:04x}", hdlc.address, hdlc.ether_type.0),
        Layer::Llc(llc) => match llc.snap {
            Some(snap) => format!("snap {:06x} 0x{:04x}", snap.organization, snap.protocol),
            None => format!("{:02x} {:02x}", llc.destination, llc.source),
        },
        _ => unreachable!(),
    }
}

fn tag_fields(layer: &Layer) -> String {
    match layer {
        Layer::Vlan(tag) => {
            let eligible = if tag.drop_eligible {
                " drop eligible"
            } else {
                ""
            };
            format!("{} priority {}{eligible}", tag.id, tag.priority)
        }
        Layer::BackboneTag(tag) => format!("service {:06x}", tag.service),
        Layer::Macsec(tag) => {
            let channel = tag.channel.map(|channel| format!("{channel:016x}"));
            let (association, number) = (tag.association, tag.packet_number);
            format!("{association} number {number}{}", maybe("channel", channel))
        }
        Layer::Pppoe(pppoe) => format!("code {:02x} session {:04x}", pppoe.code, pppoe.session),
        Layer::Mpls(mpls) => format!(
            "{} class {} ttl {}{}",
            mpls.label,
            mpls.traffic_class,
            mpls.ttl,
            if mpls.bottom { " bottom" } else { "" }
        ),
        Layer::Nsh(nsh) => format!(
            "path {:06x} index {} next {}",
            nsh.path, nsh.index, nsh.next_protocol
        ),
        _ => unreachable!(),
    }
}

fn tunnel_fields(layer: &Layer) -> String {
    match layer {
        Layer::Vxlan(vxlan) => format!(
            "{} flags {:02x}{}{}",
            vxlan.vni,
            vxlan.flags,
            maybe("policy", vxlan.group_policy),
            maybe("next", vxlan.next_protocol)
        ),
        Layer::Geneve(geneve) => format!(
            "{:06x} 0x{:04x} options {}{}{}",
            geneve.vni.0,
            geneve.ether_type.0,
            geneve.options_len,
            if geneve.has_critical_options {
                " critical"
            } else {
                ""
            },
            if geneve.is_control { " control" } else { "" }
        ),
        Layer::Gre(gre) => {
            let key = gre.key.map(|key| format!("{key:08x}"));
            let version = (gre.version != 0).then_some(gre.version);
            let (version, protocol) = (maybe("version", version), gre.protocol.0);
            let sequence = maybe("seq", gre.sequence);
            format!("0x{protocol:04x}{version}{}{sequence}", maybe("key", key))
        }
        Layer::Erspan(erspan) => format!(
            "version {} session {} vlan {}{}",
            erspan.version,
            erspan.session,
            erspan.vlan,
            if erspan.truncated { " cut" } else { "" }
        ),
        _ => further_tunnel_fields(layer),
    }
}

fn further_tunnel_fields(layer: &Layer) -> String {
    match layer {
        Layer::Gue(gue) => format!(
            "protocol {} header {}{}",
            gue.protocol.0,
            gue.header_len,
            if gue.is_control { " control" } else { "" }
        ),
        Layer::Gtpu(gtpu) => format!(
            "type {} tunnel {:08x}{}",
            gtpu.message_type,
            gtpu.tunnel,
            maybe("seq", gtpu.sequence)
        ),
        Layer::L2tp(l2tp) => format!(
            "version {}{} session {}{}",
            l2tp.version,
            maybe("tunnel", l2tp.tunnel),
            l2tp.session,
            if l2tp.is_control { " control" } else { "" }
        ),
        Layer::Teredo(teredo) => format!("indications {}", teredo.header_len),
        Layer::WireGuard(message) => format!(
            "type {} index {:08x}{}",
            message.message_type,
            message.index,
            maybe("counter", message.counter)
        ),
        Layer::Ah(ah) => format!("spi {:x} seq {}", ah.spi, ah.sequence),
        Layer::Esp(esp) => format!("spi {:x} seq {}", esp.spi, esp.sequence),
        _ => unreachable!(),
    }
}
