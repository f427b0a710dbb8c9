//! What became of packets over time: what a plot of losses shows.

use serde::Serialize;

use super::time::render_time;
use crate::correlate::OverTime;

/// Packets by what became of them, in bins of time. A packet's time is when it was first seen, by the clock of the node that saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OverTimeReport {
    /// When the first bin begins, RFC 3339.
    pub start: String,
    /// How wide each bin is: a power of two, so chosen that there are at most 60 bins.
    pub bin_ns: i64,
    /// In order of time; bins without packets are left out.
    pub bins: Vec<BinReport>,
}

/// What became of the packets of one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BinReport {
    /// How many bins lie between `start` and this one.
    pub bin: u64,
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

/// `None` where nothing was counted: a baseline holds no times.
pub(super) fn over_time_report(counted: &OverTime) -> Option<OverTimeReport> {
    let (start, _) = counted.bins().next()?;
    let width = counted.width_ns();
    let bins = counted.bins().map(|(time, bin)| BinReport {
        bin: time.0.abs_diff(start.0) / width.unsigned_abs().max(1),
        delivered: bin.delivered,
        lost: bin.lost,
        assumed_lost: bin.assumed_lost,
        refused: bin.refused,
        unknown: bin.unknown,
    });
    Some(OverTimeReport {
        start: render_time(start),
        bin_ns: width,
        bins: bins.collect(),
    })
}
