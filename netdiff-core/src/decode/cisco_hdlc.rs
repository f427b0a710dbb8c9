//! Cisco HDLC, the framing of serial lines (`LINKTYPE_C_HDLC`).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! | address       | control 0     |         Ethernet type         |
//! +---------------+---------------+---------------+---------------+
//! ```
//!
//! The address is 0x0f for unicast and 0x8f for multicast. Source:
//! <https://www.tcpdump.org/linktypes.html>.

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, dispatch};
use crate::types::EtherType;

/// A Cisco HDLC header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CiscoHdlc {
    /// 0x0f for unicast, 0x8f for multicast.
    pub address: u8,
    /// What follows.
    pub ether_type: EtherType,
}

/// Decodes a Cisco HDLC header.
pub(super) fn decode_cisco_hdlc(rest: Rest<'_>) -> Decoded<'_, CiscoHdlc> {
    let (&[address, _, t0, t1], rest) = rest.split::<4>(LayerKind::CiscoHdlc)?;
    let ether_type = EtherType(u16::from_be_bytes([t0, t1]));
    let next = dispatch::ether_type(ether_type, LayerKind::CiscoHdlc);
    let header = CiscoHdlc {
        address,
        ether_type,
    };
    Ok(Step::new(header, rest, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    #[test]
    fn an_ethernet_type_behind_the_address() {
        let step = decode_cisco_hdlc(Rest::new(&[0x0f, 0, 0x86, 0xdd], 4)).unwrap();
        assert_eq!(step.layer.address, 0x0f);
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv6));
    }

    #[test]
    fn a_cut_header_is_none() {
        for len in 0..4 {
            assert!(decode_cisco_hdlc(Rest::new(&[0x0f, 0, 8, 0][..len], 60)).is_err());
        }
    }
}
