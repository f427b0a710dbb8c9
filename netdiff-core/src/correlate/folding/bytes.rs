//! The bytes of TCP whose segments are gone.

use foldhash::HashMap;

use super::super::pieces::{Range, distance};
use crate::types::FlowKey;

/// Ranges are not joined to longer ones than this: distances count modulo 2^32.
const LONGEST: u32 = 1 << 30;

/// The bytes of TCP whose segments are gone, by key: half-open ranges of sequence numbers.
#[derive(Debug, Default)]
pub(in crate::correlate) struct FoldedBytes {
    by_key: HashMap<FlowKey, Vec<(u32, u32)>>,
}

impl FoldedBytes {
    /// Notes bytes that are gone.
    pub(super) fn note(&mut self, key: FlowKey, bytes: (u32, u32)) {
        let ranges = self.by_key.entry(key).or_default();
        match ranges.last_mut() {
            Some(last) if last.1 == bytes.0 && bytes.1.wrapping_sub(last.0) < LONGEST => {
                last.1 = bytes.1;
            }
            _ => ranges.push(bytes),
        }
    }

    /// Whether none are gone.
    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether some of these bytes are gone.
    pub(super) fn hold_some(&self, key: &FlowKey, (from, to): (u32, u32)) -> bool {
        let len = i64::from(to.wrapping_sub(from));
        self.of(key, from)
            .any(|(start, end)| start < len && end > 0)
    }

    /// Joins neighbors.
    pub(in crate::correlate) fn settle(&mut self) {
        for ranges in self.by_key.values_mut() {
            let Some(base) = ranges.first().map(|range| range.0) else {
                continue;
            };
            ranges.sort_by_key(|range| distance(base, range.0));
            ranges.dedup_by(|later, earlier| {
                let adjacent = earlier.1 == later.0 && later.1.wrapping_sub(earlier.0) < LONGEST;
                if adjacent {
                    earlier.1 = later.1;
                }
                adjacent
            });
        }
    }

    /// Those of a key, as distances from a sequence number.
    pub(in crate::correlate) fn of(
        &self,
        key: &FlowKey,
        base: u32,
    ) -> impl Iterator<Item = Range> + '_ {
        let ranges = self.by_key.get(key).into_iter().flatten();
        ranges.map(move |(from, to)| {
            let start = distance(base, *from);
            (start, start + i64::from(to.wrapping_sub(*from)))
        })
    }
}
