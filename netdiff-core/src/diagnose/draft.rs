//! How a rule makes a finding: it says what it saw, the rest follows from its manual and from the losses.

use super::capture_next::capture_next;
use super::case::Case;
use super::catalogue::{Rule, find_rule};
use super::facts::{Loss, count, main_segment};
use super::finding::{Cause, Confidence, Explained, Finding, MAX_EVIDENCE, RuleId, Severity};
use super::manual::{Filled, LikelyCause};
use crate::correlate::Trust;
use crate::identify::Evidence;
use crate::types::{Message, PointId, Role};

/// Fewer packets than this may be chance.
pub const FEW: usize = 3;

/// The most alternatives that are told as possible causes.
const MAX_CAUSES: usize = 4;

/// A finding in the making.
pub(super) struct Draft<'a> {
    case: Case<'a>,
    rule: &'static Rule,
    severity: Severity,
    segment: Option<(PointId, PointId)>,
    losses: Vec<&'a Loss>,
    others: Vec<Explained>,
    also: Vec<usize>,
    marked: Option<bool>,
    alternatives: Vec<RuleId>,
    evidence: Vec<Evidence>,
    explanation: Vec<Message>,
    filled: Filled,
    capture_next: Option<Message>,
}

impl<'a> Draft<'a> {
    /// A finding of a rule in a case.
    pub(super) fn new(case: &Case<'a>, rule: &'static Rule, severity: Severity) -> Self {
        Self {
            case: *case,
            rule,
            severity,
            segment: None,
            losses: Vec::new(),
            others: Vec::new(),
            also: Vec::new(),
            marked: None,
            alternatives: Vec::new(),
            evidence: Vec::new(),
            explanation: Vec::new(),
            filled: Filled::default(),
            capture_next: None,
        }
    }

    /// It explains these losses: they give the segment (the one with most of them), the flows, evidence, and values for blanks.
    pub(super) fn losses(mut self, losses: impl IntoIterator<Item = &'a Loss>) -> Self {
        self.losses.extend(losses);
        self
    }

    /// It explains journeys that are no losses, such as loops, or a refusal by the receiver itself.
    pub(super) fn journeys(mut self, journeys: impl IntoIterator<Item = Explained>) -> Self {
        self.others.extend(journeys);
        self
    }

    /// It is about these flows, beside those of what it explains.
    pub(super) fn flows(mut self, flows: impl IntoIterator<Item = usize>) -> Self {
        self.also.extend(flows);
        self
    }

    /// It has this segment, whatever the losses say.
    pub(super) fn segment(mut self, segment: (PointId, PointId)) -> Self {
        self.segment = Some(segment);
        self
    }

    /// Its mark was seen: something in the packets that none of its alternatives leaves.
    pub(super) fn marked(mut self) -> Self {
        self.marked = Some(true);
        self
    }

    /// It names a place, not a cause.
    pub(super) fn names_no_cause(mut self) -> Self {
        self.marked = Some(false);
        self
    }

    /// Rules that these captures cannot exclude, likelier first. Those named before keep their place.
    pub(super) fn alternatives(mut self, rules: impl IntoIterator<Item = RuleId>) -> Self {
        for rule in rules {
            if rule != self.rule.id && !self.alternatives.contains(&rule) {
                self.alternatives.push(rule);
            }
        }
        self
    }

    /// Packets that show it, the most telling first; those of the losses come after.
    pub(super) fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// A sentence on what was seen and what follows from it.
    pub(super) fn say(mut self, sentence: Message) -> Self {
        self.explanation.push(sentence);
        self
    }

    /// Fills a blank of the manual; the first value stays.
    pub(super) fn fill(mut self, blank: &'static str, value: impl std::fmt::Display) -> Self {
        self.filled.fill(blank, value.to_string());
        self
    }

    /// The capture that would split what remains possible, if the usual one, at a place in the middle of the segment, is not it.
    pub(super) fn capture_next(mut self, what: Message) -> Self {
        self.capture_next = Some(what);
        self
    }

