//! `loss-rate-limited`: see the manual below.

use super::loss_random::{Lossy, lossy_segments};
use crate::diagnose::case::Case;
use crate::diagnose::catalogue::Rule;
use crate::diagnose::draft::Draft;
use crate::diagnose::finding::{Finding, RuleId, Severity};
use crate::diagnose::manual::{LikelyCause, Manual};
use crate::diagnose::passage::Sent;
use crate::diagnose::stages::{Carried, Frequency, Stage};

pub(in crate::diagnose) static RULE: Rule = Rule {
    id: RuleId("loss-rate-limited"),
    manual: Manual {
        summary: "packets are lost as soon as more come than a limit allows",
        meaning: "Something between two capture points lets a certain rate through and drops what is more: a little traffic always passes, bursts lose their tail. Small requests work, transfers are slow, peaks fail.",
        looks_for: &[
            "At least five packets lost on one segment, at least as many that passed it, and not by size or connection, as for loss-random.",
            "The rate is estimated by what passed while packets were lost. A bucket of that rate that is filled by the packets that passed, and empties with time, must be fuller for those that were lost than for those that passed: one level must part them, with at most one in five of the lost ones on the wrong side and at most as many of the passed ones.",
            "The bucket must have been emptier than that level for at least half of what passed: else nothing shows that little traffic passes.",
        ],
        refuted_by: &[
            "losses at a rate far below {last_seen}'s usual one",
            "the same rate, from the same node, that passes",
        ],
        causes: &[
            LikelyCause {
                cause: "a bandwidth or packet limit of the cloud, the hypervisor or the switch port",
                confirm: "look up the instance type's limits and its counters (bw_in_allowance_exceeded, pps_allowance_exceeded in ethtool -S {uplink}); ask for policers on the switch",
            },
            LikelyCause {
                cause: "traffic shaping on a node: a bandwidth annotation, the bandwidth plugin, tc",
                confirm: "on {from} and {to}: tc -s qdisc show; kubectl get pods -o yaml | grep -e ingress-bandwidth -e egress-bandwidth",
            },
            LikelyCause {
                cause: "a queue that is too short for bursts",
                confirm: "on {from}: tc -s qdisc show dev {uplink}; ip -s link show {uplink} (txqueuelen, dropped)",
            },
        ],
        remedy: &[
            "raise the limit, or spread the traffic over time or over more nodes",
            "shape on the sender a little below the limit, so that packets wait instead of being dropped",
        ],
        limits: &[
            "A limit that counts packets of all flows, of which only a few were captured, looks like loss-random.",
            "The estimated rate counts inner IP bytes; the limit may count more.",
        ],
        references: &["Linux: tc-tbf(8)", "moby/moby#32195"],
    },
    frequency: Frequency::Medium,
    stages: &[
        Stage::SendForward,
        Stage::Encapsulate,
        Stage::Underlay,
        Stage::Decapsulate,
        Stage::ReceiveForward,
    ],
    carried: Carried::Either,
    possible: |case, losses| {
        let passed = losses
            .first()
            .and_then(|loss| case.facts.passed_over(loss.segment()));
        losses.len() >= super::loss_random::LEAST_LOST && passed.is_some()
    },
    check,
};

/// Of how many lost packets one may be on the wrong side of the level.
const TOLERANCE: usize = 5;

/// Rates to try, in percent of what passed while packets were lost: that holds what waited before, and misses what other flows sent.
const RATES: [i64; 5] = [100, 90, 110, 80, 125];

/// What every packet takes beside its inner-most IP packet: about what VXLAN and Ethernet add.
const OVERHEAD: i64 = 64;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let found = lossy_segments(case)
        .into_iter()
        .filter_map(|segment| Lossy::find(case, segment))
        .filter(Lossy::is_no_matter_of_size)
        .filter_map(|lossy| {
            let rate = limit(&lossy.sent)?;
            Some(finding(case, &lossy, rate))
        });
    found.collect()
}

/// One packet as a bucket sees it.
#[derive(Clone, Copy)]
struct Drop {
    nanos: i64,
    bytes: i64,
    lost: bool,
}

