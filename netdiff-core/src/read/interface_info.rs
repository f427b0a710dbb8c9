//! What a capture file says about the interfaces it was taken on.

use std::net::IpAddr;

use crate::types::{LinkType, PacketNumber, Timestamp};

/// One interface of a capture file. A classic pcap file has one, without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// How its packets begin.
    pub link_type: LinkType,
    /// Most bytes kept of a packet; `None` where the file sets no limit that makes sense.
    pub snaplen: Option<u32>,
    /// Bytes of frame check sequence at the end of each packet, where the file says so.
    pub fcs_len: Option<u8>,
    /// The interface's name (pcapng `if_name`).
    pub name: Option<String>,
    /// What a person called it (pcapng `if_description`).
    pub description: Option<String>,
    /// The capture filter in words (pcapng `if_filter`); packets that it excludes are not missing.
    pub filter: Option<String>,
    /// Packets that the capture lost, where the file says so (pcapng interface statistics).
    pub dropped: Option<u64>,
    /// When capturing began (pcapng interface statistics).
    pub started: Option<Timestamp>,
    /// When capturing ended (pcapng interface statistics).
    pub ended: Option<Timestamp>,
}

impl InterfaceInfo {
    /// An interface of which only the link type is known.
    #[must_use]
    pub const fn new(link_type: LinkType) -> Self {
        Self {
            link_type,
            snaplen: None,
            fcs_len: None,
            name: None,
            description: None,
            filter: None,
            dropped: None,
            started: None,
            ended: None,
        }
    }
}

/// A name that the file gives to an address (pcapng name resolution block).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedName {
    /// The address.
    pub address: IpAddr,
    /// Its first name.
    pub name: String,
}

/// A comment that someone wrote into the file (pcapng `opt_comment`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileComment {
    /// The packet that it is about; `None` for a comment on the whole section.
    pub packet_number: Option<PacketNumber>,
    /// The text, with the writer's line breaks.
    pub text: String,
}
