//! The door of the room: what one packet at one capture point tells.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::decode::{ArpOperation, ChecksumState, MacAddr};
use crate::types::{FileId, FlowKey, PacketNumber, PointId, Timestamp, Vni};

/// Where a claim can be checked: a packet of a file, and the capture point it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The capture point.
    pub point: PointId,
    /// The file.
    pub file: FileId,
    /// 1-based packet number in that file.
    pub packet_number: PacketNumber,
}

/// One packet at one capture point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Where it was seen.
    pub evidence: Evidence,
    /// When, by the clock of the node that captured it.
    pub time: Timestamp,
    /// Source and destination MAC of the outermost frame; `None` where the link has no such header.
    pub frame: Option<(MacAddr, MacAddr)>,
    /// The same of the frame that the inner-most tunnel carries; `None` where it carries bare IP, or there is none.
    pub inner_frame: Option<(MacAddr, MacAddr)>,
    /// What the checksums of a tunneled packet say; `None` for other packets, and for those longer than [`CHECKED_LEN`].
    pub checksums: Option<Checksums>,
    /// Whether the node sent it (true) or received it; `None` where the link's header does not say (only Linux cooked ones do).
    pub sent: Option<bool>,
    /// The packet that an ICMP error quotes, as far as it does; `None` for other packets, and for errors that came in fragments.
    pub quote: Option<Quote>,
    /// What was seen.
    pub subject: Subject,
}

/// Checksums of longer packets, in captured bytes, are not looked at: sums take longer than everything else, and what breaks them spares
/// no small packet.
pub const CHECKED_LEN: usize = 512;

/// What the checksums of a tunneled packet say. None of them is part of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksums {
    /// Of the UDP header that carries the inner-most tunnel; `None` where none does.
    pub outer: Option<ChecksumState>,
    /// Of the inner-most transport header; `None` where it has none.
    pub inner: Option<ChecksumState>,
}

/// What is known of a packet without an identity: an observation of less than a fifth of the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// Where it was seen.
    pub evidence: Evidence,
    time: Timestamp,
    frame: Option<(MacAddr, MacAddr)>,
    sent: Option<bool>,
    /// `None` for a fragment.
    unidentified: Option<Unidentified>,
}

impl Bare {
    /// All that an observation says, if that is no more.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Self> {
        let unidentified = match observation.subject {
            Subject::FragmentPart => None,
            Subject::Unidentified(why) => Some(why),
            Subject::Packet(_) | Subject::Arp(_) => return None,
        };
        Some(Self {
            evidence: observation.evidence,
            time: observation.time,
            frame: observation.frame,
            sent: observation.sent,
            unidentified,
        })
    }

    /// The observation.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation {
            evidence: self.evidence,
            time: self.time,
            frame: self.frame,
            inner_frame: None,
            checksums: None,
            sent: self.sent,
            quote: None,
            subject: self
                .unidentified
                .map_or(Subject::FragmentPart, Subject::Unidentified),
        }
    }

    /// A fragment.
    pub(super) const fn fragment(
        (evidence, time): (Evidence, Timestamp),
        frame: Option<(MacAddr, MacAddr)>,
        sent: Option<bool>,
    ) -> Self {
        Self {
            evidence,
            time,
            frame,
            sent,
            unidentified: None,
        }
    }

    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }
}

/// What an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An IP packet whose identity is known.
    Packet(Sighting),
    /// A fragment; the one that completes its datagram stands for it as a `Packet` instead.
    FragmentPart,
    /// ARP for IPv4.
    Arp(ArpSighting),
    /// Not identified, and why.
    Unidentified(Unidentified),
}

/// Why a packet has no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unidentified {
    /// No IP header and no ARP in it, or none that could be decoded.
    NotIp,
    /// The capture cut it inside a header that identifies it.
    Cut,
    /// The capture file gives no time for it.
    NoTime,
    /// It was seen on more interfaces than are told apart in one file.
    Beyond,
}

