//! Interface descriptions and statistics.

use pcap_parser::{
    InterfaceDescriptionBlock, InterfaceStatisticsBlock, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_interfacestatisticsblock_be,
    parse_interfacestatisticsblock_le,
};

use super::super::byte_order::ByteOrder;
use super::clock::{Clamped, Clock};
use super::options::Options;
use crate::read::InterfaceInfo;
use crate::types::{LinkType, Timestamp, visible};

const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const IF_FILTER: u16 = 11;
const IF_FCSLEN: u16 = 13;
const IF_TSOFFSET: u16 = 14;

const ISB_STARTTIME: u16 = 2;
const ISB_ENDTIME: u16 = 3;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;

/// Largest snapshot length that is told on, in bytes; writers mean "no limit" by what is above.
const MAX_SNAPLEN: u32 = 16 << 20;

/// Reads the interface description `block`.
pub(super) fn decode_description(block: &[u8], order: ByteOrder) -> Option<(InterfaceInfo, Clock)> {
    let decoded = match order {
        ByteOrder::Little => parse_interfacedescriptionblock_le(block),
        ByteOrder::Big => parse_interfacedescriptionblock_be(block),
    };
    let (_, description) = decoded.ok()?;
    let options = Options {
        order,
        list: &description.options,
    };
    let offset = options.u64(IF_TSOFFSET).map_or(0, u64::cast_signed);
    let clock = options.u8(IF_TSRESOL).map_or_else(
        || Clock::new(6, offset),
        |resolution| Clock::new(resolution, offset),
    );
    Some((info_of(&description, options), clock))
}

fn info_of(description: &InterfaceDescriptionBlock<'_>, options: Options<'_>) -> InterfaceInfo {
    let link_type = u16::try_from(description.linktype.0).unwrap_or(u16::MAX);
    InterfaceInfo {
        snaplen: Some(description.snaplen).filter(|snaplen| (1..=MAX_SNAPLEN).contains(snaplen)),
        fcs_len: options.u8(IF_FCSLEN),
        name: options.text(IF_NAME).map(|name| visible(&name)),
        description: options.text(IF_DESCRIPTION).map(|text| visible(&text)),
        filter: options.first(IF_FILTER).and_then(filter_text),
        ..InterfaceInfo::new(LinkType(link_type))
    }
}

/// `if_filter`: a byte 0 before a filter in words; other kinds hold machine code.
fn filter_text(value: &[u8]) -> Option<String> {
    let (kind, text) = value.split_first()?;
    (*kind == 0).then(|| visible(&super::options::text_of(text)))
}

/// What an interface statistics block says.
pub(super) struct Statistics {
    /// The interface's number inside its section.
    pub(super) interface: u32,
    dropped: Option<u64>,
    started: Option<u64>,
    ended: Option<u64>,
}

impl Statistics {
    /// Reads the interface statistics `block`.
    pub(super) fn decode(block: &[u8], order: ByteOrder) -> Option<Self> {
        let decoded = match order {
            ByteOrder::Little => parse_interfacestatisticsblock_le(block),
            ByteOrder::Big => parse_interfacestatisticsblock_be(block),
        };
        let (_, InterfaceStatisticsBlock { if_id, options, .. }) = decoded.ok()?;
        let options = Options {
            order,
            list: &options,
        };
        let drops = [options.u64(ISB_IFDROP), options.u64(ISB_OSDROP)];
        Some(Self {
            interface: if_id,
            dropped: drops.into_iter().flatten().reduce(u64::saturating_add),
            started: options.ticks(ISB_STARTTIME),
            ended: options.ticks(ISB_ENDTIME),
        })
    }

    /// Writes them over what earlier blocks said.
    pub(super) fn apply(&self, info: &mut InterfaceInfo, clock: &Clock) {
        let time = |ticks: Option<u64>| ticks.map(|ticks| nearest_time(clock, ticks));
        info.dropped = self.dropped.or(info.dropped);
        info.started = time(self.started).or(info.started);
        info.ended = time(self.ended).or(info.ended);
    }
}

fn nearest_time(clock: &Clock, ticks: u64) -> Timestamp {
    clock.time(ticks).unwrap_or_else(|Clamped(nearest)| nearest)
}
