//! Recognises the same packet at every capture point and says what became of it.
//!
//! Its door is [`Timelines`]. No bytes and no layers come in here: only observations.
//!
//! The way through the room, a file a step: sightings are grouped into conversations (`conversation`); which of those are one
//! under several addresses (`translation`), and which address lives where (`census`, `address_plan`), their packets tell; packets are
//! recognized across points (`trip`), TCP by its bytes (`pieces`), and told from copies, loops and repetitions (`repetition`); packets both ways
//! compare the clocks (`clock`); evidence orders the places on the way (`hop_order`); orders and roles say which point comes next (`path`);
//! what was expected, what could be seen (`coverage`, `blindness`, `pauses`), what answers prove and who refused (`outcome`, `rejection`) give each
//! packet its disposition (`direction`).

mod accounting;
mod address_plan;
mod answers;
mod at_places;
mod basis;
mod blindness;
mod census;
mod changes;
mod clock;
mod conversation;
mod correlator;
mod coverage;
mod crossings;
mod cut;
mod devices;
mod direction;
mod disposition;
mod edges;
mod extent;
mod flow;
mod folding;
mod habits;
mod hop;
mod hop_order;
mod intake;
mod layout;
mod linked;
mod links;
mod matched_by;
mod neighbors;
mod one_packet;
mod outcome;
mod over_time;
mod own_way;
mod pair_evidence;
mod path;
mod pauses;
mod pieces;
mod place;
mod placed;
mod pod_links;
mod rejection;
mod repetition;
mod resolution;
mod roles;
mod round_trip;
mod rows;
mod seen_elsewhere;
mod set_back;
mod tally;
#[cfg(test)]
mod testing;
mod timeline;
mod translation;
mod trip;
mod unseen;
mod watch;

pub use accounting::{PointAccounting, Unmatched};
pub use address_plan::{AddressPlan, StatedAddresses};
pub use basis::Basis;
pub use clock::{
    ClockDrift, ClockEstimate, ClockOffset, ClockPair, ClockStep, Clocks, ClocksKnown,
};
pub use correlator::{Correlator, correlate};
pub use coverage::{Coverage, Ran, TAIL};
pub use disposition::{Blind, Disposition, Doubt, Proof, Refusal, Trust};
pub use folding::Folding;
pub use habits::{ArpHabit, Counted, Habits, IcmpHabit};
pub use hop::{Change, Delay, Duplicates, Field, Hop, MAX_NEXT_HOPS, Spread};
pub use intake::is_followed;
pub use links::{BadChecksum, ChecksumCounts, Link, Links, MacPair};
pub use matched_by::MatchedBy;
pub use over_time::{Bin, MAX_BINS, OverTime};
pub use tally::{EndCount, Tally};
pub use timeline::{
    Called, Direction, FlowTimeline, IcmpError, Journey, NodeId, Party, PartyKind, Relation,
    RoleBasis, Service, SetPoint, Timelines,
};
pub use watch::PointWatch;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rayon::prelude::*;

use blindness::Blindness;
use census::Census;
use conversation::group_conversations;
use crossings::compare_clocks;
use direction::{Scales, judge_direction};
use flow::{FlowTracks, group_flows};
use folding::FoldedBytes;
use hop_order::OrderContext;
use intake::{Intake, cut_points};
use layout::Layout;
use path::Paths;
use pauses::Pauses;
use pod_links::Ends;
use rejection::Rejections;
use translation::link_conversations;

use crate::types::{CapturePoint, PointId, Role};

/// The way through the room, but for what sums it up. `folded` are the bytes of packets that others stand for, if there are such.
fn follow(
    mut points: Vec<SetPoint>,
    stated: &StatedAddresses,
    mut intake: Intake,
    folded: Option<&FoldedBytes>,
) -> Timelines {
    let (nodes, mut node_of) = nodes_of(points.iter().map(|point| &point.point));
    let cut = cut_points(&intake.accounting);
    let mut sightings = std::mem::take(&mut intake.sightings).into_seen();
    resolution::level(&mut sightings, &node_of);
    let ends = Ends::new(&sightings).hearing(intake.arp_received);
    roles::infer_roles(&mut points, &mut node_of, &sightings, &ends);
    let mut blindness = Blindness::new(&points, &sightings, intake.link_local);
    let conversations = group_conversations(sightings);
    let layout = Layout {
        points: &points,
        node_of: &node_of,
    };
    let (linked, elsewhere) = link_conversations(conversations, &node_of, stated);
    let plan = Census::new(layout, &nodes, stated).take(&linked, &intake.arp);
    let mut flows = group_flows(linked);
    let rejections = Rejections::new(&intake.icmp_errors);
    let coverage = Coverage::new(
        &points,
        &node_of,
        nodes.len(),
        intake.set_back.twice(&node_of),
    );
    let clocks = compare_clocks(&mut flows, &node_of, &plan);
    let context = OrderContext {
        layout,
        nodes: &nodes,
        plan: &plan,
        clocks: &clocks,
    };
    flows.par_iter_mut().for_each(|flow| flow.track(&context));
    let mut paths = Paths::new(layout, &plan, pod_links(layout, &ends), &ends);
    learn_ways(&flows, &context, &mut paths, &mut blindness);
    let pauses = Pauses::new(&flows, &context, folded.map(|_| &intake.activity));
    let scales = Scales {
        paths: &paths,
        coverage: &coverage,
        pauses: &pauses,
        context: &context,
        elsewhere: &elsewhere,
        rejections: &rejections,
        blindness: &blindness,
        cut: &cut,
        folded_bytes: folded,
    };
    let flows = finish_flows(flows, &scales, &mut intake.accounting);
    Timelines {
        flows,
        points,
        nodes,
        node_of,
        plan,
        clocks,
        coverage,
        arp: intake.arp,
        arp_times: intake.arp_times,
        links: intake.links.finish(),
        icmp_errors: intake.icmp_errors,
        accounting: intake.accounting,
        habits: Habits::default(),
    }
}

