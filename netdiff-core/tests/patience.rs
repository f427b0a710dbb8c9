//! Dense captures are folded soon after they were read; a clock that is put forward meanwhile must not make packets look lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::Path;

use netdiff_core::correlate::{Direction, Folding};
use netdiff_core::{AnalysisOptions, SetRequest, timelines};

/// Folds from a few packets on, again and again.
const SOON: Folding = Folding {
    from: 500,
    each: 4,
    crossings: 16,
    late_ns: 100_000_000,
};

const MILLISECOND: u64 = 1_000_000;
const START: u64 = 1_700_000_000_000 * MILLISECOND;

/// A UDP datagram between two hosts, forth or back, with a number of its own.
fn frame(port: u16, forth: bool, number: u16) -> Vec<u8> {
    let (from, to) = if forth { (1, 2) } else { (2, 1) };
    let mut frame = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0];
    let [id0, id1] = number.to_be_bytes();
    frame.extend([0x45, 0, 0, 36, id0, id1, 0, 0, 64, 17, 0, 0]);
    frame.extend([10, 0, 0, from, 10, 0, 0, to]);
    let ports = if forth { [port, 9_000] } else { [9_000, port] };
    frame.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    frame.extend([0, 16, 0, 0, 1, 2, 3, 4, 5, 6, id0, id1]);
    frame
}

/// Ten seconds of conversations, one after the other, each a packet every few milliseconds, at two nodes. After seven seconds the
/// second one's clock is put forward.
fn record(folder: &Path, forward: u64) {
    for (node, clock) in [("near", false), ("far", true)] {
        let mut bytes: Vec<u8> = Vec::new();
        for word in [0xA1B2_3C4D_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            bytes.extend(word.to_le_bytes());
        }
        for number in 0..2_500_u16 {
            let sent = u64::from(number) * 4 * MILLISECOND;
            let port = 40_000 + number / 100;
            let (forth, nth) = (number % 2 == 0, u64::from(number % 2));
            let way = if (node == "far") == forth { 200_000 } else { 0 };
            let step = if clock && sent >= 7_000 * MILLISECOND {
                forward
            } else {
                0
            };
            let time = START + sent + way + step + nth;
            let frame = frame(port, forth, number + 1);
            let len = u32::try_from(frame.len()).unwrap();
            let (seconds, rest) = (time / 1_000_000_000, time % 1_000_000_000);
            for word in [seconds, rest].map(|word| u32::try_from(word).unwrap()) {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend(len.to_le_bytes());
            bytes.extend(len.to_le_bytes());
            bytes.extend(frame);
        }
        fs::create_dir_all(folder.join(node)).unwrap();
        fs::write(folder.join(node).join("eth0.pcap"), bytes).unwrap();
    }
}

/// What became of a direction's packets, with how many they are.
fn counted(direction: &Direction) -> String {
    let ends = direction.tally.ends.iter();
    let ends: Vec<String> = ends
        .map(|(disposition, end)| format!("{disposition:?}: {}", end.packets))
        .collect();
    let hops: Vec<u64> = direction.hops.iter().map(|hop| hop.packets).collect();
    format!("{} {ends:?} {hops:?}", direction.tally.sent)
}

#[test]
fn a_clock_that_is_put_forward_loses_no_packet() {
    for forward in [0, 300, 900, 1_500, 1_900] {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), forward * MILLISECOND);
        let request = SetRequest::of_path(folder.path());
        let [(whole, all), (folded, left)] = [Folding::NEVER, SOON].map(|folding| {
            let options = AnalysisOptions {
                folding,
                ..AnalysisOptions::default()
            };
            let flows = timelines(&request, &options).unwrap().timelines.flows;
            let directions = || flows.iter().flat_map(|flow| [&flow.forward, &flow.reply]);
            let journeys: usize = directions().map(|d| d.journeys.len()).sum();
            (directions().map(counted).collect::<Vec<_>>(), journeys)
        });
        assert_eq!(whole, folded, "put forward by {forward} ms");
        assert!(left < all, "{left} of {all} packets are kept");
    }
}
