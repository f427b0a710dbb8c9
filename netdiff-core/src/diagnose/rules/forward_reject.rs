//! `forward-reject`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{FlowTimeline, Journey, NodeId, PartyKind, Refusal};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, Way};
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::forwarding::{
    Forwarder, Side, comparable_ways, ends, forwarder_of, is_made_inside, passing_ways, refusal_of,
    severity, way,
};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::{Refusal as Told, find_refusals};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, TcpFlags};
use crate::types::{Message, PointId, Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("forward-reject"),
    manual: Manual {
        summary: "a node rejects what it should forward for its pods, and says so",
        meaning: "A node's FORWARD chain (firewalld's as a rule) ends in a REJECT that meets the pods' packets: clients see \"No route to host\" or \"Connection refused\" at once.",
        looks_for: &[
            "Packets that end where a node forwards for its pods, and ICMP from that node that quotes them: prohibited (IPv4 3/9, 3/10, 3/13; IPv6 1/1, 1/5, 1/6), or port unreachable (3/3, 1/4) that is not from the pod itself.",
            "Or a TCP reset in the pod's name that answers a SYN, where neither the SYN nor the reset was seen at the next capture point, which could have seen both: the node made it.",
            "Or such a reset that was first seen at the node's tunnel device or network card with a higher TTL than the pod's other packets have there: a node sent it that no hop lies before, though no capture proves that it was not the pod's.",
            "ICMP errors are rate-limited for each receiver, so other packets of the same sender that end there unexplained count to it.",
            "Where places in between were not captured, the sender of the ICMP error must be an address of the node that the segment ends or begins on.",
        ],
        refuted_by: &[
            "one of the refused packets at {next}",
            "a reset that was seen on the pod's own link: then the pod itself refuses, and nothing listens there",
        ],
        causes: &[
            LikelyCause {
                cause: "firewalld, or another firewall with a REJECT at the end of FORWARD, does not know the pods' network or the tunnel device",
                confirm: "on {to}: iptables -L FORWARD -v -n --line-numbers; nft list ruleset | grep -B5 reject; firewall-cmd --get-active-zones",
            },
            LikelyCause {
                cause: "a network policy of a plugin that rejects instead of dropping (kube-router)",
                confirm: "kubectl get networkpolicy -A; on {to}: iptables -L -v -n | grep REJECT",
            },
            LikelyCause {
                cause: "a route of the type prohibit, where the ICMP error is 3/13 and quotes the TTL that the packet came with",
                confirm: "on {to}: ip route show type prohibit; ip route get {destination}",
            },
        ],
        remedy: &[
            "disable firewalld on the nodes, or put the pods' network, {bridge} and {vtep} into its trusted zone: firewall-cmd --permanent --zone=trusted --add-interface={vtep} --add-interface={bridge}; firewall-cmd --reload",
            "put the accepting rules of flannel and kube-proxy before the REJECT",
        ],
        limits: &[
            "A firewall inside the pod's own network namespace refuses like a closed port; this rule leaves that alone.",
        ],
        references: &[
            "RFC 1812, section 5.2.7.1; RFC 4443, section 3.1; iptables-extensions(8), REJECT",
            "flannel-io/flannel#2055, flannel-io/flannel#1033, docker/for-linux#1353",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::SendForward, Stage::ReceiveForward],
    carried: Carried::Either,
    possible: |case, losses| losses.iter().any(|loss| is_reject(case, loss)),
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<Forwarder, Rejected<'_>> = BTreeMap::new();
    for loss in case.unexplained().filter(|loss| is_reject(case, loss)) {
        if let Some(forwarder) = rejecting(case, loss) {
            groups.entry(forwarder).or_default().losses.push(loss);
        }
    }
    let told: BTreeSet<usize> = groups
        .values()
        .flat_map(|group| group.losses.iter().map(|loss| loss.journey.flow))
        .collect();
    for forged in forged_resets(case) {
        if !told.contains(&forged.syn.flow) {
            let forwarder = (forged.node, Side::Receiving);
            groups.entry(forwarder).or_default().forged.push(forged);
        }
    }
    groups
        .into_iter()
        .filter_map(|(forwarder, rejected)| finding(case, forwarder, rejected))
        .collect()
}

/// What a node rejects on one side.
#[derive(Default)]
struct Rejected<'a> {
    losses: Vec<&'a Loss>,
    /// SYNs that count as answered, since a reset in the pod's name came back.
    forged: Vec<Forged>,
}

