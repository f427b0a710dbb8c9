//! A decoded header and its place in the packet.

use std::fmt;

use super::{
    Ah, Arp, BackboneTag, CiscoHdlc, Erspan, Esp, Ethernet, Geneve, Gre, Gtpu, Gue, Icmp,
    IcmpFamily, Igmp, Ip, L2tp, LinuxCooked, Llc, Loopback, Macsec, Mpls, Nflog, Nsh, Ppp, Pppoe,
    Sctp, Tcp, Teredo, Udp, VlanTag, Vxlan, WireGuard,
};

/// One decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Ethernet II or IEEE 802.3.
    Ethernet(Ethernet),
    /// Linux cooked capture header.
    LinuxCooked(LinuxCooked),
    /// Address family in front of a packet, of loopback captures.
    Loopback(Loopback),
    /// NFLOG header.
    Nflog(Nflog),
    /// PPP.
    Ppp(Ppp),
    /// Cisco HDLC.
    CiscoHdlc(CiscoHdlc),
    /// LLC, with SNAP.
    Llc(Llc),
    /// VLAN tag.
    Vlan(VlanTag),
    /// Backbone service instance tag.
    BackboneTag(BackboneTag),
    /// `MACsec` tag.
    Macsec(Macsec),
    /// `PPPoE`.
    Pppoe(Pppoe),
    /// MPLS label stack entry.
    Mpls(Mpls),
    /// Network service header.
    Nsh(Nsh),
    /// ARP.
    Arp(Arp),
    /// IPv4 or IPv6.
    Ip(Ip),
    /// Authentication header.
    Ah(Ah),
    /// ESP.
    Esp(Esp),
    /// TCP.
    Tcp(Tcp),
    /// UDP.
    Udp(Udp),
    /// SCTP.
    Sctp(Sctp),
    /// ICMP or ICMPv6.
    Icmp(Icmp),
    /// IGMP.
    Igmp(Igmp),
    /// VXLAN or VXLAN-GPE.
    Vxlan(Vxlan),
    /// Geneve.
    Geneve(Geneve),
    /// GRE.
    Gre(Gre),
    /// ERSPAN.
    Erspan(Erspan),
    /// GUE.
    Gue(Gue),
    /// GTP-U.
    Gtpu(Gtpu),
    /// L2TP.
    L2tp(L2tp),
    /// Teredo.
    Teredo(Teredo),
    /// WireGuard.
    WireGuard(WireGuard),
}

impl Layer {
    /// The kind of this layer.
    #[must_use]
    pub const fn kind(&self) -> LayerKind {
        use LayerKind as K;
        match self {
            Self::Ethernet(_) => K::Ethernet,
            Self::LinuxCooked(cooked) if cooked.interface_index.is_some() => K::LinuxCooked2,
            Self::LinuxCooked(_) => K::LinuxCooked,
            Self::Loopback(_) => K::Loopback,
            Self::Nflog(_) => K::Nflog,
            Self::Ppp(ppp) if ppp.sent.is_some() => K::PppWithDirection,
            Self::Ppp(_) => K::Ppp,
            Self::CiscoHdlc(_) => K::CiscoHdlc,
            Self::Llc(_) => K::Llc,
            Self::Vlan(_) => K::Vlan,
            Self::BackboneTag(_) => K::BackboneTag,
            Self::Macsec(_) => K::Macsec,
            Self::Pppoe(_) => K::Pppoe,
            Self::Mpls(_) => K::Mpls,
            Self::Nsh(_) => K::Nsh,
            Self::Arp(_) => K::Arp,
            Self::Ip(ip) if ip.source.is_ipv4() => K::Ipv4,
            Self::Ip(_) => K::Ipv6,
            Self::Ah(_) => K::Ah,
            Self::Esp(_) => K::Esp,
            Self::Tcp(_) => K::Tcp,
            Self::Udp(_) => K::Udp,
            Self::Sctp(_) => K::Sctp,
            Self::Icmp(icmp) => match icmp.family {
                IcmpFamily::V4 => K::Icmp,
                IcmpFamily::V6 => K::Icmpv6,
            },
            Self::Igmp(_) => K::Igmp,
            Self::Vxlan(vxlan) if vxlan.guessed => K::VxlanGuessed,
            Self::Vxlan(vxlan) if vxlan.next_protocol.is_some() => K::VxlanGpe,
            Self::Vxlan(_) => K::Vxlan,
            Self::Geneve(_) => K::Geneve,
            Self::Gre(_) => K::Gre,
            Self::Erspan(_) => K::Erspan,
            Self::Gue(_) => K::Gue,
            Self::Gtpu(_) => K::Gtpu,
            Self::L2tp(l2tp) if l2tp.over_ip => K::L2tpOverIp,
            Self::L2tp(_) => K::L2tp,
            Self::Teredo(_) => K::Teredo,
            Self::WireGuard(_) => K::WireGuard,
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
    Nflog,
    Ppp,
    PppWithDirection,
    CiscoHdlc,
    Llc,
    Vlan,
    BackboneTag,
    Macsec,
    Pppoe,
    Mpls,
    Nsh,
    Arp,
    Ipv4,
    Ipv6,
    Ah,
    Esp,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Icmpv6,
    Igmp,
    Vxlan,
    VxlanGuessed,
    VxlanGpe,
    Geneve,
    Gre,
    Erspan,
    Gue,
    Gtpu,
    L2tp,
    L2tpOverIp,
    Teredo,
    WireGuard,
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
            Self::Nflog => "nflog",
            Self::Ppp => "ppp",
            Self::PppWithDirection => "ppp-with-direction",
            Self::CiscoHdlc => "cisco-hdlc",
            Self::Llc => "llc",
            Self::Vlan => "vlan",
            Self::BackboneTag => "backbone-tag",
            Self::Macsec => "macsec",
            Self::Pppoe => "pppoe",
            Self::Mpls => "mpls",
            Self::Nsh => "nsh",
            Self::Arp => "arp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ah => "ah",
            Self::Esp => "esp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::Igmp => "igmp",
            Self::Vxlan => "vxlan",
            Self::VxlanGuessed => "vxlan-guessed",
            Self::VxlanGpe => "vxlan-gpe",
            Self::Geneve => "geneve",
            Self::Gre => "gre",
            Self::Erspan => "erspan",
            Self::Gue => "gue",
            Self::Gtpu => "gtpu",
            Self::L2tp => "l2tp",
            Self::L2tpOverIp => "l2tp-over-ip",
            Self::Teredo => "teredo",
            Self::WireGuard => "wireguard",
        }
    }

    /// Whether a packet behind this header travels in a tunnel.
    ///
    /// IP directly in IP is a tunnel without a header of its own.
    #[must_use]
    pub const fn is_tunnel(self) -> bool {
        matches!(
            self,
            Self::Vxlan
                | Self::VxlanGuessed
                | Self::VxlanGpe
                | Self::Geneve
                | Self::Gre
                | Self::Erspan
                | Self::Gue
                | Self::Gtpu
                | Self::L2tp
                | Self::L2tpOverIp
                | Self::Teredo
                | Self::WireGuard
                | Self::Esp
        )
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
