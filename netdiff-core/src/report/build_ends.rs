//! What became of a direction's packets, counted by end and reason.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::build::Analyzed;
use super::model::SetName;
use super::model_flow::{DispositionCounts, LoopReport, LossReport, RejectionReport};
use crate::correlate::{
    Basis, Blind, Direction, Disposition, Doubt, EndCount, Proof, Refusal, Trust,
};
use crate::types::PointId;

/// The ends of a direction's journeys.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) counts: DispositionCounts,
    pub(super) reasons: BTreeMap<&'static str, u64>,
    losses: BTreeMap<(PointId, PointId, Trust), EndCount>,
    rejections: BTreeMap<(PointId, Option<PointId>, IpAddr, Refusal), EndCount>,
    /// With the most rounds of one packet.
    loops: BTreeMap<PointId, (EndCount, u32)>,
}

impl Ends {
    pub(super) fn of(direction: &Direction) -> Self {
        let mut ends = Self::default();
        for (disposition, count) in &direction.tally.ends {
            ends.note(*disposition, count);
        }
        ends
    }

    fn note(&mut self, disposition: Disposition, count: &EndCount) {
        let packets = count.packets;
        let counts = &mut self.counts;
        *match disposition {
            Disposition::Delivered(_) => &mut counts.delivered,
            Disposition::Lost { trust, .. } => match trust {
                Trust::Proven => &mut counts.lost,
                Trust::Assumed => &mut counts.assumed_lost,
            },
            Disposition::Rejected { .. } => &mut counts.rejected,
            Disposition::Looped { .. } => &mut counts.looped,
            Disposition::NotCovered { .. } => &mut counts.not_covered,
            Disposition::Unknown { .. } => &mut counts.unknown,
        } += packets;
        *self.reasons.entry(reason(disposition)).or_default() += packets;
        match disposition {
            Disposition::Lost { from, to, trust } => {
                self.losses.insert((from, to, trust), *count);
            }
            Disposition::Rejected {
                after,
                next,
                by,
                refusal,
            } => {
                self.rejections.insert((after, next, by, refusal), *count);
            }
            Disposition::Looped { at, rounds } => {
                self.loops.insert(at, (*count, rounds));
            }
            _ => {}
        }
    }

    /// Whether a packet was lost or refused, or may have been lost.
    pub(super) fn is_trouble(&self) -> bool {
        !(self.losses.is_empty() && self.rejections.is_empty() && self.loops.is_empty())
    }

    pub(super) fn losses(&self, set: &Analyzed<'_>, name: SetName) -> Vec<LossReport> {
        let losses = self.losses.iter();
        losses
            .map(|((from, to, trust), count)| LossReport {
                from: set.point(*from),
                to: set.point(*to),
                packets: count.packets,
                first: count.first.map(|first| set.evidence(name, first)),
                capture: match trust {
                    Trust::Proven => text!("proven"),
                    Trust::Assumed => text!("assumed"),
                },
                expected_because: count.basis.map_or("", Basis::phrase),
            })
            .collect()
    }

    pub(super) fn rejections(&self, set: &Analyzed<'_>, name: SetName) -> Vec<RejectionReport> {
        let rejections = self.rejections.iter();
        rejections
            .map(|((after, next, by, refusal), count)| RejectionReport {
                after: set.point(*after),
                next: next.map(|next| set.point(next)),
                by: by.to_string(),
                how: match refusal {
                    Refusal::Icmp { icmp_type, code } => format!("icmp {icmp_type}/{code}"),
                    Refusal::Reset => "reset".to_owned(),
                },
                packets: count.packets,
                first: count.first.map(|first| set.evidence(name, first)),
            })
            .collect()
    }

    pub(super) fn loops(&self, set: &Analyzed<'_>, name: SetName) -> Vec<LoopReport> {
        let loops = self.loops.iter();
        loops
            .map(|(at, (count, most_rounds))| LoopReport {
                at: set.point(*at),
                packets: count.packets,
                first: count.first.map(|first| set.evidence(name, first)),
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
