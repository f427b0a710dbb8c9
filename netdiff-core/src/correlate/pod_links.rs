//! Which capture point is the link of which pod.
//!
//! A pod's link shows only packets from or to the pod, and shows those from it before any other point does. So the link of an
//! address is, among the points at which it sends with an untouched TTL and at which it is an end of every packet, the one that sees
//! its packets first (and those to it last); there is none if a bridge of that node sees its packets earlier still,
//! since then they only arrive there, if two points tie, or if two addresses claim one point.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use foldhash::{HashMap, HashMapExt as _, HashSet};
use smallvec::SmallVec;

use super::conversation::Seen;
use super::timeline::NodeId;
use crate::identify::Detail;
use crate::types::{FlowKey, PointId};

/// Packets of an address by which two points are compared: the first ones.
const MAX_COMPARED: usize = 4_096;

/// When a packet was first seen, in nanoseconds, at each of its points, in order of points.
type Times = SmallVec<[(PointId, i64); 4]>;

fn first_at(times: &Times, point: PointId) -> Option<i64> {
    let found = times.binary_search_by_key(&point, |(at, _)| *at).ok()?;
    times.get(found).map(|(_, time)| *time)
}

/// What each point shows of addresses.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// The addresses that are an end of every packet of a point, IPv4 and IPv6 apart: a pod may have both.
    common: BTreeMap<(PointId, bool), BTreeSet<IpAddr>>,
    /// Who sends at a point with an untouched TTL.
    senders: BTreeMap<PointId, BTreeSet<IpAddr>>,
    /// The same, with those in whose name others may have sent.
    possible_senders: BTreeMap<PointId, BTreeSet<IpAddr>>,
    /// Senders for whom the node itself sent there, as cooked headers tell.
    sent: BTreeSet<(PointId, IpAddr)>,
    /// Senders of ARP that came to the node there.
    heard: BTreeSet<(PointId, IpAddr)>,
    /// Every packet: its ends, and when it was first seen at each point.
    packets: Vec<(FlowKey, Times)>,
    /// The packets from or to an address.
    of_address: HashMap<IpAddr, Vec<usize>>,
}

/// The values that Linux, Windows and network gear start with. A path is never 64 hops long in a cluster, so a
/// value that equals one of them has not been touched.
pub(super) const fn has_untouched_ttl(seen: &Seen) -> bool {
    matches!(seen.sighting.ttl, 64 | 128 | 255)
}

impl Ends {
    /// Looks at what was seen outside tunnels. ICMP errors are left out: routers on the way send them.
    pub(super) fn new(seen: &[Seen]) -> Self {
        let mut ends = Self::default();
        let mut places: HashMap<(FlowKey, u64), usize> = HashMap::new();
        let mut senders: HashSet<(PointId, IpAddr, bool, bool)> = HashSet::default();
        let plain = seen.iter().filter(|s| s.sighting.tunnel.is_none());
        for s in plain.filter(|s| !matches!(s.sighting.detail, Detail::IcmpError { .. })) {
            let (point, key) = (s.evidence.point, s.sighting.key);
            let both = [key.source, key.destination];
            ends.common
                .entry((point, key.source.is_ipv4()))
                .and_modify(|c| c.retain(|a| both.contains(a)))
                .or_insert_with(|| BTreeSet::from(both));
            // Firewalls on the way send resets in others' names.
            let sure = !s.may_be_sent_for_others();
            let sender = (point, key.source, s.sent == Some(true), sure);
            if has_untouched_ttl(s) && senders.insert(sender) {
                let possible = ends.possible_senders.entry(point).or_default();
                possible.insert(key.source);
                if s.sent == Some(true) {
                    ends.sent.insert((point, key.source));
                }
                if sure {
                    ends.senders.entry(point).or_default().insert(key.source);
                }
            }
            let place = *places
                .entry((key, s.sighting.fingerprint.short))
                .or_insert_with(|| ends.add_packet(key));
            if let Some((_, times)) = ends.packets.get_mut(place) {
                times.push((point, s.time.0));
            }
        }
        for (_, times) in &mut ends.packets {
            // Of each point the first counts.
            times.sort_by_key(|(at, _)| *at);
            times.dedup_by_key(|(at, _)| *at);
        }
        ends
    }

    /// Adds who sent ARP that came to the node at which point.
    pub(super) fn hearing(mut self, heard: BTreeSet<(PointId, IpAddr)>) -> Self {
        self.heard = heard;
        self
    }

    /// Whether others than an address live behind a point: their ARP came in there.
    pub(super) fn hears_others(&self, point: PointId, address: IpAddr) -> bool {
        let first = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let here = self.heard.range((point, first)..);
        here.take_while(|(heard_at, _)| *heard_at == point)
            .any(|(_, sender)| sender.is_ipv4() == address.is_ipv4() && *sender != address)
    }

    fn add_packet(&mut self, key: FlowKey) -> usize {
        let place = self.packets.len();
        self.packets.push((key, Times::new()));
        for address in [key.source, key.destination] {
            self.of_address.entry(address).or_default().push(place);
        }
        place
    }

