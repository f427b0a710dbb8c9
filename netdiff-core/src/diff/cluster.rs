//! What differs of the sets as such: errors, questions without answers, what was captured.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Difference, DifferenceKind};
use crate::correlate::Timelines;
use crate::identify::{ArpOperation, Evidence};
use crate::types::Role;

/// Differences that concern no flow in particular.
pub(super) fn compare_sets(reference: &Timelines, failing: &Timelines) -> Vec<Difference> {
    let mut found = compare_icmp(reference, failing);
    found.extend(compare_arp(reference, failing));
    found.extend(compare_outer_checksums(reference, failing));
    found.extend(compare_points(reference, failing));
    found
}

type Kind = (bool, u8, u8);

fn icmp_kinds(set: &Timelines) -> BTreeMap<Kind, (u64, Evidence)> {
    let mut kinds = BTreeMap::new();
    for error in &set.icmp_errors {
        let key = (error.source.is_ipv6(), error.icmp_type, error.code);
        kinds.entry(key).or_insert((0, error.evidence)).0 += 1;
    }
    kinds
}

/// Kinds of ICMP errors that one set has and the other has not.
fn compare_icmp(reference: &Timelines, failing: &Timelines) -> Vec<Difference> {
    let (ours, theirs) = (icmp_kinds(reference), icmp_kinds(failing));
    let kinds: BTreeSet<&Kind> = ours.keys().chain(theirs.keys()).collect();
    let difference = |kind: &Kind| {
        let (r, f) = (ours.get(kind), theirs.get(kind));
        if r.is_some() == f.is_some() {
            return None;
        }
        let (ipv6, icmp_type, code) = *kind;
        let name = if ipv6 { "ICMPv6" } else { "ICMP" };
        let words = |there: bool| {
            let not = if there { "" } else { "no " };
            format!("{not}{name} errors {icmp_type}/{code}")
        };
        Some(Difference {
            packets: (r.map_or(0, |(n, _)| *n), f.map_or(0, |(n, _)| *n)),
            reference_evidence: r.map(|(_, first)| *first).into_iter().collect(),
            failing_evidence: f.map(|(_, first)| *first).into_iter().collect(),
            ..Difference::plain(
                DifferenceKind::IcmpErrors,
                words(r.is_some()),
                words(f.is_some()),
            )
        })
    };
    kinds.into_iter().filter_map(difference).collect()
}

/// Unanswered ARP requests, and by what role they were seen, of at least three for one address.
fn unanswered(set: &Timelines) -> BTreeMap<Role, (u64, Evidence)> {
    let replies: BTreeSet<_> = set
        .arp
        .iter()
        .filter(|(_, arp)| arp.operation != ArpOperation::Request)
        .map(|(evidence, arp)| (set.node(evidence.point), arp.sender))
        .collect();
    let mut asked: BTreeMap<_, (u64, Evidence)> = BTreeMap::new();
    for (evidence, arp) in &set.arp {
        let silent = !replies.contains(&(set.node(evidence.point), arp.target));
        if arp.operation == ArpOperation::Request && arp.sender != arp.target && silent {
            let key = (evidence.point, arp.target);
            asked.entry(key).or_insert((0, *evidence)).0 += 1;
        }
    }
    let mut roles = BTreeMap::new();
    for ((point, _), (n, first)) in asked.into_iter().filter(|(_, (n, _))| *n >= 3) {
        roles.entry(set.role(point)).or_insert((0, first)).0 += n;
    }
    roles
}

fn compare_arp(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let (ours, theirs) = (unanswered(reference), unanswered(failing));
    let words = |roles: &BTreeMap<Role, (u64, Evidence)>| match roles.len() {
        0 => "ARP requests are answered".to_owned(),
        _ => format!(
            "ARP requests stay unanswered at: {}",
            roles
                .keys()
                .map(|r| r.name())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let total = |roles: &BTreeMap<Role, (u64, Evidence)>| roles.values().map(|(n, _)| n).sum();
    let shown =
        |roles: &BTreeMap<Role, (u64, Evidence)>| roles.values().map(|(_, first)| *first).collect();
    ours.keys().ne(theirs.keys()).then(|| Difference {
        packets: (total(&ours), total(&theirs)),
        reference_evidence: shown(&ours),
        failing_evidence: shown(&theirs),
        ..Difference::plain(DifferenceKind::Arp, words(&ours), words(&theirs))
    })
}

/// Whether tunnels carry a UDP checksum: by most of the packets whose checksum was looked at.
fn compare_outer_checksums(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let habit = |set: &Timelines| {
        let (mut with, mut without, mut first) = (0u64, 0u64, None);
        for link in &set.links.links {
            let counts = link.outer_checksums;
            with += counts.right + counts.left_to_card;
            without += counts.none;
            if counts.right + counts.left_to_card + counts.none > 0 {
                first.get_or_insert(link.first);
            }
        }
        (with + without > 0).then_some((with >= without, with + without, first))
    };
    let (r, f) = (habit(reference)?, habit(failing)?);
    let words = |with: bool| {
        if with {
            "tunnels carry a UDP checksum"
        } else {
            "tunnels carry no UDP checksum"
        }
    };
    (r.0 != f.0).then(|| Difference {
        packets: (r.1, f.1),
        reference_evidence: r.2.into_iter().collect(),
        failing_evidence: f.2.into_iter().collect(),
        ..Difference::plain(
            DifferenceKind::OuterChecksum,
            words(r.0).to_owned(),
            words(f.0).to_owned(),
        )
    })
}

/// Roles that one set captured and the other did not.
fn compare_points(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let roles = |set: &Timelines| -> BTreeSet<Role> { set.points.iter().map(|p| p.role).collect() };
    let (r, f) = (roles(reference), roles(failing));
    let words = |roles: &BTreeSet<Role>| {
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        format!("captured: {}", names.join(", "))
    };
    (r != f).then(|| Difference::plain(DifferenceKind::Coverage, words(&r), words(&f)))
}
