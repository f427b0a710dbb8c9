//! Tells the sightings of one place apart: copies, passes of a loop, and repetitions; and pairs repetitions across places.
//!
//! What comes in here is equal in everything that identifies a packet.
//!
//! # Copies
//! At one place, an equal packet with the same TTL within [`COPY_SPAN`] of another is a copy (a mirror, a flooded or re-injected frame),
//! not a repetition: no sender repeats a numbered packet that fast. Copies are counted and take no part. A packet without any number of its
//! own (UDP with IPv4 identification 0, or over IPv6) may be sent twice at once: of those, only what leaves every place with the same
//! number of repetitions is a copy, and nothing where sightings have little in common.
//!
//! # Passes
//! With a lower TTL within [`PASS_SPAN`], it is the same packet once more: a router sent it back. Two passes may be a router with one
//! interface; three are a loop. Where sightings have little in common (see below), and two of them may be what came back, none is taken for it.
//!
//! # Repetitions, and the tie-break
//! Places whose clocks compare (those of one node do) are looked at together. Where the repetitions at each place are at least
//! [`CLEAR_GAP`] apart, and the clocks compare to an eighth of that gap, sightings nearer than a quarter of it are the same repetition. That
//! must give each place at most one sighting of each repetition, and no more repetitions than the place with the most has. Else,
//! where every place has the same number, and none is further than [`CLEAR_GAP`] from its fellows (beside the time that packets usually
//! take between the nodes), the k-th here is the k-th there. Between places whose clocks do not compare, only a packet that each side has once is the same.
//!
//! Where sightings have little in common (no number, and a short snap length left no payload or not the whole header), order pairs them only if
//! each place has one.
//!
//! If none of this holds, nothing pairs them: every sighting stands alone and is ambiguous, so that a missing one proves nothing.

use std::collections::BTreeMap;

use smallvec::{SmallVec, smallvec};

use super::clock::Clocks;
use super::conversation::Seen;
use super::place::Place;
use super::timeline::NodeId;
use crate::types::{Nanos, Timestamp};

/// How close two equal packets at one place must be to count as copies.
const COPY_SPAN: Nanos = Nanos::from_millis(1);

/// How soon a packet that was sent back must come through again.
const PASS_SPAN: Nanos = Nanos::from_secs(1);

/// How far repetitions must be apart to be told by time: TCP's shortest retransmission timeout is 200 ms, and no packet is under way so long.
pub(super) const CLEAR_GAP: Nanos = Nanos::from_millis(100);

/// Passes that have a place of their own.
const PASSES: usize = 2;

/// Why a sighting takes no part in matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopyKind {
    /// The same frame again: a mirror, a duplicating network, or a capture that shows it twice.
    SameFrame,
    /// The same packet in another frame: flooded, re-injected by a bridge, or seen on two interfaces of one capture.
    OtherFrame,
    /// A further round of a loop.
    Loop,
}

/// One repetition at one place: its passes, first to last.
pub(super) type Passes = SmallVec<[usize; 2]>;

/// What the sightings of one place are.
#[derive(Debug, Default)]
pub(super) struct Separated {
    pub(super) repetitions: Vec<Passes>,
    pub(super) copies: Vec<(usize, CopyKind)>,
    /// Whether a pass may be of more than one repetition.
    mixed: bool,
}

/// Tells the equal packets of all places apart; nothing if they cannot be.
pub(super) fn separate_all(
    places: &BTreeMap<Place, Vec<usize>>,
    seen: &[Seen],
    weak: bool,
) -> Option<BTreeMap<Place, Separated>> {
    let apart = |copies: bool| -> BTreeMap<Place, Separated> {
        let places = places.iter();
        places
            .map(|(place, sightings)| (*place, tell_apart(sightings.clone(), seen, copies)))
            .collect()
    };
    let even = |all: &BTreeMap<Place, Separated>| {
        let mut counts = all.values().map(|separated| separated.repetitions.len());
        let first = counts.next();
        counts.all(|count| Some(count) == first)
    };
    let repeatable = places
        .values()
        .flatten()
        .filter_map(|&i| seen.get(i))
        .any(|s| s.sighting.fingerprint.repeatable);
    let with_copies = apart(true);
    if !repeatable && !weak {
        return Some(with_copies);
    }
    let without = apart(false);
    if weak {
        let mixed = without.values().any(|separated| separated.mixed);
        return (!mixed).then_some(without);
    }
    Some(if !even(&without) && even(&with_copies) {
        with_copies
    } else {
        without
    })
}

/// Tells the equal packets of one place apart.
pub(super) fn separate(sightings: Vec<usize>, seen: &[Seen]) -> Separated {
    tell_apart(sightings, seen, true)
}

fn tell_apart(mut sightings: Vec<usize>, seen: &[Seen], copies: bool) -> Separated {
    sightings.sort_by_key(|&i| seen.get(i).map(|s| (s.time, s.evidence)));
    let mut result = Separated::default();
    let mut recent = Recent::default();
    for index in sightings {
        let Some(s) = seen.get(index) else { continue };
        result.mixed = result.mixed || recent.may_pass_for_several(s, &result.repetitions, seen);
        let open = result.repetitions.last_mut();
        match open.and_then(|passes| Some((role_of(s, passes, seen, copies)?, passes))) {
            Some((Role::Copy(kind), _)) => result.copies.push((index, kind)),
            Some((Role::Pass, passes)) => passes.push(index),
            None => result.repetitions.push(smallvec![index]),
        }
    }
    result
}

