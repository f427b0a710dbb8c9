//! Packets in flight, and how they are cut and put together: segmentation and receive offload, fragments.

use super::frame::Wrap;
use super::ledger::AtomId;
use super::packet::{Body, FIN, PSH, Packet, Piece, Tcp};

/// A packet on its way, or a piece of one.
#[derive(Clone, Debug)]
pub struct Flight {
    pub packet: Packet,
    pub atoms: Vec<AtomId>,
    pub time: i64,
    pub piece: Option<Piece>,
    /// The piece of the tunnel's packet.
    pub outer: Option<Piece>,
    pub outer_id: u16,
}

/// How long a packet may wait to be merged with the next.
const MERGE_SPAN: i64 = 60_000;
/// `MAX_SKB_FRAGS`, as receive offload meets it.
const MERGE_MOST: usize = 17;

impl Flight {
    /// Whether it is one packet of TCP data.
    fn data(&self) -> Option<&Tcp> {
        match &self.packet.body {
            Body::Tcp(tcp) if tcp.len > 0 && self.outer.is_none() => Some(tcp),
            _ => None,
        }
    }

    /// The segments of a long packet, one for each atom; itself if it is none.
    pub fn segments(self, lens: &[u32]) -> Vec<Self> {
        let Some(tcp) = self.data().filter(|_| self.atoms.len() > 1).cloned() else {
            return vec![self];
        };
        let mut start = 0;
        let last = self.atoms.len() - 1;
        let mut segments = Vec::with_capacity(self.atoms.len());
        for (nth, (&atom, &len)) in self.atoms.iter().zip(lens).enumerate() {
            let ends = if nth == last { 0 } else { FIN | PSH };
            let mut segment = self.clone();
            segment.atoms = vec![atom];
            segment.time += nth as i64 * 700;
            segment.packet.id = self.packet.id.wrapping_add(nth as u16);
            segment.outer_id = self.outer_id.wrapping_add(nth as u16);
            segment.packet.body = Body::Tcp(Tcp {
                sequence: tcp.sequence.wrapping_add(start),
                offset: tcp.offset + u64::from(start),
                len,
                flags: tcp.flags & !ends,
                ..tcp.clone()
            });
            start += len;
            segments.push(segment);
        }
        segments
    }

    /// Whether receive offload may put `next` behind this packet: consecutive bytes, equal headers, equal lengths but for the last.
    fn takes(&self, next: &Self, segment_len: u32) -> bool {
        let (Some(a), Some(b)) = (self.data(), next.data()) else {
            return false;
        };
        let consecutive = a.sequence.wrapping_add(a.len) == b.sequence
            && next.time - self.time < MERGE_SPAN
            && self.atoms.len() + next.atoms.len() <= MERGE_MOST;
        let alike = (
            a.acknowledgment,
            a.window,
            a.timestamps,
            a.source_port,
            a.destination_port,
        ) == (
            b.acknowledgment,
            b.window,
            b.timestamps,
            b.source_port,
            b.destination_port,
        ) && self.packet.ttl == next.packet.ttl;
        let full = a.len.is_multiple_of(segment_len) && b.len <= segment_len;
        consecutive && alike && full && a.flags & (FIN | PSH) == 0
    }
}

/// Merges what receive offload merges; `first_len` tells how long the first segment of a packet is.
pub fn merge(flights: Vec<Flight>, first_len: impl Fn(&Flight) -> u32) -> Vec<Flight> {
    let mut merged: Vec<Flight> = Vec::with_capacity(flights.len());
    for next in flights {
        let taken = merged
            .last()
            .is_some_and(|last| last.takes(&next, first_len(last)));
        match (taken, merged.last_mut()) {
            (true, Some(last)) => {
                if let (Body::Tcp(a), Body::Tcp(b)) = (&mut last.packet.body, &next.packet.body) {
                    a.len += b.len;
                    a.flags |= b.flags;
                }
                last.atoms.extend(next.atoms);
            }
            _ => merged.push(next),
        }
    }
    merged
}

