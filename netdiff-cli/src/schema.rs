//! `netdiff schema`.

use clap::ValueEnum;
use netdiff_core::{Described, json_schema};

use crate::output::write_bytes;

pub(crate) const SCHEMA_HELP: &str = "\
Examples:
  netdiff schema > report.schema.json
  netdiff schema baseline
  netdiff trace failing/ --format json | check-jsonschema --schemafile report.schema.json -

The same schemas stand in docs/schema of the source. Within a schema version properties are added: readers should not mind further ones.

Exit status: 0 done, 2 could not do the job.";

/// JSON that is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// What `trace` and `diff` write with --format json
    Report,
    /// What `baseline` writes
    Baseline,
    /// What `inspect` writes of captures with --format json
    Inspect,
}

/// Writes a schema to standard output.
pub(crate) fn write_schema(subject: Subject) -> anyhow::Result<()> {
    let schema = json_schema(match subject {
        Subject::Report => Described::Report,
        Subject::Baseline => Described::Baseline,
        Subject::Inspect => Described::Inspection,
    });
    write_bytes(schema.as_bytes())
}
