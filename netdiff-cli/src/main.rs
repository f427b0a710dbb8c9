//! The program `netdiff`: arguments, terminal and exit codes. All packet logic is in `netdiff-core`.

mod arguments;
mod bug;
mod config;
mod help;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod help_tests;
mod interrupt;
mod judging;
mod language;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod language_tests;
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
mod usage;
mod whole_file;

use std::process::ExitCode;

fn main() -> ExitCode {
    let run = || {
        let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
        language::decide(&words);
        run::run(&help::parse(&words))
    };
    bug::told(run, run::EXIT_TROUBLE)
}
