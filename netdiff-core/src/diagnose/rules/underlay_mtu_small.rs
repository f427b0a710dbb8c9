//! `underlay-mtu-small`: see the manual below.

use std::collections::BTreeMap;

use super::outer_fragments_dropped::pieces;
use crate::correlate::{IcmpError, NodeId};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::sizes::{self, ALWAYS_FITS, Limit, limits};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Tunnel;
use crate::types::{Message, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("underlay-mtu-small"),
    manual: Manual {
        summary: "the network between two nodes passes smaller packets than the nodes believe",
        meaning: "The path between the nodes has a smaller MTU than their network cards (a VPN, a cloud's network, an overlay below the overlay, jumbo frames on one side): connections open and small answers come, and downloads and large requests hang.",
        looks_for: &[
            "Either: packets that leave one node's network card and do not arrive at the other node, every one of them longer than every one that arrives; at least three of each, in whole packets, and some that arrive after the first loss. No ICMP error says so.",
            "Or: ICMP fragmentation needed, IPv6's packet too big, that comes to a node and quotes its tunnel's packets, together with losses on the wire or between the tunnel device and the network card, where the node drops what it has learned to be too big.",
            "Large packets of the opposite direction, and those in fragments, that are lost between the same nodes count to it, if nothing that large arrives there.",
        ],
        refuted_by: &["one packet of {mtu} bytes or more, measured inside the tunnel, at {next}"],
        causes: &[
            LikelyCause {
                cause: "the network between the nodes has a smaller MTU than their network cards",
                confirm: "ping -M do -s 1472 {outer_destination} on {from}, and with smaller sizes, down to where it passes; tracepath -n {outer_destination}; ip link show {uplink} on both nodes",
            },
            LikelyCause {
                cause: "jumbo frames on one node or one switch only",
                confirm: "ip link show {uplink} on all nodes; the MTU of the switch's ports",
            },
        ],
        remedy: &[
            "lower the MTU of the nodes' network cards to the path's, then restart flannel (or set \"MTU\" in its backend) and make the pods anew",
            "raise the MTU of the network between the nodes",
            "until then: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss SIZE on the nodes",
        ],
        limits: &[
            "The limit is known as well as the sizes that were sent: between the longest packet that arrived and the shortest that did not.",
            "A device that drops large tunnel packets for other reasons (an agent of a hypervisor) looks the same.",
        ],
        references: &[
            "RFC 7348, section 4.3; RFC 4459; flannel-io/flannel#1011, poseidon/typhoon#228",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Encapsulate, Stage::Underlay],
    carried: Carried::Either,
    possible: |case, losses| {
        losses.iter().all(|loss| {
            let passed = case
                .facts
                .passed_over(loss.segment())
                .map_or(0, |passed| passed.longest);
            !loss.refused && loss.ip_len > passed.max(ALWAYS_FITS)
        })
    },
    check,
};

/// An unordered pair of nodes, and what was lost between them for its size.
type Pairs<'a> = BTreeMap<(NodeId, NodeId), Vec<&'a Loss>>;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let told = told_pairs(case);
    findings.extend(
        told.iter()
            .filter_map(|(pair, losses)| told_finding(case, *pair, losses)),
    );
    let leaving = case.unexplained().filter(|loss| {
        let nodes = (case.timelines.node(loss.from), case.timelines.node(loss.to));
        let pair = (nodes.0.min(nodes.1), nodes.0.max(nodes.1));
        is_wire(case, loss) && !told.contains_key(&pair) && !loss.refused
    });
    let mut pairs: BTreeMap<(NodeId, NodeId), Vec<Limit<'_>>> = BTreeMap::new();
    for limit in limits(case, leaving, |loss| pieces(case, loss) == 1) {
        let nodes = (
            case.timelines.node(limit.segment.0),
            case.timelines.node(limit.segment.1),
        );
        let pair = (nodes.0.min(nodes.1), nodes.0.max(nodes.1));
        pairs.entry(pair).or_default().push(limit);
    }
    findings.extend(
        pairs
            .iter()
            .filter_map(|(pair, limits)| silent_finding(case, *pair, limits)),
    );
    findings
}

