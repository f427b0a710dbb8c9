//! Tells at once what nearly all sightings are: one packet.

use smallvec::SmallVec;

use super::clock::Clocks;
use super::place::Place;
use super::repetition::CLEAR_GAP;
use super::timeline::NodeId;
use super::trip::Timing;
use crate::types::Timestamp;

/// Places whose clocks compare with that of the first of them.
struct Group {
    node: NodeId,
    time: Timestamp,
}

/// When the places of a group on one node saw a packet.
struct Stay {
    group: usize,
    node: NodeId,
    earliest: Timestamp,
    latest: Timestamp,
}

/// Whether sightings, one a place in order of places, surely are one packet: then [`pair`](super::repetition::pair) would find just that. Nearly all are, and this
/// is told without any table; where it says no, only `pair` can tell.
pub(super) fn is_one(
    times: impl Iterator<Item = (Place, Timestamp)>,
    timing: Timing<'_>,
    weak: bool,
) -> bool {
    let mut groups: SmallVec<[Group; 4]> = SmallVec::new();
    let mut stays: SmallVec<[Stay; 4]> = SmallVec::new();
    for (place, time) in times {
        let Some(&node) = timing.node_of.get(place.point.index()) else {
            return false;
        };
        let near = |group: &Group| timing.clocks.compare_at(node, group.node, time);
        let group = groups.iter().position(near).unwrap_or(groups.len());
        if group == groups.len() {
            groups.push(Group { node, time });
        }
        let mut known = stays.iter_mut();
        if let Some(stay) = known.find(|stay| (stay.group, stay.node) == (group, node)) {
            (stay.earliest, stay.latest) = (stay.earliest.min(time), stay.latest.max(time));
        } else {
            stays.push(Stay {
                group,
                node,
                earliest: time,
                latest: time,
            });
        }
    }
    let sure = groups.len() <= 1 || !weak;
    sure && stays.iter().all(|stay| {
        let group = groups.get(stay.group);
        group.is_some_and(|group| is_near(stay, group, timing.clocks))
    })
}

/// Whether all sightings on a node are near each other and the first of their group.
fn is_near(stay: &Stay, group: &Group, clocks: &Clocks) -> bool {
    if stay.latest - stay.earliest > CLEAR_GAP {
        return false;
    }
    if stay.node == group.node {
        return true;
    }
    clocks
        .offset_at(group.node, stay.node, group.time)
        .is_some_and(|clock| {
            let expected = group.time + clock.offset;
            let allowed = CLEAR_GAP.0.saturating_add(clock.bound.0);
            let near = |time: Timestamp| (time - expected).0.saturating_abs() <= allowed;
            near(stay.earliest) && near(stay.latest)
        })
}
