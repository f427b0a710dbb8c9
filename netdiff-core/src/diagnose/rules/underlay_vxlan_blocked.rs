//! `underlay-vxlan-blocked` and `underlay-vxlan-blocked-return`.
//!
//! # What it means
//! The network between two nodes passes their ordinary traffic and swallows VXLAN: pods on
//! different nodes cannot talk although the nodes themselves can.
//!
//! # What netdiff looks for
//! - VXLAN packets leave one node's uplink, addressed to the other node, and **none** reaches the
//!   other node's uplink, which was capturing; every size, every inner protocol.
//! - No ICMP error quotes one of them: nobody refused them.
//! - Ordinary IP packets in the same direction arrive, and none is lost either way: else the path is dead, or
//!   filtered by something else than VXLAN, and the rule is silent. ARP does not count: it passes firewalls.
//! - At least one of the lost packets is small ([`SMALL`]): losing only big ones is a matter of size.
//! - For at least one of them the other node's capture is proven to have run.
//! - There are at least [`ENOUGH`] of them: one or two may be chance.
//! - If VXLAN arrives in the opposite direction, the block is one-way:
//!   `underlay-vxlan-blocked-return`.
//!
//! # What would refute it
//! One VXLAN packet of that direction at the other node's uplink; or ordinary packets that do not
//! arrive either.
//!
//! # Limits
//! Firewalls, security groups, hypervisors and NAT look the same from both ends. A capture on the
//! path between tells them apart.

use crate::correlate::{NodeId, Timelines, Trust};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::facts::{Carriage, Crossing, Facts, Loss, main_segment};
use crate::diagnose::finding::{Cause, Finding, MAX_EVIDENCE, RuleId, Severity};
use crate::diagnose::refusals::find_refusals;
use crate::identify::{Encapsulation, Evidence, Tunnel};
use crate::types::PointId;

const VXLAN: Carriage = Carriage::Tunnel(Encapsulation::Vxlan);

/// Below this many bytes a packet fits every underlay: losing it is no matter of size.
const SMALL: u32 = 1_000;

/// Fewer lost packets than this may be chance.
const ENOUGH: usize = 3;

/// VXLAN is swallowed between two nodes.
pub(in crate::diagnose) const RULE: Rule = Rule {
    id: RuleId("underlay-vxlan-blocked"),
    check: |timelines, facts| check(timelines, facts, Kind::Both),
};

/// VXLAN is swallowed in one direction only.
pub(in crate::diagnose) const RETURN_RULE: Rule = Rule {
    id: RuleId("underlay-vxlan-blocked-return"),
    check: |timelines, facts| check(timelines, facts, Kind::OneWay),
};

/// Rules that look the same in any captures of the two nodes alone.
const ALTERNATIVES: [RuleId; 2] = [
    RuleId("hypervisor-vxlan-intercept"),
    RuleId("underlay-nat-oneway"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Both,
    OneWay,
}

/// A direction in which VXLAN vanished.
struct Blocked<'a> {
    from: NodeId,
    to: NodeId,
    crossing: &'a Crossing,
    plain_arrived: u64,
}

fn check(timelines: &Timelines, facts: &Facts, kind: Kind) -> Vec<Finding> {
    let mut pairs: Vec<(NodeId, NodeId)> = facts
        .crossings
        .keys()
        .map(|&(a, b)| (a.min(b), a.max(b)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .filter_map(|pair| check_pair(timelines, facts, pair, kind))
        .collect()
}

fn check_pair(
    timelines: &Timelines,
    facts: &Facts,
    (a, b): (NodeId, NodeId),
    kind: Kind,
) -> Option<Finding> {
    let mut blocked: Vec<Blocked<'_>> = [(a, b), (b, a)]
        .into_iter()
        .filter_map(|(from, to)| find_blocked(timelines, facts, from, to))
        .collect();
    // The direction that lost the most stands for both; of equals, the first by node.
    blocked.sort_by_key(|b| (std::cmp::Reverse(b.crossing.lost.len()), b.from));
    let main = blocked.first()?;
    let back = facts.between(main.to, main.from, VXLAN);
    let open_back = back.is_some_and(|crossing| crossing.arrived > 0);
    let lost: usize = blocked.iter().map(|b| b.crossing.lost.len()).sum();
    if open_back != (kind == Kind::OneWay) || lost < ENOUGH {
        return None;
    }
    Some(finding(timelines, main, &blocked, open_back))
}

fn find_blocked<'a>(
    timelines: &Timelines,
    facts: &'a Facts,
    from: NodeId,
    to: NodeId,
) -> Option<Blocked<'a>> {
    let crossing = facts.between(from, to, VXLAN)?;
    let lost: Vec<&Loss> = crossing.lost.iter().collect();
    let proven = lost.iter().any(|loss| loss.trust == Trust::Proven);
    let small = lost.iter().any(|loss| loss.ip_len <= SMALL);
    if !proven || !small || crossing.arrived > 0 || !find_refusals(timelines, &lost).is_empty() {
        return None;
    }
    let plain = facts.between(from, to, Carriage::Plain)?;
    let back = facts.between(to, from, Carriage::Plain);
    let lost = plain.lost.len() + back.map_or(0, |back| back.lost.len());
    (plain.arrived > 0 && lost == 0).then_some(Blocked {
        from,
        to,
        crossing,
        plain_arrived: plain.arrived,
    })
}

