//! Byte order of a capture file or of one pcapng section.

/// How a file stores its integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The 16-bit integer at `offset`; `None` where `bytes` is too short.
    pub(super) fn u16_at(self, bytes: &[u8], offset: usize) -> Option<u16> {
        let field = bytes_at(bytes, offset)?;
        Some(match self {
            Self::Little => u16::from_le_bytes(field),
            Self::Big => u16::from_be_bytes(field),
        })
    }

    /// The 32-bit integer at `offset`; `None` where `bytes` is too short.
    pub(super) fn u32_at(self, bytes: &[u8], offset: usize) -> Option<u32> {
        let field = bytes_at(bytes, offset)?;
        Some(match self {
            Self::Little => u32::from_le_bytes(field),
            Self::Big => u32::from_be_bytes(field),
        })
    }

    /// The 64-bit integer at `offset`; `None` where `bytes` is too short.
    pub(super) fn u64_at(self, bytes: &[u8], offset: usize) -> Option<u64> {
        let field = bytes_at(bytes, offset)?;
        Some(match self {
            Self::Little => u64::from_le_bytes(field),
            Self::Big => u64::from_be_bytes(field),
        })
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
