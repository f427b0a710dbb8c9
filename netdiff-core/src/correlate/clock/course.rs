//! A stretch of time in which one clock gains on the other at a constant rate.
//!
//! Each packet limits the line `offset = level + rate * time` from above or below. The lines that all limits allow form a convex
//! set, so that everything asked of it is found by bisection, in integers and exactly up to the units below.

/// How wrong a difference of two times may be, in nanoseconds: classic captures cut each time to the microsecond, so the
/// difference of two is off by less than one. Every limit is loosened by it.
pub(super) const TOLERANCE: i64 = 1_000;

/// Rates are integers in parts of 10^12: over a day one of them makes 86 ns.
const UNIT: i128 = 1_000_000_000_000;

/// Largest rate between two clocks, 1000 ppm: oscillators stay below 100, and Linux slews a clock by at most 500.
const STEEPEST: i64 = 1_000_000_000;

/// What one packet says: at `time`, the offset is at most `ahead` (if `above`), or at least. Nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Limit {
    pub(super) time: i64,
    pub(super) above: bool,
    pub(super) ahead: i64,
}

impl Limit {
    /// Whether an offset that is surely inside `spread` contradicts this limit.
    pub(super) const fn contradicts(self, spread: Spread) -> bool {
        if self.above {
            spread.low > self.ahead.saturating_add(TOLERANCE)
        } else {
            spread.high < self.ahead.saturating_sub(TOLERANCE)
        }
    }
}

/// The offsets that are possible at some time, and the best estimate among them. Nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) low: i64,
    pub(super) estimate: i64,
    pub(super) high: i64,
}

impl Spread {
    /// Both; the estimate stays.
    pub(super) fn cover(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            estimate: self.estimate,
            high: self.high.max(other.high),
        }
    }

    /// The estimate in the middle.
    pub(super) fn centered(self) -> Self {
        let middle = (i128::from(self.low) + i128::from(self.high)).div_euclid(2);
        Self {
            estimate: saturate(middle),
            ..self
        }
    }

    /// The largest error of the estimate.
    pub(super) fn bound(self) -> i64 {
        let above = self.high.saturating_sub(self.estimate);
        above.max(self.estimate.saturating_sub(self.low))
    }

    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// The limits that decide: the corners of the convex hull below those from above, and of the hull above those from below. The latter
/// are upside down (`-ahead`), so that one set of functions serves both.
struct Hulls {
    origin: i64,
    above: Vec<(i128, i128)>,
    below: Vec<(i128, i128)>,
}

impl Hulls {
    /// `limits` are sorted by time.
    fn new(limits: &[Limit]) -> Self {
        let origin = limits.first().map_or(0, |limit| limit.time);
        let side = |above: bool| {
            let mut hull: Vec<(i128, i128)> = Vec::new();
            for limit in limits.iter().filter(|limit| limit.above == above) {
                let ahead = i128::from(limit.ahead);
                let y = if above { ahead } else { -ahead } + i128::from(TOLERANCE);
                add_to_hull(&mut hull, (i128::from(limit.time) - i128::from(origin), y));
            }
            hull
        };
        Self {
            origin,
            above: side(true),
            below: side(false),
        }
    }

    /// Twice the margin that lines of this rate have between the limits, in parts of 10^12 ns; negative if none fits.
    fn room(&self, rate: i64) -> i128 {
        lowest(&self.above, rate).saturating_add(lowest(&self.below, -rate))
    }

    const fn is_one_sided(&self) -> bool {
        self.above.is_empty() || self.below.is_empty()
    }

    /// The rate with most room; of several that nearest to 0.
    fn roomiest(&self) -> i64 {
        let rises = |rate: i64| self.room(rate + 1) > self.room(rate);
        let falls = |rate: i64| self.room(rate + 1) < self.room(rate);
        let first = bisect(-STEEPEST, STEEPEST, |rate| !rises(rate));
        let last = bisect(first, STEEPEST, falls);
        0.clamp(first, last)
    }

    /// The least and the largest rate with room; `within` has some.
    fn rates(&self, within: i64) -> (i64, i64) {
        let first = bisect(-STEEPEST, within, |rate| self.room(rate) >= 0);
        let last = bisect(within, STEEPEST, |rate| self.room(rate + 1) < 0);
        (first, last)
    }
}

