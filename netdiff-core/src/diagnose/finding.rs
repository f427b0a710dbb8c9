//! The door of the room.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::correlate::NodeId;
use crate::identify::Evidence;
use crate::types::{Message, PointId};

/// A rule's name: kebab-case, stable, as in the catalogue of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub &'static str);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad a finding is. Errors sort first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Traffic fails.
    Error,
    /// Harm is likely.
    Warning,
    /// Merely unusual.
    Note,
}

impl Severity {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => text!("error"),
            Self::Warning => text!("warning"),
            Self::Note => text!("note"),
        }
    }
}

/// How sure a finding is of its cause. It follows from the evidence alone:
///
/// 1. **Low** if every loss that it rests on is on an assumption ([`Trust::Assumed`](crate::correlate::Trust)), if fewer than
///    three packets show it and nothing marks it, or if the rule itself says that it names a place and no cause.
/// 2. **High** if its *mark* was seen (something in the packets that none of its alternatives leaves) and no alternative remains.
/// 3. **Medium** otherwise: it fits, and nothing that would mark another cause was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The packets prove it.
    High,
    /// By exclusion, or with alternatives.
    Medium,
    /// On an assumption, or on very few packets.
    Low,
}

impl Confidence {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => text!("high"),
            Self::Medium => text!("medium"),
            Self::Low => text!("low"),
        }
    }
}

/// A possible cause and how to find out whether it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What may be wrong.
    pub cause: Message,
    /// What to do or run to confirm it.
    pub confirm: Message,
}

/// What a rule found. Rules make it with a `Draft`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence: what and where.
    pub title: Message,
    /// The last point that saw the packets, and the next captured one that should have.
    pub segment: Option<(PointId, PointId)>,
    /// Other rules whose cause these captures cannot exclude, likelier first.
    pub alternatives: Vec<RuleId>,
    /// Indexes of the flows that it is about, in the timelines.
    pub flows: Vec<usize>,
    /// Packets that show it, the most telling first.
    pub evidence: Vec<Evidence>,
    /// What was seen, with counts, and what follows from it: a sentence an entry.
    pub explanation: Vec<Message>,
    /// What would show that it is wrong: a sentence an entry.
    pub refuted_by: Vec<Message>,
    /// Possible causes, likelier first.
    pub causes: Vec<Cause>,
    /// What helps, in order of preference.
    pub remedy: Vec<Message>,
    /// The one capture that would split what remains possible; `None` where no capture would.
    pub capture_next: Option<Message>,
    /// The losses that this explains.
    pub explained: Vec<Explained>,
}

impl Finding {
    /// Whether the losses that it is about belong to how networks work, however many they are. That a finding is a note says less: a
    /// warning that the reference shows as well is one, and so is a loss that nothing proves.
    #[must_use]
    pub fn is_harmless_loss(&self) -> bool {
        self.rule == super::rules::first_packet_arp::RULE.id
    }
}

/// A journey that a finding explains, so that no other finding repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Explained {
    /// Index of the flow.
    pub flow: usize,
    /// Whether it is the reply direction.
    pub reply: bool,
    /// Index of the journey in that direction.
    pub journey: usize,
}

/// The most packets that a finding shows.
pub(super) const MAX_EVIDENCE: usize = 8;

/// An ordered pair of nodes.
pub(super) type NodePair = (NodeId, NodeId);
