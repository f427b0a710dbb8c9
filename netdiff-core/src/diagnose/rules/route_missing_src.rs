//! `route-missing-src`: see the manual below. Its sibling, [`route_missing_return`](super::route_missing_return), shares the search.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{NodeId, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{
    Side, ends, forwarder_of, is_made_inside, passing_ways, refusal_of, severity,
    uplink_would_show, way,
};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::next_hop::{Target, is_plain_departure, target_of};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::MacAddr;
use crate::types::{Message, Say};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("route-missing-src"),
    manual: Manual {
        summary: "a node has no route to another node's pods",
        meaning: "The route that flannel, bird or another agent should keep to the network of another node's pods is not there: what pods send to it is refused by their own node, or follows the default route out of the cluster.",
        looks_for: &[
            "Requests of pods that end where their own node forwards, and ICMP net unreachable from that node that quotes them (IPv4 3/0, IPv6 1/0). Errors are rate-limited: other packets of the same pods to the same node that end there count to it.",
            "Or requests of pods that leave their node's network card as they are, outside any tunnel, to another link address than the one that the node reaches the other node by (its own packets, its tunnels' and ARP answers tell that one), and never arrive.",
            "If only answers are lost so, it is route-missing-return.",
            "Packets of pods that go to the other node's own link address are no matter of routes: see hostgw-antispoof.",
        ],
        refuted_by: &[
            "`ip route get {destination}` on {from} that names the tunnel device, or the other node",
        ],
        causes: &CAUSES,
        remedy: &REMEDY,
        limits: &LIMITS,
        references: &REFERENCES,
    },
    frequency: Frequency::Medium,
    stages: &[Stage::SendForward, Stage::Underlay],
    carried: Carried::Either,
    possible,
    check: |case| find_missing(case, &RULE, false),
};

pub(super) const CAUSES: [LikelyCause; 3] = [
    LikelyCause {
        cause: "a restart of the network, NetworkManager or a flapping interface took the route away and nothing put it back",
        confirm: "on {from}: ip route show; ip route get {destination}; journalctl -u NetworkManager -u systemd-networkd",
    },
    LikelyCause {
        cause: "flanneld does not run on the node, or knows nothing of the other one",
        confirm: "kubectl -n kube-flannel get pods -o wide; kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR; logs of flannel on {from}",
    },
    LikelyCause {
        cause: "with BGP, the session to the other node or the route reflector is down",
        confirm: "calicoctl node status; birdc show protocols; TCP port 179 between the nodes",
    },
];

pub(super) const REMEDY: [&str; 3] = [
    "restart the agent that keeps the routes on {from} (flannel, calico-node, kube-router)",
    "mark the CNI's devices as unmanaged in NetworkManager: unmanaged-devices=interface-name:flannel*, and cali*, cni* and veth* likewise",
    "upgrade flannel: newer ones put lost routes back",
];

pub(super) const LIMITS: [&str; 2] = [
    "A route of the type blackhole is silent and looks like forward-drop.",
    "Without link addresses (cooked captures) packets that follow the default route are not told from those that the network drops.",
];

pub(super) const REFERENCES: [&str; 1] = [
    "flannel-io/flannel#1070, flannel-io/flannel#869, kubernetes-sigs/kubespray#6675, projectcalico/calico#4059",
];

/// What shows that a node has no route.
struct Missing<'a> {
    refused: Vec<&'a Loss>,
    untold: Vec<&'a Loss>,
    leaked: Vec<(&'a Loss, MacAddr)>,
}

impl<'a> Missing<'a> {
    fn all(&self) -> Vec<&'a Loss> {
        let leaked = self.leaked.iter().map(|(loss, _)| *loss);
        let refused = self.refused.iter().copied();
        refused
            .chain(self.untold.iter().copied())
            .chain(leaked)
            .collect()
    }
}

/// Whether the losses may be of a missing route: refused so, or gone in plain nobody knows where.
fn possible(case: &Case<'_>, losses: &[&Loss]) -> bool {
    losses.iter().any(|loss| {
        let node = case.timelines.node(loss.from);
        if loss.refused {
            return is_unreachable(case, loss);
        }
        if case.crosses(loss.segment(), Stage::SendForward) {
            // It may have left by the network card, if that one was not captured.
            return !uplink_would_show(case, node, &[*loss]);
        }
        is_plain_departure(case, loss) && target_of(case, loss) != Target::Peer
    })
}

/// One finding for each node that has no route: for answers alone, or not.
pub(super) fn find_missing(case: &Case<'_>, rule: &'static Rule, answers: bool) -> Vec<Finding> {
    let mut nodes: BTreeMap<NodeId, Missing<'_>> = BTreeMap::new();
    for loss in case.unexplained() {
        let node = case.timelines.node(loss.from);
        let empty = || Missing {
            refused: Vec::new(),
            untold: Vec::new(),
            leaked: Vec::new(),
        };
        if is_unreachable(case, loss) && is_own(case, loss) {
            nodes.entry(node).or_insert_with(empty).refused.push(loss);
        } else if let Some(mac) = leaked_to(case, loss) {
            nodes
                .entry(node)
                .or_insert_with(empty)
                .leaked
                .push((loss, mac));
        }
    }
    nodes
        .into_iter()
        .filter_map(|(node, missing)| finding(case, rule, node, missing, answers))
        .collect()
}

