//! What differs of the sets as such: errors, questions without answers, what was captured.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Difference, DifferenceKind};
use crate::correlate::{ArpHabit, Counted, Timelines};
use crate::types::{Message, Role};

/// Differences that concern no flow in particular.
pub(super) fn compare_sets(reference: &Timelines, failing: &Timelines) -> Vec<Difference> {
    let mut found = compare_icmp(reference, failing);
    found.extend(compare_arp(reference, failing));
    found.extend(compare_outer_checksums(reference, failing));
    found.extend(compare_inner_checksums(reference, failing));
    found.extend(compare_points(reference, failing));
    found
}

fn counted(
    kind: DifferenceKind,
    (r, ours): (Message, Counted),
    (f, theirs): (Message, Counted),
) -> Difference {
    Difference {
        packets: (ours.packets, theirs.packets),
        reference_evidence: ours.first.into_iter().collect(),
        failing_evidence: theirs.first.into_iter().collect(),
        ..Difference::plain(kind, r, f)
    }
}

/// Kinds of ICMP errors that one set has and the other has not.
fn compare_icmp(reference: &Timelines, failing: &Timelines) -> Vec<Difference> {
    let kinds = |set: &Timelines| -> BTreeMap<(bool, u8, u8), Counted> {
        let habits = set.habits.icmp_errors.iter();
        habits
            .map(|h| ((h.ipv6, h.icmp_type, h.code), h.seen))
            .collect()
    };
    let (ours, theirs) = (kinds(reference), kinds(failing));
    let all: BTreeSet<&(bool, u8, u8)> = ours.keys().chain(theirs.keys()).collect();
    let difference = |kind: &(bool, u8, u8)| {
        let (r, f) = (ours.get(kind).copied(), theirs.get(kind).copied());
        if r.is_some() == f.is_some() {
            return None;
        }
        let (ipv6, icmp_type, code) = *kind;
        let name = if ipv6 { "ICMPv6" } else { "ICMP" };
        let side = |seen: Option<Counted>| {
            let words = if seen.is_some() {
                message!("{name} errors {icmp_type}/{code}", name, icmp_type, code)
            } else {
                message!("no {name} errors {icmp_type}/{code}", name, icmp_type, code)
            };
            (words, seen.unwrap_or_default())
        };
        Some(counted(DifferenceKind::IcmpErrors, side(r), side(f)))
    };
    all.into_iter().filter_map(difference).collect()
}

fn compare_arp(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let roles = |habits: &[ArpHabit]| -> Vec<Role> { habits.iter().map(|h| h.role).collect() };
    let (ours, theirs) = (
        &reference.habits.unanswered_arp,
        &failing.habits.unanswered_arp,
    );
    let side = |habits: &[ArpHabit]| {
        let names: Vec<&str> = habits.iter().map(|habit| habit.role.name()).collect();
        let words = if names.is_empty() {
            message!("ARP requests are answered")
        } else {
            message!(
                "ARP requests stay unanswered at: {names}",
                names = Message::list(&names, text!(", "))
            )
        };
        let seen = Counted {
            packets: habits.iter().map(|habit| habit.seen.packets).sum(),
            first: habits.iter().find_map(|habit| habit.seen.first),
        };
        (words, seen)
    };
    (roles(ours) != roles(theirs)).then(|| counted(DifferenceKind::Arp, side(ours), side(theirs)))
}

/// Whether tunnels carry a UDP checksum: by most of the packets whose checksum was looked at.
fn compare_outer_checksums(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let habit = |set: &Timelines| {
        let (with, without) = (set.habits.checked_tunnels, set.habits.unchecked_tunnels);
        if with.packets + without.packets == 0 {
            return None;
        }
        Some(if with.packets >= without.packets {
            (message!("tunnels carry a UDP checksum"), with)
        } else {
            (message!("tunnels carry no UDP checksum"), without)
        })
    };
    let (r, f) = (habit(reference)?, habit(failing)?);
    (r.0 != f.0).then(|| counted(DifferenceKind::OuterChecksum, r, f))
}

/// Fewer wrong checksums may be damage by chance.
const FEW_WRONG: u64 = 3;

/// Whether checksums inside of tunnels are wrong: [`FEW_WRONG`] packets or more of one set, and none of the other.
fn compare_inner_checksums(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let (r, f) = (reference.habits.wrong_inside, failing.habits.wrong_inside);
    let one_sided = (r.packets == 0) != (f.packets == 0);
    let side = |wrong: Counted| match wrong.packets {
        0 => (message!("no checksum inside of tunnels is wrong"), wrong),
        _ => (message!("checksums inside of tunnels are wrong"), wrong),
    };
    (one_sided && r.packets.max(f.packets) >= FEW_WRONG)
        .then(|| counted(DifferenceKind::InnerChecksum, side(r), side(f)))
}

/// Roles that one set captured and the other did not.
fn compare_points(reference: &Timelines, failing: &Timelines) -> Option<Difference> {
    let roles = |set: &Timelines| -> BTreeSet<Role> { set.points.iter().map(|p| p.role).collect() };
    let (r, f) = (roles(reference), roles(failing));
    let words = |roles: &BTreeSet<Role>| {
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        message!(
            "captured: {names}",
            names = Message::list(&names, text!(", "))
        )
    };
    (r != f).then(|| Difference::plain(DifferenceKind::Coverage, words(&r), words(&f)))
}
