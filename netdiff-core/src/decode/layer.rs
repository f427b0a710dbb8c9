//! A decoded header and its place in the packet.

use std::fmt;

use super::{Arp, Ethernet, Icmp, IcmpFamily, Ip, LinuxCooked, Loopback, Tcp, Udp, VlanTag, Vxlan};

/// One decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Ethernet II or IEEE 802.3.
    Ethernet(Ethernet),
    /// Linux cooked capture header.
    LinuxCooked(LinuxCooked),
    /// Address family in front of a packet, of loopback captures.
    Loopback(Loopback),
    /// VLAN tag.
    Vlan(VlanTag),
    /// ARP.
    Arp(Arp),
    /// IPv4 or IPv6.
    Ip(Ip),
    /// TCP.
    Tcp(Tcp),
    /// UDP.
    Udp(Udp),
    /// ICMP or ICMPv6.
    Icmp(Icmp),
    /// VXLAN.
    Vxlan(Vxlan),
}

impl Layer {
    /// The kind of this layer.
    #[must_use]
    pub const fn kind(&self) -> LayerKind {
        match self {
            Self::Ethernet(_) => LayerKind::Ethernet,
            Self::LinuxCooked(cooked) if cooked.interface_index.is_some() => {
                LayerKind::LinuxCooked2
            }
            Self::LinuxCooked(_) => LayerKind::LinuxCooked,
            Self::Loopback(_) => LayerKind::Loopback,
            Self::Vlan(_) => LayerKind::Vlan,
            Self::Arp(_) => LayerKind::Arp,
            Self::Ip(ip) if ip.source.is_ipv4() => LayerKind::Ipv4,
            Self::Ip(_) => LayerKind::Ipv6,
            Self::Tcp(_) => LayerKind::Tcp,
            Self::Udp(_) => LayerKind::Udp,
            Self::Icmp(icmp) => match icmp.family {
                IcmpFamily::V4 => LayerKind::Icmp,
                IcmpFamily::V6 => LayerKind::Icmpv6,
            },
            Self::Vxlan(_) => LayerKind::Vxlan,
        }
    }
}

/// The kind of a layer, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "named as the layers are")]
pub enum LayerKind {
    Ethernet,
    LinuxCooked,
    LinuxCooked2,
    Loopback,
    Vlan,
    Arp,
    Ipv4,
    Ipv6,
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
    Vxlan,
}

impl LayerKind {
    /// A short lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "ethernet",
            Self::LinuxCooked => "linux-cooked",
            Self::LinuxCooked2 => "linux-cooked-v2",
            Self::Loopback => "loopback",
            Self::Vlan => "vlan",
            Self::Arp => "arp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::Vxlan => "vxlan",
        }
    }
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A layer and its place in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedLayer {
    /// The header.
    pub layer: Layer,
    /// Where it begins, in bytes from the start of the captured data.
    pub offset: u32,
}
