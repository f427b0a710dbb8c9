//! `vni-mismatch`: see the manual below.

use std::collections::BTreeSet;

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnel_ways::{by_way, examples};
use crate::identify::Evidence;
use crate::types::Vni;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vni-mismatch"),
    manual: Manual {
        summary: "two nodes use different virtual network identifiers (VNI)",
        meaning: "Each node puts its packets into a virtual network that the other one has no device for. They arrive at the node and nobody takes them; nothing tells the sender.",
        looks_for: &[
            "Packets in a tunnel are lost between the uplink and the inside of the node that should get them; at least three.",
            "Packets of the opposite direction, to the same inner address or from it, are in a tunnel with another VNI, and none of them in one with this VNI.",
        ],
        refuted_by: &[
            "a packet of the opposite direction with VNI {vni}",
            "`ip -d link show` on both nodes with the same VNI",
        ],
        causes: &[
            LikelyCause {
                cause: "the nodes read different network configurations: a mix of Linux and Windows nodes (Windows wants VNI 4096), or one changed afterwards",
                confirm: "on both nodes: ip -d link show type vxlan; kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml",
            },
            LikelyCause {
                cause: "one node still has the device of an older installation or of another network plugin",
                confirm: "on both nodes: ip -d link show type vxlan; bridge fdb show; look for devices that nothing manages any more",
            },
        ],
        remedy: &[
            "give all nodes the same \"VNI\" in the \"Backend\" of flannel's net-conf.json and restart flannel everywhere",
            "delete the device with the wrong VNI and restart flannel on that node",
        ],
        limits: &[
            "If only one of the nodes ever sends, there is no VNI to compare with.",
            "It is silent where interfaces' names tell of Cilium or Open vSwitch: there a VNI says who sends, and differs by design.",
        ],
        references: &[
            "RFC 7348, section 4; k3s-io/k3s#9295, flannel-io/flannel#2018, rancher/rke2#5995",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let tables = !case.has_programmed_tunnels();
        let losses = examples(losses);
        tables
            && losses
                .iter()
                .any(|loss| !matches!(look(case, loss), Networks::Same))
    },
    check,
};

/// What the opposite direction tells.
enum Networks {
    Unseen,
    Same,
    Differ {
        here: Vni,
        there: Vni,
        shown: Evidence,
    },
}

fn look(case: &Case<'_>, loss: &Loss) -> Networks {
    let here = case.tunnels_of(loss.journey).pop().and_then(|(_, t)| t.vni);
    let opposite = case.opposite(loss);
    let networks: BTreeSet<Vni> = opposite.iter().filter_map(|hop| hop.tunnel.vni).collect();
    let (Some(here), Some(there)) = (here, networks.first()) else {
        return Networks::Unseen;
    };
    let shown = opposite.iter().find(|hop| hop.tunnel.vni == Some(*there));
    match shown {
        Some(hop) if !networks.contains(&here) => Networks::Differ {
            here,
            there: *there,
            shown: hop.first,
        },
        _ => Networks::Same,
    }
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.has_programmed_tunnels() {
        return Vec::new();
    }
    let inside = case
        .unexplained()
        .filter(|loss| case.crosses(loss.segment(), Stage::Decapsulate));
    let differing = by_way(inside).into_values().filter(|losses| {
        let loss = losses.first();
        loss.is_some_and(|loss| matches!(look(case, loss), Networks::Differ { .. }))
    });
    let pairs = case.by_pair(differing.flatten()).into_values();
    pairs
        .filter(|losses| losses.len() >= FEW)
        .filter_map(|losses| finding(case, &losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> Option<Finding> {
    let (from, to) = main_segment(losses.iter().copied())?;
    let main = losses.iter().find(|loss| loss.segment() == (from, to))?;
    let Networks::Differ { here, there, shown } = look(case, main) else {
        return None;
    };
    let draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence([main.last, shown])
        .marked()
        .fill("vni", here)
        .say(message!(
            "They are in VNI {here}; what goes the other way between the same pods is in VNI {there}.",
            here,
            there
        ))
        .say(message!(
            "No device takes packets of a network that it is not in, and nobody says so."
        ));
    Some(draft.finish(message!(
        "packets in VNI {here} reach {from} and never {to}: the other node uses VNI {there}",
        here,
        from = case.name(from),
        to = case.name(to),
        there
    )))
}
