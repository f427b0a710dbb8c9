//! What a packet's link headers and checksums tell, beside its identity.

use super::{CHECKED_LEN, Checksums, Sighting, Subject};
use crate::decode::{Layer, MacAddr, Packet, PacketType, checksum_state};

/// What a cooked header says of the direction.
pub(super) fn sent_by_node(packet: &Packet) -> Option<bool> {
    match packet.layers().first()?.layer {
        Layer::LinuxCooked(cooked) => match cooked.packet_type {
            PacketType::Outgoing => Some(true),
            PacketType::ToUs
            | PacketType::Broadcast
            | PacketType::Multicast
            | PacketType::ToOther => Some(false),
            PacketType::Other(_) => None,
        },
        _ => None,
    }
}

pub(super) fn frame_of(packet: &Packet) -> Option<(MacAddr, MacAddr)> {
    match packet.layers().first()?.layer {
        Layer::Ethernet(ethernet) => Some((ethernet.source, ethernet.destination)),
        _ => None,
    }
}

/// Only what a tunnel carries has such a frame.
pub(super) fn inner_frame_of(packet: &Packet, subject: &Subject) -> Option<(MacAddr, MacAddr)> {
    if !is_tunneled(subject) {
        return None;
    }
    let mut frames = packet.layers().iter().rev().skip_while(|placed| {
        !placed.layer.kind().is_tunnel() && !matches!(placed.layer, Layer::Ethernet(_))
    });
    match frames.next()?.layer {
        Layer::Ethernet(ethernet) => Some((ethernet.source, ethernet.destination)),
        _ => None,
    }
}

const fn is_tunneled(subject: &Subject) -> bool {
    matches!(
        subject,
        Subject::Packet(Sighting {
            tunnel: Some(_),
            ..
        })
    )
}

pub(super) fn checksums_of(packet: &Packet, subject: &Subject, data: &[u8]) -> Option<Checksums> {
    if data.len() > CHECKED_LEN || !is_tunneled(subject) {
        return None;
    }
    let layers = packet.layers();
    let carrier = layers
        .windows(2)
        .rposition(|pair| matches!(pair, [udp, tunnel] if matches!(udp.layer, Layer::Udp(_)) && tunnel.layer.kind().is_tunnel()));
    let transport = layers
        .iter()
        .rposition(|placed| matches!(placed.layer, Layer::Tcp(_) | Layer::Udp(_) | Layer::Icmp(_)));
    let state = |index| checksum_state(packet, index, data);
    Some(Checksums {
        outer: carrier.and_then(state),
        inner: transport
            .filter(|index| Some(*index) != carrier)
            .and_then(state),
    })
}
