//! Prefixes and random mutations of recorded captures, led through all rooms: nothing panics, and whatever comes out keeps its promises.
//!
//! The gate tries a small share, the same on every machine. More, best in a release build:
//!
//!     MUTATIONS=100000 SECONDS=600 cargo test --release -p netdiff-core --test mutations -- --ignored --nocapture
//!
//! | variable | what for |
//! |---|---|
//! | `MUTATIONS` | mutations of each file (100000) |
//! | `WHOLE` | of how many prefixes and mutations one goes the whole way (500) |
//! | `FROM`, `FILES` | the first file, and how many of them (0, all): so a run can be gone on with |
//! | `SECONDS` | when to stop (600), after a file |
//! | `SEED` | other mutations, and the files in another order |
//!
//! Every prefix and mutation of a file is read, decoded and identified; what has the bytes of a packet that was decoded before is not decoded again. Every
//! `WHOLE`th goes on through correlation and rules. A set, with one of its files mutated, goes the way of a
//! user: files on disk, the whole report, all of it rendered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test may fail, tell, and knows how large its own numbers are"
)]

mod common;
#[path = "mutations/light.rs"]
mod light;
#[path = "mutations/mutate.rs"]
mod mutate;

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use netdiff_core::correlate::{
    Disposition, Folding, Journey, StatedAddresses, Timelines, Trust, correlate,
};
use netdiff_core::decode::{DecodeOptions, Packet, decode_packet};
use netdiff_core::diagnose::diagnose;
use netdiff_core::identify::{Evidence, Observer, PrefixLimit};
use netdiff_core::read::PacketReader;
use netdiff_core::types::FileId;
use netdiff_core::{
    AnalysisOptions, SetRequest, TextOptions, render_html, render_json, render_markdown,
    render_text, timelines, trace,
};

use common::{points_of_one_file, testdata};
use light::Light;
use mutate::{Random, mutated};

/// Every file below a folder, sorted.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Captures and whatever else lies in a set or looks like a capture: no scripts and no documents.
fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let is_other = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        ["md", "sh", "py", "mjs", "snap", "toml"].contains(&&*extension)
    };
    let mut files = files_below(folder);
    files.retain(|path| !is_other(path));
    files
}

/// What must hold of timelines, whatever they were made of.
fn check(timelines: &Timelines, files: usize, what: &str) {
    for (point, counts) in timelines.points.iter().zip(&timelines.accounting) {
        assert_eq!(counts.residual(), 0, "{what}: {}: {counts:?}", point.point);
        assert_eq!(counts.packets, point.packets, "{what}: {}", point.point);
    }
    let exists = |evidence: &Evidence| {
        let point = timelines.points.get(evidence.point.index());
        let packets: u64 = timelines.points.iter().map(|point| point.packets).sum();
        evidence.file.index() < files
            && point.is_some_and(|point| point.files.contains(&evidence.file))
            && (1..=packets).contains(&evidence.packet_number.0)
    };
    for flow in &timelines.flows {
        for direction in [&flow.forward, &flow.reply] {
            for journey in &direction.journeys {
                assert!(journey.sightings.iter().all(exists), "{what}: {journey:?}");
                check_loss(timelines, journey, what);
            }
        }
    }
    for finding in diagnose(timelines, &[]) {
        assert!(finding.evidence.iter().all(exists), "{what}: {finding:?}");
    }
}

/// Proven lost means: the next point captured then. Where both are on one clock, its last packet is later.
fn check_loss(timelines: &Timelines, journey: &Journey, what: &str) {
    let Disposition::Lost {
        to,
        trust: Trust::Proven,
        ..
    } = journey.disposition
    else {
        return;
    };
    let next = &timelines.points[to.index()];
    let first = journey.first().unwrap().point;
    let stated = !next.ran.stated.is_empty() || !next.ran.shared.is_empty();
    let captured = match timelines.node(first) == timelines.node(to) {
        true => next.last_time.is_some_and(|last| last >= journey.time),
        false => next.packets > 0,
    };
    assert!(stated || captured, "{what}: {journey:?} at {next:?}");
}

