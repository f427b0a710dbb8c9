//! Carries packets from station to station, and writes down what every station saw and where each packet ended.

use std::rc::Rc;

use super::cutting::{Flight, describe, fragments, join, merge, outer_fragments};
use super::frame::{Wrap, frame};
use super::ledger::{AtomId, Frame, Identity, Kind, Ledger, Sent, Stopped};
use super::packet::{Body, Packet};
use super::rng::Rng;
use super::spec::{Merge, Only, Overlay, WorldSpec};
use super::topology::{Hop, Place, Station, mac, tunneling, underlay};

/// What the underlay carries.
const UNDERLAY_MTU: usize = 1500;

/// Packets of some kind are lost between two stations.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    pub from: Station,
    pub to: Station,
    pub percent: u8,
    pub only: Only,
}

/// Copies appear at a station.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    pub at: Station,
    pub percent: u8,
    pub onward: bool,
}

/// One direction of a conversation.
#[derive(Clone, Debug)]
pub struct Road {
    pub conversation: usize,
    pub forward: bool,
    pub way: Rc<[Hop]>,
    /// The opposite direction's way.
    pub back: Rc<[Hop]>,
    /// Behind which place a node rejects what comes, and whether it does so by a TCP reset.
    pub rejects: Option<(usize, bool)>,
    /// It leads nowhere.
    pub circle: bool,
}

impl Road {
    /// The opposite direction, which has no trouble of its own.
    pub fn reversed(&self) -> Self {
        Self {
            conversation: self.conversation,
            forward: !self.forward,
            way: self.back.clone(),
            back: self.way.clone(),
            rejects: None,
            circle: false,
        }
    }
}

pub struct Net<'a> {
    pub spec: &'a WorldSpec,
    pub ledger: Ledger,
    pub losses: Vec<Loss>,
    pub copies: Vec<Copies>,
    /// For delays.
    pub rng: Rng,
    /// For what goes wrong.
    pub luck: Rng,
    next_outer_id: u16,
}

impl<'a> Net<'a> {
    pub fn new(spec: &'a WorldSpec) -> Self {
        Self {
            spec,
            ledger: Ledger::default(),
            losses: Vec::new(),
            copies: Vec::new(),
            rng: Rng::new(1, 1),
            luck: Rng::new(1, 2),
            next_outer_id: 1,
        }
    }

    /// The longest IP packet that pods send.
    pub fn pod_mtu(&self) -> usize {
        match self.spec.overlay {
            _ if self.spec.oversize => UNDERLAY_MTU,
            Overlay::HostGateway => UNDERLAY_MTU,
            Overlay::IpInIp => UNDERLAY_MTU - 20,
            Overlay::Vxlan | Overlay::Geneve => UNDERLAY_MTU - 50,
        }
    }

    /// A packet as its sender hands it to the first station. `segment` is the length of TCP segments.
    pub fn send(
        &mut self,
        road: &Road,
        packet: Packet,
        time: i64,
        segment: u32,
        again: bool,
    ) -> Vec<Flight> {
        self.ledger.sents.push(Sent {
            conversation: road.conversation,
            forward: road.forward,
            kind: Kind::of(&packet),
            way: road.way.clone(),
            time,
            identity: Identity::of(&packet),
            rare_options: match &packet.body {
                Body::Tcp(tcp) if !tcp.sack.is_empty() => 4 + 8 * tcp.sack.len() as u32,
                _ => 0,
            },
            what: describe(&packet),
            again,
        });
        let sent = self.ledger.sents.len() - 1;
        self.next_outer_id = self.next_outer_id.wrapping_add(64);
        let flight = Flight {
            packet,
            atoms: Vec::new(),
            time,
            piece: None,
            outer: None,
            outer_id: self.next_outer_id,
        };
        let mut flights = fragments(flight, self.pod_mtu().min(1450));
        let atoms = match &flights[0].packet.body {
            Body::Tcp(tcp) if tcp.len > 0 => {
                let starts = (0..tcp.len).step_by(segment as usize);
                let ranges =
                    starts.map(|s| (tcp.sequence.wrapping_add(s), segment.min(tcp.len - s)));
                let ranges: Vec<(u32, u32)> = ranges.collect();
                ranges
                    .into_iter()
                    .map(|range| self.ledger.add_atom(sent, Some(range), false))
                    .collect()
            }
            _ => vec![self.ledger.add_atom(sent, None, flights.len() > 1)],
        };
        flights
            .iter_mut()
            .for_each(|flight| flight.atoms.clone_from(&atoms));
        flights
    }

