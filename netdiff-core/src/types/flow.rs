//! Flow keys: who talks to whom, in one direction.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// An IP protocol number (IANA protocol-numbers; the last next-header value of IPv6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Protocol(pub u8);

macro_rules! protocols {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Protocol {
            $(#[doc = concat!($text, " (", $number, ").")]
            pub const $name: Self = Self($number);)*

            /// A short lower-case name, where there is one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

protocols! {
    IPV6_HOP_BY_HOP = 0, "ipv6-hop-by-hop";
    ICMP = 1, "icmp";
    IGMP = 2, "igmp";
    IPIP = 4, "ipip";
    TCP = 6, "tcp";
    UDP = 17, "udp";
    IPV6 = 41, "ipv6";
    IPV6_ROUTING = 43, "ipv6-routing";
    IPV6_FRAGMENT = 44, "ipv6-fragment";
    GRE = 47, "gre";
    ESP = 50, "esp";
    AH = 51, "ah";
    ICMPV6 = 58, "icmpv6";
    NO_NEXT_HEADER = 59, "ipv6-no-next-header";
    IPV6_DESTINATION = 60, "ipv6-destination-options";
    L2TP = 115, "l2tp";
    SCTP = 132, "sctp";
    MOBILITY = 135, "mobility";
    UDP_LITE = 136, "udplite";
    MPLS = 137, "mpls";
    HIP = 139, "hip";
    SHIM6 = 140, "shim6";
    ETHERNET = 143, "ethernet";
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "protocol {}", self.0),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol({}, {self})", self.0)
    }
}

/// One direction of a conversation: the inner-most addresses, protocol and ports.
///
/// Ports are 0 where the protocol has none. For ICMP and ICMPv6 queries (echo, timestamp)
/// both ports hold the identifier, so that a request's key reversed is its reply's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol.
    pub protocol: Protocol,
    /// Source port, ICMP identifier, or 0.
    pub source_port: u16,
    /// Destination port, ICMP identifier, or 0.
    pub destination_port: u16,
}

/// In few and large words: keys are hashed for every packet.
impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.source_port) << 16 | u64::from(self.destination_port);
        let rest = u64::from(self.protocol.0) << 32 | ports;
        if let (IpAddr::V4(source), IpAddr::V4(destination)) = (self.source, self.destination) {
            state.write_u64(u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits()));
        } else {
            (self.source, self.destination).hash(state);
        }
        state.write_u64(rest);
    }
}

impl FlowKey {
    /// The key of the opposite direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            protocol: self.protocol,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}