    /// Whether any local sender was seen at a point.
    pub(super) fn senders(&self, point: PointId) -> impl Iterator<Item = IpAddr> + '_ {
        self.senders.get(&point).into_iter().flatten().copied()
    }

    /// Whether an address is an end of every packet of a point, and sends there untouched.
    pub(super) fn is_link(&self, point: PointId, address: IpAddr) -> bool {
        let senders = self.senders.get(&point);
        self.is_end_of_all(point, address) && senders.is_some_and(|s| s.contains(&address))
    }

    /// Whether the node itself sends an address' packets there: it is not behind that link.
    pub(super) fn is_on_this_side(&self, point: PointId, address: IpAddr) -> bool {
        self.sent.contains(&(point, address))
    }

    /// The same as [`Self::is_link`], if somebody else may have sent in its name.
    pub(super) fn may_be_link(&self, point: PointId, address: IpAddr) -> bool {
        let senders = self.possible_senders.get(&point);
        self.is_end_of_all(point, address) && senders.is_some_and(|s| s.contains(&address))
    }

    /// Whether an address is an end of every packet of a point.
    pub(super) fn is_end_of_all(&self, point: PointId, address: IpAddr) -> bool {
        let family = (point, address.is_ipv4());
        self.common
            .get(&family)
            .is_some_and(|c| c.contains(&address))
    }

    /// Positive where `a` sees packets from `address` before `b` does, and those to it after.
    fn lead(&self, a: PointId, b: PointId, address: IpAddr) -> i64 {
        let mut balance = 0;
        let places = self.of_address.get(&address).into_iter().flatten();
        let places = places.take(MAX_COMPARED);
        for (key, times) in places.filter_map(|place| self.packets.get(*place)) {
            let (Some(at_a), Some(at_b)) = (first_at(times, a), first_at(times, b)) else {
                continue;
            };
            let later = at_b.cmp(&at_a) as i64;
            balance += if key.source == address { later } else { -later };
        }
        balance
    }

    /// The links of all pods, among `candidates`; `bridges` are points that pods' packets pass after their link.
    pub(super) fn pod_links(
        &self,
        candidates: &BTreeSet<PointId>,
        bridges: &BTreeSet<PointId>,
        node_of: &[NodeId],
    ) -> BTreeMap<IpAddr, PointId> {
        let mut by_address: BTreeMap<(NodeId, IpAddr), Vec<PointId>> = BTreeMap::new();
        for &point in candidates {
            let Some(node) = node_of.get(point.index()) else {
                continue;
            };
            for address in self.senders(point).filter(|a| self.is_link(point, *a)) {
                by_address.entry((*node, address)).or_default().push(point);
            }
        }
        let mut links: BTreeMap<IpAddr, PointId> = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for ((node, address), points) in by_address {
            let here = |p: &&PointId| node_of.get(p.index()) == Some(&node);
            // Who leads all others is led by none: only the last that its predecessor does not lead can be it.
            let leads = |p: PointId, other: PointId| self.lead(p, other, address) > 0;
            let best = points.iter().copied();
            let best = best.reduce(|best, other| if leads(best, other) { best } else { other });
            let first = best.filter(|p| {
                let mut others = points.iter().filter(|other| *other != p);
                let leads = others.all(|other| leads(*p, *other));
                let behind_bridge = bridges
                    .iter()
                    .filter(here)
                    .any(|b| self.lead(*p, *b, address) < 0);
                leads && !behind_bridge
            });
            if let Some(first) = first
                && links.insert(address, first).is_some()
            {
                twice.insert(address);
            }
        }
        // Two pods that talk to each other alone look alike on each other's links: without the other link, nothing tells them apart.
        let mut shared: BTreeMap<(PointId, bool), usize> = BTreeMap::new();
        for (address, point) in &links {
            *shared.entry((*point, address.is_ipv4())).or_default() += 1;
        }
        links.retain(|address, point| shared.get(&(*point, address.is_ipv4())) == Some(&1));
        // The same address on two nodes: neither link can be relied on.
        links.retain(|address, _| !twice.contains(address));
        links
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{address, one_node, seen};
    use super::*;

    fn links(sightings: &[Seen], candidates: &[u32], bridges: &[u32]) -> BTreeMap<IpAddr, PointId> {
        let points = |ids: &[u32]| ids.iter().copied().map(PointId).collect();
        Ends::new(sightings).pod_links(&points(candidates), &points(bridges), &one_node(4))
    }

    #[test]
    fn a_pod_sends_first_at_its_own_link() {
        // Pod 1 at point 0, pod 2 at point 1, their bridge at point 2.
        let there = [
            seen(0, 10, 1, 2, 64, 7),
            seen(2, 11, 1, 2, 64, 7),
            seen(1, 12, 1, 2, 64, 7),
        ];
        let back = [
            seen(1, 20, 2, 1, 64, 8),
            seen(2, 21, 2, 1, 64, 8),
            seen(0, 22, 2, 1, 64, 8),
        ];
        let found = links(&[there, back].concat(), &[0, 1], &[2]);
        assert_eq!(
            found,
            BTreeMap::from([(address(1), PointId(0)), (address(2), PointId(1))])
        );
    }

    #[test]
    fn where_packets_only_arrive_is_not_their_senders_link() {
        // The link of pod 1 was not captured: its packets are seen at the bridge first.
        let sightings = [seen(2, 11, 1, 2, 64, 7), seen(1, 12, 1, 2, 64, 7)];
        assert_eq!(links(&sightings, &[1], &[2]), BTreeMap::new());
    }

    #[test]
    fn a_point_that_others_use_too_is_no_link() {
        let sightings = [seen(0, 10, 1, 9, 64, 7), seen(0, 20, 3, 9, 64, 8)];
        let found = links(&sightings, &[0], &[]);
        assert!(
            !found.contains_key(&address(1)) && !found.contains_key(&address(3)),
            "{found:?}"
        );
    }
}
