//! What is kept or folded as one: a packet at all its places, a stretch of TCP's bytes, an echo request with its reply.

use std::collections::HashSet;
use std::ops::Range;

use super::super::conversation::Seen;
use super::super::pieces::distance;
use super::conversations::Conversation;
use crate::identify::{Detail, TcpFlags};
use crate::types::{FlowKey, Protocol, Timestamp};

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

/// What is kept or folded as one.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) way: Way,
    /// When it was first seen, by one clock for all units of its way.
    pub(super) time: Timestamp,
    /// Its sightings among the conversation's.
    pub(super) members: Range<usize>,
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
    /// The kept unit of its kind that it is folded into.
    pub(super) into: Option<usize>,
}

/// One sighting while units are made.
#[derive(Clone, Copy)]
struct Placed {
    place: u8,
    index: u32,
    way: Way,
    /// What is equal of one unit.
    id: u64,
    /// Of TCP's bytes, how far they begin behind the first ones and how many they are.
    bytes: Option<(i64, i64)>,
    plain: bool,
}

/// The sequence numbers that each direction of TCP began with.
#[derive(Default)]
struct Begun {
    /// From which its bytes count.
    bases: [Option<u32>; 2],
    /// Of its SYN.
    starts: [Option<u32>; 2],
}

/// Makes the units of a conversation; `None` where packets of it cannot be told apart.
pub(super) fn make(
    conversation: &mut Conversation,
    sightings: &[Seen],
    own: Vec<(u8, u32, bool)>,
    quoted: &HashSet<(FlowKey, u64)>,
) -> Option<()> {
    let (mut data, mut whole) = (Vec::new(), Vec::new());
    let mut begun = Begun::default();
    for (place, index, forward) in own {
        let s = sightings.get(index as usize)?;
        let print = s.sighting.fingerprint;
        let quoted = quoted.contains(&(s.sighting.key, print.short));
        let mut placed = Placed {
            place,
            index,
            way: if forward { Way::Forward } else { Way::Back },
            id: print.full?,
            bytes: None,
            plain: s.sighting.fragments == 1 && print.telling && !quoted,
        };
        match s.sighting.detail {
            Detail::Tcp { .. } => placed.take_segment(s, usize::from(!forward), &mut begun)?,
            Detail::Query { sequence, .. } => {
                (placed.way, placed.id) = (Way::Both, u64::from(sequence));
            }
            Detail::Datagram => {}
            Detail::IcmpError { .. } | Detail::LinkLocal => placed.plain = false,
        }
        if placed.bytes.is_some() {
            data.push(placed);
        } else {
            whole.push(placed);
        }
    }
    whole.sort_unstable_by_key(|p| (p.way, p.id, p.place, p.index));
    for same in whole.chunk_by(|a, b| (a.way, a.id) == (b.way, b.id)) {
        conversation.add(same, sightings, 1, true);
    }
    // Each place saw them nearly in this order.
    data.sort_by_key(|p| (p.way, p.bytes, p.place, p.index));
    for stretch in stretches(&data) {
        let cut = cut_of(stretch);
        conversation.add(stretch, sightings, cut.unwrap_or(1), cut.is_some());
    }
    conversation.settle(sightings);
    Some(())
}

impl Placed {
    /// Takes the bytes of a TCP segment; `None` where its header was cut, or another connection used the same ports.
    fn take_segment(&mut self, s: &Seen, side: usize, begun: &mut Begun) -> Option<()> {
        let Detail::Tcp {
            flags,
            sequence,
            segment_len,
            header_len,
            control,
            ..
        } = s.sighting.detail
        else {
            return None;
        };
        let (header_len, _) = header_len.zip(control)?;
        let flags = TcpFlags(flags);
        self.plain &= !flags.any(TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST);
        if flags.any(TcpFlags::SYN)
            && *begun.starts.get_mut(side)?.get_or_insert(sequence) != sequence
        {
            return None;
        }
        let marks = i64::from(flags.any(TcpFlags::SYN)) + i64::from(flags.any(TcpFlags::FIN));
        let len = i64::from(segment_len.saturating_sub(u32::from(header_len))) + marks;
        let base = *begun.bases.get_mut(side)?.get_or_insert(sequence);
        self.bytes = (len > 0).then(|| (distance(base, sequence), len));
        Some(())
    }
}

/// Parts segments, in order of their bytes, where none of them crosses.
fn stretches(data: &[Placed]) -> impl Iterator<Item = &[Placed]> {
    let mut end = i64::MIN;
    let mut way = None;
    data.chunk_by(move |before, next| {
        let until = before.bytes.map_or(i64::MIN, |(from, len)| from + len);
        end = if way == Some(before.way) {
            end.max(until)
        } else {
            until
        };
        way = Some(before.way);
        let together = before.way == next.way && next.bytes.is_some_and(|(from, _)| from < end);
        if !together {
            end = i64::MIN;
            way = None;
        }
        together
    })
}

