//! Baseline files: profiles as JSON, versioned, one fact a line, in a stable order, without any payload.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Profile;
use super::findings::FindingEntry;
use super::fold::{MAX_FLOWS, fold};
use super::layout::lay_out;
use crate::correlate::{
    AddressPlan, Clocks, Coverage, FlowTimeline, Habits, Links, NodeId, SetPoint, Timelines,
};
use crate::diagnose::Finding;
use crate::types::{Language, Message, is_shown, visible};

/// The version of a baseline's shape. A file of another version is refused.
pub const BASELINE_VERSION: u32 = 1;

/// Why a text is no baseline that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is no JSON, or not of a baseline's shape.
    #[error("a baseline that cannot be read ({0}): write it anew with `netdiff baseline`")]
    Shape(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "a baseline of version {found}, and this netdiff knows version {BASELINE_VERSION}: write it anew with `netdiff baseline`"
    )]
    Version {
        /// The version that it says.
        found: u32,
    },
    /// It holds no set.
    #[error("a baseline without a set: write it anew with `netdiff baseline`")]
    Empty,
    /// An index in it leads nowhere.
    #[error(
        "a baseline that was changed by hand: {0} names what is not there; write it anew with `netdiff baseline`"
    )]
    Dangling(&'static str),
}

/// What tells a baseline from other JSON: its first key.
const MARK: &str = "netdiff_baseline";

/// The most bytes that a set may take. One that takes more is written with fewer flows.
const MAX_SET_LEN: usize = 180_000;

/// A baseline file, as it is written.
#[cfg(feature = "schema")]
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(title = "netdiff baseline")]
#[allow(dead_code, reason = "its shape is all that counts")]
pub struct BaselineFile {
    /// The version of the shape, 1.
    netdiff_baseline: u32,
    /// Healthy sets; several widen what counts as normal.
    sets: Vec<Entry>,
    /// The program that wrote it, with its version.
    tool: String,
}

#[derive(Deserialize)]
struct File {
    sets: Vec<Entry>,
}

#[derive(Deserialize)]
struct Head {
    netdiff_baseline: u32,
}

/// A set in a baseline. Points and nodes are named by their places in the lists.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Entry {
    label: String,
    nodes: Vec<Box<str>>,
    files: Vec<String>,
    points: Vec<SetPoint>,
    node_of: Vec<NodeId>,
    addresses: AddressPlan,
    names: BTreeMap<IpAddr, String>,
    habits: Habits,
    findings: Vec<FindingEntry>,
    /// Flows that are in no entry of `flows`, since there are too many kinds of them.
    left_out: u64,
    flows: Vec<FlowTimeline>,
    warnings: Vec<String>,
    /// The expression by which it was narrowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selected: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    anonymized: bool,
}

/// Whether a text begins like a baseline: its first 64 characters tell.
#[must_use]
pub fn is_baseline(text: &str) -> bool {
    let start = text.trim_start();
    let start: String = start.chars().take(64).collect();
    start.starts_with('{') && start.contains(MARK)
}

/// The profiles as a baseline, with a final newline. The same profiles give the same bytes.
///
/// # Errors
/// None in practice: the types hold nothing that JSON lacks.
pub fn write_baseline(profiles: &[Profile]) -> Result<String, BaselineError> {
    let entry = |profile: &Profile| -> Result<serde_json::Value, BaselineError> {
        let mut most = MAX_FLOWS;
        loop {
            let value = serde_json::to_value(Entry::of(profile, most))?;
            if most <= 1 || value.to_string().len() <= MAX_SET_LEN {
                return Ok(value);
            }
            most /= 2;
        }
    };
    let sets: Vec<serde_json::Value> = profiles.iter().map(entry).collect::<Result<_, _>>()?;
    // Keys are sorted: the mark comes first.
    Ok(lay_out(&serde_json::json!({
        MARK: BASELINE_VERSION,
        "sets": sets,
        "tool": format!("netdiff {}", env!("CARGO_PKG_VERSION")),
    })))
}

/// The program that wrote a baseline, with its version, if the text says it.
#[must_use]
pub fn baseline_tool(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Written {
        tool: String,
    }
    let written: Written = serde_json::from_str(text).ok()?;
    Some(written.tool)
}

