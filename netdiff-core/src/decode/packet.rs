//! The door of the room: one packet as a stack of layers.

use super::rest::{Next, Rest};
use super::walk::Walk;
use super::{Anomaly, DecodeOptions, Icmp, Ip, Layer, PlacedLayer, Stop, dispatch};
use crate::types::LinkType;

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
    layers: Vec<PlacedLayer>,
    quoted: Vec<PlacedLayer>,
    anomalies: Vec<Anomaly>,
    payload: Payload,
    stop: Stop,
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
    /// A quote is never part of [`layers`](Self::layers): it tells of another packet. An error that
    /// quotes an error is legal only in forged traffic; the inner quote is not followed.
    #[must_use]
    pub fn quoted(&self) -> &[PlacedLayer] {
        &self.quoted
    }

    /// The IP headers with their index in [`layers`](Self::layers), outermost first.
    pub fn ip_layers(&self) -> impl DoubleEndedIterator<Item = (usize, &Ip)> {
        ip_layers(&self.layers)
    }

    /// The last IP header with its index in [`layers`](Self::layers).
    #[must_use]
    pub fn innermost_ip(&self) -> Option<(usize, &Ip)> {
        self.ip_layers().next_back()
    }

    /// The last IP header of the quoted packet with its index in [`quoted`](Self::quoted).
    #[must_use]
    pub fn innermost_quoted_ip(&self) -> Option<(usize, &Ip)> {
        ip_layers(&self.quoted).next_back()
    }

    /// What was odd on the way, outermost first; at most one oddity of each layer.
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

    /// Decodes what an ICMP error quotes, into `quoted`.
    fn decode_quote(&mut self, icmp: Icmp, rest: Rest<'_>, options: &DecodeOptions) {
        let quote = icmp.bound_quote(rest).of_unknown_wire_len();
        let Next::Layer(kind) = dispatch::ip_version(quote) else {
            return;
        };
        // Oddities of the quote are those of another packet.
        let known = self.anomalies.len();
        let mut stop = Stop::Payload;
        Walk::new(&mut self.quoted, &mut self.anomalies, options, &mut stop).run(kind, quote);
        self.anomalies.truncate(known);
    }
}

impl Default for Packet {
    fn default() -> Self {
        Self::new()
    }
}

fn ip_layers(layers: &[PlacedLayer]) -> impl DoubleEndedIterator<Item = (usize, &Ip)> {
    let ips = layers.iter().enumerate();
    ips.filter_map(|(index, placed)| match &placed.layer {
        Layer::Ip(ip) => Some((index, ip)),
        _ => None,
    })
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
    packet.layers.clear();
    packet.quoted.clear();
    packet.anomalies.clear();
    let rest = Rest::new(data, original_len);
    let rest = match dispatch::link_type(link_type, rest) {
        Next::Layer(kind) => {
            let (layers, anomalies) = (&mut packet.layers, &mut packet.anomalies);
            Walk::new(layers, anomalies, options, &mut packet.stop).run(kind, rest)
        }
        Next::Payload => {
            packet.stop = Stop::Payload;
            rest
        }
        Next::Stop(stop) => {
            packet.stop = stop;
            rest
        }
    };
    // A contradiction that ended the walk is an oddity like any other.
    if let Stop::Malformed { anomaly, .. } = packet.stop {
        packet.anomalies.push(anomaly);
    }
    packet.payload = Payload {
        offset: rest.offset(),
        captured_len: rest.captured_len(),
        wire_len: rest.wire_len(),
    };
    if let Some(&PlacedLayer {
        layer: Layer::Icmp(icmp),
        ..
    }) = packet.layers.last()
        && icmp.is_error()
    {
        packet.decode_quote(icmp, rest, options);
    }
}
