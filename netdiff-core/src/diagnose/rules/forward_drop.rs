//! `forward-drop`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::NodeId;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{
    Forwarder, Side, are_for_device, by_forwarder, comparable_ways, failing, not_excluded,
    severity, uplink_would_show,
};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Message;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("forward-drop"),
    manual: Manual {
        summary: "a node silently drops what it should forward for its pods",
        meaning: "A node passes nothing on between its pods and the rest of the cluster, in one direction or both, and says nothing: its FORWARD chain drops, most often by policy since Docker, a hardened image or a reload of the firewall took the accepting rules away.",
        looks_for: &[
            "Packets of at least one kind (pods to remote pods, nodes to remote pods) are seen where a node would forward them, from the pods' bridge to its tunnel device or network card or the other way, and none of that kind passes, whatever the peer, protocol and size; at least three, requests compared with requests since answers pass most firewalls.",
            "Nothing but forwarding lies between the two capture points, and for at least one of the packets the second one is proven to have captured.",
            "No ICMP error quotes one of them.",
            "Of what its own pods send, the node's network card was captured and does not show it: else it may have left by a wrong route.",
            "If both directions of one node fail so, it is one finding. Where only arrivals fail, and they are not for the link address that the tunnel device itself sends from, or nobody saw it send, the rule is silent: it may be vtep-mac-stale.",
        ],
        refuted_by: &[
            "one packet of that kind at {next}",
            "counters of the FORWARD chain on {to} that do not rise with the traffic",
        ],
        causes: &[
            LikelyCause {
                cause: "the policy of the FORWARD chain is DROP and no rule accepts the pods' packets",
                confirm: "on {to}: iptables -L FORWARD -v -n | head; nft list ruleset | grep -A3 'hook forward'; look for growing counters of a DROP",
            },
            LikelyCause {
                cause: "a reload of the firewall, or the other flavor of iptables (legacy beside nft), hides or removes the rules of flannel and kube-proxy",
                confirm: "on {to}: iptables-legacy-save | grep -c FLANNEL; iptables-nft-save | grep -c FLANNEL",
            },
        ],
        remedy: &[
            "on {to}: iptables -P FORWARD ACCEPT, or accept the pods' network in FORWARD: iptables -I FORWARD -s {subnet} -j ACCEPT; iptables -I FORWARD -d {subnet} -j ACCEPT",
            "let flannel and kube-proxy write their rules again (restart them) with the host's flavor of iptables, and keep the firewall's reload from removing them",
            "where ip-forward-off is not excluded: sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d",
        ],
        limits: &[
            "A dropping FORWARD chain, forwarding switched off and a policy that denies everything look the same; which of them is excluded stands with the finding.",
        ],
        references: &[
            "flannel-io/flannel#799, flannel-io/flannel#609, kubernetes/kubernetes#40182, weaveworks/weave#2758",
        ],
    },
    frequency: Frequency::VeryHigh,
    stages: &[Stage::SendForward, Stage::ReceiveForward],
    carried: Carried::Either,
    possible: |case, losses| {
        let silent = |loss: &&&Loss| !loss.refused;
        let groups = by_forwarder(case, losses.iter().copied());
        // A wide segment says too little to exclude it.
        let narrow = losses.len() == groups.values().map(Vec::len).sum::<usize>();
        let fails = |(forwarder, group): (&Forwarder, &Vec<&Loss>)| {
            !failing(case, *forwarder, group).is_empty()
        };
        losses.iter().any(|loss| silent(&loss)) && (!narrow || groups.iter().any(fails))
    },
    check,
};

/// The rule whose picture is the same where only arrivals fail.
const STALE_MAC: RuleId = RuleId("vtep-mac-stale");

fn check(case: &Case<'_>) -> Vec<Finding> {
    let silent = case.unexplained().filter(|loss| !loss.refused);
    let mut nodes: BTreeMap<NodeId, Vec<(Side, Vec<&Loss>)>> = BTreeMap::new();
    for ((node, side), losses) in by_forwarder(case, silent) {
        if let Some(dropped) = dropped(case, (node, side), &losses) {
            nodes.entry(node).or_default().push((side, dropped));
        }
    }
    nodes
        .into_iter()
        .filter_map(|(node, sides)| finding(case, node, &sides))
        .collect()
}

/// The losses of one side that a dropping FORWARD chain explains.
fn dropped<'a>(
    case: &Case<'a>,
    forwarder: Forwarder,
    losses: &[&'a Loss],
) -> Option<Vec<&'a Loss>> {
    let failing = failing(case, forwarder, losses);
    let alike = comparable_ways(case, forwarder, &failing);
    let told = !find_refusals(case.timelines, &failing).is_empty();
    let left = forwarder.1 == Side::Sending && !uplink_would_show(case, forwarder.0, &failing);
    (!failing.is_empty() && alike.is_empty() && !told && !left).then_some(failing)
}

fn finding<'a>(case: &Case<'a>, node: NodeId, sides: &[(Side, Vec<&'a Loss>)]) -> Option<Finding> {
    let losses: Vec<&Loss> = sides
        .iter()
        .flat_map(|(_, losses)| losses)
        .copied()
        .collect();
    let severity = severity(case, &losses);
    let proven = losses
        .iter()
        .any(|loss| loss.trust == crate::correlate::Trust::Proven);
    if losses.len() < FEW || !proven {
        return None;
    }
    let mut alternatives = Vec::new();
    for (_, losses) in sides {
        alternatives.extend(not_excluded(case, losses));
    }
    let arrives = sides.iter().all(|(side, _)| *side == Side::Receiving);
    let taken = are_for_device(case, &losses);
    if arrives && (!taken || alternatives.contains(&STALE_MAC)) {
        return None;
    }
    if !arrives {
        // A tunnel device that takes nothing does not keep anything from leaving.
        alternatives.retain(|rule| *rule != STALE_MAC);
    }
    let mut draft = Draft::new(case, &RULE, severity)
        .losses(losses.iter().copied())
        .alternatives(alternatives);
    for (side, losses) in sides {
        draft = draft.say(explain(case, node, *side, losses));
    }
    draft = draft.say(message!(
        "No ICMP error quotes one of them: they were dropped silently."
    ));
    Some(draft.finish(title(case, node, sides)))
}

fn title(case: &Case<'_>, node: NodeId, sides: &[(Side, Vec<&Loss>)]) -> Message {
    let name = case.timelines.node_name(node);
    match sides {
        [(Side::Sending, _)] => {
            message!(
                "{name} drops what its pods send to the rest, and says nothing",
                name
            )
        }
        [(Side::Receiving, _)] => {
            message!(
                "{name} drops what arrives for its pods, and says nothing",
                name
            )
        }
        _ => message!(
            "{name} forwards nothing between its pods and the rest, and says nothing",
            name
        ),
    }
}

fn explain(case: &Case<'_>, node: NodeId, side: Side, losses: &[&Loss]) -> Message {
    let name = case.timelines.node_name(node);
    let segment = crate::diagnose::facts::main_segment(losses.iter().copied());
    let (from, to) = segment.map_or_else(
        || ("?".to_owned(), "?".to_owned()),
        |(from, to)| (case.name(from), case.name(to)),
    );
    let what = match side {
        Side::Sending => message!("sent by its pods"),
        Side::Receiving => message!("for its pods"),
    };
    message!(
        "{name}: {losses} packets {what} were seen at {from} and none at {to}, which was capturing.",
        name,
        losses = losses.len(),
        what,
        from,
        to
    )
}
