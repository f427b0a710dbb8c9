//! Reads a file of a set: at once, or a step of time after the other.

use super::memory;
use super::observations::Observations;
use super::observe::FileContents;
use super::reading::Detail;
use super::tally::Tally;
use crate::correlate::{Correlator, PointWatch, is_followed};
use crate::decode::{DecodeOptions, Packet, decode_packet};
use crate::identify::{Glance, Glancer, Observation, Observer, PrefixLimit};
use crate::read::{CaptureFile, PacketReader, RawPacket, ReadError};
use crate::types::{Nanos, PointId, Timestamp};

/// The most packets that one step reads of a file.
const MOST_OF_A_FILE: usize = 25_000;

/// A time that is so far ahead of the others may be a damaged one: the file is read on.
const LONGEST_PAUSE: Nanos = Nanos::from_secs(3_600);

/// The last time there is.
const END: Timestamp = Timestamp(i64::MAX);

/// The most kinds of packets of a file that are remembered from one folding to the next.
const MAX_KINDS: usize = 8_192;

/// How files are read.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Fingerprints may only cover what every capture of the set has.
    pub(super) limit: PrefixLimit,
    pub(super) options: &'a DecodeOptions,
    pub(super) detail: Detail,
}

/// A file that is being read.
pub(super) struct Reading {
    reader: PacketReader,
    observer: Observer,
    packet: Packet,
    tally: Tally,
    detail: Detail,
}

impl Reading {
    pub(super) fn new(file: &CaptureFile, how: How<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            reader: file.open()?,
            observer: Observer::new(file.id, how.limit),
            packet: Packet::new(),
            tally: Tally::default(),
            detail: how.detail,
        })
    }

    /// The next observation, with the file's own number of its point.
    pub(super) fn next(&mut self, options: &DecodeOptions) -> Option<Observation> {
        let raw = self.reader.next_packet()?;
        let observation = observe(&raw, options, &mut self.packet, &mut self.observer);
        if self.detail == Detail::Contents {
            self.tally.add(observation.evidence.point, &self.packet);
        }
        Some(observation)
    }

    pub(super) fn finish(self) -> FileContents {
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

/// The long way of a packet.
fn observe(
    raw: &RawPacket<'_>,
    options: &DecodeOptions,
    packet: &mut Packet,
    observer: &mut Observer,
) -> Observation {
    decode_packet(raw.link_type, raw.data, raw.original_len, options, packet);
    observer.observe(raw, packet)
}

/// What was read of a file in a step.
#[derive(Default)]
pub(super) struct Batch {
    /// Packets that came at a glance.
    pub(super) glances: Vec<Glance>,
    /// The others, in the order of the file.
    pub(super) observations: Observations,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.glances.len() + self.observations.len()
    }
}

/// A file that is read in steps.
pub(super) struct Stream<'a> {
    file: &'a CaptureFile,
    point: PointId,
    /// The latest time read, or of the first packet.
    reached: Timestamp,
    state: State,
    watch: PointWatch,
    /// Where the correlator keeps the kinds of its packets.
    list: usize,
    glancer: Option<Box<Glancer>>,
    /// About how many packets a step reads of it.
    usual: usize,
}

enum State {
    Waiting,
    Open(Box<Reading>),
    Done(Box<FileContents>),
}

/// What became of the next packet of a file.
enum Taken {
    At(Timestamp),
    End,
}

