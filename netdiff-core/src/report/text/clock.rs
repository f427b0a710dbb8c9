//! What the clocks of two nodes did that is worth a line.

use super::layout::{Page, count};
use crate::report::clock::{ClockReport, ClockStepReport};
use crate::types::Nanos;

/// Pairs of nodes listed before the rest is only counted.
const MAX_PAIRS: usize = 8;

/// Steps named before the rest is only counted.
const MAX_STEPS: usize = 3;

/// A line for each two clocks that drift, stepped, contradict themselves, or cannot be compared; nothing of the others.
pub(super) fn render_clocks(clocks: &[ClockReport], page: &mut Page<'_>) {
    let lines: Vec<(String, String)> = clocks.iter().filter_map(line).collect();
    for (names, text) in lines.iter().take(MAX_PAIRS) {
        page.paragraph(&format!("    {names}: "), text);
    }
    let more = lines.len().saturating_sub(MAX_PAIRS);
    if more > 0 {
        page.line(&format!(
            "    and the clocks of {}",
            count(more as u64, "more pair")
        ));
    }
}

fn line(clock: &ClockReport) -> Option<(String, String)> {
    let names = format!("clocks of {} and {}", clock.compared_with, clock.node);
    if let Some(from) = &clock.one_way_from {
        let to = if *from == clock.node {
            &clock.compared_with
        } else {
            &clock.node
        };
        let text = format!(
            "packets were seen to go only from {from} to {to}, so their difference and one-way delays are not known"
        );
        return Some((names, text));
    }
    let (Some(offset), Some(error)) = (clock.offset_ns, clock.error_ns) else {
        return Some((
            names,
            "packets went both ways, but their times fit no clocks".to_owned(),
        ));
    };
    let mut facts = Vec::new();
    if let (Some(drift), Some(error)) = (clock.drift_ppb, clock.drift_error_ppb) {
        let verb = if drift < 0 { "loses" } else { "gains" };
        facts.push(format!(
            "{} {verb} {} ± {} ppm",
            clock.node,
            ppm(drift.saturating_abs()),
            ppm(error)
        ));
    }
    facts.extend(
        clock
            .steps
            .iter()
            .take(MAX_STEPS)
            .map(|step| step_text(step, clock)),
    );
    let more = clock.steps.len().saturating_sub(MAX_STEPS);
    if more > 0 {
        facts.push(count(more as u64, "more step"));
    }
    if clock.contradicting > 0 {
        let packets = count(clock.contradicting, "packet");
        facts.push(format!("the times of {packets} contradict the rest"));
    }
    let known = offset_text(offset, error, &clock.node);
    (!facts.is_empty()).then(|| (names, format!("{known}; {}", facts.join("; "))))
}

fn offset_text(offset: i64, error: i64, node: &str) -> String {
    let size = Nanos(offset.saturating_abs());
    let error = Nanos(error);
    match offset {
        _ if size <= error => format!("equal, ± {error}"),
        0.. => format!("{node} is {size} ahead, ± {error}"),
        _ => format!("{node} is {size} behind, ± {error}"),
    }
}

fn step_text(step: &ClockStepReport, clock: &ClockReport) -> String {
    let side = if step.size_ns < 0 { "back" } else { "forward" };
    let time = |time: &str| time.get(11..23).unwrap_or(time).to_owned();
    format!(
        "{} stepped {side} by {} against the other, ± {}, between {} and {}{}",
        clock.node,
        Nanos(step.size_ns.saturating_abs()),
        Nanos(step.error_ns),
        time(&step.after),
        time(&step.before),
        clock
            .times_by
            .as_ref()
            .map(|by| format!(" by {by}'s clock"))
            .unwrap_or_default()
    )
}

/// Parts of 10^9, not negative, as parts of 10^6 to a hundredth.
fn ppm(ppb: i64) -> String {
    let hundredths = ppb.unsigned_abs().div_ceil(10);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::super::TextOptions;
    use super::*;

    fn clock() -> ClockReport {
        ClockReport {
            node: "b".to_owned(),
            compared_with: "a".to_owned(),
            seen: "both-ways",
            one_way_from: None,
            times_by: Some("a".to_owned()),
            at: Some("2026-11-22T17:05:24.000000000Z".to_owned()),
            offset_ns: Some(-12_300_000),
            error_ns: Some(4_000),
            drift_ppb: None,
            drift_error_ppb: None,
            steps: Vec::new(),
            contradicting: 0,
        }
    }

    fn text(clock: ClockReport) -> String {
        let options = TextOptions {
            width: 400,
            ..TextOptions::default()
        };
        let mut page = Page::new(&options);
        render_clocks(&[clock], &mut page);
        page.finish()
    }

    #[test]
    fn a_plain_offset_is_not_worth_a_line() {
        assert_eq!(text(clock()), "");
    }

    #[test]
    fn drift_and_steps_are() {
        let step = ClockStepReport {
            after: "2026-11-22T17:05:23.100000000Z".to_owned(),
            before: "2026-11-22T17:05:23.600000000Z".to_owned(),
            size_ns: -2_000_000_000,
            error_ns: 60_000,
        };
        let odd = ClockReport {
            drift_ppb: Some(-20_040),
            drift_error_ppb: Some(300),
            steps: vec![step],
            contradicting: 1,
            ..clock()
        };
        assert_eq!(
            text(odd),
            "    clocks of a and b: b is 12.3 ms behind, ± 4 µs; b loses 20.04 ± 0.30 ppm; b stepped back by 2 s against the \
             other, ± 60 µs, between 17:05:23.100 and 17:05:23.600 by a's clock; the times of 1 packet contradict the rest\n"
        );
    }

    #[test]
    fn one_way_says_what_is_not_known() {
        let one_way = ClockReport {
            seen: "one-way",
            one_way_from: Some("b".to_owned()),
            offset_ns: None,
            error_ns: None,
            ..clock()
        };
        let text = text(one_way);
        assert!(text.contains("only from b to a") && text.contains("one-way delays are not known"));
    }
}
