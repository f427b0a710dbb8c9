//! Conversations that translation made look like several.

use super::conversation::Seen;
use crate::types::FlowKey;

/// Conversations that are one, under all their keys.
#[derive(Clone, Debug)]
pub(super) struct Linked {
    /// Initiator to responder, nearest to the initiator first.
    pub(super) keys: Vec<FlowKey>,
    pub(super) forward: Vec<Seen>,
    pub(super) reply: Vec<Seen>,
}

impl Linked {
    /// All sightings, those of the initiator's packets first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Seen> {
        self.forward.iter().chain(&self.reply)
    }

    /// The sightings that have the source which sent them, not one that translation gave them.
    pub(super) fn under_own_source(&self) -> impl Iterator<Item = &Seen> {
        let initiator = self.keys.first().map(|key| key.source);
        let responder = self.keys.last().map(|key| key.destination);
        let of = |seen: &Seen, party| Some(seen.sighting.key.source) == party;
        let forward = self.forward.iter().filter(move |s| of(s, initiator));
        forward.chain(self.reply.iter().filter(move |s| of(s, responder)))
    }
}
