//! What a flow is, as pairing sees it: numbers that are equal where flows are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt as _};

use super::joining::{FEATURES, Traits};
use super::nodes::NodePair;
use crate::correlate::{
    Direction, FlowTimeline, NodeId, Party, PartyKind, Relation, Service, Timelines,
};
use crate::types::Protocol;

/// What each feature counts, and what is said of a pair that has it; the table of [`super::pairing`].
pub(super) const FEATURE_WEIGHTS: [u32; FEATURES] = [8, 8, 4, 2, 2, 1, 1];

const FEATURE_WORDS: [&str; FEATURES] = [
    text!("initiators on corresponding nodes"),
    text!("responders on corresponding nodes"),
    "",
    "",
    text!("packets of the same sizes"),
    text!("the same initiator"),
    text!("the same responder"),
];

/// What is stated of an end's address: the places in the list of stated pairs.
type Marks = Vec<usize>;

/// What a flow is for: the service, where the address lives that it is for, and whether a service leads to the responder.
type Purpose = (Service, Home, bool);

/// What no two flows of a pair may differ in, whatever the round: the protocol, what is stated of their ends, whether the initiator
/// is outside of the cluster, and whether the flow leads back to who began it.
type Nature = (Protocol, [Marks; 2], bool, bool);

/// What one flow is.
#[derive(Clone, Debug)]
pub(super) struct Likeness {
    nature: u32,
    stated: bool,
    served: Purpose,
    asked: Purpose,
    relation: Relation,
    kinds: [PartyKind; 2],
    /// The initiator's and the responder's node, by the failing set's numbers.
    nodes: [Option<NodeId>; 2],
    called: bool,
    ends: [u32; 2],
    fails: bool,
    features: [Option<u32>; FEATURES],
}

/// Where the address lives that a flow is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// A node or pod of the cluster, or what may be one.
    Cluster,
    /// No node and no network of pods, and it leads to a pod, or answers nothing: a service's address, or one that nobody translates.
    Service,
    /// No node and no network of pods: another host.
    Elsewhere,
}

/// By what services are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// What the responder serves.
    Served,
    /// What the initiator asked for: a service's own port, where a service leads it to the responder.
    Asked,
}

/// How the kinds of two ends agree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Agreement {
    /// They are equal.
    Equal,
    /// This one is not known, and the other may be anything.
    Unknown,
    /// The other one is not known, and this may be anything.
    Anything,
}

impl Agreement {
    /// All ways to agree.
    pub(super) const ALL: [Self; 3] = [Self::Equal, Self::Unknown, Self::Anything];

    /// The same from the other side.
    pub(super) const fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Unknown => Self::Anything,
            Self::Anything => Self::Unknown,
        }
    }
}

/// What decides in which class of a round a flow is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// Equal services.
    Purpose(Purpose),
    /// Equal services and relations; of unknown relations, equal kinds of ends.
    Relation(Purpose, Relation, Option<[PartyKind; 2]>),
    /// Equal services and kinds of ends; `None` where one of the two is not known.
    Kinds(Purpose, [Option<PartyKind>; 2]),
    /// Equal services and relations between the same addresses.
    Ends(Service, Relation, [u32; 2]),
    /// Equal relations on corresponding nodes.
    Nodes(Relation, [NodeId; 2], bool),
}

impl Likeness {
    const fn purpose(&self, by: By) -> Purpose {
        match by {
            By::Served => self.served,
            By::Asked => self.asked,
        }
    }

    fn is_known(&self) -> bool {
        self.relation != Relation::Other
    }

    /// The class of a flow of whose ends something is stated.
    pub(super) fn by_statement(&self, by: By) -> Option<Class> {
        self.stated.then_some(Class::Purpose(self.purpose(by)))
    }

    /// The class of services and relations.
    pub(super) fn by_relation(&self, by: By) -> Class {
        let kinds = (!self.is_known()).then_some(self.kinds);
        Class::Relation(self.purpose(by), self.relation, kinds)
    }

