//! Pairing on made-up sets: what may pair, and how long many flows take.

#![allow(clippy::print_stdout, reason = "a measurement prints what it measured")]

use std::net::{IpAddr, Ipv4Addr};

use super::nodes::pair_nodes;
use super::pairing::{FlowPair, pair_flows};
use super::{StatedPairs, compare_timelines};
use crate::correlate::{
    AddressPlan, Called, Clocks, Coverage, Direction, FlowTimeline, Habits, Links, NodeId, Party,
    PartyKind, Relation, Service, Timelines,
};
use crate::types::Protocol;

fn party(address: u32, node: u32) -> Party {
    Party {
        address: IpAddr::V4(Ipv4Addr::from_bits(address)),
        port: None,
        node: Some(NodeId(node)),
        kind: PartyKind::Pod,
    }
}

fn flow(initiator: Party, responder: Party, port: u16) -> FlowTimeline {
    FlowTimeline {
        initiator,
        responder,
        protocol: Protocol::TCP,
        service: Service::Port(port),
        relation: Relation::CrossNode,
        conversations: 1,
        stands_for: 1,
        called: None,
        seen_as: None,
        round_trip: None,
        forward: Direction::default(),
        reply: Direction::default(),
    }
}

fn set(name: &str, nodes: u32, flows: Vec<FlowTimeline>) -> Timelines {
    Timelines {
        points: Vec::new(),
        nodes: (0..nodes)
            .map(|node| format!("{name}{node}").into())
            .collect(),
        node_of: Vec::new(),
        flows,
        plan: AddressPlan::default(),
        clocks: Clocks::default(),
        coverage: Coverage::default(),
        arp: Vec::new(),
        arp_times: Vec::new(),
        links: Links::default(),
        icmp_errors: Vec::new(),
        habits: Habits::default(),
        accounting: Vec::new(),
    }
}

/// Flows between the pods of 40 nodes, to 30 ports.
fn many(name: &str, network: u32, count: u32) -> Timelines {
    let flows = (0..count).map(|index| {
        let (from, to) = (index % 40, (index / 40 + 1 + index) % 40);
        let port = 8000 + u16::try_from(index % 30).unwrap();
        flow(
            party(network + index, from),
            party(network + 0x8000_0000 + index / 7, to),
            port,
        )
    });
    set(name, 40, flows.collect())
}

fn pairs(reference: &Timelines, failing: &Timelines) -> Vec<FlowPair> {
    pair_flows(
        reference,
        failing,
        &pair_nodes(reference, failing, &[]),
        &[],
    )
}

#[test]
fn foreign_flows_find_their_counterparts_on_corresponding_nodes() {
    let (ours, theirs) = (many("a", 0x0a00_0000, 3_000), many("b", 0x3000_0000, 3_000));
    let found = pairs(&ours, &theirs);
    assert_eq!(found.len(), 3_000);
    for pair in found {
        let (r, f) = (
            &ours.flows[pair.reference.unwrap()],
            &theirs.flows[pair.failing.unwrap()],
        );
        assert_eq!(r.service, f.service);
        assert!(pair.why.contains(&"the same service"), "{:?}", pair.why);
    }
}

#[test]
fn what_is_called_through_a_service_pairs_with_its_like_alone() {
    let direct = flow(party(0x0a00_0001, 0), party(0x0a00_0002, 1), 8080);
    let service = Called {
        address: IpAddr::V4(Ipv4Addr::new(172, 16, 0, 1)),
        port: Some(80),
    };
    let called = FlowTimeline {
        called: Some(service),
        ..direct.clone()
    };
    let elsewhere = flow(party(0x1400_0001, 0), party(0x1400_0002, 1), 8080);
    let foreign = set("b", 2, vec![elsewhere]);
    let lone = |pairs: Vec<FlowPair>| {
        pairs
            .iter()
            .all(|p| p.reference.is_none() || p.failing.is_none())
    };
    assert!(lone(pairs(&set("a", 2, vec![called.clone()]), &foreign)));
    assert!(!lone(pairs(&set("a", 2, vec![direct.clone()]), &foreign)));
    // Between the same two addresses a translation was lost.
    assert!(!lone(pairs(
        &set("a", 2, vec![called]),
        &set("a", 2, vec![direct])
    )));
}

#[test]
fn a_pod_that_calls_itself_pairs_with_no_other() {
    let itself = flow(party(0x0a00_0001, 0), party(0x0a00_0001, 0), 8080);
    let neighbor = flow(party(0x1400_0001, 0), party(0x1400_0002, 0), 8080);
    let found = pairs(&set("a", 1, vec![itself]), &set("b", 1, vec![neighbor]));
    assert_eq!(found.len(), 2);
}

/// Prints how long 20 000 and 100 000 flows take against as many:
/// `cargo test --release -p netdiff-core --lib pairing_tests -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, to be run in a release build"]
fn many_flows_against_as_many() {
    for count in [20_000, 100_000] {
        let (ours, theirs) = (many("a", 0x0a00_0000, count), many("b", 0x3000_0000, count));
        let start = std::time::Instant::now();
        let found = pairs(&ours, &theirs);
        let paired = start.elapsed();
        let lone = found
            .iter()
            .filter(|p| p.reference.is_none() || p.failing.is_none())
            .count();
        let start = std::time::Instant::now();
        let comparison = compare_timelines(&ours, &theirs, &StatedPairs::default());
        println!(
            "{count} against {count} flows: paired in {paired:?}, {lone} left over; compared in {:?}, {} differences",
            start.elapsed(),
            comparison.differences.len()
        );
        assert_eq!(found.len() - lone, comparison.pairs.len() - lone);
    }
}
