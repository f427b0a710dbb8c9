//! Why a packet was expected where it was.

use serde::{Deserialize, Serialize};

/// On what an expectation rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Other packets of the flow.
    OwnFlow,
    /// Other flows between the same nodes.
    SameClass,
    /// The opposite direction.
    Mirror,
    /// Roles and addresses.
    Roles,
}

impl Basis {
    /// The phrase used in reports.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::OwnFlow => text!("other packets of this flow went on there"),
            Self::SameClass => text!("packets of other flows between the same nodes went on there"),
            Self::Mirror => text!("packets of the opposite direction came through there"),
            Self::Roles => text!("the interfaces' roles and the nodes' addresses say so"),
        }
    }
}
