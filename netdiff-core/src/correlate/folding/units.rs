//! What is kept or folded as one: a packet at all its places, a stretch of TCP's bytes, an echo request with its reply.

use std::collections::HashSet;
use std::ops::Range;

use super::conversations::{Conversation, View};
use super::gather::Gathered;
use super::parted::{MIDDLE, Parted, Placed, by_place, in_order, spans};
use super::sorted::MAX_PLACES;
use crate::types::{FlowKey, Timestamp};

/// The most sightings that a unit may have.
const MAX_MEMBERS: usize = 2_048;

/// Which packets a unit is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Forward,
    Back,
    /// A question and its answer.
    Both,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Forward, Self::Back, Self::Both];
}

/// What is kept or folded as one.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) way: Way,
    /// When it was first seen, by one clock for all units of its way.
    pub(super) time: Timestamp,
    /// When it was last seen, by any clock.
    pub(super) latest: Timestamp,
    /// Its sightings among the conversation's.
    pub(super) members: Range<usize>,
    /// When each of its places first saw it, among the conversation's times.
    pub(super) first: Range<usize>,
    /// Where it was seen, a bit a place.
    pub(super) places: u64,
    /// Whether it is whole and there once at each of them, and nothing special.
    pub(super) plain: bool,
    /// Whether some place shows bytes of it more than once or not at all.
    pub(super) torn: bool,
    /// How many trips [`pieces`](super::super::pieces) makes of it.
    pub(super) trips: u32,
    /// The bytes of TCP that it is.
    pub(super) bytes: Option<(u32, u32)>,
    /// The shortest and the longest of its packets, in bytes.
    pub(super) lengths: (u32, u32),
    /// The kept unit of its kind that it is folded into.
    pub(super) into: Option<usize>,
}

/// What a unit looks like at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) place: u8,
    /// Among all looks of the set; `None` if pieces of it look different.
    pub(super) look: Option<u32>,
    /// When it was first seen there.
    pub(super) first: Timestamp,
}

/// Makes the units of a conversation; `None` where packets of it cannot be told apart.
pub(super) fn make(
    conversation: &mut Conversation,
    view: View<'_>,
    quoted: &HashSet<(FlowKey, u64)>,
) -> Option<()> {
    let mut parted = Parted::default();
    for (index, row) in (0u32..).zip(view.rows) {
        parted.take(index, row, view, quoted)?;
    }
    let Parted {
        data, whole, bases, ..
    } = parted;
    for (way, whole) in Way::ALL.into_iter().zip(whole) {
        let gathered = Gathered::new(whole.iter().map(|p| p.id));
        let (whole, begins) = gathered.sorted(whole.into_iter());
        for same in spans(&whole, &begins) {
            conversation.add(way, same, view, None, 1, true);
        }
    }
    for ((way, data), base) in Way::ALL.into_iter().zip(data).zip(bases) {
        let data = in_order(data);
        let mut rest = data.as_slice();
        while let Some(stretch) = first_stretch(rest) {
            let cut = cut_of(stretch);
            conversation.add(way, stretch, view, base, cut.unwrap_or(1), cut.is_some());
            rest = rest.get(stretch.len()..).unwrap_or_default();
        }
    }
    conversation.settle(view);
    Some(())
}

/// The first of the segments, in order of their bytes, up to where none of them crosses.
fn first_stretch(data: &[Placed]) -> Option<&[Placed]> {
    let (_, mut end) = data.first()?.bytes();
    let inside = |p: &Placed| {
        let (from, to) = p.bytes();
        let inside = from < end;
        end = end.max(to);
        inside
    };
    let more = data
        .get(1..)?
        .iter()
        .map(inside)
        .take_while(|inside| *inside);
    data.get(..=more.count())
}

/// How many pieces a stretch is cut into, if every place that shows it has all of it once.
fn cut_of(stretch: &[Placed]) -> Option<u32> {
    let first = stretch.first()?.bytes();
    if stretch.iter().all(|p| p.bytes() == first) {
        let mut pairs = stretch.windows(2);
        let twice = pairs.any(|pair| matches!(pair, [a, b] if a.place == b.place));
        return (!twice).then_some(1);
    }
    let spans = || stretch.iter().map(Placed::bytes);
    let (from, to) = spans().fold(first, |(from, to), (f, t)| (from.min(f), to.max(t)));
    let mut edges: Vec<u64> = spans().flat_map(|(from, to)| [from, to]).collect();
    edges.sort_unstable();
    edges.dedup();
    // The segments of each place in order: they must follow one upon the other.
    let mut reached = [from; MAX_PLACES];
    let mut shown = [false; MAX_PLACES];
    for p in stretch {
        let (start, end) = p.bytes();
        let reached = reached.get_mut(usize::from(p.place))?;
        if start != *reached {
            return None;
        }
        *reached = end;
        *shown.get_mut(usize::from(p.place))? = true;
    }
    let whole = reached
        .iter()
        .zip(shown)
        .all(|(end, shown)| !shown || *end == to);
    whole.then(|| u32::try_from(edges.len() - 1).ok()).flatten()
}

