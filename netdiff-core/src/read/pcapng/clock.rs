//! Turns the ticks of an interface into times.

use crate::types::Timestamp;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The clock of one interface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    tick: Tick,
    /// `if_tsoffset`: seconds to add to every time.
    offset_seconds: i64,
}

/// The length of one tick.
#[derive(Clone, Copy, Debug)]
enum Tick {
    /// So many nanoseconds.
    Nanos(u64),
    /// This part of a nanosecond; `None` for so many parts that 64 bits of ticks never fill one.
    PerNano(Option<u64>),
    /// 2 to the power of minus this, in seconds.
    Binary(u8),
}

/// A time that does not fit 64 bits of nanoseconds, and the nearest one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clamped(pub(super) Timestamp);

impl Default for Clock {
    /// Microseconds, as for an interface without `if_tsresol`.
    fn default() -> Self {
        Self::new(6, 0)
    }
}

impl Clock {
    /// The clock of `if_tsresol` (a negative power of 10, or of 2 with the high bit set) and
    /// `if_tsoffset`.
    pub(super) fn new(resolution: u8, offset_seconds: i64) -> Self {
        const BINARY: u8 = 0x80;
        let tick = match resolution {
            0..=9 => Tick::Nanos(10_u64.pow(u32::from(9 - resolution))),
            10..BINARY => Tick::PerNano(10_u64.checked_pow(u32::from(resolution - 9))),
            BINARY.. => Tick::Binary(resolution - BINARY),
        };
        Self {
            tick,
            offset_seconds,
        }
    }

    /// The time of so many ticks.
    pub(super) fn time(&self, ticks: u64) -> Result<Timestamp, Clamped> {
        let nanos = match self.tick {
            Tick::Nanos(nanos) => i128::from(ticks) * i128::from(nanos),
            Tick::PerNano(parts) => i128::from(parts.map_or(0, |parts| ticks / parts)),
            Tick::Binary(power) => (i128::from(ticks) * i128::from(NANOS_PER_SECOND)) >> power,
        };
        let nanos = nanos + i128::from(self.offset_seconds) * i128::from(NANOS_PER_SECOND);
        i64::try_from(nanos)
            .map(Timestamp)
            .map_err(|_| Clamped(Timestamp(if nanos < 0 { i64::MIN } else { i64::MAX })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        for (resolution, offset, ticks, nanos) in [
            (6, 0, 1_500_000, 1_500_000_000),
            (9, 0, 1_500_000_000, 1_500_000_000),
            (0, 0, 2, 2_000_000_000),
            (3, -1, 2500, 1_500_000_000),
            (12, 0, 1_999_999, 1999),
            (40, 0, u64::MAX, 0),
            (0x80, 1, 1, 2_000_000_000),
            (0x8a, 0, 512, 500_000_000),
            (0xff, 0, u64::MAX, 0),
        ] {
            let time = Clock::new(resolution, offset).time(ticks);
            assert_eq!(time, Ok(Timestamp(nanos)), "{resolution} {offset} {ticks}");
        }
    }

    #[test]
    fn times_that_do_not_fit_are_clamped() {
        let late = Clock::default().time(u64::MAX);
        assert_eq!(late, Err(Clamped(Timestamp(i64::MAX))));
        let early = Clock::new(6, i64::MIN).time(0);
        assert_eq!(early, Err(Clamped(Timestamp(i64::MIN))));
    }
}
