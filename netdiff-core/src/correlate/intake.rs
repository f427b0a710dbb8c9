//! Takes observations in, and sorts out those that no flow is made of.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::accounting::{PointAccounting, Unmatched};
use super::conversation::{Folded, Seen};
use super::links::LinkTable;
use super::set_back::SetBack;
use super::timeline::IcmpError;
use crate::identify::{ArpSighting, Detail, Evidence, Observation, Subject, Unidentified};
use crate::types::{PointId, Timestamp};

/// Takes observations in, and sorts out those that no flow is made of.
pub(super) struct Intake {
    pub(super) sightings: Vec<Seen>,
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
}

impl Intake {
    /// All observations of a set with so many points.
    pub(super) fn of(points: usize, observations: impl IntoIterator<Item = Observation>) -> Self {
        let mut intake = Self::new(points);
        observations
            .into_iter()
            .for_each(|observation| intake.take(&observation));
        intake
    }

    fn new(points: usize) -> Self {
        Self {
            sightings: Vec::new(),
            arp: Vec::new(),
            arp_times: Vec::new(),
            arp_received: BTreeSet::new(),
            icmp_errors: Vec::new(),
            accounting: vec![PointAccounting::default(); points],
            set_back: SetBack::new(points),
            link_local: BTreeSet::new(),
            links: LinkTable::default(),
        }
    }

    fn take(&mut self, observation: &Observation) {
        let Some(counts) = self.accounting.get_mut(observation.evidence.point.index()) else {
            return;
        };
        counts.packets += 1;
        if observation.subject != Subject::Unidentified(Unidentified::NoTime) {
            let Evidence { point, file, .. } = observation.evidence;
            self.set_back.note(point, file, observation.time);
        }
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
            }),
            Subject::Packet(sighting) => {
                let (source, destination) = (sighting.key.source, sighting.key.destination);
                if sighting.detail == Detail::LinkLocal || stays_on_link(source, destination) {
                    counts.add_unmatched(Unmatched::LinkLocal);
                    self.link_local.insert(observation.evidence.point);
                    return;
                }
                self.links.note(observation);
                if let Detail::IcmpError {
                    icmp_type,
                    code,
                    next_hop_mtu,
                    quote,
                } = sighting.detail
                {
                    self.icmp_errors.push(IcmpError {
                        evidence: observation.evidence,
                        time: observation.time,
                        source: sighting.key.source,
                        destination: sighting.key.destination,
                        icmp_type,
                        code,
                        next_hop_mtu,
                        quote,
                    });
                }
                self.sightings.push(Seen {
                    evidence: observation.evidence,
                    time: observation.time,
                    source_mac: observation.frame.map(|(source, _)| source),
                    destination_mac: observation.frame.map(|(_, destination)| destination),
                    sent: observation.sent,
                    conversation: 0,
                    stage: 0,
                    folded: Folded::default(),
                    sighting,
                });
            }
        }
    }
}

impl Intake {
    fn take_arp(&mut self, observation: &Observation, arp: ArpSighting) {
        self.arp.push((observation.evidence, arp));
        self.arp_times.push(observation.time);
        if observation.sent == Some(false) && !arp.sender.is_unspecified() {
            let received = (observation.evidence.point, IpAddr::V4(arp.sender));
            self.arp_received.insert(received);
        }
    }
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
