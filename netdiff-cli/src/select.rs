//! The options that select packets: sugar for one expression.

use crate::language::said;
use anyhow::{Result, anyhow};
use clap::Args;
use netdiff_core::{Message, Selection, SelectionError, text};

/// What stands above the options in the help.
pub(crate) const SELECTION_HEADING: &str = text!("Selection (see `netdiff explain selection`)");

/// Which packets to show; all that is said must hold. `netdiff explain selection` describes the expressions.
#[derive(Debug, Args)]
pub(crate) struct Selecting {
    /// Show only these packets: 'icmp and 10.244.0.4', 'lost and not port 53', 'host default/web-*'
    #[arg(long = "flow", help_heading = SELECTION_HEADING, value_name = "EXPRESSION")]
    flows: Vec<String>,
    /// Only packets seen at this capture point, with * for any characters
    #[arg(long, help_heading = SELECTION_HEADING, value_name = "NODE/INTERFACE")]
    seen_at: Vec<String>,
    /// Only packets not seen there
    #[arg(long, help_heading = SELECTION_HEADING, value_name = "NODE/INTERFACE")]
    not_seen_at: Vec<String>,
    /// Only packets of this protocol; of several, any
    #[arg(long = "protocol", help_heading = SELECTION_HEADING, value_name = "NAME")]
    protocols: Vec<String>,
    /// Only packets from or to this port or range; of several, any
    #[arg(long = "port", help_heading = SELECTION_HEADING, value_name = "PORT")]
    ports: Vec<String>,
    /// Only packets first seen at this time or later: 2026-11-22T10:33:12Z, 10:33:12 (UTC), +5s
    #[arg(long, help_heading = SELECTION_HEADING, value_name = "TIME")]
    since: Option<String>,
    /// Only packets first seen before this time
    #[arg(long, help_heading = SELECTION_HEADING, value_name = "TIME")]
    until: Option<String>,
}

impl Selecting {
    /// The expression that the options say together; `None` if they say nothing.
    ///
    /// # Errors
    /// Where an option's value is not what it takes.
    pub(crate) fn selection(&self) -> Result<Option<Selection>> {
        let mut parts = read("--flow", &self.flows, Selection::parse)?;
        parts.extend(read("--seen-at", &self.seen_at, Selection::seen_at)?);
        let unseen = read("--not-seen-at", &self.not_seen_at, Selection::seen_at)?;
        parts.extend(unseen.into_iter().map(Selection::negated));
        let protocols = read("--protocol", &self.protocols, Selection::protocol)?;
        parts.extend(Selection::any_of(protocols));
        let ports = read("--port", &self.ports, Selection::port)?;
        parts.extend(Selection::any_of(ports));
        parts.extend(read("--since", &self.since, Selection::since)?);
        parts.extend(read("--until", &self.until, Selection::until)?);
        Ok(Selection::all_of(parts))
    }
}

/// Reads the values of an option; an error names it.
fn read<'a>(
    option: &str,
    values: impl IntoIterator<Item = &'a String>,
    parse: fn(&str) -> Result<Selection, SelectionError>,
) -> Result<Vec<Selection>> {
    let read = |value: &String| {
        parse(value).map_err(|error| {
            anyhow!("{}", said!(
                "{option} '{value}', {error}; `netdiff explain selection` describes what can be selected",
                option,
                value,
                error = Message::told(error.to_string())
            ))
        })
    };
    values.into_iter().map(read).collect()
}