/// The profiles of a baseline.
///
/// # Errors
/// Where the text is no baseline, one of another version, or one whose parts do not fit together.
pub fn read_baseline(text: &str) -> Result<Vec<Profile>, BaselineError> {
    let head: Head = serde_json::from_str(text)?;
    if head.netdiff_baseline != BASELINE_VERSION {
        return Err(BaselineError::Version {
            found: head.netdiff_baseline,
        });
    }
    let file: File = if text.contains("\\u") || !text.chars().all(|c| c == '\n' || is_shown(c)) {
        let mut document: serde_json::Value = serde_json::from_str(text)?;
        make_visible(&mut document);
        serde_json::from_value(document)?
    } else {
        serde_json::from_str(text)?
    };
    if file.sets.is_empty() {
        return Err(BaselineError::Empty);
    }
    file.sets.into_iter().map(Entry::into_profile).collect()
}

/// Makes every text of a document safe to show: a baseline may come from anywhere.
fn make_visible(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) if !text.chars().all(is_shown) => *text = visible(text),
        Value::Array(values) => values.iter_mut().for_each(make_visible),
        Value::Object(fields) => fields.values_mut().for_each(make_visible),
        _ => {}
    }
}

impl Entry {
    fn of(profile: &Profile, most: usize) -> Self {
        let set = &profile.timelines;
        let folded = fold(set, &profile.findings, most);
        let names = folded.names_of(&profile.names);
        Self {
            label: profile.label.clone(),
            nodes: set.nodes.clone(),
            files: profile.files.clone(),
            points: set.points.clone(),
            node_of: set.node_of.clone(),
            addresses: folded.addresses,
            names,
            habits: set.habits.clone(),
            findings: folded.findings.iter().map(FindingEntry::of).collect(),
            left_out: profile.left_out + folded.left_out,
            flows: folded.flows,
            // A baseline is the same whoever writes it: in English.
            warnings: profile
                .warnings
                .iter()
                .map(|warning| warning.render(Language::English))
                .collect(),
            selected: profile.selected.clone(),
            anonymized: profile.anonymized,
        }
    }

    fn into_profile(self) -> Result<Profile, BaselineError> {
        self.check()?;
        let findings: Vec<Finding> = self
            .findings
            .into_iter()
            .filter_map(FindingEntry::into_finding)
            .collect();
        let timelines = Timelines {
            accounting: Vec::new(),
            points: self.points,
            nodes: self.nodes,
            node_of: self.node_of,
            flows: self.flows,
            plan: self.addresses,
            clocks: Clocks::default(),
            coverage: Coverage::default(),
            arp: Vec::new(),
            arp_times: Default::default(),
            links: Links::default(),
            icmp_errors: Vec::new(),
            habits: self.habits,
        };
        Ok(Profile {
            label: self.label,
            files: self.files,
            warnings: self.warnings.into_iter().map(Message::told).collect(),
            names: self.names,
            timelines,
            findings,
            selected: self.selected,
            anonymized: self.anonymized,
            left_out: self.left_out,
            pairs: Vec::new(),
        })
    }

    /// Every index leads somewhere.
    fn check(&self) -> Result<(), BaselineError> {
        let point = |id: crate::types::PointId| id.index() < self.points.len();
        let flows = || self.flows.iter();
        let directions = || flows().flat_map(|flow| [&flow.forward, &flow.reply]);
        if self.node_of.len() != self.points.len()
            || self.node_of.iter().any(|n| n.index() >= self.nodes.len())
        {
            return Err(BaselineError::Dangling("node_of"));
        }
        if !directions()
            .flat_map(|d| &d.hops)
            .all(|hop| point(hop.point))
        {
            return Err(BaselineError::Dangling("a hop"));
        }
        let ends = flows().flat_map(|flow| [flow.initiator.node, flow.responder.node]);
        if ends.flatten().any(|node| node.index() >= self.nodes.len()) {
            return Err(BaselineError::Dangling("a party's node"));
        }
        let segments = self.findings.iter().flat_map(FindingEntry::points);
        if !segments.into_iter().all(point) {
            return Err(BaselineError::Dangling("a finding"));
        }
        Ok(())
    }
}
