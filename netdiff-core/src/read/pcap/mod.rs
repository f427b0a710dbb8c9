//! Classic pcap files: a header, then records until the end.
//!
//! Source: <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/>, and libpcap's `sf-pcap.c` for
//! the variants that were never written down.

mod frame;
mod framer;
mod header;
mod resync;

pub(super) use framer::PcapFramer;
pub(super) use header::{HEADER_LEN, PcapHeader};

#[cfg(test)]
mod tests;
