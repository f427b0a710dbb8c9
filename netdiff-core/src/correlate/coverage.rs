//! When each capture point could have seen a packet.
//!
//! | what is known of the point | a packet at time t |
//! |---|---|
//! | some packets before and some after t (by more than [`EDGE`]) | proven: the capture ran |
//! | its file says that it was captured before and after t (pcapng interface statistics) | the same |
//! | one capture took several interfaces (`-i any`), and shows packets of others before and after t | the same |
//! | its files say that it was captured at other times only | not covered |
//! | some before t and none after, but the node's other captures ran on | assumed, and only for a flow that the point never saw at all |
//! | no packets at all (an empty capture), and the node's other captures ran on both sides of t | the same |
//! | the node's clock was set back, and t is there twice | not covered |
//! | otherwise | not covered: the capture may have begun later or ended before |
//!
//! The assumption stops [`TAIL`] before the node's last packet: tcpdump loses what it had not written when it was
//! stopped. A point that did see a flow and then falls silent is never assumed to have gone on capturing, and none is assumed
//! to have captured before its first packet: captures are begun one after the other.

use super::disposition::Trust;
use super::set_back::Twice;
use super::timeline::{NodeId, SetPoint};
use crate::types::{Nanos, PointId, Timestamp};

/// What tcpdump may lose at the end of a file: packets that its buffer still held.
pub const TAIL: Nanos = Nanos::from_secs(2);

/// How near its last packet a capture proves nothing: that packet may itself be the first piece of something that was cut off.
const EDGE: Nanos = Nanos::from_millis(10);

/// A closed span of time.
type Span = (Timestamp, Timestamp);

/// When a point's captures ran, as far as something else than the point's own packets tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// From when to when its files say that they were captured, one a file that says it.
    pub stated: Vec<(Timestamp, Timestamp)>,
    /// First and last packet of captures that took this and other interfaces together, one a capture.
    pub shared: Vec<(Timestamp, Timestamp)>,
}

impl Ran {
    fn covers(&self, earliest: Timestamp, latest: Timestamp) -> bool {
        let within = |(first, last): &Span, end| *first <= earliest && latest + end <= *last;
        self.stated.iter().any(|span| within(span, TAIL))
            || self.shared.iter().any(|span| within(span, EDGE))
    }
}

/// The capture windows of a set's points and nodes, each by its node's own clock.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    points: Vec<Option<Span>>,
    ran: Vec<Ran>,
    /// Points all of whose files say when they were captured.
    stated: Vec<bool>,
    nodes: Vec<Option<Span>>,
    /// Times that a node has twice, since its clock was set back.
    twice: Twice,
    node_of: Vec<NodeId>,
}

impl Coverage {
    pub(super) fn new(points: &[SetPoint], node_of: &[NodeId], nodes: usize, twice: Twice) -> Self {
        let spans: Vec<Option<Span>> = points
            .iter()
            .map(|p| p.first_time.zip(p.last_time))
            .collect();
        let mut of_nodes: Vec<Option<Span>> = vec![None; nodes];
        for (span, node) in spans.iter().zip(node_of) {
            let (Some((first, last)), Some(whole)) = (span, of_nodes.get_mut(node.index())) else {
                continue;
            };
            let (low, high) = whole.unwrap_or((*first, *last));
            *whole = Some((low.min(*first), high.max(*last)));
        }
        let stated = |p: &SetPoint| !p.files.is_empty() && p.ran.stated.len() >= p.files.len();
        Self {
            points: spans,
            ran: points.iter().map(|p| p.ran.clone()).collect(),
            stated: points.iter().map(stated).collect(),
            nodes: of_nodes,
            twice,
            node_of: node_of.to_vec(),
        }
    }

    /// Until when `point` is known to have captured, by its node's clock; `None` where nothing tells.
    #[must_use]
    pub fn ran_until(&self, point: PointId) -> Option<Timestamp> {
        let own = self.points.get(point.index()).copied().flatten();
        let ran = self.ran.get(point.index()).into_iter();
        let ran = ran.flat_map(|ran| ran.stated.iter().chain(&ran.shared));
        own.iter().chain(ran).map(|(_, last)| *last).max()
    }

