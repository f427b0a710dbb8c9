//! Every number by which protocols announce each other leads to the right layer.

use super::build::{ethernet, ipv4, ipv6, join, tcp, udp};
use super::{DecodeOptions, Packet, decode, decode_packet, stack};
use crate::types::{EtherType, LinkType, Protocol};

/// A small packet to carry, and the names of its layers.
fn inner() -> (Vec<u8>, &'static str) {
    (ipv4(7, Protocol::TCP, &tcp(b"data")), "ipv4 tcp")
}

fn stack_of(link_type: LinkType, bytes: &[u8]) -> String {
    stack(decode(link_type, bytes).layers())
}

#[test]
fn link_types() {
    let (packet, names) = inner();
    let cooked = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
    let cooked2 = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    let nflog = [&[2, 0, 0, 1][..], &[64, 0, 9, 0]].concat();
    for (link_type, header, name) in [
        (LinkType::NULL, &[2, 0, 0, 0][..], "loopback"),
        (LinkType::LOOP, &[0, 0, 0, 2], "loopback"),
        (LinkType::LINUX_SLL, &cooked, "linux-cooked"),
        (LinkType::LINUX_SLL2, &cooked2, "linux-cooked-v2"),
        (LinkType::NFLOG, &nflog, "nflog"),
        (LinkType::PPP, &[0, 0x21], "ppp"),
        (LinkType::PPP_HDLC, &[0xff, 3, 0, 0x21], "ppp"),
        (LinkType::PPP_HDLC, &[0x0f, 0, 8, 0], "cisco-hdlc"),
        (LinkType::PPP_WITH_DIR, &[1, 0, 0x21], "ppp-with-direction"),
        (
            LinkType::PPP_ETHER,
            &[0x11, 0, 0, 1, 0, 62, 0, 0x21],
            "pppoe ppp",
        ),
        (LinkType::C_HDLC, &[0x0f, 0, 8, 0], "cisco-hdlc"),
    ] {
        let expected = format!("{name} {names}");
        assert_eq!(stack_of(link_type, &join(header, &packet)), expected);
    }
}

#[test]
fn wireless_link_types_are_declined() {
    for link_type in [
        LinkType::IEEE802_11,
        LinkType::IEEE802_11_RADIOTAP,
        LinkType::IEEE802_11_PRISM,
    ] {
        assert_eq!(stack_of(link_type, &[0; 64]), "");
    }
}

#[test]
fn ether_types() {
    let (packet, names) = inner();
    let frame = ethernet(EtherType::IPV4, &packet);
    for (number, header, data, between) in [
        (EtherType::VLAN, &[0, 1, 8, 0][..], &packet, "vlan"),
        (EtherType::SERVICE_VLAN, &[0, 1, 8, 0], &packet, "vlan"),
        (EtherType::OLD_QINQ, &[0, 1, 8, 0], &packet, "vlan"),
        (EtherType::MPLS, &[0, 1, 1, 64], &packet, "mpls"),
        (
            EtherType::PPPOE_SESSION,
            &[0x11, 0, 0, 1, 0, 62, 0, 0x21],
            &packet,
            "pppoe ppp",
        ),
        (
            EtherType::NSH,
            &[0x0f, 0xc2, 2, 1, 0, 0, 1, 255],
            &packet,
            "nsh",
        ),
        (
            EtherType::BACKBONE,
            &[0, 0, 0, 1],
            &frame,
            "backbone-tag ethernet",
        ),
        (
            EtherType(66),
            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
            &packet,
            "llc",
        ),
    ] {
        let bytes = ethernet(number, &join(header, data));
        let expected = format!("ethernet {between} {names}");
        assert_eq!(stack_of(LinkType::ETHERNET, &bytes), expected);
    }
}

