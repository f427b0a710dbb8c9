//! When each point saw packets.

use crate::types::{PointId, Timestamp};

/// At first, packets nearer to each other than this are one span: 1 ms in nanoseconds.
const NEAR: i64 = 1_000_000;

/// The most spans of a point: beyond, twice as wide gaps are closed.
const MOST: usize = 1 << 16;

/// When each point saw packets: spans without a gap of a millisecond, or a longer one where there would be too many.
#[derive(Debug, Default)]
pub(in crate::correlate) struct Activity {
    points: Vec<Spans>,
}

/// The spans of one point, in order of time once they are settled.
#[derive(Clone, Debug)]
pub(in crate::correlate) struct Spans {
    near: i64,
    spans: Vec<(Timestamp, Timestamp)>,
}

impl Activity {
    pub(in crate::correlate) fn new(points: usize) -> Self {
        Self {
            points: vec![Spans::default(); points],
        }
    }

    /// Takes in what was noted apart of a point.
    pub(in crate::correlate) fn add(&mut self, point: PointId, spans: Spans) {
        if let Some(own) = self.points.get_mut(point.index()) {
            own.merge(spans);
        }
    }

    /// Notes a packet.
    pub(in crate::correlate) fn note(&mut self, point: PointId, time: Timestamp) {
        if let Some(spans) = self.points.get_mut(point.index()) {
            spans.note(time);
        }
    }

    /// Brings spans in order, once all packets are noted.
    pub(in crate::correlate) fn settle(&mut self) {
        self.points.iter_mut().for_each(Spans::settle);
    }

    /// From the last packet before a time to the first one after; the time itself within a span.
    pub(in crate::correlate) fn gap_around(
        &self,
        point: PointId,
        time: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let own = self.points.get(point.index());
        let own = own.map_or(&[][..], |spans| spans.spans.as_slice());
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

impl Default for Spans {
    fn default() -> Self {
        Self {
            near: NEAR,
            spans: Vec::new(),
        }
    }
}

impl Spans {
    #[inline]
    pub(in crate::correlate) fn note(&mut self, time: Timestamp) {
        match self.spans.last_mut() {
            Some((from, to)) if *from <= time && (time - *to).0 < self.near => {
                *to = time.max(*to);
            }
            _ => self.push((time, time)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.near = self.near.max(other.near);
        for span in other.spans {
            self.push(span);
        }
    }

    fn push(&mut self, span: (Timestamp, Timestamp)) {
        self.spans.push(span);
        if self.spans.len() > MOST {
            self.settle();
            while self.spans.len() > MOST / 2 {
                self.near = self.near.saturating_mul(2);
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        self.spans.sort_unstable();
        let near = self.near;
        self.spans.dedup_by(|later, earlier| {
            let together = (later.0 - earlier.1).0 < near;
            if together {
                earlier.1 = earlier.1.max(later.1);
            }
            together
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_reach_from_span_to_span() {
        let times = [10_000, 10_500, 11_000, 50_000];
        let mut activity = Activity::new(1);
        for micros in times {
            activity.note(PointId(0), Timestamp(micros * 1_000));
        }
        activity.settle();
        let at = |micros: i64| {
            let (from, to) = activity.gap_around(PointId(0), Timestamp(micros * 1_000));
            (from.0 / 1_000, to.0 / 1_000)
        };
        assert_eq!(at(30_000), (11_000, 50_000));
        assert_eq!(at(10_700), (10_700, 10_700));
        assert_eq!(at(60_000).0, 50_000);
        assert_eq!(at(5_000).1, 10_000);
    }

    #[test]
    fn a_long_capture_takes_no_more_room() {
        let mut activity = Activity::new(1);
        for second in 0..500_000 {
            activity.note(PointId(0), Timestamp(second * 1_000_000_000));
        }
        activity.settle();
        assert!(activity.points[0].spans.len() <= MOST);
        let (from, to) = activity.gap_around(PointId(0), Timestamp(1_500_000_000));
        assert!(from <= to);
    }
}
