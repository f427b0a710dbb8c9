//! Linux cooked captures, versions 1 and 2 (`tcpdump -i any`).
//!
//! ```text
//!  version 1: 16 bytes
//! +-------------+---------------+----------------+-----------------+------------+
//! | packet type | hardware type | address length | address (8)     | Ether type |
//! +-------------+---------------+----------------+-----------------+------------+
//!  version 2: 20 bytes
//! +------------+----------+----------------------+-------------------+-------------+
//! | Ether type | reserved | interface index (4)  | hardware type (2) | packet type |
//! +------------+----------+----------------------+-------------------+-------------+
//! | address length (1) | address (8) |          fields without a size have 2 bytes, in version 2
//! +--------------------+-------------+          the packet type has 1
//! ```
//!
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html> and
//! <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>.

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u32};

use super::rest::{Decoded, Next, Parsed, Rest, Step};
use super::{LayerKind, MacAddr, Stop, dispatch};
use crate::types::EtherType;

/// Where the kernel says a packet came from or went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketType {
    /// Received, addressed to this host (0).
    ToUs,
    /// Received as broadcast (1).
    Broadcast,
    /// Received as multicast (2).
    Multicast,
    /// Received, addressed to another host (3).
    ToOther,
    /// Sent by this host (4).
    Outgoing,
    /// A value that the format does not name.
    Other(u16),
}

impl From<u16> for PacketType {
    fn from(number: u16) -> Self {
        match number {
            0 => Self::ToUs,
            1 => Self::Broadcast,
            2 => Self::Multicast,
            3 => Self::ToOther,
            4 => Self::Outgoing,
            other => Self::Other(other),
        }
    }
}

/// A cooked header: what is left of the link layer when all interfaces are captured at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinuxCooked {
    /// Direction as the kernel saw it.
    pub packet_type: PacketType,
    /// Interface index; only version 2 has it.
    pub interface_index: Option<u32>,
    /// The interface's hardware type, an `ARPHRD_` value: 1 is Ethernet, 772 loopback, 65534 none.
    pub hardware_type: u16,
    /// The sender's link-layer address where it is 6 bytes long.
    pub source: Option<MacAddr>,
    /// What follows.
    pub ether_type: EtherType,
}

impl LinuxCooked {
    /// Bytes of a version 1 header.
    pub const LEN: usize = 16;
    /// Bytes of a version 2 header.
    pub const LEN_2: usize = 20;

    /// `ARPHRD_NETLINK`: the type field is a netlink family, no Ethernet type.
    const NETLINK: u16 = 824;

    /// `ETH_P_802_2`, Linux's own number in the place of an Ethernet type.
    const LLC: EtherType = EtherType(4);

    fn next(self, kind: LayerKind) -> Next {
        if self.hardware_type == Self::NETLINK {
            return Next::Stop(Stop::Unsupported {
                after: Some(kind),
                number: u32::from(self.ether_type.0),
            });
        }
        match self.ether_type {
            Self::LLC => Next::Layer(LayerKind::Llc),
            ether_type => dispatch::ether_type(ether_type, kind),
        }
    }
}

/// Decodes a version 1 header.
pub(super) fn decode_linux_cooked(rest: Rest<'_>) -> Decoded<'_, LinuxCooked> {
    let kind = LayerKind::LinuxCooked;
    let (cooked, rest) = rest.parse(kind, LinuxCooked::LEN, parse_version_1)?;
    Ok(Step::new(cooked, rest, cooked.next(kind)))
}

/// Decodes a version 2 header.
pub(super) fn decode_linux_cooked2(rest: Rest<'_>) -> Decoded<'_, LinuxCooked> {
    let kind = LayerKind::LinuxCooked2;
    let (cooked, rest) = rest.parse(kind, LinuxCooked::LEN_2, parse_version_2)?;
    Ok(Step::new(cooked, rest, cooked.next(kind)))
}

fn parse_version_1(input: &[u8]) -> Parsed<'_, LinuxCooked> {
    let (input, (packet_type, hardware_type, address_len, address, ether_type)) =
        (be_u16, be_u16, be_u16, take(8_usize), be_u16).parse(input)?;
    let cooked = LinuxCooked {
        packet_type: PacketType::from(packet_type),
        interface_index: None,
        hardware_type,
        source: mac_address(address_len, address),
        ether_type: EtherType(ether_type),
    };
    Ok((input, cooked))
}

fn parse_version_2(input: &[u8]) -> Parsed<'_, LinuxCooked> {
    let (input, (ether_type, _, interface, hardware_type, packet_type, address_len, address)) =
        (be_u16, be_u16, be_u32, be_u16, be_u8, be_u8, take(8_usize)).parse(input)?;
    let cooked = LinuxCooked {
        packet_type: PacketType::from(u16::from(packet_type)),
        interface_index: Some(interface),
        hardware_type,
        source: mac_address(u16::from(address_len), address),
        ether_type: EtherType(ether_type),
    };
    Ok((input, cooked))
}

fn mac_address(len: u16, field: &[u8]) -> Option<MacAddr> {
    let address = field.first_chunk::<6>().filter(|_| len == 6)?;
    Some(MacAddr(*address))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: [u8; 16] = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 8, 0];
    const V2: [u8; 20] = [
        0x86, 0xdd, 0, 0, 0, 0, 0, 7, 0, 1, 3, 6, 2, 0, 0, 0, 0, 9, 0, 0,
    ];

    #[test]
    fn version_1_has_no_interface() {
        let step = decode_linux_cooked(Rest::new(&V1, 16)).unwrap();
        assert_eq!(step.layer.packet_type, PacketType::Outgoing);
        assert_eq!(step.layer.interface_index, None);
        assert_eq!(step.layer.source, Some(MacAddr([2, 0, 0, 0, 0, 9])));
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv4));
    }

    #[test]
    fn version_2_has_an_interface() {
        let step = decode_linux_cooked2(Rest::new(&V2, 20)).unwrap();
        assert_eq!(step.layer.packet_type, PacketType::ToOther);
        assert_eq!(step.layer.interface_index, Some(7));
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv6));
    }

    #[test]
    fn a_tunnel_device_has_no_address() {
        let mut header = V1;
        header[5] = 0;
        let step = decode_linux_cooked(Rest::new(&header, 16)).unwrap();
        assert_eq!(step.layer.source, None);
    }

    #[test]
    fn netlink_messages_are_no_packets() {
        let mut header = V1;
        [header[2], header[3]] = LinuxCooked::NETLINK.to_be_bytes();
        let step = decode_linux_cooked(Rest::new(&header, 16)).unwrap();
        assert!(matches!(step.next, Next::Stop(Stop::Unsupported { .. })));
    }

    #[test]
    fn a_cut_header_is_none() {
        for len in 0..16 {
            assert!(decode_linux_cooked(Rest::new(&V1[..len], 60)).is_err());
        }
        for len in 0..20 {
            assert!(decode_linux_cooked2(Rest::new(&V2[..len], 60)).is_err());
        }
    }
}
