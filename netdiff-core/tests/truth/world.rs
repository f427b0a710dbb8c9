//! Builds a case: conversations with their ends, ways and translations, and runs them.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use super::frame::arp;
use super::ledger::{Frame, Ledger};
use super::rng::Rng;
use super::spec::{ConversationSpec, EndSpec, Overlay, Translation, Trouble, WorldSpec};
use super::topology::{
    End, Hop, Map, Place, Rewrite, Station, address, bridge_address, mac, node_of, underlay,
};
use super::traffic;
use super::transit::{Copies, Loss, Net, Road};

/// When everything begins, in nanoseconds since 1970.
pub const START: i64 = 1_700_000_000_000_000_000;

/// An address with a port, or with the identifier of a ping.
pub type Socket = (IpAddr, u16);

/// A conversation, ready to run.
pub struct Conversation<'a> {
    pub spec: &'a ConversationSpec,
    pub client: Socket,
    /// The server, as the client calls it.
    pub service: Socket,
    pub server: Socket,
    /// The client, as the server sees it.
    pub caller: Socket,
    pub there: Road,
    pub back: Road,
    pub rng: Rng,
}

/// Runs a case; what comes back is the truth.
pub fn run(spec: &WorldSpec) -> Ledger {
    let mut net = Net::new(spec);
    let conversations: Vec<Conversation<'_>> = spec
        .conversations
        .iter()
        .enumerate()
        .map(|(index, conversation)| prepare(spec, index, conversation))
        .collect();
    if let Some(first) = conversations.first() {
        set_traps(&mut net, spec, first);
    }
    for mut conversation in conversations {
        let seed = u64::from(conversation.spec.seed);
        net.rng = Rng::new(seed, 11);
        net.luck = Rng::new(seed, 13);
        traffic::run(&mut net, &mut conversation);
    }
    let mut ledger = net.ledger;
    add_arp(spec, &mut ledger);
    ledger
}

/// Losses and copies lie on the first conversation's way.
fn set_traps(net: &mut Net<'_>, spec: &WorldSpec, first: &Conversation<'_>) {
    for loss in &spec.losses {
        let way = if loss.back {
            &first.back.way
        } else {
            &first.there.way
        };
        if way.len() > 1 {
            let at = usize::from(loss.at) % (way.len() - 1);
            net.losses.push(Loss {
                from: way[at].station,
                to: way[at + 1].station,
                percent: loss.percent,
                only: loss.only,
            });
        }
    }
    for copies in &spec.copies {
        let way = &first.there.way;
        net.copies.push(Copies {
            at: way[usize::from(copies.at) % way.len()].station,
            percent: copies.percent,
            onward: copies.onward,
        });
    }
}

fn end_of(spec: &WorldSpec, end: EndSpec) -> End {
    let nodes = spec.nodes.len() as u8;
    match end {
        EndSpec::Pod(node, pod) => End::Pod(node % nodes, pod % 2),
        EndSpec::Node(node) => End::Node(node % nodes),
    }
}

/// The ends that a translation needs, or none where they do not fit it.
fn ends_of(spec: &WorldSpec, conversation: &ConversationSpec) -> (End, End, Translation) {
    let nodes = spec.nodes.len() as u8;
    let from = end_of(spec, conversation.from);
    let mut to = end_of(spec, conversation.to);
    if to == from {
        to = match to {
            End::Pod(node, pod) => End::Pod((node + 1) % nodes, pod),
            other => End::Node((node_of(other) + 1) % nodes),
        };
    }
    let apart = node_of(from) != node_of(to);
    let pods = matches!((from, to), (End::Pod(..), End::Pod(..)));
    match conversation.translation {
        Translation::Hairpin if matches!(from, End::Pod(..)) => (from, from, Translation::Hairpin),
        Translation::NodePort if matches!(to, End::Pod(..)) && apart => {
            (End::Outside(node_of(from)), to, Translation::NodePort)
        }
        // A pod's call to another node leaves under its own node's address.
        _ if matches!((from, to), (End::Pod(..), End::Node(_))) && apart => {
            (from, to, Translation::Masquerade)
        }
        kind @ (Translation::ClusterIp | Translation::Masquerade) if pods && apart => {
            (from, to, kind)
        }
        _ => (from, to, Translation::None),
    }
}

fn prepare<'a>(
    spec: &'a WorldSpec,
    index: usize,
    conversation: &'a ConversationSpec,
) -> Conversation<'a> {
    let (from, to, translation) = ends_of(spec, conversation);
    let pods = matches!((from, to), (End::Pod(..), End::Pod(..)));
    let plain = translation == Translation::None;
    let ipv6 = conversation.ipv6 && pods && plain && spec.overlay != Overlay::IpInIp;
    // Shrinking makes all seeds the same; hosts still do not draw the same numbers.
    let mut rng = Rng::new(u64::from(conversation.seed), 7 + 32 * index as u64);
    let port = |n: u16| 32_768 + n % 28_000;
    let client_port = port(rng.half().wrapping_add(index as u16 * 991));
    let caller_port = port(rng.half());
    // A node calls pods by the address of its tunnel device or bridge, and its own pods call it by the bridge's.
    let own = |end: End, other: End| match (end, other) {
        (End::Node(node), End::Pod(there, _)) if node == there => bridge_address(node),
        _ => address(spec.overlay, end, ipv6),
    };
    let client = (own(caller_of(from, to), to), client_port);
    let server = (own(to, from), traffic::service_port(&conversation.traffic));
    let ends = (from, to);
    let (service, caller) = sockets(spec, ends, translation, (client, server), caller_port);
    let sockets = (client, server, service, caller);
    let (way, back) = ways(spec, ends, translation, sockets);
    let trouble = if plain {
        conversation.trouble
    } else {
        Trouble::None
    };
    let circle = trouble == Trouble::Loop && pods && node_of(from) != node_of(to);
    let rejects = match trouble {
        Trouble::Reject { at, reset } if way.len() > 1 => {
            Some((usize::from(at) % (way.len() - 1), reset))
        }
        _ => None,
    };
    let way: Rc<[Hop]> = if circle {
        Map::new(spec).circle(from, to, 64).into()
    } else {
        way.into()
    };
    let there = Road {
        conversation: index,
        forward: true,
        way,
        back: back.into(),
        rejects,
        circle,
    };
    let back = there.reversed();
    Conversation {
        spec: conversation,
        client,
        service,
        server,
        caller,
        there,
        back,
        rng,
    }
}

