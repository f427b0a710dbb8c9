//! What identifies a packet at every hop.
//!
//! | covered | why |
//! |---|---|
//! | IP payload length | no hop changes it; fragments are joined first |
//! | IPv4 identification, not for TCP | survives routing, bridging and encapsulation for ICMP and UDP; segmentation offload renumbers TCP |
//! | TCP: sequence, acknowledgment, flags, window, timestamps | name one segment, and its retransmission apart from it where timestamps are used |
//! | ICMP: type, code, identifier and sequence | name one query |
//! | ESP: index and sequence; WireGuard: index and counter | all that is readable of a sealed packet |
//! | the payload's first bytes, up to [`PrefixLimit`] | tell apart what the headers do not |
//!
//! Never covered: MAC addresses, VLAN, TTL, DSCP/ECN, every checksum (offload leaves them wrong), TCP's other
//! options (hops rewrite the MSS), and all outer headers.
//!
//! Packets with equal fingerprints in one flow are the same packet or repetitions of it; which, the correlator
//! decides by order and time.

use xxhash_rust::xxh3::xxh3_64;

use crate::decode::{Esp, Icmp, Ip, Tcp, WireGuard};
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
    /// What is left when a hop translates addresses, ports and ICMP identifiers; `None` where the capture cut too much, or where
    /// what is left tells one packet from another by chance only.
    pub translated: Option<u64>,
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
    /// `short` without what translation changes.
    translated: u64,
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
            translated: transport.without_translation(),
            prefix: payload.get(..prefix_len as usize).map(xxh3_64),
            prefix_len,
        }
    }

    /// The fingerprint, once the length of the IP payload is known.
    pub(super) fn finish(self, ip_payload_len: u32) -> Fingerprint {
        let tcp = self.protocol == Protocol::TCP;
        let base = u64::from(self.protocol.0) << 32 | u64::from(ip_payload_len);
        let identification = u64::from(self.identification);
        let short = hash_words(&[base, identification, self.short]);
        let kept = if tcp { 0 } else { identification };
        let headers = self.rest.map(|[first, second]| {
            hash_words(&[base, kept, self.short, hash_words(&[first, second])])
        });
        let numbered = identification != 0 || tcp;
        let translated = self
            .rest
            .zip(self.prefix)
            .filter(|_| numbered || self.prefix_len > 0);
        Fingerprint {
            short,
            headers,
            full: headers
                .zip(self.prefix)
                .map(|(headers, prefix)| hash_words(&[headers, prefix])),
            translated: translated.map(|([first, second], prefix)| {
                hash_words(&[
                    base,
                    kept,
                    self.translated,
                    hash_words(&[first, second, prefix]),
                ])
            }),
            repeatable: !numbered && !matches!(self.protocol, Protocol::ICMP | Protocol::ICMPV6),
        }
    }
}

/// The transport header as far as it identifies a packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport<'a> {
    Tcp(&'a Tcp),
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
            Self::Tcp(tcp) => u64::from(tcp.sequence),
            Self::Icmp(icmp) => {
                u64::from(icmp.icmp_type) << 40 | u64::from(icmp.code) << 32 | u64::from(icmp.rest)
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
            Self::Tcp(tcp) => {
                tcp.header_len?;
                let control = u64::from(tcp.flags.0) << 16 | u64::from(tcp.window);
                let timestamps = tcp
                    .timestamps
                    .map_or(0, |t| u64::from(t.value) << 32 | u64::from(t.echo));
                Some([u64::from(tcp.acknowledgment) << 32 | control, timestamps])
            }
            Self::WireGuard(message) => Some([message.counter.unwrap_or(0), 0]),
            Self::Icmp(_) | Self::Esp(_) | Self::Other => Some([0, 0]),
        }
    }

    /// [`Transport::short`] without the identifier that address translation may change (RFC 5508).
    fn without_translation(self) -> u64 {
        match self {
            Self::Icmp(icmp) if icmp.is_query() => self.short() & !(0xffff << 16),
            _ => self.short(),
        }
    }
}

fn hash_words(words: &[u64]) -> u64 {
    let mut bytes = [0u8; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    xxh3_64(bytes.get(..words.len() * 8).unwrap_or(&bytes))
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