    /// The finding. `title` is one sentence without a full stop: what and where.
    pub(super) fn finish(mut self, title: Message) -> Finding {
        let segment = self
            .segment
            .or_else(|| main_segment(self.losses.iter().copied()));
        self.fill_blanks(segment);
        let confidence = self.confidence();
        // Nothing is left to split once a mark excludes all the others.
        let open = self.marked != Some(true) || !self.alternatives.is_empty();
        let next = self.capture_next.take().or_else(|| {
            let segment = segment.filter(|_| open)?;
            capture_next(&self.case, segment, &self.alternatives)
        });
        let manual = &self.rule.manual;
        let apply = |texts: &[&'static str]| texts.iter().map(|t| self.filled.apply(t)).collect();
        Finding {
            rule: self.rule.id,
            severity: self.severity,
            confidence,
            title,
            segment,
            flows: self.concerned_flows(),
            evidence: self.shown_evidence(),
            refuted_by: apply(manual.refuted_by),
            causes: self.causes(),
            remedy: apply(manual.remedy),
            capture_next: next,
            explained: self
                .losses
                .iter()
                .map(|loss| loss.journey)
                .chain(self.others)
                .collect(),
            alternatives: self.alternatives,
            explanation: self.explanation,
        }
    }

    /// Those of the manual; a finding that names a place and no cause tells what the likeliest alternatives are about instead.
    fn causes(&self) -> Vec<Cause> {
        let cause = |cause: &'static str, likely: &LikelyCause| Cause {
            cause: self.filled.apply(cause),
            confirm: self.filled.apply(likely.confirm),
        };
        let alternatives = self.alternatives.iter().filter_map(|id| {
            let manual = &find_rule(id.0)?.manual;
            Some(cause(manual.summary, manual.causes.first()?))
        });
        let alternatives: Vec<Cause> = alternatives.take(MAX_CAUSES).collect();
        if self.marked == Some(false) && !alternatives.is_empty() {
            return alternatives;
        }
        let own = self.rule.manual.causes.iter();
        own.map(|likely| cause(likely.cause, likely)).collect()
    }

    /// See [`Confidence`].
    fn confidence(&self) -> Confidence {
        let assumed =
            !self.losses.is_empty() && self.losses.iter().all(|loss| loss.trust == Trust::Assumed);
        let more = (self.others.len() + self.evidence.len()) as u64;
        let packets = count(self.losses.iter().copied()) + more;
        match self.marked {
            Some(false) => Confidence::Low,
            _ if assumed => Confidence::Low,
            Some(true) if self.alternatives.is_empty() => Confidence::High,
            None if packets < FEW as u64 => Confidence::Low,
            _ => Confidence::Medium,
        }
    }

    fn concerned_flows(&self) -> Vec<usize> {
        let explained = self.losses.iter().map(|loss| loss.journey.flow);
        let others = self.others.iter().map(|journey| journey.flow);
        let mut flows: Vec<usize> = explained
            .chain(others)
            .chain(self.also.iter().copied())
            .collect();
        flows.sort_unstable();
        flows.dedup();
        flows
    }

    fn shown_evidence(&self) -> Vec<Evidence> {
        let last = |id: &Explained| self.case.journey(*id)?.last();
        let losses = self.losses.iter().map(|loss| loss.last);
        let mut shown: Vec<Evidence> = Vec::new();
        let all = self.evidence.iter().copied().chain(losses);
        for evidence in all.chain(self.others.iter().filter_map(last)) {
            if shown.len() < MAX_EVIDENCE && !shown.contains(&evidence) {
                shown.push(evidence);
            }
        }
        shown
    }

    /// Gives the blanks that the segment and the first loss tell values; what the rule filled in before stays.
    fn fill_blanks(&mut self, segment: Option<(PointId, PointId)>) {
        let timelines = self.case.timelines;
        if let Some((from, to)) = segment {
            let nodes = (timelines.node(from), timelines.node(to));
            self.filled.fill("from", timelines.node_name(nodes.0));
            self.filled.fill("to", timelines.node_name(nodes.1));
            self.filled.fill("last_seen", self.case.name(from));
            self.filled.fill("next", self.case.name(to));
            for (blank, role) in [
                ("vtep", Role::Vtep),
                ("uplink", Role::Uplink),
                ("bridge", Role::Bridge),
            ] {
                let near = [nodes.1, nodes.0]
                    .into_iter()
                    .find_map(|node| self.case.points(node, role).next());
                if let Some(point) = near {
                    let name = timelines.name(point).interface;
                    self.filled.fill(blank, name.to_string());
                }
            }
        }
        let Some(loss) = self.losses.first().copied() else {
            return;
        };
        if let Some(hop) = self.case.hop(loss.journey, loss.from) {
            self.filled.fill("source", hop.source.to_string());
            self.filled.fill("destination", hop.destination.to_string());
        }
        let tunnel = self.losses.iter().find_map(|loss| loss.tunnel);
        if let Some(tunnel) = tunnel {
            self.filled.fill("outer_source", tunnel.source.to_string());
            self.filled
                .fill("outer_destination", tunnel.destination.to_string());
            if tunnel.destination_port != 0 {
                self.filled
                    .fill("port", tunnel.destination_port.to_string());
            }
            if let Some(vni) = tunnel.vni {
                self.filled.fill("vni", vni.to_string());
            }
        }
    }
}
