//! What became of a direction's packets, counted by end and reason.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::build::Analyzed;
use super::model_flow::{DispositionCounts, LoopReport, LossReport, RejectionReport};
use crate::correlate::{Basis, Blind, Direction, Disposition, Doubt, Proof, Refusal, Trust};
use crate::types::PointId;

/// The ends of a direction's journeys.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) counts: DispositionCounts,
    pub(super) reasons: BTreeMap<&'static str, u64>,
    losses: BTreeMap<(PointId, PointId, Trust), (u64, Option<Basis>)>,
    rejections: BTreeMap<(PointId, Option<PointId>, IpAddr, Refusal), u64>,
    /// Packets, and the most rounds of one.
    loops: BTreeMap<PointId, (u64, u32)>,
}

impl Ends {
    pub(super) fn of(direction: &Direction) -> Self {
        let mut ends = Self::default();
        for journey in &direction.journeys {
            ends.note(journey.disposition, journey.basis);
        }
        ends
    }

    fn note(&mut self, disposition: Disposition, basis: Option<Basis>) {
        let counts = &mut self.counts;
        let count = match disposition {
            Disposition::Delivered(_) => &mut counts.delivered,
            Disposition::Lost { trust, .. } => match trust {
                Trust::Proven => &mut counts.lost,
                Trust::Assumed => &mut counts.assumed_lost,
            },
            Disposition::Rejected { .. } => &mut counts.rejected,
            Disposition::Looped { .. } => &mut counts.looped,
            Disposition::NotCovered { .. } => &mut counts.not_covered,
            Disposition::Unknown { .. } => &mut counts.unknown,
        };
        *count += 1;
        *self.reasons.entry(reason(disposition)).or_default() += 1;
        match disposition {
            Disposition::Lost { from, to, trust } => {
                let first = || (0, basis);
                self.losses.entry((from, to, trust)).or_insert_with(first).0 += 1;
            }
            Disposition::Rejected {
                after,
                next,
                by,
                refusal,
            } => {
                let place = (after, next, by, refusal);
                *self.rejections.entry(place).or_default() += 1;
            }
            Disposition::Looped { at, rounds } => {
                let (packets, most) = self.loops.entry(at).or_default();
                *packets += 1;
                *most = rounds.max(*most);
            }
            _ => {}
        }
    }

    pub(super) fn losses(&self, set: &Analyzed<'_>) -> Vec<LossReport> {
        let losses = self.losses.iter();
        losses
            .map(|((from, to, trust), (packets, basis))| LossReport {
                from: set.point(*from),
                to: set.point(*to),
                packets: *packets,
                capture: match trust {
                    Trust::Proven => "proven",
                    Trust::Assumed => "assumed",
                },
                expected_because: basis.map_or("", Basis::phrase),
            })
            .collect()
    }

    pub(super) fn rejections(&self, set: &Analyzed<'_>) -> Vec<RejectionReport> {
        let rejections = self.rejections.iter();
        rejections
            .map(|((after, next, by, refusal), packets)| RejectionReport {
                after: set.point(*after),
                next: next.map(|next| set.point(next)),
                by: by.to_string(),
                how: match refusal {
                    Refusal::Icmp { icmp_type, code } => format!("icmp {icmp_type}/{code}"),
                    Refusal::Reset => "reset".to_owned(),
                },
                packets: *packets,
            })
            .collect()
    }

    pub(super) fn loops(&self, set: &Analyzed<'_>) -> Vec<LoopReport> {
        let loops = self.loops.iter();
        loops
            .map(|(at, (packets, most_rounds))| LoopReport {
                at: set.point(*at),
                packets: *packets,
                most_rounds: *most_rounds,
            })
            .collect()
    }
}

/// The word for an end and how it is known.
const fn reason(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Delivered(Proof::Seen) => "delivered-seen",
        Disposition::Delivered(Proof::Answered) => "delivered-answered",
        Disposition::Lost {
            trust: Trust::Proven,
            ..
        } => "lost-proven",
        Disposition::Lost {
            trust: Trust::Assumed,
            ..
        } => "lost-assumed",
        Disposition::Rejected {
            refusal: Refusal::Icmp { .. },
            ..
        } => "rejected-icmp",
        Disposition::Rejected {
            refusal: Refusal::Reset,
            ..
        } => "rejected-reset",
        Disposition::Looped { .. } => "looped",
        Disposition::NotCovered { blind, .. } => match blind {
            Blind::NoPoint => "not-covered-no-point",
            Blind::Window => "not-covered-window",
            Blind::Filter => "not-covered-filter",
        },
        Disposition::Unknown { doubt, .. } => match doubt {
            Doubt::Ambiguous => "unknown-ambiguous",
            Doubt::Translated => "unknown-translated",
            Doubt::Dropped => "unknown-dropped",
            Doubt::Cut => "unknown-cut",
            Doubt::NoExpectation => "unknown-no-expectation",
        },
    }
}
