//! Which flow of the failing set plays the part of which flow of the reference.
//!
//! Flows are paired by what they are. Two flows can pair when their protocols are equal; both or neither initiator is outside of the cluster, and so are their
//! responders; both or neither lead back to who began them (a pod that calls itself through a service); and one of these holds. A lower round is taken only by flows that a higher one leaves over:
//!
//! 0. an end of both is stated to be the same, and the same service;
//! 1. the same service (port, ping), both or neither called through a service's address, and the same relation (cross-node, same-node, …), where that
//!    is known;
//! 2. the same service and relation between the same two addresses, though one is called through a service, where one of them fails: two
//!    recordings of one cluster, of which one lost a translation;
//! 3. as 1, but only kinds of ends that do not contradict each other: where one set does not show on which node an end lives (a pod that never
//!    sends), its relation is not known;
//! 4. the same relation, ends on corresponding nodes, and both or neither called through a service: another port of the same kind.
//!
//! Services are the same where the responders serve the same port, or the initiators asked for the same one of a service: where nothing translates a
//! service's address, its own port is all that is seen of it, and it looks like a host outside of the cluster that does not answer.
//!
//! Within a round the highest score is taken first; of equal scores, the lowest sum of the two flows' places in their sets:
//!
//! | both have | score |
//! |---|---|
//! | an initiator on the corresponding node | 8 |
//! | a responder on the corresponding node | 8 |
//! | called through a service or a node's port, or neither | 4 |
//! | an initiator hidden by masquerade, or neither | 2 |
//! | packets of the same size class (up to 576 bytes, up to 1500, above) | 2 |
//! | the same initiator address | 1 |
//! | the same responder address | 1 |
//!
//! Addresses count least: they tell twins apart in two recordings of one cluster, and nothing in recordings of two. What is left over is listed as
//! such, not forced. Pairs of addresses that the user states come before all, and nothing else pairs with what they name.
//!
//! A flow of a baseline stands for several and pairs with as many. Time and memory grow with the number of flows, not of pairs: see [`super::joining`].

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::joining::{Item, Room, join};
use super::likeness::{Agreement, By, Class, FEATURE_WEIGHTS, Likeness, Numbers};
use super::nodes::NodePair;
use crate::correlate::Timelines;

/// Two flows that play the same part, or one without a counterpart. Indexes into the two sets' flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPair {
    /// The reference's flow.
    pub reference: Option<usize>,
    /// The failing set's flow.
    pub failing: Option<usize>,
    /// Why these two: what they have in common.
    pub why: Vec<&'static str>,
}

/// Pairs the flows of two sets: pairs in order of the failing set's flows, then the reference's left over.
pub(super) fn pair_flows(
    reference: &Timelines,
    failing: &Timelines,
    nodes: &[NodePair],
    stated: &[(IpAddr, IpAddr)],
) -> Vec<FlowPair> {
    let mut numbers = Numbers::new(nodes, stated);
    let ours = numbers.likenesses(reference, true);
    let theirs = numbers.likenesses(failing, false);
    // Each flow pairs as often as it stands for flows: once, but in a baseline.
    let mut rounds = Rounds {
        room: Room {
            ours: reference.flows.iter().map(|flow| flow.stands_for).collect(),
            theirs: failing.flows.iter().map(|flow| flow.stands_for).collect(),
        },
        ours,
        theirs,
        numbers,
        pairs: Vec::new(),
    };
    rounds.play();
    let mut pairs = rounds.pairs;
    let lone = |reference: Option<usize>, failing: Option<usize>| FlowPair {
        reference,
        failing,
        why: Vec::new(),
    };
    let paired: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.failing).collect();
    let lonely: Vec<FlowPair> = (0..failing.flows.len())
        .filter(|f| !paired.contains(f))
        .map(|f| lone(None, Some(f)))
        .collect();
    let taken: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.reference).collect();
    pairs.extend(lonely);
    pairs.sort_by_key(|pair| (pair.failing, pair.reference));
    let rest = (0..reference.flows.len()).filter(|r| !taken.contains(r));
    pairs.extend(rest.map(|r| lone(Some(r), None)));
    pairs
}

