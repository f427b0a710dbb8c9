//! Reads a set: from files to observations, and on to what correlates them.
//!
//! # In steps
//! Where each file is of one interface, all files are read together, a step of time after the other, so that what the points saw of a packet
//! comes together and can be folded ([`Folding`]) before the rest is read: memory then does not grow with the length of the captures.
//! Files whose packets name their interfaces themselves are read at once, since which capture points there are is known only at their end.
//!
//! # Clocks
//! Steps follow the times in the files, by the clocks of several nodes. Nothing is folded that is younger than some [`Patience`] before the
//! slowest file, nor while clocks differ by more than that allows, or a node that captured shows no packet near that time: then what is missing may
//! still come.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::cluster::ClusterWatch;
use super::memory;
use super::observations::Observations;
use super::observe::{FileContents, SetContents, join};
use super::stream::{Batch, How, Reading, Stream};
use crate::correlate::{Correlator, Folding};
use crate::decode::DecodeOptions;
use crate::identify::{Observation, PrefixLimit};
use crate::read::{CaptureFile, CaptureSet, InterfaceName, ReadError};
use crate::types::{CapturePoint, Nanos, PointId, Timestamp};

/// How long is waited for packets, and for how many clocks may differ.
#[derive(Clone, Copy)]
struct Patience {
    /// What comes later than this after others of its time finds them folded.
    slack: Nanos,
    /// How far clocks of nodes may differ.
    tolerance: Nanos,
}

impl Patience {
    /// As long as nothing is known of the clocks.
    const LONG: Self = Self {
        slack: Nanos::from_secs(4),
        tolerance: Nanos::from_secs(2),
    };

    /// Where clocks and delays differ by less than half of this tolerance, and each node shows packets without a pause: then no clock was put
    /// forward behind what is known of it.
    const SHORT: Self = Self {
        slack: Nanos::from_secs(1),
        tolerance: Nanos::from_millis(200),
    };

    /// By what is known of the clocks of a set.
    fn of(correlator: &Correlator, streams: &[Stream<'_>]) -> Self {
        let near = |apart: Nanos| apart.0 < Self::SHORT.tolerance.0 / 2;
        let mut steady: BTreeMap<&str, bool> = BTreeMap::new();
        for stream in streams.iter().filter(|stream| !stream.is_done()) {
            let known = steady.entry(stream.node()).or_default();
            *known |= stream.is_steady_for(Self::STEADY);
        }
        if correlator.clocks_apart().is_some_and(near) && steady.into_values().all(|steady| steady)
        {
            Self::SHORT
        } else {
            Self::LONG
        }
    }

    /// How long nodes must have shown packets without a pause.
    const STEADY: Nanos = Nanos::from_secs(5);
}

/// About how many packets one step reads.
const PACKETS_A_STEP: usize = 50_000;

/// The length of the first step.
const FIRST_STEP: Nanos = Nanos::from_millis(100);

/// What is kept of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its observation.
    Observations,
    /// Its observation, and counts of what decoding met.
    Contents,
}

/// A set that was read.
pub(super) struct SetRead {
    pub(super) contents: SetContents,
    pub(super) correlator: Correlator,
    pub(super) watch: ClusterWatch,
}

/// Reads, decodes and identifies every packet of a set.
///
/// Files are read in parallel; the result does not depend on the number of threads.
pub(super) fn read_set(
    set: &CaptureSet,
    options: &DecodeOptions,
    detail: Detail,
    folding: Folding,
) -> Result<SetRead, ReadError> {
    let beginnings = Beginnings::of(set)?;
    let one_each = |file: &CaptureFile| matches!(file.interface, InterfaceName::Named(_));
    let read = if set.files.iter().all(one_each) && folding != Folding::NEVER {
        in_steps(set, &beginnings, options, detail, folding)
    } else {
        at_once(set, beginnings.limit, options, detail, folding)
    }?;
    set.count_rest();
    Ok(read)
}

/// What the beginnings of the files say.
struct Beginnings {
    /// Fingerprints may only cover what every capture of the set has.
    limit: PrefixLimit,
    /// The time of each file's first packet that has one.
    first: Vec<Option<Timestamp>>,
}

impl Beginnings {
    fn of(set: &CaptureSet) -> Result<Self, ReadError> {
        let mut smallest = u32::MAX;
        let mut first = Vec::with_capacity(set.files.len());
        for file in &set.files {
            let mut reader = file.open()?;
            let lengths = reader.interfaces().iter();
            let lengths = lengths.filter_map(|interface| interface.snaplen);
            smallest = lengths.min().unwrap_or(u32::MAX).min(smallest);
            first.push(reader.next_packet().and_then(|packet| packet.time));
        }
        Ok(Self {
            limit: PrefixLimit::for_snap_length(smallest),
            first,
        })
    }
}

/// Every file from beginning to end, a file a task.
fn at_once(
    set: &CaptureSet,
    limit: PrefixLimit,
    options: &DecodeOptions,
    detail: Detail,
    folding: Folding,
) -> Result<SetRead, ReadError> {
    let read = |file: &CaptureFile| -> Result<(Observations, FileContents), ReadError> {
        let how = How {
            limit,
            options,
            detail,
        };
        let mut reading = Reading::new(file, how)?;
        let mut observations = Observations::default();
        while let Some(observation) = reading.next(options) {
            observations.push(observation, &file.name)?;
        }
        Ok((observations, reading.finish()))
    };
    let files: Vec<(Observations, FileContents)> =
        set.files.par_iter().map(read).collect::<Result<_, _>>()?;
    let (observations, files): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let contents = join(set, files);
    let names = contents.points.iter().map(|point| &point.point);
    let mut whole = Taking::new(set, names, folding);
    let files = set.files.iter().zip(observations);
    for ((file, observations), places) in files.zip(&contents.places) {
        memory::make_room(&mut whole.correlator, observations.identified(), &file.name)?;
        for mut observation in observations.iter() {
            if let Some(point) = places.get(observation.evidence.point.index()) {
                observation.evidence.point = *point;
                whole.take(&observation);
            }
        }
    }
    Ok(whole.finish(contents))
}

