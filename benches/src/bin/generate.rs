//! Writes a capture set of a given size: `generate FOLDER [PACKETS [FLOWS]]`, where packets are those that pods send.

#![allow(clippy::print_stdout, reason = "it says what it wrote")]

use std::io;
use std::path::Path;

use netdiff_benches::generate::{Shape, generate};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else {
        return Err(io::Error::other("usage: generate FOLDER [PACKETS [FLOWS]]"));
    };
    let number = |nth: usize| arguments.get(nth).map(|text| text.parse::<u64>());
    let wrong = |_| io::Error::other("PACKETS and FLOWS are numbers");
    let standard = Shape::standard();
    let packets = number(1)
        .transpose()
        .map_err(wrong)?
        .unwrap_or(standard.packets);
    let flows = number(2)
        .transpose()
        .map_err(wrong)?
        .unwrap_or(u64::from(standard.flows));
    let flows = u32::try_from(flows).map_err(io::Error::other)?;
    let truth = generate(&Shape::of(packets, flows), Path::new(folder))?;
    println!("{truth:?}");
    Ok(())
}
