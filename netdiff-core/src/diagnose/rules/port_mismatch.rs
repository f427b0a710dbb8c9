//! `port-mismatch`: see the manual below.

use std::collections::BTreeSet;

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::diagnose::tunnel_ways::{by_way, examples};
use crate::identify::Evidence;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("port-mismatch"),
    manual: Manual {
        summary: "two nodes use different UDP ports for their tunnels",
        meaning: "Each node sends its tunnel packets to a UDP port on which the other one does not listen. They arrive at the node and are refused with ICMP port unreachable, or dropped by its firewall.",
        looks_for: &[
            "Packets in a tunnel are refused or lost between the uplink and the inside of the node that should get them; at least three.",
            "Packets of the opposite direction, to the same inner address or from it, go to another UDP port, and none of them to this port.",
        ],
        refuted_by: &[
            "a packet of the opposite direction to UDP {port}",
            "`ip -d link show` on both nodes with the same dstport",
        ],
        causes: &[
            LikelyCause {
                cause: "the nodes read different configurations, or one was changed afterwards: 8472 is Linux's own default, 4789 the registered one",
                confirm: "on both nodes: ip -d link show type vxlan (dstport); compare with \"Port\" in the network plugin's configuration",
            },
            LikelyCause {
                cause: "the device of an older installation was kept: a port is fixed when the device is made",
                confirm: "on both nodes: ip -d link show type vxlan; restart the network plugin and look again",
            },
        ],
        remedy: &[
            "set the same port on all nodes (\"Port\" in the \"Backend\" of flannel's net-conf.json, VXLANPort of Calico's FelixConfiguration)",
            "delete the device with the wrong port and restart the network plugin on that node",
            "open the new port in firewalls and security groups",
        ],
        limits: &["If only one of the nodes ever sends, there is no port to compare with."],
        references: &[
            "projectcalico/calico#10692, coreos/tectonic-installer#1028, poseidon/typhoon#466",
        ],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        let losses = examples(losses);
        losses
            .iter()
            .any(|loss| !matches!(look(case, loss), Ports::Same))
    },
    check,
};

/// What the opposite direction tells.
enum Ports {
    Unseen,
    Same,
    Differ {
        here: u16,
        there: u16,
        shown: Evidence,
    },
}

fn look(case: &Case<'_>, loss: &Loss) -> Ports {
    let tunnel = case
        .tunnels_of(loss.journey)
        .pop()
        .map(|(_, tunnel)| tunnel);
    let opposite = case.opposite(loss);
    let ports: BTreeSet<u16> = opposite
        .iter()
        .map(|hop| hop.tunnel.destination_port)
        .collect();
    let (Some(tunnel), Some(there)) = (tunnel, ports.first()) else {
        return Ports::Unseen;
    };
    let here = tunnel.destination_port;
    let shown = opposite
        .iter()
        .find(|hop| hop.tunnel.destination_port == *there);
    match shown {
        Some(hop) if !ports.contains(&here) => Ports::Differ {
            here,
            there: *there,
            shown: hop.first,
        },
        _ => Ports::Same,
    }
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let inside = case
        .unexplained()
        .filter(|loss| case.crosses(loss.segment(), Stage::Decapsulate));
    let differing = by_way(inside).into_values().filter(|losses| {
        let loss = losses.first();
        loss.is_some_and(|loss| matches!(look(case, loss), Ports::Differ { .. }))
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
    let Ports::Differ { here, there, shown } = look(case, main) else {
        return None;
    };
    let refusals = find_refusals(case.timelines, losses);
    let errors = refusals.iter().filter_map(|refusal| refusal.errors.first());
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(losses.iter().copied())
        .segment((from, to))
        .evidence([main.last, shown])
        .evidence(errors.map(|error| error.evidence))
        .marked()
        .fill("port", here)
        .say(message!(
            "They go to UDP port {here}; what goes the other way between the same pods goes to {there}.",
            here,
            there
        ));
    for refusal in &refusals {
        draft = draft.say(message!(
            "{refusal} quotes them: nobody listens on that port.",
            refusal = refusal.describe()
        ));
    }
    Some(draft.finish(message!(
        "packets to UDP port {here} reach {from} and never {to}: the other node uses port {there}",
        here,
        from = case.name(from),
        to = case.name(to),
        there
    )))
}