/// The rate in bytes a second whose bucket tells lost from passed packets, if there is one.
fn limit(sent: &[Sent<'_>]) -> Option<i64> {
    let mut drops: Vec<Drop> = Vec::with_capacity(sent.len());
    for s in sent {
        drops.push(Drop {
            nanos: s.time?.0,
            bytes: i64::from(s.ip_len) + OVERHEAD,
            lost: s.is_lost(),
        });
    }
    drops.sort_by_key(|d| d.nanos);
    let rate = rate_while_losing(&drops)?;
    RATES
        .iter()
        .map(|percent| rate.saturating_mul(*percent) / 100)
        .find(|rate| *rate > 0 && parts(&levels(&drops, *rate)))
}

/// Bytes a second of what passed from the first loss to the last. Losses that lie apart are one episode as long as less than a second
/// is between them; the episode with most losses counts.
fn rate_while_losing(drops: &[Drop]) -> Option<i64> {
    const APART: i64 = 1_000_000_000;
    let mut episodes: Vec<(i64, i64, usize)> = Vec::new();
    for d in drops.iter().filter(|d| d.lost) {
        match episodes.last_mut() {
            Some((_, end, n)) if d.nanos - *end < APART => {
                *end = d.nanos;
                *n += 1;
            }
            _ => episodes.push((d.nanos, d.nanos, 1)),
        }
    }
    let (begin, end, _) = episodes.into_iter().max_by_key(|episode| episode.2)?;
    let within = drops
        .iter()
        .filter(|d| !d.lost && begin <= d.nanos && d.nanos <= end);
    let (mut bytes, mut count) = (0_i64, 0_usize);
    for d in within {
        bytes += d.bytes;
        count += 1;
    }
    let length = end - begin;
    (count >= 3 && length > 0).then(|| {
        let rate = i128::from(bytes) * 1_000_000_000 / i128::from(length);
        i64::try_from(rate).unwrap_or(i64::MAX)
    })
}

/// How full the bucket was with each packet in it, and whether the packet was lost.
fn levels(drops: &[Drop], rate: i64) -> Vec<(i64, bool)> {
    let mut level = 0_i64;
    let mut last = None;
    let mut levels = Vec::with_capacity(drops.len());
    for d in drops {
        let gone = last.map_or(0, |last: i64| {
            let bytes = i128::from(d.nanos - last) * i128::from(rate) / 1_000_000_000;
            i64::try_from(bytes).unwrap_or(i64::MAX)
        });
        last = Some(d.nanos);
        level = level.saturating_sub(gone).max(0);
        levels.push((level + d.bytes, d.lost));
        if !d.lost {
            level += d.bytes;
        }
    }
    levels
}

/// Whether one level parts the lost from the passed, see the manual.
fn parts(levels: &[(i64, bool)]) -> bool {
    let mut sorted = levels.to_vec();
    sorted.sort_unstable();
    let lost = sorted.iter().filter(|(_, lost)| *lost).count();
    let passed = sorted.len() - lost;
    let allowed = lost / TOLERANCE;
    let (mut lost_below, mut passed_below) = (0, 0);
    for (index, (level, is_lost)) in sorted.iter().enumerate() {
        let boundary = index == 0
            || sorted
                .get(index - 1)
                .is_some_and(|before| before.0 != *level);
        let good = lost_below <= allowed && passed - passed_below <= allowed;
        if boundary && good && passed_below * 2 >= passed {
            return true;
        }
        if *is_lost {
            lost_below += 1;
        } else {
            passed_below += 1;
        }
    }
    false
}

fn finding(case: &Case<'_>, lossy: &Lossy<'_>, rate: i64) -> Finding {
    let (lost, all) = (lossy.lost().count(), lossy.all);
    let names = (case.name(lossy.segment.0), case.name(lossy.segment.1));
    let here = case
        .unexplained()
        .filter(|loss| loss.segment() == lossy.segment && !loss.refused);
    Draft::new(case, &RULE, Severity::Warning)
        .losses(here)
        .segment(lossy.segment)
        .flows(lossy.lost().map(|s| s.way.0))
        .evidence(lossy.lost().map(|s| s.sent))
        .alternatives([RuleId("loss-random")])
        .say(message!(
            "Of {all} packets that left {names}, {lost} never came to {names_2}. While they were lost, about {rate} passed.",
            all,
            names = names.0,
            lost,
            names_2 = names.1,
            rate = rate_text(rate)
        ))
        .say(message!(
            "What was sent more slowly passed, and of what was sent faster each packet is lost that a limit of that rate would drop."
        ))
        .finish(message!(
            "bursts lose packets between {names} and {names_2}: about {rate} pass",
            names = names.0,
            names_2 = names.1,
            rate = rate_text(rate)
        ))
}

/// `8 kB/s`, `1.2 MB/s`.
fn rate_text(rate: i64) -> String {
    match rate {
        0..1_000 => format!("{rate} B/s"),
        1_000..1_000_000 => format!("{} kB/s", (rate + 500) / 1_000),
        _ => format!("{}.{} MB/s", rate / 1_000_000, rate / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn drops(packets: impl IntoIterator<Item = (i64, bool)>) -> Vec<Drop> {
        let packet = |(ms, lost)| Drop {
            nanos: ms * MS,
            bytes: 200,
            lost,
        };
        packets.into_iter().map(packet).collect()
    }

    /// What a bucket of 20 kB/s and 1000 bytes passes of a packet every so many milliseconds, and then every 50.
    fn limited(every: i64) -> Vec<Drop> {
        let mut level = 0;
        let mut packets = Vec::new();
        let times = (0..60).map(|n| n * every);
        let slow = (0..40).map(|n| 60 * every + 500 + n * 50);
        let mut last = 0;
        for ms in times.chain(slow) {
            level = (level - (ms - last) * 20).max(0);
            last = ms;
            let lost = level + 200 > 1_000;
            if !lost {
                level += 200;
            }
            packets.push((ms, lost));
        }
        drops(packets)
    }

    fn told(drops: &[Drop]) -> bool {
        let Some(rate) = rate_while_losing(drops) else {
            return false;
        };
        RATES
            .iter()
            .any(|percent| parts(&levels(drops, rate * percent / 100)))
    }

    #[test]
    fn a_bucket_is_told_by_what_it_drops() {
        assert!(told(&limited(2)));
        assert!(told(&limited(4)));
    }

    #[test]
    fn chance_is_no_bucket() {
        // The remainders of squares are as good as dice.
        let random = (0..200_i64).map(|n| (n * 4, n * n % 31 < 8));
        assert!(!told(&drops(random)));
    }

    #[test]
    fn an_outage_is_no_bucket() {
        let outage = (0..200_i64).map(|n| (n * 4, (80..120).contains(&n)));
        assert!(!told(&drops(outage)));
    }

    #[test]
    fn rates_read_well() {
        assert_eq!(rate_text(8_123), "8 kB/s");
        assert_eq!(rate_text(12_345_678), "12.3 MB/s");
    }
}
