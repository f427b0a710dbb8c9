//! The recorded scenarios and what each one's `scenario.toml` says must be found.

use std::fs;
use std::path::{Path, PathBuf};

use netdiff_core::{FindingReport, Report, SetName, SetRequest, trace};
use rayon::prelude::*;
use serde::Deserialize;

/// A recorded scenario.
pub struct Scenario {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of the healthy set, where there is one.
    pub reference: Option<String>,
    /// The folder of the other set.
    pub failing: String,
    /// What must be found.
    pub expect: Expect,
}

/// What must be found in the failing set, and nothing else above a note.
#[derive(Deserialize)]
pub struct Expect {
    pub errors: Vec<Expected>,
    pub warnings: Vec<Expected>,
    /// Where packets first differ from the reference's, if that is not where they die.
    #[serde(default)]
    parts: Vec<Segment>,
}

/// One finding.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The rule's name.
    pub rule: String,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    or: Vec<Segment>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Segment {
    from: String,
    to: String,
}

impl Expected {
    /// Every segment that is right, as `node/interface`; empty where the finding has no place.
    pub fn segments(&self) -> Vec<(&str, &str)> {
        let first = self.from.as_deref().zip(self.to.as_deref());
        let others = self.or.iter().map(|s| (s.from.as_str(), s.to.as_str()));
        first.into_iter().chain(others).collect()
    }

    /// Whether a finding is of this rule.
    pub fn names(&self, found: &FindingReport) -> bool {
        found.rule == self.rule
    }

    /// Whether a finding is of this rule, or says that it may be.
    pub fn allows(&self, found: &FindingReport) -> bool {
        self.names(found) || found.alternatives.iter().any(|rule| *rule == self.rule)
    }

    /// Whether a finding has a right place.
    pub fn is_at(&self, found: &FindingReport) -> bool {
        match segment(found) {
            Some((from, to)) => self.segments().contains(&(from.as_str(), to.as_str())),
            None => self.segments().is_empty(),
        }
    }
}

impl Expect {
    /// Where packets first differ from the reference's, as `node/interface`: every segment that is right.
    pub fn parting(&self) -> Vec<(&str, &str)> {
        if self.parts.is_empty() {
            return self.all().flat_map(Expected::segments).collect();
        }
        let parts = self.parts.iter();
        parts.map(|s| (s.from.as_str(), s.to.as_str())).collect()
    }

    /// Errors and warnings.
    pub fn all(&self) -> impl Iterator<Item = &Expected> {
        self.errors.iter().chain(&self.warnings)
    }
}

#[derive(Deserialize)]
struct File {
    sets: Sets,
    expect: Expect,
}

#[derive(Deserialize)]
struct Sets {
    reference: Option<String>,
    failing: String,
}

/// All of them, sorted by name.
pub fn scenarios() -> Vec<Scenario> {
    let mut folders: Vec<PathBuf> = fs::read_dir(super::testdata().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let read = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join("scenario.toml")).unwrap();
        let file: File =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Scenario {
            name: name_of(&folder),
            folder,
            reference: file.sets.reference,
            failing: file.sets.failing,
            expect: file.expect,
        }
    };
    folders.into_iter().map(read).collect()
}

/// Scenarios that are told as differently as any: losses proven, assumed, at random and on services, refusals, loops, tunnels, other addresses, gaps, clocks, nothing.
pub const VARIED: [&str; 14] = [
    "capture-any",
    "capture-gap-one-node",
    "capture-paused",
    "clock-step",
    "clusterip-blocked",
    "forward-reject-dst",
    "hairpin-off",
    "healthy-other-addresses",
    "ipv6-only-broken",
    "loss-random",
    "routing-loop",
    "three-nodes",
    "uncaptured-uplink-blocked",
    "vxlan-8472-blocked",
];

/// The scenario of this name.
pub fn scenario(name: &str) -> Scenario {
    let found = scenarios().into_iter().find(|s| s.name == name);
    found.unwrap_or_else(|| panic!("no scenario {name}"))
}

impl Scenario {
    /// The files of one of its sets, sorted.
    pub fn files(&self, set: &str) -> Vec<PathBuf> {
        let mut files = files_below(&self.folder.join(set));
        files.sort();
        files
    }

    /// The report of one of its sets alone.
    pub fn trace(&self, set: &str) -> Report {
        trace(&SetRequest::of_path(self.folder.join(set))).unwrap()
    }

    /// The report of the failing set without one of its files.
    pub fn trace_without(&self, file: &Path) -> Report {
        let paths = self.files(&self.failing);
        let paths = paths.into_iter().filter(|path| path != file).collect();
        trace(&SetRequest {
            paths,
            points: Vec::new(),
        })
        .unwrap()
    }
}

/// The last part of a path.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// `node/interface` of a capture file that holds one interface alone.
pub fn place_of(file: &Path) -> String {
    let node = name_of(file.parent().unwrap());
    format!("{node}/{}", file.file_stem().unwrap().to_string_lossy())
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}

/// Where a finding says that it is, as `node/interface`.
pub fn segment(found: &FindingReport) -> Option<(String, String)> {
    let segment = found.segment.as_ref()?;
    Some((
        format!("{}/{}", segment.from.node, segment.from.interface),
        format!("{}/{}", segment.to.node, segment.to.interface),
    ))
}

/// What a report finds in the failing set, or in the only one, that is more than a note.
pub fn findings(report: &Report) -> Vec<&FindingReport> {
    let of_set = report
        .findings
        .iter()
        .filter(|f| f.set != SetName::Reference);
    of_set.filter(|f| f.severity != "note").collect()
}

/// `rule from -> to`, for messages.
pub fn describe(found: &FindingReport) -> String {
    let place = segment(found).map_or_else(String::new, |(from, to)| format!(" {from} -> {to}"));
    format!(
        "{} {}{place} {:?}",
        found.severity, found.rule, found.alternatives
    )
}

/// The same for every item, on all processors, in order.
pub fn map_all<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    items.into_par_iter().map(work).collect()
}
