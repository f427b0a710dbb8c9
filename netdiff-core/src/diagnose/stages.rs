//! What can swallow packets between two capture points, stage by stage.
//!
//! The way of a packet between pods has eight places: pod, bridge, vtep and uplink of the sender's node, then uplink, vtep, bridge and pod of
//! the receiver's. Where places in between were not captured, every stage between the two points may be to blame.

use super::case::Case;
use super::catalogue::{CATALOGUE, Rule};
use super::facts::Loss;
use super::finding::RuleId;
use crate::types::Role;

/// What happens to a packet between one place on its way and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// From the pod to its node's bridge.
    LeavePod,
    /// The sender's node forwards it: bridge to vtep, or to the uplink.
    SendForward,
    /// The sender's node puts it into a tunnel: vtep to uplink.
    Encapsulate,
    /// From node to node.
    Underlay,
    /// The receiver's node takes it out of the tunnel: uplink to vtep.
    Decapsulate,
    /// The receiver's node forwards it: vtep, or uplink, to bridge.
    ReceiveForward,
    /// From the bridge to the pod.
    EnterPod,
}

impl Stage {
    /// All, in the order in which packets pass them; the stage at index n is between places n and n + 1.
    pub const ALL: [Self; 7] = [
        Self::LeavePod,
        Self::SendForward,
        Self::Encapsulate,
        Self::Underlay,
        Self::Decapsulate,
        Self::ReceiveForward,
        Self::EnterPod,
    ];
}

/// Which packets a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// In a tunnel or not.
    Either,
    /// Only what is in a tunnel.
    Tunneled,
    /// Only what is in none.
    Plain,
}

impl Carried {
    const fn covers(self, tunneled: bool) -> bool {
        match self {
            Self::Either => true,
            Self::Tunneled => tunneled,
            Self::Plain => !tunneled,
        }
    }
}

/// How often engineers meet a fault, judged by public reports: what is listed first where packets cannot decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// In every other ticket.
    VeryHigh,
    /// Often.
    High,
    /// Now and then.
    Medium,
    /// Seldom.
    Low,
}

/// A place on the way, counted from the sender.
fn place(role: Role, sending: bool) -> Option<usize> {
    let outward = match role {
        Role::Pod => 0,
        Role::Bridge => 1,
        Role::Vtep => 2,
        Role::Uplink => 3,
        Role::Loopback | Role::Merged | Role::Unknown => return None,
    };
    Some(if sending { outward } else { 7 - outward })
}

/// Whether the way between two places of one node leads out of it.
pub(super) fn is_outward(from: Role, to: Role) -> bool {
    place(from, true) < place(to, true)
}

/// The stages between two points of these roles, in packet order; none where a role is not known.
pub(super) fn stages_between(from: Role, to: Role, same_node: bool) -> &'static [Stage] {
    static ALL: [Stage; 7] = Stage::ALL;
    let inward = same_node && !is_outward(from, to);
    let ends = if same_node {
        (place(from, !inward), place(to, !inward))
    } else {
        (place(from, true), place(to, false))
    };
    let (Some(first), Some(last)) = ends else {
        return &[];
    };
    ALL.get(first..last).unwrap_or_default()
}

/// The rules whose cause may lie on these stages, the more frequent first, then in the order of the catalogue.
pub(super) fn rules_of(stages: &[Stage], tunneled: bool) -> impl Iterator<Item = &'static Rule> {
    let on_way = |rule: &&Rule| {
        rule.carried.covers(tunneled) && rule.stages.iter().any(|stage| stages.contains(stage))
    };
    let mut rules: Vec<&'static Rule> = CATALOGUE.iter().copied().filter(on_way).collect();
    rules.sort_by_key(|rule| rule.frequency);
    rules.into_iter()
}

/// The rules whose cause may lie on these stages and is not excluded by what else the captures hold.
pub(super) fn candidates(
    case: &Case<'_>,
    stages: &[Stage],
    tunneled: bool,
    losses: &[&Loss],
) -> Vec<RuleId> {
    rules_of(stages, tunneled)
        .filter(|rule| (rule.possible)(case, losses))
        .map(|rule| rule.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: Role, to: Role, same_node: bool) -> Vec<&'static str> {
        rules_of(stages_between(from, to, same_node), true)
            .map(|rule| rule.id.0)
            .collect()
    }

    #[test]
    fn a_short_segment_has_its_own_causes() {
        assert!(ids(Role::Uplink, Role::Uplink, false).contains(&"underlay-vxlan-blocked"));
        assert!(!ids(Role::Vtep, Role::Bridge, true).contains(&"underlay-vxlan-blocked"));
        assert_eq!(
            stages_between(Role::Bridge, Role::Vtep, true),
            [Stage::SendForward]
        );
        assert_eq!(
            stages_between(Role::Vtep, Role::Bridge, true),
            [Stage::ReceiveForward]
        );
    }

    #[test]
    fn a_wide_segment_has_the_stages_in_between() {
        assert_eq!(
            stages_between(Role::Vtep, Role::Vtep, false),
            [Stage::Encapsulate, Stage::Underlay, Stage::Decapsulate]
        );
        assert_eq!(
            stages_between(Role::Uplink, Role::Bridge, true),
            [Stage::Decapsulate, Stage::ReceiveForward]
        );
    }

    #[test]
    fn an_unknown_role_gives_no_stage() {
        assert!(stages_between(Role::Unknown, Role::Uplink, false).is_empty());
    }
}
