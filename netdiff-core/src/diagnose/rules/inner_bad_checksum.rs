//! `inner-bad-checksum`: see the manual below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::correlate::{ChecksumCounts, FlowTimeline, NodeId, PartyKind};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::{Rule, always};
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::Way;
use crate::diagnose::finding::{Explained, Finding, NodePair, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency};
use crate::diagnose::tunnels::TunnelHop;
use crate::identify::{Evidence, TcpFlags};
use crate::types::{Protocol, Role};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("inner-bad-checksum"),
    manual: Manual {
        summary: "TCP and UDP arrive in the pods with checksums that nobody finished",
        meaning: "Packets reach the pod with a TCP or UDP checksum that is wrong, because what carried them forgot that it was still to be filled in. The pod's kernel drops them without a word: connections never open, while pings work.",
        looks_for: &[
            "TCP connections between pods on two nodes: their packets are seen at the receiving pod, at least three, and nothing answers, neither acknowledgment nor reset.",
            "The same pod answers pings of the other node's pods.",
            "At the receiving node's uplink the checksums inside the tunnel are wrong, or left for a network card to finish, which is odd on a wire.",
            "No TCP connection or UDP exchange that came in there in a tunnel from that node is answered: where unfinished checksums are normal (virtual cards on one host), others get answers.",
        ],
        refuted_by: &[
            "TcpInCsumErrors and UdpInCsumErrors (`nstat -az`, in the pod) do not rise while packets are not answered",
            "a packet that came in with the same kind of checksum and is answered",
        ],
        causes: &[
            LikelyCause {
                cause: "a switch in user space (Open vSwitch, AF_PACKET) or nested virtualization passes packets on and forgets that their checksum was left to hardware",
                confirm: "in the receiving pod: nstat -az TcpInCsumErrors UdpInCsumErrors; on {from}: ethtool -K {uplink} tx off, and try again",
            },
            LikelyCause {
                cause: "a card or driver does not finish checksums inside of tunnels",
                confirm: "tcpdump -vv -i {uplink} udp port {port} on {to}: `incorrect` inside, on packets that came in",
            },
        ],
        remedy: &[
            "switch checksum offload off where packets begin: ethtool -K eth0 tx off in the pods, or on the nodes' {uplink}",
            "network plugins have settings for it (Antrea: disableTXChecksumOffload)",
            "update the virtual switch or the driver",
        ],
        limits: &[
            "Between virtual machines on one host unfinished checksums are normal; a firewall inside the pod that passes pings alone looks the same there.",
            "Packets longer than 512 captured bytes are not checked.",
        ],
        references: &["antrea-io/antrea#3832, antrea-io/antrea#14, projectcalico/calico#7040"],
    },
    frequency: Frequency::Low,
    stages: &[],
    carried: Carried::Tunneled,
    possible: always,
    check,
};

/// What came in from one node to another in tunnels.
#[derive(Default)]
struct Inbound {
    silent: Vec<(usize, Vec<Explained>)>,
    answered: bool,
    /// Pods that were pinged, or pinged themselves, and it worked.
    pinged: BTreeSet<IpAddr>,
    sums: ChecksumCounts,
    entrance: Option<Evidence>,
    port: Option<u16>,
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<NodePair, Inbound> = BTreeMap::new();
    let mut counted: Vec<Way> = Vec::new();
    for hop in &case.tunnels().hops {
        let Some(ends) = entering(case, hop) else {
            continue;
        };
        let inbound = pairs.entry(ends).or_default();
        for link in case.tunnels().links(hop.point, hop.tunnel) {
            // One link may be of several flows: what matters is which kinds there are.
            let (sums, seen) = (&mut inbound.sums, link.inner_checksums);
            sums.bad = sums.bad.max(seen.bad);
            sums.left_to_card = sums.left_to_card.max(seen.left_to_card);
            sums.right = sums.right.max(seen.right);
            inbound.entrance.get_or_insert(link.first);
            inbound.port.get_or_insert(hop.tunnel.destination_port);
        }
        if counted.last() != Some(&hop.way) {
            counted.push(hop.way);
            note_flow(case, hop.way, inbound);
        }
    }
    let findings = pairs
        .iter()
        .filter_map(|(ends, inbound)| finding(case, *ends, inbound));
    findings.collect()
}

