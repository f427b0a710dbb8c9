//! What makes `netdiff diff` and `netdiff trace` fail, and what they pass over.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use clap::builder::PossibleValuesParser;
use netdiff_core::{AnalysisOptions, FailOn, Ignore, MAX_FLOWS, Progress};

use crate::arguments::whole_number;
use crate::config::{Config, anonymous, idle_configs, read_config};
use crate::language::said;
use crate::near::unknown_item;

#[derive(Debug, Args)]
pub(crate) struct Judging {
    /// What makes the exit status 1; several, with commas, are joined [default: difference]
    #[arg(long, value_name = "LEVEL", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(FailOn::NAMES))]
    fail_on: Vec<String>,
    /// Pass over findings of a rule, or differences of a kind: everywhere, or at a place (NODE/INTERFACE, */uplink), between two
    /// (A..B), for flows (tcp/8080), or with these values (REFERENCE..FAILING); may be given several times
    #[arg(long = "ignore", value_name = "RULE|KIND[=WHERE]")]
    ignores: Vec<String>,
    /// Read fail-on and what to ignore from this file [default: netdiff.toml in the current folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no settings
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
    /// Tell at most so many flows of a set one by one, the worst first, and count the others
    #[arg(long, value_name = "N", value_parser = whole_number, default_value_t = MAX_FLOWS)]
    max_flows: usize,
    /// Write no report: the exit status tells, and standard error what went wrong
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What is in force: the command line and the file together.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) fail_on: FailOn,
    pub(crate) ignores: Vec<Ignore>,
}

impl Judging {
    /// With what it says of the report.
    pub(crate) fn reported(&self, options: AnalysisOptions) -> AnalysisOptions {
        AnalysisOptions {
            max_flows: self.max_flows,
            progress: (!self.quiet).then(Progress::default),
            ..options
        }
    }

    /// Reads the settings. For `fail-on` the command line wins; what is ignored adds up.
    ///
    /// # Errors
    /// Where the file or the command line has something that is no setting.
    pub(crate) fn settings(&self, sets: &[&Path], anonymize: bool) -> anyhow::Result<Settings> {
        let config = if self.no_config {
            Config::default()
        } else {
            for idle in idle_configs(sets, self.config.as_deref()) {
                let file = idle.display();
                let words = said!(
                    "the settings in {file} are not in force; they are with --config {file}",
                    file
                );
                anstream::eprintln!("netdiff: {words}");
            }
            read_config(self.config.as_deref())?
        };
        let asked = self.fail_on.iter().filter_map(|name| FailOn::named(name));
        let mut ignores = config.ignores;
        for what in &self.ignores {
            let ignore = Ignore::parse(what).map_err(|error| {
                anyhow!(
                    "{}",
                    said!(
                        "--ignore {what}: {error}",
                        what,
                        error = unknown_item(&error)
                    )
                )
            })?;
            ignores.push(ignore);
        }
        Ok(Settings {
            fail_on: asked
                .reduce(FailOn::or)
                .or(config.fail_on)
                .unwrap_or_default(),
            ignores: if anonymize {
                anonymous(ignores)?
            } else {
                ignores
            },
        })
    }
}
