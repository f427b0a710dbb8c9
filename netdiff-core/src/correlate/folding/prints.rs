//! Finds the keys under which one packet was seen: what translates addresses leaves its fingerprint.

use rayon::prelude::*;

use super::super::rows::Chunk;
use super::super::translation::MAX_EQUAL;
use super::keys::Keys;
use crate::identify::Glance;

/// Fingerprints are compared part by part, so that the table of a part stays in the processor's cache.
const PARTS: usize = 256;

/// A fingerprint, the first key that it was seen under, and how often it was seen in all; never where that is 0.
#[derive(Clone, Copy, Default)]
struct First {
    print: u64,
    key: u32,
    count: u32,
}

/// Joins the keys under which one packet was seen. `telling` gives the fingerprint and the key of rows that are told from all others.
pub(super) fn join_translated(
    chunks: &[Chunk],
    telling: impl Fn(&Glance) -> Option<(u64, u32)>,
    keys: &mut Keys,
) {
    let all = chunks.iter().map(|chunk| chunk.rows.len()).sum::<usize>();
    let mut parts: Vec<Vec<(u64, u32)>> = Vec::with_capacity(PARTS);
    parts.resize_with(PARTS, || Vec::with_capacity(all / PARTS * 9 / 8));
    for chunk in chunks {
        for print in chunk.rows.iter().filter_map(&telling) {
            let [part, ..] = print.0.to_be_bytes();
            if let Some(part) = parts.get_mut(usize::from(part)) {
                part.push(print);
            }
        }
    }
    let pairs: Vec<Vec<(u32, u32)>> = parts.into_par_iter().map(|part| pairs_in(&part)).collect();
    for (one, other) in pairs.into_iter().flatten() {
        keys.join(one, other);
    }
}

/// The pairs of keys that share a packet.
fn pairs_in(part: &[(u64, u32)]) -> Vec<(u32, u32)> {
    let mut table = vec![First::default(); (part.len() * 2).next_power_of_two()];
    let mut others: Vec<(u64, u32)> = Vec::new();
    for (print, key) in part {
        let Some(first) = slot_of(&mut table, *print) else {
            continue;
        };
        if first.count == 0 {
            (first.print, first.key) = (*print, *key);
        }
        first.count = first.count.saturating_add(1);
        if first.key != *key {
            others.push((*print, *key));
        }
    }
    others.dedup();
    let pair = |(print, key): (u64, u32)| {
        let first = slot_of(&mut table, print)?;
        (first.count as usize <= MAX_EQUAL).then_some((first.key, key))
    };
    others.into_iter().filter_map(pair).collect()
}

/// Where a fingerprint stands in a table that is at most half full, or would stand.
#[inline]
fn slot_of(table: &mut [First], print: u64) -> Option<&mut First> {
    let mask = table.len() - 1;
    // Its bits are spread evenly; the highest are equal in this part.
    let mut place = usize::try_from(print & 0xffff_ffff).unwrap_or(0) & mask;
    while table
        .get(place)
        .is_some_and(|first| first.count > 0 && first.print != print)
    {
        place = (place + 1) & mask;
    }
    table.get_mut(place)
}
