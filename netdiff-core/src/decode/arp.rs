//! ARP for IPv4 over Ethernet (RFC 826).

use std::net::Ipv4Addr;

use super::MacAddr;

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
