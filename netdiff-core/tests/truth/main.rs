//! A generator with known truth: clusters are simulated, their captures written as files and read as a user would, and what
//! netdiff says of each packet is held against what became of it.
//!
//! `family` says what is tried, `judge` what counts as wrong, `known` what could be known at all. A failing case is shrunk and printed
//! with the claims that are wrong. Cases are the same on every run.
//!
//! | variable | what for |
//! |---|---|
//! | `PROPTEST_CASES` | how many cases a family has |
//! | `TRUTH_SEED` | other cases |
//! | `TRUTH_STRICT` | losses under a condition that is not fulfilled are wrong, too |
//! | `TRUTH_MISSED` | tell what could be known and was not found |
//! | `TRUTH_KEEP` | keep the capture files and tell where |
//! | `TRUTH_CASES`, `TRUTH_FAMILY` | for `figures`: how many cases, and of which family alone |
//! | `TRUTH_SHRINK` | for `figures`: shrink and tell every case with a wrong claim |

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

mod answers;
mod claim;
mod cutting;
mod family;
mod figures;
mod frame;
mod judge;
mod judgment;
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

use netdiff_core::correlate::{Direction, Disposition, Doubt, Folding, Trust, Unmatched};
use netdiff_core::{AnalysisOptions, SetRequest, timelines};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use family::{Family, worlds};
use judge::judge;
use judgment::Judgment;
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

/// The wrong claims of a case. With `TRUTH_STRICT`, losses under a condition that is not fulfilled, too.
fn wrong_of(judgment: &Judgment) -> Vec<String> {
    let mut wrong = judgment.wrong.clone();
    if std::env::var_os("TRUTH_STRICT").is_some() {
        wrong.extend(judgment.assumed.iter().cloned());
    }
    wrong
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

/// No case of a family gives a wrong claim.
fn check(family: Family) {
    let cases = number("PROPTEST_CASES").map_or(120, |n| n as u32);
    let result = runner(family, cases).run(&worlds(family), |spec| {
        let wrong = wrong_of(&try_case(&spec).0);
        if wrong.is_empty() {
            Ok(())
        } else {
            if std::env::var_os("TRUTH_KEEP").is_some() {
                eprintln!("the one before fails");
            }
            Err(TestCaseError::fail(wrong.join("\n")))
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
fn containers() {
    check(Family::Containers);
}

#[test]
fn everything() {
    check(Family::Everything);
}

/// A judge that finds nothing wrong may be blind.
#[test]
fn the_judge_finds_lies() {
    let mut runner = runner(Family::Plain, 20);
    for _ in 0..20 {
        let spec = worlds(Family::Plain)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let ledger = world::run(&spec);
        let folder = tempfile::tempdir().unwrap();
        let recording = recording::record(&spec, &ledger, folder.path());
        let request = SetRequest::of_path(folder.path());
        let mut followed = timelines(&request, &AnalysisOptions::default()).unwrap();
        let mut lies = 0;
        for flow in &mut followed.timelines.flows {
            for direction in [&mut flow.forward, &mut flow.reply] {
                // Nothing is lost in plain worlds.
                for journey in direction.journeys.iter_mut().step_by(2) {
                    journey.disposition = Disposition::Lost {
                        from: journey.first().unwrap().point,
                        to: journey.last().unwrap().point,
                        trust: Trust::Proven,
                    };
                    lies += 1;
                }
                // And these two are not one packet.
                if let [.., a, b] = direction.journeys.as_mut_slice()
                    && let (Some(first), Some(other)) =
                        (a.sightings.first_mut(), b.sightings.first_mut())
                {
                    std::mem::swap(first, other);
                }
            }
        }
        let found = judge(&spec, &ledger, &recording, &followed.timelines).wrong;
        assert!(found.len() >= lies, "{spec:?}: {} of {lies}", found.len());
    }
}

/// What a set tells but for its times: per point and per direction of a flow, line by line.
fn counts_of(request: &SetRequest, folding: Folding) -> Vec<String> {
    let options = AnalysisOptions {
        folding,
        ..AnalysisOptions::default()
    };
    let set = timelines(request, &options).unwrap().timelines;
    let points = set.points.iter().zip(&set.accounting);
    let points = points.map(|(point, counts)| format!("{}: {counts:?}", point.point));
    // Where packets cannot be told apart, each sighting counts for itself.
    let sure = |d: &&Direction| {
        let mut ends = d.tally.ends.keys();
        !ends.any(
            |end| matches!(end, Disposition::Unknown { doubt, .. } if *doubt == Doubt::Ambiguous),
        )
    };
    let directions = set.flows.iter().flat_map(|flow| {
        let name = format!("{:?} {:?}", flow.initiator, flow.responder);
        let both = [&flow.forward, &flow.reply].into_iter().filter(sure);
        both.map(move |d| {
            let hops = d.hops.iter().map(|hop| (hop.point, hop.packets));
            let hops: Vec<_> = hops.collect();
            format!(
                "{name}: {:?}, {hops:?}, {} sent again",
                d.tally.ends, d.tally.sent_again
            )
        })
    });
    points.chain(directions).collect()
}

/// A few packets that stand for many tell what all of them tell.
#[test]
fn folding_changes_no_count() {
    const HARD: Folding = Folding {
        from: 0,
        each: 2,
        crossings: 8,
        late_ns: 0,
    };
    let cases = number("FOLDING_CASES").map_or(15, |n| n as u32);
    for family in Family::ALL {
        let mut runner = runner(family, cases);
        for _ in 0..cases {
            let spec = worlds(family).new_tree(&mut runner).unwrap().current();
            let ledger = world::run(&spec);
            let folder = tempfile::tempdir().unwrap();
            let recording = recording::record(&spec, &ledger, folder.path());
            if recording.names.is_empty() {
                continue;
            }
            let request = SetRequest::of_path(folder.path());
            let whole = counts_of(&request, Folding::NEVER);
            let folded = counts_of(&request, HARD);
            let only = |ours: &[String], theirs: &[String]| -> Vec<String> {
                let ours = ours.iter().filter(|line| !theirs.contains(line));
                ours.cloned().collect()
            };
            let different = (only(&whole, &folded), only(&folded, &whole));
            let same = different.0.is_empty() && different.1.is_empty();
            assert!(same, "{family:?} {spec:?}\n{different:#?}");
        }
    }
}

/// A simulator that writes what no decoder can read proves nothing.
#[test]
fn every_simulated_packet_can_be_read() {
    let mut runner = runner(Family::Fragments, 40);
    for _ in 0..40 {
        let spec = worlds(Family::Fragments)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let ledger = world::run(&spec);
        let folder = tempfile::tempdir().unwrap();
        let recording = recording::record(&spec, &ledger, folder.path());
        let followed = timelines(
            &SetRequest::of_path(folder.path()),
            &AnalysisOptions::default(),
        );
        for counts in followed.unwrap().timelines.accounting {
            let unread = [Unmatched::NotIp, Unmatched::Cut, Unmatched::NoTime];
            let met = unread.iter().any(|why| counts.unmatched.contains_key(why));
            assert!(!met, "{counts:?} of {:?}", recording.names);
        }
    }
}
