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

/// An identity with and without the payload, both with the headers of the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    /// Headers only.
    pub headers: u64,
    /// Headers and payload prefix; `None` where the capture cut the payload before the limit, so that the
    /// whole flow must be matched by headers.
    pub full: Option<u64>,
}

/// The parts of a fingerprint. A datagram that arrives in fragments gets its length when it is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    headers: [u64; 4],
    /// Hash of the payload prefix; `None` where the capture cut it.
    prefix: Option<u64>,
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
        let identification = match ip.protocol {
            Protocol::TCP => 0,
            _ => u64::from(ip.identification.unwrap_or(0)),
        };
        let [first, second] = transport.words();
        let wanted = limit.0.min(payload_len) as usize;
        Self {
            headers: [
                u64::from(ip.protocol.0) << 32 | identification,
                first,
                second,
                0,
            ],
            prefix: payload.get(..wanted).map(xxh3_64),
        }
    }

    /// The fingerprint, once the length of the IP payload is known.
    pub(super) fn finish(mut self, ip_payload_len: u32) -> Fingerprint {
        self.headers[3] = u64::from(ip_payload_len);
        let headers = hash_words(&self.headers);
        Fingerprint {
            headers,
            full: self.prefix.map(|prefix| hash_words(&[headers, prefix])),
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
    fn words(self) -> [u64; 2] {
        match self {
            Self::Tcp(tcp) => {
                let timestamps = tcp
                    .timestamps
                    .map_or(0, |t| u64::from(t.value) << 32 | u64::from(t.echo));
                let control = u64::from(tcp.flags.0) << 16 | u64::from(tcp.window);
                [
                    u64::from(tcp.sequence) << 32 | u64::from(tcp.acknowledgment),
                    hash_words(&[control, timestamps]),
                ]
            }
            Self::Icmp(icmp) => [
                u64::from(icmp.icmp_type) << 40 | u64::from(icmp.code) << 32 | u64::from(icmp.rest),
                0,
            ],
            Self::Esp(esp) => [u64::from(esp.spi) << 32 | u64::from(esp.sequence), 0],
            Self::WireGuard(message) => [
                u64::from(message.message_type) << 32 | u64::from(message.index),
                message.counter.unwrap_or(0),
            ],
            Self::Other => [0, 0],
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