/// The repetitions of one place whose last passes are so young that what comes may be a further pass: all from one number on, since
/// only the last repetition is still passed again.
struct Recent {
    /// The first that is young enough, and the first that is not counted yet.
    from: usize,
    until: usize,
    /// How many of those between have each TTL at their last pass.
    with_ttl: [u32; 256],
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            from: 0,
            until: 0,
            with_ttl: [0; 256],
        }
    }
}

impl Recent {
    /// Whether a sighting may be a pass of the last repetition and of another.
    fn may_pass_for_several(&mut self, s: &Seen, repetitions: &[Passes], seen: &[Seen]) -> bool {
        let last_pass = |nth: usize| seen.get(*repetitions.get(nth)?.last()?);
        let is_old = |earlier: &Seen| s.time - earlier.time > PASS_SPAN;
        // The last repetition may get further passes: it is counted once another follows.
        let closed = repetitions.len().saturating_sub(1);
        for passed in (self.until..closed).filter_map(last_pass) {
            self.count(passed, u32::wrapping_add);
        }
        self.until = closed;
        while self.from < closed
            && let Some(old) = last_pass(self.from).filter(|earlier| is_old(earlier))
        {
            self.count(old, u32::wrapping_sub);
            self.from += 1;
        }
        let open =
            last_pass(closed).filter(|open| !is_old(open) && s.sighting.ttl < open.sighting.ttl);
        let above = usize::from(s.sighting.ttl) + 1;
        let higher = self
            .with_ttl
            .iter()
            .skip(above)
            .map(|count| u64::from(*count));
        higher.sum::<u64>() + u64::from(open.is_some()) > 1
    }

    fn count(&mut self, passed: &Seen, by: fn(u32, u32) -> u32) {
        if let Some(count) = self.with_ttl.get_mut(usize::from(passed.sighting.ttl)) {
            *count = by(*count, 1);
        }
    }
}

enum Role {
    Copy(CopyKind),
    Pass,
}

/// What a sighting is to an earlier repetition; `None` for a new one.
fn role_of(s: &Seen, passes: &Passes, seen: &[Seen], copies: bool) -> Option<Role> {
    let earlier = || passes.iter().filter_map(|&i| seen.get(i));
    let copied = earlier()
        .find(|e| copies && e.sighting.ttl == s.sighting.ttl && s.time - e.time < COPY_SPAN);
    if let Some(original) = copied {
        let frame = |s: &Seen| (s.source_mac, s.destination_mac, s.sighting.marks.vlan);
        return Some(Role::Copy(if frame(original) == frame(s) {
            CopyKind::SameFrame
        } else {
            CopyKind::OtherFrame
        }));
    }
    let last = earlier().next_back()?;
    let again = s.sighting.ttl < last.sighting.ttl && s.time - last.time <= PASS_SPAN;
    again.then_some(Role::Pass)
}

/// Repetitions of one packet, paired across places. Each is, per place, an index into that place's repetitions.
pub(super) struct Paired {
    pub(super) repetitions: Vec<Repetition>,
    pub(super) ambiguous: bool,
}

/// One repetition: which of each place's sightings it is.
pub(super) type Repetition = BTreeMap<Place, usize>;

/// The times of each place's repetitions, in order.
pub(super) type Times = BTreeMap<Place, Vec<Timestamp>>;

/// Pairs the repetitions of equal packets.
///
/// `weak` says that what is equal is so little that several of them may be different packets: then order pairs none of several.
pub(super) fn pair(times: &Times, node_of: &[NodeId], clocks: &Clocks, weak: bool) -> Paired {
    let mut groups: Vec<Vec<Repetition>> = Vec::new();
    let mut ambiguous = false;
    for group in comparable(times, node_of, clocks) {
        let lone = group.values().all(|list| list.len() == 1);
        let by_order = || pair_by_order(&group, node_of, clocks).filter(|_| lone || !weak);
        let found = pair_by_time(&group, node_of, clocks).or_else(by_order);
        ambiguous |= found.is_none();
        groups.push(found.unwrap_or_else(|| alone(&group)));
    }
    let count = groups.first().map_or(0, Vec::len);
    if groups.iter().any(|group| group.len() != count) || (groups.len() > 1 && (weak || count > 1))
    {
        ambiguous = true;
    }
    if ambiguous {
        return Paired {
            repetitions: groups.into_iter().flatten().collect(),
            ambiguous,
        };
    }
    let mut repetitions: Vec<Repetition> = vec![BTreeMap::new(); count];
    for group in groups {
        for (whole, part) in repetitions.iter_mut().zip(group) {
            whole.extend(part);
        }
    }
    Paired {
        repetitions,
        ambiguous,
    }
}

