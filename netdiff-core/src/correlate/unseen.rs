//! Bytes that the receiver acknowledged and no capture shows.
//!
//! They arrived: that nobody saw them is a gap of the captures (packets that tcpdump dropped, a filter, a way that was not captured), and no
//! loss. Looked at are the gaps between bytes that were seen; what lies before the first or behind the last of them may lie outside the
//! captures' time. Where the capture cut headers, so that the extent of segments is a guess, nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;

use super::answers::Answers;
use super::conversation::Seen;
use super::folding::FoldedBytes;
use super::pieces::Range;
use super::trip::Trip;
use crate::types::FlowKey;

/// Counts such bytes of a direction. `bases` holds the numbers from which the bytes of each conversation count.
pub(super) fn unseen_bytes(
    trips: &[Trip],
    seen: &[Seen],
    answers: &Answers,
    bases: &HashMap<u32, u32>,
    folded: Option<&FoldedBytes>,
) -> u64 {
    let headers_cut = seen
        .iter()
        .any(|s| s.sighting.fingerprint.headers.is_none());
    if headers_cut {
        return 0;
    }
    let mut ranges: BTreeMap<u32, Vec<Range>> = BTreeMap::new();
    for trip in trips {
        let first = trip.sightings.first().and_then(|i| seen.get(i));
        if let (Some(s), Some(bytes)) = (first, trip.bytes) {
            ranges.entry(s.conversation).or_default().push(bytes);
        }
    }
    if let Some(folded) = folded {
        let keys: BTreeSet<(u32, FlowKey)> = seen
            .iter()
            .map(|s| (s.conversation, s.sighting.key))
            .collect();
        for (conversation, key) in keys {
            if let (Some(ranges), Some(base)) =
                (ranges.get_mut(&conversation), bases.get(&conversation))
            {
                ranges.extend(folded.of(&key, *base));
            }
        }
    }
    let gaps = ranges.into_iter().filter_map(|(conversation, ranges)| {
        let base = *bases.get(&conversation)?;
        let reached = answers.furthest(conversation, base)?;
        Some(gaps_before(ranges, reached))
    });
    gaps.sum()
}

/// Bytes between ranges, as far as they lie before a number.
fn gaps_before(mut ranges: Vec<Range>, end: i64) -> u64 {
    ranges.sort_unstable();
    let mut gaps = 0;
    let mut until = ranges.first().map_or(0, |range| range.0);
    for (from, to) in ranges {
        let gap = from.min(end).saturating_sub(until);
        gaps += u64::try_from(gap).unwrap_or(0);
        until = until.max(to);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_and_was_acknowledged_counts() {
        let ranges = || vec![(0, 10), (30, 40), (15, 20), (12, 18)];
        assert_eq!(gaps_before(ranges(), 40), 2 + 10);
        assert_eq!(gaps_before(ranges(), 25), 2 + 5);
        assert_eq!(gaps_before(ranges(), 10), 0);
        assert_eq!(gaps_before(Vec::new(), 10), 0);
    }
}
