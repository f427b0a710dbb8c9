//! The truth: what was sent, which stations it passed, where it ended.
//!
//! An *atom* is the smallest thing with one fate: a packet, a datagram with all its fragments, or of TCP data the bytes that travel
//! in one segment. Each transmission has atoms of its own, also where it repeats bytes.

use std::rc::Rc;

use super::packet::{Body, Packet, Piece};
use super::topology::{Hop, Station};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ping,
    Datagram,
    TcpControl,
    TcpData,
    IcmpError,
}

impl Kind {
    pub fn of(packet: &Packet) -> Self {
        match &packet.body {
            Body::Echo(_) => Self::Ping,
            Body::Udp(_) => Self::Datagram,
            Body::Tcp(tcp) if tcp.len > 0 => Self::TcpData,
            Body::Tcp(_) => Self::TcpControl,
            Body::Error { .. } => Self::IcmpError,
        }
    }
}

/// One packet as a host sent it.
#[derive(Clone, Debug)]
pub struct Sent {
    pub conversation: usize,
    pub forward: bool,
    pub kind: Kind,
    pub way: Rc<[Hop]>,
    pub time: i64,
    pub identity: Identity,
    /// Bytes of TCP options that few packets have.
    pub rare_options: u32,
    /// For messages.
    pub what: String,
    /// Whether these bytes were sent before.
    pub again: bool,
}

/// What no hop changes: equal identities of one conversation cannot be told apart but by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub protocol: u8,
    /// Identification (not of TCP, which segmentation renumbers), or acknowledgment and window.
    pub numbers: u64,
    /// Timestamps, or length and ping sequence.
    pub more: u64,
    /// What the data are, where the captures show some.
    pub data: u64,
}

impl Identity {
    pub fn of(packet: &Packet) -> Self {
        let len = packet.body_len() as u64;
        // IPv6 numbers fragments only, and who cuts does not matter.
        let number = if packet.is_ipv4() { packet.id } else { 0 };
        match &packet.body {
            Body::Echo(echo) => Self {
                protocol: u8::from(echo.request),
                numbers: u64::from(number),
                more: u64::from(echo.sequence) << 32 | len,
                data: echo.seed,
            },
            Body::Udp(udp) => Self {
                protocol: 17,
                numbers: u64::from(number),
                more: len,
                data: udp.seed,
            },
            // Of data, the range of bytes is in the atom.
            Body::Tcp(tcp) => {
                let (sequence, flags) = if tcp.len > 0 {
                    (0, 0)
                } else {
                    (tcp.sequence, tcp.flags)
                };
                Self {
                    protocol: 6,
                    numbers: u64::from(tcp.acknowledgment) << 16 | u64::from(tcp.window),
                    more: tcp
                        .timestamps
                        .map_or(0, |(v, e)| u64::from(v) << 32 | u64::from(e)),
                    data: tcp.sack.iter().fold(
                        u64::from(sequence) << 8 | u64::from(flags),
                        |h, block| {
                            let block = u64::from(block.0) << 32 | u64::from(block.1);
                            h.wrapping_mul(31).wrapping_add(block)
                        },
                    ),
                }
            }
            Body::Error { quote, .. } => Self {
                protocol: 1,
                numbers: u64::from(number),
                more: len,
                data: quote
                    .iter()
                    .fold(0, |h, b| h.wrapping_mul(31) + u64::from(*b)),
            },
        }
    }

    /// What is left where the captures show headers only.
    pub fn without_data(self) -> Self {
        match self.protocol {
            6 => self,
            _ => Self { data: 0, ..self },
        }
    }
}

/// How an atom's way ended, if not at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Lost,
    Rejected,
    Looped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    /// Behind the `after`-th station of its way.
    Ended {
        after: usize,
        how: Stopped,
    },
}

pub type AtomId = u32;

#[derive(Clone, Debug)]
pub struct Atom {
    pub sent: usize,
    /// First sequence number and length of TCP data.
    pub range: Option<(u32, u32)>,
    /// Sent in fragments: one lost piece is enough.
    pub pieced: bool,
    pub arrived: bool,
    pub stopped: Option<(usize, Stopped)>,
}

impl Atom {
    pub fn fate(&self) -> Fate {
        match self.stopped {
            Some((after, how)) if !self.arrived => Fate::Ended { after, how },
            _ => Fate::Delivered,
        }
    }
}

/// What a station saw, before its capture took its share.
#[derive(Clone, Debug)]
pub struct Frame {
    pub station: Station,
    /// Whether its node sends it there.
    pub outgoing: bool,
    /// Which place of the way that was; nothing for ARP, which has no atoms.
    pub hop: usize,
    pub time: i64,
    pub atoms: Vec<AtomId>,
    /// The part of the datagram, or of the outer packet, that it carries.
    pub part: Option<Piece>,
    pub bytes: Vec<u8>,
    /// How many bytes a capture needs to recognize it.
    pub headers: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub sents: Vec<Sent>,
    pub atoms: Vec<Atom>,
    pub frames: Vec<Frame>,
}

impl Ledger {
    pub fn sent(&self, atom: AtomId) -> &Sent {
        &self.sents[self.atoms[atom as usize].sent]
    }

    pub fn add_atom(&mut self, sent: usize, range: Option<(u32, u32)>, pieced: bool) -> AtomId {
        self.atoms.push(Atom {
            sent,
            range,
            pieced,
            arrived: false,
            stopped: None,
        });
        (self.atoms.len() - 1) as AtomId
    }

    pub fn stop(&mut self, atoms: &[AtomId], after: usize, how: Stopped) {
        for &atom in atoms {
            let atom = &mut self.atoms[atom as usize];
            // The first lost piece ends a datagram, the last copy a packet.
            let earlier = atom
                .stopped
                .is_some_and(|(at, _)| (after < at) != atom.pieced);
            if !earlier {
                atom.stopped = Some((after, how));
            }
        }
    }
}
