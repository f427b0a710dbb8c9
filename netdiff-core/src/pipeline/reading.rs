//! Reads a set: from files to observations, and on to what correlates them.
//!
//! # In steps
//! Where each file is of one interface, all files are read together, a step of time after the other, so that what the points saw of a packet
//! comes together and can be folded ([`Folding`]) before the rest is read: memory then does not grow with the length of the captures.
//! Files whose packets name their interfaces themselves are read at once, since which capture points there are is known only at their end.
//!
//! # Clocks
//! Steps follow the times in the files, by the clocks of several nodes. Nothing is folded that is younger than [`SLACK`] before the
//! slowest file, nor while clocks differ by more than [`TOLERANCE`], or a node that captured shows no packet near that time: then what is missing may
//! still come.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::batch::Batch;
use super::cluster::ClusterWatch;
use super::memory;
use super::observe::{FileContents, SetContents, join};
use super::tally::Tally;
use crate::correlate::{Correlator, Folding};
use crate::decode::{DecodeOptions, Packet, decode_packet};
use crate::identify::{Observation, Observer, PrefixLimit};
use crate::read::{CaptureFile, CaptureSet, InterfaceName, PacketReader, ReadError};
use crate::types::{CapturePoint, Nanos, PointId, Timestamp};

/// What comes later than this after others of its time finds them folded.
const SLACK: Nanos = Nanos::from_secs(4);

/// How far clocks of nodes may differ.
const TOLERANCE: Nanos = Nanos::from_secs(2);

/// About how many packets one step reads.
const PACKETS_A_STEP: usize = 50_000;

/// The most packets that one step reads of a file.
const MOST_OF_A_FILE: usize = 25_000;

/// The length of the first step.
const FIRST_STEP: Nanos = Nanos::from_millis(100);

/// A time that is so far ahead of the others may be a damaged one: the file is read on.
const LONGEST_PAUSE: Nanos = Nanos::from_secs(3_600);

/// The last time there is.
const END: Timestamp = Timestamp(i64::MAX);

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

/// A file that is being read.
struct Reading {
    reader: PacketReader,
    observer: Observer,
    packet: Packet,
    tally: Tally,
    detail: Detail,
}

impl Reading {
    fn new(file: &CaptureFile, limit: PrefixLimit, detail: Detail) -> Result<Self, ReadError> {
        Ok(Self {
            reader: file.open()?,
            observer: Observer::new(file.id, limit),
            packet: Packet::new(),
            tally: Tally::default(),
            detail,
        })
    }

    /// The next observation, with the file's own number of its point.
    fn next(&mut self, options: &DecodeOptions) -> Option<Observation> {
        let raw = self.reader.next_packet()?;
        decode_packet(
            raw.link_type,
            raw.data,
            raw.original_len,
            options,
            &mut self.packet,
        );
        let observation = self.observer.observe(&raw, &self.packet);
        if self.detail == Detail::Contents {
            self.tally.add(observation.evidence.point, &self.packet);
        }
        Some(observation)
    }

