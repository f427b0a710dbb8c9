//! What nodes answer in place of the receiver: ICMP errors and TCP resets.

use std::rc::Rc;

use super::cutting::Flight;
use super::ledger::Stopped;
use super::packet::{ACK, Body, Packet, Piece, RST, Tcp};
use super::topology::{End, Hop, Place, address};
use super::transit::{Net, Road};

impl Net<'_> {
    /// A node answers in place of the receiver.
    pub fn reject(&mut self, road: &Road, after: usize, flights: Vec<Flight>, reset: bool) {
        let answer = self.answering_road(road, after);
        for flight in flights {
            self.ledger.stop(&flight.atoms, after, Stopped::Rejected);
            if flight.piece.is_some_and(|piece: Piece| piece.start > 0) {
                continue;
            }
            let packet = match (&flight.packet.body, reset) {
                (Body::Tcp(tcp), true) if tcp.flags & RST == 0 => reset_for(&flight.packet, tcp),
                (Body::Error { .. }, _) => continue,
                _ => self.error_for(&answer, &flight, (3, if reset { 3 } else { 13 })),
            };
            let sent = self.send(&answer, packet, flight.time + 20_000, 1, false);
            self.carry(&answer, sent);
        }
    }

    /// Time exceeded, from the node where packets that run in a circle end.
    pub fn expire(&mut self, road: &Road, flights: &[Flight]) {
        let last = road.way.len() - 1;
        let node = road.way[last].station.node();
        let receiver = road.back.last().map(|hop| hop.station.node());
        let inner = |hop: &Hop| matches!(hop.station.place(), Place::Pod(_) | Place::Bridge);
        // The sender's own node answers inwards, the other one outwards.
        let first = road
            .back
            .iter()
            .position(|hop| hop.station.node() == node && inner(hop) == (receiver == Some(node)));
        let answer = Road {
            way: without_first_hop_cost(&road.back[first.unwrap_or(0)..]),
            forward: !road.forward,
            circle: false,
            rejects: None,
            ..road.clone()
        };
        for flight in flights {
            self.ledger.stop(&flight.atoms, last, Stopped::Looped);
            if flight.piece.is_none_or(|piece| piece.start == 0) {
                let packet = self.error_for(&answer, flight, (11, 0));
                let sent = self.send(&answer, packet, flight.time + 20_000, 1, false);
                self.carry(&answer, sent);
            }
        }
    }

    /// The way back from the node that rejects.
    fn answering_road(&self, road: &Road, after: usize) -> Road {
        let mirrored = road.back.len().saturating_sub(after + 1);
        Road {
            way: without_first_hop_cost(&road.back[mirrored..]),
            forward: !road.forward,
            rejects: None,
            circle: false,
            ..road.clone()
        }
    }

    fn error_for(&mut self, answer: &Road, flight: &Flight, (icmp_type, code): (u8, u8)) -> Packet {
        let quoted = flight.packet.ip_bytes(flight.piece).bytes;
        let node = answer.way[0].station.node();
        let ipv6 = !flight.packet.is_ipv4();
        let own = End::Pod(node, 60);
        let ipv4 = End::Tunnel(node);
        let (icmp_type, code) = match (ipv6, icmp_type) {
            (false, _) => (icmp_type, code),
            (true, 3) => (1, 4),
            (true, _) => (3, 0),
        };
        Packet {
            source: address(self.spec.overlay, if ipv6 { own } else { ipv4 }, ipv6),
            destination: flight.packet.source,
            ttl: 64,
            id: self.rng.half(),
            dont_fragment: false,
            body: Body::Error {
                icmp_type,
                code,
                quote: quoted[..quoted.len().min(128)].to_vec(),
            },
        }
    }
}

/// A way that begins where its first station is: no hop was taken yet.
fn without_first_hop_cost(way: &[Hop]) -> Rc<[Hop]> {
    let mut way = way.to_vec();
    if let Some(first) = way.first_mut() {
        first.routed = false;
        first.ties = false;
        first.crossing = false;
        first.unwraps = false;
    }
    way.into()
}

fn reset_for(packet: &Packet, tcp: &Tcp) -> Packet {
    Packet {
        source: packet.destination,
        destination: packet.source,
        ttl: 64,
        id: 0,
        dont_fragment: true,
        body: Body::Tcp(Tcp {
            source_port: tcp.destination_port,
            destination_port: tcp.source_port,
            sequence: tcp.acknowledgment,
            acknowledgment: tcp.sequence.wrapping_add(tcp.len.max(1)),
            flags: RST | ACK,
            window: 0,
            timestamps: None,
            sack: Vec::new(),
            len: 0,
            offset: 0,
            seed: 0,
        }),
    }
}
