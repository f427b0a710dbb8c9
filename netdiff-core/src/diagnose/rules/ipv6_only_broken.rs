//! `ipv6-only-broken`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::{FlowTimeline, NodeId, Relation, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Carriage, Loss};
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{ends_of, not_excluded, reaching, severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::sizes::ALWAYS_FITS;
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("ipv6-only-broken"),
    manual: Manual {
        summary: "IPv6 between pods fails where IPv4 works",
        meaning: "In a cluster with both, what pods send each other over IPv6 is lost, and over IPv4 the same way works: something has rules, routes or settings for IPv4 alone. Names with both kinds of addresses make clients slow or fail now and then.",
        looks_for: &[
            "IPv6 packets that are lost silently on one stage of the way (between nodes, or inside one node), of flows that get nothing through; at least three, at least one of 1280 bytes or less.",
            "IPv4 packets of the same kind (pods to remote pods, nodes to remote pods) between the same two nodes that pass that stage, carried alike, and none that is lost there.",
            "One finding for each stage; between nodes, all pairs together.",
        ],
        refuted_by: &[
            "one IPv6 packet of that kind at {next}",
            "IPv4 packets that are lost there as well",
        ],
        causes: &[
            LikelyCause {
                cause: "firewalls or security groups between or on the nodes allow the tunnel's port over IPv4 only",
                confirm: "look for rules for ::/0 and for UDP {port} over IPv6; ip6tables -L INPUT -v -n; ip6tables -L FORWARD -v -n on {to}",
            },
            LikelyCause {
                cause: "forwarding, routes or neighbors are missing for IPv6",
                confirm: "on {from} and {to}: sysctl net.ipv6.conf.all.forwarding; ip -6 route get {destination}; ip -6 neigh show",
            },
        ],
        remedy: &[
            "open UDP {port} between the nodes' IPv6 addresses as well, or whatever IPv4 is allowed at this place",
            "sysctl -w net.ipv6.conf.all.forwarding=1 on the nodes, and restart the CNI's agent so that it sets IPv6 routes and neighbors",
            "until then, make the cluster's services IPv4 only: ipFamilyPolicy SingleStack",
        ],
        limits: &[
            "It tells that the family makes the difference and where, not what treats it differently: the alternatives name what does so at this place.",
        ],
        references: &["k3s-io/k3s#12538, k3s-io/k3s#10219, projectcalico/calico#7251"],
    },
    frequency: Frequency::Medium,
    stages: &Stage::ALL,
    carried: Carried::Either,
    possible: |case, losses| losses.iter().any(|loss| is_v6(case, loss)) && has_ipv4(case),
    check,
};

fn is_v6(case: &Case<'_>, loss: &Loss) -> bool {
    case.flow(loss.journey)
        .is_some_and(|flow| flow.initiator.address.is_ipv6())
}

fn has_ipv4(case: &Case<'_>) -> bool {
    let mut flows = case.timelines.flows.iter();
    flows.any(|flow| flow.relation == Relation::CrossNode && flow.initiator.address.is_ipv4())
}

/// Where it fails: the stages, and the node where they are inside one.
type Spot = (&'static [Stage], Option<NodeId>);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut spots: BTreeMap<Spot, Vec<&Loss>> = BTreeMap::new();
    for loss in case
        .unexplained()
        .filter(|loss| is_v6(case, loss) && !loss.refused)
    {
        let nodes = (case.timelines.node(loss.from), case.timelines.node(loss.to));
        let inside = (nodes.0 == nodes.1).then_some(nodes.0);
        let stages = case.stages(loss.segment());
        if !stages.is_empty() && reaching(case, loss).next().is_none() {
            spots.entry((stages, inside)).or_default().push(loss);
        }
    }
    spots
        .into_values()
        .filter_map(|losses| finding(case, &losses))
        .collect()
}

