//! What passed between capture points, over all flows of a set.

use std::collections::BTreeMap;

use super::build::Analyzed;
use super::model_sums::SegmentTrafficReport;
use crate::correlate::{Direction, Disposition, Trust};
use crate::types::PointId;

#[derive(Default)]
struct Sums {
    packets: u64,
    lost: u64,
    assumed_lost: u64,
    rejected: u64,
    looped: u64,
}

/// Sorted by the points' places in the set, those without a known end first.
pub(super) fn segment_traffic(set: &Analyzed<'_>) -> Vec<SegmentTrafficReport> {
    let mut segments: BTreeMap<(PointId, Option<PointId>), Sums> = BTreeMap::new();
    let flows = set.timelines.flows.iter();
    for direction in flows.flat_map(|flow| [&flow.forward, &flow.reply]) {
        note(direction, &mut segments);
    }
    let segments = segments.into_iter();
    segments
        .map(|((from, to), sums)| SegmentTrafficReport {
            from: set.point(from),
            to: to.map(|to| set.point(to)),
            packets: sums.packets,
            lost: sums.lost,
            assumed_lost: sums.assumed_lost,
            rejected: sums.rejected,
            looped: sums.looped,
        })
        .collect()
}

fn note(direction: &Direction, segments: &mut BTreeMap<(PointId, Option<PointId>), Sums>) {
    for two in direction.hops.windows(2) {
        if let [a, b] = two {
            let sums = segments.entry((a.point, Some(b.point))).or_default();
            sums.packets += b.packets;
        }
    }
    for (disposition, count) in &direction.tally.ends {
        let packets = count.packets;
        match *disposition {
            Disposition::Lost { from, to, trust } => {
                let sums = segments.entry((from, Some(to))).or_default();
                match trust {
                    Trust::Proven => sums.lost += packets,
                    Trust::Assumed => sums.assumed_lost += packets,
                }
            }
            Disposition::Rejected { after, next, .. } => {
                segments.entry((after, next)).or_default().rejected += packets;
            }
            Disposition::Looped { at, .. } => {
                segments.entry((at, None)).or_default().looped += packets;
            }
            _ => {}
        }
    }
}
