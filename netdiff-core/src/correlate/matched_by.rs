//! How surely packets were recognized.

use serde::{Deserialize, Serialize};

/// What packets of a direction were recognized by, strongest first; each holds what the ones below hold. All of them count the
/// addresses and ports of the conversation, whatever translates them.
///
/// TCP segments with data, SYN or FIN are matched by sequence numbers instead, since segmentation offload cuts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MatchedBy {
    /// The first bytes of the payload.
    Payload,
    /// The whole transport header.
    Headers,
    /// Length, IPv4 identification and the first 8 bytes behind the IP header: some capture kept no more.
    FirstBytes,
}

impl MatchedBy {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payload => text!("payload"),
            Self::Headers => text!("headers"),
            Self::FirstBytes => text!("first-bytes"),
        }
    }
}