/// A packet that left one node's network card and did not reach the other node's card or tunnel device.
fn is_wire(case: &Case<'_>, loss: &Loss) -> bool {
    let role = |point| case.timelines.role(point);
    role(loss.from) == Role::Uplink
        && matches!(role(loss.to), Role::Uplink | Role::Vtep)
        && case.timelines.node(loss.from) != case.timelines.node(loss.to)
}

/// Lost for the size by which the wire is limited: longer than all that passed where it was lost, and than what always fits.
fn too_long(case: &Case<'_>, loss: &Loss) -> bool {
    let passed = sizes::passed_over(case, loss.segment());
    let longest = passed
        .iter()
        .map(|(_, journey)| journey.ip_len)
        .max()
        .unwrap_or(0);
    loss.ip_len > longest.max(ALWAYS_FITS.min(loss.ip_len.saturating_sub(1)))
}

fn between(case: &Case<'_>, loss: &Loss, (a, b): (NodeId, NodeId)) -> bool {
    let nodes = (case.timelines.node(loss.from), case.timelines.node(loss.to));
    nodes == (a, b) || nodes == (b, a)
}

fn silent_finding<'a>(
    case: &Case<'a>,
    pair: (NodeId, NodeId),
    limits: &[Limit<'a>],
) -> Option<Finding> {
    let main = limits.iter().max_by_key(|limit| limit.losses.len())?;
    let mut losses: Vec<&Loss> = limits
        .iter()
        .flat_map(|l| l.losses.iter().copied())
        .collect();
    for loss in case.unexplained() {
        let counts = is_wire(case, loss) && between(case, loss, pair) && !loss.refused;
        if counts
            && !losses.contains(&loss)
            && too_long(case, loss)
            && loss.ip_len > main.longest_passed
        {
            losses.push(loss);
        }
    }
    let (from, to) = (case.name(main.segment.0), case.name(main.segment.1));
    let mut draft = Draft::new(case, &RULE, sizes::severity(case, &losses))
        .losses(losses.iter().copied())
        .segment(main.segment)
        .fill("mtu", main.shortest_lost);
    for limit in limits {
        draft = draft.say(message!(
            "{segment} to {segment_2}: {passed} packets of up to {longest_passed} bytes arrived, {losses} of {shortest_lost} bytes and more did not (measured inside the tunnel, where there is one).",
            segment = case.name(limit.segment.0),
            segment_2 = case.name(limit.segment.1),
            passed = limit.passed,
            longest_passed = limit.longest_passed,
            losses = limit.losses.len(),
            shortest_lost = limit.shortest_lost
        ));
    }
    Some(draft
        .say(message!("No ICMP error says that they are too big: the network drops them silently."))
        .finish(message!(
            "packets of {shortest_lost} bytes and more leave {from} and do not arrive at {to}, shorter ones do",
            shortest_lost = main.shortest_lost,
            from,
            to
        )))
}

/// ICMP errors that tell a node that its tunnel's packets are too big.
fn too_big_errors<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a IcmpError, Ends)> + use<'a> {
    let timelines = case.timelines;
    let errors = timelines.icmp_errors.iter();
    errors.filter_map(|error| {
        let kind = (error.source.is_ipv4(), error.icmp_type, error.code);
        let too_big = matches!(kind, (true, 3, 4) | (false, 2, _));
        let quote = error.quote.filter(|_| too_big)?;
        let outer = quote
            .tunnel
            .map_or((quote.key.source, quote.key.destination), |t| {
                (t.source, t.destination)
            });
        (error.destination == outer.0).then_some((error, outer))
    })
}

/// Outer source and destination.
type Ends = (std::net::IpAddr, std::net::IpAddr);

fn ends_of(tunnel: Tunnel) -> Ends {
    (tunnel.source, tunnel.destination)
}