    /// Carries a burst along a road; returns what arrives.
    pub fn carry(&mut self, road: &Road, mut flights: Vec<Flight>) -> Vec<Flight> {
        for (place, hop) in road.way.iter().enumerate() {
            if hop.crossing {
                flights = self.segmented(flights);
            }
            if let Some(before) = place.checked_sub(1) {
                flights = self.lose(road, before, hop.station, flights);
                if let Some((_, reset)) = road.rejects.filter(|(at, _)| *at == before) {
                    self.reject(road, before, flights, reset);
                    return Vec::new();
                }
            }
            flights = self.prepare(hop, flights);
            self.delay(hop, place, &mut flights);
            flights = self.regroup(road, place, flights);
            self.record(road, place, &mut flights);
        }
        if road.circle {
            self.expire(road, &flights);
            return Vec::new();
        }
        // Fragments have arrived when all of them have.
        let whole = join(flights.clone(), |flight| &mut flight.outer);
        let whole = join(whole, |flight| &mut flight.piece);
        for atom in whole.iter().flat_map(|flight| &flight.atoms) {
            self.ledger.atoms[*atom as usize].arrived = true;
        }
        flights
    }

    fn lens(&self, atoms: &[AtomId]) -> Vec<u32> {
        let range = |atom: &AtomId| self.ledger.atoms[*atom as usize].range;
        atoms.iter().map(|a| range(a).map_or(0, |r| r.1)).collect()
    }

    fn segmented(&self, flights: Vec<Flight>) -> Vec<Flight> {
        let cut = |flight: Flight| {
            let lens = self.lens(&flight.atoms);
            flight.segments(&lens)
        };
        flights.into_iter().flat_map(cut).collect()
    }

    fn lose(
        &mut self,
        road: &Road,
        before: usize,
        to: Station,
        flights: Vec<Flight>,
    ) -> Vec<Flight> {
        let from = road.way[before].station;
        let rules: Vec<Loss> = self.losses.clone();
        let here = rules.iter().filter(|l| l.from == from && l.to == to);
        let here: Vec<&Loss> = here.collect();
        let mut left = Vec::with_capacity(flights.len());
        for flight in flights {
            let is_lost = here.iter().any(|loss| {
                let fits = match loss.only {
                    Only::All => true,
                    Only::Tcp => matches!(flight.packet.body, Body::Tcp(_)),
                    Only::Large => flight.packet.body_len() > 1000,
                };
                fits && self.luck.percent(loss.percent)
            });
            if is_lost {
                self.ledger.stop(&flight.atoms, before, Stopped::Lost);
            } else {
                left.push(flight);
            }
        }
        left
    }

    /// What the kernel does with packets between two stations.
    fn prepare(&mut self, hop: &Hop, mut flights: Vec<Flight>) -> Vec<Flight> {
        if hop.unwraps {
            flights = join(flights, |flight| &mut flight.outer);
        }
        if hop.routed {
            if self.spec.defragment {
                flights = join(flights, |flight| &mut flight.piece);
                // Each node cuts a little differently, so that boundaries do not agree.
                let mtu = self.pod_mtu().min(1400) - 8 * usize::from(hop.station.node());
                flights = flights
                    .into_iter()
                    .flat_map(|flight| fragments(flight, mtu))
                    .collect();
                for flight in flights.iter().filter(|flight| flight.piece.is_some()) {
                    for atom in &flight.atoms {
                        self.ledger.atoms[*atom as usize].pieced = true;
                    }
                }
            }
            flights.iter_mut().for_each(|flight| flight.packet.ttl -= 1);
        }
        if let Some(rewrite) = hop.rewrite {
            flights
                .iter_mut()
                .for_each(|flight| rewrite.apply(&mut flight.packet));
        }
        flights
    }

