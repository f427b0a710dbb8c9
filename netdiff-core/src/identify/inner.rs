//! Finds the inner-most IP packet in a stack of layers, and what carries it.
//!
//! A control message of a tunnel protocol (GTP-U echo, L2TP hello …) carries nothing and is itself the packet.

use super::fingerprint::quoted_short;
use super::{ArpSighting, Encapsulation, Quote, Tunnel};
use crate::decode::{Ip, Layer, PlacedLayer};
use crate::types::{FlowKey, Protocol, Vni};

/// The inner-most IP header, what it carries and what carries it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner<'a> {
    pub(super) ip: &'a Ip,
    /// The transport header, and behind UDP the header of an encrypted tunnel that identifies the packet.
    pub(super) transport: Option<&'a Layer>,
    pub(super) sealed: Option<&'a Layer>,
    pub(super) tunnel: Option<Tunnel>,
}

/// What a stack of layers holds for identification.
#[derive(Clone, Copy, Debug)]
pub(super) enum Contents<'a> {
    Ip(Inner<'a>),
    Arp(ArpSighting),
    Neither,
}

/// A walk down the layers.
#[derive(Default)]
struct Walk<'a> {
    ip: Option<&'a Ip>,
    transport: Option<&'a Layer>,
    sealed: Option<&'a Layer>,
    tunnel: Option<Tunnel>,
    arp: Option<ArpSighting>,
}

/// Looks for the inner-most IP packet; of ARP only if there is no IP packet at that depth.
pub(super) fn inner_of(layers: &[PlacedLayer]) -> Contents<'_> {
    let mut walk = Walk::default();
    for placed in layers {
        walk.step(&placed.layer);
    }
    match (walk.ip, walk.arp) {
        (Some(ip), _) => Contents::Ip(Inner {
            ip,
            transport: walk.transport,
            sealed: walk.sealed,
            tunnel: walk.tunnel,
        }),
        (None, Some(arp)) => Contents::Arp(arp),
        (None, None) => Contents::Neither,
    }
}

impl<'a> Walk<'a> {
    fn step(&mut self, layer: &'a Layer) {
        match layer {
            Layer::Ip(ip) => {
                match self.transport {
                    Some(Layer::Udp(_)) => self.enter(Encapsulation::Udp, None),
                    _ => self.enter(Encapsulation::IpInIp, None),
                }
                self.ip = Some(ip);
            }
            Layer::Tcp(_) | Layer::Udp(_) | Layer::Icmp(_) | Layer::Sctp(_) | Layer::Esp(_) => {
                self.transport = Some(layer);
            }
            Layer::WireGuard(_) => self.sealed = Some(layer),
            Layer::Vxlan(vxlan) => {
                self.enter(Encapsulation::Vxlan, Some(vxlan.vni));
                self.tunnel = self.tunnel.map(|tunnel| Tunnel {
                    guessed: vxlan.guessed,
                    ..tunnel
                });
            }
            Layer::Geneve(geneve) if !geneve.is_control => {
                self.enter(Encapsulation::Geneve, Some(geneve.vni));
            }
            Layer::Gre(_) => self.enter(Encapsulation::Gre, None),
            Layer::Gue(gue) if !gue.is_control => self.enter(Encapsulation::Gue, None),
            Layer::Gtpu(gtpu) if gtpu.carries_packet() => self.enter(Encapsulation::Gtpu, None),
            Layer::L2tp(l2tp) if !l2tp.is_control => self.enter(Encapsulation::L2tp, None),
            Layer::Teredo(_) => self.enter(Encapsulation::Teredo, None),
            Layer::Arp(arp) => {
                self.arp = Some(ArpSighting {
                    operation: arp.operation,
                    sender: arp.sender,
                    sender_mac: arp.sender_mac,
                    target: arp.target,
                });
            }
            // Link headers, labels and headers that belong to the one before them.
            _ => {}
        }
    }

    /// What follows is carried: the outer header names no pod, so what is inside must have one of its own.
    fn enter(&mut self, encapsulation: Encapsulation, vni: Option<Vni>) {
        let Some(outer) = self.ip.take() else { return };
        let destination_port = match self.transport.take() {
            Some(Layer::Udp(udp)) => udp.destination_port,
            _ => 0,
        };
        self.sealed = None;
        self.tunnel = Some(Tunnel {
            encapsulation,
            vni,
            source: outer.source,
            destination: outer.destination,
            destination_port,
            guessed: false,
        });
    }
}

impl Inner<'_> {
    /// The flow key, without the checks that a sighting needs: ports are 0 where they are missing.
    pub(super) fn key(&self) -> FlowKey {
        let (source_port, destination_port) = self.ports();
        FlowKey {
            source: self.ip.source,
            destination: self.ip.destination,
            protocol: self.protocol(),
            source_port,
            destination_port,
        }
    }

    /// Behind an authentication header the IP header names that, not the transport.
    fn protocol(&self) -> Protocol {
        match self.transport {
            Some(Layer::Tcp(_)) => Protocol::TCP,
            Some(Layer::Udp(_)) => Protocol::UDP,
            Some(Layer::Sctp(_)) => Protocol::SCTP,
            _ => self.ip.protocol,
        }
    }

    fn ports(&self) -> (u16, u16) {
        match self.transport {
            Some(Layer::Tcp(tcp)) => (tcp.source_port, tcp.destination_port),
            Some(Layer::Udp(udp)) => (udp.source_port, udp.destination_port),
            Some(Layer::Sctp(sctp)) => (sctp.source_port, sctp.destination_port),
            Some(Layer::Icmp(icmp)) if icmp.is_query() => (icmp.identifier(), icmp.identifier()),
            _ => (0, 0),
        }
    }
}

/// The packet that an ICMP error quotes, as far as it reaches.
pub(super) fn quote_of(layers: &[PlacedLayer]) -> Option<Quote> {
    match inner_of(layers) {
        Contents::Ip(inner) => Some(Quote {
            key: inner.key(),
            tunnel: inner.tunnel,
            ttl: inner.ip.ttl,
            short: inner
                .transport
                .and_then(|transport| quoted_short(inner.ip, transport)),
        }),
        Contents::Arp(_) | Contents::Neither => None,
    }
}
