//! What holds for any bytes whatever.

use proptest::prelude::*;

use super::build::{ethernet, flannel, ipv4, ipv6, udp};
use super::{DecodeOptions, Packet, PlacedLayer, decode_packet};
use crate::types::{EtherType, LinkType, Protocol};

const DECODED: [LinkType; 16] = [
    LinkType::NULL,
    LinkType::ETHERNET,
    LinkType::PPP,
    LinkType::RAW_BSD,
    LinkType::RAW_OPENBSD,
    LinkType::PPP_HDLC,
    LinkType::PPP_ETHER,
    LinkType::RAW,
    LinkType::C_HDLC,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::PPP_WITH_DIR,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::NFLOG,
    LinkType::LINUX_SLL2,
];

const ETHER_TYPES: [EtherType; 11] = [
    EtherType(60),
    EtherType::IPV4,
    EtherType::IPV6,
    EtherType::ARP,
    EtherType::VLAN,
    EtherType::MPLS,
    EtherType::PPPOE_SESSION,
    EtherType::PPPOE_DISCOVERY,
    EtherType::BACKBONE,
    EtherType::MACSEC,
    EtherType::NSH,
];

const PROTOCOLS: [Protocol; 16] = [
    Protocol::TCP,
    Protocol::UDP,
    Protocol::ICMP,
    Protocol::ICMPV6,
    Protocol::SCTP,
    Protocol::IGMP,
    Protocol::IPIP,
    Protocol::IPV6,
    Protocol::GRE,
    Protocol::AH,
    Protocol::ESP,
    Protocol::L2TP,
    Protocol::MPLS,
    Protocol::ETHERNET,
    Protocol::IPV6_FRAGMENT,
    Protocol::IPV6_DESTINATION,
];

const PORTS: [u16; 11] = [
    1701, 2152, 3544, 4500, 4790, 6080, 6081, 6635, 8285, 8472, 51820,
];

/// Layers lie one behind the other, inside the packet, and not more of them than the bound.
fn placed_in_order(layers: &[PlacedLayer], len: usize) -> bool {
    let in_order = layers
        .windows(2)
        .all(|pair| pair[0].offset <= pair[1].offset);
    let in_bounds = layers.iter().all(|placed| placed.offset as usize <= len);
    in_order && in_bounds && layers.len() <= Packet::MAX_LAYERS
}

fn check(link_type: LinkType, bytes: &[u8], original_len: u32) -> Result<(), TestCaseError> {
    let mut packet = Packet::new();
    decode_packet(
        link_type,
        bytes,
        original_len,
        &DecodeOptions::default(),
        &mut packet,
    );
    prop_assert!(placed_in_order(packet.layers(), bytes.len()));
    prop_assert!(placed_in_order(packet.quoted(), bytes.len()));
    let payload = packet.payload();
    prop_assert!(payload.captured_len <= payload.wire_len);
    if payload.captured_len > 0 {
        let end = payload.offset as usize + payload.captured_len as usize;
        prop_assert!(end <= bytes.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_of_any_link_type(
        link_type in prop::sample::select(DECODED.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        original_len in any::<u32>(),
    ) {
        check(link_type, &bytes, original_len)?;
    }

    #[test]
    fn any_bytes_behind_any_announcement(
        ether_type in prop::sample::select(ETHER_TYPES.to_vec()),
        protocol in prop::sample::select(PROTOCOLS.to_vec()),
        port in prop::sample::select(PORTS.to_vec()),
        from_port in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let (source, destination) = if from_port { (port, 9) } else { (9, port) };
        for packet in [
            ethernet(ether_type, &bytes),
            ethernet(EtherType::IPV4, &ipv4(1, protocol, &bytes)),
            ethernet(EtherType::IPV6, &ipv6(1, protocol, &bytes)),
            ethernet(EtherType::IPV4, &ipv4(1, Protocol::UDP, &udp(source, destination, &bytes))),
        ] {
            check(LinkType::ETHERNET, &packet, u32::try_from(packet.len()).unwrap())?;
        }
    }

    #[test]
    fn a_tunnel_with_changed_bytes(
        changes in prop::collection::vec((0..116_usize, any::<u8>()), 0..6),
        cut in 0..120_usize,
    ) {
        let mut bytes = flannel(b"data");
        for (index, byte) in changes {
            bytes[index] = byte;
        }
        let original_len = u32::try_from(bytes.len()).unwrap();
        check(LinkType::ETHERNET, &bytes[..cut], original_len)?;
    }
}
