//! The three kinds of blocks that hold a packet.

use std::ops::Range;

use pcap_parser::pcapng::{
    parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_simplepacketblock_be,
    parse_simplepacketblock_le,
};

use super::super::byte_order::ByteOrder;
use super::block::{BlockHead, ENHANCED_PACKET, OBSOLETE_PACKET, SIMPLE_PACKET};
use super::options::{COMMENT, Options, text_of, ticks_of};

const EPB_DROPCOUNT: u16 = 4;

/// Where the packet's bytes begin in an enhanced or obsolete packet block.
const DATA_AT: usize = 28;

/// Where they begin in a simple packet block.
const SIMPLE_DATA_AT: usize = 12;

const END_OF_OPTIONS: u16 = 0;

/// What a packet block says.
#[derive(Debug)]
pub(super) struct PacketBlock {
    /// The interface's number inside its section.
    pub(super) interface: u32,
    /// Time in the interface's units; a simple packet block has none.
    pub(super) ticks: Option<u64>,
    pub(super) original_len: u32,
    /// Place of the captured bytes inside the block.
    pub(super) data: Range<usize>,
    /// Packets lost since the one before.
    pub(super) dropped: u64,
    pub(super) comments: Vec<String>,
}

impl PacketBlock {
    /// Decodes `block`, which is whole; `None` where it contradicts itself.
    pub(super) fn decode(head: BlockHead, block: &[u8]) -> Option<Self> {
        match head.block_type {
            ENHANCED_PACKET => Self::decode_enhanced(block, head.order),
            SIMPLE_PACKET => Self::decode_simple(block, head.order),
            OBSOLETE_PACKET => Self::decode_obsolete(block, head.order),
            _ => None,
        }
    }

    fn decode_enhanced(block: &[u8], order: ByteOrder) -> Option<Self> {
        let decoded = match order {
            ByteOrder::Little => parse_enhancedpacketblock_le(block),
            ByteOrder::Big => parse_enhancedpacketblock_be(block),
        };
        let (_, packet) = decoded.ok()?;
        let options = Options {
            order,
            list: &packet.options,
        };
        Some(Self {
            interface: packet.if_id,
            ticks: Some(ticks_of(packet.ts_high, packet.ts_low)),
            original_len: packet.origlen,
            data: DATA_AT..DATA_AT + packet.caplen as usize,
            dropped: options.u64(EPB_DROPCOUNT).unwrap_or(0),
            comments: options.all(COMMENT).map(text_of).collect(),
        })
    }

    /// A simple packet belongs to interface 0. Its captured length is not written down: it is the
    /// original length, the snapshot length or what the block can hold, whichever is least.
    fn decode_simple(block: &[u8], order: ByteOrder) -> Option<Self> {
        let decoded = match order {
            ByteOrder::Little => parse_simplepacketblock_le(block),
            ByteOrder::Big => parse_simplepacketblock_be(block),
        };
        let (_, packet) = decoded.ok()?;
        let captured_len = packet.data.len().min(packet.origlen as usize);
        Some(Self {
            interface: 0,
            ticks: None,
            original_len: packet.origlen,
            data: SIMPLE_DATA_AT..SIMPLE_DATA_AT + captured_len,
            dropped: 0,
            comments: Vec::new(),
        })
    }

    /// ```text
    ///  8           10      12          16         20         24         28
    ///  | interface | drops | time high | time low | captured | original | data
    /// ```
    fn decode_obsolete(block: &[u8], order: ByteOrder) -> Option<Self> {
        const DROPS_UNKNOWN: u16 = u16::MAX;
        let drops = order.u16_at(block, 10)?;
        let captured_len = order.u32_at(block, 20)? as usize;
        let data = DATA_AT..DATA_AT.checked_add(captured_len)?;
        (data.end + 4 <= block.len()).then_some(Self {
            interface: u32::from(order.u16_at(block, 8)?),
            ticks: Some(ticks_of(order.u32_at(block, 12)?, order.u32_at(block, 16)?)),
            original_len: order.u32_at(block, 24)?,
            data,
            dropped: if drops == DROPS_UNKNOWN {
                0
            } else {
                drops.into()
            },
            comments: Vec::new(),
        })
    }
}

/// Whether the packet block that `bytes` begins with, maybe cut, has lengths that agree.
pub(super) fn is_head_consistent(head: BlockHead, bytes: &[u8]) -> bool {
    let (length_at, data_at) = match head.block_type {
        ENHANCED_PACKET | OBSOLETE_PACKET => (20, DATA_AT),
        SIMPLE_PACKET => (8, SIMPLE_DATA_AT),
        _ => return false,
    };
    let Some(len) = head.order.u32_at(bytes, length_at) else {
        return bytes.len() < length_at + 4;
    };
    let options_at = data_at + (len as usize).next_multiple_of(4);
    if head.block_type == SIMPLE_PACKET {
        // The snapshot length may have cut the packet below its original length.
        return head.len() <= options_at + 4;
    }
    are_options_consistent(head, bytes, options_at)
}

/// Whether options from `at` on lead to the end of the block, as far as they are there.
fn are_options_consistent(head: BlockHead, bytes: &[u8], mut at: usize) -> bool {
    let end = head.len() - 4;
    while at < end {
        let code = head.order.u16_at(bytes, at);
        let (Some(code), Some(len)) = (code, head.order.u16_at(bytes, at + 2)) else {
            return true;
        };
        at += 4 + usize::from(len).next_multiple_of(4);
        if code == END_OF_OPTIONS {
            break;
        }
    }
    at == end
}