    /// The class of services and kinds of ends, where these agree as said and the relation is not known, if it must not be.
    pub(super) fn by_kinds(
        &self,
        by: By,
        agreements: [Agreement; 2],
        unknown: bool,
    ) -> Option<Class> {
        let mut kinds = self.kinds.map(Some);
        for (kind, agreement) in kinds.iter_mut().zip(agreements) {
            *kind = match (agreement, *kind) {
                (Agreement::Equal, kind) => kind,
                (Agreement::Unknown, Some(PartyKind::Unknown)) | (Agreement::Anything, _) => None,
                (Agreement::Unknown, _) => return None,
            };
        }
        // What reports errors answers something else: of unknown ends too little says that they play one part.
        let tells = self.served.0 != Service::IcmpError && (!unknown || !self.is_known());
        tells.then_some(Class::Kinds(self.purpose(by), kinds))
    }

    /// The class of flows between the same two addresses, called through a service or not.
    ///
    /// What works both ways is two kinds of traffic; where one of the two fails (`must_fail` here), it may be a translation that was lost.
    pub(super) fn by_ends(&self, must_fail: bool) -> Option<Class> {
        let class = Class::Ends(self.served.0, self.relation, self.ends);
        (self.fails || !must_fail).then_some(class)
    }

    /// The class of relations on corresponding nodes.
    pub(super) fn by_nodes(&self) -> Option<Class> {
        let [Some(a), Some(b)] = self.nodes else {
            return None;
        };
        let class = Class::Nodes(self.relation, [a, b], self.called);
        self.is_known().then_some(class)
    }

    /// What two flows have in common, in words.
    pub(super) fn common_words(&self, other: &Self) -> Vec<&'static str> {
        let both = self.features.iter().zip(other.features).zip(FEATURE_WORDS);
        let held = both.filter(|((a, b), word)| a.is_some() && *a == b && !word.is_empty());
        held.map(|(_, word)| word).collect()
    }
}

/// Gives equal things equal numbers, in both sets.
pub(super) struct Numbers<'a> {
    stated: &'a [(IpAddr, IpAddr)],
    nodes: BTreeMap<NodeId, NodeId>,
    natures: HashMap<Nature, u32>,
    classes: HashMap<(u32, Class), u32>,
    addresses: HashMap<IpAddr, u32>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(nodes: &[NodePair], stated: &'a [(IpAddr, IpAddr)]) -> Self {
        Self {
            stated,
            nodes: nodes.iter().map(|p| (p.reference, p.failing)).collect(),
            natures: HashMap::new(),
            classes: HashMap::new(),
            addresses: HashMap::new(),
        }
    }

    /// What the flows of the reference, or of the failing set, are; in their order.
    pub(super) fn likenesses(&mut self, set: &Timelines, is_reference: bool) -> Vec<Likeness> {
        let pods: BTreeSet<IpAddr> = set.plan.pods().map(pod_network).collect();
        let flows = set.flows.iter();
        flows
            .map(|flow| self.likeness(set, flow, &pods, is_reference))
            .collect()
    }

    fn likeness(
        &mut self,
        set: &Timelines,
        flow: &FlowTimeline,
        pods: &BTreeSet<IpAddr>,
        is_reference: bool,
    ) -> Likeness {
        let ends = [flow.initiator, flow.responder];
        let marks = ends.map(|end| self.marks(end.address, is_reference));
        let stated = marks.iter().any(|marks| !marks.is_empty());
        let outside = is_outside(&flow.initiator, pods);
        let asked = home_of_asked(set, flow, pods);
        let itself = flow.initiator.address == flow.responder.address;
        let nodes = ends.map(|end| self.node(end.node, is_reference));
        let called = flow.called.is_some();
        let [initiator, responder] = ends.map(|end| number(&mut self.addresses, end.address));
        let [from, to] = nodes.map(|node| node.map(|node| node.0));
        Likeness {
            nature: number(&mut self.natures, (flow.protocol, marks, outside, itself)),
            stated,
            served: (flow.service, home_of_responder(flow, pods), called),
            asked: (asked_service(flow), asked, called || asked == Home::Service),
            relation: flow.relation,
            kinds: ends.map(|end| end.kind),
            nodes,
            called,
            ends: [initiator, responder],
            fails: fails(flow),
            features: [
                from,
                to,
                Some(u32::from(called)),
                Some(u32::from(flow.seen_as.is_some())),
                Some(size_class(flow)),
                Some(initiator),
                Some(responder),
            ],
        }
    }

    /// A flow's traits in a round.
    pub(super) fn traits(&mut self, flow: &Likeness, class: Class) -> Traits {
        Traits {
            class: number(&mut self.classes, (flow.nature, class)),
            features: flow.features,
        }
    }

    fn node(&self, node: Option<NodeId>, is_reference: bool) -> Option<NodeId> {
        if is_reference {
            self.nodes.get(&node?).copied()
        } else {
            node
        }
    }

    fn marks(&self, address: IpAddr, is_reference: bool) -> Marks {
        let stated = self.stated.iter().enumerate();
        let own = stated.filter(|(_, (r, f))| address == if is_reference { *r } else { *f });
        own.map(|(place, _)| place).collect()
    }
}

