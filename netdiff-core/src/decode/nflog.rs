//! NFLOG, what the kernel's packet filter logs (`tcpdump -i nflog`).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |    family     |  version (0)  |            group              |
//! +---------------+---------------+---------------+---------------+
//!  then attributes, each padded to 4 bytes; length and type in the capturing host's byte order:
//! +---------------+---------------+---------------+---------------+
//! |       length (with these 4)   |             type              | value
//! +---------------+---------------+---------------+---------------+
//! ```
//!
//! The packet is the value of an attribute, so it begins in the middle of the header and ends its walk.
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>.

use nom::Parser;
use nom::number::Endianness;
use nom::number::complete::{be_u8, be_u16, u16};

use super::rest::{Decoded, Next, Parsed, Rest, Step};
use super::{LayerKind, Stop, dispatch};
use crate::types::EtherType;

/// An NFLOG header with the attributes in front of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nflog {
    /// Address family, as Linux numbers it: 2 is IPv4, 10 IPv6, 7 a bridge's frame.
    pub family: u8,
    /// The group that the rule logs to.
    pub group: u16,
    /// Index of the interface on which the packet came in.
    pub in_interface: Option<u32>,
    /// Index of the interface on which it leaves.
    pub out_interface: Option<u32>,
    /// The Ethernet type of the packet, where the kernel tells it: a bridge's frame is logged without its Ethernet header.
    pub ether_type: Option<EtherType>,
}

/// The most attributes that are looked at; the kernel writes fewer than 20.
const MAX_ATTRIBUTES: usize = 64;

const PACKET_HEADER: u16 = 1;
const IN_INTERFACE: u16 = 4;
const OUT_INTERFACE: u16 = 5;
const PACKET: u16 = 9;

/// Decodes an NFLOG header up to the logged packet.
pub(super) fn decode_nflog(rest: Rest<'_>) -> Decoded<'_, Nflog> {
    let kind = LayerKind::Nflog;
    let ((family, version, group), mut at) = rest.parse(kind, 4, (be_u8, be_u8, be_u16))?;
    if version != 0 {
        return Err(rest.malformed(kind, "nflog.version"));
    }
    let order = byte_order(at.bytes());
    let mut nflog = Nflog {
        family,
        group,
        in_interface: None,
        out_interface: None,
        ether_type: None,
    };
    for _ in 0..MAX_ATTRIBUTES {
        let ((len, number), value) = at.parse(kind, 4, |input| parse_attribute(input, order))?;
        let Some(value_len) = len.checked_sub(4) else {
            return Ok(Step::last(
                nflog,
                at,
                at.malformed(kind, "nflog.attribute-length"),
            ));
        };
        let value = value.limit(u32::from(value_len));
        match number {
            PACKET => return Ok(Step::new(nflog, value, nflog.next(value))),
            PACKET_HEADER => nflog.ether_type = ether_type(value),
            IN_INTERFACE => nflog.in_interface = interface_index(value),
            OUT_INTERFACE => nflog.out_interface = interface_index(value),
            _ => {}
        }
        at = at.skip(usize::from(len).next_multiple_of(4));
        if at.wire_len() == 0 {
            return Ok(Step::last(nflog, at, Stop::Payload));
        }
    }
    Ok(Step::last(
        nflog,
        at,
        at.malformed(kind, "nflog.too-many-attributes"),
    ))
}

impl Nflog {
    fn next(self, packet: Rest<'_>) -> Next {
        match self.family {
            2 => Next::Layer(LayerKind::Ipv4),
            10 => Next::Layer(LayerKind::Ipv6),
            7 => self
                .ether_type
                .map_or(Next::Stop(Stop::Payload), |ether_type| {
                    dispatch::ether_type(ether_type, LayerKind::Nflog)
                }),
            _ => dispatch::ip_version(packet),
        }
    }
}

fn parse_attribute(input: &[u8], order: Endianness) -> Parsed<'_, (u16, u16)> {
    let (input, (len, number)) = (u16(order), u16(order)).parse(input)?;
    // The two highest bits are flags (nested, network byte order).
    Ok((input, (len, number & 0x3fff)))
}

/// The capturing host's byte order: types and lengths of attributes are small numbers.
fn byte_order(attributes: &[u8]) -> Endianness {
    match *attributes {
        [_, _, 0, number, ..] if number != 0 => Endianness::Big,
        _ => Endianness::Little,
    }
}

/// The first two bytes of the packet header attribute, in network byte order whatever the others are in.
fn ether_type(value: Rest<'_>) -> Option<EtherType> {
    let (number, _) = value.split::<2>(LayerKind::Nflog).ok()?;
    Some(EtherType(u16::from_be_bytes(*number)))
}

fn interface_index(value: Rest<'_>) -> Option<u32> {
    value
        .bytes()
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Group 5, in on interface 3, an empty prefix of odd length, 4 bytes of packet.
    const LITTLE: [u8; 28] = [
        2, 0, 0, 5, 8, 0, 4, 0, 0, 0, 0, 3, 5, 0, 10, 0, 0, 0, 0, 0, 8, 0, 9, 0, 0x45, 0, 0, 0,
    ];

    #[test]
    fn the_packet_is_an_attribute() {
        let step = decode_nflog(Rest::new(&LITTLE, 28)).unwrap();
        assert_eq!((step.layer.group, step.layer.in_interface), (5, Some(3)));
        assert_eq!((step.rest.offset(), step.rest.captured_len()), (24, 4));
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv4));
    }

    #[test]
    fn either_byte_order_is_read() {
        let mut big = LITTLE;
        for at in [4, 6, 12, 14, 20, 22] {
            big.swap(at, at + 1);
        }
        let step = decode_nflog(Rest::new(&big, 28)).unwrap();
        assert_eq!((step.rest.offset(), step.layer.in_interface), (24, Some(3)));
    }

    #[test]
    fn a_log_without_a_packet_ends() {
        let step = decode_nflog(Rest::new(&LITTLE[..12], 12)).unwrap();
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn every_cut_and_a_lying_length_are_harmless() {
        for len in 0..24 {
            assert!(decode_nflog(Rest::new(&LITTLE[..len], 28)).is_err() || len >= 4);
        }
        let mut lying = LITTLE;
        lying[4] = 3;
        let step = decode_nflog(Rest::new(&lying, 28)).unwrap();
        assert!(matches!(step.next, Next::Stop(Stop::Malformed { .. })));
    }
}
