//! `mtu-blackhole`: see the manual below.

use std::collections::BTreeSet;

use super::mtu_pod_too_big::own_errors;
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::{Finding, RuleId};
use crate::diagnose::forwarding::{Side, forwarder_of};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::sizes::{self, ALWAYS_FITS, Limit, limits};
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("mtu-blackhole"),
    manual: Manual {
        summary: "a node drops its pods' large packets and does not say so",
        meaning: "The pods' MTU is larger than the tunnel device's, and the ICMP error that should tell them is filtered on the node: connections open, small answers come, and everything large hangs, since the sender repeats packets of the same size.",
        looks_for: &[
            "Packets of pods that must not be fragmented (DF) and that end where their own node forwards, every one of them longer than every one that passes there; at least three of each, and some that pass after the first loss.",
            "No ICMP error of the node to the pod says that they are too big: else it is mtu-pod-too-big.",
            "All nodes are one finding: the pods' MTU is a setting of the cluster.",
        ],
        refuted_by: &["one packet of {mtu} bytes or more at {next}"],
        causes: &[
            LikelyCause {
                cause: "the pods' MTU is larger than the tunnel device's, and a firewall on the node drops the ICMP errors",
                confirm: "on {from}: ip link show {vtep}; ip link show eth0 in a pod; iptables -L OUTPUT -v -n; iptables -L FORWARD -v -n; ping -M do -s 1472 {destination} in the pod",
            },
            LikelyCause {
                cause: "a rule or policy drops large packets",
                confirm: "on {from}: iptables-save | grep -i length; nft list ruleset | grep length",
            },
        ],
        remedy: &[
            "set the pods' MTU to that of {vtep} or less in the CNI's configuration, and make the pods anew",
            "let ICMP fragmentation needed (IPv6: packet too big) leave the node: iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT",
            "until then: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        ],
        limits: &[
            "The limit is known as well as the sizes that were sent: between the longest packet that passed and the shortest that did not.",
        ],
        references: &["RFC 2923, section 2.1; moby/libnetwork#2661"],
    },
    frequency: Frequency::High,
    stages: &[Stage::SendForward],
    carried: Carried::Either,
    possible: |case, losses| {
        losses.iter().all(|loss| {
            let passed = case
                .facts
                .passed_over(loss.segment())
                .map_or(0, |passed| passed.longest);
            !loss.refused && must_stay_whole(case, loss) && loss.ip_len > passed.max(ALWAYS_FITS)
        })
    },
    check,
};

/// Whether a packet must not be fragmented; over IPv6 no router does that.
fn must_stay_whole(case: &Case<'_>, loss: &Loss) -> bool {
    let v6 = case
        .flow(loss.journey)
        .is_some_and(|flow| flow.initiator.address.is_ipv6());
    v6 || case
        .journey(loss.journey)
        .is_some_and(|journey| journey.dont_fragment)
}

fn check(case: &Case<'_>) -> Vec<Finding> {
    let told: BTreeSet<_> = own_errors(case).into_iter().map(|(_, way)| way).collect();
    let silent = case.unexplained().filter(|loss| {
        let sending = forwarder_of(case, loss).is_some_and(|(_, side)| side == Side::Sending);
        let way = (loss.journey.flow, loss.journey.reply);
        sending && !loss.refused && !told.contains(&way) && must_stay_whole(case, loss)
    });
    let limits = limits(case, silent, |_| true);
    finding(case, &limits).into_iter().collect()
}

fn finding<'a>(case: &Case<'a>, limits: &[Limit<'a>]) -> Option<Finding> {
    let main = limits.iter().max_by_key(|limit| limit.losses.len())?;
    let losses: Vec<&Loss> = limits
        .iter()
        .flat_map(|l| l.losses.iter().copied())
        .collect();
    let (from, to) = (case.name(main.segment.0), case.name(main.segment.1));
    let mut draft = Draft::new(case, &RULE, sizes::severity(case, &losses))
        .losses(losses.iter().copied())
        .segment(main.segment)
        .fill("mtu", main.shortest_lost);
    for limit in limits {
        draft = draft.say(message!(
            "{segment} to {segment_2}: {passed} packets of up to {longest_passed} bytes passed, {losses} of {shortest_lost} bytes and more, which must not be fragmented, did not.",
            segment = case.name(limit.segment.0),
            segment_2 = case.name(limit.segment.1),
            passed = limit.passed,
            longest_passed = limit.longest_passed,
            losses = limit.losses.len(),
            shortest_lost = limit.shortest_lost
        ));
    }
    Some(draft
        .say(message!("No ICMP error tells the pods: they repeat them in the same size."))
        .finish(message!(
            "packets of {shortest_lost} bytes and more end between {from} and {to}, shorter ones pass, and nobody says so",
            shortest_lost = main.shortest_lost,
            from,
            to
        )))
}
