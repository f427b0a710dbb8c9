//! Takes observations as they come, and says in the end what happened to every flow.

use std::collections::TryReserveError;

use super::address_plan::StatedAddresses;
use super::folding::{FoldedBytes, Folding, Surroundings};
use super::habits::Habits;
use super::intake::Intake;
use super::timeline::{NodeId, SetPoint, Timelines};
use super::watch::PointWatch;
use super::{follow, nodes_of};
use crate::identify::{Glance, KnownKinds, Observation};
use crate::types::{CapturePoint, Nanos, Timestamp};

/// Correlates the observations of one capture set.
///
/// `folding` says from which size on a few packets stand for many that tell the same. `points` must be sorted; every observation's
/// point indexes it. The observations of a file must come in its order; then the result is the same for the same set.
#[must_use]
pub fn correlate(
    points: Vec<SetPoint>,
    stated: &StatedAddresses,
    folding: Folding,
    observations: impl IntoIterator<Item = Observation>,
) -> Timelines {
    let names = points.iter().map(|point| &point.point);
    let mut correlator = Correlator::new(names, folding);
    for observation in observations {
        correlator.take(&observation);
    }
    correlator.finish(points, stated)
}

/// Takes the observations of one capture set, in any order of files, each file's in its own.
pub struct Correlator {
    intake: Intake,
    folding: Folding,
    node_of: Vec<NodeId>,
    bytes: FoldedBytes,
    /// How many sightings the last folding left; `None` before the first.
    left: Option<usize>,
    /// How far the clocks of nodes differ, as the last folding told.
    apart: Option<Nanos>,
}

impl Correlator {
    /// Of a set with these capture points, in order.
    #[must_use]
    pub fn new<'a>(points: impl IntoIterator<Item = &'a CapturePoint>, folding: Folding) -> Self {
        let points: Vec<&CapturePoint> = points.into_iter().collect();
        let (_, node_of) = nodes_of(points.iter().copied());
        Self {
            intake: Intake::new(points.len()),
            folding,
            node_of,
            bytes: FoldedBytes::default(),
            left: None,
            apart: None,
        }
    }

    /// Makes room for so many further observations.
    ///
    /// # Errors
    /// Where the system has no memory for them.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.intake.sightings.try_reserve(more)
    }

    /// How many packets it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.intake.sightings.len()
    }

    /// Whether it keeps none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intake.sightings.is_empty()
    }

    /// Takes the next observation.
    pub fn take(&mut self, observation: &Observation) {
        self.intake.take(observation);
    }

    /// Takes a datagram whose last fragment was taken before as one.
    pub fn take_joined(&mut self, observation: &Observation) {
        self.intake.take_back_fragment(observation.evidence.point);
        self.intake.note_activity(observation);
        self.intake.take_watched(observation);
    }

    /// Takes the next observation of a point that is watched.
    pub fn take_watched(&mut self, observation: &Observation) {
        self.intake.take_watched(observation);
    }

    /// Takes what a watch has noted since it was last taken.
    pub fn take_watch(&mut self, watch: &mut PointWatch) {
        let (point, jumps) = watch.take_jumps();
        jumps.for_each(|jump| self.intake.set_back.note_jump(point, jump));
    }

    /// Takes all that is left of a watch, once its file is at its end.
    pub fn end_watch(&mut self, mut watch: PointWatch) {
        self.take_watch(&mut watch);
        let (point, spans) = watch.into_spans();
        self.intake.activity.add(point, spans);
    }

    /// A new list of kinds, for one who knows packets at a glance.
    pub fn add_kinds(&mut self) -> usize {
        self.intake.sightings.add_list()
    }

    /// Takes packets that came at a glance, and the list of their kinds. Its counts are taken by [`count_kinds`](Self::count_kinds).
    pub fn take_glances(&mut self, list: usize, kinds: &KnownKinds, rows: Vec<Glance>) {
        self.intake.sightings.append(list, kinds.all(), rows);
    }

    /// Takes how many packets of each kind there were since this was last asked.
    pub fn count_kinds(&mut self, kinds: &mut KnownKinds) {
        for (kind, counts) in kinds.take_counts() {
            self.intake.count_kind(kind, counts);
        }
    }

    /// Forgets a list of kinds, right after folding.
    pub fn forget_kinds(&mut self, list: usize) {
        self.intake.sightings.forget(list);
    }

    /// Folds what it has, if that is enough to be worth it. Of each point all packets up to `read_until` must have been taken, also where its
    /// clock differs by `tolerance` from those of others.
    ///
    /// Says whether it did: then nothing is left that needs the kinds of packets that came at a glance.
    pub fn settle(&mut self, read_until: Timestamp, tolerance: Nanos) -> bool {
        // A clock that was set back shows times twice: what was read until when is not known then.
        // So much must be new that what stayed is not looked at over and over.
        let left = self.left.unwrap_or(0);
        let from = self.folding.from;
        let most = from.saturating_add(from / 2);
        let more = left.saturating_mul(2).min(most).max(left / 2);
        let enough = left.saturating_add(from.max(more));
        let folds = self.intake.sightings.len() >= enough && !self.intake.set_back.has_jumps();
        if folds {
            self.fold(read_until, Some(tolerance));
        }
        folds
    }

    /// How far the clocks of nodes differ at most, delays between them included, as far as folding knows it.
    #[must_use]
    pub const fn clocks_apart(&self) -> Option<Nanos> {
        self.apart
    }

    fn fold(&mut self, read_until: Timestamp, tolerance: Option<Nanos>) {
        let around = Surroundings {
            errors: &self.intake.icmp_errors,
            node_of: &self.node_of,
            read_until,
            tolerance,
        };
        let rows = &mut self.intake.sightings;
        self.apart = self.folding.fold(rows, &mut self.bytes, &around);
        self.left = Some(self.intake.sightings.len());
    }

    /// What happened to every flow. `points` are those of the beginning, and what is known of them now.
    #[must_use]
    pub fn finish(mut self, points: Vec<SetPoint>, stated: &StatedAddresses) -> Timelines {
        self.intake.settle();
        if self.intake.sightings.len() >= self.folding.from {
            self.fold(Timestamp(i64::MAX), None);
        }
        let folded = self.left.map(|_| &self.bytes);
        let mut timelines = follow(points, stated, self.intake, folded);
        timelines.habits = Habits::of(&timelines);
        timelines
    }
}
