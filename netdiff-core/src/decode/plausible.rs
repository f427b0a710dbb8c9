//! Whether bytes begin with a sound frame or packet, where no number says what follows.
//!
//! Used for guesses only: VXLAN on an unknown port, pseudowires, L2TP behind a cookie of unknown
//! length. A guess asks for more than a decoder does, because it must not be wrong.

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::rest::Rest;
use super::{Ethernet, VlanTag};
use crate::types::EtherType;

/// The shortest Ethernet frame without its checksum: below that, padding follows.
const MIN_FRAME: u32 = 60;
/// The most VLAN tags that a guess looks behind.
const MAX_TAGS: usize = 2;

/// An Ethernet header followed by IP whose length fills the frame, or by ARP.
pub(super) fn is_ethernet_frame(frame: Rest<'_>) -> bool {
    let is_group = |mac: Option<&u8>| mac.is_none_or(|first| first & 1 != 0);
    if is_group(frame.bytes().get(6)) {
        return false;
    }
    let is_padded = frame.wire_len() <= MIN_FRAME;
    let mut ether_type = ether_type_at(frame, 12);
    let mut data = frame.skip(Ethernet::LEN);
    for _ in 0..MAX_TAGS {
        if !matches!(ether_type, Some(EtherType::VLAN | EtherType::SERVICE_VLAN)) {
            break;
        }
        ether_type = ether_type_at(data, 2);
        data = data.skip(VlanTag::LEN);
    }
    match ether_type {
        Some(EtherType::IPV4) => is_ipv4(data, is_padded),
        Some(EtherType::IPV6) => is_ipv6(data, is_padded),
        Some(EtherType::ARP) => data.bytes().starts_with(&[0, 1, 8, 0, 6, 4, 0]),
        _ => false,
    }
}

/// An IPv4 header with a right checksum and a total length that fits.
fn is_ipv4(data: Rest<'_>, is_padded: bool) -> bool {
    Ipv4HeaderSlice::from_slice(data.bytes()).is_ok_and(|header| {
        let total_len = u32::from(header.total_len());
        let header_len = u32::from(header.ihl()) * 4;
        total_len >= header_len
            && fills(total_len, data.wire_len(), is_padded)
            && header.header_checksum() == header.to_header().calc_header_checksum()
    })
}

/// An IPv6 header with a payload length that fits.
fn is_ipv6(data: Rest<'_>, is_padded: bool) -> bool {
    Ipv6HeaderSlice::from_slice(data.bytes()).is_ok_and(|header| {
        let total_len = u32::from(header.payload_length()) + 40;
        fills(total_len, data.wire_len(), is_padded)
    })
}

const fn fills(len: u32, room: u32, is_padded: bool) -> bool {
    len == room || (is_padded && len <= room)
}

fn ether_type_at(rest: Rest<'_>, at: usize) -> Option<EtherType> {
    let field = rest.bytes().get(at..)?.first_chunk()?;
    Some(EtherType(u16::from_be_bytes(*field)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::build::{ethernet, ipv4, ipv6, join, udp};
    use crate::types::Protocol;

    fn is_frame(bytes: &[u8]) -> bool {
        is_ethernet_frame(Rest::new(bytes, u32::try_from(bytes.len()).unwrap()))
    }

    #[test]
    fn sound_frames() {
        let data = udp(1, 2, &[0; 100]);
        assert!(is_frame(&ethernet(
            EtherType::IPV4,
            &ipv4(1, Protocol::UDP, &data)
        )));
        assert!(is_frame(&ethernet(
            EtherType::IPV6,
            &ipv6(1, Protocol::UDP, &data)
        )));
        let tagged = join(&[0, 7, 8, 0], &ipv4(1, Protocol::UDP, &data));
        assert!(is_frame(&ethernet(EtherType::VLAN, &tagged)));
        let padded = join(
            &ethernet(EtherType::IPV4, &ipv4(1, Protocol::UDP, &[])),
            &[0; 26],
        );
        assert!(is_frame(&padded));
    }

    #[test]
    fn one_wrong_thing_is_enough() {
        let frame = ethernet(
            EtherType::IPV4,
            &ipv4(1, Protocol::UDP, &udp(1, 2, &[0; 100])),
        );
        for index in [6, 12, 14, 16, 24, 26] {
            let mut wrong = frame.clone();
            wrong[index] ^= 1;
            assert!(!is_frame(&wrong), "byte {index}");
        }
        assert!(!is_frame(&join(&frame, &[0])));
        for len in 0..34 {
            let cut = Rest::new(&frame[..len], u32::try_from(frame.len()).unwrap());
            assert!(!is_ethernet_frame(cut));
        }
    }
}
