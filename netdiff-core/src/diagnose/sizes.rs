//! Losses that are a matter of size.

use std::collections::BTreeMap;

use super::case::Case;
use super::draft::FEW;
use super::facts::{Loss, Way, by_segment};
use super::finding::Severity;
use crate::correlate::Journey;
use crate::types::{PointId, Protocol};

/// Every network passes packets of this many bytes: IPv6 requires it (RFC 8200, section 5), and no IPv4 network of today passes less.
pub(super) const ALWAYS_FITS: u32 = 1_280;

/// A limit that lies between two lengths, in bytes of the inner-most IP packet.
#[derive(Clone, Debug)]
pub(super) struct Limit<'a> {
    /// Where.
    pub(super) segment: (PointId, PointId),
    /// The longest packet that passed.
    pub(super) longest_passed: u32,
    /// The shortest packet that did not.
    pub(super) shortest_lost: u32,
    /// How many packets passed.
    pub(super) passed: usize,
    /// The losses that it explains: all that are longer than what passed, those that came in fragments as well.
    pub(super) losses: Vec<&'a Loss>,
}

/// The limits that these losses show, one a segment.
///
/// Whole packets alone tell: of one in fragments any of them may be the lost one. At least [`FEW`] were lost and [`FEW`] passed, every lost
/// one is longer than every one that passed, and something passed after the first loss: else it may be an outage.
pub(super) fn limits<'a>(
    case: &Case<'_>,
    losses: impl IntoIterator<Item = &'a Loss>,
    is_whole: impl Fn(&Loss) -> bool,
) -> Vec<Limit<'a>> {
    let segments = by_segment(losses);
    let found = segments.into_iter().filter_map(|(segment, losses)| {
        let passed = passed_over(case, segment);
        let whole: Vec<&Loss> = losses.iter().copied().filter(|l| is_whole(l)).collect();
        let longest_passed = passed.iter().map(|(_, journey)| journey.ip_len).max()?;
        let told: Vec<&&Loss> = whole.iter().filter(|l| l.ip_len > longest_passed).collect();
        let shortest_lost = told.iter().map(|loss| loss.ip_len).min()?;
        let first = told.iter().map(|loss| loss.time).min()?;
        let after = passed.iter().any(|(_, journey)| journey.time > first);
        let strict = told.len() == whole.len();
        (strict && after && told.len() >= FEW && passed.len() >= FEW).then(|| Limit {
            segment,
            longest_passed,
            shortest_lost,
            passed: passed.len(),
            losses: losses
                .into_iter()
                .filter(|loss| loss.ip_len > longest_passed)
                .collect(),
        })
    });
    found.collect()
}

/// The whole packets that got from one point to the next.
pub(super) fn passed_over<'a>(
    case: &Case<'a>,
    segment: (PointId, PointId),
) -> Vec<(Way, &'a Journey)> {
    let ways = case.facts.passed.get(&segment);
    let mut passed = Vec::new();
    for &(flow, reply) in ways.into_iter().flat_map(BTreeMap::keys) {
        let Some(timeline) = case.timelines.flows.get(flow) else {
            continue;
        };
        let direction = if reply {
            &timeline.reply
        } else {
            &timeline.forward
        };
        let crosses = |journey: &&Journey| {
            let mut pairs = journey.sightings.windows(2);
            journey.fragments <= 1
                && pairs.any(|pair| matches!(pair, [a, b] if (a.point, b.point) == segment))
        };
        passed.extend(
            direction
                .journeys
                .iter()
                .filter(crosses)
                .map(|journey| ((flow, reply), journey)),
        );
    }
    passed
}

/// How often the same bytes were lost, and whether they came through in the end: an error if some did not although they were sent again,
/// or if other packets than TCP's were lost, which nobody sends again.
pub(super) fn severity(case: &Case<'_>, losses: &[&Loss]) -> Severity {
    let mut tries: BTreeMap<(Way, u16, u32), (usize, &Loss)> = BTreeMap::new();
    let mut others = 0;
    for loss in losses {
        let journey = case.journey(loss.journey);
        match journey.and_then(|journey| Some((journey.port, journey.sequence?.0))) {
            Some((port, start)) if loss.protocol == Protocol::TCP => {
                let way = (loss.journey.flow, loss.journey.reply);
                tries.entry((way, port, start)).or_insert((0, loss)).0 += 1;
            }
            _ => others += 1,
        }
    }
    let stuck = tries.iter().any(|((_, port, start), (times, loss))| {
        *times > 1 && !came_through(case, loss, *port, *start)
    });
    if stuck || others >= FEW {
        Severity::Error
    } else {
        Severity::Warning
    }
}

/// Whether bytes of a connection reached the point where a loss of them should have been seen.
pub(super) fn came_through(case: &Case<'_>, loss: &Loss, port: u16, start: u32) -> bool {
    super::forwarding::reaching(case, loss).any(|journey| {
        let holds = journey
            .sequence
            .is_some_and(|(first, behind)| start.wrapping_sub(first) < behind.wrapping_sub(first));
        journey.port == port && holds
    })
}
