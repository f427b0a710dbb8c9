//! `fdb-missing`: see the manual below.

use super::node_output_drop::{Stuck, find_stuck, sends};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::main_segment;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("fdb-missing"),
    manual: Manual {
        summary: "a node does not know behind which address the other node's tunnel device is",
        meaning: "A node's tunnel device has no forwarding entry (FDB) for the other node's: it takes the packets and sends nothing. Nothing tells the pods.",
        looks_for: &[
            "Packets for pods on another node are on a node's tunnel device, which carries frames, and not on its uplink, which was capturing; at least three, with no ICMP error.",
            "Tunnel packets do come in on that uplink: the tunnel uses that card, and its capture leaves them in.",
            "No tunnel packet for pods of that node leaves; no unanswered ARP request on the uplink says that an address is dead (fdb-stale-dead-ip).",
            "If tunnel packets leave for other nodes, a firewall of the node is excluded; if none leaves, node-output-drop is not, and with several receivers it is named instead.",
        ],
        refuted_by: &[
            "a tunnel packet for that node's pods that leaves {uplink} of {from}",
            "`bridge fdb show dev {vtep}` on {from} has the MAC address of the other node's device, with its address as dst",
        ],
        causes: &[
            LikelyCause {
                cause: "flannel does not run on the node, or lost its connection to the API server, and does not fill the table",
                confirm: "on {from}: bridge fdb show dev {vtep}; ip neigh show dev {vtep}; logs of the flannel pod there",
            },
            LikelyCause {
                cause: "the device was made anew and its entries were lost",
                confirm: "on {from}: ip -s link show {vtep} (dropped or carrier errors rise); journalctl -k | grep {vtep}",
            },
        ],
        remedy: &[
            "restart the flannel pod on {from}: it fills the table again",
            "check that all nodes have the annotations flannel.alpha.coreos.com/backend-data and public-ip",
        ],
        limits: &[
            "The FDB itself is not in packets: that nothing else explains the silence is what is left.",
        ],
        references: &["flannel-io/flannel#654, flannel-io/flannel#592, flannel-io/flannel#203"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Encapsulate],
    carried: Carried::Tunneled,
    possible: |_, losses| losses.iter().any(|loss| !loss.refused),
    check,
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let stuck = find_stuck(case).into_iter();
    stuck.filter_map(|stuck| finding(case, &stuck)).collect()
}

fn finding<'a>(case: &Case<'a>, stuck: &Stuck<'a>) -> Option<Finding> {
    let (from, to) = main_segment(stuck.losses.iter().copied())?;
    let name = case.timelines.node_name(stuck.node);
    let receivers: Vec<&str> = stuck
        .receivers
        .iter()
        .map(|node| case.timelines.node_name(*node))
        .collect();
    let receivers = Message::list(&receivers, text!(" and "));
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(stuck.losses.iter().copied())
        .say(message!(
            "{losses} packets for pods on {receivers} are on {from}, and none of them in a tunnel on {to}.",
            losses = stuck.losses.len(),
            receivers,
            from = case.name(from),
            to = case.name(to)
        ))
        .say(message!(
            "No ICMP error and no unanswered ARP request tells why: the device does not know where to send them."
        ));
    draft = if sends(case, stuck.node) {
        draft.say(message!(
            "Tunnel packets of {name} for other nodes do leave: its firewall lets them out.",
            name
        ))
    } else {
        draft
            .alternatives([super::node_output_drop::RULE.id])
            .say(message!(
                "{name} sends no tunnel packet to anybody, so its own firewall may drop them as well.",
                name
            ))
            .capture_next(message!(
                "none: on {name}, read `bridge fdb show` and the counters of the OUTPUT chain",
                name
            ))
    };
    Some(draft.finish(message!(
        "packets for {receivers} reach {from} and never {to}: the tunnel device does not send them",
        receivers,
        from = case.name(from),
        to = case.name(to)
    )))
}
