//! Made-up clocks, of which the truth is known.

mod properties;

use super::*;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const SECOND: i64 = 1_000_000_000;
const MILLI: i64 = 1_000_000;
const MICRO: i64 = 1_000;

/// A clock: what it shows at a true time in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    ahead: i64,
    ppb: i64,
    /// When it steps, and by how much.
    step: Option<(i64, i64)>,
}

impl Clock {
    fn at(self, time: i64) -> i64 {
        let drifted = i128::from(time) * i128::from(self.ppb) / i128::from(SECOND);
        let stepped = self
            .step
            .filter(|(when, _)| time >= *when)
            .map_or(0, |(_, size)| size);
        time + self.ahead + stepped + i64::try_from(drifted).unwrap()
    }
}

/// A packet: when it left, and how long it took.
type Packet = (i64, i64);

fn note(
    comparison: &mut ClockComparison,
    (from, of_from): (NodeId, Clock),
    (to, of_to): (NodeId, Clock),
    packets: &[Packet],
) {
    for &(sent, delay) in packets {
        let departure = of_from.at(sent);
        comparison.note(
            from,
            to,
            Timestamp(departure),
            Nanos(of_to.at(sent + delay) - departure),
        );
    }
}

fn compare(a: Clock, b: Clock, there: &[Packet], back: &[Packet]) -> Clocks {
    let mut comparison = ClockComparison::default();
    note(&mut comparison, (A, a), (B, b), there);
    note(&mut comparison, (B, b), (A, a), back);
    comparison.finish()
}

/// A packet each `every`, `count` of them, that take from `least` to nearly twice as long.
fn regular(count: i64, every: i64, begin: i64, least: i64) -> Vec<Packet> {
    (0..count)
        .map(|n| (begin + n * every, least + n * 7_919 % 97 * least / 97))
        .collect()
}

fn estimate(clocks: &Clocks) -> ClockEstimate {
    match clocks.pairs().next().unwrap().known {
        ClocksKnown::Compared(estimate) => estimate,
        other => panic!("{other:?}"),
    }
}

fn holds(offset: ClockOffset, truth: i64) -> bool {
    (offset.offset.0 - truth).abs() <= offset.bound.0
}

#[test]
fn both_directions_bound_the_offset() {
    let mut comparison = ClockComparison::default();
    comparison.note(A, B, Timestamp(0), Nanos(1_000_030));
    comparison.note(A, B, Timestamp(0), Nanos(1_000_020));
    let clocks = comparison.finish();
    assert_eq!(
        clocks.offset_at(A, B, Timestamp(0)),
        None,
        "one direction tells nothing"
    );
    assert_eq!(
        clocks.usual_difference(A, B, Timestamp(0)),
        Some(Nanos(1_000_020))
    );
    assert_eq!(
        clocks.usual_difference(B, A, Timestamp(0)),
        Some(Nanos(-1_000_020))
    );
    assert_eq!(
        clocks.pairs().next().unwrap().known,
        ClocksKnown::OneWay(A, B)
    );
    comparison.note(B, A, Timestamp(1_000_000), Nanos(-999_990));
    let clocks = comparison.finish();
    let offset = clocks.offset_at(A, B, Timestamp(0)).unwrap();
    assert_eq!(offset.offset, Nanos(1_000_005));
    assert!((1_015..1_020).contains(&offset.bound.0), "{offset:?}");
    let back = clocks.offset_at(B, A, Timestamp(1_000_000)).unwrap();
    assert_eq!(back.offset, Nanos(-1_000_005));
}