/// How many pieces a stretch is cut into, if every place that shows it has all of it once.
fn cut_of(stretch: &[Placed]) -> Option<u32> {
    let spans = || stretch.iter().filter_map(|p| p.bytes);
    let from = spans().map(|(from, _)| from).min()?;
    let to = spans().map(|(from, len)| from + len).max()?;
    let mut edges: Vec<i64> = spans().flat_map(|(from, len)| [from, from + len]).collect();
    edges.sort_unstable();
    edges.dedup();
    if edges.len() > 2 {
        // The segments of each place in order: they must follow one upon the other.
        let mut reached = [from; u8::MAX as usize + 1];
        let mut shown = [false; u8::MAX as usize + 1];
        for p in stretch {
            let (start, len) = p.bytes?;
            let reached = reached.get_mut(usize::from(p.place))?;
            if start != *reached {
                return None;
            }
            *reached = start + len;
            *shown.get_mut(usize::from(p.place))? = true;
        }
        let whole = reached
            .iter()
            .zip(shown)
            .all(|(end, shown)| !shown || *end == to);
        if !whole {
            return None;
        }
    } else {
        let mut before = None;
        for p in stretch {
            if before == Some(p.place) {
                return None;
            }
            before = Some(p.place);
        }
    }
    u32::try_from(edges.len() - 1).ok()
}

impl Conversation {
    /// Adds a unit of these sightings. `once` says that every place has all of it once; of whole packets that is looked at here.
    fn add(&mut self, those: &[Placed], sightings: &[Seen], trips: u32, once: bool) {
        let Some(first) = those.first() else { return };
        let start = self.members.len();
        self.members
            .extend(those.iter().map(|p| (p.place, p.index)));
        if let Some(members) = self.members.get_mut(start..) {
            // By place, and there in order of the bytes, which a stable sort keeps.
            members.sort_by_key(|(place, _)| *place);
        }
        let places = those.iter().fold(0, |mask, p| mask | 1u64 << p.place);
        let at_once = first.bytes.is_some() || those.len() == places.count_ones() as usize;
        let alike = first.bytes.is_none() || one_control(those, sightings);
        let plain =
            once && at_once && alike && those.len() <= MAX_MEMBERS && those.iter().all(|p| p.plain);
        self.units.push(Unit {
            way: first.way,
            time: Timestamp(0),
            members: start..self.members.len(),
            places,
            plain,
            torn: !once,
            trips,
            bytes: bytes_of(those, sightings),
            into: None,
        });
    }

    /// Gives the units their times, and brings them in order.
    fn settle(&mut self, sightings: &[Seen]) {
        for way in [Way::Forward, Way::Back, Way::Both] {
            let usual = self.usual(way);
            let pattern = self
                .units
                .iter()
                .find(|unit| unit.way == way && unit.plain && unit.places & usual == usual);
            let pattern = pattern.map(|unit| self.first_times(unit, sightings));
            let time_of = |unit: &Unit| {
                let own = unit.way == way;
                own.then(|| self.time_of(unit, pattern.as_deref(), sightings))
            };
            let times: Vec<Option<Timestamp>> = self.units.iter().map(time_of).collect();
            for (unit, time) in self.units.iter_mut().zip(times) {
                unit.time = time.unwrap_or(unit.time);
            }
        }
        self.units
            .sort_by_key(|unit| (unit.way, unit.time, unit.members.start));
    }

    /// When each place first saw a unit, in order of places.
    pub(super) fn first_times(&self, unit: &Unit, sightings: &[Seen]) -> Vec<(u8, Timestamp)> {
        let mut times: Vec<(u8, Timestamp)> = Vec::new();
        for (place, index) in self.members(unit) {
            let Some(s) = sightings.get(*index as usize) else {
                continue;
            };
            match times.last_mut() {
                Some((last, time)) if last == place => *time = (*time).min(s.time),
                _ => times.push((*place, s.time)),
            }
        }
        times
    }

    /// By the clock of the first place of the pattern: from the first of the unit's places that is there, too.
    fn time_of(
        &self,
        unit: &Unit,
        pattern: Option<&[(u8, Timestamp)]>,
        sightings: &[Seen],
    ) -> Timestamp {
        let times = self.first_times(unit, sightings);
        let own = times.first().map_or(Timestamp(0), |(_, time)| *time);
        let Some((pattern, first)) = pattern.and_then(|p| Some((p, p.first()?.1))) else {
            return own;
        };
        let shared = times.iter().find_map(|(place, time)| {
            let usual = pattern.iter().find(|(p, _)| p == place)?;
            Some(*time - (usual.1 - first))
        });
        shared.unwrap_or(own)
    }
}

/// Whether offload may have cut or merged all of them: see [`control_of`](crate::identify).
fn one_control(those: &[Placed], sightings: &[Seen]) -> bool {
    let mut controls =
        those
            .iter()
            .filter_map(|p| match sightings.get(p.index as usize)?.sighting.detail {
                Detail::Tcp { control, .. } => control,
                _ => None,
            });
    let first = controls.next();
    controls.all(|control| Some(control) == first)
}

/// The sequence numbers of a stretch.
fn bytes_of(those: &[Placed], sightings: &[Seen]) -> Option<(u32, u32)> {
    let first = those.iter().min_by_key(|p| p.bytes)?;
    let (from, _) = first.bytes?;
    let to = those
        .iter()
        .filter_map(|p| p.bytes)
        .map(|(f, len)| f + len)
        .max()?;
    let s = sightings.get(first.index as usize)?;
    let Detail::Tcp { sequence, .. } = s.sighting.detail else {
        return None;
    };
    debug_assert_eq!(s.sighting.key.protocol, Protocol::TCP);
    Some((
        sequence,
        sequence.wrapping_add(u32::try_from(to - from).ok()?),
    ))
}
