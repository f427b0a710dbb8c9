//! How packets fare on a way that they take in both sets: times, rewritten and marked fields, resets, copies, fragments.

use std::collections::BTreeSet;

use super::difference::{Difference, DifferenceKind};
use super::side::Side;
use super::way::{AlignedHop, align};
use crate::correlate::{Field, Hop, Spread};
use crate::identify::Evidence;
use crate::types::{Message, Nanos};

/// Fewer samples say nothing about times.
const ENOUGH: u64 = 5;

/// A time is much longer if its median is this many times what 95 percent of the other set's do not exceed …
const FACTOR: i64 = 10;

/// … and at least this much longer: less is what a busy machine makes of it.
const NOTICEABLE: Nanos = Nanos(20_000_000);

/// Everything but delivery, way and carriage.
pub(super) fn compare_quality(ours: Side<'_>, theirs: Side<'_>) -> Vec<Difference> {
    let lines = align(&ours.steps(), &theirs.steps());
    let both: Vec<(&Hop, &Hop, AlignedHop)> = lines
        .iter()
        .filter_map(|l| Some((ours.hop(l.reference)?, theirs.hop(l.failing)?, *l)))
        .collect();
    let mut found = Vec::new();
    found.extend(compare_translation(ours, theirs));
    found.extend(compare_resets(ours, theirs));
    found.extend(compare_retransmissions(ours, theirs));
    found.extend(compare_fragments(ours, theirs));
    found.extend(
        both.windows(2)
            .filter_map(|pair| compare_delay(theirs, pair)),
    );
    found.extend(compare_ttl(&both));
    found.extend(compare_segment_size(&both));
    found.extend(compare_marks(ours, theirs));
    found.extend(compare_copies(ours, theirs));
    found
}

/// Times from questions to answers; of the whole flow.
pub(super) fn compare_round_trip(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (ours.flow.round_trip?, theirs.flow.round_trip?);
    is_much_longer(r, f).then(|| Difference {
        packets: (r.samples, f.samples),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::RoundTrip, magnitude(r), magnitude(f))
    })
}

/// One way or the other.
fn is_much_longer(r: Spread, f: Spread) -> bool {
    let longer = |short: Spread, long: Spread| {
        long.median.0 >= short.high.0.saturating_mul(FACTOR)
            && long.median.0 - short.high.0 >= NOTICEABLE.0
    };
    r.samples >= ENOUGH && f.samples >= ENOUGH && (longer(r, f) || longer(f, r))
}

/// A median by its magnitude, so that pairs that suffer alike share a difference.
fn magnitude(times: Spread) -> Message {
    let micros = times.median.0 / 1_000;
    let class = match micros {
        ..=999 => message!("under 1 ms"),
        1_000..=9_999 => message!("1 to 10 ms"),
        10_000..=99_999 => message!("10 to 100 ms"),
        100_000..=999_999 => message!("0.1 to 1 s"),
        _ => message!("over 1 s"),
    };
    message!("median {class}", class)
}

fn compare_delay(theirs: Side<'_>, pair: &[(&Hop, &Hop, AlignedHop)]) -> Option<Difference> {
    let [(_, before, from), (r, f, to)] = pair else {
        return None;
    };
    // Only between the same two places, one right behind the other in both sets.
    let next = |a: Option<usize>, b: Option<usize>| a.map(|a| a + 1) == b;
    if !next(from.reference, to.reference) || !next(from.failing, to.failing) {
        return None;
    }
    let (slow, fast) = (f.delay?, r.delay?);
    let sure = slow.bound.0.max(fast.bound.0) < NOTICEABLE.0;
    (sure && is_much_longer(fast.times, slow.times)).then(|| Difference {
        segment: Some((before.point, f.point)),
        packets: (fast.times.samples, slow.times.samples),
        reference_evidence: vec![r.first],
        failing_evidence: theirs.evidence_at(to.failing),
        ..Difference::plain(
            DifferenceKind::Delay,
            magnitude(fast.times),
            magnitude(slow.times),
        )
    })
}

/// Whether addresses are rewritten on the way at all, source or destination.
fn compare_translation(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let fields = |side: Side<'_>| -> BTreeSet<Field> {
        let hops = side.direction().hops.iter();
        hops.flat_map(|hop| &hop.changes)
            .map(|change| change.field)
            .filter(|field| matches!(field, Field::Source | Field::Destination))
            .collect()
    };
    let (r, f) = (fields(ours), fields(theirs));
    let words = |fields: &BTreeSet<Field>| match (
        fields.contains(&Field::Source),
        fields.contains(&Field::Destination),
    ) {
        (false, false) => message!("nothing is rewritten"),
        (true, false) => message!("the source is rewritten"),
        (false, true) => message!("the destination is rewritten"),
        (true, true) => message!("source and destination are rewritten"),
    };
    (r != f).then(|| {
        let at = |side: Side<'_>| -> Vec<Evidence> {
            let hops = side.direction().hops.iter();
            let mut rewriting = hops.filter(|hop| {
                hop.changes
                    .iter()
                    .any(|c| matches!(c.field, Field::Source | Field::Destination))
            });
            rewriting.next().map(|hop| hop.first).into_iter().collect()
        };
        Difference {
            packets: (ours.packets(), theirs.packets()),
            reference_evidence: at(ours),
            failing_evidence: at(theirs),
            ..Difference::plain(DifferenceKind::Translation, words(&r), words(&f))
        }
    })
}