#[test]
fn chains_compose_at_the_converted_time() {
    let c = NodeId(2);
    let (a, b, of_c) = (
        Clock::default(),
        Clock {
            ahead: 3_600 * SECOND,
            ..Clock::default()
        },
        Clock {
            ahead: -7_200 * SECOND,
            ppb: 100_000,
            step: None,
        },
    );
    let mut comparison = ClockComparison::default();
    let (there, back) = (
        regular(60, SECOND, 0, 50 * MICRO),
        regular(60, SECOND, 5_000, 50 * MICRO),
    );
    for (from, to) in [((A, a), (B, b)), ((B, b), (c, of_c))] {
        note(&mut comparison, from, to, &there);
        note(&mut comparison, to, from, &back);
    }
    let clocks = comparison.finish();
    for time in [0, 30 * SECOND, 59 * SECOND] {
        let offset = clocks.offset_at(A, c, Timestamp(time)).unwrap();
        assert!(holds(offset, of_c.at(time) - time), "{offset:?}");
        assert!(offset.bound.0 < 400 * MICRO, "{offset:?}");
        let back = clocks.offset_at(c, A, Timestamp(of_c.at(time))).unwrap();
        assert!(holds(back, time - of_c.at(time)), "{back:?}");
    }
}

#[test]
fn a_drift_is_told_and_noise_is_not_taken_for_one() {
    let (there, back) = (
        regular(600, SECOND, 0, 50 * MICRO),
        regular(600, SECOND, 9_000, 60 * MICRO),
    );
    for ppb in [0, 20_000, -100_000, 900_000] {
        let b = Clock {
            ahead: -21_600 * SECOND,
            ppb,
            step: None,
        };
        let found = estimate(&compare(Clock::default(), b, &there, &back));
        let drift = found.drift.unwrap_or(ClockDrift {
            ppb: 0,
            error_ppb: 0,
        });
        assert_eq!(found.drift.is_some(), ppb != 0);
        assert!(
            (drift.ppb - ppb).abs() <= drift.error_ppb,
            "{ppb}: {found:?}"
        );
        assert!(
            found.steps.is_empty() && found.contradicting == 0,
            "{found:?}"
        );
    }
}

#[test]
fn a_step_of_either_clock_is_found() {
    let (there, back) = (
        regular(100, 100 * MILLI, 0, 50 * MICRO),
        regular(100, 100 * MILLI, 9_000, 60 * MICRO),
    );
    for size in [
        -3_600 * SECOND,
        -2 * SECOND,
        -MILLI,
        MILLI,
        2 * SECOND,
        3_600 * SECOND,
    ] {
        let steps = Clock {
            ahead: 5,
            ppb: 10_000,
            step: Some((5_050 * MILLI, size)),
        };
        for (a, b, grown) in [
            (Clock::default(), steps, size),
            (steps, Clock::default(), -size),
        ] {
            let found = estimate(&compare(a, b, &there, &back));
            let [step] = found.steps.as_slice() else {
                panic!("{size}: {found:?}")
            };
            assert!(
                (step.size.0 - grown).abs() <= step.bound.0,
                "{size}: {found:?}"
            );
            let by = if found.by == A { a } else { b };
            assert!(
                step.after.0 <= by.at(5_050 * MILLI - 1),
                "{size}: {found:?}"
            );
            assert!(by.at(5_050 * MILLI) <= step.before.0, "{size}: {found:?}");
            assert!(step.before.0 - step.after.0 <= size.abs() + 200 * MILLI);
        }
    }
}

#[test]
fn a_clock_that_is_slewed_did_not_step() {
    // 500 ppm for 20 s of 60.
    let course = |time: i64| (time.clamp(20 * SECOND, 40 * SECOND) - 20 * SECOND) / 2_000;
    let mut comparison = ClockComparison::default();
    for n in 0..600 {
        let (sent, delay) = (n * 100 * MILLI, 50 * MICRO + n * 7_919 % 40_000);
        let arrived = sent + delay;
        comparison.note(
            A,
            B,
            Timestamp(sent),
            Nanos(arrived + course(arrived) - sent),
        );
        comparison.note(
            B,
            A,
            Timestamp(sent + course(sent)),
            Nanos(arrived - sent - course(sent)),
        );
    }
    let clocks = comparison.finish();
    assert_eq!(estimate(&clocks).steps, []);
    for second in 0..60 {
        let offset = clocks.offset_at(A, B, Timestamp(second * SECOND)).unwrap();
        assert!(
            holds(offset, course(second * SECOND)),
            "{second}: {offset:?}"
        );
    }
}