fn number<T: Eq + Hash>(numbers: &mut HashMap<T, u32>, thing: T) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(thing).or_insert(next)
}

/// The network that a cluster takes an address of its pods from: its /16 or /48, as [`AddressPlan::shares_pod_network`] has it.
///
/// [`AddressPlan::shares_pod_network`]: crate::correlate::AddressPlan::shares_pod_network
fn pod_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & 0xffff_0000).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 80 << 80).into()),
    }
}

fn is_outside(end: &Party, pods: &BTreeSet<IpAddr>) -> bool {
    end.kind != PartyKind::Pod && end.node.is_none() && !pods.contains(&pod_network(end.address))
}

/// Whether packets of a flow are lost, reset or not answered.
fn fails(flow: &FlowTimeline) -> bool {
    let troubled = |direction: &Direction| direction.tally.lost() + direction.tally.resets > 0;
    troubled(&flow.forward) || troubled(&flow.reply) || flow.reply.tally.packets() == 0
}

fn home_of_responder(flow: &FlowTimeline, pods: &BTreeSet<IpAddr>) -> Home {
    if is_outside(&flow.responder, pods) {
        Home::Elsewhere
    } else {
        Home::Cluster
    }
}

fn home_of_asked(set: &Timelines, flow: &FlowTimeline, pods: &BTreeSet<IpAddr>) -> Home {
    let asked = flow.called.map_or(flow.responder, |called| Party {
        address: called.address,
        port: called.port,
        node: set.plan.home(called.address),
        kind: set.plan.kind(called.address),
    });
    let answered = flow.called.is_none() && flow.reply.tally.packets() > 0;
    match (is_outside(&asked, pods), answered) {
        (false, _) => Home::Cluster,
        (true, false) => Home::Service,
        (true, true) => Home::Elsewhere,
    }
}

/// What the initiator asked for.
fn asked_service(flow: &FlowTimeline) -> Service {
    let port = flow.called.and_then(|called| called.port);
    match (flow.service, port) {
        (Service::Port(_), Some(port)) => Service::Port(port),
        (own, _) => own,
    }
}

/// By the longest packet of the initiator's: a large ping and a small one are different questions.
fn size_class(flow: &FlowTimeline) -> u32 {
    let ends = flow.forward.tally.ends.values();
    match ends.map(|count| count.longest).max() {
        None => 0,
        Some(0..=576) => 1,
        Some(577..=1500) => 2,
        Some(_) => 3,
    }
}
