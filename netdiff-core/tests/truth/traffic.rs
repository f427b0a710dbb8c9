//! What hosts say: pings, datagrams, and the door to TCP.

use super::packet::{Body, Echo, Packet, Udp};
use super::spec::Traffic;
use super::tcp;
use super::transit::{Net, Road};
use super::world::{Conversation, START, Socket};

pub fn service_port(traffic: &Traffic) -> u16 {
    match traffic {
        Traffic::Ping { .. } => 0,
        Traffic::Udp { .. } => 53,
        Traffic::Tcp { .. } => 8080,
    }
}

/// How long a host takes to answer.
const THINKING: i64 = 60_000;

pub fn run(net: &mut Net<'_>, conversation: &mut Conversation<'_>) {
    let start = START + i64::from(conversation.spec.start_ms) * 1_000_000;
    match conversation.spec.traffic {
        Traffic::Ping {
            count,
            size,
            interval_ms,
        } => {
            for nth in 0..count {
                let time = start + i64::from(nth) * i64::from(interval_ms) * 1_000_000;
                ping(net, conversation, time, u16::from(nth) + 1, size);
            }
        }
        Traffic::Udp {
            count, interval_ms, ..
        } => {
            for nth in 0..count {
                let time = start + i64::from(nth) * i64::from(interval_ms) * 1_000_000;
                datagram(net, conversation, time);
            }
        }
        Traffic::Tcp { .. } => tcp::run(net, conversation, start),
    }
}

/// A packet of a conversation, as its sender sends it.
pub fn packet(source: Socket, destination: Socket, id: u16, body: Body) -> Packet {
    Packet {
        source: source.0,
        destination: destination.0,
        ttl: 64,
        id,
        dont_fragment: false,
        body,
    }
}

/// Sends and carries one packet; the time at which all of it has arrived, if it does.
fn deliver(net: &mut Net<'_>, road: &Road, packet: Packet, time: i64) -> Option<i64> {
    let flights = net.send(road, packet, time, 1, false);
    let atom = flights[0].atoms[0];
    let arrived = net.carry(road, flights);
    let whole = net.ledger.atoms[atom as usize].arrived;
    arrived
        .iter()
        .map(|flight| flight.time)
        .max()
        .filter(|_| whole)
}

fn ping(net: &mut Net<'_>, c: &mut Conversation<'_>, time: i64, sequence: u16, size: u16) {
    let echo = Echo {
        request: true,
        id: c.client.1,
        sequence,
        len: size,
        seed: u64::from(c.spec.seed) + 1,
    };
    let ids = (c.rng.half() | 1, c.rng.half() | 1);
    let ask = packet(c.client, c.service, ids.0, Body::Echo(echo.clone()));
    if let Some(time) = deliver(net, &c.there, ask, time) {
        let echo = Echo {
            request: false,
            id: c.caller.1,
            ..echo
        };
        let answer = packet(c.server, c.caller, ids.1, Body::Echo(echo));
        deliver(net, &c.back, answer, time + THINKING);
    }
}

fn datagram(net: &mut Net<'_>, c: &mut Conversation<'_>, time: i64) {
    let Traffic::Udp {
        size,
        unnumbered,
        equal,
        ..
    } = c.spec.traffic
    else {
        return;
    };
    // Senders leave the number out only of what must not be fragmented (RFC 6864).
    let fits = usize::from(size) + 40 + 48 <= net.pod_mtu().min(1400);
    let unnumbered = unnumbered && fits;
    let mut number = || if unnumbered { 0 } else { c.rng.half() | 1 };
    let ids = (number(), number());
    let mut seed = || if equal { 0 } else { c.rng.next() | 1 };
    let question = Udp {
        source_port: c.client.1,
        destination_port: c.service.1,
        len: size,
        seed: seed(),
    };
    let answer = Udp {
        source_port: c.server.1,
        destination_port: c.caller.1,
        len: size.saturating_add(40),
        seed: seed(),
    };
    let mut ask = packet(c.client, c.service, ids.0, Body::Udp(question));
    ask.dont_fragment = unnumbered;
    if let Some(time) = deliver(net, &c.there, ask, time) {
        let mut reply = packet(c.server, c.caller, ids.1, Body::Udp(answer));
        reply.dont_fragment = unnumbered;
        deliver(net, &c.back, reply, time + THINKING);
    }
}
