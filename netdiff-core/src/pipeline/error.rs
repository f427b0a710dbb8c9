//! Why an analysis could not be done.

use crate::extract::ReplayError;
use crate::profile::BaselineError;
use crate::read::{ReadError, SetError, SetRequest};
use crate::select::Unmatched;

/// Why an analysis could not be done. Displays as a message that names the set and the file, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The capture set cannot be used.
    #[error(transparent)]
    Set(SetError),
    /// A file of it cannot be read.
    #[error("{}{reason}", prefix(.set, .reason))]
    Read {
        /// The set, as it was asked for.
        set: String,
        /// Which file, and why.
        reason: ReadError,
    },
    /// A baseline that cannot be used.
    #[error("{file}: {reason}")]
    Baseline {
        /// The file.
        file: String,
        /// Why.
        reason: BaselineError,
    },
    /// Several sets where one is asked for.
    #[error(
        "{file}: a baseline of several sets, which only can be a reference: `netdiff diff {file} FAILING`"
    )]
    Merged {
        /// The file.
        file: String,
    },
    /// A pair of nodes that cannot be one.
    #[error("pair {pair}: {reason}")]
    Pair {
        /// The two, as `REFERENCE=FAILING`.
        pair: String,
        /// What is wrong, with the nodes that there are.
        reason: String,
    },
    /// A selection that names what is not there.
    #[error("nothing can be selected by a name that is not there: {0}")]
    Selection(Unmatched),
    /// A selection that asks for packets, of a set that has none.
    #[error(
        "{file}: a baseline holds no packets, so that `{term}` cannot be told of it: select by protocol, address or port, or \
         give the captures"
    )]
    NoPackets {
        /// The file.
        file: String,
        /// The part of the selection.
        term: String,
    },
    /// Packets of a set that has none.
    #[error("{file}: a baseline holds no packets that could be written; give the captures")]
    Packetless {
        /// The file.
        file: String,
    },
    /// A rule that found nothing.
    #[error("no finding of the rule '{rule}': {found}")]
    NoFinding {
        /// The rule, as it was asked for.
        rule: String,
        /// What there is instead, as a clause.
        found: String,
    },
    /// Packets cannot be read again or written.
    #[error("{set}: {reason}")]
    Extract {
        /// The set, as it was asked for.
        set: String,
        /// What went wrong.
        reason: ReplayError,
    },
}

impl AnalysisError {
    /// A file's name is relative to its set, so the message needs the set.
    pub(super) fn of_set(request: &SetRequest, error: SetError) -> Self {
        match error {
            SetError::File(reason) => Self::of_file(request, reason),
            other => Self::Set(other),
        }
    }

    pub(super) fn of_file(request: &SetRequest, reason: ReadError) -> Self {
        let paths = request.paths.iter().map(|path| path.display().to_string());
        Self::Read {
            set: paths.collect::<Vec<_>>().join(" "),
            reason,
        }
    }
}

/// The set, unless the file's own name says it.
fn prefix(set: &str, reason: &ReadError) -> String {
    if reason.to_string().starts_with(set) {
        String::new()
    } else {
        format!("{set}: ")
    }
}
