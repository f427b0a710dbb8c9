//! Random clocks and delays: the truth is always inside the bound.

use proptest::prelude::*;

use super::*;

/// Two clocks with any offset and drift, of which one may step inside the span.
fn clocks(span: i64, steps: bool) -> impl Strategy<Value = (Clock, Clock)> {
    let hours = 6 * 3_600 * SECOND;
    let size = prop_oneof![
        -hours..=hours,
        -20 * SECOND..=20 * SECOND,
        -20 * MILLI..=20 * MILLI
    ];
    let step = prop::option::of((0..span, size)).prop_map(move |step| step.filter(|_| steps));
    // Before and after 1970.
    let epoch = prop_oneof![
        Just(0),
        Just(1_790_000_000 * SECOND),
        Just(-50_000_000 * SECOND)
    ];
    (
        epoch,
        -hours..=hours,
        -100_000..=100_000i64,
        -100_000..=100_000i64,
        step,
        any::<bool>(),
    )
        .prop_map(|(epoch, ahead, ppb_a, ppb_b, step, first)| {
            let mut a = Clock {
                ahead: epoch,
                ppb: ppb_a,
                step: None,
            };
            let mut b = Clock {
                ahead: epoch + ahead,
                ppb: ppb_b,
                step: None,
            };
            *(if first { &mut a.step } else { &mut b.step }) = step;
            (a, b)
        })
}

fn packets(span: i64, most: usize) -> impl Strategy<Value = Vec<Packet>> {
    let delay = prop_oneof![30 * MICRO..100 * MICRO, 30 * MICRO..20 * MILLI];
    delay.prop_flat_map(move |most_delay| {
        prop::collection::vec((0..span, 20 * MICRO..=most_delay), 3..most)
    })
}

const BOTH: [(NodeId, NodeId); 2] = [(A, B), (B, A)];

const SPAN: i64 = 600 * SECOND;

