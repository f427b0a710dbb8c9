//! What identifies a packet at every hop.
//!
//! | covered | why |
//! |---|---|
//! | IP payload length | no hop changes it; fragments are joined first |
//! | IPv4 identification, not for TCP data | survives routing, bridging and encapsulation; segmentation offload renumbers TCP data |
//! | TCP: sequence, acknowledgment, flags, window, timestamps | name one segment, and its retransmission apart from it where timestamps are used |
//! | ICMP: type, code and sequence | name one query, with the identifier that the flow key has |
//! | ESP: index and sequence; WireGuard: index and counter | all that is readable of a sealed packet |
//! | the payload's first bytes, up to [`PrefixLimit`] | tell apart what the headers do not |
//!
//! Never covered: MAC addresses, VLAN, TTL, DSCP/ECN, every checksum (offload leaves them wrong), TCP's other
//! options (hops rewrite the MSS), and all outer headers. Neither what address translation rewrites: addresses, ports and
//! ICMP identifiers are in the flow key alone, so that equal fingerprints under two keys tell of a translation.
//!
//! Packets with equal fingerprints in one flow are the same packet or repetitions of it; which, the correlator
//! decides by order and time.

use xxhash_rust::xxh3::xxh3_64;

use crate::decode::{Esp, Icmp, Ip, Layer, Tcp, TcpFlags, WireGuard};
use crate::types::Protocol;

/// How many payload bytes a fingerprint may cover: what every capture point of the set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixLimit(pub u32);

impl PrefixLimit {
    /// The most that is ever covered, in bytes. More would cost time and hardly tell more.
    pub const MAX: u32 = 64;

    /// Room for the headers before the payload: tunnel over a VLAN with IPv6 outside and inside, TCP options.
    const HEADERS: u32 = 14 + 4 + 40 + 8 + 8 + 14 + 4 + 40 + 60;

    /// The limit for a set whose smallest snap length is this many bytes.
    #[must_use]
    pub fn for_snap_length(smallest: u32) -> Self {
        Self(smallest.saturating_sub(Self::HEADERS).min(Self::MAX))
    }
}

/// An identity at three depths: a direction is matched by the deepest that all its sightings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    /// What the first 8 bytes behind the IP header tell, with length and IPv4 identification: a short snap length, or the
    /// quote of an ICMP error, leaves no more. Segmentation offload renumbers TCP, so of TCP this holds for
    /// segments that nobody cut.
    pub short: u64,
    /// All headers of the table above; `None` where the capture cut them.
    pub headers: Option<u64>,
    /// Headers and payload prefix; `None` where the capture cut the payload before the limit.
    pub full: Option<u64>,
    /// Whether the fingerprint tells the packet from those of other flows: it has a number of its own, or payload.
    pub telling: bool,
    /// Whether a sender may send the same again at once: it carries no number of its own.
    pub repeatable: bool,
}

/// The parts of a fingerprint. A datagram that arrives in fragments gets its length when it is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    protocol: Protocol,
    identification: u32,
    /// From the first 8 bytes behind the IP header.
    short: u64,
    /// The rest of the transport header; `None` where the capture cut it.
    rest: Option<[u64; 2]>,
    /// Whether it is a TCP segment with data, which segmentation offload renumbers.
    carries_data: bool,
    /// Hash of the payload prefix; `None` where the capture cut it.
    prefix: Option<u64>,
    prefix_len: u32,
}

impl Parts {
    /// `payload` is what was captured behind the transport header, `payload_len` what was sent (as far as known).
    pub(super) fn new(
        ip: &Ip,
        transport: Transport<'_>,
        payload: &[u8],
        payload_len: u32,
        limit: PrefixLimit,
    ) -> Self {
        let carries_data = transport.is_tcp() && payload_len > 0;
        let prefix_len = limit.0.min(payload_len);
        Self {
            protocol: ip.protocol,
            // IPv6 numbers fragments only: a datagram that arrives whole elsewhere has no number there.
            identification: ip
                .identification
                .filter(|_| ip.source.is_ipv4())
                .unwrap_or(0),
            short: transport.short(),
            rest: transport.rest(),
            carries_data,
            prefix: payload.get(..prefix_len as usize).map(prefix_of),
            prefix_len,
        }
    }

    /// The fingerprint, once the length of the IP payload is known.
    pub(super) fn finish(self, ip_payload_len: u32) -> Fingerprint {
        let tcp = self.protocol == Protocol::TCP;
        let base = base_of(self.protocol, ip_payload_len);
        let identification = u64::from(self.identification);
        let short = short_of(base, identification, self.short);
        let kept = if self.carries_data { 0 } else { identification };
        let headers = self
            .rest
            .map(|rest| headers_of(base, kept, self.short, rest));
        let numbered = identification != 0 || tcp;
        Fingerprint {
            short,
            headers,
            full: headers
                .zip(self.prefix)
                .map(|(headers, prefix)| full_of(headers, prefix)),
            telling: numbered || (self.prefix_len > 0 && self.prefix.is_some()),
            repeatable: !numbered && !matches!(self.protocol, Protocol::ICMP | Protocol::ICMPV6),
        }
    }
}

