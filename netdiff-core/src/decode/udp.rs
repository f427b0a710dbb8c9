//! UDP (RFC 768).

/// A UDP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Length of header and data as the header states it.
    pub length: u16,
    /// Checksum field as on the wire; 0 means none (IPv4).
    pub checksum: u16,
}
