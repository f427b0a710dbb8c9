//! What the clocks of two nodes did that is worth a line.

use super::layout::{Page, count};
use crate::report::clock::{ClockReport, ClockStepReport};
use crate::types::{Message, Nanos};

/// Pairs of nodes listed before the rest is only counted.
const MAX_PAIRS: usize = 8;

/// Steps named before the rest is only counted.
const MAX_STEPS: usize = 3;

/// A line for each two clocks that drift, stepped, contradict themselves, or cannot be compared; nothing of the others.
pub(super) fn render_clocks(clocks: &[ClockReport], page: &mut Page<'_>) {
    let lines: Vec<(Message, Message)> = clocks.iter().filter_map(line).collect();
    for (names, text) in lines.iter().take(MAX_PAIRS) {
        page.paragraph(&message!("    {names}: ", names), text);
    }
    let more = lines.len().saturating_sub(MAX_PAIRS);
    if more > 0 {
        page.line(&message!(
            "    and the clocks of {more}",
            more = count(more as u64, noun!("more pair"))
        ));
    }
}

fn line(clock: &ClockReport) -> Option<(Message, Message)> {
    let names = message!(
        "clocks of {first} and {second}",
        first = clock.compared_with,
        second = clock.node
    );
    if let Some(from) = &clock.one_way_from {
        let to = if *from == clock.node {
            &clock.compared_with
        } else {
            &clock.node
        };
        let text = message!(
            "packets were seen to go only from {from} to {to}, so their difference and one-way delays are not known",
            from,
            to
        );
        return Some((names, text));
    }
    let (Some(offset), Some(error)) = (clock.offset_ns, clock.error_ns) else {
        return Some((
            names,
            message!("packets went both ways, but their times fit no clocks"),
        ));
    };
    let facts = facts(clock);
    let known = offset_text(offset, error, &clock.node);
    (!facts.is_empty()).then(|| {
        let facts = Message::list(&facts, text!("; "));
        (names, message!("{known}; {facts}", known, facts))
    })
}

/// What a clock did beside being ahead or behind.
fn facts(clock: &ClockReport) -> Vec<Message> {
    let mut facts = Vec::new();
    if let (Some(drift), Some(error)) = (clock.drift_ppb, clock.drift_error_ppb) {
        let (node, error) = (&clock.node, ppm(error));
        let size = ppm(drift.saturating_abs());
        facts.push(if drift < 0 {
            message!("{node} loses {size} ± {error} ppm", node, size, error)
        } else {
            message!("{node} gains {size} ± {error} ppm", node, size, error)
        });
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
        facts.push(count(more as u64, noun!("more step")));
    }
    if clock.contradicting > 0 {
        let packets = count(clock.contradicting, noun!("packet"));
        facts.push(message!(
            "the times of {packets} contradict the rest",
            packets
        ));
    }
    facts
}

fn offset_text(offset: i64, error: i64, node: &str) -> Message {
    let size = Nanos(offset.saturating_abs());
    let error = Nanos(error);
    match offset {
        _ if size <= error => message!("equal, ± {error}", error),
        0.. => message!("{node} is {size} ahead, ± {error}", node, size, error),
        _ => message!("{node} is {size} behind, ± {error}", node, size, error),
    }
}

fn step_text(step: &ClockStepReport, clock: &ClockReport) -> Message {
    let time = |time: &str| time.get(11..23).unwrap_or(time).to_owned();
    let (node, error) = (&clock.node, Nanos(step.error_ns));
    let size = Nanos(step.size_ns.saturating_abs());
    let (after, before) = (time(&step.after), time(&step.before));
    let by = clock.times_by.as_ref();
    let by = by.map_or_else(Message::empty, |by| message!(" by {by}'s clock", by));
    if step.size_ns < 0 {
        message!(
            "{node} stepped back by {size} against the other, ± {error}, between {after} and {before}{by}",
            node,
            size,
            error,
            after,
            before,
            by
        )
    } else {
        message!(
            "{node} stepped forward by {size} against the other, ± {error}, between {after} and {before}{by}",
            node,
            size,
            error,
            after,
            before,
            by
        )
    }
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
        let mut page = Page::new(&options, crate::types::Language::English);
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
