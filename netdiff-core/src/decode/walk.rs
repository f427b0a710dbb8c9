//! The walk from layer to layer, and the one place that knows every decoder.

use super::arp::decode_arp;
use super::ethernet::decode_ethernet;
use super::icmp::decode_icmp;
use super::ipv4::decode_ipv4;
use super::ipv6::decode_ipv6;
use super::linux_cooked::{decode_linux_cooked, decode_linux_cooked2};
use super::loopback::decode_loopback;
use super::rest::{Decoded, Next, Rest};
use super::tcp::decode_tcp;
use super::udp::decode_udp;
use super::vlan::decode_vlan;
use super::vxlan::decode_vxlan;
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
            K::Vlan => self.place(rest, Layer::Vlan, decode_vlan(rest)),
            K::Arp => self.place(rest, Layer::Arp, decode_arp(rest)),
            K::Ipv4 => self.place(rest, Layer::Ip, decode_ipv4(rest)),
            K::Ipv6 => self.place(rest, Layer::Ip, decode_ipv6(rest)),
            K::Tcp => self.place(rest, Layer::Tcp, decode_tcp(rest)),
            K::Udp => self.place(rest, Layer::Udp, decode_udp(rest, options)),
            K::Icmp => self.place(rest, Layer::Icmp, decode_icmp(rest, IcmpFamily::V4)),
            K::Icmpv6 => self.place(rest, Layer::Icmp, decode_icmp(rest, IcmpFamily::V6)),
            K::Vxlan => self.place(rest, Layer::Vxlan, decode_vxlan(rest)),
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