/// An identified IP packet: the inner-most one, whatever carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Inner-most addresses, protocol and ports.
    pub key: FlowKey,
    /// What no hop changes.
    pub fingerprint: Fingerprint,
    /// Time to live of the inner-most header.
    pub ttl: u8,
    /// Identification of the inner-most IPv4 header; 0 where it has none, or over IPv6.
    pub identification: u16,
    /// What hops may change.
    pub marks: Marks,
    /// Length of the inner-most IP packet in bytes, header included; of the whole datagram if it was fragmented.
    pub ip_len: u32,
    /// What its protocol adds.
    pub detail: Detail,
    /// The inner-most tunnel around it.
    pub tunnel: Option<Tunnel>,
    /// How many fragments it came in; 1 for a whole packet.
    pub fragments: u16,
}

/// What the transport protocol adds to an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A TCP segment.
    Tcp {
        /// Flag bits as on the wire.
        flags: u8,
        /// Sequence number.
        sequence: u32,
        /// Acknowledgment number.
        acknowledgment: u32,
        /// Length of header and data in bytes.
        segment_len: u32,
        /// Length of the header in bytes; `None` where the capture cut the field that says it, or the flags.
        header_len: Option<u8>,
        /// What all segments that are cut from one transmission have in common: acknowledgment, window, timestamps and flags
        /// but PSH, FIN and CWR, hashed. `None` where the capture cut some of it.
        control: Option<u64>,
    },
    /// An ICMP query or its answer.
    Query {
        /// Request (true) or reply.
        request: bool,
        /// Sequence number.
        sequence: u16,
    },
    /// An ICMP error.
    IcmpError {
        /// Type.
        icmp_type: u8,
        /// Code.
        code: u8,
        /// The largest packet that fits, in bytes, where it says so.
        next_hop_mtu: Option<u32>,
    },
    /// Neighbor and router discovery, multicast listener reports (RFC 4861, RFC 3810): never leaves its link.
    LinkLocal,
    /// Anything else.
    Datagram,
}

/// Fields of the inner-most packet that hops may change, and do for a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// DSCP and ECN: IPv4's type of service, IPv6's traffic class.
    pub traffic_class: u8,
    /// The don't-fragment bit; never set over IPv6.
    pub dont_fragment: bool,
    /// Identifier of the outermost VLAN.
    pub vlan: Option<u16>,
    /// TCP's maximum segment size option, in bytes.
    pub maximum_segment_size: Option<u16>,
}

/// The packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Inner-most key in the quote.
    pub key: FlowKey,
    /// The tunnel around it, where the quote reaches that far.
    pub tunnel: Option<Tunnel>,
    /// Time to live of the inner-most quoted header: where the packet was when it was refused.
    pub ttl: u8,
    /// The quoted packet's [`Fingerprint::short`]; `None` where the quote is too short.
    pub short: Option<u64>,
}

/// How a packet is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Encapsulation {
    /// VXLAN (RFC 7348).
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// GRE (RFC 2784), NVGRE and ERSPAN with it.
    Gre,
    /// IP in IP (RFC 2003, RFC 4213, RFC 2473).
    IpInIp,
    /// Bare IP in UDP: flannel's udp backend, FOU.
    Udp,
    /// GUE.
    Gue,
    /// GTP-U (3GPP TS 29.281).
    Gtpu,
    /// L2TP (RFC 2661, RFC 3931).
    L2tp,
    /// Teredo (RFC 4380).
    Teredo,
}

impl Encapsulation {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gre => "gre",
            Self::IpInIp => "ipip",
            Self::Udp => "udp",
            Self::Gue => "gue",
            Self::Gtpu => "gtpu",
            Self::L2tp => "l2tp",
            Self::Teredo => "teredo",
        }
    }
}

/// The headers that carry a packet between two tunnel endpoints.
///
/// The outer source port is left out: it is entropy, and changes when a packet is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tunnel {
    /// Which encapsulation.
    pub encapsulation: Encapsulation,
    /// Virtual network, where the encapsulation has one.
    pub vni: Option<Vni>,
    /// Outer source address.
    pub source: IpAddr,
    /// Outer destination address.
    pub destination: IpAddr,
    /// Outer UDP destination port; 0 where there is none.
    pub destination_port: u16,
    /// Whether the port says nothing and the encapsulation was recognized by its contents.
    pub guessed: bool,
}

/// An ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpSighting {
    /// Request or reply.
    pub operation: ArpOperation,
    /// Who says so.
    pub sender: Ipv4Addr,
    /// The sender's MAC address.
    pub sender_mac: MacAddr,
    /// Whom it asks for, or answers.
    pub target: Ipv4Addr,
}
