//! What a report says about a selection.

use serde::Serialize;

use super::model::SetName;

/// What was selected, and what is therefore not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SelectionReport {
    /// The expression; `null` where names are replaced.
    pub expression: Option<String>,
    /// Of each set, in the order of the report's sets.
    pub sets: Vec<SelectedReport>,
    /// Findings that touch nothing that is selected.
    pub findings_not_shown: u64,
    /// Differences between flows that are not shown.
    pub differences_not_shown: u64,
    /// What a reader must know of it, as sentences.
    pub notes: Vec<String>,
}

/// How much of a set is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SelectedReport {
    /// Which set.
    pub set: SetName,
    /// Flows that are shown; in a reference those that have a shown counterpart, and those that are selected and have none.
    pub flows: u64,
    /// All flows.
    pub all_flows: u64,
    /// Packets of flows that the expression selects; `null` where the set is a baseline and cannot tell.
    pub packets: Option<u64>,
    /// Packets of all flows. A packet counts once, however many points saw it.
    pub all_packets: u64,
}
