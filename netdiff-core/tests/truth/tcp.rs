//! TCP connections: handshake, data both ways, acknowledgments, retransmission, an end.

use super::cutting::Flight;
use super::packet::{ACK, Body, FIN, PSH, Packet, RST, SYN, Tcp};
use super::spec::{TcpEnd, Traffic};
use super::traffic::packet;
use super::transit::{Net, Road};
use super::world::{Conversation, START, Socket};

/// Linux' shortest retransmission timeout.
const RTO: i64 = 200_000_000;
const SECOND: i64 = 1_000_000_000;
/// How many long packets are sent before an acknowledgment is waited for.
const WINDOW: u32 = 6;
/// How often the same bytes are sent before the sender gives up.
const ATTEMPTS: u32 = 4;

/// One end of a connection.
struct Side {
    own: Socket,
    other: Socket,
    road: Road,
    /// Sequence number of its first byte of data.
    base: u32,
    /// Bytes that the other end acknowledged.
    acked: u32,
    /// Bytes of the other end that came without a hole.
    received: u32,
    /// The other end's latest timestamp.
    echo: u32,
    clock: u32,
    id: u16,
    seed: u64,
    /// FIN takes a number, too.
    finished: u32,
    fin_received: u32,
}

struct Connection<'n, 'a> {
    net: &'n mut Net<'a>,
    sides: [Side; 2],
    timestamps: bool,
    sack: bool,
    /// What the receiver of the data under way has beyond a hole.
    beyond: Vec<(u32, u32)>,
    mss: u32,
}

pub fn run(net: &mut Net<'_>, c: &mut Conversation<'_>, start: i64) {
    let Traffic::Tcp {
        exchanges,
        request,
        response,
        pause_ms,
        timestamps,
        sack,
        keep_alives,
        end,
        ..
    } = c.spec.traffic
    else {
        return;
    };
    let mut connection = open(net, c, timestamps, sack);
    let Some(mut time) = connection.handshake(start) else {
        return;
    };
    for _ in 0..exchanges {
        for (side, len) in [(0, u32::from(request)), (1, u32::from(response))] {
            let Some(done) = connection.transfer(side, len, time + 50_000) else {
                return;
            };
            time = done;
        }
        time += i64::from(pause_ms) * 1_000_000;
    }
    for _ in 0..keep_alives {
        time += SECOND;
        connection.keep_alive(time);
    }
    match end {
        TcpEnd::Open => {}
        TcpEnd::Reset => {
            connection.control(0, RST | ACK, time, false);
        }
        TcpEnd::Fin => connection.finish(time),
    }
}

fn open<'n, 'a>(
    net: &'n mut Net<'a>,
    c: &mut Conversation<'_>,
    timestamps: bool,
    sack: bool,
) -> Connection<'n, 'a> {
    let Traffic::Tcp { wraps, zeros, .. } = c.spec.traffic else {
        panic!("only TCP comes here");
    };
    let mut side = |own, other, road: &Road| Side {
        own,
        other,
        road: road.clone(),
        base: if wraps {
            u32::MAX - 1000 - u32::from(c.rng.half()) % 2000
        } else {
            c.rng.word()
        },
        acked: 0,
        received: 0,
        echo: 0,
        clock: c.rng.word(),
        id: c.rng.half(),
        seed: if zeros { 0 } else { c.rng.next() | 1 },
        finished: 0,
        fin_received: 0,
    };
    let sides = [
        side(c.client, c.service, &c.there),
        side(c.server, c.caller, &c.back),
    ];
    let headers = if c.client.0.is_ipv4() { 40 } else { 60 };
    let options = if timestamps { 12 } else { 0 };
    let mss = (net.pod_mtu() - headers - options) as u32;
    Connection {
        net,
        sides,
        timestamps,
        sack,
        beyond: Vec::new(),
        mss,
    }
}

impl Connection<'_, '_> {
    fn handshake(&mut self, start: i64) -> Option<i64> {
        let mut time = start;
        for attempt in 0..3 {
            let again = attempt > 0;
            let answered = self
                .control(0, SYN, time, again)
                .and_then(|t| self.control(1, SYN | ACK, t + 20_000, again));
            if let Some(answered) = answered {
                let done = self.control(0, ACK, answered + 15_000, false);
                return Some(done.unwrap_or(answered + 15_000));
            }
            time += SECOND << attempt;
        }
        None
    }

