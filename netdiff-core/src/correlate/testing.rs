//! Sightings made by hand, for this room's tests.

use std::net::{IpAddr, Ipv4Addr};

use super::conversation::{Folded, Seen};
use super::coverage::Ran;
use super::timeline::{NodeId, RoleBasis, SetPoint};
use crate::identify::{
    Detail, Encapsulation, Evidence, Fingerprint, FragmentTrouble, Marks, Sighting, Tunnel,
};
use crate::types::{
    CapturePoint, FileId, FlowKey, PacketNumber, PointId, Protocol, Role, Timestamp, Vni,
};

/// `10.0.0.last`.
pub(super) const fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

/// A point on a node; the node's number is its name.
pub(super) fn point(interface: &str, role: Role) -> SetPoint {
    SetPoint {
        point: CapturePoint::new("node", interface),
        role,
        role_basis: RoleBasis::Name,
        files: Vec::new(),
        link_type: None,
        packets: 0,
        first_time: None,
        last_time: None,
        dropped: 0,
        filtered: false,
        fragments: FragmentTrouble::default(),
        ran: Ran::default(),
    }
}

/// A UDP packet from one address to another, seen at a point at a time in microseconds. `print` names the packet.
pub(super) fn seen(at: u32, micros: i64, from: u8, to: u8, ttl: u8, print: u64) -> Seen {
    Seen {
        evidence: Evidence {
            point: PointId(at),
            file: FileId(at),
            packet_number: PacketNumber(1),
        },
        time: Timestamp(micros * 1_000),
        source_mac: None,
        destination_mac: None,
        sent: None,
        conversation: 0,
        stage: 0,
        folded: Folded::default(),
        sighting: Sighting {
            key: FlowKey {
                source: address(from),
                destination: address(to),
                protocol: Protocol::UDP,
                source_port: 40_000,
                destination_port: 9_000,
            },
            fingerprint: Fingerprint {
                short: print,
                headers: Some(print),
                full: Some(print),
                telling: true,
                repeatable: false,
            },
            ttl,
            identification: 1,
            marks: Marks::default(),
            ip_len: 100,
            detail: Detail::Datagram,
            tunnel: None,
            fragments: 1,
        },
    }
}

/// The same in a VXLAN tunnel between two nodes' addresses.
pub(super) fn tunneled(mut seen: Seen, from: u8, to: u8) -> Seen {
    seen.sighting.tunnel = Some(Tunnel {
        encapsulation: Encapsulation::Vxlan,
        vni: Some(Vni(1)),
        source: address(from),
        destination: address(to),
        destination_port: 8_472,
        guessed: false,
    });
    seen
}

/// Every point on node 0.
pub(super) fn one_node(points: usize) -> Vec<NodeId> {
    vec![NodeId(0); points]
}