/// Takes observations in.
struct Taking {
    correlator: Correlator,
    watch: ClusterWatch,
}

impl Taking {
    fn new<'a>(
        set: &CaptureSet,
        points: impl Iterator<Item = &'a CapturePoint> + Clone,
        folding: Folding,
    ) -> Self {
        Self {
            correlator: Correlator::new(points.clone(), folding),
            watch: ClusterWatch::new(set, points),
        }
    }

    fn take(&mut self, observation: &Observation) {
        self.watch.note(observation);
        self.correlator.take(observation);
    }

    /// Takes what was read of a file in a step.
    fn take_batch(&mut self, stream: &mut Stream<'_>, batch: Batch) {
        for observation in batch.observations.iter() {
            self.watch.note(&observation);
            self.correlator.take_watched(&observation);
        }
        stream.hand_over(batch.glances, &mut self.correlator);
    }

    fn finish(mut self, contents: SetContents) -> SetRead {
        for joined in &contents.joined {
            self.watch.note(joined);
            self.correlator.take_joined(joined);
        }
        SetRead {
            contents,
            correlator: self.correlator,
            watch: self.watch,
        }
    }
}

/// All files together, a step of time after the other.
fn in_steps(
    set: &CaptureSet,
    beginnings: &Beginnings,
    options: &DecodeOptions,
    detail: Detail,
    folding: Folding,
) -> Result<SetRead, ReadError> {
    let mut names: Vec<CapturePoint> = set.files.iter().filter_map(point_of).collect();
    names.sort_unstable();
    names.dedup();
    let mut whole = Taking::new(set, names.iter(), folding);
    let streams = set.files.iter().zip(&beginnings.first);
    let mut streams: Vec<Stream<'_>> = streams
        .map(|(file, first)| {
            let at = point_of(file).and_then(|name| names.binary_search(&name).ok());
            let point = PointId(u32::try_from(at.unwrap_or(0)).unwrap_or(u32::MAX));
            Stream::new(file, point, *first, whole.correlator.add_kinds())
        })
        .collect();
    let how = How {
        limit: beginnings.limit,
        options,
        detail,
    };
    let mut step = FIRST_STEP;
    while let Some(reached) = slowest(&streams) {
        let until = reached + step;
        let batches: Vec<Batch> = streams
            .par_iter_mut()
            .map(|stream| stream.read(until, how))
            .collect::<Result<_, _>>()?;
        let read: usize = batches.iter().map(Batch::len).sum();
        let one_by_one = batches.iter().map(|batch| batch.observations.identified());
        memory::make_room(&mut whole.correlator, one_by_one.sum(), &set.label)?;
        for (stream, batch) in streams.iter_mut().zip(batches) {
            whole.take_batch(stream, batch);
        }
        step = next_step(step, read);
        let patience = Patience::of(&whole.correlator, &streams);
        if let Some(reached) = slowest(&streams)
            && all_nodes_are_near(&streams, reached)
            && whole
                .correlator
                .settle(reached - patience.slack, patience.tolerance)
        {
            streams
                .iter_mut()
                .for_each(|stream| stream.forget_kinds(&mut whole.correlator));
        }
    }
    let files = streams
        .into_iter()
        .filter_map(|stream| stream.finish(&mut whole.correlator));
    let contents = join(set, files.collect());
    Ok(whole.finish(contents))
}

fn point_of(file: &CaptureFile) -> Option<CapturePoint> {
    match &file.interface {
        InterfaceName::Named(name) => Some(CapturePoint::new(&file.node, name)),
        InterfaceName::FromFile => None,
    }
}

/// Up to when all files have been read; `None` once they are at their ends.
fn slowest(streams: &[Stream<'_>]) -> Option<Timestamp> {
    let open = streams.iter().filter(|stream| !stream.is_done());
    open.map(Stream::reached).min()
}

/// Whether each node that has more to show shows some of it near this time.
fn all_nodes_are_near(streams: &[Stream<'_>], time: Timestamp) -> bool {
    let mut next: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for stream in streams.iter().filter(|stream| !stream.is_done()) {
        let known = next.entry(stream.node()).or_insert(stream.reached());
        *known = stream.reached().min(*known);
    }
    next.into_values()
        .all(|next| next <= time + Patience::LONG.tolerance)
}

/// Longer where there was little, shorter where there was much.
fn next_step(step: Nanos, read: usize) -> Nanos {
    let longest = Patience::LONG.slack.0;
    let wanted = if read == 0 {
        step.0.saturating_mul(4)
    } else {
        let scaled = i128::from(step.0) * PACKETS_A_STEP as i128 / read as i128;
        let scaled = i64::try_from(scaled).unwrap_or(longest);
        scaled.clamp(step.0 / 4, step.0.saturating_mul(4))
    };
    Nanos(wanted.clamp(1_000, longest))
}