#[test]
fn ip_protocols() {
    let (packet, names) = inner();
    let frame = ethernet(EtherType::IPV4, &packet);
    let ah = [4, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
    for (protocol, header, data, between) in [
        (Protocol::IPIP, &[][..], &packet, ""),
        (Protocol::ETHERNET, &[], &frame, "ethernet "),
        (Protocol::GRE, &[0, 0, 8, 0], &packet, "gre "),
        (Protocol::GRE, &[0, 0, 0x65, 0x58], &frame, "gre ethernet "),
        (Protocol::GRE, &[0, 0, 0x88, 0xbe], &frame, "gre ethernet "),
        (Protocol::AH, &ah, &packet, "ah "),
        (Protocol::MPLS, &[0, 1, 1, 64], &packet, "mpls "),
        (
            Protocol::L2TP,
            &[0, 0, 0, 9],
            &frame,
            "l2tp-over-ip ethernet ",
        ),
    ] {
        let carried = join(header, data);
        let expected = format!("ipv4 {between}{names}");
        assert_eq!(
            stack_of(LinkType::RAW, &ipv4(1, protocol, &carried)),
            expected
        );
        let expected = format!("ipv6 {between}{names}");
        assert_eq!(
            stack_of(LinkType::RAW, &ipv6(1, protocol, &carried)),
            expected
        );
    }
}

#[test]
fn protocols_that_carry_no_packet() {
    for (protocol, name) in [
        (Protocol::TCP, "tcp"),
        (Protocol::UDP, "udp"),
        (Protocol::SCTP, "sctp"),
        (Protocol::ICMP, "icmp"),
        (Protocol::ICMPV6, "icmpv6"),
        (Protocol::IGMP, "igmp"),
        (Protocol::ESP, "esp"),
    ] {
        let bytes = ipv4(1, protocol, &[0; 40]);
        assert_eq!(stack_of(LinkType::RAW, &bytes), format!("ipv4 {name}"));
    }
}

#[test]
fn udp_ports() {
    let (packet, names) = inner();
    let frame = ethernet(EtherType::IPV4, &packet);
    let v6 = ipv6(7, Protocol::TCP, &tcp(b"data"));
    for (port, header, data, between) in [
        (
            8472,
            &[8, 0, 0, 0, 0, 0, 1, 0][..],
            &frame,
            "vxlan ethernet ",
        ),
        (4790, &[0x0c, 0, 0, 1, 0, 0, 1, 0], &packet, "vxlan-gpe "),
        (
            9999,
            &[8, 0, 0, 0, 0, 0, 1, 0],
            &frame,
            "vxlan-guessed ethernet ",
        ),
        (6081, &[0, 0, 8, 0, 0, 0, 1, 0], &packet, "geneve "),
        (6635, &[0, 1, 1, 64], &packet, "mpls "),
        (6080, &[0, 4, 0, 0], &packet, "gue "),
        (6080, &[], &packet, ""),
        (8285, &[], &packet, ""),
        (2152, &[0x30, 255, 0, 56, 0, 0, 0, 1], &packet, "gtpu "),
        (1701, &[0, 2, 0, 1, 0, 1, 0, 0x21], &packet, "l2tp ppp "),
        (1701, &[0, 3, 0, 0, 0, 0, 0, 9], &frame, "l2tp ethernet "),
    ] {
        let datagram = udp(40_000, port, &join(header, data));
        let bytes = ipv4(1, Protocol::UDP, &datagram);
        let expected = format!("ipv4 udp {between}{names}");
        assert_eq!(stack_of(LinkType::RAW, &bytes), expected, "port {port}");
    }
    let teredo = ipv4(1, Protocol::UDP, &udp(3544, 40_000, &v6));
    assert_eq!(stack_of(LinkType::RAW, &teredo), "ipv4 udp teredo ipv6 tcp");
    let esp = ipv4(1, Protocol::UDP, &udp(4500, 40_000, &[1; 20]));
    assert_eq!(stack_of(LinkType::RAW, &esp), "ipv4 udp esp");
    let wireguard = udp(51_820, 40_000, &join(&[4, 0, 0, 0], &[1; 28]));
    let bytes = ipv4(1, Protocol::UDP, &wireguard);
    assert_eq!(stack_of(LinkType::RAW, &bytes), "ipv4 udp wireguard");
}

#[test]
fn ports_may_be_configured() {
    let options = DecodeOptions {
        vxlan_ports: vec![5000],
        geneve_ports: vec![5001],
        fou_ports: vec![(5002, Protocol::GRE)],
        guess_vxlan: false,
        ..DecodeOptions::default()
    };
    let (packet, _) = inner();
    let frame = ethernet(EtherType::IPV4, &packet);
    for (port, header, data, names) in [
        (
            5000,
            &[8, 0, 0, 0, 0, 0, 1, 0][..],
            &frame,
            "ipv4 udp vxlan ethernet ipv4 tcp",
        ),
        (8472, &[8, 0, 0, 0, 0, 0, 1, 0], &frame, "ipv4 udp"),
        (
            5001,
            &[0, 0, 8, 0, 0, 0, 1, 0],
            &packet,
            "ipv4 udp geneve ipv4 tcp",
        ),
        (5002, &[0, 0, 8, 0], &packet, "ipv4 udp gre ipv4 tcp"),
    ] {
        let bytes = ipv4(1, Protocol::UDP, &udp(40_000, port, &join(header, data)));
        let mut decoded = Packet::new();
        let len = u32::try_from(bytes.len()).unwrap();
        decode_packet(LinkType::RAW, &bytes, len, &options, &mut decoded);
        assert_eq!(stack(decoded.layers()), names);
    }
}
