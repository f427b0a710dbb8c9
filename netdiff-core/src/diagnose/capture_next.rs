//! Which capture would tell the remaining causes apart.

use super::case::Case;
use super::catalogue::find_rule;
use super::finding::RuleId;
use super::stages::Stage;
use crate::correlate::NodeId;
use crate::types::{Message, PointId, Role};

/// The places between two capture points that were not captured, and the one among them that parts the causes most evenly: at which as
/// many of them lie before as behind. Of equals, the one nearest to the sender. Where nothing lies in between but the network between
/// two nodes, that is the place. `None` where no capture would tell more.
pub(super) fn capture_next(
    case: &Case<'_>,
    segment: (PointId, PointId),
    alternatives: &[RuleId],
) -> Option<Message> {
    let stages = case.stages(segment);
    if stages == [Stage::Underlay] {
        let nodes = [segment.0, segment.1].map(|point| case.timelines.node(point));
        return Some(message!(
            "the network between {nodes} and {nodes_2}: on the switch, the virtual machines' host or the gateway",
            nodes = case.timelines.node_name(nodes[0]),
            nodes_2 = case.timelines.node_name(nodes[1])
        ));
    }
    let parts = stages.windows(2).filter_map(|pair| match pair {
        [before, after] => Some((*before, *after)),
        _ => None,
    });
    let (_, behind) = parts
        .enumerate()
        .min_by_key(|(index, _)| {
            (
                std::cmp::Reverse(evenness(stages, index + 1, alternatives)),
                *index,
            )
        })?
        .1;
    let (role, sending) = entrance(behind)?;
    let point = if sending { segment.0 } else { segment.1 };
    Some(describe(case, case.timelines.node(point), role))
}

/// How many causes a place parts from the others: the smaller number of those before and behind it.
fn evenness(stages: &[Stage], at: usize, alternatives: &[RuleId]) -> usize {
    let (before, behind) = stages.split_at(at.min(stages.len()));
    let rules = || alternatives.iter().filter_map(|id| find_rule(id.0));
    let within = |part: &[Stage]| {
        rules()
            .filter(|rule| rule.stages.iter().any(|stage| part.contains(stage)))
            .count()
    };
    within(before).min(within(behind))
}

/// The place at which a stage begins, and whether it is on the sender's node.
const fn entrance(stage: Stage) -> Option<(Role, bool)> {
    match stage {
        Stage::LeavePod => None,
        Stage::SendForward => Some((Role::Bridge, true)),
        Stage::Encapsulate => Some((Role::Vtep, true)),
        Stage::Underlay => Some((Role::Uplink, true)),
        Stage::Decapsulate => Some((Role::Uplink, false)),
        Stage::ReceiveForward => Some((Role::Vtep, false)),
        Stage::EnterPod => Some((Role::Bridge, false)),
    }
}

/// `node/flannel.1`, by the name that this role has on another node, or by a description.
fn describe(case: &Case<'_>, node: NodeId, role: Role) -> Message {
    let timelines = case.timelines;
    let known = (0..timelines.nodes.len()).find_map(|index| {
        let other = NodeId(u32::try_from(index).ok()?);
        case.points(other, role).next()
    });
    let name = timelines.node_name(node);
    match known {
        Some(point) if role != Role::Pod => {
            Message::verbatim(format!("{name}/{}", timelines.name(point).interface))
        }
        _ => match role {
            Role::Bridge => message!("the pods' bridge of {name} (cni0)", name),
            Role::Vtep => message!("the tunnel device of {name} (flannel.1)", name),
            Role::Uplink => message!("the network interface of {name} (eth0)", name),
            _ => message!("the pod's interface on {name}", name),
        },
    }
}
