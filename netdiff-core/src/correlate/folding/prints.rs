//! Finds the keys under which one packet was seen: what translates addresses leaves its fingerprint.

use foldhash::{HashMap, HashMapExt as _};
use rayon::prelude::*;

use super::super::rows::Chunk;
use super::super::translation::MAX_EQUAL;
use super::keys::Keys;
use crate::identify::Glance;

/// Fingerprints are compared part by part, so that the table of a part stays in the processor's cache.
const PARTS: usize = 256;

/// The first key that a fingerprint was seen under, and how often it was seen in all.
#[derive(Clone, Copy)]
struct First {
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
    // Captures choose the fingerprints: a hash that they know would let them make all alike.
    let mut firsts: HashMap<u64, First> = HashMap::with_capacity(part.len());
    let mut others: Vec<(u64, u32)> = Vec::new();
    for (print, key) in part {
        let first = firsts.entry(*print);
        let first = first.or_insert(First {
            key: *key,
            count: 0,
        });
        first.count = first.count.saturating_add(1);
        if first.key != *key {
            others.push((*print, *key));
        }
    }
    others.dedup();
    let pair = |(print, key): (u64, u32)| {
        let first = firsts.get(&print)?;
        (first.count as usize <= MAX_EQUAL).then_some((first.key, key))
    };
    others.into_iter().filter_map(pair).collect()
}