/// Cuts bytes behind an IP header into pieces of at most `room`.
pub fn pieces(total: usize, room: usize) -> Vec<Piece> {
    let room = room / 8 * 8;
    (0..total)
        .step_by(room)
        .map(|start| Piece {
            start,
            len: room.min(total - start),
            total,
        })
        .collect()
}

/// The fragments of a packet that is longer than `mtu`; itself if it is not.
pub fn fragments(flight: Flight, mtu: usize) -> Vec<Flight> {
    let header = flight.packet.ip_header_len();
    let total = flight.packet.body_len();
    if total + header <= mtu || matches!(flight.packet.body, Body::Tcp(_)) {
        return vec![flight];
    }
    let room = mtu - header - if flight.packet.is_ipv4() { 0 } else { 8 };
    pieces(total, room)
        .into_iter()
        .enumerate()
        .map(|(nth, piece)| Flight {
            piece: Some(piece),
            time: flight.time + nth as i64 * 600,
            ..flight.clone()
        })
        .collect()
}

/// The fragments of a tunnel's packet that the underlay cannot carry whole.
pub fn outer_fragments(flight: Flight, wrap: &Wrap, mtu: usize) -> Vec<Flight> {
    let total = wrap.payload(&flight.packet, flight.piece).bytes.len();
    if total + 20 <= mtu {
        return vec![flight];
    }
    pieces(total, mtu - 20)
        .into_iter()
        .enumerate()
        .map(|(nth, piece)| Flight {
            outer: Some(piece),
            time: flight.time + nth as i64 * 600,
            ..flight.clone()
        })
        .collect()
}

/// Puts together what `part` says are parts of a whole; what lacks one is dropped.
pub fn join(flights: Vec<Flight>, part: impl Fn(&mut Flight) -> &mut Option<Piece>) -> Vec<Flight> {
    let mut whole: Vec<Flight> = Vec::new();
    let mut waiting: Vec<(Flight, Vec<Piece>)> = Vec::new();
    for mut flight in flights {
        let Some(piece) = part(&mut flight).take() else {
            whole.push(flight);
            continue;
        };
        let same = |w: &&mut (Flight, Vec<Piece>)| {
            w.0.atoms == flight.atoms && w.0.piece == flight.piece && w.0.outer == flight.outer
        };
        let parts = match waiting.iter_mut().find(same) {
            Some((last, parts)) => {
                last.time = flight.time;
                parts
            }
            None => {
                waiting.push((flight, Vec::new()));
                &mut waiting.last_mut().expect("just pushed").1
            }
        };
        if !parts.contains(&piece) {
            parts.push(piece);
        }
    }
    let complete = |parts: &[Piece]| parts.iter().map(|p| p.len).sum::<usize>() == parts[0].total;
    let joined = waiting.into_iter().filter(|(_, parts)| complete(parts));
    whole.extend(joined.map(|(flight, _)| flight));
    whole.sort_by_key(|flight| flight.time);
    whole
}

/// A sentence for messages of a failing case.
pub fn describe(packet: &Packet) -> String {
    let (source, destination) = (packet.source, packet.destination);
    match &packet.body {
        Body::Echo(e) => format!(
            "ping {source} > {destination} id {} seq {} request {} ip-id {} len {}",
            e.id, e.sequence, e.request, packet.id, e.len
        ),
        Body::Udp(u) => format!(
            "udp {source}:{} > {destination}:{} ip-id {} len {} data {:x}",
            u.source_port, u.destination_port, packet.id, u.len, u.seed
        ),
        Body::Tcp(t) => format!(
            "tcp {source}:{} > {destination}:{} flags {:#x} seq {} ack {} len {} ts {:?}",
            t.source_port,
            t.destination_port,
            t.flags,
            t.sequence,
            t.acknowledgment,
            t.len,
            t.timestamps
        ),
        Body::Error {
            icmp_type, code, ..
        } => format!("icmp {icmp_type}/{code} {source} > {destination}"),
    }
}
