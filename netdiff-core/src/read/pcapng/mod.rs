//! pcapng files: sections of blocks, each with its length at both ends.
//!
//! Source: <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/>. Block types without packets
//! that are not listed in [`block`] are skipped by their length.

mod block;
mod clock;
mod framer;
mod interface;
mod names;
mod options;
mod packet_block;
mod section;
#[cfg(test)]
mod tests;

pub(super) use framer::PcapngFramer;
pub(super) use section::{MAX_INTERFACES, MAX_NAMES};