fn finding(
    timelines: &Timelines,
    main: &Blocked<'_>,
    blocked: &[Blocked<'_>],
    one_way: bool,
) -> Finding {
    let losses = || blocked.iter().flat_map(|b| &b.crossing.lost);
    let mut flows: Vec<usize> = losses().map(|loss| loss.journey.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    let segment = main_segment(&main.crossing.lost);
    let port = main
        .crossing
        .tunnels
        .first()
        .map_or(8472, |tunnel| tunnel.destination_port);
    Finding {
        rule: if one_way { RETURN_RULE.id } else { RULE.id },
        severity: Severity::Error,
        title: title(timelines, main, segment, one_way),
        segment,
        alternatives: alternatives(timelines, main),
        flows,
        evidence: evidence(blocked),
        explanation: explanation(timelines, blocked, one_way),
        causes: causes(port),
        remedy: remedy(port),
        explained: losses().map(|loss| loss.journey).collect(),
    }
}

fn title(
    timelines: &Timelines,
    main: &Blocked<'_>,
    segment: Option<(PointId, PointId)>,
    one_way: bool,
) -> String {
    let (from, to) = match segment {
        Some((from, to)) => (
            timelines.name(from).to_string(),
            timelines.name(to).to_string(),
        ),
        None => (
            timelines.node_name(main.from).to_owned(),
            timelines.node_name(main.to).to_owned(),
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
fn alternatives(timelines: &Timelines, main: &Blocked<'_>) -> Vec<RuleId> {
    let mut alternatives = ALTERNATIVES.to_vec();
    let receiver = main.crossing.lost.first().map(|loss| loss.to);
    let shows_tunnels = timelines
        .flows
        .iter()
        .flat_map(|flow| [&flow.forward, &flow.reply])
        .any(|direction| {
            direction
                .hops
                .iter()
                .any(|hop| Some(hop.point) == receiver && hop.tunnel.is_some())
        });
    if !shows_tunnels {
        // A filter on that capture would look the same.
        alternatives.push(RuleId("capture-gap"));
    }
    alternatives
}

fn evidence(blocked: &[Blocked<'_>]) -> Vec<Evidence> {
    let lost = blocked
        .iter()
        .flat_map(|b| b.crossing.lost.iter().take(MAX_EVIDENCE / 2));
    lost.map(|loss| loss.last).take(MAX_EVIDENCE).collect()
}

fn explanation(timelines: &Timelines, blocked: &[Blocked<'_>], one_way: bool) -> Vec<String> {
    let mut text = Vec::new();
    for b in blocked {
        text.push(format!(
            "{} to {}: {} VXLAN packets left, 0 arrived; {} plain packets did arrive, so the path itself works.",
            timelines.node_name(b.from),
            timelines.node_name(b.to),
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

fn causes(port: u16) -> Vec<Cause> {
    let cause = |cause: &str, confirm: String| Cause {
        cause: cause.to_owned(),
        confirm,
    };
    vec![
        cause(
            "a firewall or cloud security group between the nodes drops the VXLAN port; often only \
             TCP was opened",
            format!(
                "look for UDP {port} in the security groups and firewalls on the path, both ways; \
                 capture `udp port {port}` on the switch or host between the nodes"
            ),
        ),
        cause(
            "the virtual machines' network runs in NAT mode and does not pass VXLAN between guests",
            "look at the network mode of both virtual machines; with NAT, `ip neigh` on one node \
             shows the gateway's MAC address for the other node"
                .to_owned(),
        ),
        cause(
            "another product takes the port: VMware NSX and vCloud run their own VXLAN on UDP 8472 \
             or 4789",
            format!(
                "set another port in flannel's net-conf.json, \
                 \"Backend\": {{\"Type\": \"vxlan\", \"Port\": {}}}, and try again",
                port.wrapping_add(1)
            ),
        ),
    ]
}

fn remedy(port: u16) -> Vec<String> {
    vec![
        format!("open UDP {port} both ways between all nodes"),
        "put the virtual machines on a bridged network instead of NAT".to_owned(),
        "where the nodes share a segment, route without encapsulation: flannel's vxlan backend with \
         \"DirectRouting\": true, or the host-gw backend"
            .to_owned(),
        "move VXLAN to another UDP port (\"Port\" in flannel's vxlan backend)".to_owned(),
    ]
}
