//! What looks like a fault and is none: nothing above a note may be said of it.
//!
//! Each false alarm by name, with the recordings that show it. A scenario's healthy sets are judged alone, the failing one (which is healthy
//! too, or whose truth is a note) alone and with its reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::collections::BTreeMap;

use common::scenario::{Scenario, describe, findings, map_all, scenarios};
use netdiff_core::{SetRequest, compare};

/// Names of false alarms, and the scenarios in which nothing is wrong but that.
const FALSE_ALARMS: &[(&str, &[&str])] = &[
    (
        "checksums that the network card was to fill in",
        &["healthy-healthy", "geneve", "ipip", "capture-dumpcap"],
    ),
    ("no outer UDP checksum at all", &["zero-udp-checksum"]),
    (
        "segments that offload makes larger than any MTU",
        &["healthy-healthy", "no-offload", "zero-udp-checksum"],
    ),
    (
        "packets that tcpdump lost at the end, or while it paused",
        &["tail-cut", "capture-paused", "capture-paused-end"],
    ),
    ("a capture that could not keep up", &["capture-drops"]),
    (
        "same-node Service traffic twice, since the capture made the bridge promiscuous",
        &["observer-promisc-duplicates", "hairpin"],
    ),
    (
        "the same packet several times at one point",
        &["capture-any", "dup-mirror", "hairpin"],
    ),
    (
        "ICMP errors that are rate-limited, from ports where nobody listens",
        &["icmp-rate-limit"],
    ),
    (
        "quotes in ICMP errors that NAT rewrote; probes that shall expire; a size that is found out",
        &["nat-in-icmp-quotes"],
    ),
    (
        "the first packets, which wait for ARP",
        &["first-packet-arp"],
    ),
    ("datagrams that nobody answers", &["fire-and-forget-udp"]),
    ("packets that the capture cut", &["snaplen-96"]),
    (
        "clocks that differ, drift and step",
        &["skewed-clock", "clock-drift", "clock-step"],
    ),
    (
        "ways there and back that differ and work",
        &["asymmetric-path", "asymmetric-via-third"],
    ),
    (
        "points that nobody captured, or not all of their packets",
        &["missing-flannel", "uncaptured-uplink", "tcpdump-p"],
    ),
    (
        "translation: Services, node ports, hairpin, masquerade, egress",
        &[
            "clusterip",
            "services",
            "nodeport",
            "hairpin",
            "masquerade",
            "egress",
        ],
    ),
    (
        "fragments, of what is in tunnels and of tunnels",
        &["inner-fragments", "outer-fragments"],
    ),
    (
        "other tunnels, addresses, ports, families, and none",
        &[
            "geneve",
            "ipip",
            "ipv6",
            "healthy-other-addresses",
            "three-nodes",
            "directrouting-fixed",
        ],
    ),
];

/// What is said of every set of a scenario that is more than a note.
fn said_of(scenario: &Scenario) -> Vec<String> {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let mut reports = vec![("alone", scenario.trace(&scenario.failing))];
    if let Some(reference) = &scenario.reference {
        reports.push(("its reference", scenario.trace(reference)));
        let both = compare(&set(reference), &set(&scenario.failing)).unwrap();
        reports.push(("with its reference", both));
    }
    let told = reports.iter().flat_map(|(which, report)| {
        let name = &scenario.name;
        let found = findings(report).into_iter();
        found.map(move |f| format!("{name}, {which}: {}", describe(f)))
    });
    told.collect()
}

#[test]
fn nothing_is_said_of_what_only_looks_like_a_fault() {
    let all = scenarios();
    let healthy = all.into_iter().filter(|s| s.expect.all().next().is_none());
    let said: BTreeMap<String, Vec<String>> = map_all(healthy.collect(), |scenario: Scenario| {
        let said = said_of(&scenario);
        (scenario.name, said)
    })
    .into_iter()
    .collect();
    let mut wrong = Vec::new();
    for (alarm, names) in FALSE_ALARMS {
        for name in *names {
            let told = said.get(*name);
            let told = told.unwrap_or_else(|| panic!("{alarm}: {name} is no healthy scenario"));
            wrong.extend(told.iter().map(|told| format!("{alarm}: {told}")));
        }
    }
    // Those that stand for no false alarm in particular.
    let named = |name: &str| FALSE_ALARMS.iter().any(|(_, names)| names.contains(&name));
    let others = said.iter().filter(|(name, _)| !named(name));
    wrong.extend(others.flat_map(|(_, told)| told.clone()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// References are healthy by their nature, whatever the failing set has.
#[test]
fn nothing_is_said_of_any_reference() {
    let with_reference = scenarios().into_iter().filter(|s| s.reference.is_some());
    let said = map_all(with_reference.collect(), |scenario: Scenario| {
        let report = scenario.trace(scenario.reference.as_ref().unwrap());
        let found = findings(&report);
        let told = found
            .iter()
            .map(|f| format!("{}: {}", scenario.name, describe(f)));
        told.collect::<Vec<_>>()
    });
    let said: Vec<String> = said.into_iter().flatten().collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}
