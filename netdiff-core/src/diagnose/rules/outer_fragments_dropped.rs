//! `outer-fragments-dropped`: see the manual below.

use std::collections::BTreeMap;

use crate::correlate::{NodeId, Trust};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::{Draft, FEW};
use crate::diagnose::facts::{Loss, main_segment};
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::refusals::find_refusals;
use crate::diagnose::sizes;
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::types::Role;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("outer-fragments-dropped"),
    manual: Manual {
        summary: "the network between nodes drops the fragments of tunnel packets",
        meaning: "A node cuts large tunnel packets into IP fragments, since its network card takes less than the tunnel adds up to, and something on the way (a firewall, a cloud's network) drops fragments: small packets pass, large ones never do.",
        looks_for: &[
            "Packets in a tunnel that leave a node's network card in several fragments and do not arrive whole at the other node's; at least three. For at least three of them the fragments are surely the tunnel's own: the packet inside must not be fragmented (DF).",
            "Of that kind none arrives, and at least three packets that were not cut do.",
            "Both directions between two nodes are one finding.",
        ],
        refuted_by: &["both fragments of one tunnel packet at {next}"],
        causes: &[
            LikelyCause {
                cause: "a firewall, a security group or a NAT device on the path drops IP fragments, of which only the first one has the UDP ports",
                confirm: "capture `ip[6:2] & 0x3fff != 0` on both network cards; look for rules on fragments and for the limits of reassembly",
            },
            LikelyCause {
                cause: "the network card's MTU was lowered after the tunnel device had been made, so that packets are cut at all",
                confirm: "on {from}: ip link show {uplink}; ip -d link show {vtep}: the tunnel needs 50 bytes less than the network card (70 over IPv6)",
            },
        ],
        remedy: &[
            "lower the MTU of the tunnel device and the pods to the network card's less 50 bytes, so that nothing is cut: restart flannel after the network card's MTU is right, then make the pods anew",
            "let fragments pass on the way",
        ],
        limits: &[
            "Where only the first or only the later fragments are dropped, the rule speaks as well; the capture of the other node shows which.",
        ],
        references: &["RFC 8900; moby/moby#24906"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: |case, losses| {
        losses.iter().all(|loss| {
            // Where the network card was not captured, nobody saw in how many pieces they left.
            let seen = case.timelines.role(loss.from) == Role::Uplink;
            !loss.refused
                && if seen {
                    pieces(case, loss) > 1
                } else {
                    loss.ip_len > sizes::ALWAYS_FITS
                }
        })
    },
    check,
};

/// In how many fragments a lost packet was last seen.
pub(super) fn pieces(case: &Case<'_>, loss: &Loss) -> u16 {
    case.journey(loss.journey)
        .map_or(1, |journey| journey.fragments)
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<(NodeId, NodeId), Vec<&Loss>> = BTreeMap::new();
    for loss in case.unexplained() {
        let nodes = (case.timelines.node(loss.from), case.timelines.node(loss.to));
        let leaves = case.timelines.role(loss.from) == Role::Uplink && nodes.0 != nodes.1;
        if leaves && loss.tunnel.is_some() && !loss.refused && pieces(case, loss) > 1 {
            let pair = (nodes.0.min(nodes.1), nodes.0.max(nodes.1));
            pairs.entry(pair).or_default().push(loss);
        }
    }
    pairs
        .values()
        .filter_map(|losses| finding(case, losses))
        .collect()
}

fn finding<'a>(case: &Case<'a>, losses: &[&'a Loss]) -> Option<Finding> {
    let segment = main_segment(losses.iter().copied())?;
    let surely = losses.iter().filter(|loss| {
        case.journey(loss.journey)
            .is_some_and(|journey| journey.dont_fragment)
    });
    let proven = losses.iter().any(|loss| loss.trust == Trust::Proven);
    let passed = case.facts.passed_over(segment)?;
    let whole = passed.packets - passed.fragmented;
    let told = !find_refusals(case.timelines, losses).is_empty();
    if surely.count() < FEW || !proven || told || passed.fragmented > 0 || whole < FEW as u64 {
        return None;
    }
    let incomplete = case
        .timelines
        .points
        .get(segment.1.index())
        .map_or(0, |point| point.fragments.incomplete);
    let draft = Draft::new(case, &RULE, sizes::severity(case, losses))
        .losses(losses.iter().copied())
        .marked()
        .say(message!(
            "{losses} tunnel packets left in fragments and none of them arrived; {whole} packets that were not cut did.",
            losses = losses.len(),
            whole
        ))
        .say(if incomplete == 0 {
            message!("Not a single fragment was seen at {segment}.", segment = case.name(segment.1))
        } else {
            message!(
                "{segment} saw some of the fragments: of {incomplete} packets others are missing.",
                segment = case.name(segment.1),
                incomplete
            )
        });
    Some(draft.finish(message!(
        "fragments of tunnel packets leave {segment} and do not arrive at {segment_2}, while whole packets do",
        segment = case.name(segment.0),
        segment_2 = case.name(segment.1)
    )))
}
