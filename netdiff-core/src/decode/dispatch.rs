//! Which layer follows: the tables of all numbers by which protocols announce each other.

use super::gtpu::looks_like_gtpu;
use super::rest::{Next, Rest};
use super::teredo::looks_like_teredo;
use super::vxlan::looks_like_vxlan;
use super::wireguard::looks_like_wireguard;
use super::{DecodeOptions, Gre, LayerKind, Stop, Udp, esp, gue};
use crate::types::{EtherType, LinkType, Protocol};

/// The stop behind a layer that announced something netdiff does not decode.
const fn unsupported(after: LayerKind, number: u32) -> Next {
    Next::Stop(Stop::Unsupported {
        after: Some(after),
        number,
    })
}

/// What a packet of this link type begins with.
#[inline(always)]
pub(super) fn link_type(link_type: LinkType, rest: Rest<'_>) -> Next {
    Next::Layer(match link_type {
        LinkType::ETHERNET => LayerKind::Ethernet,
        LinkType::LINUX_SLL => LayerKind::LinuxCooked,
        LinkType::LINUX_SLL2 => LayerKind::LinuxCooked2,
        LinkType::NULL | LinkType::LOOP => LayerKind::Loopback,
        LinkType::IPV4 => LayerKind::Ipv4,
        LinkType::IPV6 => LayerKind::Ipv6,
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => return ip_version(rest),
        LinkType::NFLOG => LayerKind::Nflog,
        LinkType::PPP_HDLC if is_cisco_hdlc(rest) => LayerKind::CiscoHdlc,
        LinkType::PPP | LinkType::PPP_HDLC => LayerKind::Ppp,
        LinkType::PPP_WITH_DIR => LayerKind::PppWithDirection,
        LinkType::PPP_ETHER => LayerKind::Pppoe,
        LinkType::C_HDLC => LayerKind::CiscoHdlc,
        LinkType(number) => {
            return Next::Stop(Stop::Unsupported {
                after: None,
                number: u32::from(number),
            });
        }
    })
}

/// `LINKTYPE_PPP_HDLC` holds PPP or Cisco HDLC, told by the address byte.
fn is_cisco_hdlc(rest: Rest<'_>) -> bool {
    matches!(rest.bytes().first(), Some(0x0f | 0x8f))
}

/// What the type field of an Ethernet header or VLAN tag announces; a length announces LLC.
#[inline(always)]
pub(super) const fn ether_type_or_length(field: EtherType, after: LayerKind) -> Next {
    if field.0 <= EtherType::MAX_LENGTH {
        Next::Layer(LayerKind::Llc)
    } else {
        ether_type(field, after)
    }
}

/// What an Ethernet type announces.
#[inline(always)]
pub(super) const fn ether_type(ether_type: EtherType, after: LayerKind) -> Next {
    Next::Layer(match ether_type {
        EtherType::IPV4 => LayerKind::Ipv4,
        EtherType::IPV6 => LayerKind::Ipv6,
        EtherType::ARP => LayerKind::Arp,
        EtherType::VLAN | EtherType::SERVICE_VLAN | EtherType::OLD_QINQ => LayerKind::Vlan,
        EtherType::TRANSPARENT_ETHERNET => LayerKind::Ethernet,
        EtherType::MPLS | EtherType::MPLS_MULTICAST => LayerKind::Mpls,
        EtherType::PPPOE_DISCOVERY | EtherType::PPPOE_SESSION => LayerKind::Pppoe,
        EtherType::BACKBONE => LayerKind::BackboneTag,
        EtherType::MACSEC => LayerKind::Macsec,
        EtherType::NSH => LayerKind::Nsh,
        EtherType(number) => return unsupported(after, number as u32),
    })
}

/// What an IP protocol number announces.
#[inline(always)]
pub(super) const fn ip_protocol(protocol: Protocol, after: LayerKind) -> Next {
    Next::Layer(match protocol {
        Protocol::TCP => LayerKind::Tcp,
        Protocol::UDP => LayerKind::Udp,
        Protocol::ICMP => LayerKind::Icmp,
        Protocol::ICMPV6 => LayerKind::Icmpv6,
        Protocol::SCTP => LayerKind::Sctp,
        Protocol::IGMP => LayerKind::Igmp,
        Protocol::IPIP => LayerKind::Ipv4,
        Protocol::IPV6 => LayerKind::Ipv6,
        Protocol::GRE => LayerKind::Gre,
        Protocol::AH => LayerKind::Ah,
        Protocol::ESP => LayerKind::Esp,
        Protocol::L2TP => LayerKind::L2tpOverIp,
        Protocol::MPLS => LayerKind::Mpls,
        Protocol::ETHERNET => LayerKind::Ethernet,
        Protocol::NO_NEXT_HEADER => return Next::Payload,
        Protocol(number) => return unsupported(after, number as u32),
    })
}

/// What the protocol type of a GRE header announces: an Ethernet type, or one of GRE's own.
pub(super) const fn gre(gre: Gre) -> Next {
    Next::Layer(match gre.protocol {
        EtherType::PPP => LayerKind::Ppp,
        EtherType::MIKROTIK_EOIP if gre.version == 1 => LayerKind::Ethernet,
        EtherType::ERSPAN if gre.sequence.is_none() => LayerKind::Ethernet,
        EtherType::ERSPAN | EtherType::ERSPAN_III => LayerKind::Erspan,
        number => return ether_type(number, LayerKind::Gre),
    })
}

/// What a UDP datagram carries: a tunnel, by its destination port as the kernel decides, or payload.
#[inline(always)]
pub(super) fn udp(udp: Udp, datagram: Rest<'_>, options: &DecodeOptions) -> Next {
    let port = udp.destination_port;
    if options.vxlan_ports.contains(&port) {
        return Next::Layer(LayerKind::Vxlan);
    }
    Next::Layer(match port {
        2152 => LayerKind::Gtpu,
        4790 => LayerKind::VxlanGpe,
        6080 => return gue::begins_with(datagram),
        6081 => LayerKind::Geneve,
        6635 => LayerKind::Mpls,
        port if options.geneve_ports.contains(&port) => LayerKind::Geneve,
        port if options.bare_ip_ports.contains(&port) => return ip_version(datagram),
        port => match options.fou_ports.iter().find(|(fou, _)| *fou == port) {
            Some(&(_, protocol)) => return ip_protocol(protocol, LayerKind::Udp),
            None => return udp_by_either_port(udp, datagram, options),
        },
    })
}

/// What a datagram carries of the protocols that answer from their own port, and of those that are
/// known by their looks alone.
#[inline(always)]
fn udp_by_either_port(udp: Udp, datagram: Rest<'_>, options: &DecodeOptions) -> Next {
    let is = |port| udp.source_port == port || udp.destination_port == port;
    if is(4500) {
        return esp::over_udp(datagram);
    }
    Next::Layer(if is(1701) {
        LayerKind::L2tp
    } else if is(2152) && looks_like_gtpu(datagram) {
        LayerKind::Gtpu
    } else if is(3544) && looks_like_teredo(datagram) {
        LayerKind::Teredo
    } else if options.wireguard_ports.iter().any(|&port| is(port)) && looks_like_wireguard(datagram)
    {
        LayerKind::WireGuard
    } else if options.guess_vxlan && looks_like_vxlan(datagram) {
        LayerKind::VxlanGuessed
    } else {
        return Next::Payload;
    })
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
