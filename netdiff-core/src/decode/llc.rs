//! IEEE 802.2 LLC, with SNAP (IEEE 802) behind it.
//!
//! ```text
//!  LLC: 3 bytes, or 4 where the control field is not that of an unnumbered frame
//! +---------------+---------------+---------------+
//! |     DSAP      |     SSAP      |    control    |
//! +---------------+---------------+---------------+
//!  SNAP, behind DSAP and SSAP 0xaa: 5 bytes
//! +---------------+---------------+---------------+---------------+---------------+
//! |                      OUI                      |           protocol            |
//! +---------------+---------------+---------------+---------------+---------------+
//! ```

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop, dispatch};
use crate::types::EtherType;

/// The part of a SNAP header: whose number, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snap {
    /// Who assigned the protocol number; 0 means that it is an Ethernet type.
    pub organization: u32,
    /// The protocol number.
    pub protocol: u16,
}

/// An LLC header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Llc {
    /// Destination service access point.
    pub destination: u8,
    /// Source service access point.
    pub source: u8,
    /// The SNAP header, where both access points say that there is one.
    pub snap: Option<Snap>,
}

/// The access point that announces a SNAP header.
const SAP_SNAP: u8 = 0xaa;
/// The access point of IPv4.
const SAP_IP: u8 = 0x06;
/// The organization that assigned the numbers of bridged frames (RFC 2684).
const BRIDGED: u32 = 0x00_80c2;
/// Cisco's and Apple's use of Ethernet types.
const ENCAPSULATED_ETHERNET: u32 = 0x00_00f8;

/// Decodes an LLC header and the SNAP header behind it.
pub(super) fn decode_llc(rest: Rest<'_>) -> Decoded<'_, Llc> {
    let (&[destination, source, control], behind) = rest.split::<3>(LayerKind::Llc)?;
    let mut llc = Llc {
        destination,
        source,
        snap: None,
    };
    let is_unnumbered = control & 3 == 3;
    let behind = if is_unnumbered {
        behind
    } else {
        behind.skip(1)
    };
    match destination & !1 {
        SAP_SNAP => {
            let (&[o0, o1, o2, p0, p1], behind) = behind.split::<5>(LayerKind::Llc)?;
            let snap = Snap {
                organization: u32::from_be_bytes([0, o0, o1, o2]),
                protocol: u16::from_be_bytes([p0, p1]),
            };
            llc.snap = Some(snap);
            let behind = behind.skip(snap.padding());
            Ok(Step::new(llc, behind, snap.next()))
        }
        SAP_IP => Ok(Step::new(llc, behind, Next::Layer(LayerKind::Ipv4))),
        _ => Ok(Step::last(llc, behind, unsupported(u32::from(destination)))),
    }
}

impl Snap {
    /// Bytes in front of a bridged Ethernet frame (RFC 2684, section 5.2).
    const fn padding(self) -> usize {
        match (self.organization, self.protocol) {
            (BRIDGED, 1 | 7) => 2,
            _ => 0,
        }
    }

    fn next(self) -> Next {
        match (self.organization, self.protocol) {
            (0 | ENCAPSULATED_ETHERNET, number) => {
                dispatch::ether_type(EtherType(number), LayerKind::Llc)
            }
            (BRIDGED, 1 | 7) => Next::Layer(LayerKind::Ethernet),
            (_, number) => Next::Stop(unsupported(u32::from(number))),
        }
    }
}

const fn unsupported(number: u32) -> Stop {
    Stop::Unsupported {
        after: Some(LayerKind::Llc),
        number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAP_IPV4: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    #[test]
    fn snap_carries_an_ethernet_type() {
        let step = decode_llc(Rest::new(&SNAP_IPV4, 8)).unwrap();
        let (organization, protocol) = (0, 0x0800);
        assert_eq!(
            step.layer.snap,
            Some(Snap {
                organization,
                protocol
            })
        );
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv4));
    }

    #[test]
    fn other_access_points_are_unsupported() {
        let step = decode_llc(Rest::new(&[0x42, 0x42, 3, 0], 4)).unwrap();
        assert_eq!(step.next, Next::Stop(unsupported(0x42)));
    }

    #[test]
    fn a_numbered_frame_has_a_longer_control_field() {
        let step = decode_llc(Rest::new(&[6, 6, 0, 0, 0x45], 5)).unwrap();
        assert_eq!(
            (step.rest.offset(), step.next),
            (4, Next::Layer(LayerKind::Ipv4))
        );
    }

    #[test]
    fn a_cut_header_is_none() {
        for len in 0..8 {
            assert!(decode_llc(Rest::new(&SNAP_IPV4[..len], 60)).is_err());
        }
    }
}
