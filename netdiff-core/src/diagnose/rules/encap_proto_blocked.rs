//! `encap-proto-blocked`: see the manual below.

use super::underlay_vxlan_blocked::{Kind, find_blocked_pairs};
use crate::diagnose::catalogue::Rule;
use crate::diagnose::finding::RuleId;
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::stages::{Carried, Frequency, Stage};
use crate::identify::Encapsulation;

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("encap-proto-blocked"),
    manual: Manual {
        summary: "the network between two nodes swallows their tunnel's protocol",
        meaning: "The network between two nodes passes their ordinary traffic and swallows their tunnel (IP-in-IP, Geneve, GRE and others): pods on different nodes cannot talk although the nodes themselves can.",
        looks_for: &[
            "The same as underlay-vxlan-blocked, with another encapsulation than VXLAN, in one direction or both.",
        ],
        refuted_by: &[
            "one tunnel packet of that direction at {next}",
            "ordinary packets between the same nodes that do not arrive either",
        ],
        causes: &[
            LikelyCause {
                cause: "a cloud's network or security group drops the protocol: Azure passes no IP-in-IP at all; others need a rule for protocol 4 (IP-in-IP), 47 (GRE), or UDP 6081 (Geneve)",
                confirm: "look for the tunnel's protocol or UDP port in the security groups and firewalls on the path, both ways; capture between the nodes",
            },
            LikelyCause {
                cause: "a firewall that was opened for TCP and UDP only",
                confirm: "on both nodes: tcpdump -ni {uplink} host {outer_destination} and not tcp: does anything arrive?",
            },
            LikelyCause {
                cause: "the hypervisor uses the same protocol itself (Geneve with NSX)",
                confirm: "do virtual machines on one host reach each other?",
            },
        ],
        remedy: &[
            "allow the tunnel's protocol both ways between all nodes: protocol 4 for IP-in-IP, 47 for GRE, UDP {port} for what goes over UDP",
            "use VXLAN where the cloud does not pass the protocol (Calico on Azure: VXLAN instead of IPIP)",
            "where the nodes share a segment, route without encapsulation",
        ],
        limits: &[
            "Firewalls, security groups and hypervisors look the same from both ends; a capture on the path between tells them apart.",
        ],
        references: &[
            "RFC 2003 (IP-in-IP), RFC 8926 (Geneve); Calico: Azure and other clouds; kubernetes/kops#12384, projectcalico/calico#1095",
        ],
    },
    frequency: Frequency::High,
    stages: &[Stage::Underlay],
    carried: Carried::Tunneled,
    possible: |_, losses| {
        losses.iter().any(|loss| {
            let tunnel = loss.tunnel.map(|tunnel| tunnel.encapsulation);
            tunnel != Some(Encapsulation::Vxlan)
        })
    },
    check: |case| find_blocked_pairs(case, &RULE, Kind::Other),
};
