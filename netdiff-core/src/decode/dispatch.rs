//! Which layer follows: the tables of all numbers by which protocols announce each other.

use super::rest::{Next, Rest};
use super::{DecodeOptions, LayerKind, Stop, Udp};
use crate::types::{EtherType, LinkType, Protocol};

/// The stop behind a layer that announced something netdiff does not decode.
const fn unsupported(after: LayerKind, number: u32) -> Next {
    Next::Stop(Stop::Unsupported {
        after: Some(after),
        number,
    })
}

/// What a packet of this link type begins with.
pub(super) fn link_type(link_type: LinkType, rest: Rest<'_>) -> Next {
    Next::Layer(match link_type {
        LinkType::ETHERNET => LayerKind::Ethernet,
        LinkType::LINUX_SLL => LayerKind::LinuxCooked,
        LinkType::LINUX_SLL2 => LayerKind::LinuxCooked2,
        LinkType::NULL | LinkType::LOOP => LayerKind::Loopback,
        LinkType::IPV4 => LayerKind::Ipv4,
        LinkType::IPV6 => LayerKind::Ipv6,
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => return ip_version(rest),
        LinkType(number) => {
            return Next::Stop(Stop::Unsupported {
                after: None,
                number: u32::from(number),
            });
        }
    })
}

/// What an Ethernet type announces, or an IEEE 802.3 length in its place.
pub(super) const fn ether_type(ether_type: EtherType, after: LayerKind) -> Next {
    Next::Layer(match ether_type {
        EtherType::IPV4 => LayerKind::Ipv4,
        EtherType::IPV6 => LayerKind::Ipv6,
        EtherType::ARP => LayerKind::Arp,
        EtherType::VLAN | EtherType::SERVICE_VLAN | EtherType::OLD_QINQ => LayerKind::Vlan,
        EtherType::TRANSPARENT_ETHERNET => LayerKind::Ethernet,
        EtherType(number) => return unsupported(after, number as u32),
    })
}

/// What an IP protocol number announces.
pub(super) const fn ip_protocol(protocol: Protocol, after: LayerKind) -> Next {
    Next::Layer(match protocol {
        Protocol::TCP => LayerKind::Tcp,
        Protocol::UDP => LayerKind::Udp,
        Protocol::ICMP => LayerKind::Icmp,
        Protocol::ICMPV6 => LayerKind::Icmpv6,
        Protocol::IPIP => LayerKind::Ipv4,
        Protocol::IPV6 => LayerKind::Ipv6,
        Protocol::NO_NEXT_HEADER => return Next::Stop(Stop::Payload),
        Protocol(number) => return unsupported(after, number as u32),
    })
}

/// What a UDP datagram carries: a tunnel, by its destination port as the kernel decides, or payload.
pub(super) fn udp(udp: Udp, options: &DecodeOptions) -> Next {
    if options.vxlan_ports.contains(&udp.destination_port) {
        return Next::Layer(LayerKind::Vxlan);
    }
    Next::Stop(Stop::Payload)
}

/// What a bare IP packet is, by the version in its first four bits.
pub(super) fn ip_version(rest: Rest<'_>) -> Next {
    match rest.bytes().first().map(|first| first >> 4) {
        Some(4) => Next::Layer(LayerKind::Ipv4),
        Some(6) => Next::Layer(LayerKind::Ipv6),
        Some(_) => Next::Stop(rest.malformed(LayerKind::Ipv4, "ip.version")),
        None => Next::Stop(rest.truncated(LayerKind::Ipv4, 20)),
    }
}
