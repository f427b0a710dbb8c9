//! VXLAN (RFC 7348).

use crate::types::Vni;

/// A VXLAN header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// The flags byte; 0x08 says that the VNI is valid.
    pub flags: u8,
    /// The virtual network identifier.
    pub vni: Vni,
}
