//! Replaces every name and address, consistently: the same one becomes the same everywhere, and addresses that share a prefix still do.
//!
//! What is kept: roles, the usual names of interfaces (eth0, cni0, flannel.1), ports, sizes, times and counts. What is replaced:
//!
//! | what | by |
//! |---|---|
//! | a node's name | `node-1`, `node-2` …, in order of names |
//! | the name of a pod's link | `pod-1` … of its node |
//! | a file's name | node and interface |
//! | what the cluster calls an address | `name-1` …, in order of addresses |
//! | an IP address | another one: each of its bits is turned or not, by what the bits before it are; the kind of network (private, link-local, multicast) is not kept |
//! | a MAC address in a text | a locally administered one, `02:…` |
//! | the set's path | `set` |
//!
//! Texts (findings, warnings, contradictions) are searched for all of these. The turning of bits depends on a fixed key, so that the same set gives the same
//! output; whoever knows an address can check a guess. That protects from reading names and addresses, not from an adversary who guesses them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use xxhash_rust::xxh3::xxh3_64;

use super::Profile;
use crate::correlate::{Direction, Timelines};
use crate::types::Role;

/// Replaces every name and address of a profile.
pub fn anonymize(profile: &mut Profile) {
    let names = Names::of(profile);
    rename_points(&mut profile.timelines, &names);
    "set".clone_into(&mut profile.label);
    profile.anonymized = true;
    if let Some(selected) = &mut profile.selected {
        "an expression that is not told".clone_into(selected);
    }
    profile.files = names.files.clone();
    for warning in &mut profile.warnings {
        warning.rewrite(&|text| names.rewrite(text));
    }
    profile.names = std::mem::take(&mut profile.names)
        .into_iter()
        .map(|(address, name)| (anonymous_address(address), names.rewrite(&name)))
        .collect();
    let plan = &profile.timelines.plan;
    profile.timelines.plan = plan.renamed(anonymous_address);
    for flow in &mut profile.timelines.flows {
        for party in [&mut flow.initiator, &mut flow.responder] {
            party.address = anonymous_address(party.address);
        }
        if let Some(called) = &mut flow.called {
            called.address = anonymous_address(called.address);
        }
        flow.seen_as = flow.seen_as.map(anonymous_address);
        for direction in [&mut flow.forward, &mut flow.reply] {
            change_direction(direction, &names);
        }
    }
    for finding in &mut profile.findings {
        let texts = finding
            .explanation
            .iter_mut()
            .chain(&mut finding.refuted_by)
            .chain(&mut finding.remedy)
            .chain(&mut finding.capture_next)
            .chain([&mut finding.title]);
        for text in texts {
            text.rewrite(&|text| names.rewrite(text));
        }
        for cause in &mut finding.causes {
            for text in [&mut cause.cause, &mut cause.confirm] {
                text.rewrite(&|text| names.rewrite(text));
            }
        }
    }
}

fn change_direction(direction: &mut Direction, names: &Names) {
    direction.journeys.clear();
    for contradiction in &mut direction.contradictions {
        *contradiction = names.rewrite(contradiction);
    }
    let ends = std::mem::take(&mut direction.tally.ends);
    direction.tally.ends = ends
        .into_iter()
        .map(|(end, count)| (end.with_address(anonymous_address), count))
        .collect();
    for hop in &mut direction.hops {
        hop.source = anonymous_address(hop.source);
        hop.destination = anonymous_address(hop.destination);
        if let Some(tunnel) = &mut hop.tunnel {
            tunnel.source = anonymous_address(tunnel.source);
            tunnel.destination = anonymous_address(tunnel.destination);
        }
        hop.reason = names.rewrite(&hop.reason).into();
        for change in &mut hop.changes {
            change.before = names.rewrite(&change.before);
            change.after = names.rewrite(&change.after);
        }
    }
}

fn rename_points(set: &mut Timelines, names: &Names) {
    for (point, name) in set.points.iter_mut().zip(&names.points) {
        point.point.node = name.0.clone().into();
        point.point.interface = name.1.clone().into();
    }
    for (index, node) in set.nodes.iter_mut().enumerate() {
        *node = format!("node-{}", index + 1).into();
    }
}

/// What takes the place of a node's name; `None` for one that the set does not have.
#[must_use]
pub fn anonymous_node(set: &Timelines, name: &str) -> Option<String> {
    let index = set.nodes.iter().position(|node| **node == *name)?;
    Some(format!("node-{}", index + 1))
}

/// The new names.
struct Names {
    /// Node and interface of each point.
    points: Vec<(String, String)>,
    files: Vec<String>,
    /// Old words and new ones, the longest old one first.
    words: Vec<(String, String)>,
}

impl Names {
    fn of(profile: &Profile) -> Self {
        let set = &profile.timelines;
        let mut words: BTreeMap<String, String> = BTreeMap::new();
        for (index, node) in set.nodes.iter().enumerate() {
            words.insert(node.to_string(), format!("node-{}", index + 1));
        }
        let points = point_names(set);
        for (point, (_, interface)) in set.points.iter().zip(&points) {
            if point.role == Role::Pod {
                words.insert(point.point.interface.to_string(), interface.clone());
            }
        }
        let called: BTreeSet<&String> = profile.names.values().collect();
        for (index, name) in called.into_iter().enumerate() {
            words
                .entry(name.clone())
                .or_insert(format!("name-{}", index + 1));
        }
        let files = file_names(profile, &points);
        for (old, new) in profile.files.iter().zip(&files) {
            words.insert(old.clone(), new.clone());
        }
        words.insert(profile.label.clone(), "set".to_owned());
        let mut words: Vec<(String, String)> = words.into_iter().collect();
        words.retain(|(old, _)| !old.is_empty());
        words.sort_by_key(|(old, _)| (std::cmp::Reverse(old.len()), old.clone()));
        Self {
            points,
            files,
            words,
        }
    }

