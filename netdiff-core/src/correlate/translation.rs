//! Links conversations whose packets go on under other addresses, and orders their keys.
//!
//! Masquerade, ClusterIP, NodePort and hairpin rewrite addresses, ports and ICMP identifiers on the way. Fingerprints leave those
//! out, so the same packet has equal fingerprints before and after.
//!
//! # The rule
//! Two conversations are one if enough packets of theirs are equal in everything a translation leaves alone, as deep as both
//! sightings go. Each such packet counts:
//!
//! | packet | weight |
//! |---|---|
//! | TCP, whole header | 3 |
//! | a number of its own (IPv4 identification) and a payload that both show | 2 |
//! | a number of its own, or a payload, but not both | 1, and once for each payload |
//!
//! A weight of [`ENOUGH`] links, both directions together; of a translation that the manifest states, one packet is enough. A pair of sightings on one node must lie within [`LONGEST_STAY`]. If both are
//! seen at one point with the same TTL and the same tunnel, something sent the packet twice: then the two are never linked (a name
//! service asked at two addresses, say), unless the packet comes back to the one who sent it: a bridge in hairpin mode hands it back as it was.
//!
//! # The tie-break
//! Of two conversations that were sent apart and both look like a third, the heavier link holds, of equals none. The heaviest pairs link first; of
//! equals, the first in order of keys. A third conversation joins only if it is linked with each of the others:
//! two clients that one port was given to one after the other stay apart.
//!
//! # In which order
//! A key comes before another if its packets have a higher TTL, else if they are earlier on the same node; if neither tells, in order of
//! keys, which is arbitrary.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::address_plan::StatedAddresses;
use super::conversation::{Conversation, Seen};
use super::linked::Linked;
use super::seen_elsewhere::{SeenElsewhere, deep, differ};
use super::timeline::NodeId;
use crate::identify::Detail;
use crate::types::{Nanos, PointId, Protocol};

/// The weight that links two conversations.
const ENOUGH: u32 = 3;

/// How long a packet may stay on a node.
const LONGEST_STAY: Nanos = Nanos::from_secs(1);

/// Sightings with one fingerprint, beyond which it identifies nothing.
pub(super) const MAX_EQUAL: usize = 64;

/// Keys that one conversation may have: more are never seen on one way.
const MAX_KEYS: usize = 6;

/// A sighting of a conversation and direction.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) conversation: usize,
    pub(super) reply: bool,
    pub(super) seen: &'a Seen,
}

/// What speaks for two conversations being one.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    weight: u32,
    /// Negative where the first one's key comes before the second's.
    order: i64,
    refuted: bool,
}

type Links = BTreeMap<(usize, usize), Link>;

/// Sightings by protocol and short fingerprint.
type Equal<'a> = HashMap<(Protocol, u64), Vec<Entry<'a>>>;

/// Links the conversations of a set; numbers them, and the keys of each.
pub(super) fn link_conversations(
    conversations: Vec<Conversation>,
    node_of: &[NodeId],
    stated: &StatedAddresses,
) -> (Vec<Linked>, SeenElsewhere) {
    let mut elsewhere = SeenElsewhere::default();
    let links = find_links(&conversations, node_of, stated, &mut elsewhere);
    let groups = group(conversations.len(), &links);
    elsewhere.renumber(&groups);
    let mut slots: Vec<Option<Conversation>> = conversations.into_iter().map(Some).collect();
    let mut linked = Vec::with_capacity(groups.len());
    for (number, members) in (0u32..).zip(groups) {
        let ordered = in_order(&members, &links);
        let mut whole = Linked {
            keys: Vec::new(),
            forward: Vec::new(),
            reply: Vec::new(),
        };
        for (stage, member) in (0u8..).zip(ordered) {
            let Some(conversation) = slots.get_mut(member).and_then(Option::take) else {
                continue;
            };
            whole.keys.push(conversation.key);
            let number_it = |mut seen: Seen| {
                (seen.conversation, seen.stage) = (number, stage);
                seen
            };
            whole
                .forward
                .extend(conversation.forward.into_iter().map(number_it));
            whole
                .reply
                .extend(conversation.reply.into_iter().map(number_it));
        }
        linked.push(whole);
    }
    (linked, elsewhere)
}

