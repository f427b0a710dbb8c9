//! A selection bound to one set.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::error::Unmatched;
use super::expression::{End, Expression, Fate, Place, Selection, Term, Who};
use super::pattern::Pattern;
use crate::correlate::{Disposition, FlowTimeline, Journey, NodeId, Service, Timelines, Trust};
use crate::types::{Message, Nanos, PointId, Protocol, Timestamp};

/// Names of addresses: pods, services, nodes, hosts.
type Names = BTreeMap<IpAddr, String>;

/// A selection bound to one set: which packets of it are selected.
///
/// Of the set it knows points, nodes, clocks and names, and of no other packet anything.
#[derive(Debug)]
pub struct Selector<'a> {
    set: &'a Timelines,
    bound: Bound,
}

/// An expression with places, names and times looked up in a set.
#[derive(Debug)]
enum Bound {
    All,
    Protocol(Protocol),
    Host(End, Addresses),
    Port(End, u16, u16),
    SeenAt(BTreeSet<PointId>),
    End(Fate),
    Since(Timestamp),
    Until(Timestamp),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

#[derive(Debug)]
enum Addresses {
    Within(ipnet::IpNet),
    These(BTreeSet<IpAddr>),
}

impl Addresses {
    fn hold(&self, address: IpAddr) -> bool {
        match self {
            Self::Within(net) => net.contains(&address),
            Self::These(all) => all.contains(&address),
        }
    }
}

/// What is asked about: a packet of a direction of a flow, or, where there are no packets, the direction.
#[derive(Clone, Copy)]
struct Asked<'a> {
    flow: &'a FlowTimeline,
    reply: bool,
    journey: Option<&'a Journey>,
}

impl<'a> Selector<'a> {
    /// Looks the selection's places, names and times up in a set.
    #[must_use]
    pub fn new(selection: &Selection, set: &'a Timelines, names: &Names) -> Self {
        let scales = Scales {
            set,
            names,
            window: window(set),
        };
        Self {
            set,
            bound: scales.bind(&selection.0),
        }
    }

    /// Whether a packet is selected.
    #[must_use]
    pub fn selects(&self, flow: &FlowTimeline, reply: bool, journey: &Journey) -> bool {
        self.holds(
            &self.bound,
            Asked {
                flow,
                reply,
                journey: Some(journey),
            },
        )
    }

    /// Whether a direction of which no packets are left is selected, by what is known of all of them. What only packets can tell
    /// ([`Selection::needs_packets`]) counts as not so.
    #[must_use]
    pub fn selects_direction(&self, flow: &FlowTimeline, reply: bool) -> bool {
        self.holds(
            &self.bound,
            Asked {
                flow,
                reply,
                journey: None,
            },
        )
    }

    fn holds(&self, bound: &Bound, asked: Asked<'_>) -> bool {
        match bound {
            Bound::All => true,
            Bound::Protocol(protocol) => asked.flow.protocol == *protocol,
            Bound::Host(end, addresses) => {
                asked.addresses(*end).any(|address| addresses.hold(address))
            }
            Bound::Port(end, first, last) => asked
                .ports(*end)
                .any(|port| (*first..=*last).contains(&port)),
            Bound::SeenAt(points) => asked
                .journey
                .is_some_and(|journey| journey.points().any(|point| points.contains(&point))),
            Bound::End(fate) => asked
                .journey
                .is_some_and(|journey| Fate::of(&journey.disposition) == *fate),
            Bound::Since(time) => asked
                .journey
                .is_some_and(|journey| first_seen(self.set, journey) >= *time),
            Bound::Until(time) => asked
                .journey
                .is_some_and(|journey| first_seen(self.set, journey) < *time),
            Bound::Not(inner) => !self.holds(inner, asked),
            Bound::And(members) => members.iter().all(|member| self.holds(member, asked)),
            Bound::Or(members) => members.iter().any(|member| self.holds(member, asked)),
        }
    }
}

