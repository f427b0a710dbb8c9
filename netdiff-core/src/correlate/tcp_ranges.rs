//! Which TCP bytes were seen where, and which were acknowledged.
//!
//! Segmentation offload cuts the same bytes differently at different points, so a segment that another point does not show
//! may be there in other pieces. Sequence numbers are compared modulo 2^32, as distances from the first one seen in the
//! conversation: right for anything that moves less than 2 GiB.

use std::collections::HashMap;

use super::conversation::Seen;
use super::trip::Trip;
use crate::identify::{Detail, TcpFlags};
use crate::types::{FlowKey, PointId};

/// A half-open range of bytes, as distances from the conversation's base.
type Range = (i64, i64);

/// What one direction carried.
#[derive(Default)]
pub(super) struct TcpRanges {
    base: HashMap<FlowKey, u32>,
    /// Disjoint ranges seen, sorted.
    seen: HashMap<(FlowKey, PointId), Vec<Range>>,
    /// Every transmission that a point saw, sorted. Cuts differ between points, so what overlaps at one point was sent twice.
    sent: HashMap<(FlowKey, PointId), Vec<Range>>,
    /// The furthest acknowledgment from the other side.
    acknowledged: HashMap<FlowKey, i64>,
}

/// How much of a range a point has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    All,
    Part,
    None,
}

impl TcpRanges {
    pub(super) fn new(seen: &[Seen], trips: &[Trip], opposite: &[Seen]) -> Self {
        let mut ranges = Self::default();
        for s in seen {
            if let Some(range) = ranges.range_of(s) {
                ranges
                    .seen
                    .entry((s.sighting.key, s.evidence.point))
                    .or_default()
                    .push(range);
            }
        }
        ranges.seen.values_mut().for_each(merge);
        for (point, index) in trips.iter().flat_map(|trip| &trip.sightings) {
            let s = seen.get(*index);
            if let Some((s, range)) = s.and_then(|s| Some((s, ranges.range_of(s)?))) {
                ranges
                    .sent
                    .entry((s.sighting.key, *point))
                    .or_default()
                    .push(range);
            }
        }
        ranges
            .sent
            .values_mut()
            .for_each(|sent| sent.sort_unstable());
        for s in opposite {
            ranges.note_acknowledgment(s);
        }
        ranges
    }

    fn note_acknowledgment(&mut self, s: &Seen) {
        let key = s.sighting.key.reversed();
        if let (
            Detail::Tcp {
                flags,
                acknowledgment,
                ..
            },
            Some(&base),
        ) = (s.sighting.detail, self.base.get(&key))
            && TcpFlags(flags).any(TcpFlags::ACK)
        {
            let reached = distance(base, acknowledgment);
            let furthest = self.acknowledged.entry(key).or_insert(reached);
            *furthest = (*furthest).max(reached);
        }
    }

    /// The bytes (SYN and FIN count as one each) of a segment; `None` for one that takes no sequence space.
    fn range_of(&mut self, s: &Seen) -> Option<Range> {
        let Detail::Tcp {
            flags,
            sequence,
            data_len,
            ..
        } = s.sighting.detail
        else {
            return None;
        };
        let marks = i64::from(TcpFlags(flags).any(TcpFlags::SYN))
            + i64::from(TcpFlags(flags).any(TcpFlags::FIN));
        let len = i64::from(data_len) + marks;
        let base = *self.base.entry(s.sighting.key).or_insert(sequence);
        let start = distance(base, sequence);
        (len > 0).then_some((start, start + len))
    }

    /// Whether the other side acknowledged all of this segment, which was sent only once.
    pub(super) fn is_acknowledged(&mut self, s: &Seen) -> bool {
        let Some(range) = self.range_of(s) else {
            return false;
        };
        let acknowledged = self.acknowledged.get(&s.sighting.key);
        acknowledged.is_some_and(|reached| *reached >= range.1) && self.sent_once(s, range)
    }

    /// How much of this segment `point` saw in any pieces; all of it only counts if it was sent once.
    pub(super) fn coverage(&mut self, s: &Seen, point: PointId) -> Coverage {
        let Some((start, end)) = self.range_of(s) else {
            return Coverage::None;
        };
        let Some(ranges) = self.seen.get(&(s.sighting.key, point)) else {
            return Coverage::None;
        };
        let before = ranges.partition_point(|(first, _)| *first < end);
        match before.checked_sub(1).and_then(|i| ranges.get(i)) {
            Some((first, last))
                if *first <= start && *last >= end && self.sent_once(s, (start, end)) =>
            {
                Coverage::All
            }
            Some((_, last)) if *last > start => Coverage::Part,
            _ => Coverage::None,
        }
    }

    /// Whether the point that saw this segment saw no other transmission that overlaps it.
    fn sent_once(&self, s: &Seen, (start, end): Range) -> bool {
        /// No segment is longer: 64 KiB, or what BIG TCP makes of it.
        const LONGEST: i64 = 1 << 20;
        let Some(sent) = self.sent.get(&(s.sighting.key, s.evidence.point)) else {
            return true;
        };
        let from = sent.partition_point(|(first, _)| *first < start - LONGEST);
        let near = sent.iter().skip(from).take_while(|(first, _)| *first < end);
        near.filter(|(_, last)| *last > start).count() <= 1
    }
}

const fn distance(base: u32, sequence: u32) -> i64 {
    sequence.wrapping_sub(base).cast_signed() as i64
}

fn merge(ranges: &mut Vec<Range>) {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges.drain(..) {
        match merged.last_mut() {
            Some(last) if last.1 >= range.0 => last.1 = last.1.max(range.1),
            _ => merged.push(range),
        }
    }
    *ranges = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge() {
        let mut ranges = vec![(5, 9), (0, 3), (3, 5), (20, 30)];
        merge(&mut ranges);
        assert_eq!(ranges, [(0, 9), (20, 30)]);
    }

    #[test]
    fn distances_wrap() {
        assert_eq!(distance(u32::MAX, 4), 5);
        assert_eq!(distance(4, u32::MAX), -5);
    }
}
