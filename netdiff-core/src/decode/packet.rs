//! The door of the room: one packet as a stack of layers.

use super::{
    Anomaly, Arp, DecodeOptions, Ethernet, Icmp, Ip, LinuxCooked, Stop, Tcp, Udp, VlanTag, Vxlan,
};
use crate::types::LinkType;

/// One decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Ethernet II.
    Ethernet(Ethernet),
    /// Linux cooked capture header.
    LinuxCooked(LinuxCooked),
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

/// The kind of a layer, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "named as the layers are")]
pub enum LayerKind {
    Ethernet,
    LinuxCooked,
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

/// A layer and its place in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedLayer {
    /// The header.
    pub layer: Layer,
    /// Where it begins, in bytes from the start of the captured data.
    pub offset: u32,
}

/// The bytes behind the last layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Where it begins, in bytes from the start of the captured data.
    pub offset: u32,
    /// How many of its bytes were captured, without link-layer padding.
    pub captured_len: u32,
    /// How many bytes it had on the wire, as the enclosing headers state it.
    pub wire_len: u32,
}

/// One packet, decoded. Reusable: decoding the next packet into it allocates nothing.
#[derive(Clone, Debug)]
pub struct Packet {
    pub(super) layers: Vec<PlacedLayer>,
    pub(super) quoted: Vec<PlacedLayer>,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) payload: Payload,
    pub(super) stop: Stop,
}

impl Packet {
    /// The most layers that are decoded, tunnels included.
    pub const MAX_LAYERS: usize = 32;

    /// An empty packet to decode into.
    #[must_use]
    pub fn new() -> Self {
        Self {
            layers: Vec::with_capacity(Self::MAX_LAYERS),
            quoted: Vec::with_capacity(Self::MAX_LAYERS),
            anomalies: Vec::new(),
            payload: Payload::default(),
            stop: Stop::Payload,
        }
    }

    /// The layers, outermost first.
    #[must_use]
    pub fn layers(&self) -> &[PlacedLayer] {
        &self.layers
    }

    /// The layers of the packet that an ICMP error quotes, outermost first; empty without a quote.
    ///
    /// A quote is never part of [`layers`](Self::layers): it tells of another packet.
    #[must_use]
    pub fn quoted(&self) -> &[PlacedLayer] {
        &self.quoted
    }

    /// What was odd on the way.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    /// The bytes behind the last layer.
    #[must_use]
    pub const fn payload(&self) -> Payload {
        self.payload
    }

    /// Why no further layer follows.
    #[must_use]
    pub const fn stop(&self) -> Stop {
        self.stop
    }
}

impl Default for Packet {
    fn default() -> Self {
        Self::new()
    }
}

/// Decodes one captured packet into `packet`, whose former contents are dropped.
///
/// `original_len` is the packet's length on the wire; it tells a cut by the capture from a cut by a header.
/// Never fails: what could not be decoded is told by [`Packet::stop`].
pub fn decode_packet(
    link_type: LinkType,
    data: &[u8],
    original_len: u32,
    options: &DecodeOptions,
    packet: &mut Packet,
) {
    let _ = (data, original_len, options);
    packet.layers.clear();
    packet.quoted.clear();
    packet.anomalies.clear();
    packet.stop = Stop::Unsupported {
        after: None,
        number: u32::from(link_type.0),
    };
}