    fn finish(self) -> FileContents {
        let report = self.reader.finish();
        let (points, leftovers) = self.observer.finish();
        FileContents {
            points,
            leftovers,
            contents: self.tally.into_points(),
            packets: report.packets,
            interfaces: report.interfaces,
            names: report.names,
            warnings: report.damages,
            warnings_left_out: report.damages_left_out,
        }
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
    let read = |file: &CaptureFile| -> Result<(Batch, FileContents), ReadError> {
        let mut reading = Reading::new(file, limit, detail)?;
        let mut observations = Batch::default();
        while let Some(observation) = reading.next(options) {
            observations.push(observation, &file.name)?;
        }
        Ok((observations, reading.finish()))
    };
    let files: Vec<(Batch, FileContents)> =
        set.files.par_iter().map(read).collect::<Result<_, _>>()?;
    let (observations, files): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let contents = join(set, files);
    let names = contents.points.iter().map(|point| &point.point);
    let mut whole = Taking::new(set, names, folding);
    let files = set.files.iter().zip(observations);
    for ((file, observations), places) in files.zip(&contents.places) {
        memory::make_room(&mut whole.correlator, observations.len(), &file.name)?;
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

/// A file that is read in steps.
struct Stream<'a> {
    file: &'a CaptureFile,
    point: PointId,
    /// The latest time read, or of the first packet.
    reached: Timestamp,
    state: State,
}

enum State {
    Waiting,
    Open(Box<Reading>),
    Done(Box<FileContents>),
}

impl Stream<'_> {
    const fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// Reads up to a time, and one packet behind it.
    fn read(
        &mut self,
        until: Timestamp,
        limit: PrefixLimit,
        options: &DecodeOptions,
        detail: Detail,
    ) -> Result<Vec<Observation>, ReadError> {
        if matches!(self.state, State::Waiting) && self.reached < until {
            self.state = State::Open(Box::new(Reading::new(self.file, limit, detail)?));
            self.reached = Timestamp(i64::MIN);
        }
        let mut observations = Vec::new();
        let State::Open(reading) = &mut self.state else {
            return Ok(observations);
        };
        let goes_on = |reached| reached < until || until == END;
        while goes_on(self.reached) && observations.len() < MOST_OF_A_FILE {
            let Some(mut observation) = reading.next(options) else {
                let open = std::mem::replace(&mut self.state, State::Waiting);
                if let State::Open(reading) = open {
                    self.state = State::Done(Box::new(reading.finish()));
                }
                break;
            };
            observation.evidence.point = self.point;
            if observation.time <= until + LONGEST_PAUSE {
                self.reached = self.reached.max(observation.time);
            }
            memory::reserve(&mut observations, 1, &self.file.name)?;
            observations.push(observation);
        }
        Ok(observations)
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
            Stream {
                file,
                point: PointId(u32::try_from(at.unwrap_or(0)).unwrap_or(u32::MAX)),
                reached: first.unwrap_or(Timestamp(i64::MIN)),
                state: State::Waiting,
            }
        })
        .collect();
    let mut step = FIRST_STEP;
    while let Some(reached) = slowest(&streams) {
        let until = reached + step;
        let batches: Vec<Vec<Observation>> = streams
            .par_iter_mut()
            .map(|stream| stream.read(until, beginnings.limit, options, detail))
            .collect::<Result<_, _>>()?;
        let read: usize = batches.iter().map(Vec::len).sum();
        memory::make_room(&mut whole.correlator, read, &set.label)?;
        batches.iter().flatten().for_each(|o| whole.take(o));
        step = next_step(step, read);
        if let Some(reached) = slowest(&streams)
            && all_nodes_are_near(&streams, reached)
        {
            whole.correlator.settle(reached - SLACK, TOLERANCE);
        }
    }
    let files = streams.into_iter().filter_map(|stream| match stream.state {
        State::Done(contents) => Some(*contents),
        State::Waiting | State::Open(_) => None,
    });
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
    open.map(|stream| stream.reached).min()
}

/// Whether each node that has more to show shows some of it near this time.
fn all_nodes_are_near(streams: &[Stream<'_>], time: Timestamp) -> bool {
    let mut next: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for stream in streams.iter().filter(|stream| !stream.is_done()) {
        let known = next.entry(&stream.file.node).or_insert(stream.reached);
        *known = stream.reached.min(*known);
    }
    next.into_values().all(|next| next <= time + TOLERANCE)
}

/// Longer where there was little, shorter where there was much.
fn next_step(step: Nanos, read: usize) -> Nanos {
    let longest = SLACK.0;
    let wanted = if read == 0 {
        step.0.saturating_mul(4)
    } else {
        let scaled = i128::from(step.0) * PACKETS_A_STEP as i128 / read as i128;
        let scaled = i64::try_from(scaled).unwrap_or(longest);
        scaled.clamp(step.0 / 4, step.0.saturating_mul(4))
    };
    Nanos(wanted.clamp(1_000, longest))
}
