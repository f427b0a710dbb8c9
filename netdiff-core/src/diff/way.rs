//! A flow's way in words that two clusters share: ends and roles instead of names.

use crate::correlate::{Direction, FlowTimeline, Hop, Timelines};
use crate::types::{PointId, Role};

/// Which part of the way a hop lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// The sender's node.
    Sender,
    /// A node between, or one that is not known to be either end.
    Between,
    /// The receiver's node.
    Receiver,
}

/// One step of a way: a role on a part of it, and the direction's hop there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) leg: Leg,
    pub(super) role: Role,
    /// Index into the direction's hops.
    pub(super) hop: usize,
}

/// A line of two ladders side by side. Indexes into the two directions' hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlignedHop {
    /// The reference's hop.
    pub reference: Option<usize>,
    /// The failing set's hop.
    pub failing: Option<usize>,
}

/// The steps of one direction of a flow.
pub(super) fn steps(timelines: &Timelines, flow: &FlowTimeline, reply: bool) -> Vec<Step> {
    let direction = direction(flow, reply);
    let ends = if reply {
        (flow.responder.node, flow.initiator.node)
    } else {
        (flow.initiator.node, flow.responder.node)
    };
    let leg = |point: PointId| {
        let node = Some(timelines.node(point));
        match (node == ends.0, node == ends.1) {
            (true, false) => Leg::Sender,
            (false, true) => Leg::Receiver,
            // One node for both ends: the order of the hops says the rest.
            (true, true) => Leg::Sender,
            (false, false) => Leg::Between,
        }
    };
    let step = |(index, hop): (usize, &Hop)| Step {
        leg: leg(hop.point),
        role: timelines.role(hop.point),
        hop: index,
    };
    direction.hops.iter().enumerate().map(step).collect()
}

pub(super) fn direction(flow: &FlowTimeline, reply: bool) -> &Direction {
    if reply { &flow.reply } else { &flow.forward }
}

/// Puts one direction of two flows side by side.
#[must_use]
pub fn align_hops(
    reference: (&Timelines, &FlowTimeline),
    failing: (&Timelines, &FlowTimeline),
    reply: bool,
) -> Vec<AlignedHop> {
    align(
        &steps(reference.0, reference.1, reply),
        &steps(failing.0, failing.1, reply),
    )
}

/// Puts two ways side by side: equal steps on one line, as many as can keep their order (the longest common subsequence, the reference's
/// own steps before the failing set's where both have some).
pub(super) fn align(reference: &[Step], failing: &[Step]) -> Vec<AlignedHop> {
    let equal = |r: usize, f: usize| match (reference.get(r), failing.get(f)) {
        (Some(a), Some(b)) => (a.leg, a.role) == (b.leg, b.role),
        _ => false,
    };
    let (rows, columns) = (reference.len() + 1, failing.len() + 1);
    let mut longest = vec![vec![0usize; columns]; rows];
    let at = |table: &Vec<Vec<usize>>, r: usize, f: usize| {
        table
            .get(r)
            .and_then(|row| row.get(f))
            .copied()
            .unwrap_or(0)
    };
    for r in (0..reference.len()).rev() {
        for f in (0..failing.len()).rev() {
            let best = if equal(r, f) {
                at(&longest, r + 1, f + 1) + 1
            } else {
                at(&longest, r + 1, f).max(at(&longest, r, f + 1))
            };
            if let Some(cell) = longest.get_mut(r).and_then(|row| row.get_mut(f)) {
                *cell = best;
            }
        }
    }
    let (mut r, mut f) = (0, 0);
    let mut lines = Vec::new();
    while let (Some(ours), theirs) = (reference.get(r), failing.get(f)) {
        match theirs {
            Some(theirs) if equal(r, f) => {
                lines.push(AlignedHop {
                    reference: Some(ours.hop),
                    failing: Some(theirs.hop),
                });
                (r, f) = (r + 1, f + 1);
            }
            Some(theirs) if at(&longest, r, f + 1) > at(&longest, r + 1, f) => {
                lines.push(AlignedHop {
                    reference: None,
                    failing: Some(theirs.hop),
                });
                f += 1;
            }
            _ => {
                lines.push(AlignedHop {
                    reference: Some(ours.hop),
                    failing: None,
                });
                r += 1;
            }
        }
    }
    lines.extend(failing.iter().skip(f).map(|s| AlignedHop {
        reference: None,
        failing: Some(s.hop),
    }));
    lines
}

/// A way in words: `pod, bridge, vtep, uplink | uplink, vtep, bridge, pod`.
pub(super) fn describe(steps: &[Step]) -> String {
    let mut text = String::new();
    let mut leg = None;
    for step in steps {
        match leg {
            None => {}
            Some(before) if before == step.leg => text.push_str(", "),
            Some(_) => text.push_str(" | "),
        }
        leg = Some(step.leg);
        text.push_str(step.role.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(steps: &[(Leg, Role)]) -> Vec<Step> {
        steps
            .iter()
            .enumerate()
            .map(|(hop, (leg, role))| Step {
                leg: *leg,
                role: *role,
                hop,
            })
            .collect()
    }

    #[test]
    fn a_missing_hop_leaves_a_gap() {
        let tunnel = way(&[
            (Leg::Sender, Role::Bridge),
            (Leg::Sender, Role::Vtep),
            (Leg::Sender, Role::Uplink),
            (Leg::Receiver, Role::Uplink),
        ]);
        let routed = way(&[
            (Leg::Sender, Role::Bridge),
            (Leg::Sender, Role::Uplink),
            (Leg::Receiver, Role::Uplink),
        ]);
        let lines: Vec<_> = align(&tunnel, &routed)
            .iter()
            .map(|l| (l.reference, l.failing))
            .collect();
        assert_eq!(
            lines,
            [
                (Some(0), Some(0)),
                (Some(1), None),
                (Some(2), Some(1)),
                (Some(3), Some(2))
            ]
        );
        assert_eq!(describe(&tunnel), "bridge, vtep, uplink | uplink");
    }
}
