//! What is counted in the packets of each capture point.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// Different tunnels, or reasons to stop, that are counted one by one at a capture point; further ones are counted together.
pub const MAX_KINDS: usize = 1000;

/// Counts of one capture point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointContents {
    /// Packets of each tunnel.
    pub tunnels: BTreeMap<TunnelSeen, u64>,
    /// Packets of tunnels beyond the first [`MAX_KINDS`].
    pub tunnels_left_out: u64,
    /// How often each oddity was met, by its dotted id.
    pub anomalies: BTreeMap<&'static str, u64>,
    /// Packets whose decoding stopped before their payload.
    pub stops: BTreeMap<StopSeen, u64>,
    /// Packets that stopped for reasons beyond the first [`MAX_KINDS`].
    pub stops_left_out: u64,
}

/// What the cluster says of a node's networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedNetworks {
    /// The node's name.
    pub node: Box<str>,
    /// The networks of its pods.
    pub pod_networks: Vec<IpNet>,
    /// flannel's backend.
    pub backend: Option<Box<str>>,
}

/// A tunnel as its outer headers show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TunnelSeen {
    /// The name of the encapsulation; of its layer, or `ipip` or `udp` where it has none.
    pub kind: &'static str,
    /// Virtual network, or GRE key.
    pub vni: Option<u32>,
    /// UDP destination port.
    pub port: Option<u16>,
    /// Outer source address.
    pub source: IpAddr,
    /// Outer destination address.
    pub destination: IpAddr,
}

/// Why decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StopSeen {
    /// The kind, as in [`StopReport`](super::StopReport).
    pub kind: &'static str,
    /// The layer that is about.
    pub layer: Option<&'static str>,
    /// The number of a protocol that is not decoded.
    pub number: Option<u32>,
    /// What was malformed, a dotted id.
    pub anomaly: Option<&'static str>,
}

impl PointContents {
    /// Counts a packet of `tunnel`.
    pub fn add_tunnel(&mut self, tunnel: TunnelSeen, packets: u64) {
        add(
            &mut self.tunnels,
            &mut self.tunnels_left_out,
            tunnel,
            packets,
        );
    }

    /// Counts a packet whose decoding stopped.
    pub fn add_stop(&mut self, stop: StopSeen, packets: u64) {
        add(&mut self.stops, &mut self.stops_left_out, stop, packets);
    }

    /// Adds what another file of the same capture point holds.
    pub fn merge(&mut self, other: Self) {
        for (tunnel, packets) in other.tunnels {
            self.add_tunnel(tunnel, packets);
        }
        for (stop, packets) in other.stops {
            self.add_stop(stop, packets);
        }
        for (anomaly, times) in other.anomalies {
            *self.anomalies.entry(anomaly).or_default() += times;
        }
        self.tunnels_left_out += other.tunnels_left_out;
        self.stops_left_out += other.stops_left_out;
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, left_out: &mut u64, kind: K, packets: u64) {
    if counts.len() >= MAX_KINDS && !counts.contains_key(&kind) {
        *left_out += packets;
    } else {
        *counts.entry(kind).or_default() += packets;
    }
}