/// Resets in at least half of the connections of one set, and in none of the other's.
fn compare_resets(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let resets = |side: Side<'_>| side.direction().tally.resets;
    let many = |side: Side<'_>| resets(side) * 2 >= side.flow.conversations.max(1);
    let (r, f) = (resets(ours), resets(theirs));
    let differs = (r == 0 && f > 0 && many(theirs)) || (f == 0 && r > 0 && many(ours));
    let words = |n: u64| match n {
        0 => message!("no resets"),
        _ => message!("connections are reset"),
    };
    differs.then(|| Difference {
        packets: (r, f),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Resets, words(r), words(f))
    })
}

/// At least five segments and 5 percent sent again in one set, and at most 1 percent in the other.
fn compare_retransmissions(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let rate = |side: Side<'_>| {
        let tally = &side.direction().tally;
        (tally.sent_again, tally.sent_again * 100 / tally.sent.max(1))
    };
    let (r, f) = (rate(ours), rate(theirs));
    let many = |(again, percent): (u64, u64)| again >= 5 && percent >= 5;
    let few = |(_, percent): (u64, u64)| percent <= 1;
    let words = |rate| {
        if many(rate) {
            message!("over 5 percent of the segments are sent again")
        } else {
            message!("hardly any segment is sent again")
        }
    };
    ((many(f) && few(r)) || (many(r) && few(f))).then(|| Difference {
        packets: (r.0, f.0),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Retransmissions, words(r), words(f))
    })
}

fn compare_fragments(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let (r, f) = (
        ours.direction().tally.fragmented,
        theirs.direction().tally.fragmented,
    );
    let words = |n: u64| match n {
        0 => message!("no packet comes in fragments"),
        _ => message!("packets come in fragments"),
    };
    ((r == 0) != (f == 0)).then(|| Difference {
        packets: (r, f),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Fragmentation, words(r), words(f))
    })
}

/// How much the TTL falls between the first and the last hop that both saw.
fn compare_ttl(both: &[(&Hop, &Hop, AlignedHop)]) -> Option<Difference> {
    let ((first_r, first_f, _), (last_r, last_f, _)) = (both.first()?, both.last()?);
    let fall = |first: &Hop, last: &Hop| {
        let steady = first.ttl.0 == first.ttl.1 && last.ttl.0 == last.ttl.1;
        steady.then(|| i16::from(first.ttl.0) - i16::from(last.ttl.0))
    };
    let (r, f) = (fall(first_r, last_r)?, fall(first_f, last_f)?);
    (r != f).then(|| Difference {
        segment: Some((first_f.point, last_f.point)),
        packets: (last_r.packets, last_f.packets),
        reference_evidence: vec![last_r.first],
        failing_evidence: vec![last_f.first],
        ..Difference::plain(
            DifferenceKind::Ttl,
            message!("the TTL falls by {r}", r),
            message!("the TTL falls by {f}", f),
        )
    })
}

fn compare_segment_size(both: &[(&Hop, &Hop, AlignedHop)]) -> Option<Difference> {
    let differing = both.iter().find(|(r, f, _)| {
        r.maximum_segment_size.is_some()
            && f.maximum_segment_size.is_some()
            && r.maximum_segment_size != f.maximum_segment_size
    });
    let (r, f, _) = differing?;
    let words = |hop: &Hop| match hop.maximum_segment_size {
        Some((least, most)) if least == most => message!("{least} bytes", least),
        Some((least, most)) => message!("{least} to {most} bytes", least, most),
        None => message!("none"),
    };
    Some(Difference {
        packets: (r.packets, f.packets),
        reference_evidence: vec![r.first],
        failing_evidence: vec![f.first],
        ..Difference::plain(DifferenceKind::Mss, words(r), words(f))
    })
}

/// Fields that hops change in one set only, other than addresses and TTL.
fn compare_marks(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let fields = |side: Side<'_>| -> BTreeSet<&'static str> {
        let hops = side.direction().hops.iter();
        hops.flat_map(|hop| &hop.changes)
            .filter(|c| {
                matches!(
                    c.field,
                    Field::Dscp | Field::Ecn | Field::DontFragment | Field::Vlan
                )
            })
            .map(|change| change.field.name())
            .collect()
    };
    let (r, f) = (fields(ours), fields(theirs));
    let words = |fields: &BTreeSet<&'static str>| match fields.len() {
        0 => message!("nothing is marked on the way"),
        _ => message!(
            "changed on the way: {fields}",
            fields = Message::join(fields.iter().map(|field| Message::text(field)), text!(", "))
        ),
    };
    (r != f).then(|| Difference {
        packets: (ours.packets(), theirs.packets()),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Marking, words(&r), words(&f))
    })
}

/// Copies of at least a tenth of the packets at some hop of one set, and nowhere in the other.
fn compare_copies(ours: Side<'_>, theirs: Side<'_>) -> Option<Difference> {
    let copies = |side: Side<'_>| -> u64 {
        let hops = side.direction().hops.iter();
        hops.map(|hop| hop.duplicates.total()).sum()
    };
    let many = |side: Side<'_>| {
        let mut hops = side.direction().hops.iter();
        hops.any(|hop| hop.duplicates.total() * 10 >= hop.packets.max(1))
    };
    let (r, f) = (copies(ours), copies(theirs));
    let differs = (r == 0 && many(theirs)) || (f == 0 && many(ours));
    let words = |n: u64| match n {
        0 => message!("no copies"),
        _ => message!("packets are seen several times at one point"),
    };
    (differs && r != f).then(|| Difference {
        packets: (r, f),
        reference_evidence: ours.evidence_at(Some(0)),
        failing_evidence: theirs.evidence_at(Some(0)),
        ..Difference::plain(DifferenceKind::Duplicates, words(r), words(f))
    })
}