/// The places in groups whose clocks compare, each with the first of its group.
fn comparable(times: &Times, node_of: &[NodeId], clocks: &Clocks) -> Vec<Times> {
    let mut groups: Vec<(NodeId, Times)> = Vec::new();
    for (place, list) in times {
        let Some(&node) = node_of.get(place.point.index()) else {
            continue;
        };
        let Some(&time) = list.first() else { continue };
        let near =
            |(first, _): &&mut (NodeId, Times)| clocks.offset_at(node, *first, time).is_some();
        match groups.iter_mut().find(near) {
            Some((_, group)) => {
                group.insert(*place, list.clone());
            }
            None => groups.push((node, BTreeMap::from([(*place, list.clone())]))),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Every sighting by itself.
fn alone(times: &Times) -> Vec<Repetition> {
    let each = |(place, list): (&Place, &Vec<Timestamp>)| {
        let place = *place;
        (0..list.len()).map(move |nth| BTreeMap::from([(place, nth)]))
    };
    times.iter().flat_map(each).collect()
}

/// The k-th here is the k-th there, if the numbers are equal and no two are far apart.
fn pair_by_order(times: &Times, node_of: &[NodeId], clocks: &Clocks) -> Option<Vec<Repetition>> {
    let count = times.values().next().map_or(0, Vec::len);
    if times.values().any(|list| list.len() != count) {
        return None;
    }
    let node = |place: &Place| node_of.get(place.point.index()).copied();
    let near = |(place, list): (&Place, &Vec<Timestamp>), other: (&Place, &Vec<Timestamp>), nth| {
        let (here, there) = (node(place)?, node(other.0)?);
        let (a, b): (Timestamp, Timestamp) = (*list.get(nth)?, *other.1.get(nth)?);
        let apart = |usual: Nanos| (b - (a + usual)).0.saturating_abs();
        let offset = clocks.offset_at(here, there, a)?;
        let allowed = CLEAR_GAP.0.saturating_add(offset.bound.0);
        // What the clocks tell is quick to ask; what packets usually take is looked up among all that crossed.
        let as_usual = || {
            let there_first = clocks.usual_difference(there, here, b);
            let there_first = there_first.map(|usual| Nanos(usual.0.saturating_neg()));
            let usual = [clocks.usual_difference(here, there, a), there_first];
            usual
                .into_iter()
                .flatten()
                .any(|usual| apart(usual) <= CLEAR_GAP.0)
        };
        Some(apart(offset.offset) <= allowed || as_usual())
    };
    let first = times.iter().next()?;
    let together = |nth: usize| {
        times
            .iter()
            .all(|other| near(first, other, nth) == Some(true))
            && times.iter().all(|one| {
                let fellows = times.iter().filter(|other| node(other.0) == node(one.0));
                fellows
                    .into_iter()
                    .all(|other| near(one, other, nth) == Some(true))
            })
    };
    if !(0..count).all(together) {
        return None;
    }
    let by_order = |nth: usize| times.keys().map(|place| (*place, nth)).collect();
    Some((0..count).map(by_order).collect())
}

fn pair_by_time(times: &Times, node_of: &[NodeId], clocks: &Clocks) -> Option<Vec<Repetition>> {
    let most = times.values().map(Vec::len).max().unwrap_or(0);
    let gaps = times.values().flat_map(|times| times.windows(2));
    let gap = gaps
        .filter_map(|pair| Some(*pair.get(1)? - *pair.first()?))
        .min()?;
    if gap < CLEAR_GAP {
        return None;
    }
    let reference = node_of.get(times.keys().next()?.point.index())?;
    let mut all: Vec<(Timestamp, Place, usize)> = Vec::new();
    for (place, times) in times {
        let node = node_of.get(place.point.index())?;
        for (nth, &time) in times.iter().enumerate() {
            let offset = clocks.offset_at(*node, *reference, time)?;
            if offset.bound.0.saturating_mul(8) > gap.0 {
                return None;
            }
            all.push((time + offset.offset, *place, nth));
        }
    }
    all.sort_unstable();
    let mut found: Vec<(Timestamp, Repetition)> = Vec::new();
    for (time, place, nth) in all {
        match found.last_mut() {
            Some((last, repetition)) if (time - *last).0 < gap.0 / 4 => {
                *last = time;
                if repetition.insert(place, nth).is_some() {
                    return None;
                }
            }
            _ => found.push((time, BTreeMap::from([(place, nth)]))),
        }
    }
    let found: Vec<Repetition> = found
        .into_iter()
        .map(|(_, repetition)| repetition)
        .collect();
    (found.len() <= most).then_some(found)
}

/// The places that a repetition's passes take, and the copies that are left over.
pub(super) fn places_of(base: Place, passes: &Passes) -> (Vec<(Place, usize)>, Vec<usize>) {
    let placed = passes.iter().take(PASSES).zip(0u8..);
    let places = placed
        .map(|(&index, pass)| (Place { pass, ..base }, index))
        .collect();
    (places, passes.iter().skip(PASSES).copied().collect())
}

/// Whether so many passes are a loop.
pub(super) fn is_loop(passes: &Passes) -> bool {
    passes.len() > PASSES
}
