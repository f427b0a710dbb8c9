//! A capture point as one file shows it.

use super::FragmentTrouble;
use crate::read::FileInterface;
use crate::types::{LinkType, Timestamp};

/// A capture point as one file shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedPoint {
    /// The file's interface.
    pub interface: FileInterface,
    /// The kernel's interface index, where each packet names it (Linux cooked, version 2).
    pub interface_index: Option<u32>,
    /// How its packets begin.
    pub link_type: LinkType,
    /// Packets seen here.
    pub packets: u64,
    /// Of these, packets with a tunnel's outer headers.
    pub tunneled: u64,
    /// The earliest time of a packet.
    pub first_time: Option<Timestamp>,
    /// The latest time of a packet.
    pub last_time: Option<Timestamp>,
    /// Datagrams whose fragments overlap, or had to be given up for others.
    pub fragment_trouble: FragmentTrouble,
}