impl<'a> Stream<'a> {
    /// Of a file of this point, whose first packet has this time.
    pub(super) fn new(
        file: &'a CaptureFile,
        point: PointId,
        first: Option<Timestamp>,
        list: usize,
    ) -> Self {
        Self {
            file,
            point,
            reached: first.unwrap_or(Timestamp(i64::MIN)),
            state: State::Waiting,
            watch: PointWatch::new(point),
            list,
            glancer: None,
            usual: 0,
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    pub(super) const fn reached(&self) -> Timestamp {
        self.reached
    }

    /// Whether it shows packets without a pause for at least as long as this.
    pub(super) fn is_steady_for(&self, length: Nanos) -> bool {
        let since = self.watch.steady_since();
        since < self.reached && (self.reached - since).0 >= length.0
    }

    pub(super) fn node(&self) -> &'a str {
        &self.file.node
    }

    /// Reads up to a time, and one packet behind it.
    pub(super) fn read(&mut self, until: Timestamp, how: How<'_>) -> Result<Batch, ReadError> {
        if matches!(self.state, State::Waiting) && self.reached < until {
            self.state = State::Open(Box::new(Reading::new(self.file, how)?));
            self.reached = Timestamp(i64::MIN);
            // Who counts contents looks at all layers.
            self.glancer = (how.detail == Detail::Observations)
                .then(|| Box::new(Glancer::new(how.limit, how.options)));
        }
        let mut batch = Batch::default();
        memory::reserve(&mut batch.glances, self.usual, &self.file.name)?;
        if !matches!(self.state, State::Open(_)) {
            return Ok(batch);
        }
        let goes_on = |reached| reached < until || until == END;
        while goes_on(self.reached) && batch.len() < MOST_OF_A_FILE {
            match self.take_next(how.options, &mut batch)? {
                Taken::At(time) if time <= until + LONGEST_PAUSE => {
                    self.reached = self.reached.max(time);
                }
                Taken::At(_) => {}
                Taken::End => {
                    let open = std::mem::replace(&mut self.state, State::Waiting);
                    if let State::Open(reading) = open {
                        self.state = State::Done(Box::new(reading.finish()));
                    }
                    break;
                }
            }
        }
        self.usual = batch.glances.len() + batch.glances.len() / 8;
        Ok(batch)
    }

    /// Takes the next packet, at a glance where that tells all of it.
    #[inline]
    fn take_next(
        &mut self,
        options: &DecodeOptions,
        batch: &mut Batch,
    ) -> Result<Taken, ReadError> {
        let State::Open(reading) = &mut self.state else {
            return Ok(Taken::End);
        };
        let reading = &mut **reading;
        let Some(raw) = reading.reader.next_packet() else {
            return Ok(Taken::End);
        };
        let mut glancer = self.glancer.as_deref_mut();
        glancer = glancer.filter(|_| reading.observer.goes_on(raw.interface));
        if let Some(glanced) = glancer.as_mut().and_then(|glancer| glancer.glance(&raw)) {
            let time = glanced.glance.time();
            reading.observer.count(time, glanced.tunneled);
            self.watch.note(time, true);
            memory::reserve(&mut batch.glances, 1, &self.file.name)?;
            batch.glances.push(glanced.glance);
            return Ok(Taken::At(time));
        }
        let mut observation = observe(&raw, options, &mut reading.packet, &mut reading.observer);
        if reading.detail == Detail::Contents {
            let point = observation.evidence.point;
            reading.tally.add(point, &reading.packet);
        }
        observation.evidence.point = self.point;
        let followed = is_followed(&observation);
        if raw.time.is_some() {
            self.watch.note(observation.time, followed);
        }
        if let Some(glancer) = glancer.filter(|_| followed) {
            glancer.learn(&observation);
        }
        batch.observations.push(observation, &self.file.name)?;
        Ok(Taken::At(observation.time))
    }

    /// Gives the correlator what came at a glance, and what all packets' times told.
    pub(super) fn hand_over(&mut self, glances: Vec<Glance>, to: &mut Correlator) {
        to.take_watch(&mut self.watch);
        if let Some(glancer) = &self.glancer {
            to.take_glances(self.list, glancer.kinds(), glances);
        }
    }

    /// Right after folding: forgets the kinds of packets if they are many.
    pub(super) fn forget_kinds(&mut self, correlator: &mut Correlator) {
        let Some(glancer) = &mut self.glancer else {
            return;
        };
        let kinds = glancer.kinds_mut();
        if kinds.all().len() > MAX_KINDS {
            correlator.count_kinds(kinds);
            kinds.clear();
            correlator.forget_kinds(self.list);
        }
    }

    /// What the file holds, once it was read to its end.
    pub(super) fn finish(self, correlator: &mut Correlator) -> Option<FileContents> {
        if let Some(mut glancer) = self.glancer {
            correlator.count_kinds(glancer.kinds_mut());
        }
        correlator.end_watch(self.watch);
        match self.state {
            State::Done(contents) => Some(*contents),
            State::Waiting | State::Open(_) => None,
        }
    }
}
