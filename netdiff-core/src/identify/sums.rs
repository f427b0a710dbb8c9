//! Checksums of usual packets in tunnels: those that are as they should be, or left to the network card.

use super::headers::{Ip, Segment, Udp};
use super::{ChecksumState, Checksums};

/// What the checksums of a packet say, as a small number: 0 where they are not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums(u8);

/// The states of an inner checksum that are told here; the outer one is always [`ChecksumState::Zero`].
const INNER: [ChecksumState; 3] = [
    ChecksumState::Ok,
    ChecksumState::Zero,
    ChecksumState::Partial,
];

impl Sums {
    /// How many there are that are looked at.
    pub const ALL: usize = INNER.len();

    pub(super) fn of(inner: ChecksumState) -> Self {
        let place = INNER.iter().position(|state| *state == inner);
        Self(
            place
                .and_then(|place| u8::try_from(place + 1).ok())
                .unwrap_or(0),
        )
    }

    /// Its place among those that are looked at.
    pub(super) fn place(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }

    /// The same as [`Observation::checksums`](super::Observation::checksums).
    #[must_use]
    pub fn checksums(self) -> Option<Checksums> {
        Self::at(self.place()?)
    }

    /// What those at a place say.
    #[must_use]
    pub fn at(place: usize) -> Option<Checksums> {
        Some(Checksums {
            outer: Some(ChecksumState::Zero),
            inner: Some(*INNER.get(place)?),
        })
    }
}

/// Whether the header of a tunnel has no checksum: what else it may be, the long way tells.
#[inline]
pub(super) const fn has_none(udp: &Udp<'_>) -> bool {
    udp.checksum == 0
}

/// What the checksum of a packet in a tunnel says; `None` where that takes longer to tell.
#[inline]
pub(super) fn transport_state(segment: Segment<'_>, ip: &Ip<'_>) -> Option<ChecksumState> {
    const UDP_FIELD: usize = 6;
    let is_whole = segment.bytes.len() == segment.wire as usize;
    let stored: [u8; 2] = *segment.bytes.get(segment.field..)?.first_chunk()?;
    if stored == [0, 0] && segment.field == UDP_FIELD {
        return (!ip.is_v6).then_some(ChecksumState::Zero);
    }
    let has_pseudo_header = ip.is_v6 || segment.field != 2;
    let mut pseudo = 0;
    if has_pseudo_header {
        pseudo = sum(ip.address_bytes()) + sum(&[0, ip.protocol.0]);
    }
    let with_len = if has_pseudo_header {
        pseudo + sum(&segment.wire.to_be_bytes())
    } else {
        0
    };
    if is_whole && folded(with_len + sum(segment.bytes)) == u16::MAX {
        return Some(ChecksumState::Ok);
    }
    let stored = u16::from_le_bytes(stored);
    let is_partial = folded(with_len) == stored || folded(pseudo) == stored;
    (has_pseudo_header && is_partial).then_some(ChecksumState::Partial)
}

/// The sum of 16-bit words in the order of a little-endian machine: a ones' complement sum is the same in either order, but for its bytes
/// (RFC 1071). Not yet folded; right for less than 2^32 bytes.
#[inline]
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let sum: u64 = words
        .iter()
        .map(|word| u64::from(u32::from_le_bytes(*word)))
        .sum();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    sum + u64::from(u32::from_le_bytes(last))
}

#[inline]
fn folded(sum: u64) -> u16 {
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    u16::try_from(sum).unwrap_or(u16::MAX)
}
