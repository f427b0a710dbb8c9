//! Reads capture files: the only room with input, the first room on the way.
//!
//! Its door is [`RawPacket`]: one record of a capture file, whatever the container.

mod raw_packet;

pub use raw_packet::{FileInterface, RawPacket};
