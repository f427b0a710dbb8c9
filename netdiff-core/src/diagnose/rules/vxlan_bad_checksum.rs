//! `vxlan-bad-checksum`: see the manual below.

use std::collections::BTreeSet;

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, Tunnel};
use crate::types::{PointId, Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vxlan-bad-checksum"),
    manual: Manual {
        summary: "tunnel packets arrive with a wrong UDP checksum and are dropped",
        meaning: "Tunnel packets arrive at a node with a wrong outer UDP checksum, and its kernel drops them without a word.",
        looks_for: &[
            "Packets in a tunnel are lost between the uplink and the inside of the node that should get them; at least three.",
            "On that uplink, where they come in from the network, the UDP checksum of the tunnel is wrong; no packet of that tunnel there has a right one, or none at all (which is legal).",
            "A checksum that was left for a network card to finish is not taken for a wrong one.",
        ],
        refuted_by: &[
            "UdpInCsumErrors in `nstat -az` on {to} does not rise while packets are lost",
            "a tunnel packet with a wrong checksum that {to} takes",
        ],
        causes: &[
            LikelyCause {
                cause: "a kernel before 5.7 and kube-proxy's masquerading: the tunnel packet is translated a second time, and its checksum is computed wrongly",
                confirm: "on {from}: uname -r; kube-proxy's version; the outer source port is below 32768 for packets that were masqueraded",
            },
            LikelyCause {
                cause: "the network card or the hypervisor's virtual one computes checksums of tunnels wrongly (VMware's vmxnet3)",
                confirm: "on {from}: ethtool -K {uplink} tx-checksum-ip-generic off, and try again; ethtool -i {uplink}",
            },
            LikelyCause {
                cause: "something on the path rewrites packets and leaves the checksum",
                confirm: "compare the checksum of one packet on both uplinks: tcpdump -vv -i {uplink} udp port {port}",
            },
        ],
        remedy: &[
            "on all nodes: ethtool -K {vtep} tx-checksum-ip-generic off (for good by a udev rule)",
            "on virtual machines: ethtool -K {uplink} tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off, or tx off",
            "a kernel of 5.7 or later (5.4.41, 4.19.123), and kube-proxy 1.16.13, 1.17.9, 1.18.6 or later",
        ],
        limits: &[
            "It needs the capture of the receiving node's uplink; where packets are sent, checksums are often not filled in yet.",
            "Packets longer than 512 captured bytes are not checked.",
        ],
        references: &[
            "RFC 7348, section 5 (UDP checksum); kubernetes/kubernetes#88986, kubernetes/kubernetes#92035",
            "flannel-io/flannel#1243, flannel-io/flannel#1279, projectcalico/calico#3145, rancher/rke2#1541",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let losses = case.kinds(losses);
        losses
            .iter()
            .any(|loss| look(case, loss).is_none_or(|sums| !sums.fine))
    },
    check,
};

/// What the checksums of a tunnel at the uplink of its receiver tell.
#[derive(Clone, Copy)]
struct Sums {
    bad: u64,
    /// At least one is right, or there are none.
    fine: bool,
}

/// The receiver's uplink that saw a packet, and the tunnel around it there.
fn entrance(case: &Case<'_>, loss: &Loss) -> Option<(PointId, Tunnel)> {
    let timelines = case.timelines;
    let node = timelines.node(loss.to);
    let mut tunnels = case.tunnels_of(loss.journey).into_iter();
    tunnels
        .find(|(point, _)| timelines.node(*point) == node && timelines.role(*point) == Role::Uplink)
}

/// `None` where no checksum could be judged.
fn look(case: &Case<'_>, loss: &Loss) -> Option<Sums> {
    let (point, tunnel) = entrance(case, loss)?;
    let (mut bad, mut judged, mut good) = (0, 0, 0);
    for link in case.tunnels().links(point, tunnel) {
        let sums = link.outer_checksums;
        bad += sums.bad;
        good += sums.right + sums.none;
        judged += sums.bad + sums.right + sums.none;
    }
    (judged > 0).then_some(Sums {
        bad,
        fine: good > 0,
    })
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let bad: BTreeSet<Evidence> = case
        .timelines
        .links
        .bad_checksums
        .iter()
        .filter(|bad| !bad.inner)
        .map(|bad| bad.evidence)
        .collect();
    if bad.is_empty() {
        return Vec::new();
    }
    let wrong = case.unexplained().filter(|loss| {
        case.crosses(loss.segment(), Stage::Decapsulate)
            && look(case, loss).is_some_and(|sums| sums.bad > 0 && !sums.fine)
    });
    let pairs = case.by_ends(wrong).into_values();
    pairs
        .filter(|losses| losses.len() >= FEW)
        .filter_map(|losses| finding(case, &losses, &bad))
        .collect()
}

/// The sighting of a packet whose checksum is wrong.
fn shown(case: &Case<'_>, id: Explained, bad: &BTreeSet<Evidence>) -> Option<Evidence> {
    let sightings = &case.journey(id)?.sightings;
    sightings.iter().find(|seen| bad.contains(seen)).copied()
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss], bad: &BTreeSet<Evidence>) -> Option<Finding> {
    let (from, to) = main_segment(losses.iter().copied())?;
    let seen: Vec<Evidence> = losses
        .iter()
        .filter_map(|loss| shown(case, loss.journey, bad))
        .collect();
    let entrance = entrance(case, losses.first()?)?.0;
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence(seen.iter().copied().take(4))
        .marked()
        .say(message!(
            "At {entrance}, {seen} of the lost packets have a wrong outer UDP checksum, and none in that tunnel has a right one.",
            entrance = case.name(entrance),
            seen = seen.len()
        ))
        .say(message!(
            "A kernel drops such packets without a word, and counts them as UdpInCsumErrors."
        ));
    if losses.iter().all(|loss| loss.protocol != Protocol::ICMP) && pings_pass(case, from) {
        draft = draft.say(message!(
            "Pings between pods come in there and are taken: whoever computes checksums for TCP and UDP is at fault."
        ));
    }
    Some(draft.finish(message!(
        "tunnel packets reach {from} with a wrong UDP checksum and never {to}",
        from = case.name(from),
        to = case.name(to)
    )))
}

/// Whether tunneled ICMP that came in at a point was taken.
fn pings_pass(case: &Case<'_>, point: PointId) -> bool {
    let node = case.timelines.node(point);
    let flows = &case.timelines.flows;
    case.tunnels().hops.iter().any(|hop| {
        let icmp = flows
            .get(hop.way.0)
            .is_some_and(|f| f.protocol == Protocol::ICMP);
        icmp && hop.point == point
            && hop.sender != Some(node)
            && case.tunnels().is_taken(hop.way, node)
    })
}
