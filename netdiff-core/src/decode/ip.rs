//! What IPv4 and IPv6 headers have in common, as one layer.
//!
//! The headers are decoded in `ipv4` (RFC 791) and `ipv6` (RFC 8200, with its extension headers).

use std::net::IpAddr;

use super::rest::{Next, Rest};
use super::{LayerKind, Stop, dispatch};
use crate::types::Protocol;

/// A fragment's place in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Offset of this fragment's data in bytes, a multiple of 8.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
}

/// An IP header, version 4 or 6 with its extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Protocol of the payload: the last next-header value of IPv6.
    pub protocol: Protocol,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Differentiated services code point and ECN, the whole byte.
    pub traffic_class: u8,
    /// Identification: of every IPv4 packet, of IPv6 only with a fragment header.
    pub identification: Option<u32>,
    /// IPv4's don't-fragment flag; always true for IPv6.
    pub dont_fragment: bool,
    /// Set when this packet is a fragment of a larger datagram.
    pub fragment: Option<Fragment>,
    /// Bytes of the header with options or extension headers.
    pub header_len: u16,
    /// Bytes of the payload as the header states it. Where it states 0 (TSO, BIG TCP) this is what the
    /// enclosing layer leaves room for.
    pub payload_len: u32,
}

impl Ip {
    /// What follows this header: only a first fragment has the beginning of the payload.
    #[inline(always)]
    pub(super) fn next(&self, kind: LayerKind) -> Next {
        match self.fragment {
            Some(Fragment { offset: 1.., .. }) => Next::Stop(Stop::Fragment),
            _ => dispatch::ip_protocol(self.protocol, kind),
        }
    }

    /// The payload, known to be cut where this packet is a fragment.
    #[inline(always)]
    pub(super) const fn mark_fragment<'a>(&self, payload: Rest<'a>) -> Rest<'a> {
        match self.fragment {
            Some(_) => payload.begins_fragment(),
            None => payload,
        }
    }
}
