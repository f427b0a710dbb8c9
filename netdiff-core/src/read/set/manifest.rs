//! The manifest `netdiff.toml`: where captures were taken, in the user's own words.
//!
//! ```toml
//! [[capture]]
//! file = "dump1.pcap"        # relative to the manifest, with / separators
//! node = "master"
//! interface = "eth0"         # or "any": the file itself says it
//! role = "uplink"            # optional: pod, bridge, vtep, uplink, loopback, merged
//!
//! [[node]]
//! name = "master"
//! addresses = ["10.33.188.138"]
//!
//! [[pod]]
//! name = "default/web-0"
//! addresses = ["10.244.1.5"]
//! node = "node"              # optional
//!
//! [[service]]
//! name = "default/web"
//! addresses = ["10.96.0.7"]
//!
//! [[translation]]            # never needed: packets tell; it makes one equal packet enough
//! from = "10.96.0.7"         # what goes to or comes from this address ...
//! to = ["10.244.1.5"]        # ... goes on under one of these
//!
//! [[pair]]                   # never needed; read where this is the failing set of a comparison
//! reference = "k8s-node1"    # a node or an address of the reference ...
//! failing = "master"         # ... and the one here that plays its part
//! ```
//!
//! Every other key is an error, but for `ignore`, `fail-on` and `lang`: the program's settings, where it is run in the set's folder.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use super::{InterfaceName, NodeHint};
use crate::read::{ClusterPod, ClusterService, SetError};
use crate::types::{Role, StatedPair, visible};

/// The manifest's file name.
pub(super) const MANIFEST_NAME: &str = "netdiff.toml";

/// Longest manifest, in bytes.
const MAX_MANIFEST_LEN: u64 = 1 << 20;

/// The text of a manifest.
///
/// # Errors
/// Where it cannot be read, is no UTF-8 or too long to be one.
pub(super) fn read_manifest(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source
        .take(MAX_MANIFEST_LEN + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_MANIFEST_LEN {
        let limit = MAX_MANIFEST_LEN >> 20;
        return Err(io::Error::other(format!("is longer than {limit} MiB")));
    }
    Ok(text)
}

/// A manifest, checked but not yet applied.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) captures: Vec<ManifestCapture>,
    pub(super) nodes: Vec<NodeHint>,
    pub(super) pods: Vec<ClusterPod>,
    pub(super) services: Vec<ClusterService>,
    /// Pairs of addresses of which the first is translated to the second.
    pub(super) translations: Vec<(IpAddr, IpAddr)>,
    /// What plays the same part in a reference and here.
    pub(super) pairs: Vec<StatedPair>,
    file: String,
}