/// Whether a packet was refused in a way that firewalls refuse.
fn is_reject(case: &Case<'_>, loss: &Loss) -> bool {
    let Some((by, refusal)) = refusal_of(case, loss) else {
        return false;
    };
    let destination = ends(case, loss).map(|(_, destination)| destination);
    let is_pod = destination.is_some_and(|d| case.timelines.plan.kind(d) == PartyKind::Pod);
    match (refusal, by.is_ipv4()) {
        (
            Refusal::Icmp {
                icmp_type: 3,
                code: 9 | 10 | 13,
            },
            true,
        )
        | (
            Refusal::Icmp {
                icmp_type: 1,
                code: 1 | 5 | 6,
            },
            false,
        )
        | (Refusal::Reset, _) => true,
        // Of a service without endpoints kube-proxy says the same.
        (
            Refusal::Icmp {
                icmp_type: 3,
                code: 3,
            },
            true,
        )
        | (
            Refusal::Icmp {
                icmp_type: 1,
                code: 4,
            },
            false,
        ) => is_pod && destination != Some(by),
        _ => false,
    }
}

/// The node that rejects, and on which side.
fn rejecting(case: &Case<'_>, loss: &Loss) -> Option<Forwarder> {
    if let Some(forwarder) = forwarder_of(case, loss) {
        return Some(forwarder);
    }
    let (by, refusal) = refusal_of(case, loss)?;
    let home = case.timelines.plan.home(by);
    let (from, to) = (case.timelines.node(loss.from), case.timelines.node(loss.to));
    let crosses = |stage| refusal != Refusal::Reset && case.crosses(loss.segment(), stage);
    let sent = home == Some(from) || is_made_inside(case, from, by);
    if crosses(Stage::SendForward) && sent {
        Some((from, Side::Sending))
    } else if crosses(Stage::ReceiveForward) && home == Some(to) {
        Some((to, Side::Receiving))
    } else {
        None
    }
}

/// Packets of the same senders that end on the same segment without a word, of ways that pass nothing.
fn untold<'a>(case: &Case<'a>, forwarder: Forwarder, rejected: &[&'a Loss]) -> Vec<&'a Loss> {
    let sender = |loss: &Loss| ends(case, loss).map(|(source, _)| source);
    let senders: BTreeSet<Option<IpAddr>> = rejected.iter().map(|loss| sender(loss)).collect();
    let segments: BTreeSet<_> = rejected.iter().map(|loss| loss.segment()).collect();
    let passing = passing_ways(case, forwarder);
    let only_resets = rejected
        .iter()
        .all(|loss| matches!(refusal_of(case, loss), Some((_, Refusal::Reset))));
    let ways: BTreeSet<Way> = rejected.iter().map(|loss| way(loss)).collect();
    case.unexplained()
        .filter(|loss| !loss.refused && segments.contains(&loss.segment()))
        .filter(|loss| senders.contains(&sender(loss)) && !passing.contains(&way(loss)))
        // Resets are not rate-limited.
        .filter(|loss| !only_resets || ways.contains(&way(loss)))
        .collect()
}

fn finding<'a>(case: &Case<'a>, forwarder: Forwarder, rejected: Rejected<'a>) -> Option<Finding> {
    let silent = untold(case, forwarder, &rejected.losses);
    let told = rejected.losses.len() + rejected.forged.len();
    let mut losses = rejected.losses;
    losses.extend(&silent);
    let forged = &rejected.forged;
    let selective = !comparable_ways(case, forwarder, &losses).is_empty() || !forged.is_empty();
    let refusals = find_refusals(case.timelines, &losses);
    let errors = refusals.iter().filter_map(|refusal| refusal.errors.first());
    let how = describe(case, &losses, &refusals).or_else(|| {
        Some(message!(
            "TCP resets in the name of {pod}",
            pod = forged.first()?.pod
        ))
    })?;
    let severity = if losses.is_empty() {
        Severity::Error
    } else {
        severity(case, &losses)
    };
    let mut draft = Draft::new(case, &RULE, severity)
        .evidence(errors.map(|error| error.evidence))
        .evidence(resets(case, &losses).take(2))
        .evidence(forged.iter().map(|forged| forged.reset).take(2))
        .losses(losses.iter().copied())
        .journeys(forged.iter().map(|forged| forged.syn))
        .marked()
        .say(message!("{told} packets were refused: {how}.", told, how));
    if let Some(first) = forged.first() {
        draft = draft.segment(first.segment).say(message!(
            "The resets are first seen at {segment} with TTL {ttl}, where the pod's own packets have {usual_ttl} at most: the node made them.",
            segment = case.name(first.segment.0),
            ttl = first.ttl,
            usual_ttl = first.usual_ttl
        ));
    }
    if !silent.is_empty() {
        draft = draft.say(message!(
            "{silent} more of the same senders end there without an error: nodes limit how many they send.",
            silent = silent.len()
        ));
    }
    if selective {
        draft = draft
            .say(message!(
                "Other traffic of the same kind passes there: the rule or policy is about ports or addresses."
            ))
            .alternatives([RuleId("network-policy-drop")]);
    }
    Some(draft.finish(title(case, forwarder, &how)))
}

fn title(case: &Case<'_>, (node, side): Forwarder, how: &Message) -> Message {
    let name = case.timelines.node_name(node);
    match side {
        Side::Sending => message!("{name} rejects what its pods send, with {how}", name, how),
        Side::Receiving => message!(
            "{name} rejects what arrives for its pods, with {how}",
            name,
            how
        ),
    }
}