impl Asked<'_> {
    /// The addresses that an end has anywhere on the way.
    fn addresses(self, end: End) -> impl Iterator<Item = IpAddr> {
        let flow = self.flow;
        let began = [Some(flow.initiator.address), flow.seen_as];
        let called = [
            Some(flow.responder.address),
            flow.called.map(|called| called.address),
        ];
        let (sends, receives) = if self.reply {
            (called, began)
        } else {
            (began, called)
        };
        let none = [None, None];
        let [first, second] = match end {
            End::Either => [began, called],
            End::Initiator => [began, none],
            End::Responder => [called, none],
            End::Source => [sends, none],
            End::Destination => [receives, none],
        };
        first.into_iter().chain(second).flatten()
    }

    /// The ports that an end has anywhere on the way; none where the protocol has no ports.
    fn ports(self, end: End) -> impl Iterator<Item = u16> {
        let flow = self.flow;
        let (own, service) = match flow.service {
            Service::Port(port) => (
                self.journey
                    .map(|journey| journey.port)
                    .or(flow.initiator.port),
                Some(port),
            ),
            Service::Echo | Service::IcmpError | Service::None => (None, None),
        };
        let began = [own, None];
        let called = [service, flow.called.and_then(|called| called.port)];
        let none = [None, None];
        let [first, second] = match (end, self.reply) {
            (End::Either, _) => [began, called],
            (End::Initiator, _) | (End::Source, false) | (End::Destination, true) => [began, none],
            (End::Responder, _) | (End::Source, true) | (End::Destination, false) => [called, none],
        };
        first.into_iter().chain(second).flatten()
    }
}

impl Fate {
    const fn of(disposition: &Disposition) -> Self {
        match disposition {
            Disposition::Delivered(_) => Self::Delivered,
            Disposition::Lost {
                trust: Trust::Proven,
                ..
            } => Self::Lost,
            Disposition::Lost {
                trust: Trust::Assumed,
                ..
            } => Self::AssumedLost,
            Disposition::Rejected { .. } => Self::Rejected,
            Disposition::Looped { .. } => Self::Looped,
            Disposition::NotCovered { .. } => Self::NotCovered,
            Disposition::Unknown { .. } => Self::Unknown,
        }
    }
}

/// The node by whose clock a selection's times are meant.
const BY: NodeId = NodeId(0);

/// When a packet was first seen, by the first node's clock; by that of the node that saw it, where the two cannot be compared.
fn first_seen(set: &Timelines, journey: &Journey) -> Timestamp {
    let node = journey.first().map_or(BY, |first| set.node(first.point));
    by_first_clock(set, node, journey.time)
}

fn by_first_clock(set: &Timelines, node: NodeId, time: Timestamp) -> Timestamp {
    let offset = set.clocks.offset_at(node, BY, time);
    time + offset.map_or(Nanos(0), |offset| offset.offset)
}

/// From the first packet of a set to the last one, by the first node's clock.
fn window(set: &Timelines) -> (Timestamp, Timestamp) {
    let points = || set.points.iter().zip(&set.node_of);
    let first = points().filter_map(|(point, node)| {
        point
            .first_time
            .map(|time| by_first_clock(set, *node, time))
    });
    let last = points()
        .filter_map(|(point, node)| point.last_time.map(|time| by_first_clock(set, *node, time)));
    let nothing = Timestamp(0);
    (
        first.min().unwrap_or(nothing),
        last.max().unwrap_or(nothing),
    )
}

/// Nodes with packets whose clock cannot be compared with the first one's, sorted.
fn strange_clocks(set: &Timelines) -> Vec<&str> {
    let points = set.points.iter().zip(&set.node_of);
    let strange: BTreeSet<NodeId> = points
        .filter_map(|(point, node)| Some((*node, point.first_time?)))
        .filter(|(node, time)| set.clocks.offset_at(*node, BY, *time).is_none())
        .map(|(node, _)| node)
        .collect();
    strange
        .into_iter()
        .map(|node| set.node_name(node))
        .collect()
}

/// What a selection is bound by.
struct Scales<'a> {
    set: &'a Timelines,
    names: &'a Names,
    window: (Timestamp, Timestamp),
}

