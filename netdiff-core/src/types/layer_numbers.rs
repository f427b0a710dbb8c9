//! Numbers from the wire that more than one room speaks of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An Ethernet type (IEEE 802 numbers).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4 (RFC 894).
    pub const IPV4: Self = Self(0x0800);
    /// ARP (RFC 826).
    pub const ARP: Self = Self(0x0806);
    /// Transparent Ethernet bridging, an Ethernet frame inside GRE or Geneve (RFC 1701).
    pub const TRANSPARENT_ETHERNET: Self = Self(0x6558);
    /// IEEE 802.1Q VLAN tag.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6 (RFC 2464).
    pub const IPV6: Self = Self(0x86dd);
    /// Ethernet inside MikroTik's use of GRE version 1 (`EoIP`).
    pub const MIKROTIK_EOIP: Self = Self(0x6400);
    /// PPP inside GRE (RFC 2637).
    pub const PPP: Self = Self(0x880b);
    /// MPLS unicast (RFC 3032).
    pub const MPLS: Self = Self(0x8847);
    /// MPLS multicast (RFC 5332).
    pub const MPLS_MULTICAST: Self = Self(0x8848);
    /// `PPPoE` discovery (RFC 2516).
    pub const PPPOE_DISCOVERY: Self = Self(0x8863);
    /// `PPPoE` session (RFC 2516).
    pub const PPPOE_SESSION: Self = Self(0x8864);
    /// IEEE 802.1ad service tag.
    pub const SERVICE_VLAN: Self = Self(0x88a8);
    /// ERSPAN types I and II inside GRE.
    pub const ERSPAN: Self = Self(0x88be);
    /// ERSPAN type III inside GRE.
    pub const ERSPAN_III: Self = Self(0x22eb);
    /// Network service header (RFC 8300).
    pub const NSH: Self = Self(0x894f);
    /// IEEE 802.1ah backbone service instance tag.
    pub const BACKBONE: Self = Self(0x88e7);
    /// IEEE 802.1AE `MACsec`.
    pub const MACSEC: Self = Self(0x88e5);
    /// The highest value that is not a type but the length of an IEEE 802.3 frame's data.
    pub const MAX_LENGTH: u16 = 1500;
    /// The pre-standard outer tag of `QinQ`.
    pub const OLD_QINQ: Self = Self(0x9100);
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EtherType(0x{:04x})", self.0)
    }
}

/// A virtual network identifier of VXLAN (RFC 7348), Geneve (RFC 8926) or NVGRE: 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vni(pub u32);

impl fmt::Display for Vni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
