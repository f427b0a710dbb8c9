//! Clocks that were set back while a node captured.
//!
//! A capture's packets stand in the order in which they came. Where their times jump back, the node's clock was set, and the hours between are
//! there twice: a packet of that time may be from before or after, so that nothing it lacks proves anything.

use std::collections::BTreeMap;

use super::timeline::NodeId;
use crate::types::{FileId, Nanos, PointId, Timestamp};

/// Packets of several processors, and of several queues of a card, come in disorder by less.
const DISORDER: Nanos = Nanos::from_millis(50);

/// The times that nodes have twice.
#[derive(Clone, Debug, Default)]
pub(super) struct SetBack {
    /// Per point, the file looked at and its latest time so far.
    latest: Vec<Option<(FileId, Timestamp)>>,
    jumps: Vec<(PointId, (Timestamp, Timestamp))>,
}

/// Spans of time, by node.
pub(super) type Twice = BTreeMap<NodeId, Vec<(Timestamp, Timestamp)>>;

impl SetBack {
    pub(super) fn new(points: usize) -> Self {
        Self {
            latest: vec![None; points],
            jumps: Vec::new(),
        }
    }

    /// Takes the next packet of a file.
    pub(super) fn note(&mut self, point: PointId, file: FileId, time: Timestamp) {
        let Some(latest) = self.latest.get_mut(point.index()) else {
            return;
        };
        match latest {
            Some((of, at)) if *of == file => {
                if let Some(jump) = go_on(at, time) {
                    self.jumps.push((point, jump));
                }
            }
            _ => *latest = Some((file, time)),
        }
    }

    /// Takes a time that some point has twice.
    pub(super) fn note_jump(&mut self, point: PointId, jump: (Timestamp, Timestamp)) {
        self.jumps.push((point, jump));
    }

    /// Whether some clock was set back.
    pub(super) const fn has_jumps(&self) -> bool {
        !self.jumps.is_empty()
    }

    /// The spans of each node.
    pub(super) fn twice(&self, node_of: &[NodeId]) -> Twice {
        let mut twice = Twice::new();
        for (point, span) in &self.jumps {
            if let Some(node) = node_of.get(point.index()) {
                twice.entry(*node).or_default().push(*span);
            }
        }
        twice
    }
}

/// Goes on to the next time of a file; the time that it has twice, if that jumped back.
#[inline]
pub(super) fn go_on(latest: &mut Timestamp, time: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let jumps = (*latest - time).0 > DISORDER.0;
    let jump = jumps.then_some((time, *latest));
    // What follows a jump is by the clock as it is then.
    *latest = if jumps { time } else { time.max(*latest) };
    jump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_jump_back_are_there_twice() {
        let mut set_back = SetBack::new(1);
        let second = 1_000_000_000;
        for (file, at) in [(0, 10), (0, 20), (0, 15), (0, 30), (1, 12), (1, 40)] {
            set_back.note(PointId(0), FileId(file), Timestamp(at * second));
        }
        let spans = set_back.twice(&[NodeId(0)]);
        let expected = vec![(Timestamp(15 * second), Timestamp(20 * second))];
        assert_eq!(spans.get(&NodeId(0)), Some(&expected));
    }
}
