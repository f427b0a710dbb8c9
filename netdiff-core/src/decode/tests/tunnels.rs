//! Stacks of layers.

use super::build::{ethernet, flannel, ipv4, join, udp, vxlan};
use super::{Layer, Limit, Packet, Payload, Stop, decode, decode_cut, stack};
use crate::types::{EtherType, LinkType, Protocol, Vni};

#[test]
fn flannel_vxlan_down_to_the_payload() {
    let packet = decode(LinkType::ETHERNET, &flannel(b"hello"));
    let layers = packet.layers();
    assert_eq!(stack(layers), "ethernet ipv4 udp vxlan ethernet ipv4 tcp");
    let offsets: Vec<_> = layers.iter().map(|placed| placed.offset).collect();
    assert_eq!(offsets, [0, 14, 34, 42, 50, 64, 84]);
    assert!(matches!(layers[3].layer, Layer::Vxlan(v) if v.vni == Vni(1)));
    let (offset, captured_len, wire_len) = (116, 5, 5);
    assert_eq!(
        packet.payload(),
        Payload {
            offset,
            captured_len,
            wire_len
        }
    );
    assert_eq!(
        (packet.stop(), packet.anomalies()),
        (Stop::Payload, &[][..])
    );
}

#[test]
fn ip_layers_are_found_from_either_end() {
    let packet = decode(LinkType::ETHERNET, &flannel(b""));
    let (index, ip) = packet.innermost_ip().unwrap();
    assert_eq!((index, ip.source.to_string()), (5, "10.0.244.1".into()));
    let indexes: Vec<_> = packet.ip_layers().map(|(index, _)| index).collect();
    assert_eq!(indexes, [1, 5]);
}

#[test]
fn a_cut_leaves_the_wire_length_of_the_payload() {
    let packet = decode_cut(LinkType::ETHERNET, &flannel(&[7; 100]), 120);
    let (offset, captured_len, wire_len) = (116, 4, 100);
    assert_eq!(
        packet.payload(),
        Payload {
            offset,
            captured_len,
            wire_len
        }
    );
}

#[test]
fn every_cut_keeps_the_layers_before_it() {
    let bytes = flannel(b"hello");
    let whole = decode(LinkType::ETHERNET, &bytes);
    for captured in 0..bytes.len() {
        let packet = decode_cut(LinkType::ETHERNET, &bytes, captured);
        let (cut, all) = (packet.layers(), whole.layers());
        assert!(cut.len() <= all.len());
        for (a, b) in cut.iter().zip(all) {
            assert_eq!(a.offset, b.offset);
        }
        if let Stop::Truncated { limit, .. } = packet.stop() {
            assert_eq!(limit, Limit::Capture);
        }
    }
}

#[test]
fn an_inner_length_does_not_reach_beyond_the_outer_one() {
    let mut inner = ipv4(244, Protocol::UDP, &udp(1, 2, b"data"));
    inner[3] = 200;
    let inner = ethernet(EtherType::IPV4, &inner);
    let outer = ipv4(1, Protocol::UDP, &udp(1, 4789, &vxlan(7, &inner)));
    let padded = join(&ethernet(EtherType::IPV4, &outer), &[0; 40]);
    let packet = decode(LinkType::ETHERNET, &padded);
    assert_eq!(packet.payload().wire_len, 4);
    assert_eq!(packet.anomalies()[0].0, "ipv4.total-length-exceeds-frame");
}

#[test]
fn nesting_ends_at_the_bound() {
    let mut frame = ethernet(EtherType::VLAN, &[]);
    for _ in 0..2 * Packet::MAX_LAYERS {
        frame.extend([0, 1, 0x81, 0]);
    }
    let packet = decode(LinkType::ETHERNET, &frame);
    assert_eq!(packet.layers().len(), Packet::MAX_LAYERS);
    assert_eq!(packet.stop(), Stop::TooDeep);
}

#[test]
fn a_reused_packet_forgets() {
    let mut packet = decode(LinkType::ETHERNET, &flannel(b"hello"));
    let options = super::DecodeOptions::default();
    super::decode_packet(LinkType::IEEE802_11, &[1, 2], 9, &options, &mut packet);
    assert!(packet.layers().is_empty());
    let stop = Stop::Unsupported {
        after: None,
        number: 105,
    };
    assert_eq!(packet.stop(), stop);
    let (offset, captured_len, wire_len) = (0, 2, 9);
    assert_eq!(
        packet.payload(),
        Payload {
            offset,
            captured_len,
            wire_len
        }
    );
}

#[test]
fn raw_link_types_begin_with_ip() {
    let bytes = ipv4(1, Protocol::UDP, &udp(1, 53, b""));
    for link_type in [
        LinkType::RAW,
        LinkType::RAW_BSD,
        LinkType::RAW_OPENBSD,
        LinkType::IPV4,
    ] {
        assert_eq!(stack(decode(link_type, &bytes).layers()), "ipv4 udp");
    }
}
