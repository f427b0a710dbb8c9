//! Plots: packets over time by what became of them, and how delays spread.

use crate::report::model_flow::HopReport;
use crate::report::over_time::{BinReport, OverTimeReport};
use crate::types::{Language, Message, Nanos};

/// Lengths in the plot's own unit.
const WIDTH: i64 = 600;
const UP: i64 = 70;
const DOWN: i64 = 70;
const MARGIN: i64 = 3;

/// Bars upwards for what arrived, downwards for what did not.
pub(super) struct OverTimePlot {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
    pub(super) axis: i64,
    pub(super) height: i64,
    /// From when on, how long, and how much its bars and its height are.
    pub(super) scale: String,
    pub(super) description: String,
}

/// One part of a bin.
pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) kind: &'static str,
    pub(super) title: String,
}

impl OverTimePlot {
    pub(super) fn new(name: &'static str, over_time: &OverTimeReport, language: Language) -> Self {
        let bins = over_time.bins.iter();
        let count = bins.clone().map(|bin| bin.bin + 1).max().unwrap_or(1);
        let most = bins.clone().map(up).max().unwrap_or(0);
        let worst = bins
            .clone()
            .map(|bin| down(bin).iter().map(|(_, n)| n).sum::<u64>());
        let worst = worst.max().unwrap_or(0);
        // One scale for both ways: a loss must not look bigger than what arrived.
        let scale = Scale {
            most: most.max(worst).max(1),
            bins: count,
            axis: if most > 0 { UP } else { MARGIN },
        };
        let bars = over_time
            .bins
            .iter()
            .flat_map(|bin| scale.bars(bin, over_time.bin_ns, language));
        let sum = |part: fn(&BinReport) -> u64| over_time.bins.iter().map(part).sum::<u64>();
        let (arrived, lost) = (sum(|b| b.delivered), sum(|b| b.lost + b.assumed_lost));
        let refused = sum(|b| b.refused);
        let length = i64::try_from(count)
            .unwrap_or(i64::MAX)
            .saturating_mul(over_time.bin_ns);
        Self {
            name: language.text(name).to_owned(),
            bars: bars.collect(),
            axis: scale.axis,
            height: scale.axis + if worst > 0 { DOWN } else { MARGIN },
            scale: message!(
                "from {start}, {length} in bars of {bin}; full height is {packets}{nothing}",
                start = to_milliseconds(&over_time.start),
                length = Nanos(length),
                bin = Nanos(over_time.bin_ns),
                packets = Message::count(scale.most, noun!("packet")),
                nothing = match lost + refused {
                    0 => message!("; nothing was lost"),
                    _ => Message::empty(),
                }
            )
            .render(language),
            description: message!(
                "Packets over time, {name}: from {start} on, {length} in all, {arrived} arrived, {lost} lost or missing, {refused} refused",
                name = Message::text(name),
                start = over_time.start,
                length = Nanos(length),
                arrived,
                lost,
                refused
            )
            .render(language),
        }
    }
}

/// `2026-11-22 16:11:16.198 UTC` of RFC 3339.
fn to_milliseconds(time: &str) -> String {
    match (time.get(..10), time.get(11..23)) {
        (Some(day), Some(clock)) => format!("{day} {clock} UTC"),
        _ => time.to_owned(),
    }
}

fn up(bin: &BinReport) -> u64 {
    bin.delivered + bin.unknown
}

