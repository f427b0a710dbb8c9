//! Takes observations in, and sorts out those that no flow is made of.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::accounting::{PointAccounting, Unmatched};
use super::folding::Activity;
use super::links::LinkTable;
use super::rows::Rows;
use super::set_back::SetBack;
use super::timeline::IcmpError;
use crate::identify::{
    ArpSighting, Detail, Evidence, KindCounts, Observation, PacketKind, Sighting, Subject,
    Unidentified,
};
use crate::types::{PointId, Timestamp};

/// Takes observations in, and sorts out those that no flow is made of.
pub(super) struct Intake {
    pub(super) sightings: Rows,
    pub(super) arp: Vec<(Evidence, ArpSighting)>,
    pub(super) arp_times: Vec<Timestamp>,
    /// Senders of ARP that came in at a point, as cooked headers tell.
    pub(super) arp_received: BTreeSet<(PointId, IpAddr)>,
    pub(super) icmp_errors: Vec<IcmpError>,
    pub(super) accounting: Vec<PointAccounting>,
    pub(super) set_back: SetBack,
    /// Points that saw packets which stay on their link.
    pub(super) link_local: BTreeSet<PointId>,
    pub(super) links: LinkTable,
    /// When each point saw packets of flows.
    pub(super) activity: Activity,
}

impl Intake {
    /// Nothing yet, for so many points.
    pub(super) fn new(points: usize) -> Self {
        Self {
            sightings: Rows::default(),
            arp: Vec::new(),
            arp_times: Vec::new(),
            arp_received: BTreeSet::new(),
            icmp_errors: Vec::new(),
            accounting: vec![PointAccounting::default(); points],
            set_back: SetBack::new(points),
            link_local: BTreeSet::new(),
            links: LinkTable::default(),
            activity: Activity::new(points),
        }
    }

    /// Takes an observation.
    pub(super) fn take(&mut self, observation: &Observation) {
        if observation.subject != Subject::Unidentified(Unidentified::NoTime) {
            let Evidence { point, file, .. } = observation.evidence;
            self.set_back.note(point, file, observation.time);
        }
        self.note_activity(observation);
        self.take_watched(observation);
    }

    /// Notes when its point saw a packet of a flow.
    pub(super) fn note_activity(&mut self, observation: &Observation) {
        if is_followed(observation) {
            let point = observation.evidence.point;
            self.activity.note(point, observation.time);
        }
    }

    /// Takes an observation of a point whose times a [`PointWatch`](super::PointWatch) notes.
    pub(super) fn take_watched(&mut self, observation: &Observation) {
        let Some(counts) = self.accounting.get_mut(observation.evidence.point.index()) else {
            return;
        };
        counts.packets += 1;
        match observation.subject {
            Subject::FragmentPart => counts.fragment_part += 1,
            Subject::Arp(arp) => {
                counts.add_unmatched(Unmatched::LinkLocal);
                self.link_local.insert(observation.evidence.point);
                self.take_arp(observation, arp);
            }
            Subject::Unidentified(why) => counts.add_unmatched(match why {
                Unidentified::NotIp => Unmatched::NotIp,
                Unidentified::Cut => Unmatched::Cut,
                Unidentified::NoTime => Unmatched::NoTime,
                Unidentified::Beyond => Unmatched::Beyond,
            }),
            Subject::Packet(sighting) => self.take_packet(observation, sighting),
        }
    }

    fn take_packet(&mut self, observation: &Observation, sighting: Sighting) {
        let point = observation.evidence.point;
        let (source, destination) = (sighting.key.source, sighting.key.destination);
        if !is_followed(observation) {
            if let Some(counts) = self.accounting.get_mut(point.index()) {
                counts.add_unmatched(Unmatched::LinkLocal);
            }
            self.link_local.insert(point);
            return;
        }
        self.links.note(observation);
        if let Detail::IcmpError {
            icmp_type,
            code,
            next_hop_mtu,
        } = sighting.detail
        {
            self.icmp_errors.push(IcmpError {
                evidence: observation.evidence,
                time: observation.time,
                source,
                destination,
                icmp_type,
                code,
                next_hop_mtu,
                quote: observation.quote,
            });
        }
        self.sightings.push(observation, &sighting);
    }
}

impl Intake {
    /// Takes back a fragment: its datagram turned out to be whole.
    pub(super) fn take_back_fragment(&mut self, point: PointId) {
        if let Some(counts) = self.accounting.get_mut(point.index()) {
            counts.packets = counts.packets.saturating_sub(1);
            counts.fragment_part = counts.fragment_part.saturating_sub(1);
        }
    }

    /// Brings all in the order of files and packets, in whatever order the files were read.
    pub(super) fn settle(&mut self) {
        let place = |e: Evidence| (e.file, e.packet_number);
        self.icmp_errors.sort_by_key(|error| place(error.evidence));
        let arp = std::mem::take(&mut self.arp);
        let times = std::mem::take(&mut self.arp_times);
        let mut arp: Vec<_> = arp.into_iter().zip(times).collect();
        arp.sort_by_key(|((evidence, _), _)| place(*evidence));
        (self.arp, self.arp_times) = arp.into_iter().unzip();
        self.activity.settle();
    }

    /// Counts packets of flows that came at a glance.
    pub(super) fn count_kind(&mut self, kind: &PacketKind, counts: KindCounts) {
        if counts.packets == 0 {
            return;
        }
        if let Some(own) = self.accounting.get_mut(kind.point.index()) {
            own.packets += counts.packets;
        }
        self.links.note_kind(kind, counts);
    }

    fn take_arp(&mut self, observation: &Observation, arp: ArpSighting) {
        self.arp.push((observation.evidence, arp));
        self.arp_times.push(observation.time);
        if observation.sent == Some(false) && !arp.sender.is_unspecified() {
            let received = (observation.evidence.point, IpAddr::V4(arp.sender));
            self.arp_received.insert(received);
        }
    }
}

/// Whether an observation is of a packet that may be of a flow: an identified one that does not stay on its link.
#[must_use]
pub fn is_followed(observation: &Observation) -> bool {
    let Subject::Packet(sighting) = &observation.subject else {
        return false;
    };
    sighting.detail != Detail::LinkLocal
        && !stays_on_link(sighting.key.source, sighting.key.destination)
}

/// Broadcast, multicast and link-local packets: no router passes them on.
fn stays_on_link(source: IpAddr, destination: IpAddr) -> bool {
    let link_local = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified(),
    };
    let broadcast = matches!(destination, IpAddr::V4(v4) if v4.is_broadcast());
    destination.is_multicast() || broadcast || link_local(source) || link_local(destination)
}

/// Points some of whose packets were cut too short to be identified.
pub(super) fn cut_points(accounting: &[PointAccounting]) -> BTreeSet<PointId> {
    let ids = (0..).map(PointId).zip(accounting);
    ids.filter(|(_, counts)| counts.unmatched.contains_key(&Unmatched::Cut))
        .map(|(point, _)| point)
        .collect()
}
