//! Writes pcapng blocks, little-endian.
//!
//! Source: draft-ietf-opsawg-pcapng, sections 4.1 to 4.3 and 3.5.

use std::io::{self, Write};

use crate::types::{LinkType, Timestamp};

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIPTION_TEXT: u16 = 3;
const TIME_RESOLUTION: u16 = 9;

/// Nanoseconds.
const NANO: u8 = 9;

/// The most bytes of an option's value; longer texts are cut between characters.
const MAX_OPTION_LEN: usize = 65_532;

/// A block being made.
struct Block(Vec<u8>);

impl Block {
    fn new(kind: u32) -> Self {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend([0; 4]);
        Self(bytes)
    }

    fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Bytes, filled up to a multiple of four.
    fn padded(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn option(self, code: u16, value: &[u8]) -> Self {
        let Ok(len) = u16::try_from(value.len()) else {
            return self;
        };
        self.u16(code).u16(len).padded(value)
    }

    fn text(self, code: u16, text: &str) -> Self {
        let mut end = text.len().min(MAX_OPTION_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.option(code, text.get(..end).unwrap_or_default().as_bytes())
    }

    fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let block = self.option(END_OF_OPTIONS, &[]);
        let mut bytes = block.0;
        let too_long = |_| io::Error::other("a packet is too long for a pcapng block");
        let len = u32::try_from(bytes.len() + 4).map_err(too_long)?;
        bytes.extend(len.to_le_bytes());
        if let Some(place) = bytes.get_mut(4..8) {
            place.copy_from_slice(&len.to_le_bytes());
        }
        out.write_all(&bytes)
    }
}

/// The section header, with the program that writes it.
pub(super) fn write_section(out: &mut dyn Write, comment: &str) -> io::Result<()> {
    let program = concat!("netdiff ", env!("CARGO_PKG_VERSION"));
    Block::new(SECTION_HEADER)
        .u32(BYTE_ORDER_MAGIC)
        .u16(1)
        .u16(0)
        // The length of the section is not known.
        .u32(u32::MAX)
        .u32(u32::MAX)
        .text(COMMENT, comment)
        .text(USER_APPLICATION, program)
        .write(out)
}

/// An interface, whose times are nanoseconds.
pub(super) fn write_interface(
    out: &mut dyn Write,
    (name, description): (&str, &str),
    link_type: LinkType,
    snaplen: Option<u32>,
) -> io::Result<()> {
    Block::new(INTERFACE_DESCRIPTION)
        .u16(link_type.0)
        .u16(0)
        // 0: no limit.
        .u32(snaplen.unwrap_or(0))
        .text(INTERFACE_NAME, name)
        .text(INTERFACE_DESCRIPTION_TEXT, description)
        .option(TIME_RESOLUTION, &[NANO])
        .write(out)
}

/// A packet. Times before 1970 become 1970: pcapng has none.
pub(super) fn write_packet(
    out: &mut dyn Write,
    interface: u32,
    (time, original_len): (Timestamp, u32),
    data: &[u8],
    comment: &str,
) -> io::Result<()> {
    let ticks = u64::try_from(time.0).unwrap_or(0);
    let half = |ticks: u64| u32::try_from(ticks & u64::from(u32::MAX)).unwrap_or(0);
    let too_long = |_| io::Error::other("a packet is too long for a pcapng block");
    Block::new(ENHANCED_PACKET)
        .u32(interface)
        .u32(half(ticks >> 32))
        .u32(half(ticks))
        .u32(u32::try_from(data.len()).map_err(too_long)?)
        .u32(original_len)
        .padded(data)
        .text(COMMENT, comment)
        .write(out)
}
