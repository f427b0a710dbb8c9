//! The walk from layer to layer, and the one place that knows every decoder.
//!
//! The decoders of the common path (Ethernet, IPv4, UDP, TCP, VXLAN) are inlined into the walk by
//! force, together with the tables that they ask: what a step returns then stays in registers. Through
//! memory the same steps take more than twice as long, because fields that were written one by one are
//! read back as a whole.

use super::ah::decode_ah;
use super::arp::decode_arp;
use super::backbone::decode_backbone;
use super::cisco_hdlc::decode_cisco_hdlc;
use super::erspan::decode_erspan;
use super::esp::decode_esp;
use super::ethernet::decode_ethernet;
use super::geneve::decode_geneve;
use super::gre::decode_gre;
use super::gtpu::decode_gtpu;
use super::gue::decode_gue;
use super::icmp::decode_icmp;
use super::igmp::decode_igmp;
use super::ipv4::decode_ipv4;
use super::ipv6::decode_ipv6;
use super::l2tp::{decode_l2tp, decode_l2tp_over_ip};
use super::linux_cooked::{decode_linux_cooked, decode_linux_cooked2};
use super::llc::decode_llc;
use super::loopback::decode_loopback;
use super::macsec::decode_macsec;
use super::mpls::decode_mpls;
use super::nflog::decode_nflog;
use super::nsh::decode_nsh;
use super::ppp::{decode_ppp, decode_ppp_with_direction};
use super::pppoe::decode_pppoe;
use super::rest::{Decoded, Next, Rest};
use super::sctp::decode_sctp;
use super::tcp::decode_tcp;
use super::teredo::decode_teredo;
use super::udp::decode_udp;
use super::vlan::decode_vlan;
use super::vxlan::{decode_guessed_vxlan, decode_vxlan, decode_vxlan_gpe};
use super::wireguard::decode_wireguard;
use super::{Anomaly, DecodeOptions, IcmpFamily, Layer, LayerKind, Packet, PlacedLayer, Stop};

/// A walk from the outermost layer inwards.
pub(super) struct Walk<'p> {
    layers: &'p mut Vec<PlacedLayer>,
    anomalies: &'p mut Vec<Anomaly>,
    options: &'p DecodeOptions,
    stop: &'p mut Stop,
}

impl<'p> Walk<'p> {
    /// A walk that puts what it finds into `layers` and `anomalies`, and why it stopped into `stop`.
    pub(super) const fn new(
        layers: &'p mut Vec<PlacedLayer>,
        anomalies: &'p mut Vec<Anomaly>,
        options: &'p DecodeOptions,
        stop: &'p mut Stop,
    ) -> Self {
        Self {
            layers,
            anomalies,
            options,
            stop,
        }
    }

