//! The frame that all blocks share.
//!
//! ```text
//!  0      4              8                  total length - 4
//!  | type | total length | body, padded ... | total length |
//! ```

use super::super::byte_order::ByteOrder;

/// Bytes of a block around its body.
pub(super) const FRAME_LEN: usize = 12;

/// Longest block that is believed, in bytes: the largest captured packet and Wireshark's own limit.
pub(super) const MAX_BLOCK_LEN: u32 = 16 << 20;

pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
/// The packet block of the first drafts.
pub(super) const OBSOLETE_PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const NAME_RESOLUTION: u32 = 4;
pub(super) const INTERFACE_STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;

/// The types whose blocks are recognized after damage.
const KNOWN_TYPES: &[u32] = &[
    SECTION_HEADER,
    INTERFACE_DESCRIPTION,
    OBSOLETE_PACKET,
    SIMPLE_PACKET,
    NAME_RESOLUTION,
    INTERFACE_STATISTICS,
    ENHANCED_PACKET,
    SYSTEMD_JOURNAL,
    DECRYPTION_SECRETS,
    CUSTOM,
    CUSTOM_NOT_COPIED,
];

/// A block's first fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockHead {
    /// Byte order of the block: the section's, or for a section header its own.
    pub(super) order: ByteOrder,
    pub(super) block_type: u32,
    /// Length of the whole block in bytes, as its beginning claims.
    pub(super) total_len: u32,
}

impl BlockHead {
    /// The head that `bytes` begins with, in a section of byte order `section`.
    ///
    /// `None` for fewer than [`FRAME_LEN`] bytes, and for a section header without its magic number.
    pub(super) fn parse(bytes: &[u8], section: ByteOrder) -> Option<Self> {
        let frame: &[u8; FRAME_LEN] = bytes.first_chunk()?;
        let is_section = frame.starts_with(&SECTION_HEADER.to_le_bytes());
        let order = match frame.get(8..)? {
            _ if !is_section => section,
            b"\x4d\x3c\x2b\x1a" => ByteOrder::Little,
            b"\x1a\x2b\x3c\x4d" => ByteOrder::Big,
            _ => return None,
        };
        Some(Self {
            order,
            block_type: order.u32_at(frame, 0)?,
            total_len: order.u32_at(frame, 4)?,
        })
    }

    /// Whether the block can be as long as it claims.
    pub(super) fn is_length_sane(&self) -> bool {
        const SHORTEST: u32 = 12;
        (SHORTEST..=MAX_BLOCK_LEN).contains(&self.total_len)
    }

    /// Whether it is one of the three kinds of blocks with a packet in them.
    pub(super) const fn holds_packet(&self) -> bool {
        matches!(
            self.block_type,
            ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET
        )
    }

    pub(super) const fn len(&self) -> usize {
        self.total_len as usize
    }

    /// The length at the block's end; `bytes` begins with the block.
    pub(super) fn trailing_len(&self, bytes: &[u8]) -> Option<u32> {
        self.order.u32_at(bytes, self.len().checked_sub(4)?)
    }

    /// Whether `bytes` begins with a whole block of a known type, the same length at both ends:
    /// the mark by which blocks are found after damage.
    pub(super) fn is_block(bytes: &[u8], section: ByteOrder) -> bool {
        Self::parse(bytes, section).is_some_and(|head| {
            head.is_plausible() && head.trailing_len(bytes) == Some(head.total_len)
        })
    }

    /// Whether `bytes` begins with what may be the head of a block.
    pub(super) fn may_begin(bytes: &[u8], section: ByteOrder) -> bool {
        Self::parse(bytes, section).is_some_and(|head| head.is_plausible())
    }

    fn is_plausible(&self) -> bool {
        self.is_length_sane()
            && self.total_len.is_multiple_of(4)
            && KNOWN_TYPES.contains(&self.block_type)
    }
}
