//! TCP (RFC 9293) with the options that identify a segment.

/// The flag bits of byte 13, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN.
    pub const FIN: u8 = 0x01;
    /// SYN.
    pub const SYN: u8 = 0x02;
    /// RST.
    pub const RST: u8 = 0x04;
    /// PSH.
    pub const PSH: u8 = 0x08;
    /// ACK.
    pub const ACK: u8 = 0x10;

    /// Whether any of these bits is set.
    #[must_use]
    pub const fn any(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// The timestamps option (RFC 7323).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpTimestamps {
    /// `TSval`.
    pub value: u32,
    /// `TSecr`.
    pub echo: u32,
}

/// A TCP header. A header that the capture cut keeps what was left: see the field docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number of the first data byte (or of the SYN).
    pub sequence: u32,
    /// Acknowledgment number; 0 where the capture cut it.
    pub acknowledgment: u32,
    /// Flags; none where the capture cut them.
    pub flags: TcpFlags,
    /// Window, unscaled; 0 where the capture cut it.
    pub window: u16,
    /// Maximum segment size option, of a SYN.
    pub maximum_segment_size: Option<u16>,
    /// Timestamps option.
    pub timestamps: Option<TcpTimestamps>,
    /// Length of the header in bytes; `None` where the capture cut the field that says it.
    pub header_len: Option<u8>,
}
