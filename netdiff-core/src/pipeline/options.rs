//! What a caller may tell the analysis beside the captures.

use crate::correlate::Folding;
use crate::decode::DecodeOptions;
use crate::diff::StatedPairs;
use crate::read::{CaptureSet, Progress};
use crate::select::Selection;
use crate::types::Language;

/// Flows that a report tells one by one, unless it is asked for more.
pub const MAX_FLOWS: usize = 5_000;

/// Options of an analysis. The default is right for most clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalysisOptions {
    /// UDP destination ports that carry VXLAN, beside 8472 (Linux, flannel) and 4789 (IANA).
    ///
    /// On other ports VXLAN is recognized by its contents, where they leave no doubt, and reported as a guess.
    pub vxlan_ports: Vec<u16>,
    /// Nodes and addresses of the reference and of the failing set that belong together, whatever their flows say.
    pub pairs: StatedPairs,
    /// Whether names and addresses are replaced in everything that comes out, see [`anonymize`](crate::profile::anonymize).
    pub anonymize: bool,
    /// What to show; everything without. [`inspect`](crate::inspect) knows no packets and shows everything.
    pub selection: Option<Selection>,
    /// The language of the report's sentences.
    pub language: Language,
    /// How many flows of each set are told one by one, [`MAX_FLOWS`] by default: the worst. The others are counted.
    pub max_flows: usize,
    /// From which size of a set on a few packets stand for many that tell the same. With a selection, every packet is kept.
    pub folding: Folding,
    /// Where to count what is read, for a program that shows how far it has come.
    pub progress: Option<Progress>,
}

impl Default for AnalysisOptions {
    fn default() -> Self {
        Self {
            vxlan_ports: Vec::new(),
            pairs: StatedPairs::default(),
            anonymize: false,
            selection: None,
            language: Language::default(),
            max_flows: MAX_FLOWS,
            folding: Folding::default(),
            progress: None,
        }
    }
}

impl AnalysisOptions {
    /// Counts what is read of a set from now on, if that is asked for.
    pub(super) fn count(&self, set: &mut CaptureSet) {
        if let Some(progress) = &self.progress {
            set.count_in(progress);
        }
    }

    /// A selection asks for packets one by one.
    pub(super) const fn folding(&self) -> Folding {
        match self.selection {
            Some(_) => Folding::NEVER,
            None => self.folding,
        }
    }

    pub(super) fn decode(&self) -> DecodeOptions {
        let mut options = DecodeOptions::default();
        options.vxlan_ports.extend(&self.vxlan_ports);
        options
    }
}
