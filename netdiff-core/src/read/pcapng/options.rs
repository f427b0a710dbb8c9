//! Reads the options of a block in its section's byte order.

use pcap_parser::PcapNGOption;

use super::super::byte_order::ByteOrder;

/// `opt_comment`, the same in every block.
pub(super) const COMMENT: u16 = 1;

/// The options of one block, up to the end-of-options mark.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    pub(super) order: ByteOrder,
    pub(super) list: &'a [PcapNGOption<'a>],
}

impl<'a> Options<'a> {
    /// The values of the options with this code.
    pub(super) fn all(self, code: u16) -> impl Iterator<Item = &'a [u8]> {
        self.list
            .iter()
            .take_while(|option| option.code.0 != 0)
            .filter(move |option| option.code.0 == code)
            .filter_map(|option| option.as_bytes().ok())
    }

    /// The value of the first option with this code.
    pub(super) fn first(self, code: u16) -> Option<&'a [u8]> {
        self.all(code).next()
    }

    /// A text; bytes that are no UTF-8 are replaced, and some writers' final NUL is dropped.
    pub(super) fn text(self, code: u16) -> Option<String> {
        self.first(code).map(text_of)
    }

    /// A number of one byte.
    pub(super) fn u8(self, code: u16) -> Option<u8> {
        self.first(code)?.first().copied()
    }

    /// A number of eight bytes.
    pub(super) fn u64(self, code: u16) -> Option<u64> {
        self.order.u64_at(self.first(code)?, 0)
    }

    /// A time: the high, then the low half of its ticks.
    pub(super) fn ticks(self, code: u16) -> Option<u64> {
        let value = self.first(code)?;
        Some(ticks_of(
            self.order.u32_at(value, 0)?,
            self.order.u32_at(value, 4)?,
        ))
    }
}

/// The most bytes that are kept of a text: a file may describe thousands of interfaces, each with several texts of 64 KiB.
const MAX_TEXT_LEN: usize = 1_024;

/// A text option's value, up to [`MAX_TEXT_LEN`].
pub(super) fn text_of(value: &[u8]) -> String {
    start_of(value, MAX_TEXT_LEN)
}

/// A text of at most so many bytes, and a mark where it goes on.
pub(super) fn start_of(value: &[u8], most: usize) -> String {
    let kept = value.get(..most.saturating_add(1)).unwrap_or(value);
    let text = String::from_utf8_lossy(kept);
    let text = text.trim_end_matches('\0');
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// Puts the halves of a time together.
pub(super) fn ticks_of(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(start_of("äöü\0\0".as_bytes(), 6), "äöü");
        assert_eq!(start_of("äöü".as_bytes(), 5), "äö…");
        assert_eq!(start_of(b"\xff\xfe", 9), "\u{fffd}\u{fffd}");
        assert!(text_of(&[b'x'; 65_535]).len() <= MAX_TEXT_LEN + 3);
    }
}
