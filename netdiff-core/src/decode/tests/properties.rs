//! What holds for any bytes whatever.

use proptest::prelude::*;

use super::build::flannel;
use super::{DecodeOptions, Packet, PlacedLayer, decode_packet};
use crate::types::LinkType;

/// Layers lie one behind the other, inside the packet, and not more of them than the bound.
fn placed_in_order(layers: &[PlacedLayer], len: usize) -> bool {
    let in_order = layers
        .windows(2)
        .all(|pair| pair[0].offset <= pair[1].offset);
    let in_bounds = layers.iter().all(|placed| placed.offset as usize <= len);
    in_order && in_bounds && layers.len() <= Packet::MAX_LAYERS
}

fn check(link_type: LinkType, bytes: &[u8], original_len: u32) -> Result<(), TestCaseError> {
    let mut packet = Packet::new();
    decode_packet(
        link_type,
        bytes,
        original_len,
        &DecodeOptions::default(),
        &mut packet,
    );
    prop_assert!(placed_in_order(packet.layers(), bytes.len()));
    prop_assert!(placed_in_order(packet.quoted(), bytes.len()));
    let payload = packet.payload();
    prop_assert!(payload.captured_len <= payload.wire_len);
    if payload.captured_len > 0 {
        let end = payload.offset as usize + payload.captured_len as usize;
        prop_assert!(end <= bytes.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_of_any_link_type(
        link_type in 0..300_u16,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        original_len in any::<u32>(),
    ) {
        check(LinkType(link_type), &bytes, original_len)?;
    }

    #[test]
    fn a_tunnel_with_changed_bytes(
        changes in prop::collection::vec((0..116_usize, any::<u8>()), 0..6),
        cut in 0..120_usize,
    ) {
        let mut bytes = flannel(b"data");
        for (index, byte) in changes {
            bytes[index] = byte;
        }
        let original_len = u32::try_from(bytes.len()).unwrap();
        check(LinkType::ETHERNET, &bytes[..cut], original_len)?;
    }
}
