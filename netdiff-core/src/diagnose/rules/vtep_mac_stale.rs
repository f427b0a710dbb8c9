//! `vtep-mac-stale`: see the manual below.

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, MacAddr};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vtep-mac-stale"),
    manual: Manual {
        summary: "a node sends to a MAC address that the other node's tunnel device no longer has",
        meaning: "A node sends to a MAC address that the other node's tunnel device does not have: the packets arrive, are taken for somebody else's and dropped without a word. What the other node sends arrives, and the answers die.",
        looks_for: &[
            "Packets in a tunnel reach the node that should get them and are lost there behind its tunnel device, where that was captured; at least three.",
            "The destination MAC address inside the tunnel is not one that this node itself sends with, nor one that another node sends with.",
            "No packet to that MAC address is passed on by that node: some networks use other addresses by design.",
        ],
        refuted_by: &[
            "`ip link show {vtep}` on {to} shows {mac}",
            "a packet to {mac} that {to} passes on",
        ],
        causes: &[
            LikelyCause {
                cause: "systemd changed the device's address after flannel had published it (MACAddressPolicy=persistent, systemd 242 and later)",
                confirm: "on {to}: ip link show {vtep}; compare with VtepMAC in `kubectl get node {to} -o yaml` (flannel.alpha.coreos.com/backend-data)",
            },
            LikelyCause {
                cause: "the device was made anew (reboot, network restart) and the other nodes did not learn of it",
                confirm: "on the other nodes: ip neigh show dev {vtep}; bridge fdb show dev {vtep}; look for {mac}, where {expected_mac} should be",
            },
        ],
        remedy: &[
            "delete {vtep} on {to} and restart flannel there: it makes the device and publishes its address again",
            "restart flannel on the nodes whose `ip neigh show dev {vtep}` still has {mac}",
            "for good: a .link file with MACAddressPolicy=none for flannel*, or a flannel that sets the address when it makes the device",
        ],
        limits: &[
            "The device's own address is known only if its node was seen to send through the tunnel.",
            "It is silent where interfaces' names tell of Cilium or Open vSwitch, whose tunnels carry any MAC address.",
        ],
        references: &[
            "flannel-io/flannel#1155, flannel-io/flannel#1330, flannel-io/flannel#1485, k3s-io/k3s#4188",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::ReceiveForward],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let tables = !case.has_programmed_tunnels();
        let fits = |loss: &&Loss| !matches!(look(case, loss), Target::InOrder);
        tables && losses.iter().any(fits)
    },
    check,
};

/// What the frames inside a packet's tunnel tell of its receiver.
enum Target {
    /// The receiver's own address, or it does not matter there.
    InOrder,
    /// They were not seen, or the receiver's own address was not.
    Unseen,
    /// Nobody has it.
    Stale(MacAddr, Evidence),
}

fn look(case: &Case<'_>, loss: &Loss) -> Target {
    let node = case.timelines.node(loss.to);
    let tunnels = case.tunnels();
    let frames = case.inner_frames(loss.journey);
    let mut targets = frames.iter().map(|((_, target), first)| (*target, *first));
    let Some((target, first)) = targets.next() else {
        return Target::Unseen;
    };
    if tunnels.accepts(node, target) || targets.any(|(other, _)| other != target) {
        return Target::InOrder;
    }
    match tunnels.node_with(target) {
        Some(_) => Target::InOrder,
        None if tunnels.macs(node).next().is_none() => Target::Unseen,
        None => Target::Stale(target, first),
    }
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.has_programmed_tunnels() {
        return Vec::new();
    }
    let inside = case
        .unexplained()
        .filter(|loss| !loss.refused && case.crosses(loss.segment(), Stage::ReceiveForward));
    let stale = inside.filter(|loss| matches!(look(case, loss), Target::Stale(..)));
    let pairs = case.by_ends(stale).into_iter();
    pairs
        .filter(|(_, losses)| losses.len() >= FEW)
        .filter_map(|((_, node), losses)| finding(case, node, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, node: NodeId, losses: &[&'a Loss]) -> Option<Finding> {
    let Target::Stale(target, sent) = look(case, losses.first()?) else {
        return None;
    };
    let (real, shown) = case.tunnels().macs(node).next()?;
    let (from, _) = main_segment(losses.iter().copied())?;
    let name = case.timelines.node_name(node);
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .evidence([sent, shown])
        .marked()
        .fill("mac", target)
        .fill("expected_mac", real)
        .say(message!(
            "Inside the tunnel they are for {target}; {name} itself sends with {real}, and nobody with {target}.",
            target,
            name,
            real
        ))
        .say(message!(
            "A tunnel device passes on what is for another address, and its node drops it without a word."
        ));
    Some(draft.finish(message!(
        "tunnel packets reach {from} and go no further: they are for a MAC address that {name} does not have",
        from = case.name(from),
        name
    )))
}
