//! Packets that go on under other addresses.
//!
//! Masquerade, ClusterIP and NodePort rewrite addresses and ports on the way. Flows are not joined across translation yet; what
//! is known here is that a packet that seems to end was seen elsewhere with the same translation-proof
//! fingerprint under another key. Then it was not lost there, and what became of it belongs to the other flow.

use std::collections::HashMap;

use super::conversation::Seen;
use crate::types::{FlowKey, PointId};

/// How many points and keys of equal packets are remembered; what is more common than that identifies nothing.
const MAX_PLACES: usize = 64;

/// All packets of a set by translation-proof fingerprint.
#[derive(Debug, Default)]
pub(super) struct Translations {
    by_print: HashMap<u64, Vec<(PointId, FlowKey)>>,
}

impl Translations {
    pub(super) fn new(seen: &[Seen]) -> Self {
        let mut by_print: HashMap<u64, Vec<(PointId, FlowKey)>> = HashMap::new();
        for s in seen {
            if let Some(print) = s.sighting.fingerprint.translated {
                let places = by_print.entry(print).or_default();
                let place = (s.evidence.point, s.sighting.key);
                if places.len() < MAX_PLACES && !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        Self { by_print }
    }

    /// Whether the packet was seen under another key at a point that did not see it under its own.
    ///
    /// A translation rewrites one end at least and keeps the protocol; an answer is no translation of its question.
    pub(super) fn goes_on(&self, s: &Seen, own_points: impl Fn(PointId) -> bool) -> bool {
        let key = s.sighting.key;
        let others = s
            .sighting
            .fingerprint
            .translated
            .and_then(|print| self.by_print.get(&print));
        others.into_iter().flatten().any(|(point, other)| {
            *other != key
                && *other != key.reversed()
                && other.protocol == key.protocol
                && !own_points(*point)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::seen;
    use super::*;

    #[test]
    fn the_same_packet_under_another_source_goes_on() {
        let (before, after) = (seen(0, 10, 1, 2, 64, 7), seen(1, 11, 9, 2, 63, 7));
        let translations = Translations::new(&[before, after]);
        assert!(translations.goes_on(&before, |point| point == PointId(0)));
    }

    #[test]
    fn neither_another_packet_nor_an_answer_is_a_translation() {
        let question = seen(0, 10, 1, 2, 64, 7);
        let mut answer = seen(1, 11, 2, 1, 64, 7);
        answer.sighting.key = question.sighting.key.reversed();
        for other in [seen(1, 11, 9, 2, 63, 8), answer] {
            let translations = Translations::new(&[question, other]);
            assert!(!translations.goes_on(&question, |point| point == PointId(0)));
        }
    }
}