    /// Sends a packet without data; when it arrives, if it does.
    fn control(&mut self, from: usize, flags: u8, time: i64, again: bool) -> Option<i64> {
        let packet = self.segment(from, flags, time, (self.sides[from].acked, 0));
        let road = self.sides[from].road.clone();
        let flights = self.net.send(&road, packet, time, self.mss, again);
        let arrived = self.net.carry(&road, flights);
        arrived
            .iter()
            .for_each(|flight| self.hear(1 - from, flight));
        arrived.first().map(|flight| flight.time)
    }

    /// A packet with `len` bytes from byte `start` on.
    fn segment(&mut self, from: usize, flags: u8, time: i64, (start, len): (u32, u32)) -> Packet {
        let peer_base = self.sides[1 - from].base;
        let timestamps = self.timestamps;
        let side = &mut self.sides[from];
        side.id = side.id.wrapping_add(1);
        let milliseconds = ((time - START) / 1_000_000) as u32;
        let first = match flags & SYN {
            0 => {
                side.base
                    .wrapping_add(start)
                    .wrapping_add(if len == 0 { side.finished } else { 0 })
            }
            _ => side.base.wrapping_sub(1),
        };
        let acknowledgment = match flags & ACK {
            0 => 0,
            _ => peer_base
                .wrapping_add(side.received)
                .wrapping_add(side.fin_received),
        };
        let body = Body::Tcp(Tcp {
            source_port: side.own.1,
            destination_port: side.other.1,
            sequence: first,
            acknowledgment,
            flags,
            window: 501,
            timestamps: timestamps.then(|| (side.clock.wrapping_add(milliseconds), side.echo)),
            sack: if flags == ACK && len == 0 {
                std::mem::take(&mut self.beyond)
            } else {
                Vec::new()
            },
            len,
            offset: u64::from(start),
            seed: side.seed,
        });
        let mut packet = packet(side.own, side.other, side.id, body);
        packet.dont_fragment = true;
        side.id = side.id.wrapping_add((len / self.mss) as u16);
        packet
    }

    /// The other end takes notice of a packet's header.
    fn hear(&mut self, at: usize, flight: &Flight) {
        let Body::Tcp(tcp) = &flight.packet.body else {
            return;
        };
        let own_base = self.sides[at].base;
        let side = &mut self.sides[at];
        if let Some((value, _)) = tcp.timestamps {
            side.echo = value;
        }
        if tcp.flags & FIN != 0 {
            side.fin_received = 1;
        }
        if tcp.flags & ACK != 0 && tcp.flags & (SYN | RST) == 0 {
            let reached = tcp.acknowledgment.wrapping_sub(own_base);
            // A FIN's number is none of the data.
            let reached = reached.saturating_sub(side.finished);
            if reached < 1 << 30 {
                side.acked = side.acked.max(reached);
            }
        }
    }

    /// Sends bytes until all are acknowledged; when that is, or nothing if the sender gives up.
    fn transfer(&mut self, from: usize, len: u32, start: i64) -> Option<i64> {
        let mut time = start;
        let end = self.sides[from].acked + len;
        while self.sides[from].acked < end {
            let first = self.sides[from].acked;
            let long = self.mss * u32::from(self.net.spec.offload.segments.max(1));
            let last = end.min(first + long * WINDOW);
            time = self.window(from, (first, last), time)?;
        }
        Some(time)
    }

    /// One window of bytes, with as many attempts as it takes.
    fn window(&mut self, from: usize, (first, last): (u32, u32), start: i64) -> Option<i64> {
        let mut holes = vec![(first, last)];
        let mut got: Vec<(u32, u32)> = Vec::new();
        let (mut time, mut wait) = (start, RTO);
        for attempt in 0..ATTEMPTS {
            let burst = self.burst(from, &holes, time, attempt, last);
            let sent = burst.iter().map(|f| f.time).max().unwrap_or(time);
            let road = self.sides[from].road.clone();
            let arrived = self.net.carry(&road, burst);
            let heard = self.acknowledge(from, arrived, &mut got);
            let acked = self.sides[from].acked;
            if acked >= last {
                return Some(heard.last().copied().unwrap_or(sent));
            }
            holes = missing(acked, last, &got);
            // Nothing heard: the sender tries its first segment alone.
            if heard.is_empty() || holes.is_empty() {
                holes = vec![(acked, last.min(acked + self.mss))];
            }
            time = match heard.get(3) {
                Some(third) if attempt == 0 => *third + 5_000,
                _ => sent + wait,
            };
            wait *= 2;
        }
        None
    }