/// Leads bytes through reading, decoding, correlation and rules; `None` where they are no capture.
fn lead(bytes: Vec<u8>, what: &str) -> Option<u64> {
    let mut reader = PacketReader::new("mutated", Box::new(Cursor::new(bytes))).ok()?;
    let mut observer = Observer::new(FileId(0), PrefixLimit(PrefixLimit::MAX));
    let mut packet = Packet::new();
    let mut observations = Vec::new();
    let options = DecodeOptions::default();
    while let Some(raw) = reader.next_packet() {
        decode_packet(
            raw.link_type,
            raw.data,
            raw.original_len,
            &options,
            &mut packet,
        );
        observations.push(observer.observe(&raw, &packet));
    }
    let report = reader.finish();
    assert!(report.damages.len() <= 100, "{what}");
    let (points, _) = observer.finish();
    let count = observations.len() as u64;
    assert_eq!(report.packets, count, "{what}");
    let timelines = correlate(
        points_of_one_file(points),
        &StatedAddresses::default(),
        Folding::default(),
        observations,
    );
    check(&timelines, 1, what);
    Some(count)
}

/// Traces a set from disk, checks it, and renders it.
fn lead_set(folder: &Path, what: &str) {
    let request = SetRequest::of_path(folder);
    let Ok(followed) = timelines(&request, &AnalysisOptions::default()) else {
        return;
    };
    check(&followed.timelines, followed.files.len(), what);
    let report = trace(&request).unwrap();
    for finding in &report.findings {
        let known = |file: &String| followed.files.contains(file);
        assert!(finding.evidence.iter().all(|e| known(&e.file)), "{what}");
    }
    assert!(!render_text(&report, &TextOptions::default()).is_empty());
    assert!(!render_markdown(&report).is_empty());
    render_json(&report).unwrap();
    render_html(&report).unwrap();
}

/// Prefixes of a file: all of a short one, of a long one those around its beginning and a sample of the rest.
fn prefixes(len: usize, most: usize) -> Vec<usize> {
    if len <= most {
        return (0..len).collect();
    }
    let dense = most / 2;
    let step = (len - dense).div_ceil(most - dense);
    (0..dense).chain((dense..len).step_by(step)).collect()
}

#[derive(Default)]
struct Tally {
    files: u64,
    prefixes: u64,
    mutations: u64,
    captures: u64,
    whole: u64,
    slowest: (Duration, String),
}

/// How much is tried of each file.
#[derive(Clone, Copy)]
struct Amount {
    prefixes: usize,
    mutations: usize,
    /// Of how many one goes the whole way.
    whole: u64,
    seed: u64,
}

impl Tally {
    fn one(&mut self, bytes: &[u8], light: &mut Light, whole: bool, what: &dyn Fn() -> String) {
        let timed = |lead: &mut dyn FnMut() -> bool| {
            let begun = Instant::now();
            let is_capture = lead();
            (is_capture, begun.elapsed())
        };
        let (is_capture, mut took) = timed(&mut || light.lead(bytes, what));
        self.captures += u64::from(is_capture);
        if whole {
            let what = what();
            let (again, longer) = timed(&mut || lead(bytes.to_vec(), &what).is_some());
            assert_eq!(is_capture, again, "{what}");
            took += longer;
            self.whole += 1;
        }
        if took > SLOW {
            // Others may have had the processor: the shorter of two times counts.
            took = took.min(timed(&mut || lead(bytes.to_vec(), "again").is_some()).1);
        }
        if took > self.slowest.0 {
            self.slowest = (took, what());
        }
    }

    fn file(&mut self, path: &Path, amount: Amount) {
        let bytes = fs::read(path).unwrap();
        let name = path.display();
        let mut light = Light::of(&bytes);
        self.files += 1;
        let seed = amount.seed;
        for end in prefixes(bytes.len(), amount.prefixes) {
            let what = || format!("{name}, {end} bytes");
            let whole = self.prefixes.is_multiple_of(amount.whole);
            self.one(&bytes[..end], &mut light, whole, &what);
            self.prefixes += 1;
        }
        let mut random = Random::new(seed ^ bytes.len() as u64);
        for number in 0..amount.mutations {
            let what = || format!("{name}, mutation {number} of seed {seed}");
            let whole = self.mutations.is_multiple_of(amount.whole);
            self.one(&mutated(&bytes, &mut random), &mut light, whole, &what);
            self.mutations += 1;
        }
    }
}

/// What no capture of a few kilobytes may take, far above what any does.
const SLOW: Duration = Duration::from_secs(1);

