//! `underlay-vxlan-blocked`: see the manual below. Its sibling, [`underlay_vxlan_blocked_return`](super::underlay_vxlan_blocked_return),
//! shares the search.

use crate::correlate::{NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Carriage, Crossing, Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnel_ways::{examples, spelled};
use crate::identify::{Encapsulation, Tunnel};
use crate::types::{Message, Say};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("underlay-vxlan-blocked"),
    manual: Manual {
        summary: "the network between two nodes swallows VXLAN",
        meaning: "The network between two nodes passes their ordinary traffic and swallows VXLAN: pods on different nodes cannot talk although the nodes themselves can.",
        looks_for: &[
            "VXLAN packets leave one node's uplink, addressed to the other node, and none reaches the other node's uplink, which was capturing; every size, every inner protocol; at least three of them, at least one of 1000 bytes or less, since losing only big ones is a matter of size.",
            "For at least one of them the other node's capture is proven to have run.",
            "No ICMP error quotes one of them: nobody refused them.",
            "Ordinary IP packets in the same direction arrive, between the same two points or the same addresses, and none is lost either way: else the path is dead, or filtered by something else than VXLAN. ARP does not count: it passes firewalls.",
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
    possible: may_be_vxlan,
    check: |case| find_blocked_pairs(case, &RULE, Kind::Both),
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

/// Whether the losses may be VXLAN's: where it cannot be seen, they may.
pub(super) fn may_be_vxlan(_: &Case<'_>, losses: &[&Loss]) -> bool {
    losses.iter().any(|loss| {
        loss.tunnel
            .is_none_or(|tunnel| tunnel.encapsulation == Encapsulation::Vxlan)
    })
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// VXLAN, in no direction does it arrive.
    Both,
    /// VXLAN, and the opposite direction arrives.
    OneWay,
    /// Another encapsulation, in one direction or both.
    Other,
}

/// Up to this many bytes a packet fits every underlay: losing it is no matter of size.
const SMALL: u32 = 1_000;

/// A direction in which a tunnel's packets vanished.
struct Blocked<'a> {
    from: NodeId,
    to: NodeId,
    encapsulation: Encapsulation,
    crossing: &'a Crossing,
    plain_arrived: u64,
}

/// One finding for each pair of nodes between which a tunnel's packets vanish.
pub(super) fn find_blocked_pairs(case: &Case<'_>, rule: &'static Rule, kind: Kind) -> Vec<Finding> {
    let mut pairs: Vec<(NodeId, NodeId, Encapsulation)> = Vec::new();
    for (&(a, b), carriages) in &case.facts.crossings {
        for carriage in carriages.keys() {
            if let Carriage::Tunnel(encapsulation) = *carriage
                && (encapsulation == Encapsulation::Vxlan) == (kind != Kind::Other)
            {
                pairs.push((a.min(b), a.max(b), encapsulation));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .filter_map(|pair| check_pair(case, rule, pair, kind))
        .collect()
}

fn check_pair(
    case: &Case<'_>,
    rule: &'static Rule,
    (a, b, encapsulation): (NodeId, NodeId, Encapsulation),
    kind: Kind,
) -> Option<Finding> {
    let mut blocked: Vec<Blocked<'_>> = [(a, b), (b, a)]
        .into_iter()
        .filter_map(|(from, to)| find_blocked(case, from, to, encapsulation))
        .collect();
    // The direction that lost the most stands for both; of equals, the first by node.
    blocked.sort_by_key(|b| (std::cmp::Reverse(b.crossing.lost.len()), b.from));
    let main = blocked.first()?;
    let back = Carriage::Tunnel(encapsulation);
    let back = case.facts.between(main.to, main.from, back);
    let open_back = back.is_some_and(|crossing| crossing.arrived > 0);
    let lost: usize = blocked.iter().map(|b| b.crossing.lost.len()).sum();
    let asked = kind == Kind::Other || open_back == (kind == Kind::OneWay);
    if !asked || lost < FEW {
        return None;
    }
    Some(finding(case, rule, &blocked, main, open_back))
}

fn find_blocked<'a>(
    case: &Case<'a>,
    from: NodeId,
    to: NodeId,
    encapsulation: Encapsulation,
) -> Option<Blocked<'a>> {
    let crossing = case
        .facts
        .between(from, to, Carriage::Tunnel(encapsulation))?;
    let lost: Vec<&Loss> = crossing.lost.iter().collect();
    let told = lost.iter().any(|l| case.facts.is_explained(l.journey));
    let proven = lost.iter().any(|loss| loss.trust == Trust::Proven);
    let small = lost.iter().any(|loss| loss.ip_len <= SMALL);
    let refused = !find_refusals(case.timelines, &lost).is_empty();
    if told || !proven || !small || crossing.arrived > 0 || refused {
        return None;
    }
    let plain_lost = [(from, to), (to, from)].into_iter().any(|(from, to)| {
        let plain = case.facts.between(from, to, Carriage::Plain);
        plain.is_some_and(|plain| !plain.lost.is_empty())
    });
    let plain_arrived = examples(&lost)
        .into_iter()
        .map(|loss| case.plain_beside(loss))
        .max()?;
    (plain_arrived > 0 && !plain_lost).then_some(Blocked {
        from,
        to,
        encapsulation,
        crossing,
        plain_arrived,
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

fn title(case: &Case<'_>, main: &Blocked<'_>, one_way: bool) -> Message {
    let (from, to) = match main_segment(&main.crossing.lost) {
        Some((from, to)) => (case.name(from), case.name(to)),
        None => (
            case.timelines.node_name(main.from).to_owned(),
            case.timelines.node_name(main.to).to_owned(),
        ),
    };
    let kind = spelled(main.encapsulation);
    let contrast = if one_way {
        message!("{kind} the other way", kind)
    } else {
        message!("plain traffic between the same nodes")
    };
    message!(
        "{kind} packets leave {from} and never reach {to}, while {contrast} does arrive",
        kind,
        from,
        to,
        contrast
    )
}

/// What else would look the same with what these captures hold.
fn alternatives(case: &Case<'_>, main: &Blocked<'_>) -> Vec<RuleId> {
    let lost: Vec<&Loss> = main.crossing.lost.iter().collect();
    let looks_the_same = [
        &super::hypervisor_vxlan_intercept::RULE,
        &super::underlay_nat_oneway::RULE,
        &super::node_ip_duplicate::RULE,
    ];
    let mut alternatives: Vec<RuleId> = looks_the_same
        .into_iter()
        .filter(|rule| (rule.possible)(case, &lost))
        .map(|rule| rule.id)
        .collect();
    let receiver = lost.first().map(|loss| loss.to);
    if !receiver.is_some_and(|point| case.tunnels().shows_tunnels(point)) {
        // A filter on that capture would look the same.
        alternatives.push(RuleId("capture-gap"));
    }
    alternatives
}

fn explanation(case: &Case<'_>, blocked: &[Blocked<'_>], one_way: bool) -> Vec<Message> {
    let mut text = Vec::new();
    for b in blocked {
        text.push(message!(
            "{from} to {to}: {lost} {encapsulation} packets left, 0 arrived; {plain_arrived} plain packets did arrive, so the path itself works.",
            from = case.timelines.node_name(b.from),
            to = case.timelines.node_name(b.to),
            lost = b.crossing.lost.len(),
            encapsulation = spelled(b.encapsulation),
            plain_arrived = b.plain_arrived
        ));
    }
    let tunnels: Vec<Message> = blocked
        .iter()
        .flat_map(|b| &b.crossing.tunnels)
        .map(describe)
        .collect();
    let lost: Vec<&Loss> = blocked.iter().flat_map(|b| &b.crossing.lost).collect();
    text.push(message!(
        "The lost ones: {tunnels}; inside, {lost}.",
        tunnels = Message::list(&tunnels, text!(" and ")),
        lost = inside(&lost)
    ));
    let kind = blocked
        .first()
        .map_or(message!("The tunnel"), |b| spelled(b.encapsulation).said());
    text.push(if one_way {
        message!(
            "{kind} in the opposite direction arrives: something treats the two directions differently.",
            kind
        )
    } else {
        message!("No ICMP error came back: something on the path drops them silently.")
    });
    text
}

fn describe(tunnel: &Tunnel) -> Message {
    let vni = tunnel
        .vni
        .map_or_else(Message::empty, |vni| message!("VNI {vni}, ", vni));
    let port = match tunnel.destination_port {
        0 => Message::empty(),
        port => message!("UDP {port} ", port),
    };
    message!(
        "{vni}{port}from {source} to {destination}",
        vni,
        port,
        source = tunnel.source,
        destination = tunnel.destination
    )
}

/// The protocols and sizes of what was lost: every kind, or one kind only?
fn inside(lost: &[&Loss]) -> Message {
    let mut protocols: Vec<String> = lost.iter().map(|loss| loss.protocol.to_string()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let sizes = || lost.iter().map(|loss| loss.ip_len);
    let (least, most) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
    message!(
        "{protocols} of {least} to {most} bytes",
        protocols = Message::list(&protocols, text!(", ")),
        least,
        most
    )
}
