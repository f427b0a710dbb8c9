//! The program `netdiff`: arguments, terminal and exit codes. All packet logic is in `netdiff-core`.

mod arguments;
mod bug;
mod config;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod help_tests;
mod interrupt;
mod judging;
mod locale;
mod manifest;
mod near;
mod output;
mod pager;
mod progress;
mod run;
mod schema;
mod select;
mod shell;
mod taking;
mod whole_file;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    bug::told(
        || run::run(&arguments::Arguments::parse()),
        run::EXIT_TROUBLE,
    )
}
