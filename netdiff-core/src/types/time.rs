//! Times are integer nanoseconds; only a renderer turns them into text.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, negative before.
///
/// Range: about the years 1677 to 2262. A reader that meets a time outside clamps it and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timestamp(pub i64);

/// A length of time in nanoseconds; negative where a difference runs backwards.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Nanos(pub i64);

impl Nanos {
    /// So many whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// So many whole milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }
}

impl Sub for Timestamp {
    type Output = Nanos;
    fn sub(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Timestamp {
    type Output = Self;
    fn add(self, length: Nanos) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl Sub<Nanos> for Timestamp {
    type Output = Self;
    fn sub(self, length: Nanos) -> Self {
        Self(self.0.saturating_sub(length.0))
    }
}

impl fmt::Display for Nanos {
    /// Three digits and a unit that fits: `12.3 µs`, `204 ms`, `1.02 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let n = self.0.unsigned_abs();
        let (divisor, unit) = match n {
            0..1_000 => return write!(f, "{sign}{n} ns"),
            1_000..1_000_000 => (1_000, "µs"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        let whole = n / divisor;
        let hundredths = n % divisor * 100 / divisor;
        match whole {
            0..10 if hundredths != 0 => write!(f, "{sign}{whole}.{hundredths:02} {unit}"),
            10..100 if hundredths >= 10 => write!(f, "{sign}{whole}.{} {unit}", hundredths / 10),
            _ => write!(f, "{sign}{whole} {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        for (n, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (12_340, "12.3 µs"),
            (9_870_000, "9.87 ms"),
            (204_900_000, "204 ms"),
            (-1_020_000_000, "-1.02 s"),
        ] {
            assert_eq!(Nanos(n).to_string(), text);
        }
    }

    #[test]
    fn differences_saturate() {
        assert_eq!(Timestamp(i64::MAX) - Timestamp(i64::MIN), Nanos(i64::MAX));
    }
}
