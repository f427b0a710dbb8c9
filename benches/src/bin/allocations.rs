//! Shows that reading, decoding and identifying allocate nothing for a packet: `allocations FOLDER`.
//!
//! Counts what the allocator is asked for from the first thousand packets of a file on (window, tables and layers are there by then) to the
//! end of the file. Ends with status 1 if that is anything. Datagrams that come in fragments are kept until they are whole: a set with
//! such has some.

#![allow(clippy::print_stdout, reason = "it prints what it counted")]

use std::alloc::System;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use netdiff_benches::stages::{Stage, take};
use netdiff_benches::yardstick::files;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Packets of each file that are not looked at.
const WARM_UP: u64 = 1_000;

fn main() -> io::Result<ExitCode> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err(io::Error::other("usage: allocations FOLDER"));
    };
    let (mut packets, mut asked) = (0, 0);
    for file in files(Path::new(&folder))? {
        let (mut begin, mut end) = (0, 0);
        let all = take(&[file], Stage::Glance, |nth| {
            end = requests();
            if nth <= WARM_UP {
                begin = end;
            }
        })?;
        packets += all.saturating_sub(WARM_UP);
        asked += end - begin;
    }
    println!("{packets} packets, {asked} allocations");
    Ok(ExitCode::from(u8::from(asked > 0)))
}

/// How often the allocator was asked for memory.
fn requests() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}