/// What packets do teaches what to expect of others, and what a point cannot see.
fn learn_ways(
    flows: &[FlowTracks],
    context: &OrderContext<'_>,
    paths: &mut Paths<'_>,
    blindness: &mut Blindness,
) {
    let directions = flows.iter().flat_map(|flow| {
        let (there, back) = flow.ways();
        [(&flow.forward, there), (&flow.reply, back)]
    });
    for (track, way) in directions {
        let trips = &track.matched.trips;
        paths.learn(&track.seen, &track.matched.straight(), &track.order, way);
        blindness.learn(&track.seen, trips, context.layout, context.plan);
    }
}

/// In parts, side by side; the sightings of a flow are given back when it is finished.
fn finish_flows(
    flows: Vec<FlowTracks>,
    scales: &Scales<'_>,
    accounting: &mut [PointAccounting],
) -> Vec<FlowTimeline> {
    let some = flows.len().div_ceil(PARTS).max(LEAST_OF_A_PART);
    let parts: Vec<(Vec<FlowTimeline>, Vec<PointAccounting>)> = flows
        .into_par_iter()
        .chunks(some)
        .map(|flows| {
            let mut counts = vec![PointAccounting::default(); accounting.len()];
            // What a flow took is free when it is finished.
            let finished = flows.into_iter();
            let finished = finished.map(|flow| finish_flow(&flow, scales, &mut counts));
            (finished.collect(), counts)
        })
        .collect();
    let mut finished = Vec::with_capacity(parts.iter().map(|(flows, _)| flows.len()).sum());
    for (flows, counts) in parts {
        finished.extend(flows);
        for (whole, part) in accounting.iter_mut().zip(counts) {
            whole.merge(part);
        }
    }
    finished
}

/// Flows are finished side by side in so many parts, whatever the number of threads.
const PARTS: usize = 64;

/// A part is worth the trouble from so many flows on.
const LEAST_OF_A_PART: usize = 8;

fn finish_flow(
    flow: &FlowTracks,
    scales: &Scales<'_>,
    accounting: &mut [PointAccounting],
) -> FlowTimeline {
    let (there, back) = flow.ways();
    let (initiator, responder, relation) = flow.parties(scales.context.plan);
    let (called, seen_as) = flow.translated_ends();
    FlowTimeline {
        initiator,
        responder,
        protocol: flow.id.protocol,
        service: flow.id.service,
        relation,
        conversations: flow.client_ports.len() as u64,
        stands_for: 1,
        called,
        seen_as,
        round_trip: flow.round_trip(),
        forward: judge_direction(&flow.forward, &flow.reply, there, scales, accounting),
        reply: judge_direction(&flow.reply, &flow.forward, back, scales, accounting),
    }
}

fn pod_links(layout: Layout<'_>, ends: &Ends) -> BTreeMap<IpAddr, PointId> {
    ends.pod_links(
        &with_role(layout.points, Role::Pod),
        &with_role(layout.points, Role::Bridge),
        layout.node_of,
    )
}

fn with_role(points: &[SetPoint], role: Role) -> BTreeSet<PointId> {
    let ids = (0..).map(PointId).zip(points);
    ids.filter(|(_, point)| point.role == role)
        .map(|(id, _)| id)
        .collect()
}

fn nodes_of<'a>(
    points: impl Iterator<Item = &'a CapturePoint> + Clone,
) -> (Vec<Box<str>>, Vec<NodeId>) {
    let mut nodes: Vec<Box<str>> = points.clone().map(|p| p.node.clone()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let index = |name: &str| nodes.iter().position(|n| **n == *name).unwrap_or(0);
    let node_of = points
        .map(|p| NodeId(u32::try_from(index(&p.node)).unwrap_or(u32::MAX)))
        .collect();
    (nodes, node_of)
}
