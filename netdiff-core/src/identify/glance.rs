//! Usual packets in 64 bytes: what repeats from packet to packet is told once.
//!
//! Nothing is lost: a [`Glance`] and its [`PacketKind`] give the [`Sighting`] that the long way gives, or there is none
//! ([`Glance::of`] looks before it says so). Large sets are kept in this form until it is known which packets are looked at one by one.

use std::hash::{Hash, Hasher};

use super::fingerprint::{base_of, short_of};
use super::{Detail, Evidence, Fingerprint, MacAddr, Marks, Observation, Sighting, Tunnel};
use crate::types::{FileId, FlowKey, PacketNumber, PointId, Protocol, Timestamp};

/// What packets of one direction of a conversation usually have in common at one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketKind {
    /// Where they were seen.
    pub point: PointId,
    /// In which file.
    pub file: FileId,
    /// Inner-most addresses, protocol and ports.
    pub key: FlowKey,
    /// As in [`Observation::frame`].
    pub frame: Option<(MacAddr, MacAddr)>,
    /// As in [`Observation::inner_frame`].
    pub inner_frame: Option<(MacAddr, MacAddr)>,
    /// As in [`Observation::sent`].
    pub sent: Option<bool>,
    /// Time to live of the inner-most header.
    pub ttl: u8,
    /// What hops may change.
    pub marks: Marks,
    /// The inner-most tunnel.
    pub tunnel: Option<Tunnel>,
    /// Length of the inner-most IP header in bytes.
    pub header_len: u16,
    /// What the protocol adds to the identity.
    pub class: PacketClass,
    /// As in [`Fingerprint::telling`].
    pub telling: bool,
    /// As in [`Fingerprint::repeatable`].
    pub repeatable: bool,
}

/// By what tells most kinds apart: kinds are looked up for every packet that takes the long way.
impl Hash for PacketKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        let rest = u64::from(self.tunnel.is_some()) << 16 | u64::from(self.ttl) << 8;
        let telling = u64::from(self.telling) << 1 | u64::from(self.repeatable);
        state.write_u64(u64::from(self.point.0) << 32 | rest | telling);
    }
}

/// Which [`Detail`] the packets of a kind have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketClass {
    /// TCP segments.
    Tcp,
    /// ICMP queries: requests (true) or replies.
    Query(bool),
    /// ICMP errors.
    IcmpError,
    /// Anything else.
    Datagram,
}

/// A packet of some [`PacketKind`]. Fields mean what those of [`Sighting`] and its parts mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// When, in nanoseconds as a [`Timestamp`] has them.
    pub time: i64,
    /// [`Fingerprint::full`].
    pub full: u64,
    /// [`Fingerprint::headers`].
    pub headers: u64,
    /// Of TCP, the control hash; else 0.
    pub control: u64,
    /// Its place in the file, from 1.
    pub packet_number: u32,
    /// The number of its kind: who keeps kinds says in which list.
    pub kind: u32,
    /// Length of the inner-most IP packet.
    pub ip_len: u32,
    /// Of TCP segments and ICMP queries.
    pub sequence: u32,
    /// Of TCP.
    pub acknowledgment: u32,
    /// Of the inner-most IPv4 header.
    pub identification: u16,
    /// Of TCP: bytes of the header.
    pub header_len: u8,
    /// Of TCP.
    pub flags: u8,
    /// For whoever keeps it; 0 at first.
    pub mark: u32,
}

impl PacketKind {
    /// The kind of an identified packet, whether or not a [`Glance`] can hold the rest of it.
    #[must_use]
    pub fn of(observation: &Observation, sighting: &Sighting) -> Self {
        Self {
            point: observation.evidence.point,
            file: observation.evidence.file,
            key: sighting.key,
            frame: observation.frame,
            inner_frame: observation.inner_frame,
            sent: observation.sent,
            ttl: sighting.ttl,
            marks: sighting.marks,
            tunnel: sighting.tunnel,
            header_len: header_len(sighting),
            class: match sighting.detail {
                Detail::Tcp { .. } => PacketClass::Tcp,
                Detail::Query { request, .. } => PacketClass::Query(request),
                Detail::IcmpError { .. } => PacketClass::IcmpError,
                Detail::LinkLocal | Detail::Datagram => PacketClass::Datagram,
            },
            telling: sighting.fingerprint.telling,
            repeatable: sighting.fingerprint.repeatable,
        }
    }