/// How they were refused, the ICMP errors first.
fn describe(case: &Case<'_>, losses: &[&Loss], refusals: &[Told<'_>]) -> Option<Message> {
    let told = refusals.iter().find(|refusal| !refusal.quotes_tunnel);
    let reset = || {
        let (by, _) = losses.iter().find_map(|loss| {
            refusal_of(case, loss).filter(|(_, refusal)| *refusal == Refusal::Reset)
        })?;
        Some(message!("TCP resets in the name of {by}", by))
    };
    told.map(Told::describe).or_else(reset)
}

/// The resets that answer these packets.
fn resets<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> impl Iterator<Item = Evidence> {
    let refused = losses
        .iter()
        .filter(|loss| matches!(refusal_of(case, loss), Some((_, Refusal::Reset))));
    let answers = refused.filter_map(|loss| {
        let flow = case.flow(loss.journey)?;
        let back = if loss.journey.reply {
            &flow.forward
        } else {
            &flow.reply
        };
        let port = case.journey(loss.journey)?.port;
        let reset = back.journeys.iter().find(|journey| {
            let is_reset = journey.flags.is_some_and(|flags| flags.any(TcpFlags::RST));
            is_reset && journey.port == port
        });
        reset?.first()
    });
    answers.collect::<Vec<_>>().into_iter()
}

/// A reset in a pod's name that the pod's node made.
struct Forged {
    node: NodeId,
    pod: IpAddr,
    /// Where it was first seen, and the next point inside the node.
    segment: (PointId, PointId),
    reset: Evidence,
    ttl: u8,
    /// The highest TTL of the pod's other packets there.
    usual_ttl: u8,
    /// The SYN that it answers.
    syn: Explained,
}

/// Resets that answer SYNs, were first seen where a node meets others, and have a higher TTL there than anything else of the pod.
fn forged_resets(case: &Case<'_>) -> Vec<Forged> {
    let flows = case.timelines.flows.iter().enumerate();
    flows
        .filter(|(_, flow)| flow.protocol == Protocol::TCP)
        .filter_map(|(index, flow)| Some((index, flow, edge_of_resets(case, flow)?)))
        .flat_map(|(index, flow, edge)| forged_of(case, index, flow, edge))
        .collect()
}

/// The point at which answers of nothing but resets begin, with their TTL there and that of the pod's other packets, if it is lower.
fn edge_of_resets(case: &Case<'_>, flow: &FlowTimeline) -> Option<(PointId, u8, u8)> {
    let pod = flow.responder.address;
    let resets = |journey: &Journey| journey.flags.is_some_and(|flags| flags.any(TcpFlags::RST));
    let hop = flow.reply.hops.first()?;
    let edge = matches!(case.timelines.role(hop.point), Role::Vtep | Role::Uplink);
    if !edge || !flow.reply.journeys.iter().all(resets) {
        return None;
    }
    let flows = case.timelines.flows.iter();
    let of_pod = flows.flat_map(|flow| {
        let forward = (flow.initiator.address == pod).then_some(&flow.forward);
        let reply = (flow.responder.address == pod).then_some(&flow.reply);
        forward.into_iter().chain(reply)
    });
    let others = of_pod
        .filter(|direction| !std::ptr::eq(*direction, &flow.reply))
        .flat_map(|direction| direction.hops.iter().skip(1))
        .filter(|other| other.point == hop.point)
        .map(|other| other.ttl.1);
    let usual = others.max()?;
    (usual < hop.ttl.0).then_some((hop.point, hop.ttl.0, usual))
}

fn forged_of(
    case: &Case<'_>,
    index: usize,
    flow: &FlowTimeline,
    (edge, ttl, usual_ttl): (PointId, u8, u8),
) -> Vec<Forged> {
    let node = case.timelines.node(edge);
    let inside = case
        .points(node, Role::Bridge)
        .chain(case.points(node, Role::Pod));
    let inside: Vec<PointId> = inside.collect();
    let is_syn = |journey: &Journey| {
        journey.flags.is_some_and(|flags| flags.any(TcpFlags::SYN))
            && !journey.points().any(|point| inside.contains(&point))
    };
    let Some(next) = inside.first().copied() else {
        return Vec::new();
    };
    let syns = flow.forward.journeys.iter().enumerate();
    let answered = syns.filter(|(_, journey)| is_syn(journey));
    let forged = answered.filter_map(|(nth, syn)| {
        let mut answers = flow.reply.journeys.iter();
        let reset = answers.find(|reset| reset.port == syn.port)?.first()?;
        Some(Forged {
            node,
            pod: flow.responder.address,
            segment: (syn.last()?.point, next),
            reset,
            ttl,
            usual_ttl,
            syn: Explained {
                flow: index,
                reply: false,
                journey: nth,
            },
        })
    });
    forged.collect()
}
