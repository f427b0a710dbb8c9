//! The program `netdiff`: arguments, terminal and exit codes. All packet logic is in `netdiff-core`.

fn main() {}
