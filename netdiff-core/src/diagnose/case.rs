//! What a rule is given.

use super::facts::{Facts, Loss};
use super::finding::{Explained, Finding, RuleId};
use super::stages::{Stage, stages_between};
use crate::correlate::{Direction, FlowTimeline, Hop, Journey, NodeId, Timelines};
use crate::types::{PointId, Role};

/// One capture set as rules see it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// What happened to every packet.
    pub timelines: &'a Timelines,
    /// The same, summed up: by segment, by pair of nodes.
    pub facts: &'a Facts,
    /// A healthy set to compare with, if there is one. Every rule works without; with it, it may know better.
    pub reference: Option<&'a Timelines>,
    /// What rules before this one found, in the order of the catalogue.
    pub found: &'a [Finding],
}

impl<'a> Case<'a> {
    /// The flow of a journey.
    #[must_use]
    pub fn flow(&self, id: Explained) -> Option<&'a FlowTimeline> {
        self.timelines.flows.get(id.flow)
    }

    /// The direction of a journey.
    #[must_use]
    pub fn direction(&self, id: Explained) -> Option<&'a Direction> {
        let flow = self.flow(id)?;
        Some(if id.reply { &flow.reply } else { &flow.forward })
    }

    /// The journey itself.
    #[must_use]
    pub fn journey(&self, id: Explained) -> Option<&'a Journey> {
        self.direction(id)?.journeys.get(id.journey)
    }

    /// The hop at which a journey was seen, which tells the addresses and the tunnel that it had there.
    #[must_use]
    pub fn hop(&self, id: Explained, point: PointId) -> Option<&'a Hop> {
        let hops = &self.direction(id)?.hops;
        hops.iter().find(|hop| hop.point == point)
    }

    /// Losses that no rule has explained so far, by where they were lost.
    pub fn unexplained(&self) -> impl Iterator<Item = &'a Loss> + 'a {
        self.facts.unexplained()
    }

    /// Whether an earlier rule of this name has a finding about this flow.
    #[must_use]
    pub fn is_found(&self, rule: RuleId, flow: usize) -> bool {
        let mut found = self.found.iter();
        found.any(|finding| finding.rule == rule && finding.flows.contains(&flow))
    }

    /// What happens between two capture points, in packet order; empty where the role of one is not known.
    #[must_use]
    pub fn stages(&self, (from, to): (PointId, PointId)) -> &'static [Stage] {
        let same_node = self.timelines.node(from) == self.timelines.node(to);
        stages_between(
            self.timelines.role(from),
            self.timelines.role(to),
            same_node,
        )
    }

    /// Whether this stage is all that lies between two capture points.
    #[must_use]
    pub fn is_stage(&self, segment: (PointId, PointId), stage: Stage) -> bool {
        self.stages(segment) == [stage]
    }

    /// Whether this stage lies between two capture points, perhaps beside others.
    #[must_use]
    pub fn crosses(&self, segment: (PointId, PointId), stage: Stage) -> bool {
        self.stages(segment).contains(&stage)
    }

    /// The captured points of a node that have this role, sorted by name.
    pub fn points(&self, node: NodeId, role: Role) -> impl Iterator<Item = PointId> + 'a {
        let timelines = self.timelines;
        let ids = (0..).map(PointId).take(timelines.points.len());
        ids.filter(move |point| timelines.node(*point) == node && timelines.role(*point) == role)
    }

    /// `node/interface`.
    #[must_use]
    pub fn name(&self, point: PointId) -> String {
        self.timelines.name(point).to_string()
    }
}
