//! Levels the resolution of a node's times.
//!
//! Captures of one node may keep microseconds here and nanoseconds there. A time that was cut to microseconds seems to be earlier than
//! the same time that was not, and the order of hops would follow from the file format. Where a node has both, all its times are
//! cut to microseconds.

use std::collections::{BTreeMap, BTreeSet};

use super::conversation::Seen;
use super::timeline::NodeId;
use crate::types::{PointId, Timestamp};

const MICROSECOND: i64 = 1_000;

/// Cuts the times of nodes whose points differ in resolution.
pub(super) fn level(sightings: &mut [Seen], node_of: &[NodeId]) {
    let mut fine: BTreeMap<PointId, bool> = BTreeMap::new();
    for s in sightings.iter() {
        *fine.entry(s.evidence.point).or_default() |= s.time.0 % MICROSECOND != 0;
    }
    let of = |wanted: bool| -> BTreeSet<NodeId> {
        let points = fine.iter().filter(|(_, fine)| **fine == wanted);
        points
            .filter_map(|(point, _)| node_of.get(point.index()).copied())
            .collect()
    };
    let mixed: BTreeSet<NodeId> = of(true).intersection(&of(false)).copied().collect();
    if mixed.is_empty() {
        return;
    }
    for s in sightings {
        let node = node_of.get(s.evidence.point.index());
        if node.is_some_and(|node| mixed.contains(node)) {
            s.time = Timestamp(s.time.0 - s.time.0.rem_euclid(MICROSECOND));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{one_node, seen};
    use super::*;

    #[test]
    fn the_coarsest_file_of_a_node_decides() {
        let mut fine = seen(0, 10, 1, 2, 64, 7);
        fine.time = Timestamp(10_750);
        let coarse = seen(1, 10, 1, 2, 64, 7);
        let mut all = [fine, coarse];
        level(&mut all, &one_node(2));
        assert_eq!(all.map(|s| s.time.0), [10_000, 10_000]);
        let mut alone = [fine];
        level(&mut alone, &one_node(2));
        assert_eq!(alone.map(|s| s.time.0), [10_750]);
    }
}