fn find_links(
    conversations: &[Conversation],
    node_of: &[NodeId],
    stated: &StatedAddresses,
    elsewhere: &mut SeenElsewhere,
) -> Links {
    let (mut equal, mut errors) = (Equal::new(), Equal::new());
    let shared = shared_prints(conversations);
    let is_shared = |entry: &Entry<'_>| shared.contains(&id(entry.seen));
    for entry in entries(conversations).filter(|entry| !shared.is_empty() && is_shared(entry)) {
        let same = if is_error(entry.seen) {
            &mut errors
        } else {
            &mut equal
        };
        same.entry(id(entry.seen)).or_default().push(entry);
    }
    // Translation rewrites what an error quotes, too: its number alone tells that it goes on under another address.
    let numbered = |entry: &Entry<'_>| entry.seen.sighting.identification != 0;
    for (id, entries) in errors {
        if !is_lone(&entries) && entries.iter().all(numbered) {
            elsewhere.note(id, &entries);
        }
    }
    let mut links = Links::new();
    for (id, entries) in equal {
        if is_lone(&entries) {
            continue;
        }
        elsewhere.note(id, &entries);
        let telling = |entry: &Entry<'_>| entry.seen.sighting.fingerprint.telling;
        if entries.iter().all(telling) {
            elsewhere.note_leading(&entries, node_of);
        }
        if entries.len() <= MAX_EQUAL && entries.iter().all(telling) {
            note_equal(&entries, node_of, &mut links);
        }
    }
    links.retain(|(a, b), link| {
        let key = |index: usize| conversations.get(index).map(|c| c.key);
        let is_stated = key(*a)
            .zip(key(*b))
            .is_some_and(|(a, b)| stated.translate(a, b));
        link.refuted || link.weight >= ENOUGH || is_stated
    });
    without_rivals(&links)
}

/// All sightings, in order of conversations.
fn entries(conversations: &[Conversation]) -> impl Iterator<Item = Entry<'_>> {
    let all = conversations.iter().enumerate();
    all.flat_map(|(conversation, both)| {
        let entry = move |reply, seen| Entry {
            conversation,
            reply,
            seen,
        };
        let forward = both.forward.iter().map(move |s| entry(false, s));
        forward.chain(both.reply.iter().map(move |s| entry(true, s)))
    })
}

const fn is_error(seen: &Seen) -> bool {
    matches!(seen.sighting.detail, Detail::IcmpError { .. })
}

const fn id(seen: &Seen) -> (Protocol, u64) {
    (seen.sighting.key.protocol, seen.sighting.fingerprint.short)
}

/// What sightings of more than one conversation have; those of one alone are no concern here, and they are nearly all.
fn shared_prints(conversations: &[Conversation]) -> HashSet<(Protocol, u64)> {
    let mut first: HashMap<(Protocol, u64), usize> = HashMap::new();
    let mut shared: HashSet<(Protocol, u64)> = HashSet::default();
    for entry in entries(conversations) {
        let known = *first.entry(id(entry.seen)).or_insert(entry.conversation);
        if known != entry.conversation {
            shared.insert(id(entry.seen));
        }
    }
    shared
}

