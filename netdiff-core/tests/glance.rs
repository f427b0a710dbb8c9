//! The short way of usual packets says what the long way says, or nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::testdata;
use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::identify::{Glanced, Glancer, Observation, Observer, PrefixLimit, Subject};
use netdiff_core::read::{PacketReader, RawPacket};
use netdiff_core::types::FileId;

/// Bytes from the start of a packet that are changed, one after the other: all headers.
const CHANGED: usize = 130;

/// Of each file, every so many-th packet is changed.
const EVERY: usize = 97;

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(captures_below(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Both ways of the packets of one file.
struct Ways {
    options: DecodeOptions,
    packet: Packet,
    observer: Observer,
    glancer: Glancer,
    /// Packets that came at a glance.
    glanced: u64,
}

impl Ways {
    fn new(limit: u32) -> Self {
        let options = DecodeOptions::default();
        Self {
            packet: Packet::new(),
            observer: Observer::new(FileId(0), PrefixLimit(limit)),
            glancer: Glancer::new(PrefixLimit(limit), &options),
            options,
            glanced: 0,
        }
    }

    /// Takes a packet both ways, which must agree.
    fn take(&mut self, raw: &RawPacket<'_>, what: &str) {
        let (data, original_len) = (raw.data, raw.original_len);
        decode_packet(
            raw.link_type,
            data,
            original_len,
            &self.options,
            &mut self.packet,
        );
        let goes_on = self.observer.goes_on(raw.interface);
        let long = self.observer.observe(raw, &self.packet);
        if !goes_on {
            return;
        }
        match self.glancer.glance(raw) {
            Some(short) => {
                self.compare(&short, &long, what);
                self.glanced += 1;
            }
            None => self.glancer.learn(&long),
        }
    }

    fn compare(&self, short: &Glanced, long: &Observation, what: &str) {
        let kind = &self.glancer.kinds().all()[short.glance.kind as usize];
        let Subject::Packet(sighting) = long.subject else {
            panic!("{what}: {short:?} is {long:?}");
        };
        assert_eq!(short.glance.sighting(kind), sighting, "{what}");
        assert_eq!(short.glance.evidence(kind), long.evidence, "{what}");
        assert_eq!(short.glance.time(), long.time, "{what}");
        assert_eq!(short.tunneled, sighting.tunnel.is_some(), "{what}");
        let beside = (kind.frame, kind.inner_frame, kind.sent);
        assert_eq!(beside, (long.frame, long.inner_frame, long.sent), "{what}");
        assert_eq!(short.sums.checksums(), long.checksums, "{what}");
        assert_eq!(long.quote, None, "{what}");
    }
}

/// The packets of a file; none where it is no capture.
fn packets(path: &Path, mut each: impl FnMut(&RawPacket<'_>)) {
    let file = fs::File::open(path).unwrap();
    let Ok(mut reader) = PacketReader::new(&path.display().to_string(), Box::new(file)) else {
        return;
    };
    while let Some(raw) = reader.next_packet() {
        each(&raw);
    }
}

#[test]
fn both_ways_say_the_same() {
    let (mut all, mut glanced) = (0u64, 0);
    for path in captures_below(&testdata()) {
        for limit in [0, PrefixLimit::MAX] {
            let mut ways = Ways::new(limit);
            packets(&path, |raw| {
                let what = format!("{} packet {}", path.display(), raw.packet_number);
                ways.take(raw, &what);
                all += 1;
            });
            glanced += ways.glanced;
        }
    }
    assert!(
        glanced > all / 3,
        "{glanced} of {all} packets came at a glance"
    );
}

#[test]
fn both_ways_say_the_same_of_changed_packets() {
    let mut glanced = 0;
    for path in captures_below(&testdata()) {
        let mut ways = Ways::new(PrefixLimit::MAX);
        let mut nth = 0;
        packets(&path, |raw| {
            nth += 1;
            let what = format!("{} packet {}", path.display(), raw.packet_number);
            ways.take(raw, &what);
            if nth % EVERY != 1 {
                return;
            }
            // Its kind is known from here on.
            ways.take(raw, &what);
            let mut bytes = raw.data.to_vec();
            for at in 0..bytes.len().min(CHANGED) {
                for bit in [0x01, 0x10, 0x80] {
                    bytes[at] ^= bit;
                    let changed = RawPacket {
                        data: &bytes,
                        ..*raw
                    };
                    ways.take(&changed, &format!("{what}, byte {at} changed by {bit}"));
                    bytes[at] ^= bit;
                }
                let cut = RawPacket {
                    data: &raw.data[..at],
                    ..*raw
                };
                ways.take(&cut, &format!("{what} cut at {at}"));
            }
        });
        glanced += ways.glanced;
    }
    assert!(
        glanced > 10_000,
        "{glanced} changed packets came at a glance"
    );
}
