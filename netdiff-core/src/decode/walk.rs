//! The walk from layer to layer, and the one place that knows every decoder.

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

/// Where the decoded layers go.
pub(super) struct Walk<'p> {
    layers: &'p mut Vec<PlacedLayer>,
    anomalies: &'p mut Vec<Anomaly>,
    options: &'p DecodeOptions,
}

/// What follows, or why nothing does.
type Followed<'a> = Result<(Next, Rest<'a>), Stop>;

impl<'p> Walk<'p> {
    pub(super) const fn new(
        layers: &'p mut Vec<PlacedLayer>,
        anomalies: &'p mut Vec<Anomaly>,
        options: &'p DecodeOptions,
    ) -> Self {
        Self {
            layers,
            anomalies,
            options,
        }
    }

    /// Decodes layers from `first` on; returns why it stopped and what is left.
    pub(super) fn run<'a>(&mut self, first: LayerKind, rest: Rest<'a>) -> (Stop, Rest<'a>) {
        let (mut kind, mut rest) = (first, rest);
        loop {
            if self.layers.len() >= Packet::MAX_LAYERS {
                return (Stop::TooDeep, rest);
            }
            let next = match self.decode_layer(kind, rest) {
                Ok((next, behind)) => {
                    rest = behind;
                    next
                }
                Err(stop) => Next::Stop(stop),
            };
            match next {
                Next::Layer(next) => kind = next,
                Next::Stop(stop) => {
                    self.note_malformed(stop);
                    return (stop, rest);
                }
            }
        }
    }

    /// Decodes one header: the table of all decoders.
    fn decode_layer<'a>(&mut self, kind: LayerKind, rest: Rest<'a>) -> Followed<'a> {
        use LayerKind as K;
        let options = self.options;
        match kind {
            K::Ethernet => self.place(rest, Layer::Ethernet, decode_ethernet(rest)),
            K::LinuxCooked => self.place(rest, Layer::LinuxCooked, decode_linux_cooked(rest)),
            K::LinuxCooked2 => self.place(rest, Layer::LinuxCooked, decode_linux_cooked2(rest)),
            K::Loopback => self.place(rest, Layer::Loopback, decode_loopback(rest)),
            K::Nflog => self.place(rest, Layer::Nflog, decode_nflog(rest)),
            K::Ppp => self.place(rest, Layer::Ppp, decode_ppp(rest)),
            K::PppWithDirection => self.place(rest, Layer::Ppp, decode_ppp_with_direction(rest)),
            K::CiscoHdlc => self.place(rest, Layer::CiscoHdlc, decode_cisco_hdlc(rest)),
            K::Llc => self.place(rest, Layer::Llc, decode_llc(rest)),
            K::Vlan => self.place(rest, Layer::Vlan, decode_vlan(rest)),
            K::BackboneTag => self.place(rest, Layer::BackboneTag, decode_backbone(rest)),
            K::Macsec => self.place(rest, Layer::Macsec, decode_macsec(rest)),
            K::Pppoe => self.place(rest, Layer::Pppoe, decode_pppoe(rest)),
            K::Mpls => self.place(rest, Layer::Mpls, decode_mpls(rest)),
            K::Nsh => self.place(rest, Layer::Nsh, decode_nsh(rest)),
            K::Arp => self.place(rest, Layer::Arp, decode_arp(rest)),
            K::Ipv4 => self.place(rest, Layer::Ip, decode_ipv4(rest)),
            K::Ipv6 => self.place(rest, Layer::Ip, decode_ipv6(rest)),
            K::Ah => self.place(rest, Layer::Ah, decode_ah(rest)),
            K::Esp => self.place(rest, Layer::Esp, decode_esp(rest)),
            K::Tcp => self.place(rest, Layer::Tcp, decode_tcp(rest)),
            K::Udp => self.place(rest, Layer::Udp, decode_udp(rest, options)),
            K::Sctp => self.place(rest, Layer::Sctp, decode_sctp(rest)),
            K::Icmp => self.place(rest, Layer::Icmp, decode_icmp(rest, IcmpFamily::V4)),
            K::Icmpv6 => self.place(rest, Layer::Icmp, decode_icmp(rest, IcmpFamily::V6)),
            K::Igmp => self.place(rest, Layer::Igmp, decode_igmp(rest)),
            K::Vxlan => self.place(rest, Layer::Vxlan, decode_vxlan(rest)),
            K::VxlanGuessed => self.place(rest, Layer::Vxlan, decode_guessed_vxlan(rest)),
            K::VxlanGpe => self.place(rest, Layer::Vxlan, decode_vxlan_gpe(rest)),
            K::Geneve => self.place(rest, Layer::Geneve, decode_geneve(rest)),
            K::Gre => self.place(rest, Layer::Gre, decode_gre(rest)),
            K::Erspan => self.place(rest, Layer::Erspan, decode_erspan(rest)),
            K::Gue => self.place(rest, Layer::Gue, decode_gue(rest)),
            K::Gtpu => self.place(rest, Layer::Gtpu, decode_gtpu(rest)),
            K::L2tp => self.place(rest, Layer::L2tp, decode_l2tp(rest)),
            K::L2tpOverIp => self.place(rest, Layer::L2tp, decode_l2tp_over_ip(rest)),
            K::Teredo => self.place(rest, Layer::Teredo, decode_teredo(rest)),
            K::WireGuard => self.place(rest, Layer::WireGuard, decode_wireguard(rest)),
        }
    }

    /// Keeps a decoded header, with its place and its oddity.
    fn place<'a, L>(
        &mut self,
        rest: Rest<'a>,
        wrap: fn(L) -> Layer,
        decoded: Decoded<'a, L>,
    ) -> Followed<'a> {
        let step = decoded?;
        self.layers.push(PlacedLayer {
            layer: wrap(step.layer),
            offset: rest.offset(),
        });
        self.anomalies.extend(step.anomaly);
        Ok((step.next, step.rest))
    }

    /// A contradiction that ended the walk is an oddity like any other.
    fn note_malformed(&mut self, stop: Stop) {
        if let Stop::Malformed { anomaly, .. } = stop {
            self.anomalies.push(anomaly);
        }
    }
}