    /// Cuts the holes into packets: long ones at first, shorter ones when bytes are sent again.
    fn burst(
        &mut self,
        from: usize,
        holes: &[(u32, u32)],
        time: i64,
        attempt: u32,
        last: u32,
    ) -> Vec<Flight> {
        let long = self.mss * u32::from(self.net.spec.offload.segments.max(1));
        let again = attempt > 0;
        // Every other retransmission cuts at other places than the first transmission.
        let segment = if attempt % 2 == 1 {
            self.mss - 136
        } else {
            self.mss
        };
        let step = if again { segment * 2 } else { long };
        let step = step.min(long.max(segment));
        let mut burst = Vec::new();
        for &(start, end) in holes {
            for at in (start..end).step_by(step as usize) {
                let len = step.min(end - at);
                let flags = if at + len == last { ACK | PSH } else { ACK };
                let sent = time + burst.len() as i64 * 9_000;
                let packet = self.segment(from, flags, sent, (at, len));
                let road = self.sides[from].road.clone();
                burst.extend(self.net.send(&road, packet, sent, segment, again));
            }
        }
        burst
    }

    /// The receiver takes what arrives and acknowledges it; when the sender hears of it.
    fn acknowledge(
        &mut self,
        from: usize,
        arrived: Vec<Flight>,
        got: &mut Vec<(u32, u32)>,
    ) -> Vec<i64> {
        let mut heard = Vec::new();
        let count = arrived.len();
        let base = self.sides[from].base;
        for (nth, flight) in arrived.into_iter().enumerate() {
            let Body::Tcp(tcp) = &flight.packet.body else {
                continue;
            };
            let start = tcp.sequence.wrapping_sub(base);
            got.push((start, start + tcp.len));
            self.hear(1 - from, &flight);
            let before = self.sides[1 - from].received;
            self.sides[1 - from].received = reach(before, got);
            let in_order = before <= start && self.sides[1 - from].received > before;
            // Every second packet in order, and at once what is out of order.
            if in_order && nth % 2 == 0 && nth + 1 < count {
                continue;
            }
            if self.sack {
                let received = self.sides[1 - from].received;
                self.beyond = beyond(received, got, base);
            }
            heard.extend(self.control(1 - from, ACK, flight.time + 8_000, false));
        }
        heard.sort_unstable();
        heard
    }

    /// The client asks by the number before its next; the server says what it expects.
    fn keep_alive(&mut self, time: i64) {
        let before = self.sides[0].base;
        self.sides[0].base = before.wrapping_sub(1);
        let arrived = self.control(0, ACK, time, false);
        self.sides[0].base = before;
        if let Some(arrived) = arrived {
            self.control(1, ACK, arrived + 10_000, false);
        }
    }

    fn finish(&mut self, time: i64) {
        let mut time = time;
        for side in [0, 1] {
            let arrived = self.control(side, FIN | ACK, time, false);
            let arrived = arrived.or_else(|| self.control(side, FIN | ACK, time + RTO, true));
            let Some(arrived) = arrived else {
                return;
            };
            self.sides[side].finished = 1;
            self.control(1 - side, ACK, arrived + 10_000, false);
            time = arrived + 400_000;
        }
    }
}

/// The last two ranges beyond a hole, as sequence numbers.
fn beyond(received: u32, got: &[(u32, u32)], base: u32) -> Vec<(u32, u32)> {
    let ranges = got.iter().rev().filter(|(start, _)| *start > received);
    let number = |(start, end): &(u32, u32)| (base.wrapping_add(*start), base.wrapping_add(*end));
    ranges.take(2).map(number).collect()
}

/// How far the bytes reach without a hole.
fn reach(from: u32, got: &[(u32, u32)]) -> u32 {
    let mut sorted = got.to_vec();
    sorted.sort_unstable();
    sorted.iter().fold(from, |reached, &(start, end)| {
        if start <= reached {
            reached.max(end)
        } else {
            reached
        }
    })
}

/// The holes between `from` and `to`.
fn missing(from: u32, to: u32, got: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut sorted = got.to_vec();
    sorted.sort_unstable();
    let mut holes = Vec::new();
    let mut at = from;
    for (start, end) in sorted {
        if start > at {
            holes.push((at, start.min(to)));
        }
        at = at.max(end);
    }
    if at < to {
        holes.push((at, to));
    }
    holes
}