    /// What numbers a packet beside IP's identification, as far as the first 8 bytes behind the IP header tell it.
    fn number(&self, sequence: u32) -> u64 {
        let icmp_type: u64 = match (self.class, self.key.protocol) {
            (PacketClass::Query(true), Protocol::ICMPV6) => 128,
            (PacketClass::Query(false), Protocol::ICMPV6) => 129,
            (PacketClass::Query(true), _) => 8,
            _ => 0,
        };
        icmp_type << 40 | u64::from(sequence)
    }
}

/// Of the inner-most IP header: TCP's lengths tell it, and of others it is the usual one.
fn header_len(sighting: &Sighting) -> u16 {
    let usual = if sighting.key.source.is_ipv4() {
        20
    } else {
        40
    };
    match sighting.detail {
        Detail::Tcp { segment_len, .. } => {
            u16::try_from(sighting.ip_len.saturating_sub(segment_len)).unwrap_or(usual)
        }
        _ => usual,
    }
}

impl Glance {
    /// A packet at a glance, if that holds all of it; `kind` is its kind, which has this number.
    #[must_use]
    pub fn of(
        observation: &Observation,
        sighting: &Sighting,
        kind: (u32, &PacketKind),
    ) -> Option<Self> {
        let glance = Self::nearly(observation, sighting, kind.0);
        let same =
            glance.evidence(kind.1) == observation.evidence && glance.sighting(kind.1) == *sighting;
        same.then_some(glance)
    }

    /// As much of a packet as fits.
    #[must_use]
    pub fn nearly(observation: &Observation, sighting: &Sighting, kind: u32) -> Self {
        let print = sighting.fingerprint;
        let mut glance = Self {
            time: observation.time.0,
            full: print.full.unwrap_or(0),
            headers: print.headers.unwrap_or(0),
            packet_number: u32::try_from(observation.evidence.packet_number.0).unwrap_or(u32::MAX),
            kind,
            ip_len: sighting.ip_len,
            identification: sighting.identification,
            ..Self::default()
        };
        match sighting.detail {
            Detail::Tcp {
                flags,
                sequence,
                acknowledgment,
                header_len,
                control,
                ..
            } => {
                glance.flags = flags;
                glance.sequence = sequence;
                glance.acknowledgment = acknowledgment;
                glance.header_len = header_len.unwrap_or(0);
                glance.control = control.unwrap_or(0);
            }
            Detail::Query { sequence, .. } => glance.sequence = u32::from(sequence),
            Detail::IcmpError { .. } | Detail::LinkLocal | Detail::Datagram => {}
        }
        glance
    }

    /// Where it was seen.
    #[must_use]
    pub const fn evidence(&self, kind: &PacketKind) -> Evidence {
        Evidence {
            point: kind.point,
            file: kind.file,
            packet_number: PacketNumber(self.packet_number as u64),
        }
    }

    /// When it was seen.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        Timestamp(self.time)
    }

    /// The bytes behind the IP header.
    #[must_use]
    pub const fn segment_len(&self, kind: &PacketKind) -> u32 {
        self.ip_len.saturating_sub(kind.header_len as u32)
    }

    /// [`Fingerprint::short`].
    #[must_use]
    pub fn short(&self, kind: &PacketKind) -> u64 {
        let base = base_of(kind.key.protocol, self.segment_len(kind));
        let number = kind.number(self.sequence);
        short_of(base, u64::from(self.identification), number)
    }

    /// All that it tells.
    #[must_use]
    pub fn sighting(&self, kind: &PacketKind) -> Sighting {
        let segment_len = self.segment_len(kind);
        Sighting {
            key: kind.key,
            fingerprint: Fingerprint {
                short: self.short(kind),
                headers: Some(self.headers),
                full: Some(self.full),
                telling: kind.telling,
                repeatable: kind.repeatable,
            },
            ttl: kind.ttl,
            identification: self.identification,
            marks: kind.marks,
            ip_len: self.ip_len,
            detail: match kind.class {
                PacketClass::Tcp => Detail::Tcp {
                    flags: self.flags,
                    sequence: self.sequence,
                    acknowledgment: self.acknowledgment,
                    segment_len,
                    header_len: Some(self.header_len),
                    control: Some(self.control),
                },
                PacketClass::Query(request) => Detail::Query {
                    request,
                    sequence: u16::try_from(self.sequence).unwrap_or(u16::MAX),
                },
                // Of an error there is more to tell: it is never equal to this.
                PacketClass::IcmpError | PacketClass::Datagram => Detail::Datagram,
            },
            tunnel: kind.tunnel,
            fragments: 1,
        }
    }
}
