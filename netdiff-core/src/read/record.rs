//! What a framer hands over: one packet record whose bytes are still in the window.

use std::ops::Range;

use super::FileInterface;
use crate::types::{LinkType, Timestamp};

/// One packet record; the fields mean what they mean in [`super::RawPacket`].
#[derive(Debug)]
pub(super) struct Record {
    pub(super) interface: FileInterface,
    pub(super) link_type: LinkType,
    pub(super) time: Option<Timestamp>,
    pub(super) original_len: u32,
    /// Place of the captured bytes in the window.
    pub(super) data: Range<usize>,
}
