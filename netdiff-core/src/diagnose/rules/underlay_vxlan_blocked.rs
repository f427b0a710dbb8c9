//! `underlay-vxlan-blocked`: see the manual below. Its sibling, [`underlay_vxlan_blocked_return`](super::underlay_vxlan_blocked_return),
//! shares the search.

use crate::correlate::{NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Carriage, Crossing, Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Encapsulation, Tunnel};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("underlay-vxlan-blocked"),
    manual: Manual {
        summary: "the network between two nodes swallows VXLAN",
        meaning: "The network between two nodes passes their ordinary traffic and swallows VXLAN: pods on different nodes cannot talk although the nodes themselves can.",
        looks_for: &[
            "VXLAN packets leave one node's uplink, addressed to the other node, and none reaches the other node's uplink, which was capturing; every size, every inner protocol; at least three of them, at least one of 1000 bytes or less, since losing only big ones is a matter of size.",
            "For at least one of them the other node's capture is proven to have run.",
            "No ICMP error quotes one of them: nobody refused them.",
            "Ordinary IP packets in the same direction arrive, and none is lost either way: else the path is dead, or filtered by something else than VXLAN. ARP does not count: it passes firewalls.",
            "VXLAN in the opposite direction does not arrive either; if it does, it is underlay-vxlan-blocked-return.",
        ],
        refuted_by: &[
            "one VXLAN packet of that direction at {next}",
            "ordinary packets between the same nodes that do not arrive either",
        ],
        causes: &CAUSES,
        remedy: &REMEDY,
        limits: &[
            "Firewalls, security groups, hypervisors and NAT look the same from both ends; a capture on the path between tells them apart.",
        ],
        references: &REFERENCES,
    },
    frequency: Frequency::VeryHigh,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: always,
    check: |case| find_blocked_pairs(case, &RULE, false),
};

pub(super) const CAUSES: [LikelyCause; 3] = [
    LikelyCause {
        cause: "a firewall or cloud security group between the nodes drops the VXLAN port; often only TCP was opened",
        confirm: "look for UDP {port} in the security groups and firewalls on the path, both ways; capture `udp port {port}` on the switch or host between the nodes",
    },
    LikelyCause {
        cause: "the virtual machines' network runs in NAT mode and does not pass VXLAN between guests",
        confirm: "look at the network mode of both virtual machines; with NAT, `ip neigh` on one node shows the gateway's MAC address for the other node",
    },
    LikelyCause {
        cause: "another product takes the port: VMware NSX and vCloud run their own VXLAN on UDP 8472 or 4789",
        confirm: "set another \"Port\" than {port} in the \"Backend\" of flannel's net-conf.json and try again",
    },
];

pub(super) const REMEDY: [&str; 4] = [
    "open UDP {port} both ways between all nodes",
    "put the virtual machines on a bridged network instead of NAT",
    "where the nodes share a segment, route without encapsulation: flannel's vxlan backend with \"DirectRouting\": true, or the host-gw backend",
    "move VXLAN to another UDP port (\"Port\" in flannel's vxlan backend)",
];

pub(super) const REFERENCES: [&str; 3] = [
    "RFC 7348, section 8 (port 4789; Linux's own default is 8472)",
    "flannel: Documentation/backends.md (Port, DirectRouting)",
    "flannel-io/flannel#871, flannel-io/flannel#423, moby/moby#33416",
];

const VXLAN: Carriage = Carriage::Tunnel(Encapsulation::Vxlan);

/// Up to this many bytes a packet fits every underlay: losing it is no matter of size.
const SMALL: u32 = 1_000;

/// Rules that look the same in any captures of the two nodes alone.
const ALTERNATIVES: [RuleId; 3] = [
    RuleId("hypervisor-vxlan-intercept"),
    RuleId("underlay-nat-oneway"),
    RuleId("wrong-iface"),
];

/// A direction in which VXLAN vanished.
struct Blocked<'a> {
    from: NodeId,
    to: NodeId,
    crossing: &'a Crossing,
    plain_arrived: u64,
}