/// The nodes between which a flow goes, in the direction of the loss, its kind, and how it is carried.
type Kind = (NodeId, NodeId, Relation, Carriage);

fn kind_of(
    case: &Case<'_>,
    flow: &FlowTimeline,
    reply: bool,
) -> Option<(NodeId, NodeId, Relation)> {
    let (source, destination) = ends_of(flow, reply);
    let home = |address| case.timelines.plan.home(address);
    Some((home(source)?, home(destination)?, flow.relation))
}

/// What IPv4 does on the same stages: the kinds that pass, and those that are lost.
fn ipv4_on(case: &Case<'_>, stages: &[Stage]) -> (BTreeMap<Kind, u64>, BTreeSet<Kind>) {
    let mut passed: BTreeMap<Kind, u64> = BTreeMap::new();
    for (segment, ways) in &case.facts.passed {
        // A wider segment is passed only if its parts are.
        if !stages
            .iter()
            .all(|stage| case.stages(*segment).contains(stage))
        {
            continue;
        }
        for ((index, reply), packets) in ways {
            let Some(flow) = case.timelines.flows.get(*index) else {
                continue;
            };
            let direction = if *reply { &flow.reply } else { &flow.forward };
            let tunnel = direction.hops.iter().find_map(|hop| hop.tunnel);
            if flow.initiator.address.is_ipv4()
                && let Some((from, to, relation)) = kind_of(case, flow, *reply)
            {
                let kind = (from, to, relation, Carriage::of(tunnel));
                *passed.entry(kind).or_default() += packets.packets;
            }
        }
    }
    let lost = case.facts.losses.iter().filter(|loss| !is_v6(case, loss));
    let lost = lost.filter(|loss| {
        case.stages(loss.segment())
            .iter()
            .any(|s| stages.contains(s))
    });
    let kinds = lost.filter_map(|loss| kind_of_loss(case, loss)).collect();
    (passed, kinds)
}

fn kind_of_loss(case: &Case<'_>, loss: &Loss) -> Option<Kind> {
    let (from, to, relation) = kind_of(case, case.flow(loss.journey)?, loss.journey.reply)?;
    let hops = &case.direction(loss.journey)?.hops;
    let tunnel = hops.iter().find_map(|hop| hop.tunnel);
    Some((from, to, relation, Carriage::of(tunnel)))
}

fn finding<'a>(case: &Case<'a>, all: &[&'a Loss]) -> Option<Finding> {
    let stages = case.stages(all.first()?.segment());
    let (passed, lost) = ipv4_on(case, stages);
    let works = |loss: &&&Loss| {
        let kind = kind_of_loss(case, loss);
        kind.is_some_and(|kind| passed.contains_key(&kind) && !lost.contains(&kind))
    };
    let losses: Vec<&Loss> = all.iter().filter(works).copied().collect();
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let small = losses.iter().any(|loss| loss.ip_len <= ALWAYS_FITS);
    if losses.len() < FEW || losses.len() < all.len() || !proven || !small {
        return None;
    }
    let kinds: BTreeSet<Kind> = losses
        .iter()
        .filter_map(|l| kind_of_loss(case, l))
        .collect();
    let ipv4: u64 = kinds.iter().filter_map(|kind| passed.get(kind)).sum();
    let (from, to) = crate::diagnose::facts::main_segment(losses.iter().copied())?;
    let draft = Draft::new(case, &RULE, severity(case, &losses))
        .losses(losses.iter().copied())
        .alternatives(not_excluded(case, &losses))
        .say(message!(
            "{losses} IPv6 packets, all there were of their flows, were lost there without a word; {ipv4} IPv4 packets between the same nodes passed, and none was lost.",
            losses = losses.len(),
            ipv4
        ));
    Some(draft.finish(message!(
        "IPv6 packets leave {from} and never reach {to}, while IPv4 between the same nodes works",
        from = case.name(from),
        to = case.name(to)
    )))
}