fn down(bin: &BinReport) -> [(&'static str, u64); 3] {
    [
        (text!("lost"), bin.lost),
        (text!("missing"), bin.assumed_lost),
        (text!("refused"), bin.refused),
    ]
}

struct Scale {
    most: u64,
    bins: u64,
    /// Where the axis lies.
    axis: i64,
}

impl Scale {
    fn bars(&self, bin: &BinReport, bin_ns: i64, language: Language) -> Vec<Bar> {
        let part = |number: u64| {
            let x = i128::from(number) * i128::from(WIDTH) / i128::from(self.bins.max(1));
            i64::try_from(x).unwrap_or(WIDTH)
        };
        let (x, end) = (part(bin.bin), part(bin.bin + 1));
        let at = Nanos(bin_ns.saturating_mul(i64::try_from(bin.bin).unwrap_or(0)));
        let mut bars = Vec::new();
        let mut add = |kind, n: u64, y: i64, height: i64| {
            bars.push(Bar {
                x,
                y,
                width: (end - x - 1).max(1),
                height,
                kind,
                title: message!("{n} {what} at +{at}", n, what = Message::text(kind), at)
                    .render(language),
            });
        };
        let mut top = self.axis;
        for (kind, n) in [
            (text!("delivered"), bin.delivered),
            (text!("unknown"), bin.unknown),
        ] {
            let height = self.height(n, UP);
            top -= height;
            if n > 0 {
                add(kind, n, top, height);
            }
        }
        let mut low = self.axis;
        for (kind, n) in down(bin) {
            let height = self.height(n, DOWN);
            if n > 0 {
                add(kind, n, low, height);
            }
            low += height;
        }
        bars
    }

    /// Never invisible where there is something.
    fn height(&self, n: u64, full: i64) -> i64 {
        let height = i128::from(n) * i128::from(full) / i128::from(self.most.max(1));
        let height = i64::try_from(height).unwrap_or(full);
        if n > 0 { height.max(2) } else { 0 }
    }
}

/// How the delays to one hop spread: shortest to longest, with the median and what 95 percent do not exceed.
pub(super) struct DelayStrip {
    pub(super) name: &'static str,
    pub(super) min: i64,
    pub(super) median: i64,
    pub(super) high: i64,
    pub(super) max: i64,
    pub(super) words: String,
}

impl DelayStrip {
    /// `None` where the delay is not known, or the clocks of two nodes say too little of it.
    pub(super) fn new(name: &'static str, hop: &HopReport, language: Language) -> Option<Self> {
        let delay = hop
            .delay
            .filter(|d| d.bound_ns == 0 || d.median_ns > d.bound_ns)?;
        let error = match delay.bound_ns {
            0 => String::new(),
            bound => format!(", ± {}", Nanos(bound)),
        };
        Some(Self {
            name,
            min: on_axis(delay.min_ns),
            median: on_axis(delay.median_ns),
            high: on_axis(delay.high_ns),
            max: on_axis(delay.max_ns),
            words: message!(
                "{least} to {most}, median {median}, 95 % within {high}{error}",
                least = Nanos(delay.min_ns),
                most = Nanos(delay.max_ns),
                median = Nanos(delay.median_ns),
                high = Nanos(delay.high_ns),
                error
            )
            .render(language),
        })
    }

    pub(super) const fn box_width(&self) -> i64 {
        let width = self.high - self.median;
        if width < 2 { 2 } else { width }
    }
}

/// A delay's place on an axis from 1 µs to 10 s, 20 a power of ten; integers only, so that every machine draws the same.
fn on_axis(ns: i64) -> i64 {
    let steps = [10, 13, 16, 20, 25, 32, 40, 50, 63, 79];
    let mut at = 0;
    let mut decade = 1_000_i64;
    while decade < 10_000_000_000 {
        for step in steps {
            if ns <= decade / 10 * step {
                return at;
            }
            at += 2;
        }
        decade *= 10;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_grows_with_the_delay() {
        let places: Vec<i64> = (0..34).map(|n| on_axis(1_i64 << n)).collect();
        assert!(places.is_sorted());
        assert_eq!(on_axis(-5), 0);
        assert_eq!(on_axis(i64::MAX), on_axis(10_000_000_000));
    }

    #[test]
    fn a_single_loss_is_seen() {
        let bin = BinReport {
            bin: 0,
            delivered: 1_000_000,
            lost: 1,
            assumed_lost: 0,
            refused: 0,
            unknown: 0,
        };
        let plot = OverTimePlot::new(
            "failing",
            &OverTimeReport {
                start: "2026-11-22T16:11:16.198323000Z".to_owned(),
                bin_ns: 1 << 26,
                bins: vec![bin],
            },
            Language::English,
        );
        let lost = plot.bars.iter().find(|bar| bar.kind == "lost");
        assert_eq!(lost.map(|bar| (bar.y, bar.height)), Some((UP, 2)));
    }
}
