//! The program `netdiff`: arguments, terminal and exit codes. All packet logic is in `netdiff-core`.

mod arguments;
mod config;
mod judging;
mod manifest;
mod near;
mod output;
mod run;
mod schema;
mod select;
mod taking;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    run::run(&arguments::Arguments::parse())
}
