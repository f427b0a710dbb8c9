//! How long a packet takes; a benchmark proper is in the workspace's `benches`.

use std::hint::black_box;
use std::time::Instant;

use super::build::flannel;
use super::{DecodeOptions, Packet, decode_packet};
use crate::types::LinkType;

#[test]
#[ignore = "a measurement: run with --release --nocapture"]
#[expect(clippy::print_stdout, reason = "for a person")]
fn nanoseconds_per_tunneled_packet() {
    const ROUNDS: u32 = 100_000;
    let frames: Vec<Vec<u8>> = (0..64).map(|len| flannel(&vec![7; len * 20])).collect();
    let (options, mut packet) = (DecodeOptions::default(), Packet::new());
    let mut best = f64::MAX;
    for _ in 0..100 {
        let start = Instant::now();
        for (frame, _) in frames.iter().cycle().zip(0..ROUNDS) {
            let len = u32::try_from(frame.len()).unwrap();
            decode_packet(
                LinkType::ETHERNET,
                black_box(frame),
                len,
                &options,
                &mut packet,
            );
            black_box(packet.layers().len());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    println!("{best:.1} ns, the best of 100 rounds");
}
