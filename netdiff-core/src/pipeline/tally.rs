//! Counts what decoding met at each capture point: tunnels, oddities, and where it stopped.

use std::net::IpAddr;

use crate::decode::{Layer, LayerKind, Limit, Packet, Stop};
use crate::report::{PointContents, StopSeen, TunnelSeen};
use crate::types::PointId;

/// The counts of one file, by its own numbers of capture points.
#[derive(Debug, Default)]
pub(super) struct Tally {
    points: Vec<PointContents>,
}

impl Tally {
    /// Counts one packet.
    pub(super) fn add(&mut self, point: PointId, packet: &Packet) {
        if self.points.len() <= point.index() {
            self.points
                .resize_with(point.index() + 1, PointContents::default);
        }
        let Some(contents) = self.points.get_mut(point.index()) else {
            return;
        };
        for anomaly in packet.anomalies() {
            *contents.anomalies.entry(anomaly.0).or_default() += 1;
        }
        if let Some(stop) = stop_seen(packet.stop()) {
            contents.add_stop(stop, 1);
        }
        for_each_tunnel(packet, |tunnel| contents.add_tunnel(tunnel, 1));
    }

    /// The counts of each point that was met.
    pub(super) fn into_points(self) -> Vec<PointContents> {
        self.points
    }
}

/// Why decoding stopped before the payload.
fn stop_seen(stop: Stop) -> Option<StopSeen> {
    let seen = |kind, layer: Option<LayerKind>| StopSeen {
        kind,
        layer: layer.map(LayerKind::name),
        number: None,
        anomaly: None,
    };
    Some(match stop {
        Stop::Payload => return None,
        Stop::Fragment => seen(text!("fragment"), None),
        Stop::Encrypted => seen("encrypted", None),
        Stop::Truncated { layer, limit, .. } => match limit {
            Limit::Capture => seen("cut-by-capture", Some(layer)),
            Limit::EnclosingHeader => seen("cut-by-header", Some(layer)),
        },
        Stop::Malformed { layer, anomaly, .. } => StopSeen {
            anomaly: Some(anomaly.0),
            ..seen("malformed", Some(layer))
        },
        Stop::Unsupported { after, number } => StopSeen {
            number: Some(number),
            ..seen("unsupported", after)
        },
        Stop::TooDeep => seen("too-deep", None),
    })
}

/// The header that a tunnel's own header would follow.
#[derive(Clone, Copy, Default)]
struct Outer {
    addresses: Option<(IpAddr, IpAddr)>,
    port: Option<u16>,
}

/// Calls `note` for every tunnel around a packet, outermost first.
fn for_each_tunnel(packet: &Packet, mut note: impl FnMut(TunnelSeen)) {
    let mut outer = Outer::default();
    for placed in packet.layers() {
        let layer = &placed.layer;
        if let Some((kind, vni)) = carrier(layer, outer)
            && let Some((source, destination)) = outer.addresses.take()
        {
            note(TunnelSeen {
                kind,
                vni,
                port: outer.port.take(),
                source,
                destination,
            });
        }
        match layer {
            Layer::Ip(ip) => {
                outer = Outer {
                    addresses: Some((ip.source, ip.destination)),
                    port: None,
                }
            }
            Layer::Udp(udp) => outer.port = Some(udp.destination_port),
            _ => {}
        }
    }
}

/// The name and number of the tunnel that `layer` shows behind `outer`.
fn carrier(layer: &Layer, outer: Outer) -> Option<(&'static str, Option<u32>)> {
    let kind = layer.kind();
    match layer {
        Layer::Ip(_) if outer.port.is_some() => Some(("udp", None)),
        Layer::Ip(_) => Some(("ipip", None)),
        Layer::Vxlan(vxlan) => Some((kind.name(), Some(vxlan.vni.0))),
        Layer::Geneve(geneve) => Some((kind.name(), Some(geneve.vni.0))),
        Layer::Gre(gre) => Some((kind.name(), gre.key)),
        _ => kind.is_tunnel().then_some((kind.name(), None)),
    }
}