/// The rounds of pairing.
struct Rounds<'a> {
    ours: Vec<Likeness>,
    theirs: Vec<Likeness>,
    numbers: Numbers<'a>,
    room: Room,
    pairs: Vec<FlowPair>,
}

/// A flow's class in a round; `None` where it takes no part in it.
type Classify = Box<dyn Fn(&Likeness) -> Option<Class>>;

/// A way in which flows of the reference and of the failing set may fit: where their classes are equal.
type Fit = (Classify, Classify);

/// Alike from both sides.
fn alike(class: impl Fn(&Likeness) -> Option<Class> + Copy + 'static) -> Fit {
    (Box::new(class), Box::new(class))
}

/// Kinds agree where they are equal or one is not known; each way in which they may do so is a fit of its own. The relation of one of the two flows is
/// not known.
fn fits_of_kinds(by: By) -> Vec<Fit> {
    let mut fits: Vec<Fit> = Vec::new();
    for begin in Agreement::ALL {
        for end in Agreement::ALL {
            for unknown in [true, false] {
                let (there, back) = ([begin, end], [begin.mirrored(), end.mirrored()]);
                fits.push((
                    Box::new(move |flow| flow.by_kinds(by, there, unknown)),
                    Box::new(move |flow| flow.by_kinds(by, back, !unknown)),
                ));
            }
        }
    }
    fits
}

impl Rounds<'_> {
    fn play(&mut self) {
        let either = [By::Served, By::Asked];
        let stated = either.map(|by| alike(move |flow| flow.by_statement(by)));
        self.round(&stated, &[text!("stated"), text!("the same service")]);
        let relations = either.map(|by| alike(move |flow| Some(flow.by_relation(by))));
        self.round(
            &relations,
            &[text!("the same service"), text!("the same relation")],
        );
        let words = [
            text!("the same service"),
            text!("the same relation"),
            text!("the same ends"),
        ];
        let ends = [true, false].map(|ours| -> Fit {
            (
                Box::new(move |flow| flow.by_ends(ours)),
                Box::new(move |flow| flow.by_ends(!ours)),
            )
        });
        self.round(&ends, &words);
        let kinds: Vec<Fit> = either.into_iter().flat_map(fits_of_kinds).collect();
        self.round(&kinds, &[text!("the same service")]);
        let words = [
            text!("the same relation"),
            text!("another service of the same protocol"),
        ];
        self.round(&[alike(Likeness::by_nodes)], &words);
    }

    /// One round: the flows that are left, by each of the ways in which they may fit.
    fn round(&mut self, fits: &[Fit], words: &[&'static str]) {
        let mut joined = Vec::with_capacity(fits.len());
        for (our_class, their_class) in fits {
            joined.push((
                items(&self.ours, &self.room.ours, our_class, &mut self.numbers),
                items(
                    &self.theirs,
                    &self.room.theirs,
                    their_class,
                    &mut self.numbers,
                ),
            ));
        }
        for (r, f) in join(joined, &FEATURE_WEIGHTS, &mut self.room) {
            let common = self.ours.get(r).zip(self.theirs.get(f));
            let common = common.map(|(a, b)| a.common_words(b)).unwrap_or_default();
            self.pairs.push(FlowPair {
                reference: Some(r),
                failing: Some(f),
                why: words.iter().copied().chain(common).collect(),
            });
        }
    }
}

fn items(
    flows: &[Likeness],
    left: &[u64],
    class: &Classify,
    numbers: &mut Numbers<'_>,
) -> Vec<Item> {
    let free = flows
        .iter()
        .enumerate()
        .filter(|(index, _)| Room::is_free(left, *index));
    free.filter_map(|(index, flow)| Some((index, numbers.traits(flow, class(flow)?))))
        .collect()
}