/// The first number from `low` for which `is_past` holds, which stays true from there; `high` if there is none before it.
fn bisect(mut low: i64, mut high: i64, is_past: impl Fn(i64) -> bool) -> i64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if is_past(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Adds a point to the corners of a hull from below; points come in order of x.
fn add_to_hull(hull: &mut Vec<(i128, i128)>, point: (i128, i128)) {
    while let Some(&last) = hull.last() {
        if last.0 == point.0 {
            if last.1 <= point.1 {
                return;
            }
        } else {
            let Some(&before) = hull.iter().rev().nth(1) else {
                break;
            };
            // Times and differences are bounded (`least`), so that the products stay below 2^126.
            let (along, across) = (
                (last.1 - before.1) * (point.0 - last.0),
                (point.1 - last.1) * (last.0 - before.0),
            );
            if along < across {
                break;
            }
        }
        hull.pop();
    }
    hull.push(point);
}

/// The highest level of a line of this rate below all points; without points there is no limit.
fn lowest(hull: &[(i128, i128)], rate: i64) -> i128 {
    let levels = hull.iter().map(|(x, y)| y * UNIT - i128::from(rate) * x);
    levels.min().unwrap_or(i128::MAX / 4)
}

/// A line: level at the origin in parts of 10^12 ns, and rate in parts of 10^12.
#[derive(Clone, Copy, Debug)]
struct Line {
    level: i128,
    rate: i64,
}

impl Line {
    fn at(self, x: i128) -> i128 {
        self.level + i128::from(self.rate) * x
    }
}

/// The lines that are highest somewhere among those below all points of a hull, with rates from `first` to `last`.
fn highest_lines(hull: &[(i128, i128)], first: i64, last: i64) -> Vec<Line> {
    // One beyond either end makes up for the rates between integers.
    let (first, last) = (first.saturating_sub(1), last.saturating_add(1));
    let mut rates = vec![first, last];
    for pair in hull.windows(2) {
        if let [a, b] = pair {
            let rate = ((b.1 - a.1) * UNIT).div_euclid(b.0 - a.0);
            let rate = saturate(rate.clamp(i128::from(first), i128::from(last)));
            rates.extend([rate, rate.saturating_add(1).min(last)]);
        }
    }
    rates.sort_unstable();
    rates.dedup();
    let line = |rate| Line {
        level: lowest(hull, rate),
        rate,
    };
    rates.into_iter().map(line).collect()
}

/// The lines that the packets of a stretch allow.
#[derive(Clone, Debug)]
pub(super) struct Course {
    origin: i64,
    line: Line,
    rates: (i64, i64),
    above: Vec<Line>,
    /// Upside down.
    below: Vec<Line>,
}

/// Whether one line keeps all limits, which are sorted by time.
pub(super) fn fits(limits: &[Limit]) -> bool {
    let hulls = Hulls::new(limits);
    hulls.is_one_sided() || hulls.room(0) >= 0 || hulls.room(hulls.roomiest()) >= 0
}

impl Course {
    /// `None` if the limits, sorted by time, allow no line or come from one side alone.
    ///
    /// # The line
    /// That with the largest margin to the limits. A constant offset is preferred where it keeps them, unless the
    /// packets bound the rate on both sides and the best rate leaves more than twice the margin: noise in the delays always
    /// leaves a little more to some rate.
    pub(super) fn new(limits: &[Limit]) -> Option<Self> {
        let hulls = Hulls::new(limits);
        if hulls.is_one_sided() {
            return None;
        }
        let best = hulls.roomiest();
        let room = hulls.room(best);
        if room < 0 {
            return None;
        }
        let (first, last) = hulls.rates(best);
        let constant = hulls.room(0);
        let bounded = first > -STEEPEST && last < STEEPEST;
        let rate = if constant < 0 || (bounded && room / 2 > constant) {
            best
        } else {
            0
        };
        let (above, below) = (lowest(&hulls.above, rate), -lowest(&hulls.below, -rate));
        Some(Self {
            origin: hulls.origin,
            line: Line {
                level: below + (above - below) / 2,
                rate,
            },
            rates: (first, last),
            above: highest_lines(&hulls.above, first, last),
            below: highest_lines(&hulls.below, -last, -first),
        })
    }

    /// The time of the first limit.
    pub(super) const fn origin(&self) -> i64 {
        self.origin
    }

    /// The estimate at a time.
    pub(super) fn estimate(&self, time: i64) -> i64 {
        saturate(self.line.at(self.x(time)).div_euclid(UNIT))
    }

    /// The smallest and the largest offset of all lines at a time, which may lie outside the stretch.
    pub(super) fn spread(&self, time: i64) -> Spread {
        let x = self.x(time);
        let most = |lines: &[Line]| {
            let highest = lines.iter().map(|line| line.at(x)).max().unwrap_or(0);
            -(-highest).div_euclid(UNIT)
        };
        Spread {
            low: saturate(-most(&self.below)),
            estimate: self.estimate(time),
            high: saturate(most(&self.above)),
        }
    }

    /// The rate and its largest error in parts of 10^9, if it is surely not 0.
    pub(super) fn drift(&self) -> Option<(i64, i64)> {
        let (first, last) = self.rates;
        let rate = self.line.rate;
        let error = (last - rate).max(rate - first);
        (first > 0 || last < 0).then_some((rate / 1_000, error / 1_000 + 1))
    }

    /// When this line and another meet.
    pub(super) fn meets(&self, other: &Self) -> Option<i64> {
        let faster = i128::from(other.line.rate) - i128::from(self.line.rate);
        let apart = self.line.at(0) - other.line.at(other.x(self.origin));
        let x = apart.checked_div_euclid(faster)?;
        Some(saturate(i128::from(self.origin).saturating_add(x)))
    }

    fn x(&self, time: i64) -> i128 {
        i128::from(time) - i128::from(self.origin)
    }
}

fn saturate(n: i128) -> i64 {
    let clamped = n.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(clamped).unwrap_or_default()
}