fn check(
    a: Clock,
    b: Clock,
    clocks: &Clocks,
    times: &[i64],
    asked: &[(NodeId, NodeId)],
) -> Result<(), TestCaseError> {
    for &time in times {
        for &(from, to) in asked {
            let (of_from, of_to) = if from == A { (a, b) } else { (b, a) };
            if let Some(found) = clocks.offset_at(from, to, Timestamp(of_from.at(time))) {
                let truth = of_to.at(time) - of_from.at(time);
                prop_assert!(
                    holds(found, truth),
                    "{from:?} to {to:?} at {time}: {found:?}, truly {truth}"
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_a_step_the_truth_is_inside_and_no_step_is_found(
        (a, b) in clocks(SPAN, false),
        there in packets(SPAN, 400),
        back in packets(SPAN, 400),
        times in prop::collection::vec(-SPAN..2 * SPAN, 20),
    ) {
        let clocks = compare(a, b, &there, &back);
        check(a, b, &clocks, &times, &BOTH)?;
        let found = estimate(&clocks);
        prop_assert!(found.steps.is_empty() && found.contradicting == 0, "{found:?}");
        for time in times {
            prop_assert!(clocks.offset_at(A, B, Timestamp(time)).is_some());
        }
    }

    #[test]
    fn where_packets_show_a_step_the_truth_is_inside(
        (a, b) in clocks(SPAN, true),
        there in packets(SPAN, 300),
        back in packets(SPAN, 300),
        times in prop::collection::vec(0..SPAN, 20),
    ) {
        // A packet that is under way when a clock steps says at most what holds before or after it, not when.
        let step = a.step.or(b.step);
        let calm = |packets: Vec<Packet>| -> Vec<Packet> {
            let calm = |(sent, delay): &Packet| step.is_none_or(|(when, _)| when <= *sent || sent + delay < when);
            packets.into_iter().filter(calm).collect()
        };
        let clocks = compare(a, b, &calm(there), &calm(back));
        // A step that is lost in the noise, or that a line explains, shows nowhere.
        let offsets = clocks.pairs.get(&(A, B)).and_then(|pair| pair.offsets.as_ref());
        // Nor can it be told which came first when a clock stepped back behind its first packet.
        let shows = |offsets: &&Offsets| offsets.cut.pieces > 1 && !offsets.turns_back();
        let Some(offsets) = offsets.filter(shows) else {
            return Ok(());
        };
        // Of a clock that steps back, times may come twice; with packets one way alone after it nothing says so.
        let one_way = offsets.cut.loose.iter().any(|loose| loose.open);
        let asked = match (one_way, offsets.axis) {
            (false, _) => vec![(A, B), (B, A)],
            (true, Side::First) => vec![(A, B)],
            (true, Side::Second) => vec![(B, A)],
        };
        check(a, b, &clocks, &times, &asked)?;
    }

    #[test]
    fn times_cut_to_the_microsecond_are_no_contradiction(
        (a, b) in clocks(SPAN, false),
        there in packets(SPAN, 100),
        back in packets(SPAN, 100),
    ) {
        let cut = |time: i64| time.div_euclid(MICRO) * MICRO;
        let mut comparison = ClockComparison::default();
        for (from, to, of_from, of_to, packets) in [(A, B, a, b, &there), (B, A, b, a, &back)] {
            for (sent, delay) in packets {
                let (left, came) = (cut(of_from.at(*sent)), cut(of_to.at(sent + delay / 100)));
                comparison.note(from, to, Timestamp(left), Nanos(came - left));
            }
        }
        let clocks = comparison.finish();
        prop_assert_eq!(estimate(&clocks).contradicting, 0);
        check(a, b, &clocks, &[0, SPAN / 2, SPAN], &BOTH)?;
    }

    #[test]
    fn a_step_larger_than_the_noise_is_found_with_its_time_and_size(
        ppb in -100_000..=100_000i64,
        when in 100..500i64,
        size in prop_oneof![50 * MILLI..SECOND, -SECOND..-50 * MILLI, SECOND..3_600 * SECOND, -400 * SECOND..-SECOND,
            -3_600 * SECOND..-700 * SECOND],
        first in any::<bool>(),
        seed in any::<u32>(),
    ) {
        let delay = |n: i64| 20 * MICRO + (n * 7_919 + i64::from(seed)) % 1_999 * MICRO;
        let every = |begin: i64| (0..600).map(|n| (begin + n * SECOND, delay(n + begin))).collect::<Vec<_>>();
        let when = when * SECOND + SECOND / 2;
        let stepping = Clock { ahead: 7, ppb, step: Some((when, size)) };
        let (a, b) = if first { (stepping, Clock::default()) } else { (Clock::default(), stepping) };
        let found = estimate(&compare(a, b, &every(0), &every(9_000)));
        let truth = if first { -size } else { size };
        prop_assert_eq!(found.steps.len(), 1, "{:?}", found);
        let step = found.steps[0];
        prop_assert!((step.size.0 - truth).abs() <= step.bound.0, "{:?}", step);
        let by = if found.by == A { a } else { b };
        prop_assert!(step.after.0 <= by.at(when - 1) && by.at(when) <= step.before.0, "{:?}", step);
    }

    #[test]
    fn nothing_overflows(
        there in prop::collection::vec((any::<i64>(), any::<i64>()), 0..50),
        back in prop::collection::vec((any::<i64>(), any::<i64>()), 0..50),
        time in any::<i64>(),
    ) {
        let mut comparison = ClockComparison::default();
        for (from, to, notes) in [(A, B, there), (B, A, back)] {
            for (departure, difference) in notes {
                comparison.note(from, to, Timestamp(departure), Nanos(difference));
            }
        }
        let clocks = comparison.finish();
        for time in [time, i64::MIN, i64::MAX] {
            let _ = clocks.offset_at(A, B, Timestamp(time));
            let _ = clocks.offset_at(B, A, Timestamp(time));
            let _ = clocks.usual_difference(A, B, Timestamp(time));
        }
        clocks.pairs().count();
    }
}
