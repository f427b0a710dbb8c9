//! `hypervisor-vxlan-intercept`: see the manual below.

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Encapsulation, Evidence};
use crate::types::{PointId, Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("hypervisor-vxlan-intercept"),
    manual: Manual {
        summary: "pings pass the tunnel between two nodes, TCP and UDP do not",
        meaning: "Pods on different nodes can ping each other and nothing else: tunnel packets with TCP or UDP inside vanish between the nodes. No network looks into tunnels; what differs is that the checksums of TCP and UDP are left to the network card, and those of pings are not.",
        looks_for: &[
            "Tunnel packets with TCP or UDP inside leave one node and never reach the other; at least three, at least one of 1000 bytes or less, and none of them arrives in that direction.",
            "Tunnel packets with ICMP inside arrive in the same direction, at least three, between the same points.",
            "No ICMP error quotes the lost ones.",
        ],
        refuted_by: &[
            "one tunnel packet with TCP or UDP inside at {next}",
            "the same losses with `ethtool -K {uplink} tx off` on both nodes",
        ],
        causes: &[
            LikelyCause {
                cause: "the hypervisor's virtual card cannot finish checksums inside of tunnels (VMware's vmxnet3, hardware version 15 and later, and some kernels)",
                confirm: "ethtool -i {uplink}; on both nodes: ethtool -K {uplink} tx-checksum-ip-generic off, and try again",
            },
            LikelyCause {
                cause: "the hypervisor runs its own VXLAN or Geneve (NSX, vCloud) on UDP {port} and handles the guests' tunnel packets as its own",
                confirm: "do virtual machines on one host reach each other? Set another port than {port} and try again",
            },
            LikelyCause {
                cause: "a guest agent or firewall of the host inspects tunnels",
                confirm: "capture on the host's side of both virtual cards: where do the packets vanish?",
            },
        ],
        remedy: &[
            "on all nodes: ethtool -K {uplink} tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off; if that is not enough, tx-checksum-ip-generic off or tx off; for good by a udev rule",
            "move the tunnel to another UDP port (with NSX 8472 instead of 4789, without it 4789)",
            "update the hypervisor and the virtual hardware, or the kernel's driver",
            "route without encapsulation where the nodes share a segment (host-gw, DirectRouting)",
        ],
        limits: &[
            "A hypervisor that swallows all packets of the port looks like underlay-vxlan-blocked.",
        ],
        references: &[
            "rancher/rancher#33399, projectcalico/calico#9433, projectcalico/calico#4727, k3s-io/k3s#5013, flannel-io/flannel#2388",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        case.kinds(losses).into_iter().any(|loss| {
            let tunnel = loss.tunnel.map(|tunnel| tunnel.encapsulation);
            let passed = count_passed(case, loss.segment(), case.ends_of(loss.journey));
            // A hypervisor's own networks are of these kinds.
            tunnel.is_none_or(|t| [Encapsulation::Vxlan, Encapsulation::Geneve].contains(&t))
                && passed.others == 0
        })
    },
    check,
};

/// Up to this many bytes a packet fits every underlay: losing it is no matter of size.
const SMALL: u32 = 1_000;

/// What gets through, by what is inside.
#[derive(Default)]
struct Through {
    pings: u64,
    first_ping: Option<Evidence>,
    others: u64,
}

/// Tunneled packets between two nodes that were seen behind the point where others are missing.
fn count_passed(
    case: &Case<'_>,
    (_, to): (PointId, PointId),
    ends: Option<(NodeId, NodeId)>,
) -> Through {
    let timelines = case.timelines;
    let mut through = Through::default();
    for hop in &case.tunnels().hops {
        let Some(flow) = timelines.flows.get(hop.way.0) else {
            continue;
        };
        let parties = if hop.way.1 {
            (flow.responder.node, flow.initiator.node)
        } else {
            (flow.initiator.node, flow.responder.node)
        };
        let same = ends.is_some_and(|(from, to)| parties == (Some(from), Some(to)));
        let direction = if hop.way.1 {
            &flow.reply
        } else {
            &flow.forward
        };
        let arrived = direction.hops.iter().find(|hop| hop.point == to);
        let Some(arrived) = arrived.filter(|_| same) else {
            continue;
        };
        if flow.protocol == Protocol::ICMP || flow.protocol == Protocol::ICMPV6 {
            through.pings = through.pings.max(arrived.packets);
            through.first_ping.get_or_insert(arrived.first);
        } else {
            through.others += arrived.packets;
        }
    }
    through
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let between = case.unexplained().filter(|loss| {
        let ports = [Protocol::TCP, Protocol::UDP].contains(&loss.protocol);
        let outside = |point| matches!(case.timelines.role(point), Role::Uplink | Role::Vtep);
        ports
            && case.crosses(loss.segment(), Stage::Underlay)
            && outside(loss.from)
            && outside(loss.to)
    });
    let pairs = case.by_pair(between).into_values();
    pairs.filter_map(|losses| finding(case, &losses)).collect()
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> Option<Finding> {
    let mut dead: Vec<&Loss> = Vec::new();
    let (mut pings, mut shown) = (0, None);
    for (ends, losses) in case.by_ends(losses.iter().copied()) {
        let segment = main_segment(losses.iter().copied())?;
        let through = count_passed(case, segment, Some(ends));
        if through.others == 0 && through.pings >= FEW as u64 {
            dead.extend(losses);
            pings += through.pings;
            shown = shown.or(through.first_ping);
        }
    }
    let small = dead.iter().any(|loss| loss.ip_len <= SMALL);
    if dead.len() < FEW || !small || !find_refusals(case.timelines, &dead).is_empty() {
        return None;
    }
    let (from, to) = main_segment(dead.iter().copied())?;
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(dead.iter().copied())
        .segment((from, to))
        .evidence(dead.first().map(|loss| loss.last))
        .evidence(shown)
        .marked()
        .say(message!(
            "{dead} tunnel packets with TCP or UDP inside left and none arrived; {pings} with pings inside did, between the same points.",
            dead = dead.len(),
            pings
        ))
        .say(message!(
            "Firewalls see the tunnel and not what is in it; network cards finish the checksums of TCP and UDP, and not those of pings."
        ));
    Some(draft.finish(message!(
        "TCP and UDP in tunnels leave {from} and never reach {to}, while pings in the same tunnel do",
        from = case.name(from),
        to = case.name(to)
    )))
}