fn is_unreachable(case: &Case<'_>, loss: &Loss) -> bool {
    matches!(
        refusal_of(case, loss),
        Some((
            _,
            Refusal::Icmp {
                icmp_type: 3,
                code: 0
            } | Refusal::Icmp {
                icmp_type: 1,
                code: 0
            }
        ))
    ) && refusal_of(case, loss).is_some_and(|(by, refusal)| {
        let v6 = matches!(refusal, Refusal::Icmp { icmp_type: 1, .. });
        by.is_ipv6() == v6
    })
}

/// Whether the packet's own node refused it.
fn is_own(case: &Case<'_>, loss: &Loss) -> bool {
    let node = case.timelines.node(loss.from);
    if let Some((_, side)) = forwarder_of(case, loss) {
        return side == Side::Sending;
    }
    let Some((by, _)) = refusal_of(case, loss) else {
        return false;
    };
    case.crosses(loss.segment(), Stage::SendForward)
        && (case.timelines.plan.home(by) == Some(node) || is_made_inside(case, node, by))
}

/// The link address of somebody else that a pod's packet was sent to.
fn leaked_to(case: &Case<'_>, loss: &Loss) -> Option<MacAddr> {
    if !is_plain_departure(case, loss) {
        return None;
    }
    match target_of(case, loss) {
        Target::Other(mac) => Some(mac),
        Target::Peer | Target::Unknown => None,
    }
}

/// Packets of the same pods to the same node that end on the same segment without a word, of ways that pass nothing.
fn untold<'a>(case: &Case<'a>, node: NodeId, refused: &[&'a Loss]) -> Vec<&'a Loss> {
    let who = |loss: &Loss| {
        let (source, destination) = ends(case, loss)?;
        Some((source, case.timelines.plan.home(destination)))
    };
    let known: BTreeSet<_> = refused.iter().map(|loss| who(loss)).collect();
    let segments: BTreeSet<_> = refused.iter().map(|loss| loss.segment()).collect();
    let passing = passing_ways(case, (node, Side::Sending));
    case.unexplained()
        .filter(|loss| !loss.refused && segments.contains(&loss.segment()))
        .filter(|loss| known.contains(&who(loss)) && !passing.contains(&way(loss)))
        .collect()
}

fn finding<'a>(
    case: &Case<'a>,
    rule: &'static Rule,
    node: NodeId,
    mut missing: Missing<'a>,
    answers: bool,
) -> Option<Finding> {
    missing.untold = untold(case, node, &missing.refused);
    let losses = missing.all();
    let only_answers = losses.iter().all(|loss| loss.journey.reply);
    // An ICMP error says enough; what only seems to leak must do so several times.
    if only_answers != answers || (missing.refused.is_empty() && losses.len() < FEW) {
        return None;
    }
    let refusals = find_refusals(case.timelines, &missing.refused);
    let errors = refusals.iter().filter_map(|refusal| refusal.errors.first());
    let mut draft = Draft::new(case, rule, severity(case, &losses))
        .evidence(errors.map(|error| error.evidence))
        .losses(losses.iter().copied())
        .marked();
    if let Some(refusal) = refusals.first() {
        draft = draft.say(message!(
            "{refused} packets were refused by their own node: {refusal} quotes them; {untold} more of the same pods end there without one, since errors are rate-limited.",
            refused = missing.refused.len(),
            refusal = refusal.describe(),
            untold = missing.untold.len()
        ));
    }
    if let Some((loss, mac)) = missing.leaked.first() {
        draft = draft.fill("mac", mac).say(message!(
            "{leaked} packets left {from} outside any tunnel for the link address {mac}, by which {node} does not reach {to}: they follow another route, the default route as a rule.",
            leaked = missing.leaked.len(),
            from = case.name(loss.from),
            mac,
            node = case.timelines.node_name(node),
            to = case.timelines.node_name(case.timelines.node(loss.to))
        ));
    }
    Some(draft.finish(title(case, node, &missing, answers)))
}

fn title(case: &Case<'_>, node: NodeId, missing: &Missing<'_>, answers: bool) -> Message {
    let name = case.timelines.node_name(node);
    let losses = missing.all();
    let homes: BTreeSet<_> = losses
        .iter()
        .filter_map(|loss| case.timelines.plan.home(ends(case, loss)?.1))
        .map(|home| case.timelines.node_name(home))
        .collect();
    let whose = if homes.is_empty() {
        message!("the other pods")
    } else {
        message!(
            "the pods of {nodes}",
            nodes = Message::join(homes.iter().map(Say::said), text!(" and "))
        )
    };
    let what = match (answers, missing.leaked.is_empty()) {
        (false, true) => message!("what its pods send there is refused"),
        (false, false) => message!("what its pods send there leaves for somebody else"),
        (true, true) => message!("answers to them are refused"),
        (true, false) => message!("answers to them leave for somebody else"),
    };
    message!("{name} has no route to {whose}: {what}", name, whose, what)
}