/// The service's address and the caller's.
fn sockets(
    spec: &WorldSpec,
    (from, to): (End, End),
    translation: Translation,
    (client, server): (Socket, Socket),
    caller_port: u16,
) -> (Socket, Socket) {
    let node = node_of(from);
    let service = |port: u16| (IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10)), port);
    let masked = match to {
        End::Pod(..) => address(spec.overlay, End::Tunnel(node), false),
        _ => IpAddr::V4(underlay(node)),
    };
    match translation {
        Translation::None => (server, client),
        Translation::ClusterIp => (service(server.1.wrapping_add(1000)), client),
        Translation::Masquerade => (server, (masked, caller_port)),
        Translation::NodePort => ((IpAddr::V4(underlay(node)), 30_080), (masked, caller_port)),
        Translation::Hairpin => (
            service(server.1.wrapping_add(1000)),
            (bridge_address(node), caller_port),
        ),
    }
}

/// A node that calls another node's pod does so by its tunnel device.
fn caller_of(from: End, to: End) -> End {
    match (from, to) {
        (End::Node(node), End::Pod(there, _)) if node != there => End::Tunnel(node),
        _ => from,
    }
}

/// The ways there and back, with the translation at its place.
fn ways(
    spec: &WorldSpec,
    (from, to): (End, End),
    translation: Translation,
    (client, server, service, caller): (Socket, Socket, Socket, Socket),
) -> (Vec<Hop>, Vec<Hop>) {
    let map = Map::new(spec);
    let outward = Rewrite {
        source: caller,
        destination: server,
    };
    let homeward = Rewrite {
        source: service,
        destination: client,
    };
    let from = caller_of(from, to);
    let mut there = map.way(from, to);
    let mut back = map.way(to, from);
    match translation {
        Translation::None => {}
        Translation::ClusterIp | Translation::Masquerade => {
            if matches!(to, End::Node(_)) {
                back = map.way(to, End::Node(node_of(from)));
                back.extend(inward(&map, from));
            }
            mark(&mut there, |hop| hop.routed, outward);
            let home = node_of(from);
            mark(
                &mut back,
                |hop| hop.routed && hop.station.node() == home,
                homeward,
            );
        }
        Translation::NodePort => {
            mark(&mut there, |hop| hop.routed, outward);
            back = map.way(to, End::Tunnel(node_of(from)));
            let out = there.first().copied();
            back.extend(out.map(|hop| Hop {
                link: hop.link.map(|(a, b)| (b, a)),
                routed: true,
                rewrite: Some(homeward),
                ..hop
            }));
        }
        Translation::Hairpin => {
            there = hairpin(&map, from, outward);
            back = hairpin(&map, from, homeward);
        }
    }
    (there, back)
}

/// From a node's uplink to its pod.
fn inward(map: &Map<'_>, pod: End) -> Vec<Hop> {
    let mut way = map.way(End::Outside(node_of(pod)), pod);
    way.remove(0);
    way
}

fn mark(way: &mut [Hop], place: impl Fn(&Hop) -> bool, rewrite: Rewrite) {
    if let Some(hop) = way.iter_mut().find(|hop| place(hop)) {
        hop.rewrite = Some(rewrite);
    }
}

/// Out of a pod and in again by the same link.
fn hairpin(map: &Map<'_>, pod: End, rewrite: Rewrite) -> Vec<Hop> {
    let outside = End::Outside(node_of(pod));
    let mut way = map.way(pod, outside);
    way.pop();
    let mut inwards = inward(map, pod);
    if let Some(first) = inwards.first_mut() {
        first.routed = true;
        first.rewrite = Some(rewrite);
    }
    way.extend(inwards);
    way
}

/// Every uplink shows ARP now and then, before everything and after.
fn add_arp(spec: &WorldSpec, ledger: &mut Ledger) {
    let end = ledger.frames.iter().map(|f| f.time).max().unwrap_or(START);
    let nodes = spec.nodes.len() as u8;
    let mut time = START - 900_000_000;
    let mut turn = 0u8;
    while time < end + 2_000_000_000 {
        let (asker, asked) = (turn % nodes, (turn + 1) % nodes);
        let party = |node| (mac(Station::new(node, Place::Uplink)), underlay(node));
        for node in 0..nodes {
            let request = arp(1, party(asker), party(asked));
            push_arp(ledger, node, time + i64::from(node) * 30_000, request);
        }
        for node in [asker, asked] {
            let reply = arp(2, party(asked), party(asker));
            push_arp(ledger, node, time + 200_000, reply);
        }
        turn = turn.wrapping_add(1);
        time += 700_000_000;
    }
}

fn push_arp(ledger: &mut Ledger, node: u8, time: i64, bytes: Vec<u8>) {
    ledger.frames.push(Frame {
        station: Station::new(node, Place::Uplink),
        outgoing: false,
        hop: 0,
        time,
        atoms: Vec::new(),
        part: None,
        headers: bytes.len(),
        bytes,
    });
}
