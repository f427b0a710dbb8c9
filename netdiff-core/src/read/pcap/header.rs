//! The file header.
//!
//! ```text
//!  0        4        6        8        12       16       20       24
//!  | magic  | major  | minor  |  zone  | sigfigs| snaplen| link   |
//! ```

use pcap_parser::parse_pcap_header;

use super::super::byte_order::ByteOrder;
use super::frame::{FrameLayout, Lengths};
use crate::read::InterfaceInfo;
use crate::types::LinkType;

/// Length of the file header in bytes.
pub(in crate::read) const HEADER_LEN: usize = 24;

/// Longest captured packet that is believed without the file's snapshot length, in bytes.
/// It is the largest snapshot length that libpcap writes (`MAXIMUM_SNAPLEN`).
pub(super) const DEFAULT_CAPTURED_LEN: u32 = 262_144;

/// Largest snapshot length that is believed, in bytes; it bounds the memory a record can take.
pub(super) const MAX_CAPTURED_LEN: u32 = 16 << 20;

/// Snapshot lengths by which tools say "no limit".
const UNLIMITED: [u32; 3] = [0, 0x7fff_ffff, u32::MAX];

/// The tcpdump of Data General DG/UX writes this major version and swaps the lengths, as libpcap knows.
const DG_UX_MAJOR: u16 = 543;

/// What the file header says.
#[derive(Clone, Copy, Debug)]
pub(in crate::read) struct PcapHeader {
    pub(super) layout: FrameLayout,
    /// Units of the fraction field in one second: 1,000,000 or 1,000,000,000.
    pub(super) units_per_second: u32,
    /// As written; see [`PcapHeader::snaplen`].
    pub(super) claimed_snaplen: u32,
    pub(super) link_type: LinkType,
    pub(super) fcs_len: Option<u8>,
}

impl PcapHeader {
    /// Reads the header; `None` where the magic number is none of pcap's.
    pub(in crate::read) fn parse(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let (order, modified, nanoseconds) = match bytes.first_chunk()? {
            b"\xd4\xc3\xb2\xa1" => (ByteOrder::Little, false, false),
            b"\x4d\x3c\xb2\xa1" => (ByteOrder::Little, false, true),
            b"\x34\xcd\xb2\xa1" => (ByteOrder::Little, true, false),
            b"\xa1\xb2\xc3\xd4" => (ByteOrder::Big, false, false),
            b"\xa1\xb2\x3c\x4d" => (ByteOrder::Big, false, true),
            b"\xa1\xb2\xcd\x34" => (ByteOrder::Big, true, false),
            _ => return None,
        };
        let mut known = *bytes;
        if modified {
            // pcap-parser does not know the big-endian magic of modified files; the fields are the same.
            let plain: u32 = 0xa1b2_c3d4;
            known[..4].copy_from_slice(&match order {
                ByteOrder::Little => plain.to_le_bytes(),
                ByteOrder::Big => plain.to_be_bytes(),
            });
        }
        let (_, header) = parse_pcap_header(&known).ok()?;
        let link = LinkWord(header.network.0.cast_unsigned());
        Some(Self {
            layout: FrameLayout {
                order,
                modified,
                lengths: lengths_of_version(header.version_major, header.version_minor),
            },
            units_per_second: if nanoseconds {
                1_000_000_000
            } else {
                1_000_000
            },
            claimed_snaplen: header.snaplen,
            link_type: link.link_type(),
            fcs_len: link.fcs_len(),
        })
    }

    /// The snapshot length in bytes, where it sets a limit that makes sense.
    pub(super) fn snaplen(&self) -> Option<u32> {
        (1..=MAX_CAPTURED_LEN)
            .contains(&self.claimed_snaplen)
            .then_some(self.claimed_snaplen)
    }

    /// What the header says of the interface.
    pub(super) fn interface(&self) -> InterfaceInfo {
        InterfaceInfo {
            snaplen: self.snaplen(),
            fcs_len: self.fcs_len,
            ..InterfaceInfo::new(self.link_type)
        }
    }

    /// Whether the snapshot length is neither a limit nor a known way to say "no limit".
    pub(super) fn is_snaplen_absurd(&self) -> bool {
        self.snaplen().is_none() && !UNLIMITED.contains(&self.claimed_snaplen)
    }

    /// Longest captured packet to believe, in bytes.
    pub(super) fn captured_bound(&self) -> u32 {
        self.snaplen().unwrap_or(0).max(DEFAULT_CAPTURED_LEN)
    }
}

/// Before version 2.3 the original length came first; 2.3 files exist in both orders.
fn lengths_of_version(major: u16, minor: u16) -> Lengths {
    match (major, minor) {
        (2, 0..=2) | (DG_UX_MAJOR, _) => Lengths::OriginalFirst,
        (2, 3) => Lengths::LesserIsCaptured,
        _ => Lengths::CapturedFirst,
    }
}

/// The last header word: `FCS length in 16-bit units: 4 | reserved: 1 | FCS length valid: 1 | reserved: 10 | link type: 16`.
struct LinkWord(u32);

impl LinkWord {
    const FCS_LENGTH_VALID: u32 = 0x0400_0000;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the link type is the low half"
    )]
    const fn link_type(&self) -> LinkType {
        LinkType(self.0 as u16)
    }

    fn fcs_len(&self) -> Option<u8> {
        (self.0 & Self::FCS_LENGTH_VALID != 0).then_some((self.0 >> 28) as u8 * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(magic: &[u8; 4], fields: &[u8; 20]) -> PcapHeader {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(magic);
        bytes[4..].copy_from_slice(fields);
        PcapHeader::parse(&bytes).unwrap()
    }

    #[test]
    fn variants_are_told_apart() {
        let little = b"\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0";
        let big = b"\0\x02\0\x04\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\x01";
        for (magic, fields, order, modified, units) in [
            (
                b"\xd4\xc3\xb2\xa1",
                little,
                ByteOrder::Little,
                false,
                1_000_000,
            ),
            (
                b"\x4d\x3c\xb2\xa1",
                little,
                ByteOrder::Little,
                false,
                1_000_000_000,
            ),
            (
                b"\x34\xcd\xb2\xa1",
                little,
                ByteOrder::Little,
                true,
                1_000_000,
            ),
            (b"\xa1\xb2\xc3\xd4", big, ByteOrder::Big, false, 1_000_000),
            (
                b"\xa1\xb2\x3c\x4d",
                big,
                ByteOrder::Big,
                false,
                1_000_000_000,
            ),
            (b"\xa1\xb2\xcd\x34", big, ByteOrder::Big, true, 1_000_000),
        ] {
            let header = header(magic, fields);
            assert_eq!(header.layout.order, order);
            assert_eq!(header.layout.modified, modified);
            assert_eq!(header.units_per_second, units);
            assert_eq!(header.snaplen(), Some(262_144));
            assert_eq!(header.link_type, LinkType::ETHERNET);
        }
    }

    #[test]
    fn link_word_and_snaplen_are_taken_apart() {
        let odd = header(
            b"\xd4\xc3\xb2\xa1",
            b"\x02\0\x02\0\0\0\0\0\0\0\0\0\xff\xff\xff\xfe\x01\0\0\x24",
        );
        assert_eq!((odd.link_type, odd.fcs_len), (LinkType::ETHERNET, Some(4)));
        assert_eq!(odd.layout.lengths, Lengths::OriginalFirst);
        assert!(odd.is_snaplen_absurd());
        assert_eq!(odd.captured_bound(), DEFAULT_CAPTURED_LEN);
    }
}
