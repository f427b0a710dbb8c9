//! `vtep-mac-duplicate`: see the manual below.

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, MacAddr};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vtep-mac-duplicate"),
    manual: Manual {
        summary: "the tunnel devices of two nodes have the same MAC address",
        meaning: "The tunnel devices of two nodes have one MAC address. Each node takes what the other sends for its own packets coming back and drops it: pods on the two nodes cannot talk, while either may reach a third node.",
        looks_for: &[
            "Packets in a tunnel are lost between the uplink and the inside of the node that should get them; at least three.",
            "The frames inside that tunnel have the same MAC address as source and as destination, all of them.",
        ],
        refuted_by: &[
            "a packet of that tunnel whose inner source and destination MAC addresses differ",
            "`ip link show {vtep}` on both nodes with different addresses",
        ],
        causes: &[
            LikelyCause {
                cause: "the nodes are clones of one machine: with the same machine-id, systemd gives their tunnel devices the same address",
                confirm: "on both nodes: cat /etc/machine-id; ip link show {vtep}",
            },
            LikelyCause {
                cause: "the address was set by hand or copied with a configuration",
                confirm: "on both nodes: ip -d link show {vtep}; grep -ri {mac} /etc/systemd/network /etc/netplan",
            },
        ],
        remedy: &[
            "give each machine its own machine-id (rm /etc/machine-id; systemd-machine-id-setup), delete {vtep} and restart flannel there",
            "keep systemd away from the device: a .link file with MACAddressPolicy=none for it",
        ],
        limits: &[
            "It needs the capture of an uplink of either node: only there the frames inside tunnels are seen.",
            "It is silent where interfaces' names tell of Cilium or Open vSwitch, whose tunnels carry any MAC address.",
        ],
        references: &[
            "Linux: drivers/net/vxlan drops frames that come from the device's own address",
            "systemd/systemd#14744, Mellanox/network-operator#418, flannel-io/flannel#1155",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let tables = !case.has_programmed_tunnels();
        tables
            && losses
                .iter()
                .any(|loss| !matches!(look(case, loss), Addresses::Differ))
    },
    check,
};

/// What the frames inside a packet's tunnel tell.
enum Addresses {
    Unseen,
    Differ,
    Same(MacAddr, Evidence),
}

fn look(case: &Case<'_>, loss: &Loss) -> Addresses {
    let frames = case.inner_frames(loss.journey);
    let mut frames = frames.into_iter();
    match (frames.next(), frames.next()) {
        (None, _) => Addresses::Unseen,
        (Some(((source, target), first)), None) if source == target => {
            Addresses::Same(source, first)
        }
        _ => Addresses::Differ,
    }
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.has_programmed_tunnels() {
        return Vec::new();
    }
    let inside = case
        .unexplained()
        .filter(|loss| case.crosses(loss.segment(), Stage::Decapsulate));
    let marked = inside.filter(|loss| matches!(look(case, loss), Addresses::Same(..)));
    let pairs = case.by_pair(marked).into_values();
    pairs
        .filter(|losses| losses.len() >= FEW)
        .filter_map(|losses| finding(case, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> Option<Finding> {
    let Addresses::Same(mac, evidence) = look(case, losses.first()?) else {
        return None;
    };
    let (from, to) = main_segment(losses.iter().copied())?;
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .evidence([evidence])
        .marked()
        .fill("mac", mac)
        .say(message!(
            "Inside the tunnel, {mac} is the source and the destination of every frame: sender and receiver have one address.",
            mac
        ))
        .say(message!(
            "A tunnel device drops frames that come from its own address, and says nothing."
        ));
    Some(draft.finish(message!(
        "tunnel packets reach {from} and never {to}: their sender and their receiver have one MAC address",
        from = case.name(from),
        to = case.name(to)
    )))
}
