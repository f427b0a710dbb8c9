//! Tests of whole packets; those of one header are in its protocol's file.

pub(super) mod build;
mod conformance;
mod numbers;
mod properties;
mod quotes;
mod speed;
mod tunnels;

use super::*;
use crate::types::LinkType;

/// Decodes a wholly captured packet.
pub(super) fn decode(link_type: LinkType, bytes: &[u8]) -> Packet {
    decode_cut(link_type, bytes, bytes.len())
}

/// Decodes the first `captured` bytes of a packet.
pub(super) fn decode_cut(link_type: LinkType, bytes: &[u8], captured: usize) -> Packet {
    let mut packet = Packet::new();
    let original_len = u32::try_from(bytes.len()).unwrap();
    let options = DecodeOptions::default();
    let captured = &bytes[..captured];
    decode_packet(link_type, captured, original_len, &options, &mut packet);
    packet
}

/// The names of the layers, outermost first.
fn stack(layers: &[PlacedLayer]) -> String {
    let names = layers.iter().map(|placed| placed.layer.kind().name());
    names.collect::<Vec<_>>().join(" ")
}