/// Where one file was taken.
#[derive(Debug)]
pub(super) struct ManifestCapture {
    /// The file's name relative to the set.
    pub(super) name: String,
    pub(super) node: Box<str>,
    pub(super) interface: InterfaceName,
    pub(super) role: Option<Role>,
    line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    capture: Vec<CaptureEntry>,
    #[serde(default)]
    node: Vec<NodeEntry>,
    #[serde(default)]
    pod: Vec<PodEntry>,
    #[serde(default)]
    service: Vec<ServiceEntry>,
    #[serde(default)]
    translation: Vec<TranslationEntry>,
    /// Settings of the program, where it is run in the set's folder: not for here.
    #[serde(default, rename = "ignore")]
    _ignore: de::IgnoredAny,
    #[serde(default, rename = "lang")]
    _lang: de::IgnoredAny,
    #[serde(default, rename = "fail-on")]
    _fail_on: de::IgnoredAny,
    #[serde(default)]
    pair: Vec<Spanned<PairEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureEntry {
    file: Spanned<String>,
    node: String,
    interface: String,
    role: Option<RoleName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeEntry {
    name: String,
    #[serde(default)]
    addresses: Vec<IpAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PodEntry {
    name: Box<str>,
    addresses: Vec<IpAddr>,
    node: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    name: Box<str>,
    addresses: Vec<IpAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslationEntry {
    from: IpAddr,
    to: Vec<IpAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairEntry {
    reference: String,
    failing: String,
}

struct RoleName(Role);

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Role::from_name(&name).map(Self).ok_or_else(|| {
            de::Error::custom(format!(
                "role `{name}` is none of pod, bridge, vtep, uplink, loopback, merged, unknown"
            ))
        })
    }
}

impl Manifest {
    /// Reads the text of the manifest `file`, whose entries are relative to `folder` (empty, or
    /// ending in `/`) inside the set.
    pub(super) fn parse(text: &str, file: &str, folder: &str) -> Result<Self, SetError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            SetError::Manifest {
                file: file.to_owned(),
                line: line_of(text, at),
                reason: error.message().to_owned(),
            }
        })?;
        let capture = |entry: CaptureEntry| ManifestCapture {
            line: line_of(text, entry.file.span().start),
            name: format!("{folder}{}", entry.file.get_ref().trim_start_matches("./")),
            node: visible(&entry.node).into(),
            interface: InterfaceName::parse(&visible(&entry.interface)),
            role: entry.role.map(|role| role.0),
        };
        let node = |entry: NodeEntry| NodeHint {
            name: visible(&entry.name).into(),
            addresses: entry.addresses,
        };
        let pod = |entry: PodEntry| ClusterPod {
            name: visible(&entry.name).into(),
            node: entry.node.map(|node| visible(&node).into()),
            addresses: entry.addresses,
        };
        let service = |entry: ServiceEntry| ClusterService {
            name: visible(&entry.name).into(),
            addresses: entry.addresses,
        };
        let translation = |entry: TranslationEntry| {
            let from = entry.from;
            entry.to.into_iter().map(move |to| (from, to))
        };
        let pairs = read_pairs(text, file, &document.pair)?;
        let manifest = Self {
            pairs,
            captures: document.capture.into_iter().map(capture).collect(),
            nodes: document.node.into_iter().map(node).collect(),
            pods: document.pod.into_iter().map(pod).collect(),
            services: document.service.into_iter().map(service).collect(),
            translations: document
                .translation
                .into_iter()
                .flat_map(translation)
                .collect(),
            file: file.to_owned(),
        };
        manifest.check()
    }

    fn check(self) -> Result<Self, SetError> {
        let mut placed: BTreeMap<&str, usize> = BTreeMap::new();
        for capture in &self.captures {
            if let Some(line) = placed.insert(&capture.name, capture.line) {
                let reason = format!("file {} was placed in line {line} already", capture.name);
                return Err(self.error(capture, reason));
            }
            if capture.node.is_empty() || capture.node.contains('/') {
                return Err(self.error(capture, "node must be a name without `/`".to_owned()));
            }
        }
        Ok(self)
    }

    /// The error that `capture` names a file that is not in the set.
    pub(super) fn no_such_file(&self, capture: &ManifestCapture) -> SetError {
        let reason = format!(
            "file {} is not in the set; check its spelling",
            capture.name
        );
        self.error(capture, reason)
    }

    fn error(&self, capture: &ManifestCapture, reason: String) -> SetError {
        SetError::Manifest {
            file: self.file.clone(),
            line: capture.line,
            reason,
        }
    }
}

