//! Times as a selection names them.

use std::fmt;

use crate::types::{Nanos, Timestamp};

/// A time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// RFC 3339.
    Absolute(Timestamp),
    /// `HH:MM:SS` in UTC, since midnight.
    OfDay(Nanos),
    /// `+5s`: since the set begins.
    Relative(Nanos),
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Units of relative times, the longest name first where one begins like another.
const UNITS: [(&str, i64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
];

impl Moment {
    /// Reads a time; `None` if it is none, or out of range (the years 1677 to 2262).
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(length) = text.strip_prefix('+') {
            let number = length.trim_end_matches(|c: char| c.is_alphabetic());
            let unit = length.get(number.len()..)?;
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
            return decimal(number, *unit).map(|n| Self::Relative(Nanos(n)));
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            let nanos = i64::try_from(instant.as_nanosecond()).ok()?;
            return Some(Self::Absolute(Timestamp(nanos)));
        }
        let mut parts = text.splitn(3, ':');
        let two_digits = |part: &str, below: i64| {
            let valid = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            part.parse::<i64>().ok().filter(|n| valid && *n < below)
        };
        let hours = two_digits(parts.next()?, 24)?;
        let minutes = two_digits(parts.next()?, 60)?;
        let seconds = match parts.next() {
            None => 0,
            Some(part) => {
                let whole = part.split('.').next()?;
                two_digits(whole, 60)?;
                decimal(part, SECOND)?
            }
        };
        Some(Self::OfDay(Nanos(
            (hours * 60 + minutes) * 60 * SECOND + seconds,
        )))
    }

    /// The time itself, for a set that lasts from `start` to `end`.
    ///
    /// A time of day is on the day on which the set begins; on the next one if it would lie before the set, and there lies in it.
    pub(super) fn resolve(self, start: Timestamp, end: Timestamp) -> Timestamp {
        match self {
            Self::Absolute(time) => time,
            Self::Relative(length) => start + length,
            Self::OfDay(length) => {
                let midnight = start - Nanos(start.0.rem_euclid(DAY));
                let same_day = midnight + length;
                let next_day = same_day + Nanos(DAY);
                if same_day < start && next_day <= end {
                    next_day
                } else {
                    same_day
                }
            }
        }
    }
}

/// A decimal number of a unit that is so many nanoseconds, exactly; digits below a nanosecond are refused.
fn decimal(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<i128>().ok()? * i128::from(unit);
    let exact = (part % scale == 0).then_some(part / scale)?;
    let sum = whole.parse::<i128>().ok()?.checked_mul(i128::from(unit))? + exact;
    i64::try_from(sum).ok()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absolute(time) => {
                let instant = jiff::Timestamp::from_nanosecond(i128::from(time.0));
                instant.map_or(Err(fmt::Error), |instant| write!(f, "{instant}"))
            }
            Self::OfDay(Nanos(n)) => {
                let seconds = n / SECOND;
                let (h, m, s) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
                write!(f, "{h:02}:{m:02}:{s:02}")?;
                match n % SECOND {
                    0 => Ok(()),
                    part => write!(f, ".{part:09}"),
                }
            }
            Self::Relative(Nanos(n)) => {
                let unit = [("s", SECOND), ("ms", 1_000_000), ("us", 1_000)];
                let unit = unit.into_iter().find(|(_, unit)| n % unit == 0);
                let (name, unit) = unit.unwrap_or(("ns", 1));
                write!(f, "+{}{name}", n / unit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        match Moment::parse(text) {
            Some(Moment::Absolute(time)) => time,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn times_are_read_and_written() {
        for (text, written) in [
            ("2026-11-22T10:33:12Z", "2026-11-22T10:33:12Z"),
            ("2026-11-22T10:33:12.5+01:00", "2026-11-22T09:33:12.5Z"),
            ("10:33", "10:33:00"),
            ("23:59:59.25", "23:59:59.250000000"),
            ("+5s", "+5s"),
            ("+1.5s", "+1500ms"),
            ("+2m", "+120s"),
            ("+0ns", "+0s"),
            ("+7µs", "+7us"),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(moment.to_string(), written);
            assert_eq!(Moment::parse(written), Some(moment));
        }
        for text in [
            "",
            "+",
            "+s",
            "+5",
            "+5d",
            "+.5s",
            "5s",
            "+0.1ns",
            "24:00",
            "10:60",
            "1:00",
            "10:33:60",
            "10:33:1",
            "10:33:+1",
            "2026-11-22T10:33:12",
            "2026-11-22",
            "+99999999999999999999s",
            "10:33:12.",
            "9999-01-01T00:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_day_lie_in_the_set_where_they_can() {
        let (start, end) = (time("2026-11-22T23:59:50Z"), time("2026-11-23T00:00:10Z"));
        for (text, at) in [
            ("23:59:55", "2026-11-22T23:59:55Z"),
            ("00:00:05", "2026-11-23T00:00:05Z"),
            ("00:00:11", "2026-11-22T00:00:11Z"),
            ("+15s", "2026-11-23T00:00:05Z"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().resolve(start, end), time(at));
        }
    }
}
