//! Packets that were seen in several conversations, whether or not those could be linked.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::conversation::Seen;
use super::timeline::NodeId;
use super::translation::{Comparison, Entry, MAX_EQUAL, agreement, compare};
use crate::identify::{Detail, Fingerprint};
use crate::types::{PointId, Protocol};

/// A point, the conversation that it saw a packet in, the TTL that it had there, and what else it told.
type Sight = (PointId, u32, u8, Deep);

/// The deeper two of a packet's fingerprints, where they were captured.
pub(super) type Deep = (Option<u64>, Option<u64>);

pub(super) fn deep(print: &Fingerprint) -> Deep {
    (print.headers, print.full)
}

/// Whether sightings with one short fingerprint are of two packets all the same.
pub(super) fn differ(a: Deep, b: Deep) -> bool {
    let apart = |a: Option<u64>, b: Option<u64>| a.zip(b).is_some_and(|(a, b)| a != b);
    apart(a.0, b.0) || apart(a.1, b.1)
}

/// Packets that were seen in several conversations, whether or not those could be linked.
///
/// One that seems to end, and was seen elsewhere in another conversation, may have gone on there: it was not lost. Of packets that
/// look like many others (no number, and no payload that both points have), any other may be the same.
#[derive(Debug, Default)]
pub(super) struct SeenElsewhere {
    /// Conversations and directions (reply or not) some of whose packets were certainly seen later in another one.
    leading_on: HashSet<(u32, bool)>,
    by_print: HashMap<(Protocol, u64), Vec<Sight>>,
}

impl SeenElsewhere {
    pub(super) fn note(&mut self, id: (Protocol, u64), entries: &[Entry<'_>]) {
        let places: BTreeSet<Sight> = entries
            .iter()
            .map(|entry| {
                let number = u32::try_from(entry.conversation).unwrap_or(u32::MAX);
                let sighting = &entry.seen.sighting;
                // Translation rewrites what an error quotes: only its number stays.
                let print = match sighting.detail {
                    Detail::IcmpError { .. } => (None, None),
                    _ => deep(&sighting.fingerprint),
                };
                (entry.seen.evidence.point, number, sighting.ttl, print)
            })
            .collect();
        self.by_print.insert(id, places.into_iter().collect());
    }

    /// Notes conversations that one of these sightings, of one packet, shows before another. What leads there leads back the other way.
    pub(super) fn note_leading(&mut self, entries: &[Entry<'_>], node_of: &[NodeId]) {
        for a in entries.iter().take(MAX_EQUAL) {
            for b in entries.iter().take(MAX_EQUAL) {
                if a.conversation != b.conversation
                    && a.reply == b.reply
                    && agreement(a.seen, b.seen).is_some()
                    && matches!(compare(a.seen, b.seen, node_of), Comparison::Order(..=-1))
                {
                    let number = |entry: &Entry<'_>| u32::try_from(entry.conversation);
                    self.leading_on
                        .extend(number(a).ok().map(|number| (number, a.reply)));
                    self.leading_on
                        .extend(number(b).ok().map(|number| (number, !a.reply)));
                }
            }
        }
    }

    /// Turns indexes of conversations into the numbers of the groups that they belong to.
    pub(super) fn renumber(&mut self, groups: &[Vec<usize>]) {
        let mut number_of: HashMap<usize, u32> = HashMap::new();
        for (number, members) in (0u32..).zip(groups) {
            number_of.extend(members.iter().map(|member| (*member, number)));
        }
        let number = |conversation: u32| number_of.get(&(conversation as usize)).copied();
        for (_, conversation, ..) in self.by_print.values_mut().flatten() {
            *conversation = number(*conversation).unwrap_or(*conversation);
        }
        let leading = self.leading_on.iter();
        self.leading_on = leading
            .filter_map(|(c, reply)| Some((number(*c)?, *reply)))
            .collect();
    }

    /// Whether packets of a conversation are known to go on in another: then the address that it names is not where they end.
    pub(super) fn leads_on(&self, conversation: u32, reply: bool) -> bool {
        self.leading_on.contains(&(conversation, reply))
    }

    /// Whether the packet was seen in another conversation at a point that did not see it in its own, or with a lower TTL: there it came
    /// through again.
    pub(super) fn goes_on(&self, s: &Seen, own_points: impl Fn(PointId) -> bool) -> bool {
        let id = (s.sighting.key.protocol, s.sighting.fingerprint.short);
        let others = self.by_print.get(&id).into_iter().flatten();
        others.into_iter().any(|(point, number, ttl, print)| {
            let later = !own_points(*point) || *ttl < s.sighting.ttl;
            *number != s.conversation && later && !differ(*print, deep(&s.sighting.fingerprint))
        })
    }
}
