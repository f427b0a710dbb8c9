//! VXLAN (RFC 7348): Ethernet over UDP; with group policy (GBP) and as the generic protocol
//! extension (VXLAN-GPE, draft-ietf-nvo3-vxlan-gpe).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |R|R|R|R|I|R|R|R|                   reserved                    |
//! |G|R|R|R|I|R|R|R|R|D|R|R|A|R|R|R|        group policy           |  GBP
//! |R|R|V V|I|P|B|O|           reserved            | next protocol |  GPE
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                      VNI                      |   reserved    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::plausible::is_ethernet_frame;
use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop};
use crate::types::Vni;

/// A VXLAN header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// The flags byte; 0x08 says that the VNI is valid.
    pub flags: u8,
    /// The virtual network identifier.
    pub vni: Vni,
    /// The group policy id, where the flags say that there is one.
    pub group_policy: Option<u16>,
    /// VXLAN-GPE's next protocol; `None` for plain VXLAN.
    pub next_protocol: Option<u8>,
    /// The port is not known to carry VXLAN; the packet itself looks like it.
    pub guessed: bool,
}

impl Vxlan {
    /// Bytes of the header.
    pub const LEN: usize = 8;
    /// The flag that says that the VNI is valid.
    pub const FLAG_VNI: u8 = 0x08;
    /// GBP's flag that says that there is a group policy id.
    pub const FLAG_POLICY: u8 = 0x80;
    /// GPE's flag that says that there is a next protocol.
    pub const FLAG_NEXT_PROTOCOL: u8 = 0x04;
}

/// Decodes a VXLAN header.
#[inline(always)]
pub(super) fn decode_vxlan(rest: Rest<'_>) -> Decoded<'_, Vxlan> {
    let (&[flags, _, p0, p1, v0, v1, v2, _], behind) = rest.split(LayerKind::Vxlan)?;
    let has_policy = flags & Vxlan::FLAG_POLICY != 0;
    let vxlan = Vxlan {
        flags,
        vni: Vni(u32::from_be_bytes([0, v0, v1, v2])),
        group_policy: has_policy.then_some(u16::from_be_bytes([p0, p1])),
        next_protocol: None,
        guessed: false,
    };
    let step = Step::new(vxlan, behind, Next::Layer(LayerKind::Ethernet));
    Ok(step.noting(vxlan.without_vni()))
}

/// Decodes a VXLAN header on a port that is not known to carry it.
pub(super) fn decode_guessed_vxlan(rest: Rest<'_>) -> Decoded<'_, Vxlan> {
    let mut step = decode_vxlan(rest)?;
    step.layer.guessed = true;
    Ok(step.noting(Some("vxlan.guessed")))
}

/// Decodes a VXLAN-GPE header.
pub(super) fn decode_vxlan_gpe(rest: Rest<'_>) -> Decoded<'_, Vxlan> {
    let (&[flags, _, _, protocol, v0, v1, v2, _], behind) = rest.split(LayerKind::VxlanGpe)?;
    let has_protocol = flags & Vxlan::FLAG_NEXT_PROTOCOL != 0;
    // Plain VXLAN has a zero there, so that another number is meant even where its flag is missing.
    let next_protocol = match protocol {
        0 if !has_protocol => GPE_ETHERNET,
        protocol => protocol,
    };
    let vxlan = Vxlan {
        flags,
        vni: Vni(u32::from_be_bytes([0, v0, v1, v2])),
        group_policy: None,
        next_protocol: Some(next_protocol),
        guessed: false,
    };
    let is_unmarked = protocol != 0 && !has_protocol;
    let step = Step::new(vxlan, behind, after_gpe(next_protocol));
    let step = step.noting(is_unmarked.then_some("vxlan-gpe.no-next-protocol-flag"));
    Ok(step.noting(vxlan.without_vni()))
}

impl Vxlan {
    fn without_vni(self) -> Option<&'static str> {
        (self.flags & Self::FLAG_VNI == 0).then_some("vxlan.no-vni-flag")
    }
}

/// Whether a UDP datagram is VXLAN, whatever its port: the flags and reserved bytes that the RFC
/// demands, and a sound Ethernet frame behind them that fills the datagram.
pub(super) fn looks_like_vxlan(datagram: Rest<'_>) -> bool {
    let is_header = matches!(datagram.bytes(), [Vxlan::FLAG_VNI, 0, 0, 0, _, _, _, 0, ..]);
    is_header && is_ethernet_frame(datagram.skip(Vxlan::LEN))
}

const GPE_ETHERNET: u8 = 3;

fn after_gpe(protocol: u8) -> Next {
    Next::Layer(match protocol {
        1 => LayerKind::Ipv4,
        2 => LayerKind::Ipv6,
        GPE_ETHERNET => LayerKind::Ethernet,
        4 => LayerKind::Nsh,
        5 => LayerKind::Mpls,
        number => {
            return Next::Stop(Stop::Unsupported {
                after: Some(LayerKind::VxlanGpe),
                number: u32::from(number),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::build::{ethernet, ipv4, udp, vxlan};
    use crate::types::{EtherType, Protocol};

    #[test]
    fn the_vni_has_24_bits() {
        let step = decode_vxlan(Rest::new(&[8, 0, 0, 0, 0x12, 0x34, 0x56, 0], 8)).unwrap();
        assert_eq!(step.layer.vni, Vni(0x0012_3456));
        assert_eq!((step.anomaly, step.layer.group_policy), (None, None));
    }

    #[test]
    fn a_group_policy_and_a_missing_vni_flag() {
        let step = decode_vxlan(Rest::new(&[0x80, 0, 0, 9, 0, 0, 1, 0], 8)).unwrap();
        assert_eq!(step.layer.group_policy, Some(9));
        assert_eq!(step.anomaly.unwrap().0, "vxlan.no-vni-flag");
    }

    #[test]
    fn the_generic_extension_names_what_follows() {
        for (protocol, kind) in [
            (1, LayerKind::Ipv4),
            (3, LayerKind::Ethernet),
            (4, LayerKind::Nsh),
        ] {
            let bytes = [0x0c, 0, 0, protocol, 0, 0, 1, 0];
            let step = decode_vxlan_gpe(Rest::new(&bytes, 8)).unwrap();
            assert_eq!(step.layer.next_protocol, Some(protocol));
            assert_eq!(step.next, Next::Layer(kind));
        }
    }

    #[test]
    fn a_guess_needs_header_and_frame() {
        let frame = ethernet(
            EtherType::IPV4,
            &ipv4(1, Protocol::UDP, &udp(1, 2, &[0; 50])),
        );
        let sound = vxlan(1, &frame);
        let looks =
            |bytes: &[u8]| looks_like_vxlan(Rest::new(bytes, u32::try_from(bytes.len()).unwrap()));
        assert!(looks(&sound));
        for index in [0, 1, 7, 30] {
            let mut wrong = sound.clone();
            wrong[index] ^= 0x10;
            assert!(!looks(&wrong));
        }
    }

    #[test]
    fn a_cut_header_is_none() {
        for len in 0..8 {
            let rest = Rest::new(&[8, 0, 0, 0, 0, 0, 1, 0][..len], 60);
            assert!(decode_vxlan(rest).is_err() && decode_vxlan_gpe(rest).is_err());
        }
    }
}
