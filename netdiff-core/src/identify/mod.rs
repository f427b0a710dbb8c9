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
mod inner;
mod link;
mod observation;
mod observer;
mod role;

// Words of the decoder that observations are made of: rooms behind this one know no decoder.
pub use crate::decode::{ArpOperation, ChecksumState, MacAddr, TcpFlags};
pub use fingerprint::{Fingerprint, PrefixLimit};
pub use fragments::{FragmentTrouble, JoinedLeftovers, Leftover, join_leftovers};
pub use observation::{
    ArpSighting, Bare, CHECKED_LEN, Checksums, Detail, Encapsulation, Evidence, Marks, Observation,
    Quote, Sighting, Subject, Tunnel, Unidentified,
};
pub use observer::{ObservedPoint, Observer};
pub use role::infer_role;
