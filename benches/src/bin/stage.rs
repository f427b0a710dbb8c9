//! Takes the packets of a set as far as a stage: `stage read|decode|identify|glance FOLDER`. For profilers, and for `instructions`.

#![allow(clippy::print_stdout, reason = "it says how many there were")]

use std::io;
use std::path::Path;

use netdiff_benches::stages::{Stage, take};
use netdiff_benches::yardstick::files;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let stage = arguments.next().and_then(|name| Stage::named(&name));
    let (Some(stage), Some(folder)) = (stage, arguments.next()) else {
        return Err(io::Error::other(
            "usage: stage read|decode|identify|glance FOLDER",
        ));
    };
    let packets = take(&files(Path::new(&folder))?, stage, |_| ())?;
    println!("{packets} packets");
    Ok(())
}