impl Conversation {
    /// Adds a unit of these sightings. `once` says that every place has all of it once; of whole packets that is looked at here.
    fn add(
        &mut self,
        way: Way,
        those: &[Placed],
        view: View<'_>,
        base: Option<u32>,
        trips: u32,
        once: bool,
    ) {
        let start = self.members.len();
        self.members
            .extend(those.iter().map(|p| (p.place, p.index)));
        if let Some(members) = self.members.get_mut(start..) {
            // By place, and there in order of the bytes, which a stable sort keeps.
            by_place(members, |(place, _)| *place);
        }
        let is_data = those.first().is_some_and(|p| p.len > 0);
        let seen = self.look_at(start, is_data, view);
        let at_once = is_data || those.len() == seen.places.count_ones() as usize;
        let plain = once
            && at_once
            && seen.one_control
            && those.len() <= MAX_MEMBERS
            && those.iter().all(|p| p.plain);
        let range = base.filter(|_| is_data);
        self.units.push(Unit {
            way,
            time: Timestamp(0),
            latest: seen.latest,
            members: start..self.members.len(),
            first: seen.first,
            places: seen.places,
            plain,
            torn: !once,
            trips,
            bytes: range.and_then(|base| numbers_of(those, base)),
            lengths: seen.lengths,
            into: None,
        });
    }

    /// What the sightings of a new unit, from `start` on, say together.
    fn look_at(&mut self, start: usize, is_data: bool, view: View<'_>) -> Together {
        let begin = self.first.len();
        let mut together = Together {
            latest: Timestamp(i64::MIN),
            first: begin..begin,
            places: 0,
            lengths: (u32::MAX, 0),
            one_control: true,
        };
        let mut control = None;
        for (place, index) in self.members.get(start..).unwrap_or_default() {
            let Some(row) = view.rows.get(*index as usize) else {
                continue;
            };
            let time = row.time();
            let look = view.fact(row).map(|fact| fact.look);
            together.latest = together.latest.max(time);
            together.lengths.0 = together.lengths.0.min(row.ip_len);
            together.lengths.1 = together.lengths.1.max(row.ip_len);
            // Whether offload may have cut or merged all of them: see [`control_of`](crate::identify).
            together.one_control &= !is_data || *control.get_or_insert(row.control) == row.control;
            if together.places >> place & 1 == 0 {
                together.places |= 1 << place;
                self.first.push(At {
                    place: *place,
                    look,
                    first: time,
                });
            } else if let Some(known) = self.first.last_mut() {
                known.first = time.min(known.first);
                known.look = known.look.filter(|known| Some(*known) == look);
            }
        }
        together.first = begin..self.first.len();
        together
    }

    /// Gives the units their times, and brings them in order.
    fn settle(&mut self, view: View<'_>) {
        for way in Way::ALL {
            let usual = self.usual(way);
            let mut units = self.units.iter();
            let pattern =
                units.find(|unit| unit.way == way && unit.plain && unit.places & usual == usual);
            let mut pattern_at = [None; MAX_PLACES];
            let pattern = pattern.map(|unit| self.first_times(unit));
            let origin = pattern.and_then(<[_]>::first).map(|at| at.first);
            for own in pattern.into_iter().flatten() {
                if let Some(at) = pattern_at.get_mut(usize::from(own.place)) {
                    *at = origin.map(|origin: Timestamp| own.first - origin);
                }
            }
            let first = &self.first;
            for unit in self.units.iter_mut().filter(|unit| unit.way == way) {
                let times = first.get(unit.first.clone()).unwrap_or_default();
                // By the clock of the first place of the pattern: from the first of the unit's places that is there, too.
                let shared = times.iter().find_map(|at| {
                    let behind = *pattern_at.get(usize::from(at.place))?;
                    Some(at.first - behind?)
                });
                let own = times.first().map_or(Timestamp(0), |at| at.first);
                unit.time = shared.unwrap_or(own);
            }
        }
        debug_assert!(self.members.len() <= view.rows.len());
        self.units
            .sort_by_key(|unit| (unit.way, unit.time, unit.members.start));
    }
}

/// What the sightings of a unit say together.
struct Together {
    latest: Timestamp,
    first: Range<usize>,
    places: u64,
    lengths: (u32, u32),
    one_control: bool,
}

/// The sequence numbers of a stretch, whose first direction's bytes count from `base`.
fn numbers_of(those: &[Placed], base: u32) -> Option<(u32, u32)> {
    let spans = those.iter().map(Placed::bytes);
    let (from, to) = spans.reduce(|(from, to), (f, t)| (from.min(f), to.max(t)))?;
    let behind = i64::try_from(from).ok()? - i64::try_from(MIDDLE).ok()?;
    let from_number = base.wrapping_add_signed(i32::try_from(behind).ok()?);
    Some((
        from_number,
        from_number.wrapping_add(u32::try_from(to - from).ok()?),
    ))
}
