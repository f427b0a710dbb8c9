//! `vtep-down`: see the manual below.

use super::node_input_reject::{Refused, find_refused, may_refuse};
use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("vtep-down"),
    manual: Manual {
        summary: "a node has no tunnel device, or it is down",
        meaning: "Tunnel packets reach a node on which nobody listens for them: its tunnel device is missing or down. It answers with ICMP port unreachable, which the pods never see; its own pods find no route to pods elsewhere.",
        looks_for: &[
            "Packets in a tunnel reach a node and are refused by it with ICMP port unreachable that quotes them.",
            "That node itself sends nothing in such a tunnel and takes nothing out of one.",
            "If its own pods get ICMP net unreachable for pods of other nodes, the route is gone with the device: the same cause, and certain. Otherwise a firewall that rejects with the same error (node-input-reject) is not excluded.",
        ],
        refuted_by: &[
            "a tunnel packet that {to} sends or takes",
            "`ip -d link show {vtep}` on {to} shows the device, up",
        ],
        causes: &[
            LikelyCause {
                cause: "the network plugin did not make the device: it crashed, waits for its configuration, or the address or port was in use",
                confirm: "on {to}: ip -d link show type vxlan; kubectl -n kube-flannel logs the pod of that node (`address already in use`, `operation not supported`)",
            },
            LikelyCause {
                cause: "a network restart removed the device after the plugin had made it",
                confirm: "on {to}: journalctl -u NetworkManager -u systemd-networkd --since -1day | grep {vtep}; ip route | grep {vtep}",
            },
            LikelyCause {
                cause: "the kernel has no vxlan module (Ubuntu on Raspberry Pi keeps it in linux-modules-extra-raspi)",
                confirm: "on {to}: modprobe vxlan; lsmod | grep vxlan",
            },
        ],
        remedy: &[
            "restart the network plugin's pod on {to}; it makes the device and the routes again",
            "install the kernel module (apt install linux-modules-extra-raspi, kernel-modules-extra) and restart the plugin",
            "delete left-over tunnel devices that hold UDP {port} (ip link delete cilium_vxlan, ip link delete {vtep})",
            "let NetworkManager leave the device alone: unmanaged-devices=interface-name:flannel*;interface-name:cni*",
        ],
        limits: &[
            "With a firewall that drops instead, a missing device is silent: then it looks like node-input-drop.",
        ],
        references: &[
            "flannel-io/flannel#869, flannel-io/flannel#878, flannel-io/flannel#1502, flannel-io/flannel#1747, cilium/cilium#3219",
        ],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Decapsulate],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        may_refuse(case, losses)
            && case.kinds(losses).into_iter().any(|loss| {
                let tunnel = case
                    .tunnels_of(loss.journey)
                    .pop()
                    .map(|(_, tunnel)| tunnel);
                let node = case.timelines.node(loss.to);
                tunnel.is_none_or(|tunnel| !case.tunnels().knows(node, tunnel))
            })
    },
    check,
};

/// Destination unreachable, net unreachable (RFC 792).
const NO_ROUTE: (u8, u8) = (3, 0);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let refused = find_refused(case).into_iter();
    refused
        .filter(|r| !r.is_prohibited() && !case.tunnels().knows(r.ends.1, r.tunnel))
        .filter_map(|refused| finding(case, &refused))
        .collect()
}

/// What the node's own pods send to other nodes and it has no route for.
fn without_route<'a>(case: &Case<'a>, node: NodeId) -> Vec<&'a Loss> {
    let leaving = case.unexplained().filter(|loss| {
        let leaves = case.crosses(loss.segment(), Stage::SendForward);
        leaves && case.timelines.node(loss.from) == node
    });
    let pairs = case.by_ends(leaving).into_values();
    let without = pairs.filter(|losses| {
        let refusals = find_refusals(case.timelines, losses);
        refusals
            .iter()
            .any(|refusal| refusal.kind() == Some(NO_ROUTE))
    });
    without.flatten().collect()
}

fn finding<'a>(case: &Case<'a>, refused: &Refused<'a>) -> Option<Finding> {
    let node = refused.ends.1;
    let name = case.timelines.node_name(node);
    let (from, to) = main_segment(refused.losses.iter().copied())?;
    let own = without_route(case, node);
    let errors = refused.refusals.iter().filter_map(|r| r.errors.first());
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .losses(refused.losses.iter().copied())
        .losses(own.iter().copied())
        .segment((from, to))
        .evidence(errors.map(|error| error.evidence))
        .evidence(own.first().map(|loss| loss.last));
    for refusal in &refused.refusals {
        draft = draft.say(message!(
            "{refusal} quotes the tunnel's packets: nobody on {name} listens for them.",
            refusal = refusal.describe(),
            name
        ));
    }
    draft = draft.say(message!(
        "{name} itself sends nothing in such a tunnel and takes nothing out of one.",
        name
    ));
    draft = if own.is_empty() {
        draft.alternatives([super::node_input_reject::RULE.id])
    } else {
        draft.marked().say(message!(
            "Its own pods get ICMP net unreachable for pods of other nodes ({own} packets): the route is gone with the device.",
            own = own.len()
        ))
    };
    Some(draft.finish(message!(
        "{name} has no tunnel device that listens: packets reach {from} and never {to}",
        name,
        from = case.name(from),
        to = case.name(to)
    )))
}
