//! VXLAN (RFC 7348): Ethernet over UDP.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |R|R|R|R|I|R|R|R|                   reserved                    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                      VNI                      |   reserved    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::LayerKind;
use super::rest::{Decoded, Next, Rest, Step};
use crate::types::Vni;

/// A VXLAN header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// The flags byte; 0x08 says that the VNI is valid.
    pub flags: u8,
    /// The virtual network identifier.
    pub vni: Vni,
}

impl Vxlan {
    /// The flag that says that the VNI is valid.
    pub const FLAG_VNI: u8 = 0x08;
}

/// Decodes a VXLAN header.
pub(super) fn decode_vxlan(rest: Rest<'_>) -> Decoded<'_, Vxlan> {
    let (&[flags, _, _, _, v0, v1, v2, _], rest) = rest.split::<8>(LayerKind::Vxlan)?;
    let vni = Vni(u32::from_be_bytes([0, v0, v1, v2]));
    let no_vni = flags & Vxlan::FLAG_VNI == 0;
    let step = Step::new(Vxlan { flags, vni }, rest, Next::Layer(LayerKind::Ethernet));
    Ok(step.noting(no_vni.then_some("vxlan.no-vni-flag")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vni_has_24_bits() {
        let step = decode_vxlan(Rest::new(&[8, 0, 0, 0, 0x12, 0x34, 0x56, 0], 8)).unwrap();
        assert_eq!(step.layer.vni, Vni(0x0012_3456));
        assert_eq!(step.anomaly, None);
    }

    #[test]
    fn a_cut_header_is_none() {
        for len in 0..8 {
            assert!(decode_vxlan(Rest::new(&[8, 0, 0, 0, 0, 0, 1, 0][..len], 60)).is_err());
        }
    }
}