impl Scales<'_> {
    fn bind(&self, expression: &Expression) -> Bound {
        let all = |members: &[Expression]| members.iter().map(|m| self.bind(m)).collect();
        match expression {
            Expression::Term(term) => self.bind_term(term),
            Expression::Not(inner) => Bound::Not(Box::new(self.bind(inner))),
            Expression::And(members) => Bound::And(all(members)),
            Expression::Or(members) => Bound::Or(all(members)),
        }
    }

    fn bind_term(&self, term: &Term) -> Bound {
        let time = |moment: &super::moment::Moment| moment.resolve(self.window.0, self.window.1);
        match term {
            Term::All => Bound::All,
            Term::Protocol(protocol) => Bound::Protocol(*protocol),
            Term::Host(end, Who::Network(net)) => Bound::Host(*end, Addresses::Within(*net)),
            Term::Host(end, Who::Named(name)) => Bound::Host(
                *end,
                Addresses::These(addresses(self.set, self.names, name)),
            ),
            Term::Port(end, first, last) => Bound::Port(*end, *first, *last),
            Term::SeenAt(place) => Bound::SeenAt(points(self.set, place)),
            Term::End(fate) => Bound::End(*fate),
            Term::Since(moment) => Bound::Since(time(moment)),
            Term::Until(moment) => Bound::Until(time(moment)),
        }
    }
}

/// The points of a set that a place means.
fn points(set: &Timelines, place: &Place) -> BTreeSet<PointId> {
    let ids = (0..).map(PointId).zip(&set.points);
    ids.filter(|(_, known)| {
        place.node.fits(&known.point.node) && place.interface.fits(&known.point.interface)
    })
    .map(|(id, _)| id)
    .collect()
}

/// The addresses of a set that are called so, and those of nodes of that name.
fn addresses(set: &Timelines, names: &Names, pattern: &Pattern) -> BTreeSet<IpAddr> {
    let called = names.iter().filter(|(_, name)| is_called(name, pattern));
    let of_nodes = set.plan.node_addresses().filter_map(|(address, node)| {
        let node = set.node_name(node?);
        pattern.fits(node).then_some(address)
    });
    called
        .map(|(address, _)| *address)
        .chain(of_nodes)
        .collect()
}

/// Services are called `service NAME`, and what has a namespace may be called without it.
fn is_called(name: &str, pattern: &Pattern) -> bool {
    let name = name.strip_prefix("service ").unwrap_or(name);
    let short = name.rsplit_once('/').map(|(_, short)| short);
    pattern.fits(name) || short.is_some_and(|short| pattern.fits(short))
}

impl Selection {
    /// The first of its places and names that none of these sets has.
    #[must_use]
    pub fn unmatched(&self, sets: &[(&Timelines, &Names)]) -> Option<Unmatched> {
        self.0.terms().into_iter().find_map(|term| match term {
            Term::SeenAt(place) => {
                let found = sets.iter().any(|(set, _)| !points(set, place).is_empty());
                let all = || sets.iter().flat_map(|(set, _)| &set.points);
                (!found).then(|| Unmatched::Point {
                    pattern: format!("{}/{}", place.node, place.interface),
                    known: sorted(all().map(|known| known.point.to_string())),
                })
            }
            Term::Host(_, Who::Named(pattern)) => {
                let found = sets
                    .iter()
                    .any(|(set, names)| !addresses(set, names, pattern).is_empty());
                let called = sets.iter().flat_map(|(_, names)| names.values().cloned());
                let nodes = sets.iter().flat_map(|(set, _)| &set.nodes);
                (!found).then(|| Unmatched::Name {
                    pattern: pattern.to_string(),
                    known: sorted(called.chain(nodes.map(ToString::to_string))),
                })
            }
            _ => None,
        })
    }

    /// What a reader of its result must know of a set, as sentences.
    #[must_use]
    pub fn notes(&self, set: &Timelines) -> Vec<Message> {
        if !self.asks_time() || !set.has_packets() {
            return Vec::new();
        }
        let strange = strange_clocks(set);
        if strange.is_empty() {
            return Vec::new();
        }
        vec![message!(
            "the packets do not tell how the clock of {nodes} differs from that of {first}: packets first seen there are selected by their own times",
            nodes = Message::list(&strange, text!(", ")),
            first = set.node_name(BY)
        )]
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}
