//! ARP for IPv4 over Ethernet (RFC 826).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |         hardware (1)          |       protocol (0x0800)       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | MAC bytes (6) | IP bytes (4)  |           operation           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | sender MAC, sender IP, target MAC, target IP: 6 + 4 + 6 + 4 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::net::Ipv4Addr;

use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::map;
use nom::number::complete::{be_u16, be_u32};

use super::ethernet::parse_mac;
use super::rest::{Decoded, Parsed, Rest, Step};
use super::{LayerKind, MacAddr, Stop};

/// What an ARP packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArpOperation {
    /// Who has the target address? (1)
    Request,
    /// The sender has the address (2).
    Reply,
    /// Another operation number.
    Other(u16),
}

/// An ARP packet for IPv4 over Ethernet; other combinations are not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Request or reply.
    pub operation: ArpOperation,
    /// Sender's hardware address.
    pub sender_mac: MacAddr,
    /// Sender's protocol address.
    pub sender: Ipv4Addr,
    /// Target's hardware address; zero in a request.
    pub target_mac: MacAddr,
    /// Target's protocol address.
    pub target: Ipv4Addr,
}

impl Arp {
    /// Bytes of the packet.
    pub const LEN: usize = 28;
}

/// Hardware type, protocol type and the two address lengths of IPv4 over Ethernet.
const IPV4_OVER_ETHERNET: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// Decodes an ARP packet.
pub(super) fn decode_arp(rest: Rest<'_>) -> Decoded<'_, Arp> {
    let ([format @ .., _, _], _) = rest.split::<8>(LayerKind::Arp)?;
    if *format != IPV4_OVER_ETHERNET {
        return Err(Stop::Unsupported {
            after: Some(LayerKind::Arp),
            number: u32::from(u16::from_be_bytes([format[0], format[1]])),
        });
    }
    let (arp, behind) = rest.parse(LayerKind::Arp, Arp::LEN, parse_arp)?;
    // What follows is padding of the link.
    Ok(Step::last(arp, behind.limit(0), Stop::Payload))
}

fn parse_arp(input: &[u8]) -> Parsed<'_, Arp> {
    let address = || map(be_u32, Ipv4Addr::from_bits);
    let ends = (parse_mac, address(), parse_mac, address());
    let (input, (_, operation, (sender_mac, sender, target_mac, target))) =
        (take(6_usize), be_u16, ends).parse(input)?;
    let operation = match operation {
        1 => ArpOperation::Request,
        2 => ArpOperation::Reply,
        other => ArpOperation::Other(other),
    };
    let arp = Arp {
        operation,
        sender_mac,
        sender,
        target_mac,
        target,
    };
    Ok((input, arp))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: [u8; 28] = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 244, 1, 5, 0, 0, 0, 0, 0, 0, 10, 244, 1, 1,
    ];

    #[test]
    fn who_has() {
        let arp = decode_arp(Rest::new(&REQUEST, 28)).unwrap().layer;
        assert_eq!(arp.operation, ArpOperation::Request);
        assert_eq!(arp.sender, Ipv4Addr::new(10, 244, 1, 5));
        assert_eq!(arp.target, Ipv4Addr::new(10, 244, 1, 1));
        assert_eq!(arp.sender_mac, MacAddr([2, 0, 0, 0, 0, 1]));
    }

    #[test]
    fn a_cut_packet_is_none() {
        for len in 0..28 {
            let stop = decode_arp(Rest::new(&REQUEST[..len], 60)).unwrap_err();
            assert!(matches!(stop, Stop::Truncated { .. }));
        }
    }

    #[test]
    fn other_hardware_is_unsupported() {
        let mut infiniband = REQUEST;
        infiniband[1] = 32;
        let stop = decode_arp(Rest::new(&infiniband, 28)).unwrap_err();
        assert!(matches!(stop, Stop::Unsupported { number: 32, .. }));
    }
}