#[test]
fn one_wrong_match_is_set_aside() {
    let (there, back) = (
        regular(200, 100 * MILLI, 0, 50 * MICRO),
        regular(200, 100 * MILLI, 9_000, 60 * MICRO),
    );
    for wrong in [-200 * MILLI, -300 * MICRO, -3_600 * SECOND] {
        let mut comparison = ClockComparison::default();
        let both = [(A, Clock::default()), (B, Clock::default())];
        note(&mut comparison, both[0], both[1], &there);
        note(&mut comparison, both[1], both[0], &back);
        comparison.note(A, B, Timestamp(10 * SECOND + 5), Nanos(wrong));
        comparison.note(B, A, Timestamp(15 * SECOND + 5), Nanos(wrong));
        let clocks = comparison.finish();
        let found = estimate(&clocks);
        assert_eq!(
            (found.steps.len(), found.contradicting),
            (0, 2),
            "{found:?}"
        );
        let offset = clocks.offset_at(A, B, Timestamp(10 * SECOND)).unwrap();
        assert!(
            holds(offset, 0) && offset.bound.0 < 100 * MICRO,
            "{offset:?}"
        );
    }
}

#[test]
fn a_wrong_match_where_packets_begin_is_no_step() {
    let (there, back) = (
        regular(20, SECOND, 0, 50 * MICRO),
        regular(20, SECOND, 9_000, 60 * MICRO),
    );
    let mut comparison = ClockComparison::default();
    let both = [(A, Clock::default()), (B, Clock::default())];
    note(&mut comparison, both[0], both[1], &there);
    note(&mut comparison, both[1], both[0], &back);
    comparison.note(A, B, Timestamp(SECOND / 2), Nanos(-SECOND));
    let clocks = comparison.finish();
    let found = estimate(&clocks);
    assert!(
        found.steps.is_empty() && found.contradicting > 0,
        "{found:?}"
    );
    let offset = clocks.offset_at(A, B, Timestamp(10 * SECOND)).unwrap();
    assert!(holds(offset, 0), "{offset:?}");
}

#[test]
fn the_usual_difference_is_that_of_the_time() {
    let b = Clock {
        ahead: SECOND,
        ppb: 100_000,
        step: None,
    };
    let clocks = compare(
        Clock::default(),
        b,
        &regular(3_600, SECOND, 0, 50 * MICRO),
        &[],
    );
    for time in [0, 1_800 * SECOND, 3_599 * SECOND] {
        let usual = clocks.usual_difference(A, B, Timestamp(time)).unwrap();
        assert!(
            (usual.0 - (b.at(time) - time)).abs() < 10 * MILLI,
            "{usual}"
        );
    }
}

#[test]
fn packets_under_way_when_a_clock_steps_do_not_hide_it() {
    let (there, back) = (
        regular(10_000, MILLI, 0, MILLI),
        regular(10_000, MILLI, 300 * MICRO, MILLI),
    );
    let when = 5 * SECOND + 17;
    for size in [-2 * SECOND, -20 * MILLI, 20 * MILLI, 2 * SECOND] {
        let steps = Clock {
            step: Some((when, size)),
            ..Clock::default()
        };
        for (a, b) in [(Clock::default(), steps), (steps, Clock::default())] {
            let clocks = compare(a, b, &there, &back);
            assert_eq!(estimate(&clocks).steps.len(), 1, "{size}");
            for time in (0..10 * SECOND).step_by(100_000_000) {
                let truth = b.at(time) - a.at(time);
                let found = clocks.offset_at(A, B, Timestamp(a.at(time)));
                assert!(
                    found.is_none_or(|found| holds(found, truth)),
                    "{size} at {time}: {found:?}"
                );
            }
        }
    }
}