    /// Decodes layers from `first` on; returns what is left.
    pub(super) fn run<'a>(mut self, first: LayerKind, start: Rest<'a>) -> Rest<'a> {
        // A copy field by field: what is left stays in registers from step to step.
        let mut rest = start.skip(0);
        let mut next = Some(first);
        while let Some(kind) = next {
            if self.layers.len() >= Packet::MAX_LAYERS {
                *self.stop = Stop::TooDeep;
                break;
            }
            next = self.decode_layer(kind, &mut rest);
        }
        rest
    }

    /// Decodes one header: the table of all decoders.
    #[inline(always)]
    fn decode_layer<'a>(&mut self, kind: LayerKind, at: &mut Rest<'a>) -> Option<LayerKind> {
        use LayerKind as K;
        let (rest, options) = (*at, self.options);
        match kind {
            K::Ethernet => self.place(at, Layer::Ethernet, decode_ethernet(rest)),
            K::LinuxCooked => self.place(at, Layer::LinuxCooked, decode_linux_cooked(rest)),
            K::LinuxCooked2 => self.place(at, Layer::LinuxCooked, decode_linux_cooked2(rest)),
            K::Loopback => self.place(at, Layer::Loopback, decode_loopback(rest)),
            K::Nflog => self.place(at, Layer::Nflog, decode_nflog(rest)),
            K::Ppp => self.place(at, Layer::Ppp, decode_ppp(rest)),
            K::PppWithDirection => self.place(at, Layer::Ppp, decode_ppp_with_direction(rest)),
            K::CiscoHdlc => self.place(at, Layer::CiscoHdlc, decode_cisco_hdlc(rest)),
            K::Llc => self.place(at, Layer::Llc, decode_llc(rest)),
            K::Vlan => self.place(at, Layer::Vlan, decode_vlan(rest)),
            K::BackboneTag => self.place(at, Layer::BackboneTag, decode_backbone(rest)),
            K::Macsec => self.place(at, Layer::Macsec, decode_macsec(rest)),
            K::Pppoe => self.place(at, Layer::Pppoe, decode_pppoe(rest)),
            K::Mpls => self.place(at, Layer::Mpls, decode_mpls(rest)),
            K::Nsh => self.place(at, Layer::Nsh, decode_nsh(rest)),
            K::Arp => self.place(at, Layer::Arp, decode_arp(rest)),
            K::Ipv4 => self.place(at, Layer::Ip, decode_ipv4(rest)),
            K::Ipv6 => self.place(at, Layer::Ip, decode_ipv6(rest)),
            K::Ah => self.place(at, Layer::Ah, decode_ah(rest)),
            K::Esp => self.place(at, Layer::Esp, decode_esp(rest)),
            K::Tcp => self.place(at, Layer::Tcp, decode_tcp(rest)),
            K::Udp => self.place(at, Layer::Udp, decode_udp(rest, options)),
            K::Sctp => self.place(at, Layer::Sctp, decode_sctp(rest)),
            K::Icmp => self.place(at, Layer::Icmp, decode_icmp(rest, IcmpFamily::V4)),
            K::Icmpv6 => self.place(at, Layer::Icmp, decode_icmp(rest, IcmpFamily::V6)),
            K::Igmp => self.place(at, Layer::Igmp, decode_igmp(rest)),
            K::Vxlan => self.place(at, Layer::Vxlan, decode_vxlan(rest)),
            K::VxlanGuessed => self.place(at, Layer::Vxlan, decode_guessed_vxlan(rest)),
            K::VxlanGpe => self.place(at, Layer::Vxlan, decode_vxlan_gpe(rest)),
            K::Geneve => self.place(at, Layer::Geneve, decode_geneve(rest)),
            K::Gre => self.place(at, Layer::Gre, decode_gre(rest)),
            K::Erspan => self.place(at, Layer::Erspan, decode_erspan(rest)),
            K::Gue => self.place(at, Layer::Gue, decode_gue(rest)),
            K::Gtpu => self.place(at, Layer::Gtpu, decode_gtpu(rest)),
            K::L2tp => self.place(at, Layer::L2tp, decode_l2tp(rest)),
            K::L2tpOverIp => self.place(at, Layer::L2tp, decode_l2tp_over_ip(rest)),
            K::Teredo => self.place(at, Layer::Teredo, decode_teredo(rest)),
            K::WireGuard => self.place(at, Layer::WireGuard, decode_wireguard(rest)),
        }
    }

    /// Keeps a decoded header and goes on behind it, or keeps why there is none.
    #[inline(always)]
    fn place<'a, L>(
        &mut self,
        at: &mut Rest<'a>,
        wrap: fn(L) -> Layer,
        decoded: Decoded<'a, L>,
    ) -> Option<LayerKind> {
        let step = match decoded {
            Ok(step) => step,
            Err(stop) => {
                *self.stop = stop;
                return None;
            }
        };
        self.layers.push(PlacedLayer {
            layer: wrap(step.layer),
            offset: at.offset(),
        });
        *at = step.rest;
        if let Some(anomaly) = step.anomaly {
            self.anomalies.push(anomaly);
        }
        match step.next {
            Next::Layer(kind) => Some(kind),
            Next::Payload => {
                *self.stop = Stop::Payload;
                None
            }
            Next::Stop(stop) => {
                *self.stop = stop;
                None
            }
        }
    }
}
