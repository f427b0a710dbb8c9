//! Recognises the same packet at every capture point and says what became of it.
//!
//! Its door is [`Timelines`]. No bytes and no layers come in here: only observations.
//!
//! The way through the room, a file a step: sightings are grouped into conversations (`conversation`), the conversations tell
//! which address lives where (`address_plan`); packets are recognised across points (`trip`); packets both ways compare the clocks
//! (`clock`); evidence orders the points (`hop_order`); orders and roles say which point comes next (`path`); what was
//! expected, what could be seen (`coverage`) and what answers prove (`tcp_ranges`, `outcome`) give each packet its disposition.

mod accounting;
mod address_plan;
mod blindness;
mod clock;
mod conversation;
mod coverage;
mod crossings;
mod disposition;
mod flow;
mod hop_order;
mod intake;
mod layout;
mod outcome;
mod path;
mod pod_links;
mod roles;
mod tcp_ranges;
#[cfg(test)]
mod testing;
mod timeline;
mod translation;
mod trip;

pub use accounting::{PointAccounting, Unmatched};
pub use address_plan::{AddressPlan, StatedAddresses};
pub use clock::{
    ClockDrift, ClockEstimate, ClockOffset, ClockPair, ClockStep, Clocks, ClocksKnown,
};
pub use coverage::{Coverage, TAIL};
pub use disposition::{Blind, Disposition, Doubt, Proof, Trust};
pub use path::Basis;
pub use timeline::{
    Delay, Direction, FlowTimeline, Hop, IcmpError, Journey, NodeId, Party, PartyKind, Relation,
    RoleBasis, Service, SetPoint, Timelines,
};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use address_plan::Census;
use blindness::Blindness;
use conversation::group_conversations;
use crossings::compare_clocks;
use flow::{FlowTracks, Scales, group_flows, judge_direction};
use hop_order::OrderContext;
use intake::{Intake, cut_points};
use layout::Layout;
use path::Paths;
use pod_links::Ends;
use translation::Translations;

use crate::identify::Observation;
use crate::types::{PointId, Role};

/// Correlates the observations of one capture set.
///
/// `points` must be sorted; every observation's point indexes it. The observations must come in the same order for the
/// same set (files in order, packets in file order): then the result is the same, too.
#[must_use]
pub fn correlate(
    mut points: Vec<SetPoint>,
    stated: &StatedAddresses,
    observations: impl IntoIterator<Item = Observation>,
) -> Timelines {
    let (nodes, mut node_of) = nodes_of(&points);
    let Intake {
        sightings,
        arp,
        icmp_errors,
        mut accounting,
        link_local,
    } = Intake::of(points.len(), observations);
    let cut = cut_points(&accounting);
    let ends = Ends::new(&sightings);
    roles::infer_roles(&mut points, &mut node_of, &sightings, &ends);
    let translations = Translations::new(&sightings);
    let mut blindness = Blindness::new(&points, &sightings, link_local);
    let conversations = group_conversations(sightings);
    let layout = Layout {
        points: &points,
        node_of: &node_of,
    };
    let plan = Census::new(layout, &nodes, stated).take(&conversations, &arp);
    let mut flows = group_flows(conversations);
    let coverage = Coverage::new(&points, &node_of, nodes.len());
    let clocks = compare_clocks(&mut flows, &node_of, &plan);
    let context = OrderContext {
        layout,
        nodes: &nodes,
        plan: &plan,
        clocks: &clocks,
    };
    flows.iter_mut().for_each(|flow| flow.track(&context));
    let pod_links = pod_links(&points, &node_of, &ends);
    let mut paths = Paths::new(layout, &plan, pod_links, &ends);
    for track in flows.iter().flat_map(|flow| [&flow.forward, &flow.reply]) {
        paths.learn(&track.seen, &track.matched.trips, &track.order);
        blindness.learn(&track.seen, &track.matched.trips, &node_of, &points, &plan);
    }
    let scales = Scales {
        paths: &paths,
        coverage: &coverage,
        context: &context,
        translations: &translations,
        blindness: &blindness,
        cut: &cut,
    };
    let flows = flows
        .iter()
        .map(|flow| finish_flow(flow, &scales, &mut accounting))
        .collect();
    Timelines {
        flows,
        points,
        nodes,
        node_of,
        plan,
        clocks,
        coverage,
        arp,
        icmp_errors,
        accounting,
    }
}

fn finish_flow(
    flow: &FlowTracks,
    scales: &Scales<'_>,
    accounting: &mut [PointAccounting],
) -> FlowTimeline {
    let (there, back) = (flow.id.initiator, flow.id.responder);
    let (initiator, responder, relation) = flow.parties(scales.context.plan);
    FlowTimeline {
        initiator,
        responder,
        protocol: flow.id.protocol,
        service: flow.id.service,
        relation,
        conversations: flow.client_ports.len() as u64,
        forward: judge_direction(
            &flow.forward,
            &flow.reply,
            (there, back),
            scales,
            accounting,
        ),
        reply: judge_direction(
            &flow.reply,
            &flow.forward,
            (back, there),
            scales,
            accounting,
        ),
    }
}

fn pod_links(points: &[SetPoint], node_of: &[NodeId], ends: &Ends) -> BTreeMap<IpAddr, PointId> {
    ends.pod_links(
        &with_role(points, Role::Pod),
        &with_role(points, Role::Bridge),
        node_of,
    )
}

fn with_role(points: &[SetPoint], role: Role) -> BTreeSet<PointId> {
    let ids = (0..).map(PointId).zip(points);
    ids.filter(|(_, point)| point.role == role)
        .map(|(id, _)| id)
        .collect()
}

fn nodes_of(points: &[SetPoint]) -> (Vec<Box<str>>, Vec<NodeId>) {
    let mut nodes: Vec<Box<str>> = points.iter().map(|p| p.point.node.clone()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let index = |name: &str| nodes.iter().position(|n| **n == *name).unwrap_or(0);
    let node_of = points
        .iter()
        .map(|p| NodeId(u32::try_from(index(&p.point.node)).unwrap_or(u32::MAX)))
        .collect();
    (nodes, node_of)
}
