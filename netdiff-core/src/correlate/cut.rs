//! Cuts the bytes of a conversation at all boundaries that any place shows.

use super::pieces::{Range, Unit};

/// How many pieces a segment may have on average, for each place that saw the conversation, and whatever their number. Where every place cuts the same
/// bytes otherwise, there are as many as places.
const MAX_SHARES: [usize; 2] = [4, 16];

/// The pieces in order, and the units that hold each of them, in order of units.
pub(super) struct Pieces {
    /// Where the pieces begin, and behind the last.
    edges: Vec<i64>,
    /// Where the holders of each piece begin, and behind those of the last.
    starts: Vec<usize>,
    holders: Vec<usize>,
}

impl Pieces {
    /// Of units in order of places; `None` where there are too many.
    pub(super) fn of(units: &[Unit]) -> Option<Self> {
        let both = |unit: &Unit| [unit.range.0, unit.range.1];
        let mut edges: Vec<i64> = units.iter().flat_map(both).collect();
        // At each place they ascend already.
        edges.sort();
        edges.dedup();
        let spans = spans(units, &edges)?;
        let mut starts = vec![0; edges.len().max(1)];
        for held in spans.iter().flat_map(Clone::clone) {
            *starts.get_mut(held + 1)? += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut ends = starts.clone();
        let mut holders = vec![0; sum];
        for (index, span) in spans.into_iter().enumerate() {
            for end in ends.get_mut(span)? {
                *holders.get_mut(*end)? = index;
                *end += 1;
            }
        }
        Some(Self {
            edges,
            starts,
            holders,
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Range, &[usize])> {
        let ranges = self.edges.iter().zip(self.edges.iter().skip(1));
        let bounds = self.starts.iter().zip(self.starts.iter().skip(1));
        ranges.zip(bounds).map(|((from, to), (start, end))| {
            let holders = self.holders.get(*start..*end).unwrap_or_default();
            ((*from, *to), holders)
        })
    }
}

/// Which pieces each unit holds; `None` where those are too many.
fn spans(units: &[Unit], edges: &[i64]) -> Option<Vec<std::ops::Range<usize>>> {
    let find = |edge: i64, likely: usize| match edges.get(likely) {
        Some(known) if *known == edge => likely,
        _ => edges.partition_point(|known| *known < edge),
    };
    let places = units.chunk_by(|a, b| a.place == b.place).count();
    let [for_each, whatever] = MAX_SHARES;
    let most = places.saturating_mul(for_each).min(whatever);
    let mut shares = units.len().saturating_mul(most);
    let mut spans = Vec::with_capacity(units.len());
    let mut behind = 0;
    for unit in units {
        let first = find(unit.range.0, behind);
        behind = find(unit.range.1, first + 1);
        shares = shares.checked_sub(behind - first)?;
        spans.push(first..behind);
    }
    Some(spans)
}
