//! Writes a capture set of a given size: `generate FOLDER [PACKETS [FLOWS [PODS]]]`, where packets are those that pods send, and pods those of
//! each node.

#![allow(clippy::print_stdout, reason = "it says what it wrote")]

use std::io;
use std::path::Path;

use netdiff_benches::generate::{Shape, generate};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else {
        return Err(io::Error::other(
            "usage: generate FOLDER [PACKETS [FLOWS [PODS]]]",
        ));
    };
    let number = |nth: usize, usual: u64| {
        let stated = arguments.get(nth).map(|text| text.parse::<u64>());
        let stated = stated.transpose();
        stated
            .map(|stated| stated.unwrap_or(usual))
            .map_err(io::Error::other)
    };
    let standard = Shape::standard();
    let packets = number(1, standard.packets)?;
    let flows = number(2, standard.flows.into())?;
    let pods = number(3, standard.pods.into())?;
    let small = |number: u64| u32::try_from(number).map_err(io::Error::other);
    let shape = Shape {
        pods: small(pods)?,
        ..Shape::of(packets, small(flows)?)
    };
    let truth = generate(&shape, Path::new(folder))?;
    println!("{truth:?}");
    Ok(())
}