/// The pairs; neither side may be in two of them.
fn read_pairs(
    text: &str,
    file: &str,
    entries: &[Spanned<PairEntry>],
) -> Result<Vec<StatedPair>, SetError> {
    let mut pairs: Vec<StatedPair> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let wrong = |reason: String| SetError::Manifest {
            file: file.to_owned(),
            line: line_of(text, entry.span().start),
            reason,
        };
        let PairEntry { reference, failing } = entry.get_ref();
        let pair = StatedPair::new(reference, failing)
            .map_err(|reason| wrong(format!("pair {reference:?}, {failing:?}: {reason}")))?;
        let mut earlier = entries.iter().take(index);
        let twice = earlier.find(|other| {
            other.get_ref().reference == *reference || other.get_ref().failing == *failing
        });
        if let Some(other) = twice {
            let line = line_of(text, other.span().start);
            return Err(wrong(format!(
                "pair {pair}: one of the two is in the pair of line {line} already"
            )));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_nodes_or_addresses() {
        let text = "[[pair]]\nreference = \"a\"\nfailing = \"b\"\n[[pair]]\nreference = \"10.0.0.1\"\nfailing = \"fd00::1\"\n";
        let manifest = Manifest::parse(text, "netdiff.toml", "").unwrap();
        let pairs: Vec<String> = manifest.pairs.iter().map(ToString::to_string).collect();
        assert_eq!(pairs, ["a=b", "10.0.0.1=fd00::1"]);
    }

    #[test]
    fn translations_are_pairs() {
        let text = "[[translation]]\nfrom = \"10.96.0.7\"\nto = [\"10.244.1.5\", \"10.244.1.6\"]\n";
        let manifest = Manifest::parse(text, "netdiff.toml", "").unwrap();
        let pairs: Vec<String> = manifest
            .translations
            .iter()
            .map(|(from, to)| format!("{from} {to}"))
            .collect();
        assert_eq!(pairs, ["10.96.0.7 10.244.1.5", "10.96.0.7 10.244.1.6"]);
    }

    #[test]
    fn a_manifest_places_files_and_names_addresses() {
        let text = "[[capture]]\nfile = \"./x.pcap\"\nnode = \"master\"\ninterface = \"eth0\"\nrole = \"uplink\"\n\
                    [[node]]\nname = \"master\"\naddresses = [\"10.33.188.138\", \"fd00::1\"]\n";
        let manifest = Manifest::parse(text, "set/netdiff.toml", "sub/").unwrap();
        let [capture] = &manifest.captures[..] else {
            panic!("one capture")
        };
        assert_eq!(capture.name, "sub/x.pcap");
        assert_eq!(capture.role, Some(Role::Uplink));
        assert_eq!(manifest.nodes[0].addresses.len(), 2);
    }

    #[test]
    fn errors_name_line_and_key() {
        let good = "[[capture]]\nfile = \"x.pcap\"\nnode = \"a\"\ninterface = \"eth0\"\n";
        for (text, line, words) in [
            (format!("{good}nod = 1\n"), 5, "unknown field `nod`"),
            (
                format!("{good}role = \"king\"\n"),
                5,
                "role `king` is none of pod",
            ),
            (
                format!("{good}{good}"),
                6,
                "file x.pcap was placed in line 2 already",
            ),
            (
                "[[capture]]\nfile = \"x.pcap\"\n".to_owned(),
                1,
                "missing field `node`",
            ),
            (
                "[[node]]\nname = \"a\"\naddresses = [\"x\"]\n".to_owned(),
                3,
                "IP address",
            ),
            ("\n\n= 3\n".to_owned(), 3, ""),
            (
                "\n[[pair]]\nreference = \"a\"\nfailing = \"10.0.0.1\"\n".to_owned(),
                2,
                "one is an address and the other is not",
            ),
            (
                "[[pair]]\nreference = \"\"\nfailing = \"a\"\n".to_owned(),
                1,
                "one side is missing",
            ),
            (
                "[[pair]]\nreference = \"a\"\nfailing = \"b\"\n[[pair]]\nreference = \"c\"\nfailing = \"b\"\n".to_owned(),
                4,
                "pair c=b: one of the two is in the pair of line 1 already",
            ),
            (
                "[[pair]]\nreference = \"a\"\n".to_owned(),
                1,
                "missing field `failing`",
            ),
        ] {
            let error = Manifest::parse(&text, "netdiff.toml", "")
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(&format!("netdiff.toml, line {line}: ")),
                "{error}"
            );
            assert!(error.contains(words), "{error}");
        }
    }
}
