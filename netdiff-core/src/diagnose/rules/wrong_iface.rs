//! `wrong-iface`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::Trust;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, NodePair, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnel_ways::{PlainCrossing, examples};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("wrong-iface"),
    manual: Manual {
        summary: "the tunnel uses a network card whose network does not join the nodes",
        meaning: "The nodes have several network cards. Their tunnel uses one whose network does not pass it, while they reach each other through another one.",
        looks_for: &[
            "Tunnel packets leave one node through one card and none arrives at the other node's card that they are addressed to; at least three, at least one of them proven, and no ICMP error.",
            "Nothing else passes between these two cards either.",
            "Ordinary packets between the same two nodes pass through other cards of theirs.",
        ],
        refuted_by: &[
            "ordinary packets between {outer_source} and {outer_destination} that arrive: then that network passes traffic, and swallows the tunnel's (underlay-vxlan-blocked)",
            "a tunnel packet at {next}",
        ],
        causes: &[
            LikelyCause {
                cause: "the network plugin took the card of the default route, or the first one, and that is the public one",
                confirm: "on each node: ip -d link show type vxlan (dev, local); ip route show default; kubectl get nodes -o yaml | grep -e public-ip -e InternalIP",
            },
            LikelyCause {
                cause: "the card's network should pass the tunnel, and its firewall or provider drops it",
                confirm: "ping -I {outer_source} {outer_destination}; look for UDP {port} in that network's firewalls",
            },
        ],
        remedy: &[
            "tell the plugin which card to use: flannel --iface or --iface-regex, k3s --flannel-iface and --node-ip, Calico IP_AUTODETECTION_METHOD",
            "or publish the right address by hand: the annotation flannel.alpha.coreos.com/public-ip-overwrite",
        ],
        limits: &[
            "It needs the captures of both cards of both nodes.",
            "That the card is wrong, rather than its network's firewall, is a judgement: the nodes have a better one.",
        ],
        references: &["flannel-io/flannel#871, flannel-io/flannel#712, k3s-io/k3s#1824"],
    },
    frequency: Frequency::High,
    stages: &[Stage::Encapsulate, Stage::Underlay],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses)
            .into_iter()
            .any(|loss| may_be_elsewhere(case, loss))
    },
    check,
};

/// Whether ordinary packets take the same way as the tunnel's: then that network joins the nodes.
fn joins(case: &Case<'_>, loss: &Loss) -> bool {
    let nodes = [loss.from, loss.to].map(|point| case.timelines.node(point));
    let back = case.plain_crossings((nodes[1], nodes[0])).into_iter();
    let mut back = back.filter(|plain| {
        let ends = loss.tunnel.map(|t| (t.destination, t.source));
        plain.segment == (loss.to, loss.from) || Some((plain.source, plain.destination)) == ends
    });
    case.plain_beside(loss) > 0 || back.next().is_some()
}

/// Whether a packet may have left through another card than the one where it is missing, or left through one that leads nowhere.
fn may_be_elsewhere(case: &Case<'_>, loss: &Loss) -> bool {
    if case.crosses(loss.segment(), Stage::Underlay) {
        return !joins(case, loss);
    }
    case.timelines.role(loss.to) == Role::Uplink && !case.tunnels().shows_tunnels(loss.to)
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<NodePair, Vec<&Loss>> = BTreeMap::new();
    for loss in case.unexplained().filter(|loss| loss.tunnel.is_some()) {
        let nodes = [loss.from, loss.to].map(|point| case.timelines.node(point));
        if is_between_uplinks(case, loss.segment()) {
            let pair = (nodes[0].min(nodes[1]), nodes[0].max(nodes[1]));
            pairs.entry(pair).or_default().push(loss);
        }
    }
    pairs
        .into_iter()
        .filter_map(|(pair, losses)| finding(case, pair, &losses))
        .collect()
}

fn is_between_uplinks(case: &Case<'_>, (from, to): (PointId, PointId)) -> bool {
    let timelines = case.timelines;
    let uplinks = [from, to]
        .iter()
        .all(|p| timelines.role(*p) == Role::Uplink);
    uplinks && timelines.node(from) != timelines.node(to)
}

fn finding<'a>(case: &Case<'a>, pair: NodePair, losses: &[&'a Loss]) -> Option<Finding> {
    let segment = main_segment(losses.iter().copied())?;
    let (from, to) = segment;
    let passes = |segment| case.facts.passed.contains_key(&segment);
    let silent = !passes((from, to)) && !passes((to, from));
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let refused = !find_refusals(case.timelines, losses).is_empty();
    if losses.len() < FEW || !silent || !proven || refused {
        return None;
    }
    if examples(losses).into_iter().any(|loss| joins(case, loss)) {
        return None;
    }
    let better = better_way(case, pair, losses)?;
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment(segment)
        .alternatives([RuleId("underlay-vxlan-blocked")])
        .say(message!(
            "Nothing at all passes between {from} and {to}.",
            from = case.name(from),
            to = case.name(to)
        ))
        .say(message!(
            "Between {segment} and {segment_2} ordinary packets of the same two nodes do pass, from {source} to {destination}.",
            segment = case.name(better.segment.0),
            segment_2 = case.name(better.segment.1),
            source = better.source,
            destination = better.destination
        ));
    Some(draft.finish(message!(
        "tunnel packets leave {from} and never reach {to}, while the nodes reach each other through {segment}",
        from = case.name(from),
        to = case.name(to),
        segment = case.name(better.segment.0)
    )))
}

/// Ordinary packets between the same nodes, through other cards of theirs and between other addresses than the tunnel's.
fn better_way(case: &Case<'_>, (a, b): NodePair, losses: &[&Loss]) -> Option<PlainCrossing> {
    let points: Vec<PointId> = losses.iter().flat_map(|l| [l.from, l.to]).collect();
    let mut ends = BTreeSet::new();
    for tunnel in losses.iter().filter_map(|loss| loss.tunnel) {
        ends.extend([tunnel.source, tunnel.destination]);
    }
    let crossings = case.plain_crossings((a, b)).into_iter();
    let mut crossings = crossings.chain(case.plain_crossings((b, a)));
    crossings.find(|plain| {
        let (from, to) = plain.segment;
        let is_uplink = |point| case.timelines.role(point) == Role::Uplink;
        let others = !points.contains(&from) && !points.contains(&to);
        let addresses = !ends.contains(&plain.source) && !ends.contains(&plain.destination);
        is_uplink(from) && is_uplink(to) && others && addresses
    })
}
