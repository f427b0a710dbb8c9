//! Provider backbone bridging, MAC in MAC (IEEE 802.1ah): a service tag before a whole frame.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | PCP |D|U| res |              service instance                 |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::LayerKind;
use super::rest::{Decoded, Next, Rest, Step};

/// A backbone service instance tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackboneTag {
    /// Service instance identifier, 24 bits.
    pub service: u32,
}

/// Decodes a backbone service instance tag.
pub(super) fn decode_backbone(rest: Rest<'_>) -> Decoded<'_, BackboneTag> {
    let (&[_, s0, s1, s2], behind) = rest.split::<4>(LayerKind::BackboneTag)?;
    let service = u32::from_be_bytes([0, s0, s1, s2]);
    Ok(Step::new(
        BackboneTag { service },
        behind,
        Next::Layer(LayerKind::Ethernet),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_follows_the_tag() {
        let step = decode_backbone(Rest::new(&[0x60, 0, 1, 2], 4)).unwrap();
        assert_eq!(step.layer.service, 0x0102);
        assert_eq!(step.next, Next::Layer(LayerKind::Ethernet));
    }

    #[test]
    fn a_cut_tag_is_none() {
        for len in 0..4 {
            assert!(decode_backbone(Rest::new(&[0, 0, 0, 1][..len], 60)).is_err());
        }
    }
}
