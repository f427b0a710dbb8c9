//! What the times of all packets of a file tell, whether or not packets are looked at one by one.

use super::folding::Spans;
use super::set_back::go_on;
use crate::types::{Nanos, PointId, Timestamp};

/// A clock that is put forward leaves a longer pause than this, if by enough to matter: see `Patience` in `pipeline/reading.rs`.
const LONGEST_STEADY: Nanos = Nanos::from_millis(100);

/// Notes when a point saw packets, and where the clock of its node was set back; one for each file, in its order.
#[derive(Debug)]
pub struct PointWatch {
    point: PointId,
    latest: Option<Timestamp>,
    steady_since: Timestamp,
    jumps: Vec<(Timestamp, Timestamp)>,
    spans: Spans,
}

impl PointWatch {
    /// For a file of this point.
    #[must_use]
    pub fn new(point: PointId) -> Self {
        Self {
            point,
            latest: None,
            steady_since: Timestamp(i64::MAX),
            jumps: Vec::new(),
            spans: Spans::default(),
        }
    }

    /// Notes the next packet, and whether it may be of a flow: see [`is_followed`](super::is_followed).
    #[inline]
    pub fn note(&mut self, time: Timestamp, followed: bool) {
        let latest = self.latest.get_or_insert(Timestamp(i64::MIN));
        if (time - *latest).0 > LONGEST_STEADY.0 {
            self.steady_since = time;
        }
        if let Some(jump) = go_on(latest, time) {
            self.jumps.push(jump);
        }
        if followed {
            self.spans.note(time);
        }
    }

    /// Since when no two packets, one after the other, are far from each other: since then no clock was put forward by much. The end of time
    /// before the first packet.
    #[must_use]
    pub const fn steady_since(&self) -> Timestamp {
        self.steady_since
    }

    pub(super) fn take_jumps(
        &mut self,
    ) -> (
        PointId,
        impl Iterator<Item = (Timestamp, Timestamp)> + use<>,
    ) {
        (self.point, std::mem::take(&mut self.jumps).into_iter())
    }

    pub(super) fn into_spans(self) -> (PointId, Spans) {
        (self.point, self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(millis: &[i64]) -> PointWatch {
        let mut watch = PointWatch::new(PointId(0));
        for at in millis {
            watch.note(Timestamp(at * 1_000_000), true);
        }
        watch
    }

    #[test]
    fn a_pause_ends_what_was_steady() {
        let since = |millis: &[i64]| watched(millis).steady_since().0 / 1_000_000;
        assert_eq!(since(&[5, 50, 140, 230]), 5);
        assert_eq!(since(&[5, 50, 250, 340]), 250);
        // Packets of several processors come in some disorder.
        assert_eq!(since(&[5, 50, 40, 130]), 5);
        assert_eq!(watched(&[]).steady_since(), Timestamp(i64::MAX));
    }

    #[test]
    fn a_clock_that_is_set_back_is_told_once() {
        let mut watch = watched(&[5, 1_000, 300, 400]);
        let (_, jumps) = watch.take_jumps();
        let expected = (Timestamp(300_000_000), Timestamp(1_000_000_000));
        assert_eq!(jumps.collect::<Vec<_>>(), [expected]);
        assert_eq!(watch.take_jumps().1.count(), 0);
    }
}
