//! Gives every decoded packet a place and an identity. Bytes end here.
//!
//! Its door is [`Observation`]: one packet at one capture point, small, owned and `Copy`.
//!
//! # The matching key
//! Two observations are sightings of the same packet when their flow keys and their
//! [`Fingerprint`]s are equal. A fingerprint covers what no hop changes (see
//! `fingerprint.rs` for the list and the reasons): never MAC addresses, VLAN tags, TTL, DSCP/ECN,
//! checksums or anything of a tunnel's outer headers.

mod fingerprint;
mod fragments;
mod glance;
mod glancer;
mod headers;
mod inner;
mod known_kinds;
mod link;
mod observation;
mod observed_point;
mod observer;
mod role;
mod sums;

// Words of the decoder that observations are made of: rooms behind this one know no decoder.
pub use crate::decode::{ArpOperation, ChecksumState, MacAddr, TcpFlags};
pub use fingerprint::{Fingerprint, PrefixLimit};
pub use fragments::{FragmentTrouble, JoinedLeftovers, Leftover, join_leftovers};
pub use glance::{Glance, PacketClass, PacketKind};
pub use glancer::{Glanced, Glancer};
pub use known_kinds::{KindCounts, KnownKinds};
pub use observation::{
    ArpSighting, Bare, CHECKED_LEN, Checksums, Detail, Encapsulation, Evidence, Marks, Observation,
    Quote, Sighting, Subject, Tunnel, Unidentified,
};
pub use observed_point::ObservedPoint;
pub use observer::Observer;
pub use role::infer_role;
pub use sums::Sums;
