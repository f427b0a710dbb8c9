//! One record: a header of 16 bytes (24 in modified files), then the captured bytes.
//!
//! ```text
//!  0         4          8          12         16
//!  | seconds | fraction | captured | original | (interface, protocol, type) | data
//! ```

use pcap_parser::nom::{Err::Incomplete, IResult, Needed};
use pcap_parser::pcap::LegacyPcapBlock;
use pcap_parser::{PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified};

use super::super::byte_order::ByteOrder;

/// How a file lays out its records.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameLayout {
    pub(super) order: ByteOrder,
    /// Alexey Kuznetzov's modified format: eight more header bytes.
    pub(super) modified: bool,
    pub(super) lengths: Lengths,
}

/// Which of the two lengths comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// Either order occurs: the lesser one is the captured length.
    LesserIsCaptured,
}

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) seconds: u32,
    pub(super) fraction: u32,
    pub(super) captured_len: u32,
    pub(super) original_len: u32,
}

/// Bytes that are missing for a record to be complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing(pub(super) usize);

impl FrameHead {
    /// A header of nothing but zeros, which no capture writes.
    pub(super) fn is_zero(&self) -> bool {
        *self == Self::from_fields([0; 4], Lengths::CapturedFirst)
    }

    const fn from_fields(fields: [u32; 4], lengths: Lengths) -> Self {
        let [seconds, fraction, first, second] = fields;
        let swap = match lengths {
            Lengths::CapturedFirst => false,
            Lengths::OriginalFirst => true,
            Lengths::LesserIsCaptured => first > second,
        };
        let (captured_len, original_len) = if swap {
            (second, first)
        } else {
            (first, second)
        };
        Self {
            seconds,
            fraction,
            captured_len,
            original_len,
        }
    }
}

impl From<LegacyPcapBlock<'_>> for FrameHead {
    fn from(block: LegacyPcapBlock<'_>) -> Self {
        Self {
            seconds: block.ts_sec,
            fraction: block.ts_usec,
            captured_len: block.caplen,
            original_len: block.origlen,
        }
    }
}

impl FrameLayout {
    /// Length of a record's header in bytes.
    pub(super) const fn head_len(&self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    /// Length of the header of a record in the usual layout.
    pub(super) const PLAIN_HEAD_LEN: usize = 16;

    /// The header that `bytes` begins with, if this is the usual layout: the captured length first, and nothing else in it.
    #[inline]
    pub(super) fn plain_head(&self, bytes: &[u8]) -> Option<FrameHead> {
        if self.modified || self.lengths != Lengths::CapturedFirst {
            return None;
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes.first_chunk()?;
        let fields = [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]];
        let fields = match self.order {
            ByteOrder::Little => fields.map(u32::from_le_bytes),
            ByteOrder::Big => fields.map(u32::from_be_bytes),
        };
        Some(FrameHead::from_fields(fields, Lengths::CapturedFirst))
    }

    /// Decodes the record that `bytes` begins with, if all of it is there.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<FrameHead, Missing> {
        type Decode = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;
        let decode: Decode = match (self.lengths, self.modified, self.order) {
            (Lengths::CapturedFirst, false, ByteOrder::Little) => parse_pcap_frame,
            (Lengths::CapturedFirst, false, ByteOrder::Big) => parse_pcap_frame_be,
            (Lengths::CapturedFirst, true, ByteOrder::Little) => parse_pcap_frame_modified,
            _ => return self.decode_uncommon(bytes),
        };
        match decode(bytes) {
            Ok((_, block)) => Ok(block.into()),
            Err(Incomplete(Needed::Size(missing))) => Err(Missing(missing.get())),
            Err(_) => Err(Missing(self.head_len())),
        }
    }

    /// The layouts that pcap-parser does not know.
    fn decode_uncommon(&self, bytes: &[u8]) -> Result<FrameHead, Missing> {
        let missing = |wanted: usize| Missing(wanted.saturating_sub(bytes.len()));
        let head = self.peek(bytes).ok_or_else(|| missing(self.head_len()))?;
        let wanted = self.head_len().saturating_add(head.captured_len as usize);
        if bytes.len() < wanted {
            Err(missing(wanted))
        } else {
            Ok(head)
        }
    }

    /// The header that `bytes` begins with, whether or not its data follow; pcap-parser decodes
    /// complete records only, and damage must be judged by the header alone.
    pub(super) fn peek(&self, bytes: &[u8]) -> Option<FrameHead> {
        if bytes.len() < self.head_len() {
            return None;
        }
        let field = |offset| self.order.u32_at(bytes, offset);
        let fields = [field(0)?, field(4)?, field(8)?, field(12)?];
        Some(FrameHead::from_fields(fields, self.lengths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [u32; 4] = [1, 2, 3, 60];

    fn record(layout: &FrameLayout, fields: [u32; 4]) -> Vec<u8> {
        let mut bytes: Vec<u8> = fields
            .iter()
            .flat_map(|field| match layout.order {
                ByteOrder::Little => field.to_le_bytes(),
                ByteOrder::Big => field.to_be_bytes(),
            })
            .collect();
        bytes.resize(layout.head_len(), 0xee);
        bytes.extend_from_slice(b"abc");
        bytes
    }

    #[test]
    fn every_layout_decodes_and_peeks_alike() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for modified in [false, true] {
                for (lengths, fields) in [
                    (Lengths::CapturedFirst, FIELDS),
                    (Lengths::OriginalFirst, [1, 2, 60, 3]),
                    (Lengths::LesserIsCaptured, FIELDS),
                    (Lengths::LesserIsCaptured, [1, 2, 60, 3]),
                ] {
                    let layout = FrameLayout {
                        order,
                        modified,
                        lengths,
                    };
                    let bytes = record(&layout, fields);
                    let head = layout.decode(&bytes).unwrap();
                    assert_eq!(head, FrameHead::from_fields(FIELDS, Lengths::CapturedFirst));
                    assert_eq!(layout.peek(&bytes), Some(head));
                    let plain = !modified && lengths == Lengths::CapturedFirst;
                    assert_eq!(layout.plain_head(&bytes), plain.then_some(head));
                    let Missing(missing) = layout.decode(&bytes[..bytes.len() - 2]).unwrap_err();
                    assert_eq!(missing, 2, "{layout:?}");
                }
            }
        }
    }
}