    fn delay(&mut self, hop: &Hop, place: usize, flights: &mut [Flight]) {
        if hop.ties || place == 0 {
            return;
        }
        let base = if hop.crossing {
            self.rng.between(50_000, 300_000)
        } else {
            self.rng.between(3_000, 40_000)
        };
        let mut last = i64::MIN;
        for flight in flights.iter_mut() {
            flight.time = (flight.time + base).max(last + 500);
            last = flight.time;
        }
        if hop.crossing && self.spec.reordered > 0 {
            for flight in flights.iter_mut() {
                if self.luck.percent(self.spec.reordered) {
                    flight.time += self.luck.between(20_000, 900_000);
                }
            }
            flights.sort_by_key(|flight| flight.time);
        }
    }

    /// Offload and the tunnel's fragments, as this station shows them.
    fn regroup(&mut self, road: &Road, place: usize, mut flights: Vec<Flight>) -> Vec<Flight> {
        let hop = &road.way[place];
        let leaves = road.way.get(place + 1).is_some_and(|next| next.crossing);
        if leaves && !self.spec.offload.by_card {
            flights = self.segmented(flights);
        }
        let merges = match self.spec.offload.merge {
            Merge::Never => false,
            Merge::Uplink => hop.crossing,
            Merge::Vtep => hop.unwraps,
        };
        if merges {
            flights = merge(flights, |flight| self.lens(&flight.atoms[..1])[0]);
        }
        if leaves && let Some(ends) = hop.wrap {
            flights = flights
                .into_iter()
                .flat_map(|flight| {
                    let wrap = self.wrap(road, ends, &flight);
                    // A card that cuts segments cuts what is too long by itself.
                    let whole = flight.atoms.len() > 1;
                    let mtu = if whole { usize::MAX } else { UNDERLAY_MTU };
                    outer_fragments(flight, &wrap, mtu)
                })
                .collect();
        }
        flights
    }

    fn wrap(&self, road: &Road, (from, to): (u8, u8), flight: &Flight) -> Wrap {
        let vtep = |node| mac(Station::new(node, Place::Vtep));
        let entropy = road.conversation as u16 * 77 + u16::from(road.forward);
        // A packet that comes round again is wrapped anew.
        let rounds = u16::from(64 - flight.packet.ttl);
        Wrap {
            tunneling: tunneling(self.spec.overlay).expect("only overlays have tunnels"),
            source: underlay(from),
            destination: underlay(to),
            entropy_port: 40_000 + entropy % 20_000,
            id: flight.outer_id.wrapping_add(rounds.wrapping_mul(1031)),
            inner: (vtep(from), vtep(to)),
        }
    }

    fn record(&mut self, road: &Road, place: usize, flights: &mut Vec<Flight>) {
        let hop = &road.way[place];
        // Only where the packets come by first: in a circle, copies of copies would have no end.
        let first = road.way.iter().position(|h| h.station == hop.station) == Some(place);
        let here = |c: &&Copies| first && c.at == hop.station;
        let copies = self.copies.iter().find(here).copied();
        let mut with_copies = Vec::with_capacity(flights.len());
        for flight in flights.drain(..) {
            self.write(road, place, &flight);
            let copied = copies.filter(|c| self.luck.percent(c.percent));
            let Some(copies) = copied else {
                with_copies.push(flight);
                continue;
            };
            let mut copy = flight.clone();
            copy.time += self.luck.between(1_000, 30_000);
            self.write(road, place, &copy);
            with_copies.push(flight);
            if copies.onward && copy.piece.is_none() && copy.outer.is_none() {
                with_copies.push(copy);
            }
        }
        with_copies.sort_by_key(|flight| flight.time);
        *flights = with_copies;
    }

    fn write(&mut self, road: &Road, place: usize, flight: &Flight) {
        let hop = &road.way[place];
        let wrap = hop.wrap.map(|ends| self.wrap(road, ends, flight));
        let encoded = match wrap {
            Some(wrap) => wrap.frame(&flight.packet, flight.piece, flight.outer, hop.link),
            None => frame(&flight.packet, flight.piece, hop.link, None),
        };
        self.ledger.frames.push(Frame {
            station: hop.station,
            outgoing: hop.is_outgoing(place),
            hop: place,
            time: flight.time,
            atoms: flight.atoms.clone(),
            part: flight.outer.or(flight.piece),
            bytes: encoded.bytes,
            headers: encoded.headers,
        });
    }
}
