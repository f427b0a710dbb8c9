//! Conversations, each a script of packets that goes round and round.

use super::frame::{Packet, Transport};
use super::random::Random;
use super::shape::{Kind, Shape};

const SYN: u8 = 0x02;
const PSH_ACK: u8 = 0x18;
const ACK: u8 = 0x10;

/// The first of each node's pod networks, by their third byte.
const CLIENTS: u8 = 0;
const SERVERS: u8 = 1;

/// The address of a node's n-th pod: its networks are every other one, of 250 pods each.
fn pod(first_network: u8, number: u32) -> [u8; 4] {
    let network = u8::try_from(number / 250 % 127).unwrap_or(0);
    let host = u8::try_from(number % 250).unwrap_or(0);
    [10, 244, first_network + 2 * network, 2 + host]
}

/// A packet of a conversation, and which way it goes.
pub(super) struct Step {
    pub(super) packet: Packet,
    /// From initiator to responder.
    pub(super) forward: bool,
    /// Whether nothing else tells what became of it, so that it may be lost.
    pub(super) asks: bool,
}

/// One conversation between two pods.
pub(super) struct Flow {
    kind: Kind,
    client: [u8; 4],
    server: [u8; 4],
    port: u16,
    /// How many packets it has sent.
    step: u64,
    /// Next sequence numbers of client and server.
    sequence: (u32, u32),
    asked: u16,
}

impl Flow {
    pub(super) fn new(number: u32, shape: &Shape, random: &mut Random) -> Self {
        let pods = shape.pods.max(1);
        Self {
            kind: random.weighted(&shape.mix).unwrap_or(Kind::Tcp),
            client: pod(CLIENTS, number % pods),
            server: pod(SERVERS, number / pods % pods),
            port: u16::try_from(32_768 + number % 28_000).unwrap_or(u16::MAX),
            step: 0,
            sequence: (random.word(), random.word()),
            asked: 0,
        }
    }

    /// The next packet.
    pub(super) fn next(&mut self, now: i64, shape: &Shape, random: &mut Random) -> Step {
        let size = usize::from(random.weighted(&shape.sizes).unwrap_or(0));
        let step = match self.kind {
            Kind::Tcp => self.tcp(now, size, random),
            Kind::Udp => self.query(size.clamp(12, 1400), random),
            Kind::Ping => self.ping(random),
        };
        self.step += 1;
        step
    }

    fn packet(
        &self,
        forward: bool,
        transport: Transport,
        payload: usize,
        random: &mut Random,
    ) -> Packet {
        let (source, destination) = if forward {
            (self.client, self.server)
        } else {
            (self.server, self.client)
        };
        Packet {
            source,
            destination,
            identification: u16::try_from(random.below(65_535)).unwrap_or(0) + 1,
            transport,
            payload,
            fill: random.next(),
        }
    }

    /// A handshake, and then for ever: a request, three packets of answer, an acknowledgment.
    fn tcp(&mut self, now: i64, size: usize, random: &mut Random) -> Step {
        let (forward, flags, size) = match self.step {
            0 => (true, SYN, 0),
            1 => (false, SYN | ACK, 0),
            2 => (true, ACK, 0),
            n => match (n - 3) % 5 {
                0 => (true, PSH_ACK, size.clamp(1, 200)),
                4 => (true, ACK, 0),
                _ => (false, PSH_ACK, size.max(1)),
            },
        };
        let (client, server) = self.sequence;
        let (sequence, acknowledgment) = if forward {
            (client, server)
        } else {
            (server, client)
        };
        let milliseconds = u32::try_from(now / 1_000_000 % (1 << 32)).unwrap_or(0);
        let transport = Transport::Tcp {
            source: if forward { self.port } else { 8080 },
            destination: if forward { 8080 } else { self.port },
            sequence,
            acknowledgment: if self.step == 0 { 0 } else { acknowledgment },
            flags,
            clock: (milliseconds, milliseconds.wrapping_sub(1)),
        };
        let taken = u32::try_from(size).unwrap_or(0) + u32::from(flags & SYN != 0);
        let own = if forward {
            &mut self.sequence.0
        } else {
            &mut self.sequence.1
        };
        *own = own.wrapping_add(taken);
        Step {
            packet: self.packet(forward, transport, size, random),
            forward,
            asks: false,
        }
    }

    fn query(&self, size: usize, random: &mut Random) -> Step {
        let forward = self.step.is_multiple_of(2);
        let transport = Transport::Udp {
            source: if forward { self.port } else { 5000 },
            destination: if forward { 5000 } else { self.port },
        };
        Step {
            packet: self.packet(forward, transport, size, random),
            forward,
            asks: true,
        }
    }

    fn ping(&mut self, random: &mut Random) -> Step {
        let request = self.step.is_multiple_of(2);
        if request {
            self.asked = self.asked.wrapping_add(1);
        }
        let transport = Transport::Echo {
            request,
            id: self.port,
            sequence: self.asked,
        };
        Step {
            packet: self.packet(request, transport, 56, random),
            forward: request,
            asks: request,
        }
    }

    /// What was asked got lost: nobody answers.
    pub(super) const fn skip_answer(&mut self) {
        if self.step % 2 == 1 {
            self.step += 1;
        }
    }
}
