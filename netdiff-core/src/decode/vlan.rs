//! IEEE 802.1Q and 802.1ad tags, stacked to any depth.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | PCP |D|          VID          |          type/length          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use etherparse::SingleVlanHeaderSlice;

use super::ethernet::limit_by_length_field;
use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, dispatch};
use crate::types::EtherType;

/// One VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanTag {
    /// VLAN identifier, 12 bits.
    pub id: u16,
    /// Priority code point, 3 bits.
    pub priority: u8,
    /// Drop eligible indicator.
    pub drop_eligible: bool,
    /// What follows.
    pub ether_type: EtherType,
}

impl VlanTag {
    /// Bytes of a tag behind the Ethernet type that announces it.
    pub const LEN: usize = 4;
}

/// Decodes one tag.
pub(super) fn decode_vlan(rest: Rest<'_>) -> Decoded<'_, VlanTag> {
    let Ok(header) = SingleVlanHeaderSlice::from_slice(rest.bytes()) else {
        return Err(rest.truncated(LayerKind::Vlan, VlanTag::LEN));
    };
    let tag = VlanTag {
        id: header.vlan_identifier().value(),
        priority: header.priority_code_point().value(),
        drop_eligible: header.drop_eligible_indicator(),
        ether_type: EtherType(header.ether_type().0),
    };
    let rest = limit_by_length_field(rest.skip(VlanTag::LEN), tag.ether_type);
    let next = dispatch::ether_type_or_length(tag.ether_type, LayerKind::Vlan);
    Ok(Step::new(tag, rest, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    #[test]
    fn the_three_parts_of_the_tag() {
        let step = decode_vlan(Rest::new(&[0b0111_0001, 0x23, 0x81, 0], 50)).unwrap();
        let ether_type = EtherType::VLAN;
        let (id, priority, drop_eligible) = (0x123, 3, true);
        assert_eq!(
            step.layer,
            VlanTag {
                id,
                priority,
                drop_eligible,
                ether_type
            }
        );
        assert_eq!(step.next, Next::Layer(LayerKind::Vlan));
    }

    #[test]
    fn a_cut_tag_is_none() {
        for len in 0..4 {
            assert!(decode_vlan(Rest::new(&[0, 1, 8, 0][..len], 4)).is_err());
        }
    }
}
