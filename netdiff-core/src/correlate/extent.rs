//! What TCP segments take of the sequence space, and a guess where the capture cut that.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};

use super::conversation::Seen;
use crate::identify::Detail;

/// What a segment takes of the sequence space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) flags: u8,
    pub(super) data_len: u32,
}

/// Whether the capture cut the header.
pub(super) const fn is_cut(s: &Seen) -> bool {
    matches!(
        s.sighting.detail,
        Detail::Tcp {
            header_len: None,
            ..
        }
    )
}

/// Flags and length of data of each segment, as far as they are known.
pub(super) fn extents(seen: &[Seen], indexes: &[usize]) -> Vec<Option<Extent>> {
    let whole = |&index: &usize| match seen.get(index)?.sighting.detail {
        Detail::Tcp {
            flags,
            segment_len,
            header_len: Some(header_len),
            ..
        } => {
            let data_len = segment_len.saturating_sub(u32::from(header_len));
            Some(Extent { flags, data_len })
        }
        _ => None,
    };
    let mut known: Vec<Option<Extent>> = indexes.iter().map(whole).collect();
    let mut sightings = indexes.iter().filter_map(|&i| seen.get(i));
    if sightings.any(is_cut) {
        guess_extents(seen, indexes, &mut known);
    }
    known
}

/// Fills in those of segments whose headers the capture cut.
fn guess_extents(seen: &[Seen], indexes: &[usize], known: &mut [Option<Extent>]) {
    let mut by_print: HashMap<u64, Option<Extent>> = HashMap::new();
    let mut usual: BTreeMap<u8, usize> = BTreeMap::new();
    for (&index, extent) in indexes.iter().zip(known.iter()) {
        let (Some(s), Some(extent)) = (seen.get(index), *extent) else {
            continue;
        };
        if let Detail::Tcp {
            header_len: Some(header_len),
            ..
        } = s.sighting.detail
            && extent.data_len > 0
        {
            *usual.entry(header_len).or_default() += 1;
        }
        // Without a number, an acknowledgment and a FIN look alike.
        by_print
            .entry(s.sighting.fingerprint.short)
            .and_modify(|other| *other = other.filter(|other| *other == extent))
            .or_insert(Some(extent));
    }
    let usual = usual
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .map(|(len, _)| len);
    for (&index, extent) in indexes.iter().zip(known) {
        let Some(s) = seen.get(index).filter(|s| is_cut(s)) else {
            continue;
        };
        let Detail::Tcp { segment_len, .. } = s.sighting.detail else {
            continue;
        };
        let guessed = || {
            let data_len = segment_len.checked_sub(u32::from(usual?))?;
            Some(Extent { flags: 0, data_len })
        };
        let alike = by_print.get(&s.sighting.fingerprint.short).copied();
        *extent = alike.unwrap_or_else(guessed);
    }
}
