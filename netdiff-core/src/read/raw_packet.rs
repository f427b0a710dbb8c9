//! The door of the room: one captured packet, still bytes.

use crate::types::{LinkType, PacketNumber, Timestamp};

/// Index of an interface inside one file, in the order of declaration over all its sections.
///
/// A classic pcap file has one interface, 0; a pcapng file one for every interface description block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileInterface(pub u32);

/// One packet as a capture file holds it. Borrows its bytes from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct RawPacket<'a> {
    /// 1-based place in the file, counting every packet record: Wireshark's frame number.
    pub packet_number: PacketNumber,
    /// The interface of the file that the record names.
    pub interface: FileInterface,
    /// How `data` begins.
    pub link_type: LinkType,
    /// When it was captured; `None` where the file does not say (a pcapng simple packet block).
    pub time: Option<Timestamp>,
    /// Length on the wire in bytes; at least `data.len()` in a sane file, not checked here.
    pub original_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
}
