//! When packets met their ends: what a plot of loss over time needs, in little memory.

use super::disposition::{Disposition, Trust};
use crate::types::Timestamp;

/// The most bins between the first packet and the last.
pub const MAX_BINS: u64 = 60;

/// Bins are not narrower than 2^26 ns, about 67 ms.
const NARROWEST: u32 = 26;

/// Packets by what became of them, in bins of time.
///
/// A bin is a power of two of nanoseconds wide and begins at a multiple of its width: the narrowest with which first and last packet are
/// less than [`MAX_BINS`] bins apart. So the bins follow from the packets and not from the order in which they come, and two counts
/// add up to what one count of all the packets would be. Empty bins take no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverTime {
    /// The width as an exponent of two.
    exponent: u32,
    /// Number of the bin since the epoch, and what is in it; in order of time, none of them empty.
    bins: Vec<(i64, Bin)>,
}

/// What became of the packets of one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Arrived.
    pub delivered: u64,
    /// Lost, and that is proven.
    pub lost: u64,
    /// Lost, if the next point captured then.
    pub assumed_lost: u64,
    /// Rejected, or caught in a loop.
    pub refused: u64,
    /// Out of sight, or unknown.
    pub unknown: u64,
}

impl Default for OverTime {
    fn default() -> Self {
        Self {
            exponent: NARROWEST,
            bins: Vec::new(),
        }
    }
}

impl OverTime {
    /// Counts packets.
    pub(super) fn note(&mut self, time: Timestamp, end: Disposition, packets: u64) {
        let bin = match end {
            Disposition::Delivered(_) => Bin {
                delivered: packets,
                ..Bin::default()
            },
            Disposition::Lost { trust, .. } => Bin {
                lost: packets * u64::from(trust == Trust::Proven),
                assumed_lost: packets * u64::from(trust == Trust::Assumed),
                ..Bin::default()
            },
            Disposition::Rejected { .. } | Disposition::Looped { .. } => Bin {
                refused: packets,
                ..Bin::default()
            },
            Disposition::NotCovered { .. } | Disposition::Unknown { .. } => Bin {
                unknown: packets,
                ..Bin::default()
            },
        };
        self.add(time.0 >> self.exponent, bin);
        self.widen();
    }

    /// Adds another count, as if its packets had been counted here.
    pub fn merge(&mut self, other: &Self) {
        while self.exponent < other.exponent {
            self.double();
        }
        let shift = self.exponent - other.exponent;
        for (number, bin) in &other.bins {
            self.add(number >> shift, *bin);
        }
        self.widen();
    }

    /// The width of a bin in nanoseconds.
    #[must_use]
    pub const fn width_ns(&self) -> i64 {
        1 << self.exponent
    }

    /// When each bin begins, and what is in it; in order of time, none of them empty.
    pub fn bins(&self) -> impl Iterator<Item = (Timestamp, Bin)> + '_ {
        let bins = self.bins.iter();
        bins.map(|(number, bin)| (Timestamp(number << self.exponent), *bin))
    }

    fn add(&mut self, number: i64, bin: Bin) {
        match self.bins.binary_search_by_key(&number, |(n, _)| *n) {
            Ok(at) => {
                if let Some((_, known)) = self.bins.get_mut(at) {
                    known.add(bin);
                }
            }
            Err(at) => self.bins.insert(at, (number, bin)),
        }
    }

    fn widen(&mut self) {
        while let (Some((first, _)), Some((last, _))) = (self.bins.first(), self.bins.last())
            && last.abs_diff(*first) >= MAX_BINS
        {
            self.double();
        }
    }

    fn double(&mut self) {
        self.exponent += 1;
        for (number, bin) in std::mem::take(&mut self.bins) {
            self.add(number >> 1, bin);
        }
    }
}

impl Bin {
    const fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.assumed_lost += other.assumed_lost;
        self.refused += other.refused;
        self.unknown += other.unknown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Proof;

    fn count(times: &[i64]) -> OverTime {
        let mut counted = OverTime::default();
        for time in times {
            counted.note(Timestamp(*time), Disposition::Delivered(Proof::Seen), 1);
        }
        counted
    }

    #[test]
    fn the_order_of_packets_and_of_parts_changes_nothing() {
        let times: Vec<i64> = (0..200)
            .map(|n| n * n * 7_919_113 - 5_000_000_000)
            .collect();
        let whole = count(&times);
        let mut backwards = times.clone();
        backwards.reverse();
        assert_eq!(whole, count(&backwards));
        let (late, early) = backwards.split_at(50);
        for (one, other) in [(early, late), (late, early)] {
            let mut parts = count(one);
            parts.merge(&count(other));
            assert_eq!(whole, parts);
        }
    }

    #[test]
    fn bins_are_few_and_hold_every_packet() {
        for times in [
            vec![0],
            vec![i64::MIN, 0, i64::MAX],
            (0..10_000).map(|n| n * 1_000_000_000).collect(),
        ] {
            let counted = count(&times);
            let first = counted.bins().next().map(|(time, _)| time.0);
            let last = counted.bins().last().map(|(time, _)| time.0);
            let apart = last.zip(first).map(|(l, f)| l.abs_diff(f));
            let width = counted.width_ns().unsigned_abs();
            assert!(apart.is_some_and(|apart| apart / width < MAX_BINS));
            let packets: u64 = counted.bins().map(|(_, bin)| bin.delivered).sum();
            assert_eq!(packets, times.len() as u64);
        }
    }
}