    /// A text with all names and addresses replaced.
    fn rewrite(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut inside = false;
        while let Some(first) = rest.chars().next() {
            // Names and addresses begin where words do.
            let found = if inside {
                None
            } else {
                self.word(rest).or_else(|| address_at(rest))
            };
            match found {
                Some((len, new)) => {
                    out.push_str(&new);
                    inside = true;
                    rest = rest.get(len..).unwrap_or_default();
                }
                None => {
                    out.push(first);
                    inside = is_word(first);
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        out
    }

    /// A known word at the beginning of a text, and its length.
    fn word(&self, text: &str) -> Option<(usize, String)> {
        self.words.iter().find_map(|(old, new)| {
            let behind = text.strip_prefix(old.as_str())?;
            let ends = !behind.chars().next().is_some_and(is_word);
            ends.then(|| (old.len(), new.clone()))
        })
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// `node-1` and the interface's own name, but for pods' links.
fn point_names(set: &Timelines) -> Vec<(String, String)> {
    let mut pods: BTreeMap<u32, u32> = BTreeMap::new();
    let points = set.points.iter().zip(&set.node_of);
    points
        .map(|(point, node)| {
            let interface = if point.role == Role::Pod {
                let nth = pods.entry(node.0).or_default();
                *nth += 1;
                format!("pod-{nth}")
            } else {
                point.point.interface.to_string()
            };
            (format!("node-{}", node.0 + 1), interface)
        })
        .collect()
}

/// After the point that a file belongs to.
fn file_names(profile: &Profile, points: &[(String, String)]) -> Vec<String> {
    let of_point = |file: usize| {
        let owners = profile.timelines.points.iter().zip(points);
        let owner = owners
            .filter(|(point, _)| point.files.iter().any(|id| id.index() == file))
            .map(|(_, name)| name);
        owner.into_iter().next()
    };
    let name = |index: usize| match of_point(index) {
        Some((node, interface)) => format!("{node}/{interface}-{}.pcap", index + 1),
        None => format!("file-{}.pcap", index + 1),
    };
    (0..profile.files.len()).map(name).collect()
}

/// An address at the beginning of a text: its length and what takes its place.
fn address_at(text: &str) -> Option<(usize, String)> {
    let end = text
        .find(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.'))
        .unwrap_or(text.len());
    let token = text.get(..end)?.trim_end_matches(['.', ':']);
    if let Ok(address) = token.parse::<IpAddr>() {
        return Some((token.len(), anonymous_address(address).to_string()));
    }
    if let Some(mac) = mac_at(token) {
        return Some((17, mac));
    }
    // `10.0.0.1:80`: the port stays.
    let (host, _) = token.rsplit_once(':')?;
    let address = host.parse::<Ipv4Addr>().ok()?;
    Some((
        host.len(),
        anonymous_address(IpAddr::V4(address)).to_string(),
    ))
}

fn mac_at(token: &str) -> Option<String> {
    let mac = token.get(..17)?;
    let parts: Vec<&str> = mac.split(':').collect();
    let is_mac = parts.len() == 6
        && parts
            .iter()
            .all(|p| p.len() == 2 && p.chars().all(|c| c.is_ascii_hexdigit()));
    let [a, b, c, d, e, ..] = xxh3_64(mac.as_bytes()).to_be_bytes();
    is_mac.then(|| format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}"))
}

/// What takes the place of an address. Turns its bits, each by what the bits before it are: two addresses share as many leading bits as before.
#[must_use]
pub fn anonymous_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let bits = turn_bits(u128::from(v4.to_bits()) << 96, 32) >> 96;
            // Only 32 bits are left.
            IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(0)))
        }
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(turn_bits(v6.to_bits(), 128))),
    }
}

fn turn_bits(bits: u128, count: u32) -> u128 {
    let mut out = 0;
    for index in 0..count {
        let shift = 127 - index;
        let before = if index == 0 { 0 } else { bits >> (shift + 1) };
        let mut seed = before.to_be_bytes().to_vec();
        seed.push(u8::try_from(index).unwrap_or(u8::MAX));
        let flip = u128::from(xxh3_64(&seed) & 1);
        out |= ((bits >> shift & 1) ^ flip) << shift;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_common_prefixes() {
        let turned = |text: &str| match anonymous_address(text.parse().unwrap()) {
            IpAddr::V4(v4) => v4.to_bits(),
            IpAddr::V6(_) => unreachable!(),
        };
        let (a, b, c) = (
            turned("10.244.1.5"),
            turned("10.244.1.6"),
            turned("10.244.2.5"),
        );
        assert_eq!((a ^ b).leading_zeros(), 30);
        assert_eq!((a ^ c).leading_zeros(), 22);
        assert_ne!(a, 0x0af4_0105);
        assert_eq!(turned("10.244.1.5"), a);
    }

    #[test]
    fn texts_lose_every_name_and_address() {
        let names = Names {
            points: Vec::new(),
            files: Vec::new(),
            words: vec![
                ("master".to_owned(), "node-1".to_owned()),
                ("cni".to_owned(), "node-2".to_owned()),
            ],
        };
        let text = names
            .rewrite("master/cni0 to 10.0.0.1:80, [fd00::1] and 0a:58:0a:f4:01:05; webmaster.");
        assert!(text.starts_with("node-1/cni0 to "), "{text}");
        assert!(text.ends_with("; webmaster."), "{text}");
        for old in ["10.0.0.1", "fd00::1", "0a:58"] {
            assert!(!text.contains(old), "{text}");
        }
        assert!(text.contains(":80, ["), "{text}");
    }
}