/// One finding for each pair of nodes between which VXLAN vanishes: in one direction only, or not.
pub(super) fn find_blocked_pairs(
    case: &Case<'_>,
    rule: &'static Rule,
    one_way: bool,
) -> Vec<Finding> {
    let crossings = case.facts.crossings.keys();
    let mut pairs: Vec<(NodeId, NodeId)> = crossings.map(|&(a, b)| (a.min(b), a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .filter_map(|pair| check_pair(case, rule, pair, one_way))
        .collect()
}

fn check_pair(
    case: &Case<'_>,
    rule: &'static Rule,
    (a, b): (NodeId, NodeId),
    one_way: bool,
) -> Option<Finding> {
    let mut blocked: Vec<Blocked<'_>> = [(a, b), (b, a)]
        .into_iter()
        .filter_map(|(from, to)| find_blocked(case, from, to))
        .collect();
    // The direction that lost the most stands for both; of equals, the first by node.
    blocked.sort_by_key(|b| (std::cmp::Reverse(b.crossing.lost.len()), b.from));
    let main = blocked.first()?;
    let back = case.facts.between(main.to, main.from, VXLAN);
    let open_back = back.is_some_and(|crossing| crossing.arrived > 0);
    let lost: usize = blocked.iter().map(|b| b.crossing.lost.len()).sum();
    if open_back != one_way || lost < FEW {
        return None;
    }
    Some(finding(case, rule, &blocked, main, one_way))
}

fn find_blocked<'a>(case: &Case<'a>, from: NodeId, to: NodeId) -> Option<Blocked<'a>> {
    let crossing = case.facts.between(from, to, VXLAN)?;
    let lost: Vec<&Loss> = crossing.lost.iter().collect();
    let told = lost.iter().any(|l| case.facts.is_explained(l.journey));
    let proven = lost.iter().any(|loss| loss.trust == Trust::Proven);
    let small = lost.iter().any(|loss| loss.ip_len <= SMALL);
    let refused = !find_refusals(case.timelines, &lost).is_empty();
    if told || !proven || !small || crossing.arrived > 0 || refused {
        return None;
    }
    let plain = case.facts.between(from, to, Carriage::Plain)?;
    let back = case.facts.between(to, from, Carriage::Plain);
    let lost = plain.lost.len() + back.map_or(0, |back| back.lost.len());
    (plain.arrived > 0 && lost == 0).then_some(Blocked {
        from,
        to,
        crossing,
        plain_arrived: plain.arrived,
    })
}

fn finding<'a>(
    case: &Case<'a>,
    rule: &'static Rule,
    blocked: &[Blocked<'a>],
    main: &Blocked<'a>,
    one_way: bool,
) -> Finding {
    let mut draft = Draft::new(case, rule, Severity::Error)
        .losses(blocked.iter().flat_map(|b| &b.crossing.lost))
        .evidence(
            blocked
                .iter()
                .flat_map(|b| b.crossing.lost.iter().take(4))
                .map(|loss| loss.last),
        )
        .alternatives(alternatives(case, main));
    if let Some(segment) = main_segment(&main.crossing.lost) {
        draft = draft.segment(segment);
    }
    for sentence in explanation(case, blocked, one_way) {
        draft = draft.say(sentence);
    }
    draft.finish(title(case, main, one_way))
}

fn title(case: &Case<'_>, main: &Blocked<'_>, one_way: bool) -> String {
    let (from, to) = match main_segment(&main.crossing.lost) {
        Some((from, to)) => (case.name(from), case.name(to)),
        None => (
            case.timelines.node_name(main.from).to_owned(),
            case.timelines.node_name(main.to).to_owned(),
        ),
    };
    let contrast = if one_way {
        ", while VXLAN the other way does arrive"
    } else {
        ", while plain traffic between the same nodes does arrive"
    };
    format!("VXLAN packets leave {from} and never reach {to}{contrast}")
}

/// What else would look the same with what these captures hold.
fn alternatives(case: &Case<'_>, main: &Blocked<'_>) -> Vec<RuleId> {
    let mut alternatives = ALTERNATIVES.to_vec();
    let receiver = main.crossing.lost.first().map(|loss| loss.to);
    let flows = case.timelines.flows.iter();
    let shows_tunnels = flows
        .flat_map(|flow| [&flow.forward, &flow.reply])
        .flat_map(|direction| &direction.hops)
        .any(|hop| Some(hop.point) == receiver && hop.tunnel.is_some());
    if !shows_tunnels {
        // A filter on that capture would look the same.
        alternatives.push(RuleId("capture-gap"));
    }
    alternatives
}

fn explanation(case: &Case<'_>, blocked: &[Blocked<'_>], one_way: bool) -> Vec<String> {
    let mut text = Vec::new();
    for b in blocked {
        text.push(format!(
            "{} to {}: {} VXLAN packets left, 0 arrived; {} plain packets did arrive, so the path itself works.",
            case.timelines.node_name(b.from),
            case.timelines.node_name(b.to),
            b.crossing.lost.len(),
            b.plain_arrived,
        ));
    }
    let tunnels: Vec<String> = blocked
        .iter()
        .flat_map(|b| &b.crossing.tunnels)
        .map(describe)
        .collect();
    let lost: Vec<&Loss> = blocked.iter().flat_map(|b| &b.crossing.lost).collect();
    text.push(format!(
        "The lost ones: {}; inside, {}.",
        tunnels.join(" and "),
        inside(&lost)
    ));
    text.push(if one_way {
        "VXLAN in the opposite direction arrives: something treats the two directions differently."
            .to_owned()
    } else {
        "No ICMP error came back: something on the path drops them silently.".to_owned()
    });
    text
}

fn describe(tunnel: &Tunnel) -> String {
    let vni = tunnel
        .vni
        .map_or_else(String::new, |vni| format!("VNI {vni}, "));
    format!(
        "{vni}UDP {} from {} to {}",
        tunnel.destination_port, tunnel.source, tunnel.destination
    )
}

/// The protocols and sizes of what was lost: every kind, or one kind only?
fn inside(lost: &[&Loss]) -> String {
    let mut protocols: Vec<String> = lost.iter().map(|loss| loss.protocol.to_string()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let sizes = || lost.iter().map(|loss| loss.ip_len);
    let (least, most) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
    format!("{} of {least} to {most} bytes", protocols.join(", "))
}