/// The nodes of a tunnel's packets where they come in from the network.
fn entering(case: &Case<'_>, hop: &TunnelHop) -> Option<NodePair> {
    let node = case.timelines.node(hop.point);
    let sender = hop.sender.filter(|sender| *sender != node)?;
    (case.timelines.role(hop.point) == Role::Uplink).then_some((sender, node))
}

fn note_flow(case: &Case<'_>, way: Way, inbound: &mut Inbound) {
    let Some(flow) = case.timelines.flows.get(way.0) else {
        return;
    };
    let (asked, replied) = (&flow.forward.journeys, &flow.reply.journeys);
    let both = !asked.is_empty() && !replied.is_empty();
    // Who takes the answer to his SYN goes on with something else.
    let goes_on = || {
        asked.iter().any(|j| {
            j.flags
                .is_some_and(|flags| !flags.any(TcpFlags::SYN | TcpFlags::RST))
        })
    };
    let receiver = if way.1 {
        flow.initiator
    } else {
        flow.responder
    };
    match (flow.protocol, way.1) {
        (Protocol::ICMP, _) if both => {
            inbound.pinged.insert(receiver.address);
        }
        (Protocol::TCP, true) => inbound.answered |= goes_on(),
        (Protocol::TCP | Protocol::UDP, false) if both => inbound.answered = true,
        (Protocol::TCP, false) if receiver.kind == PartyKind::Pod => {
            inbound.silent.extend(silent(case, way.0, flow));
        }
        _ => {}
    }
}

/// The packets of an unanswered flow, if they were seen at the pod that they are for.
fn silent(case: &Case<'_>, index: usize, flow: &FlowTimeline) -> Option<(usize, Vec<Explained>)> {
    let at_pod = |(nth, journey): (usize, &crate::correlate::Journey)| {
        let last = journey.last()?;
        let pod = case.timelines.role(last.point) == Role::Pod
            && flow.responder.node == Some(case.timelines.node(last.point));
        pod.then_some(Explained {
            flow: index,
            reply: false,
            journey: nth,
        })
    };
    let journeys: Vec<Explained> = flow
        .forward
        .journeys
        .iter()
        .enumerate()
        .filter_map(at_pod)
        .collect();
    (journeys.len() >= FEW).then_some((index, journeys))
}

fn finding(case: &Case<'_>, (from, to): (NodeId, NodeId), inbound: &Inbound) -> Option<Finding> {
    let unfinished = inbound.sums.bad + inbound.sums.left_to_card;
    let pinged = |flow: &usize| {
        let flow = case.timelines.flows.get(*flow);
        flow.is_some_and(|flow| inbound.pinged.contains(&flow.responder.address))
    };
    let silent = inbound.silent.iter().filter(|(flow, _)| pinged(flow));
    let silent: Vec<Explained> = silent.flat_map(|(_, all)| all.iter().copied()).collect();
    if silent.is_empty() || inbound.answered || unfinished == 0 {
        return None;
    }
    let names = (case.timelines.node_name(from), case.timelines.node_name(to));
    let packets = silent.len();
    let uplink = case.points(to, Role::Uplink).next();
    let uplink = uplink.map(|point| case.timelines.name(point).interface);
    let mut draft = Draft::new(case, &RULE, Severity::Error)
        .journeys(silent)
        .evidence(inbound.entrance)
        .fill("from", names.0)
        .fill("to", names.1)
        .say(message!(
            "{packets} TCP packets from {names} reached pods on {names_2} and nothing answered them; pings to the same pods are answered.",
            packets,
            names = names.0,
            names_2 = names.1
        ));
    if let Some(uplink) = uplink {
        draft = draft.fill("uplink", uplink);
    }
    if let Some(port) = inbound.port {
        draft = draft.fill("port", port);
    }
    draft = if inbound.sums.bad > 0 {
        draft.marked().say(message!(
            "Where they come in, the checksums inside the tunnel are wrong in {bad} packets.",
            bad = inbound.sums.bad
        ))
    } else {
        draft.say(message!(
            "Where they come in, the checksums inside the tunnel are still to be filled in, in {left_to_card} packets, and none of TCP or UDP that came in so is answered.",
            left_to_card = inbound.sums.left_to_card
        ))
    };
    Some(draft.finish(message!(
        "TCP from {names} arrives at pods on {names_2} with checksums that nobody finished, and nothing answers",
        names = names.0,
        names_2 = names.1
    )))
}
