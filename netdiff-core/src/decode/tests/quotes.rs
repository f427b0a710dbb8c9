//! Packets that ICMP errors quote.

use super::build::{ethernet, flannel, ipv4, ipv6, join, tcp};
use super::{Layer, Packet, decode, stack};
use crate::types::{EtherType, LinkType, Protocol};

/// An ICMP port unreachable (or ICMPv6 packet too big) that quotes `quote`.
fn error(version: u8, quote: &[u8]) -> Packet {
    let frame = if version == 4 {
        let icmp = join(&[3, 3, 0, 0, 0, 0, 0, 0], quote);
        ethernet(EtherType::IPV4, &ipv4(9, Protocol::ICMP, &icmp))
    } else {
        let icmp = join(&[2, 0, 0, 0, 0, 0, 5, 0xdc], quote);
        ethernet(EtherType::IPV6, &ipv6(9, Protocol::ICMPV6, &icmp))
    };
    decode(LinkType::ETHERNET, &frame)
}

#[test]
fn eight_quoted_bytes_hold_ports_and_sequence() {
    let quoted = ipv4(1, Protocol::TCP, &tcp(b"data"));
    let packet = error(4, &quoted[..28]);
    assert_eq!(stack(packet.layers()), "ethernet ipv4 icmp");
    assert_eq!(stack(packet.quoted()), "ipv4 tcp");
    let Layer::Tcp(tcp) = packet.quoted()[1].layer else {
        panic!("a TCP header")
    };
    assert_eq!((tcp.source_port, tcp.destination_port), (40_000, 443));
    assert_eq!((tcp.sequence, tcp.header_len), (0x0102_0304, None));
    assert!(packet.anomalies().is_empty());
}

#[test]
fn a_quoted_tunnel_is_followed() {
    let outer = &flannel(b"data")[14..];
    let packet = error(4, outer);
    assert_eq!(stack(packet.quoted()), "ipv4 udp vxlan ethernet ipv4 tcp");
    let (index, ip) = packet.innermost_quoted_ip().unwrap();
    assert_eq!((index, ip.source.to_string()), (4, "10.0.244.1".into()));
    assert_eq!(packet.quoted()[0].offset, 42);
}

#[test]
fn an_icmpv6_error_quotes_too() {
    let quoted = ipv6(1, Protocol::TCP, &tcp(&[0; 1400]));
    let packet = error(6, &quoted[..600]);
    assert_eq!(stack(packet.quoted()), "ipv6 tcp");
}

#[test]
fn a_quote_in_a_quote_is_not_followed() {
    let inner = join(
        &[3, 3, 0, 0, 0, 0, 0, 0],
        &ipv4(1, Protocol::TCP, &tcp(b"")),
    );
    let packet = error(4, &ipv4(2, Protocol::ICMP, &inner));
    assert_eq!(stack(packet.quoted()), "ipv4 icmp");
}

#[test]
fn every_cut_of_a_quote_is_harmless() {
    let outer = &flannel(b"data")[14..];
    for len in 0..outer.len() {
        assert!(error(4, &outer[..len]).quoted().len() <= 6);
    }
}
