//! `ip-forward-off`: see the manual below.

use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::facts::Loss;
use crate::diagnose::finding::RuleId;
use crate::diagnose::forwarding::{by_forwarder, passing_ways};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("ip-forward-off"),
    manual: Manual {
        summary: "a node does not forward at all: net.ipv4.ip_forward is 0",
        meaning: "Linux drops every packet that is not for itself while net.ipv4.ip_forward (or forwarding of the interface that it came in by) is 0. Pods on one node still reach each other through the bridge, and the node itself reaches its pods.",
        looks_for: &[
            "It is never told alone: the captures show the same as with a FORWARD chain that drops everything. forward-drop names it as an alternative where it is not excluded.",
            "It is excluded for a side of a node, what its pods send or what arrives for them, if a single packet of any kind was forwarded on that side.",
        ],
        refuted_by: &["any packet that {to} forwarded in the same direction"],
        causes: &[LikelyCause {
            cause: "net.ipv4.ip_forward was set to 0, by a hardening script or because nothing set it after a reboot",
            confirm: "on {to}: sysctl net.ipv4.ip_forward net.ipv4.conf.all.forwarding; sysctl -a 2>/dev/null | grep '\\.forwarding'; nstat -az IpInAddrErrors IpForwDatagrams",
        }],
        remedy: &[
            "on {to}: sysctl -w net.ipv4.ip_forward=1 (net.ipv6.conf.all.forwarding=1 for IPv6), and in /etc/sysctl.d",
        ],
        limits: &["Packets cannot tell it from forward-drop."],
        references: &["Linux: Documentation/networking/ip-sysctl.rst, ip_forward"],
    },
    frequency: Frequency::Medium,
    stages: &[Stage::SendForward, Stage::ReceiveForward],
    carried: Carried::Either,
    possible,
    check: |_| Vec::new(),
};

fn possible(case: &Case<'_>, losses: &[&Loss]) -> bool {
    let groups = by_forwarder(case, losses.iter().copied());
    let silent = losses.iter().any(|loss| !loss.refused);
    let stopped = groups
        .keys()
        .all(|forwarder| passing_ways(case, *forwarder).is_empty());
    silent && stopped
}