/// Whether all are of one conversation.
fn is_lone(entries: &[Entry<'_>]) -> bool {
    let first = entries.first().map(|entry| entry.conversation);
    entries
        .iter()
        .all(|entry| Some(entry.conversation) == first)
}

/// The links that nothing refutes. Two conversations that were sent apart cannot both be one with a third: the heavier link holds, of equals none.
fn without_rivals(links: &Links) -> Links {
    let mut partners: BTreeMap<usize, Vec<(usize, u32)>> = BTreeMap::new();
    for ((a, b), link) in links.iter().filter(|(_, link)| !link.refuted) {
        partners.entry(*a).or_default().push((*b, link.weight));
        partners.entry(*b).or_default().push((*a, link.weight));
    }
    let apart = |a: usize, b: usize| links.get(&(a.min(b), a.max(b))).is_some_and(|l| l.refuted);
    let has_rival = |one: usize, other: usize, weight: u32| {
        let rivals = partners.get(&one).into_iter().flatten();
        rivals
            .into_iter()
            .any(|(rival, its)| *rival != other && *its >= weight && apart(*rival, other))
    };
    let holds = |(pair, link): &(&(usize, usize), &Link)| {
        let (a, b) = **pair;
        !link.refuted && !has_rival(a, b, link.weight) && !has_rival(b, a, link.weight)
    };
    let kept = links.iter().filter(holds);
    kept.map(|(pair, link)| (*pair, *link)).collect()
}

/// Notes the sightings under different keys of packets that look the same at first.
fn note_equal(entries: &[Entry<'_>], node_of: &[NodeId], links: &mut Links) {
    // A packet counts once, however many points saw it. Those without a number differ in their payload alone.
    let mut found: BTreeMap<(usize, usize, Option<u64>), Link> = BTreeMap::new();
    for a in entries {
        for b in entries.iter().filter(|b| b.conversation > a.conversation) {
            if a.reply != b.reply {
                continue;
            }
            let Some(weight) = agreement(a.seen, b.seen) else {
                continue;
            };
            let full = |entry: &Entry<'_>| entry.seen.sighting.fingerprint.full;
            let print = full(a).filter(|_| full(b).is_some());
            let id = (a.conversation, b.conversation, print);
            let link = found.entry(id).or_default();
            match compare(a.seen, b.seen, node_of) {
                Comparison::SentTwice => link.refuted = true,
                Comparison::Unrelated => {}
                Comparison::Order(order) => {
                    link.weight = link.weight.max(weight);
                    link.order += if a.reply { -order } else { order };
                }
            }
        }
    }
    for ((a, b, _), link) in found {
        let all = links.entry((a, b)).or_default();
        all.weight = all.weight.saturating_add(link.weight);
        all.order += link.order;
        all.refuted |= link.refuted;
    }
}

/// How much it says that two sightings have the same short fingerprint; `None` where deeper ones differ.
pub(super) fn agreement(a: &Seen, b: &Seen) -> Option<u32> {
    let (ours, theirs) = (deep(&a.sighting.fingerprint), deep(&b.sighting.fingerprint));
    if differ(ours, theirs) {
        return None;
    }
    let numbered = a.sighting.identification != 0;
    let (headers, full) = (ours.0.zip(theirs.0), ours.1.zip(theirs.1));
    Some(match a.sighting.key.protocol {
        Protocol::TCP if headers.is_some() => 3,
        _ if numbered && full.is_some() => 2,
        _ => 1,
    })
}

pub(super) enum Comparison {
    SentTwice,
    /// Too far apart in time.
    Unrelated,
    /// Negative where the first comes first.
    Order(i64),
}

pub(super) fn compare(a: &Seen, b: &Seen, node_of: &[NodeId]) -> Comparison {
    let node = |point: PointId| node_of.get(point.index());
    let (ttl_a, ttl_b) = (i64::from(a.sighting.ttl), i64::from(b.sighting.ttl));
    let same_node = node(a.evidence.point) == node(b.evidence.point);
    if same_node && (b.time - a.time).0.unsigned_abs() > LONGEST_STAY.0.unsigned_abs() {
        return Comparison::Unrelated;
    }
    let (key_a, key_b) = (a.sighting.key, b.sighting.key);
    let comes_back = key_a.source == key_b.destination || key_b.source == key_a.destination;
    if a.evidence.point == b.evidence.point
        && ttl_a == ttl_b
        && a.sighting.tunnel == b.sighting.tunnel
        && !comes_back
    {
        return Comparison::SentTwice;
    }
    let by_time = if same_node {
        a.time.cmp(&b.time) as i64
    } else {
        0
    };
    Comparison::Order(2 * (ttl_b - ttl_a).signum() + by_time)
}

/// Groups that are linked each with each, in order of their first member.
fn group(count: usize, links: &Links) -> Vec<Vec<usize>> {
    let mut group_of: Vec<usize> = (0..count).collect();
    let mut members: Vec<Vec<usize>> = (0..count).map(|i| vec![i]).collect();
    let mut by_weight: Vec<(&(usize, usize), &Link)> = links.iter().collect();
    by_weight.sort_by_key(|(pair, link)| (std::cmp::Reverse(link.weight), **pair));
    for (&(a, b), _) in by_weight {
        let (Some(&into), Some(&from)) = (group_of.get(a), group_of.get(b)) else {
            continue;
        };
        let (Some(ours), Some(theirs)) = (members.get(into), members.get(from)) else {
            continue;
        };
        let linked = |x: usize, y: usize| links.contains_key(&(x.min(y), x.max(y)));
        let all_linked = ours.iter().all(|x| theirs.iter().all(|y| linked(*x, *y)));
        if into == from || !all_linked || ours.len() + theirs.len() > MAX_KEYS {
            continue;
        }
        let moved = members
            .get_mut(from)
            .map(std::mem::take)
            .unwrap_or_default();
        for member in &moved {
            if let Some(group) = group_of.get_mut(*member) {
                *group = into;
            }
        }
        if let Some(ours) = members.get_mut(into) {
            ours.extend(moved);
        }
    }
    members.retain(|members| !members.is_empty());
    members.iter_mut().for_each(|m| m.sort_unstable());
    members.sort();
    members
}

/// The member that the fewest come before, and so on.
fn in_order(members: &[usize], links: &Links) -> Vec<usize> {
    let before = |a: usize, b: usize| -> i64 {
        let order = |pair| links.get(&pair).map_or(0, |link| link.order.signum());
        if a < b { order((a, b)) } else { -order((b, a)) }
    };
    let mut left = members.to_vec();
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(next) = left.iter().copied().min_by_key(|a| {
        let behind: i64 = left.iter().map(|b| before(*a, *b).max(0)).sum();
        (behind, *a)
    }) {
        left.retain(|member| *member != next);
        ordered.push(next);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::super::conversation::group_conversations;
    use super::super::testing::{one_node, seen};
    use super::*;

    fn link(sightings: &[Seen]) -> Vec<Linked> {
        link_conversations(
            group_conversations(sightings.to_vec()),
            &one_node(4),
            &StatedAddresses::default(),
        )
        .0
    }

    #[test]
    fn the_same_packet_under_another_source_is_one_conversation() {
        // Pod 8 is masqueraded as 1, whose key sorts first.
        let linked = link(&[
            seen(0, 10, 8, 2, 64, 7),
            seen(1, 11, 1, 2, 63, 7),
            seen(0, 20, 8, 2, 64, 6),
            seen(1, 21, 1, 2, 63, 6),
        ]);
        assert_eq!(linked.len(), 1);
        let keys: Vec<_> = linked[0].keys.iter().map(|k| k.source).collect();
        let address = super::super::testing::address;
        assert_eq!(keys, [address(8), address(1)]);
        assert_eq!(
            linked[0]
                .forward
                .iter()
                .map(|s| s.stage)
                .collect::<Vec<_>>(),
            [0, 0, 1, 1]
        );
    }

    #[test]
    fn another_packet_is_no_translation() {
        assert_eq!(
            link(&[seen(0, 10, 8, 2, 64, 7), seen(1, 11, 1, 2, 63, 8)]).len(),
            2
        );
    }

    #[test]
    fn what_one_point_sees_twice_was_sent_twice() {
        let linked = link(&[
            seen(0, 10, 8, 2, 64, 7),
            seen(0, 11, 8, 3, 64, 7),
            seen(1, 12, 8, 3, 63, 7),
        ]);
        assert_eq!(linked.len(), 2);
    }

    #[test]
    fn a_packet_of_an_unlinked_conversation_is_known_elsewhere() {
        let other = |print| {
            let mut s = seen(1, 11, 1, 2, 63, print);
            // Without a number of its own, one packet is not enough.
            s.sighting.identification = 0;
            s
        };
        let mut lone = seen(0, 10, 8, 2, 64, 7);
        lone.sighting.identification = 0;
        let sightings = vec![lone, other(7)];
        let (linked, elsewhere) = link_conversations(
            group_conversations(sightings.clone()),
            &one_node(4),
            &StatedAddresses::default(),
        );
        assert_eq!(linked.len(), 2);
        let s = linked[1].forward[0];
        assert!(elsewhere.goes_on(&s, |point| point == s.evidence.point));
        let address = super::super::testing::address;
        let stated = StatedAddresses {
            translations: vec![(address(8), address(1))],
            ..StatedAddresses::default()
        };
        let (linked, _) = link_conversations(group_conversations(sightings), &one_node(4), &stated);
        assert_eq!(linked.len(), 1, "one packet is enough where it is stated");
    }

    #[test]
    fn two_clients_of_one_translated_port_stay_apart() {
        let linked = link(&[
            seen(0, 10, 8, 2, 64, 7),
            seen(1, 11, 1, 2, 63, 7),
            seen(0, 20, 8, 2, 64, 6),
            seen(1, 21, 1, 2, 63, 6),
            seen(0, 30, 9, 2, 64, 5),
            seen(1, 31, 1, 2, 63, 5),
            seen(0, 40, 9, 2, 64, 4),
            seen(1, 41, 1, 2, 63, 4),
        ]);
        assert_eq!(linked.len(), 2, "{linked:?}");
        assert_eq!(linked.iter().map(|l| l.keys.len()).max(), Some(2));
    }
}
