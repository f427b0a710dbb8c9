//! `snat-pod-to-pod`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{FlowTimeline, NodeId, PartyKind, Timelines};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::services::first_hop;
use crate::diagnose::stages::{Carried, Frequency};
use crate::identify::Evidence;
use crate::types::{Message, PointId};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("snat-pod-to-pod"),
    manual: Manual {
        summary: "a node masquerades what its pods send to other pods",
        meaning: "Packets from pod to pod get a node's address as their source on the way. They arrive and are answered, but the receiver sees a node where there is a pod: network policies by pod, access lists and logs go wrong.",
        looks_for: &[
            "An answered flow from one pod to another, by its own address or through a service's, whose source is another address from some point on. A pod that calls itself through a service is left out: it must be masqueraded. So is a call of a node's address: NodePorts must be, unless the receiver is on that node.",
            "Nodes whose pods have addresses of another node's network (duplicate-pod-cidr) are left out. One finding for each pair of points between which the source changes.",
        ],
        refuted_by: &["the pod's own address as the source of these packets behind {last_seen}"],
        causes: &[
            LikelyCause {
                cause: "a masquerade rule does not exclude the pods' network: Docker's --ip-masq, or a rule of the node's own",
                confirm: "on {from}: iptables -t nat -S POSTROUTING; iptables -t nat -L -v -n | grep MASQUERADE",
            },
            LikelyCause {
                cause: "kube-proxy runs with --masquerade-all, or with a --cluster-cidr that is not the pods' network",
                confirm: "kubectl -n kube-system get configmap kube-proxy -o yaml | grep -i -e masqueradeAll -e clusterCIDR",
            },
        ],
        remedy: &[
            "exclude the pods' network from the masquerade rule, before it: iptables -t nat -I POSTROUTING -s {subnet} -d {subnet} -j RETURN, {subnet} being the network of all pods",
            "start Docker with --ip-masq=false where the network plugin masquerades",
            "set kube-proxy's clusterCIDR to the pods' network and masqueradeAll to false",
        ],
        limits: &[
            "Clusters may want it; then compare with a reference that does the same, and it is told as a note.",
        ],
        references: &[
            "flannel-io/flannel#835, flannel-io/flannel#2176, flannel-io/flannel#434",
            "kubernetes/kubernetes#44916",
        ],
    },
    frequency: Frequency::High,
    stages: &[],
    carried: Carried::Either,
    possible: always,
    check,
};

/// A flow, the first packet with the other source, and that source.
struct Hidden {
    flow: usize,
    first: Evidence,
    packets: u64,
    story: Message,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut places: BTreeMap<(PointId, PointId), Vec<Hidden>> = BTreeMap::new();
    // An address of another node's network is masqueraded because it is one.
    let strays = case
        .found
        .iter()
        .filter(|f| f.rule.0 == "duplicate-pod-cidr");
    let strays: Vec<usize> = strays.flat_map(|f| f.flows.iter().copied()).collect();
    let flows = case.timelines.flows.iter().enumerate();
    for (index, flow) in flows.filter(|(index, _)| !strays.contains(index)) {
        if let Some((segment, hidden)) = hidden(case.timelines, index, flow) {
            let node = case.timelines.node(segment.0);
            if !has_foreign_pods(case, node) {
                places.entry(segment).or_default().push(hidden);
            }
        }
    }
    let findings = places
        .iter()
        .map(|(segment, hidden)| finding(case, *segment, hidden));
    findings.collect()
}

/// Whether a node's pods have addresses of another node's network: then masquerade takes them for somebody else's, and that is told.
fn has_foreign_pods(case: &Case<'_>, node: NodeId) -> bool {
    let told = |finding: &&Finding| finding.rule == RuleId("duplicate-pod-cidr");
    let segments = case.found.iter().filter(told).filter_map(|f| f.segment);
    let mut ends = segments.flat_map(|(from, to)| [from, to]);
    ends.any(|point| case.timelines.node(point) == node)
}

fn hidden(
    timelines: &Timelines,
    index: usize,
    flow: &FlowTimeline,
) -> Option<((PointId, PointId), Hidden)> {
    let pods = [flow.initiator, flow.responder]
        .iter()
        .all(|party| party.kind == PartyKind::Pod);
    let to_itself = flow.initiator.address == flow.responder.address;
    let by_node = flow
        .called
        .is_some_and(|called| timelines.plan.kind(called.address) == PartyKind::Node);
    let seen_as = flow.seen_as?;
    if !pods || to_itself || by_node || flow.reply.journeys.is_empty() {
        return None;
    }
    let own = flow.initiator.address;
    let (before, hop) = first_hop(&flow.forward, |hop| hop.source != own)?;
    let before = before?;
    let story = message!(
        "{own} calls {address} and is seen there as {seen_as}.",
        own,
        address = flow.responder.address,
        seen_as
    );
    let hidden = Hidden {
        flow: index,
        first: hop.first,
        packets: hop.packets,
        story,
    };
    Some(((before.point, hop.point), hidden))
}

fn finding(case: &Case<'_>, segment: (PointId, PointId), hidden: &[Hidden]) -> Finding {
    let packets: u64 = hidden.iter().map(|h| h.packets).sum();
    let names = (case.name(segment.0), case.name(segment.1));
    let mut draft = Draft::new(case, &RULE, Severity::Warning)
        .segment(segment)
        .flows(hidden.iter().map(|h| h.flow))
        .evidence(hidden.iter().map(|h| h.first))
        .marked()
        .say(message!(
            "Between {names} and {names_2} the source of {packets} packets from pod to pod becomes another; they are answered.",
            names = names.0,
            names_2 = names.1,
            packets
        ));
    let mut stories: Vec<&Message> = hidden.iter().map(|h| &h.story).collect();
    stories.dedup();
    for story in stories.iter().take(3) {
        draft = draft.say((*story).clone());
    }
    let node = case.timelines.node_name(case.timelines.node(segment.0));
    draft.finish(message!(
        "{node} masquerades what its pods send to other pods",
        node
    ))
}