/// [`Fingerprint::short`] of a packet that an ICMP error quotes: errors quote 8 bytes behind the IP header at least (RFC 792). `None`
/// for a fragment, whose datagram has another length.
pub(super) fn quoted_short(ip: &Ip, transport: &Layer) -> Option<u64> {
    let transport = match transport {
        Layer::Tcp(tcp) => Transport::Tcp(tcp, false),
        Layer::Icmp(icmp) => Transport::Icmp(icmp),
        Layer::Udp(_) | Layer::Sctp(_) => Transport::Other,
        Layer::Esp(esp) => Transport::Esp(esp),
        _ => return None,
    };
    let parts = Parts::new(ip, transport, &[], 0, PrefixLimit(0));
    ip.fragment
        .is_none()
        .then(|| parts.finish(ip.payload_len).short)
}

/// The transport header as far as it identifies a packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport<'a> {
    /// With whether all of the header was captured.
    Tcp(&'a Tcp, bool),
    Icmp(&'a Icmp),
    Esp(&'a Esp),
    WireGuard(&'a WireGuard),
    /// UDP and everything else: the flow key has all there is.
    Other,
}

impl Transport<'_> {
    /// What the first 8 bytes tell beside ports and identifiers, which the flow key has.
    fn short(self) -> u64 {
        match self {
            Self::Tcp(tcp, _) => u64::from(tcp.sequence),
            Self::Icmp(icmp) => {
                // The identifier is in the flow key, and address translation may change it (RFC 5508).
                let rest = if icmp.is_query() {
                    u32::from(icmp.sequence())
                } else {
                    icmp.rest
                };
                u64::from(icmp.icmp_type) << 40 | u64::from(icmp.code) << 32 | u64::from(rest)
            }
            Self::Esp(esp) => u64::from(esp.spi) << 32 | u64::from(esp.sequence),
            Self::WireGuard(message) => {
                u64::from(message.message_type) << 32 | u64::from(message.index)
            }
            Self::Other => 0,
        }
    }

    /// What the rest of the header tells; `None` where it was cut.
    fn rest(self) -> Option<[u64; 2]> {
        match self {
            Self::Tcp(tcp, whole) => whole.then(|| tcp_words(tcp, tcp.flags.0)),
            Self::WireGuard(message) => Some([message.counter.unwrap_or(0), 0]),
            Self::Icmp(_) | Self::Esp(_) | Self::Other => Some([0, 0]),
        }
    }

    const fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp(..))
    }
}

/// What a TCP header tells of the moment it was made.
fn tcp_words(tcp: &Tcp, flags: u8) -> [u64; 2] {
    let timestamps = tcp
        .timestamps
        .map_or(0, |t| u64::from(t.value) << 32 | u64::from(t.echo));
    [
        acknowledged_of(tcp.acknowledgment, flags, tcp.window),
        timestamps ^ tcp.selective.rotate_left(32),
    ]
}

/// The first of them.
#[inline]
pub(super) fn acknowledged_of(acknowledgment: u32, flags: u8, window: u16) -> u64 {
    u64::from(acknowledgment) << 32 | u64::from(flags) << 16 | u64::from(window)
}

/// What segments that were cut from one transmission, or merged to one, have in common: the kernel's GRO merges only segments
/// that are equal in this, and its GSO copies it; PSH and FIN go to the last piece, CWR to the first.
pub(super) fn control_of(tcp: &Tcp) -> u64 {
    control_of_words(tcp_words(tcp, tcp.flags.0 & SHARED_FLAGS))
}

/// The flags that all segments cut from one transmission have.
pub(super) const SHARED_FLAGS: u8 = {
    const CWR: u8 = 0x80;
    !(TcpFlags::PSH | TcpFlags::FIN | CWR)
};

#[inline]
pub(super) fn control_of_words([first, second]: [u64; 2]) -> u64 {
    fold(first ^ FIRST, second ^ SECOND)
}

/// What all fingerprints begin with.
#[inline]
pub(super) fn base_of(protocol: Protocol, ip_payload_len: u32) -> u64 {
    u64::from(protocol.0) << 32 | u64::from(ip_payload_len)
}

/// [`Fingerprint::short`]; `number` is what the first 8 bytes behind the IP header tell.
#[inline]
pub(super) fn short_of(base: u64, identification: u64, number: u64) -> u64 {
    let first = fold(base ^ FIRST, identification ^ SECOND);
    fold(first ^ number, THIRD)
}

/// [`Fingerprint::headers`] from the same and from the rest of the header.
#[inline]
pub(super) fn headers_of(base: u64, identification: u64, number: u64, rest: [u64; 2]) -> u64 {
    let first = fold(base ^ FIRST, identification ^ SECOND);
    let rest = fold(rest[0] ^ SECOND, rest[1] ^ THIRD);
    fold(first ^ number, rest ^ FIRST)
}

/// [`Fingerprint::full`].
#[inline]
pub(super) fn full_of(headers: u64, prefix: u64) -> u64 {
    fold(headers ^ THIRD, prefix ^ FIRST)
}

/// Of the first bytes of the payload.
#[inline]
pub(super) fn prefix_of(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Odd numbers without a pattern: digits of pi.
const FIRST: u64 = 0x243f_6a88_85a3_08d3;
const SECOND: u64 = 0x1319_8a2e_0370_7344;
const THIRD: u64 = 0xa409_3822_299f_31d1;

/// Both halves of the product, as wyhash and foldhash mix words: each bit of the result depends on all bits of both.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_snap_lengths_leave_no_payload() {
        assert_eq!(PrefixLimit::for_snap_length(96), PrefixLimit(0));
        assert_eq!(
            PrefixLimit::for_snap_length(262_144),
            PrefixLimit(PrefixLimit::MAX)
        );
        assert_eq!(PrefixLimit::for_snap_length(0), PrefixLimit(0));
    }
}
