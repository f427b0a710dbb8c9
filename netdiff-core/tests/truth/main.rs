//! A generator with known truth: clusters are simulated, their captures written as files and read as a user would, and what
//! netdiff says of each packet is held against what became of it.
//!
//! `family` says what is tried, `judge` what counts as wrong, `known` what could be known at all. A failing case is shrunk and printed
//! with the claims that are wrong. Cases are the same on every run; `TRUTH_SEED` tries others, `PROPTEST_CASES` more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test may fail, speak, and knows how large its own numbers are"
)]

mod claim;
mod cutting;
mod family;
mod figures;
mod judge;
mod known;
mod ledger;
mod packet;
mod recording;
mod rng;
mod spec;
mod tcp;
mod topology;
mod traffic;
mod transit;
mod world;

use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use family::{Family, worlds};
use judge::{Judgment, judge};
use netdiff_core::{AnalysisOptions, SetRequest, timelines};
use spec::WorldSpec;

/// What a case gave: the judgment, and packets in its files.
fn try_case(spec: &WorldSpec) -> (Judgment, u64) {
    let ledger = world::run(spec);
    let folder = tempfile::tempdir().unwrap();
    let recording = recording::record(spec, &ledger, folder.path());
    if recording.names.is_empty() {
        return (Judgment::default(), 0);
    }
    let request = SetRequest::of_path(folder.path());
    let followed = timelines(&request, &AnalysisOptions::default()).unwrap();
    if std::env::var_os("TRUTH_KEEP").is_some() {
        eprintln!("kept in {}", folder.keep().display());
    }
    (
        judge(spec, &ledger, &recording, &followed.timelines),
        recording.frames,
    )
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn runner(family: Family, cases: u32) -> TestRunner {
    let config = proptest::test_runner::Config {
        cases,
        max_shrink_iters: 3000,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    };
    let mut seed = [family as u8; 32];
    let wanted = number("TRUTH_SEED").unwrap_or(20);
    seed[..8].copy_from_slice(&wanted.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// No case of a family gives a wrong claim. With `TRUTH_STRICT`, no untrue assumption either.
fn check(family: Family) {
    let cases = number("PROPTEST_CASES").map_or(120, |n| n as u32);
    let result = runner(family, cases).run(&worlds(family), |spec| {
        let (mut judgment, _) = try_case(&spec);
        if std::env::var_os("TRUTH_STRICT").is_some() {
            judgment.wrong.append(&mut judgment.assumed);
        }
        if judgment.wrong.is_empty() {
            Ok(())
        } else {
            Err(TestCaseError::fail(judgment.wrong.join("\n")))
        }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn plain() {
    check(Family::Plain);
}

#[test]
fn loss() {
    check(Family::Loss);
}

#[test]
fn offload() {
    check(Family::Offload);
}

#[test]
fn fragments() {
    check(Family::Fragments);
}

#[test]
fn translation() {
    check(Family::Translation);
}

#[test]
fn clocks() {
    check(Family::Clocks);
}

#[test]
fn windows() {
    check(Family::Windows);
}

#[test]
fn snap_lengths() {
    check(Family::SnapLengths);
}

#[test]
fn copies() {
    check(Family::Copies);
}

#[test]
fn trouble() {
    check(Family::Trouble);
}

#[test]
fn everything() {
    check(Family::Everything);
}