/// Losses that such errors explain, by pair of nodes: on the wire, and between a tunnel device and the network card.
fn told_pairs<'a>(case: &Case<'a>) -> Pairs<'a> {
    let tunnels: Vec<Tunnel> = case
        .timelines
        .links
        .links
        .iter()
        .filter_map(|l| l.tunnel)
        .collect();
    let mut pairs = Pairs::new();
    for (error, outer) in too_big_errors(case) {
        if !tunnels.iter().any(|tunnel| ends_of(*tunnel) == outer) {
            continue;
        }
        let home = |address| case.timelines.plan.home(address);
        let (Some(from), Some(to)) = (home(outer.0), home(outer.1)) else {
            continue;
        };
        let explained: Vec<&Loss> = case
            .unexplained()
            .filter(|loss| is_told(case, loss, (from, to), (error, outer)))
            .collect();
        let known = pairs.entry((from.min(to), from.max(to))).or_default();
        for loss in explained {
            if !known.contains(&loss) {
                known.push(loss);
            }
        }
    }
    pairs.retain(|_, losses| !losses.is_empty());
    pairs
}

/// Whether an error about a tunnel from one node to another explains a loss: one in that tunnel, too long with its headers, or one that the
/// node would have put into it.
fn is_told(
    case: &Case<'_>,
    loss: &Loss,
    (from, to): (NodeId, NodeId),
    (error, outer): (&IcmpError, Ends),
) -> bool {
    /// What any tunnel adds at least: an outer IPv4 header.
    const LEAST_OVERHEAD: u32 = 20;
    let here = case.timelines.node(loss.from) == from;
    let wire = is_wire(case, loss) && loss.tunnel.map(ends_of) == Some(outer);
    let device = case.is_stage(loss.segment(), Stage::Encapsulate)
        && case
            .flow(loss.journey)
            .and_then(|flow| {
                let (_, destination) =
                    crate::diagnose::forwarding::ends_of(flow, loss.journey.reply);
                case.timelines.plan.home(destination)
            })
            .is_none_or(|home| home == to);
    // What the node has learned, it applies from then on.
    let learned = device && loss.time >= error.time;
    let long = match error.next_hop_mtu {
        Some(mtu) => loss.ip_len.saturating_add(LEAST_OVERHEAD) > mtu,
        None => loss.ip_len > ALWAYS_FITS,
    };
    here && long && (learned || (wire && too_long(case, loss)))
}

fn told_finding<'a>(
    case: &Case<'a>,
    pair: (NodeId, NodeId),
    losses: &[&'a Loss],
) -> Option<Finding> {
    let errors: Vec<(&IcmpError, Ends)> = too_big_errors(case)
        .filter(|(_, outer)| {
            let home = |address| case.timelines.plan.home(address);
            let nodes = (home(outer.0), home(outer.1));
            nodes == (Some(pair.0), Some(pair.1)) || nodes == (Some(pair.1), Some(pair.0))
        })
        .collect();
    let (first, _) = errors.first()?;
    let mtu = first.next_hop_mtu;
    let wire: Vec<&Loss> = losses
        .iter()
        .copied()
        .filter(|loss| is_wire(case, loss))
        .collect();
    let mut draft = Draft::new(case, &RULE, sizes::severity(case, losses))
        .evidence(errors.iter().map(|(error, _)| error.evidence).take(3))
        .losses(losses.iter().copied())
        .marked()
        .say(message!(
            "{source} tells {destination} by ICMP that its tunnel packets are too big{mtu}.",
            source = first.source,
            destination = first.destination,
            mtu = mtu.map_or_else(Message::empty, |mtu| message!(": {mtu} bytes fit", mtu))
        ))
        .say(message!(
            "{losses} large packets are lost: {wire} on the wire, the others between tunnel device and network card, since the node now knows. The pods are told nothing.",
            losses = losses.len(),
            wire = wire.len()
        ));
    if let Some(mtu) = mtu {
        draft = draft.fill("mtu", mtu);
    }
    if let Some(segment) = crate::diagnose::facts::main_segment(wire.iter().copied()) {
        draft = draft.segment(segment);
    }
    let names = [pair.0, pair.1].map(|node| case.timelines.node_name(node));
    Some(draft.finish(message!(
        "the network between {names} and {names_2} passes no tunnel packet {mtu}, and says so",
        names = names[0],
        names_2 = names[1],
        mtu = mtu.map_or_else(
            || message!("of full size"),
            |mtu| message!("of more than {mtu} bytes", mtu)
        )
    )))
}
