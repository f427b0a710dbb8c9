//! When each point saw packets.

use super::super::conversation::Seen;
use crate::types::{PointId, Timestamp};

/// Packets nearer to each other than this are one span: 1 ms in nanoseconds.
const NEAR: i64 = 1_000_000;

/// When each point saw packets: spans without a gap of a millisecond.
#[derive(Debug, Default)]
pub(in crate::correlate) struct Activity {
    /// By point, in order of time.
    spans: Vec<Vec<(Timestamp, Timestamp)>>,
}

impl Activity {
    /// Of these sightings.
    pub(super) fn of(sightings: &[Seen], points: usize) -> Self {
        let mut times: Vec<Vec<Timestamp>> = vec![Vec::new(); points];
        for s in sightings {
            if let Some(times) = times.get_mut(s.evidence.point.index()) {
                times.push(s.time);
            }
        }
        let spans = times.into_iter().map(spans_of).collect();
        Self { spans }
    }

    /// From the last packet before a time to the first one after; the time itself within a span.
    pub(in crate::correlate) fn gap_around(
        &self,
        point: PointId,
        time: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let own = self.spans.get(point.index()).map_or(&[][..], Vec::as_slice);
        let after = own.partition_point(|(from, _)| *from <= time);
        let before = after.checked_sub(1).and_then(|i| own.get(i));
        if before.is_some_and(|(_, to)| *to >= time) {
            return (time, time);
        }
        (
            before.map_or(Timestamp(i64::MIN), |(_, to)| *to),
            own.get(after)
                .map_or(Timestamp(i64::MAX), |(from, _)| *from),
        )
    }
}

fn spans_of(mut times: Vec<Timestamp>) -> Vec<(Timestamp, Timestamp)> {
    times.sort_unstable();
    let mut spans: Vec<(Timestamp, Timestamp)> = Vec::new();
    for time in times {
        match spans.last_mut() {
            Some((_, to)) if (time - *to).0 < NEAR => *to = time,
            _ => spans.push((time, time)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::seen;
    use super::*;

    #[test]
    fn gaps_reach_from_span_to_span() {
        let times = [10_000, 10_500, 11_000, 50_000];
        let activity = Activity::of(&times.map(|micros| seen(0, micros, 1, 2, 64, 7)), 1);
        let at = |micros: i64| {
            let (from, to) = activity.gap_around(PointId(0), Timestamp(micros * 1_000));
            (from.0 / 1_000, to.0 / 1_000)
        };
        assert_eq!(at(30_000), (11_000, 50_000));
        assert_eq!(at(10_700), (10_700, 10_700));
        assert_eq!(at(60_000).0, 50_000);
        assert_eq!(at(5_000).1, 10_000);
    }
}