    /// Whether `point` could have seen a packet at `time`, which is by the point's clock and off by at most `bound`.
    ///
    /// `flow_was_seen` says whether the point saw any packet of the flow in this direction.
    #[must_use]
    pub fn could_see(
        &self,
        point: PointId,
        time: Timestamp,
        bound: Nanos,
        flow_was_seen: bool,
    ) -> Option<Trust> {
        let (earliest, latest) = (time - bound, time + bound);
        let node = self.node_of.get(point.index())?;
        let twice = self.twice.get(node).into_iter().flatten();
        if twice
            .into_iter()
            .any(|(from, to)| *from <= latest && earliest <= *to)
        {
            return None;
        }
        let own = self.points.get(point.index()).copied().flatten();
        let ran = self.ran.get(point.index());
        if own.is_some_and(|(first, last)| first <= earliest && latest + EDGE <= last)
            || ran.is_some_and(|ran| ran.covers(earliest, latest))
        {
            return Some(Trust::Proven);
        }
        if own.is_some_and(|(first, _)| first > earliest) {
            return None;
        }
        if self.stated.get(point.index()) == Some(&true) {
            return None;
        }
        let (first, last) = self.nodes.get(node.index()).copied().flatten()?;
        let node_ran = first <= earliest && latest <= last - TAIL;
        (node_ran && !flow_was_seen).then_some(Trust::Assumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::RoleBasis;
    use crate::identify::FragmentTrouble;
    use crate::types::{CapturePoint, FileId, Role};

    const SECOND: i64 = 1_000_000_000;

    fn point(interface: &str, window: Option<(i64, i64)>) -> SetPoint {
        SetPoint {
            point: CapturePoint::new("a", interface),
            role: Role::Unknown,
            role_basis: RoleBasis::Name,
            files: Vec::new(),
            link_type: None,
            packets: 0,
            first_time: window.map(|w| Timestamp(w.0 * SECOND)),
            last_time: window.map(|w| Timestamp(w.1 * SECOND)),
            dropped: 0,
            filtered: false,
            fragments: FragmentTrouble::default(),
            ran: Ran::default(),
        }
    }

    fn coverage() -> Coverage {
        let points = [
            point("busy", Some((10, 30))),
            point("quiet", Some((11, 12))),
            point("empty", None),
        ];
        Coverage::new(&points, &[NodeId(0); 3], 1, Twice::new())
    }

    fn at(point: u32, second: i64, seen: bool) -> Option<Trust> {
        coverage().could_see(PointId(point), Timestamp(second * SECOND), Nanos(0), seen)
    }

    #[test]
    fn own_packets_prove_the_window() {
        assert_eq!(at(0, 20, true), Some(Trust::Proven));
        assert_eq!(at(0, 31, true), None);
    }

    #[test]
    fn silence_is_assumed_to_be_captured_only_if_the_flow_was_never_seen() {
        assert_eq!(at(1, 20, false), Some(Trust::Assumed));
        assert_eq!(at(1, 20, true), None);
        assert_eq!(at(2, 20, false), Some(Trust::Assumed));
    }

    #[test]
    fn what_a_file_says_of_its_time_is_proof() {
        let mut stated = point("stated", None);
        stated.files = vec![FileId(0)];
        stated.ran.stated = vec![(Timestamp(11 * SECOND), Timestamp(20 * SECOND))];
        let mut any = point("any", Some((14, 15)));
        any.ran.shared = vec![(Timestamp(11 * SECOND), Timestamp(20 * SECOND))];
        let points = [point("busy", Some((10, 30))), stated, any];
        let coverage = Coverage::new(&points, &[NodeId(0); 3], 1, Twice::new());
        let at = |point, second| {
            coverage.could_see(PointId(point), Timestamp(second * SECOND), Nanos(0), true)
        };
        assert_eq!(at(1, 15), Some(Trust::Proven));
        assert_eq!(at(1, 19), None, "the tail");
        assert_eq!(at(1, 25), None, "it was over, and says so");
        assert_eq!([at(2, 12), at(2, 19)], [Some(Trust::Proven); 2]);
        assert_eq!(at(2, 25), None);
    }

    #[test]
    fn nothing_is_claimed_before_the_first_packet() {
        assert_eq!(at(1, 10, false), None);
    }

    #[test]
    fn nothing_is_claimed_in_the_tail_or_outside_the_node_window() {
        assert_eq!(at(2, 29, false), None);
        assert_eq!(at(2, 9, false), None);
    }

    #[test]
    fn an_unsure_clock_narrows_the_window() {
        let seen =
            coverage().could_see(PointId(0), Timestamp(29 * SECOND), Nanos(2 * SECOND), true);
        assert_eq!(seen, None);
    }
}
