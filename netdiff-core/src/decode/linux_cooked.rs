//! Linux cooked captures, versions 1 and 2 (`tcpdump -i any`).
//!
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>.

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

/// A cooked header: what is left of the link layer when all interfaces are captured at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinuxCooked {
    /// Direction as the kernel saw it.
    pub packet_type: PacketType,
    /// Interface index; only version 2 has it.
    pub interface_index: Option<u32>,
    /// The sender's link-layer address where it is 6 bytes long.
    pub source: Option<super::MacAddr>,
    /// What follows.
    pub ether_type: EtherType,
}
