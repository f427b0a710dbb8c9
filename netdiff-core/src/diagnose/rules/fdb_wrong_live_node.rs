//! `fdb-wrong-live-node`: see the manual below.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::correlate::{Disposition, Journey, NodeId};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::finding::{Explained, Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::{Evidence, MacAddr};
use crate::types::{PointId, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("fdb-wrong-live-node"),
    manual: Manual {
        summary: "a node sends what is for one node's tunnel device to another node",
        meaning: "A node's forwarding entry (FDB) for one node leads to a third one. That one gets tunnel packets for a MAC address that it does not have and drops them without a word. Nothing tells the pods.",
        looks_for: &[
            "Tunnel packets for a pod of one node go to the outer address of another node, and inside that tunnel are frames for the MAC address that the pod's node sends with.",
            "They are not delivered, and the node whose MAC address it is never sees them; at least three.",
            "The node that gets them passes none of them on.",
        ],
        refuted_by: &[
            "`bridge fdb show dev {vtep}` on {from} with the right address for {mac}",
            "one of these packets on the node that has {mac}",
        ],
        causes: &[
            LikelyCause {
                cause: "two nodes swapped addresses, or one got the other's old address, and the sender still has the old entry",
                confirm: "on the sender: bridge fdb show dev {vtep} | grep {mac}; kubectl get nodes -o wide",
            },
            LikelyCause {
                cause: "a wrong public-ip annotation, or an entry that was made by hand",
                confirm: "kubectl get nodes -o yaml | grep -e public-ip -e VtepMAC; compare with the nodes' addresses",
            },
        ],
        remedy: &[
            "restart the network plugin on the sender, or replace the entry: bridge fdb replace {mac} dev {vtep} dst the right address",
            "correct the annotation flannel.alpha.coreos.com/public-ip of the node with {mac}",
        ],
        limits: &[
            "It needs a packet that the right node itself sends through the tunnel, and the capture of an uplink that shows the wrong ones.",
        ],
        references: &["flannel-io/flannel#654"],
    },
    frequency: Frequency::Low,
    stages: &[Stage::Underlay, Stage::Decapsulate, Stage::ReceiveForward],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        losses.iter().any(|loss| {
            let frames = case.inner_frames(loss.journey);
            let target = frames.keys().next().map(|(_, target)| *target);
            let node = case.timelines.node(loss.to);
            target.is_none_or(|mac| case.tunnels().node_with(mac).is_none_or(|n| n != node))
        })
    },
    check,
};

/// Packets that one node sent to the wrong one.
#[derive(Default)]
struct Misled {
    journeys: Vec<Explained>,
    ends: BTreeMap<PointId, (usize, Evidence)>,
}

/// Who has the packets, whom they are for, the outer address they went to, and the MAC address inside.
type Mistake = (NodeId, IpAddr, MacAddr);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut mistakes: BTreeMap<Mistake, Misled> = BTreeMap::new();
    for (index, flow) in case.timelines.flows.iter().enumerate() {
        for (reply, direction) in [(false, &flow.forward), (true, &flow.reply)] {
            for (nth, journey) in direction.journeys.iter().enumerate() {
                let id = Explained {
                    flow: index,
                    reply,
                    journey: nth,
                };
                let Some(mistake) = mistake(case, id, journey) else {
                    continue;
                };
                let misled = mistakes.entry(mistake).or_default();
                misled.journeys.push(id);
                if let Some(last) = journey.last() {
                    misled.ends.entry(last.point).or_insert((0, last)).0 += 1;
                }
            }
        }
    }
    mistakes
        .into_iter()
        .filter(|(_, misled)| misled.journeys.len() >= FEW)
        .filter_map(|(mistake, misled)| finding(case, mistake, &misled))
        .collect()
}

fn mistake(case: &Case<'_>, id: Explained, journey: &Journey) -> Option<Mistake> {
    let arrived = matches!(journey.disposition, Disposition::Delivered(_));
    if arrived || case.facts.is_explained(id) {
        return None;
    }
    let timelines = case.timelines;
    let (_, right) = case.ends_of(id)?;
    let (_, tunnel) = case.tunnels_of(id).pop()?;
    let sent_to = timelines.plan.home(tunnel.destination)?;
    let reached = journey.points().any(|point| timelines.node(point) == right);
    let way = (id.flow, id.reply);
    if sent_to == right || reached || case.tunnels().is_passed_on(way, sent_to) {
        return None;
    }
    // Frames for several nodes may go in one tunnel; this packet's is the one for its own node.
    let frames = case.inner_frames(id);
    let mut own = case.tunnels().macs(right).map(|(mac, _)| mac);
    let mac = own.find(|mac| frames.keys().any(|(_, target)| target == mac))?;
    Some((right, tunnel.destination, mac))
}

fn finding(case: &Case<'_>, (right, address, mac): Mistake, misled: &Misled) -> Option<Finding> {
    let timelines = case.timelines;
    let (from, (_, last)) = misled
        .ends
        .iter()
        .min_by_key(|(point, (n, _))| (std::cmp::Reverse(*n), **point))?;
    let next = [Role::Uplink, Role::Vtep, Role::Bridge, Role::Pod];
    let to = next
        .into_iter()
        .find_map(|role| case.points(right, role).next())?;
    let wrong = timelines.plan.home(address)?;
    let shown = case.tunnels().macs(right).find(|(own, _)| *own == mac)?.1;
    let names = (timelines.node_name(right), timelines.node_name(wrong));
    let draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(misled.journeys.iter().copied())
        .segment((*from, to))
        .evidence([*last, shown])
        .marked()
        .fill("mac", mac)
        .fill("address", address)
        .say(message!(
            "{journeys} packets for {mac} are sent to {address}, which is {names}; it is {names_2} that sends with {mac}.",
            journeys = misled.journeys.len(),
            mac,
            address,
            names = names.1,
            names_2 = names.0
        ))
        .say(message!(
            "{names} drops what is for another MAC address, and says nothing; {names_2} never sees it.",
            names = names.1,
            names_2 = names.0
        ));
    Some(draft.finish(message!(
        "tunnel packets for {names} go to {names_2}: last seen at {from}, never at {to}",
        names = names.0,
        names_2 = names.1,
        from = case.name(*from),
        to = case.name(to)
    )))
}