/// What no process that leads one small capture after the other may need, in KiB.
const MOST_MEMORY: u64 = 200 << 10;

#[test]
fn small_captures_survive_prefixes_and_mutations() {
    let mut tally = Tally::default();
    for folder in ["malformed", "packets/containers", "packets/tunnels"] {
        for path in captures_below(&testdata().join(folder)) {
            if fs::metadata(&path).unwrap().len() <= 6_000 {
                let amount = Amount {
                    prefixes: 30,
                    mutations: 30,
                    whole: 1,
                    seed: 1,
                };
                tally.file(&path, amount);
            }
        }
    }
    assert!(tally.files > 20 && tally.captures > 500);
}

#[test]
fn a_set_survives_mutations_of_its_files() {
    let sets = ["example", "scenarios/clusterip-blocked/failing"];
    let mut random = Random::new(7);
    for set in sets {
        let set = testdata().join(set);
        mutate_set(&set, 3, &mut random);
    }
}

/// A copy of a set, one file of which is another each time.
fn mutate_set(set: &Path, times: usize, random: &mut Random) {
    let folder = tempfile::tempdir().unwrap();
    let files = captures_below(set);
    let target = |file: &Path| folder.path().join(file.strip_prefix(set).unwrap());
    for file in &files {
        let copy = target(file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(file, copy).unwrap();
    }
    for number in 0..times {
        let file = &files[random.below(files.len())];
        let bytes = fs::read(file).unwrap();
        fs::write(target(file), mutated(&bytes, random)).unwrap();
        let what = format!("{} in turn {number}", file.display());
        lead_set(folder.path(), &what);
        fs::write(target(file), bytes).unwrap();
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

/// The most memory that this process had, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[test]
#[ignore = "as long as you like"]
fn all_of_testdata() {
    let amount = Amount {
        prefixes: usize::MAX,
        mutations: setting("MUTATIONS", 100_000) as usize,
        whole: setting("WHOLE", 500),
        seed: setting("SEED", 1),
    };
    let budget = Duration::from_secs(setting("SECONDS", 600));
    let from = setting("FROM", 0) as usize;
    let most = setting("FILES", u64::MAX) as usize;
    let files = files_to_change(amount.seed);
    let mut tally = Tally::default();
    let begun = Instant::now();
    for path in files.iter().skip(from).take(most) {
        if begun.elapsed() >= budget {
            break;
        }
        tally.file(path, amount);
    }
    println!(
        "files {from} to {} of {} different ones: {} prefixes, {} mutations, {} of them captures; {} the whole way; \
         slowest {:?} ({}), {} MiB, {:?}",
        from as u64 + tally.files,
        files.len(),
        tally.prefixes,
        tally.mutations,
        tally.captures,
        tally.whole,
        tally.slowest.0,
        tally.slowest.1,
        peak() >> 10,
        begun.elapsed()
    );
    assert!(tally.slowest.0 < SLOW, "{:?}", tally.slowest);
    assert!(peak() < MOST_MEMORY, "{} KiB", peak());
}

/// All captures of testdata whose bytes differ, in an order by a seed.
fn files_to_change(seed: u64) -> Vec<PathBuf> {
    let mut random = Random::new(seed);
    let mut known: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut files = captures_below(&testdata());
    files.retain(|path| known.insert(fs::read(path).unwrap()));
    for left in (1..files.len()).rev() {
        files.swap(left, random.below(left + 1));
    }
    files
}

#[test]
#[ignore = "as long as you like"]
fn sets_of_testdata() {
    let budget = Duration::from_secs(setting("SECONDS", 600));
    let mut random = Random::new(setting("SEED", 1));
    let folders = fs::read_dir(testdata().join("scenarios")).unwrap();
    let mut sets: Vec<PathBuf> = folders
        .flat_map(|folder| {
            let folder = folder.unwrap().path();
            [folder.join("reference"), folder.join("failing")]
        })
        .filter(|set| set.is_dir())
        .collect();
    sets.sort();
    let begun = Instant::now();
    let mut turns = 0;
    while begun.elapsed() < budget {
        let set = &sets[random.below(sets.len())];
        mutate_set(set, 10, &mut random);
        turns += 10;
    }
    println!(
        "{turns} sets with a mutated file of {} sets; {} MiB, {:?}",
        sets.len(),
        peak() >> 10,
        begun.elapsed()
    );
}
