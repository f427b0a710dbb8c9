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
mod disposition;
mod flow;
mod hop_order;
mod outcome;
mod path;
mod pod_links;
mod roles;
mod tcp_ranges;
mod timeline;
mod translation;
mod trip;

pub use accounting::{PointAccounting, Unmatched};
pub use address_plan::{AddressPlan, StatedAddresses};
pub use clock::{ClockOffset, Clocks};
pub use coverage::{Coverage, TAIL};
pub use disposition::{Blind, Disposition, Doubt, Proof, Trust};
pub use path::Basis;
pub use timeline::{
    Delay, Direction, FlowTimeline, Hop, IcmpError, Journey, NodeId, Party, PartyKind, Relation,
    RoleBasis, Service, SetPoint, Timelines,
};

use std::collections::BTreeSet;

use address_plan::Census;
use blindness::Blindness;
use clock::ClockComparison;
use conversation::{Seen, group_conversations};
use flow::{FlowTracks, Scales, Track, group_flows, judge_direction};
use hop_order::OrderContext;
use path::Paths;
use pod_links::Ends;
use translation::Translations;

use crate::identify::{ArpSighting, Detail, Evidence, Observation, Subject, Unidentified};
use crate::types::{Nanos, PointId, Role, Timestamp};

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
    let mut intake = Intake::new(points.len());
    observations
        .into_iter()
        .for_each(|observation| intake.take(&observation));
    let Intake {
        sightings,
        arp,
        icmp_errors,
        mut accounting,
        link_local,
    } = intake;
    let cut: BTreeSet<PointId> = cut_points(&accounting);

    let ends = Ends::new(&sightings);
    roles::infer_roles(&mut points, &mut node_of, &sightings, &ends);
    let translations = Translations::new(&sightings);
    let mut blindness = Blindness::new(&points, &sightings, link_local);
    let conversations = group_conversations(sightings);
    let plan = Census::new(&points, &node_of, &nodes, stated).take(&conversations, &arp);
    let mut flows = group_flows(conversations);
    let coverage = Coverage::new(&points, &node_of, nodes.len());
    let clocks = compare_clocks(&mut flows, &node_of, &plan);
    let context = OrderContext {
        points: &points,
        node_of: &node_of,
        nodes: &nodes,
        plan: &plan,
        clocks: &clocks,
    };
    flows.iter_mut().for_each(|flow| flow.track(&context));
    let pod_links = ends.pod_links(
        &with_role(&points, Role::Pod),
        &with_role(&points, Role::Bridge),
        &node_of,
    );
    let mut paths = Paths::new(&points, &node_of, &plan, pod_links);
    for track in flows.iter().flat_map(|flow| [&flow.forward, &flow.reply]) {
        paths.learn(&track.seen, &track.matched.trips, &track.order);
        blindness.learn(&track.seen, &track.matched.trips, &node_of, &points);
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

/// Points some of whose packets were cut too short to be identified.
fn cut_points(accounting: &[PointAccounting]) -> BTreeSet<PointId> {
    let ids = (0..).map(PointId).zip(accounting);
    ids.filter(|(_, counts)| counts.unmatched.contains_key(&Unmatched::Cut))
        .map(|(point, _)| point)
        .collect()
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

/// Packets whose sender's and receiver's nodes are known compare the two clocks.
fn compare_clocks(flows: &mut [FlowTracks], node_of: &[NodeId], plan: &AddressPlan) -> Clocks {
    let mut comparison = ClockComparison::default();
    let none = Clocks::default();
    for flow in flows {
        let ends = (plan.home(flow.id.initiator), plan.home(flow.id.responder));
        let (Some(a), Some(b)) = ends else { continue };
        if a == b {
            continue;
        }
        for (track, from, to) in [(&mut flow.forward, a, b), (&mut flow.reply, b, a)] {
            track.matched = trip::match_sightings(&track.seen, node_of, &none);
            note_crossings(track, from, to, node_of, &mut comparison);
        }
    }
    comparison.finish()
}

fn note_crossings(
    track: &Track,
    from: NodeId,
    to: NodeId,
    node_of: &[NodeId],
    comparison: &mut ClockComparison,
) {
    for trip in track.matched.trips.iter().filter(|trip| !trip.ambiguous) {
        let times = |node: NodeId| {
            let on_node = trip
                .sightings
                .iter()
                .filter(move |(p, _)| node_of.get(p.index()) == Some(&node));
            on_node
                .filter_map(|(_, &i)| track.seen.get(i))
                .map(|s| s.time)
        };
        let departure: Option<Timestamp> = times(from).max();
        let arrival: Option<Timestamp> = times(to).min();
        if let (Some(departure), Some(arrival)) = (departure, arrival) {
            let difference: Nanos = arrival - departure;
            comparison.note(from, to, difference);
        }
    }
}

/// Takes observations in, and sorts out those that no flow is made of.
struct Intake {
    sightings: Vec<Seen>,
    arp: Vec<(Evidence, ArpSighting)>,
    icmp_errors: Vec<IcmpError>,
    accounting: Vec<PointAccounting>,
    /// Points that saw packets which stay on their link.
    link_local: BTreeSet<PointId>,
}

impl Intake {
    fn new(points: usize) -> Self {
        Self {
            sightings: Vec::new(),
            arp: Vec::new(),
            icmp_errors: Vec::new(),
            accounting: vec![PointAccounting::default(); points],
            link_local: BTreeSet::new(),
        }
    }

    fn take(&mut self, observation: &Observation) {
        let Some(counts) = self.accounting.get_mut(observation.evidence.point.index()) else {
            return;
        };
        counts.packets += 1;
        match observation.subject {
            Subject::FragmentPart => counts.fragment_part += 1,
            Subject::Arp(arp) => {
                counts.add_unmatched(Unmatched::LinkLocal);
                self.link_local.insert(observation.evidence.point);
                self.arp.push((observation.evidence, arp));
            }
            Subject::Unidentified(why) => counts.add_unmatched(match why {
                Unidentified::NotIp => Unmatched::NotIp,
                Unidentified::Cut => Unmatched::Cut,
                Unidentified::NoTime => Unmatched::NoTime,
            }),
            Subject::Packet(sighting) => {
                if stays_on_link(sighting.key.source, sighting.key.destination) {
                    counts.add_unmatched(Unmatched::LinkLocal);
                    self.link_local.insert(observation.evidence.point);
                    return;
                }
                if let Detail::IcmpError {
                    icmp_type,
                    code,
                    quote,
                } = sighting.detail
                {
                    self.icmp_errors.push(IcmpError {
                        evidence: observation.evidence,
                        source: sighting.key.source,
                        destination: sighting.key.destination,
                        icmp_type,
                        code,
                        quote,
                    });
                }
                self.sightings.push(Seen {
                    evidence: observation.evidence,
                    time: observation.time,
                    source_mac: observation.frame.map(|(source, _)| source),
                    destination_mac: observation.frame.map(|(_, destination)| destination),
                    sighting,
                });
            }
        }
    }
}

/// Broadcast, multicast and link-local packets: no router passes them on.
fn stays_on_link(source: std::net::IpAddr, destination: std::net::IpAddr) -> bool {
    use std::net::IpAddr;
    let link_local = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified(),
    };
    let broadcast = matches!(destination, IpAddr::V4(v4) if v4.is_broadcast());
    destination.is_multicast() || broadcast || link_local(source) || link_local(destination)
}
