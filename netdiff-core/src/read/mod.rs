//! Reads capture files: the only room with input, the first room on the way.
//!
//! Its doors are [`open_set`], which finds the captures of a run and where each was taken, and
//! [`PacketReader`], which gives one [`RawPacket`] for each record of a file, whatever its container.

mod byte_order;
mod cluster;
mod compression;
#[cfg(test)]
mod corpus_tests;
mod error;
mod format;
mod interface_info;
mod looks_like;
mod metered;
mod packet_reader;
mod pcap;
mod pcapng;
mod progress;
mod ratio;
mod raw_packet;
mod record;
mod set;
mod spool;
#[cfg(test)]
mod testdata_tests;
#[cfg(test)]
mod testing;
mod text_file;
mod warning;
mod window;

pub use cluster::{ClusterFacts, ClusterNode, ClusterPod, ClusterService};
pub use error::{ReadError, SetError};
pub use interface_info::{FileComment, InterfaceInfo, ResolvedName};
pub use looks_like::LooksLike;
pub use packet_reader::PacketReader;
pub use progress::Progress;
pub use raw_packet::{FileInterface, RawPacket};
#[cfg(any(fuzzing, test))]
pub use set::doors;
pub use set::{CaptureFile, CaptureSet, InterfaceName, PointOverride, SetRequest, open_set};
pub use text_file::read_text_if;
pub use warning::{Damage, ReadWarning};
