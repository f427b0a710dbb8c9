//! Which packets were refused, and by whom.
//!
//! # ICMP errors
//! An error quotes the packet that caused it: the headers and 8 bytes at least, enough for its short fingerprint. A packet with the key and the
//! fingerprint of a quote was refused by the error's sender. Errors that quote only a tunnel's outer headers name no single packet
//! and refuse none here. "Source quench", "redirect" and "packet too big" do not all mean the end: only destination unreachable, time exceeded and
//! parameter problem refuse (RFC 792, RFC 4443).
//!
//! # Resets
//! A reset that acknowledges a SYN comes from the receiver, or from somebody on the way in its name (a firewall that rejects with a reset). It is
//! a refusal on the way if the point that the SYN was expected at next could have seen both and saw neither.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt as _};

use super::conversation::Seen;
use super::disposition::Refusal;
use super::timeline::IcmpError;
use super::trip::Trip;
use crate::identify::{Detail, TcpFlags};
use crate::types::{FlowKey, PointId};

/// ICMP types that refuse: destination unreachable, time exceeded, parameter problem.
const REFUSING: [u8; 3] = [3, 11, 12];
/// The same of ICMPv6.
const REFUSING_V6: [u8; 3] = [1, 3, 4];

/// How many trips of a direction have the same key and short fingerprint, of those that an error names.
pub(super) type Alike = HashMap<(FlowKey, u64), u32>;

/// Counts the trips of a direction that a quote cannot tell apart.
pub(super) fn count_alike(trips: &[Trip], seen: &[Seen], rejections: &Rejections) -> Alike {
    let mut alike = Alike::new();
    if rejections.by_packet.is_empty() {
        return alike;
    }
    for trip in trips {
        let prints: BTreeSet<(FlowKey, u64)> = trip
            .sightings
            .indexes()
            .filter_map(|i| seen.get(i))
            .map(|s| (s.sighting.key, s.sighting.fingerprint.short))
            .filter(|packet| rejections.by_packet.contains_key(packet))
            .collect();
        for print in prints {
            *alike.entry(print).or_default() += 1;
        }
    }
    alike
}

/// Everything that was refused by ICMP.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    by_packet: HashMap<(FlowKey, u64), (IpAddr, Refusal)>,
}

impl Rejections {
    /// From all errors, in file order; of several about one packet the first counts.
    pub(super) fn new(errors: &[IcmpError]) -> Self {
        let mut by_packet = HashMap::new();
        for error in errors {
            let refusing = if error.source.is_ipv4() {
                REFUSING
            } else {
                REFUSING_V6
            };
            let quoted = error
                .quote
                .and_then(|quote| Some((quote.key, quote.short?)));
            if let Some(packet) = quoted.filter(|_| refusing.contains(&error.icmp_type)) {
                let refusal = Refusal::Icmp {
                    icmp_type: error.icmp_type,
                    code: error.code,
                };
                by_packet.entry(packet).or_insert((error.source, refusal));
            }
        }
        Self { by_packet }
    }

    /// Who refused a trip, and how.
    ///
    /// `alike` tells how many packets of the direction have the same key and fingerprint: of several the quote names none.
    ///
    /// Quotes hold the addresses that the packet had where it was refused, or those that it had before a translation that the error
    /// went back through: any of the trip's keys will do. Of TCP data, segments that were cut again differ from the quote.
    pub(super) fn of(
        &self,
        trip: &Trip,
        seen: &[Seen],
        alike: &Alike,
    ) -> Option<(IpAddr, Refusal)> {
        if self.by_packet.is_empty() {
            return None;
        }
        let mut sightings = trip.sightings.indexes().filter_map(|i| seen.get(i));
        sightings.find_map(|s| {
            let packet = (s.sighting.key, s.sighting.fingerprint.short);
            let refused = self.by_packet.get(&packet).copied();
            refused.filter(|_| alike.get(&packet) == Some(&1))
        })
    }
}

/// The resets of one direction that answer SYNs of the other.
#[derive(Debug, Default)]
pub(super) struct Resets {
    /// By conversation and acknowledged number: who sent it, and the points that saw it.
    by_syn: HashMap<(u32, u32), (IpAddr, BTreeSet<PointId>)>,
}

impl Resets {
    /// From the direction opposite to the SYNs.
    pub(super) fn new(seen: &[Seen], trips: &[Trip]) -> Self {
        let mut resets = Self::default();
        for trip in trips {
            for (place, s) in trip
                .sightings
                .iter()
                .filter_map(|(place, i)| Some((place, seen.get(i)?)))
            {
                if let Detail::Tcp {
                    flags,
                    acknowledgment,
                    ..
                } = s.sighting.detail
                    && TcpFlags(flags).any(TcpFlags::RST)
                {
                    let id = (s.conversation, acknowledgment);
                    let first = || (s.sighting.key.source, BTreeSet::new());
                    let (_, points) = resets.by_syn.entry(id).or_insert_with(first);
                    points.insert(place.point);
                }
            }
        }
        resets
    }

    /// In whose name a SYN was refused by a reset that `next` did not see.
    pub(super) fn of(&self, syn: &Seen, next: PointId) -> Option<IpAddr> {
        let Detail::Tcp {
            flags, sequence, ..
        } = syn.sighting.detail
        else {
            return None;
        };
        if !TcpFlags(flags).any(TcpFlags::SYN) {
            return None;
        }
        let id = (syn.conversation, sequence.wrapping_add(1));
        let (by, points) = self.by_syn.get(&id)?;
        (!points.contains(&next)).then_some(*by)
    }
}
